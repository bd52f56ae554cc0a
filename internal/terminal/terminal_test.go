package terminal

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"recover/internal/secret"
)

func TestLines(t *testing.T) {
	var stdout, stderr bytes.Buffer
	term := New(&stdout, &stderr)
	term.Error(`share "bob" belongs to set 7F3A`, "2 of 3 shares of set 91C2 are here")
	term.Error("no hint\nhere", "")
	term.Warn("old\x1b[2Jfile")
	term.Note("read %s", "a\u202eb")
	if err := term.Print("%d %s", 7, "é\r\n"); err != nil {
		t.Error(err)
	}
	wantErr := `recover: error: share "bob" belongs to set 7F3A
recover: hint: 2 of 3 shares of set 91C2 are here
recover: error: no hint\x0ahere
recover: warning: old\x1b[2Jfile
recover: read a\u{202e}b
`
	if stderr.String() != wantErr {
		t.Errorf("stderr:\n%s\nwant:\n%s", stderr.String(), wantErr)
	}
	if want := "7 é\\x0d\\x0a\n"; stdout.String() != want {
		t.Errorf("stdout: %q, want %q", stdout.String(), want)
	}
}

func TestTable(t *testing.T) {
	var stdout bytes.Buffer
	New(&stdout, nil).Table([][]string{{"key", "status"}, {"treasury", "ok"}, {"é\t\n", "failed", "why"}})
	want := "key        status\n" + "treasury   ok\n" + "é\\x09\\x0a  failed  why\n"
	if stdout.String() != want {
		t.Errorf("got:\n%swant:\n%s", stdout.String(), want)
	}
}

func TestJSON(t *testing.T) {
	var stdout bytes.Buffer
	term := New(&stdout, nil)
	v := map[string]string{"detail": "<a>\n\x7f\u0085\u202e\U000e0001é\xff"}
	if err := term.JSON(v); err != nil {
		t.Fatal(err)
	}
	want := `{"detail":"<a>\n\u007f\u0085\u202e\udb40\udc01é\ufffd"}` + "\n"
	if stdout.String() != want {
		t.Errorf("got %s want %s", stdout.String(), want)
	}
	stdout.Reset()
	if err := term.JSON(secret.New([]byte("canary"))); !errors.Is(err, secret.ErrShown) || stdout.Len() > 0 {
		t.Errorf("a secret: %v, wrote %q", err, stdout.String())
	}
	if term.Err() != nil {
		t.Errorf("Err() = %v", term.Err())
	}
}

var errFull = errors.New("disk full")

// fullDisk fails at the second write only, as a disk does on which something
// was deleted then.
type fullDisk struct {
	written string
	writes  int
}

func (f *fullDisk) Write(p []byte) (int, error) {
	if f.writes++; f.writes == 2 {
		return 0, errFull
	}
	f.written += string(p)
	return len(p), nil
}

func TestFirstWriteErrorIsKept(t *testing.T) {
	var disk fullDisk
	term := New(&disk, nil)
	_ = term.Print("one")
	if err := term.Print("two"); err != errFull {
		t.Errorf("Print: %v", err)
	}
	term.Table([][]string{{"three"}})
	if err := term.JSON(4); err != errFull {
		t.Errorf("JSON: %v", err)
	}
	if term.Err() != errFull || disk.written != "one\n" {
		t.Errorf("Err() = %v; written %q, want nothing after the failure", term.Err(), disk.written)
	}
}

func TestLinesNeverMix(t *testing.T) {
	var out bytes.Buffer
	term := New(&out, &out)
	p := term.Progress("work", 400)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 100 {
				term.Note("note")
				term.Error("fact", "action")
				_ = term.Print("result")
				p.Step(false)
			}
		})
	}
	wg.Wait()
	p.Done()
	got := out.String()
	for _, line := range []string{"recover: note\n", "recover: error: fact\nrecover: hint: action\n", "result\n"} {
		if n := strings.Count(got, line); n != 400 {
			t.Errorf("%d times %q, want 400", n, line)
		}
		got = strings.ReplaceAll(got, line, "")
	}
	if got != "recover: work: 400 of 400, 0s\n" {
		t.Errorf("the rest is %q", got)
	}
}

func FuzzEscape(f *testing.F) {
	for _, s := range []string{
		"plain", "é 日本 🙂", "\x1b]0;title\a", "a\nb\r\n\t", "\xff\xc0\x80", "\u202e\u2066\u200b\ufeff\u00a0\u3164\ufe0f",
		`back\slash \x1b`, "\ufffd", strings.Repeat("x", maxText), strings.Repeat("\x00", maxText),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Escape(s)
		clean := utf8.ValidString(s)
		for _, r := range s {
			clean = clean && visible(r)
		}
		for _, r := range got {
			if !visible(r) {
				t.Fatalf("Escape(%q) holds %U", s, r)
			}
		}
		n := len([]rune(got))
		if n > maxText {
			t.Fatalf("Escape gives %d characters", n)
		}
		if again := Escape(got); again != got {
			t.Fatalf("Escape(Escape(%q)) = %q, not %q", s, again, got)
		}
		if clean && len([]rune(s)) <= maxText && got != s {
			t.Fatalf("clean text %q became %q", s, got)
		}
	})
}

func TestEscapeCuts(t *testing.T) {
	if got, want := Escape(strings.Repeat("é", maxText+1)), strings.Repeat("é", maxText-1)+"…"; got != want {
		t.Errorf("got %d bytes, want %d", len(got), len(want))
	}
	if got := Escape("\ufffd\u3164\x80"); got != "\ufffd\\u{3164}\\x80" {
		t.Errorf("got %q", got)
	}
}

func FuzzJSON(f *testing.F) {
	f.Add("\x00\u2028\u202e\U0001f642\U000e0001\xff")
	f.Fuzz(func(t *testing.T, s string) {
		var stdout bytes.Buffer
		if err := New(&stdout, nil).JSON(s); err != nil {
			t.Fatal(err)
		}
		line := strings.TrimSuffix(stdout.String(), "\n")
		for _, r := range line {
			if !visible(r) {
				t.Fatalf("%q holds %U", line, r)
			}
		}
		var got, want string
		plain, _ := json.Marshal(s)
		_ = json.Unmarshal(plain, &want)
		if err := json.Unmarshal([]byte(line), &got); err != nil || got != want {
			t.Fatalf("%q reads back as %q, %v", line, got, err)
		}
	})
}

// TestKeepFromOthers: only a file of its own is closed to others; what is shared,
// such as a device, stays as it is.
func TestKeepFromOthers(t *testing.T) {
	f, err := os.OpenFile(filepath.Join(t.TempDir(), "out"), os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Chmod(0o644); err != nil { // whatever the umask is
		t.Fatal(err)
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	before, err := null.Stat()
	if err != nil {
		t.Fatal(err)
	}
	for _, out := range []io.Writer{f, null, new(bytes.Buffer)} {
		if err := New(out, io.Discard).KeepFromOthers(); err != nil {
			t.Errorf("%T: %v", out, err)
		}
	}
	if info, err := f.Stat(); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the file has %v, %v", info.Mode(), err)
	}
	if info, err := null.Stat(); err != nil || info.Mode() != before.Mode() {
		t.Errorf("%s has %v, and had %v", os.DevNull, info.Mode(), before.Mode())
	}
}
