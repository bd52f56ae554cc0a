//go:build linux

package output

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// slowDir makes the test binary a program that writes a file there and never
// ends.
const slowDir = "OUTPUT_TEST_SLOW_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(slowDir); dir != "" {
		err := (&Dir{dir}).WriteTo("keys.age", func(w io.Writer) error {
			_, _ = io.WriteString(w, "half")
			_, _ = io.WriteString(os.Stdout, "half")
			select {}
		})
		panic(err)
	}
	os.Exit(m.Run())
}

func TestKilledWriterLeavesNoFile(t *testing.T) {
	d := newDir(t)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), slowDir+"="+d.Path())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, len("half"))); err != nil {
		t.Error(err)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if names(t, d) != ".keys.age.partial" || content(t, d, ".keys.age.partial") != "half" {
		t.Errorf("the directory holds %s", names(t, d))
	}
}

func TestModes(t *testing.T) {
	defer unix.Umask(unix.Umask(0))
	for _, umask := range []int{0, 0o022, 0o077, 0o777} {
		parent := t.TempDir()
		unix.Umask(umask)
		d, err := CreateDir(filepath.Join(parent, "out"))
		if err != nil {
			t.Fatal(err)
		}
		if umask != 0o777 { // what that takes from the files is not given back
			_, err = d.OpenJournal("journal")
			if err := errors.Join(err, d.WriteFile("file", nil)); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"journal", "file"} {
				if info, err := os.Stat(filepath.Join(d.Path(), name)); err != nil || info.Mode() != 0o600 {
					t.Errorf("umask %03o: %s has mode %v, %v", umask, name, info.Mode(), err)
				}
			}
		}
		if info, err := os.Stat(d.Path()); err != nil || info.Mode() != os.ModeDir|0o700 {
			t.Errorf("umask %03o: the directory has mode %v, %v", umask, info.Mode(), err)
		}
		unix.Umask(0)
	}
}

// mount mounts a filesystem of 64 KiB in memory.
func mount(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("none", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("SKIPPED, NOTHING WAS TESTED: tmpfs cannot be mounted, which takes root: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	return dir
}

func TestFullDisk(t *testing.T) {
	d, err := CreateDir(filepath.Join(mount(t), "out"))
	if err != nil {
		t.Fatal(err)
	}
	journal, err := d.OpenJournal("journal")
	if err != nil {
		t.Fatal(err)
	}
	sealer, _ := recipient(t)
	big := make([]byte, 1<<20)
	for name, err := range map[string]error{
		"WriteFile": d.WriteFile("a", big),
		"Seal":      d.WriteTo("a", func(w io.Writer) error { return sealer.Seal(w, big) }),
	} {
		check(t, name, err, ErrNoSpace, d.Path(), `"DIR/a": no space left on device`)
		if !errors.Is(err, unix.ENOSPC) {
			t.Errorf("%s: %v is not ENOSPC", name, err)
		}
	}
	if names(t, d) != "journal" {
		t.Errorf("the directory holds %s", names(t, d))
	}

	line := []byte(strings.Repeat("x", 999))
	written := 0
	for ; err == nil; written++ {
		err = journal.Append(line)
	}
	check(t, "Append", err, ErrNoSpace, d.Path(), `"DIR/journal": no space left on device`)
	if err := os.Truncate(filepath.Join(d.Path(), "journal"), 0); err != nil {
		t.Fatal(err)
	}
	if again := journal.Append(line); again != err || content(t, d, "journal") != "" {
		t.Errorf("after %d lines and a failure: %v, and %d bytes", written, again, len(content(t, d, "journal")))
	}
	if err := d.WriteFile("a", line); err != nil {
		t.Errorf("with space again: %v", err)
	}
}

func TestReadOnly(t *testing.T) {
	dir := mount(t)
	d, err := CreateDir(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("none", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	const text = `"DIR/new": the directory above it cannot be written to: read-only file system`
	check(t, "CheckNewDir", CheckNewDir(dir+"/new"), ErrNotWritable, dir, text)
	_, err = CreateDir(dir + "/new")
	check(t, "CreateDir", err, ErrNotWritable, dir, text)
	check(t, "WriteFile", d.WriteFile("a", nil), unix.EROFS, dir, `"DIR/out/.a.partial": read-only file system`)
}

// A directory cannot be linked (EPERM, as on FAT) nor moved into itself (EINVAL,
// as where there is no exclusive rename), so all three ways are tried.
func TestPlaceTriesEveryWay(t *testing.T) {
	from := t.TempDir()
	to := filepath.Join(from, "to")
	for name, place := range map[string]func(from, to string) error{"rename": renameExclusive, "link": linkExclusive} {
		if err := place(from, to); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var linkErr *os.LinkError
	if err := place(from, to); !errors.As(err, &linkErr) || linkErr.Op != "rename" || linkErr.Err != unix.EINVAL {
		t.Errorf("place: %v", err)
	}
}

func TestSyncDir(t *testing.T) {
	if err := syncDir(t.TempDir()); err != nil {
		t.Error(err)
	}
	if err := syncDir("/proc"); err != nil { // cannot be synced: EINVAL
		t.Error(err)
	}
	if err := syncDir("/nonexistent"); !errors.Is(err, unix.ENOENT) {
		t.Errorf("got %v", err)
	}
}

func TestOpenInputNeverWaits(t *testing.T) {
	dir := t.TempDir()
	fifo, socket := filepath.Join(dir, "fifo"), filepath.Join(dir, "socket")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: socket}); err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string]string{
		fifo: `"DIR/fifo": is not a regular file`, socket: `"DIR/socket": is not a regular file`,
		"/dev/zero": `"/dev/zero": is not a regular file`, "/dev/tty": `"/dev/tty": is not a regular file`,
	} {
		_, err := OpenInput(path, 10)
		check(t, path, err, ErrNotRegular, dir, text)
	}
	if b, err := ReadFile("/proc/self/stat", 1<<10); err != nil || len(b) == 0 {
		t.Errorf("a file of unknown size: %d bytes, %v", len(b), err)
	}
}

// A pipe has no end to look for.
func TestCutPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cutTornLine(w); !errors.Is(err, unix.ESPIPE) {
		t.Errorf("got %v", err)
	}
	if err := errors.Join(r.Close(), w.Close()); err != nil {
		t.Error(err)
	}
}
