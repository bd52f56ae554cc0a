package workstation

import (
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"recover/internal/message"
)

// mount is a line of /proc/self/mountinfo.
type mount struct{ device, point, kind string }

// mountOf returns the mount that a path lies on.
func (m *Machine) mountOf(name string) (best mount, ok bool) {
	text, _ := m.text("proc/self/mountinfo")
	for line := range strings.Lines(text) {
		before, after, _ := strings.Cut(line, " - ")
		fields, kind := strings.Fields(before), strings.Fields(after)
		if len(fields) < 5 || len(kind) == 0 {
			continue
		}
		point := unescape(fields[4])
		// The last of several mounts on one point is the one that is seen.
		if isBelow(name, point) && len(point) >= len(best.point) {
			best, ok = mount{fields[2], point, kind[0]}, true
		}
	}
	return best, ok
}

// unescape undoes the \040 of mountinfo.
func unescape(s string) string {
	for _, code := range []string{`\040`, `\011`, `\012`, `\134`} {
		n, _ := strconv.ParseUint(code[1:], 8, 8)
		s = strings.ReplaceAll(s, code, string(rune(n)))
	}
	return s
}

func isBelow(name, dir string) bool {
	return dir == "/" || name == dir || strings.HasPrefix(name, dir+"/")
}

// Kinds of file systems.
var (
	inMemory    = []string{"tmpfs", "ramfs", "rootfs"}
	withoutBits = []string{"vfat", "msdos", "exfat", "ntfs", "ntfs3", "fuseblk"}
	inNetwork   = []string{"nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "fuse.sshfs", "fuse.rclone", "fuse.s3fs", "afs", "virtiofs"}
)

// removable tells whether the medium of a mount can be taken out.
func (m *Machine) removable(on mount) bool {
	dir := path.Join("sys/dev/block", on.device)
	for _, file := range []string{"removable", "../removable"} { // of a partition, that of the disk
		if text, ok := m.text(path.Join(dir, file)); ok {
			return text == "1"
		}
	}
	return false
}

// medium looks whether what opens the backups lies with them.
func (m *Machine) medium(s *Subject) []Finding {
	var found []Finding
	compared := false
	for _, secret := range s.Secrets {
		on, ok := m.mountOf(secret)
		for _, backup := range s.Backups {
			other, known := m.mountOf(backup)
			compared = compared || ok && known
			if ok && known && on.device == other.device && !slices.Contains(inMemory, on.kind) {
				found = append(found, unfit("keep them apart: whoever has both has the wallets", "%s and the backups are on one medium, %s", secret, on.point))
			}
		}
	}
	if !compared {
		return nil
	}
	return orFit(found, "recovery key, shares and backups are on different media")
}

// permissions looks who else may read what is secret.
func (m *Machine) permissions(s *Subject) []Finding {
	var found []Finding
	looked, bitless := false, false
	look := func(file string, mask fs.FileMode, report func(fs.FileMode) Finding) {
		info, err := fs.Stat(m.FS, inRoot(file))
		if err != nil || !info.Mode().IsRegular() || m.UID < 0 {
			return
		}
		looked = true
		if on, ok := m.mountOf(file); ok && slices.Contains(withoutBits, on.kind) {
			bitless = true
			return
		}
		if info.Mode()&mask != 0 {
			found = append(found, report(info.Mode().Perm()))
		}
	}
	for _, file := range s.Secrets {
		look(file, 0o077, func(mode fs.FileMode) Finding {
			return unfit("chmod 600 '"+file+"'", "%s can be used by others than its owner: mode %04o", file, mode)
		})
	}
	for _, file := range s.Records {
		look(file, 0o022, func(mode fs.FileMode) Finding {
			return doubtful("chmod go-w '"+file+"'", "%s can be changed by others than its owner: mode %04o", file, mode)
		})
	}
	if bitless {
		found = append(found, doubtful("keep the medium locked away", "on FAT, exFAT and NTFS, permissions say nothing: whoever has the medium has its files"))
	}
	if !looked {
		return nil
	}
	return orFit(found, "only their owner may read keys and shares")
}

// leastSpace is more than the keys of any wallet service take.
const leastSpace = 64 << 20

func (m *Machine) space(s *Subject) []Finding {
	var found []Finding
	for _, dir := range s.Outputs {
		switch free, err := m.Free(dir); {
		case err != nil:
			continue // whoever makes the output says what is wrong
		case free < leastSpace:
			found = append(found, unfit("make room, or take another medium", "%d MB are free for %s, of at least %d", free>>20, dir, leastSpace>>20))
		default:
			found = append(found, fit("%d MB are free for %s", free>>20, dir)...)
		}
	}
	return found
}

func (m *Machine) output(s *Subject) []Finding {
	var found []Finding
	for _, dir := range s.Outputs {
		info, err := fs.Stat(m.FS, inRoot(dir))
		if err != nil {
			continue
		}
		if m.UID >= 0 && info.Mode()&0o002 != 0 {
			found = append(found, unfit("make a directory of your own in it, and write to that: mkdir -m 700 "+message.ShellQuote(filepath.Join(dir, "own")), "anybody may write to %s, where the output is to be", dir))
			continue
		}
		on, ok := m.mountOf(dir)
		switch {
		case !ok:
			found = append(found, doubtful("look at it yourself", "not known: which medium %s is on", dir))
		case slices.Contains(inNetwork, on.kind):
			found = append(found, unfit("take a medium of this machine", "the output goes to another machine (%s)", on.kind))
		case slices.Contains(inMemory, on.kind):
			found = append(found, fit("the output stays in memory, and is gone when the machine is switched off: copy it before")...)
		case m.removable(on):
			found = append(found, fit("the output goes to a medium that can be taken out, %s", on.point)...)
		default:
			found = append(found, doubtful("write to a medium that can be locked away, or into memory: mkdir -m 700 /dev/shm/own, and write to that", "the output goes to a disk of this machine (%s): what was on it stays there, also when it is removed", on.point))
		}
	}
	return found
}

// clock compares with the newest file that is read.
func (m *Machine) clock(s *Subject) []Finding {
	newest, name := m.Now, ""
	for _, file := range slices.Concat(s.Secrets, s.Records, s.Backups) {
		if info, err := fs.Stat(m.FS, inRoot(file)); err == nil && info.ModTime().After(newest) {
			newest, name = info.ModTime(), file
		}
	}
	const layout = "2006-01-02 15:04"
	if name != "" {
		return []Finding{doubtful("set it: the time stands in reports and transcripts", "the clock says %s, and %s is from %s",
			m.Now.UTC().Format(layout), filepath.Base(name), newest.UTC().Format(layout))}
	}
	return fit("the clock says %s UTC: is that right?", m.Now.UTC().Format(layout))
}

func (m *Machine) program(s *Subject) []Finding {
	switch {
	case s.Program == "" && !s.Compare:
		return nil
	case s.Program == "":
		return []Finding{doubtful("compare it with what was published: --sha256 HEX, or a file", "the program's SHA-256 is %s, and was not compared", m.SHA256)}
	case !strings.EqualFold(s.Program, m.SHA256):
		return []Finding{unfit("use another copy of the program, from where you trust", "%s", fmt.Sprintf("the program's SHA-256 is %s, not %s", m.SHA256, s.Program))}
	}
	return fit("the program is the one that was named: SHA-256 %s", m.SHA256)
}
