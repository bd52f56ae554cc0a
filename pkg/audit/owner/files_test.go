package owner

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"recover/fixtures/testkey"
	"recover/pkg/record"
	"recover/pkg/rsadecrypt"
)

var sandboxRecord = []*Record{{Path: "record.json", Contents: &record.Contents{Environment: "sandbox"}}}

func read(t testing.TB, files fs.FS) *Files {
	t.Helper()
	f, err := ReadFiles(t.Context(), files, "papers", sandboxRecord)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestRecognised: each file is what its content is, whatever its name.
func TestRecognised(t *testing.T) {
	public := rsadecrypt.MarshalPublicKey(&testkey.Small().PublicKey)
	files := fstest.MapFS{}
	for name, text := range map[string]string{
		"secret: a private key, not sealed":                                  string(testkey.RecoveryPEM(0)),
		"secret: an age identity: a secret":                                  "# created: 2026\nAGE-SECRET-KEY-1QQQ\n",
		"secret: rebuilt wallet keys, not sealed":                            `{"quorum_id":"q","key_id":"k","private_key":"00"}` + "\n",
		"secret: a share of a recovery key: a secret":                        "---- begin share ----\nRS1QQQQ\n",
		"key: " + rsadecrypt.FingerprintOf(&testkey.Small().PublicKey).Hex(): string(public),
		"list: a record":                                     `{ "format": "recover-record/1", "keys": [] }`,
		"list: a record 2":                                   "quorum_id,key_id,algorithm\n",
		"list: not recognised":                               "Dear all,\n",
		"list: not recognised 2":                             "",
		"list: a web page":                                   "<!DOCTYPE html><html></html>",
		"list: an SSH public key":                            "ssh-ed25519 AAAA",
		"list: a sealed file (age)":                          "age-encryption.org/v1\n-> X25519 AAAA\n",
		"list: the text of a ceremony, for people":           "2026-11-25 10:00:00Z  split begins, with recover v1\n",
		"list: a signature":                                  "-----BEGIN SSH SIGNATURE-----\n",
		"bad: line 1: not the head of a drill":               `{"type":"run","verb":"drill",` + "\n",
		"bad: it breaks off":                                 `{"type":"run","verb":"drill","begun":"2026-11-25T10:00:00Z"}` + "\n",
		"bad: not a confirmation as custody check writes it": `{"type":"confirmation"}` + "\n",
		"bad: line 1 of the transcript: not an event":        `{"previous":"00"}` + "\n",
		"bad: line 1: not the head of a run":                 `{"type":"run","format":"recover-report/2"` + "\n",
	} {
		files[fmt.Sprintf("d%d/%s", len(files), strings.NewReplacer("/", " ").Replace(name))] = &fstest.MapFile{Data: []byte(text)}
	}
	f := read(t, files)
	got := make(map[string]string) // by path
	for kind, list := range map[string][]File{"secret": f.secrets, "list": f.Listed, "bad": f.damaged} {
		for _, x := range list {
			got[x.Path] = kind + ": " + x.Kind
		}
	}
	for _, k := range f.PublicKeys {
		got[k.Path] = "key: " + k.Fingerprint.Hex()
	}
	for path := range files {
		want := strings.TrimSuffix(filepath.Base(path), " 2")
		if got[path] != want {
			t.Errorf("%q, want %q", got[path], want)
		}
	}
	if f.read != len(files) || len(f.unread) > 0 {
		t.Errorf("%d read of %d, %v", f.read, len(files), f.unread)
	}
}

// TestDirectory: links are not followed, what cannot be read is told, and a
// directory that is none is an error.
func TestDirectory(t *testing.T) {
	dir := t.TempDir()
	if err := errors.Join(
		os.Mkdir(filepath.Join(dir, "a"), 0o700),
		os.WriteFile(filepath.Join(dir, "a", "notes.txt"), []byte("notes\n"), 0o600),
		os.Symlink("notes.txt", filepath.Join(dir, "a", "link")),
		os.Symlink("/etc", filepath.Join(dir, "etc")),
	); err != nil {
		t.Fatal(err)
	}
	f := read(t, os.DirFS(dir))
	if f.read != 1 || len(f.Listed) != 3 {
		t.Errorf("%d read, listed %v", f.read, f.Listed)
	}
	if _, err := ReadFiles(t.Context(), os.DirFS(filepath.Join(dir, "none")), "none", sandboxRecord); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	broken := read(t, brokenFS{fstest.MapFS{"a": {Data: []byte("notes")}, "b": {Data: []byte("notes")}}})
	if broken.read != 2 || len(broken.unread) != 1 || broken.unread[0] != (File{"b", "permission denied"}) {
		t.Errorf("%+v", broken)
	}
	s := &section{}
	(&judge{Input: &Input{Files: broken}, record: sandboxRecord[0]}).files(s)
	if l := s.Lines[len(s.Lines)-1]; l.Verdict != "not known" || l.Fact != "not b (permission denied)" {
		t.Errorf("%+v", l)
	}
}

// brokenFS does not let b be opened.
type brokenFS struct{ fstest.MapFS }

func (f brokenFS) Open(name string) (fs.File, error) {
	if name == "b" {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return f.MapFS.Open(name)
}

// TestManyFiles: what is kept of a directory has bounds.
func TestManyFiles(t *testing.T) {
	files := fstest.MapFS{}
	for i := range maxListed + 5 {
		files[fmt.Sprintf("n%d", i)] = &fstest.MapFile{Data: []byte("notes")}
		if i < maxBad+5 {
			files[fmt.Sprintf("s%d", i)] = &fstest.MapFile{Data: []byte("AGE-SECRET-KEY-1QQQ\n")}
			files[fmt.Sprintf("b%d", i)] = &fstest.MapFile{Data: []byte(`{"type":"confirmation"}`)}
		}
	}
	f := read(t, files)
	if len(f.Listed) != maxListed || f.More != 5 || len(f.secrets) != maxBad || len(f.damaged) != maxBad {
		t.Errorf("%d listed and %d more, %d secrets, %d damaged", len(f.Listed), f.More, len(f.secrets), len(f.damaged))
	}
}

// FuzzReadFiles holds that any file is taken for one thing at most, and makes no
// line green that says that it is whole and is not.
func FuzzReadFiles(f *testing.F) {
	f.Add([]byte(`{"type":"run","verb":"drill","begun":"2026-11-25T10:00:00Z"}` + "\n" + `{"type":"summary","keys":0}` + "\n"))
	f.Add([]byte(`{"type":"confirmation"}`))
	f.Add([]byte(`{"previous":"00"}`))
	f.Add([]byte("age-encryption.org/v1\n"))
	f.Add(rsadecrypt.MarshalPublicKey(&testkey.Small().PublicKey))
	f.Fuzz(func(t *testing.T, data []byte) {
		x := read(t, fstest.MapFS{"x": {Data: data}})
		kinds := []int{len(x.Listed), len(x.damaged), len(x.secrets), len(x.PublicKeys), len(x.uses), len(x.ceremonies), min(1, len(x.confirmations)), len(x.unread)}
		known := 0
		for _, n := range kinds {
			known += n
		}
		if len(x.sets) > 0 && len(x.ceremonies) == 0 {
			known++
		}
		if known != 1 || slices.Max(kinds) > 1 {
			t.Errorf("%v: %+v", kinds, x)
		}
		in := &Input{Records: sandboxRecord, Files: x}
		for _, u := range x.uses { // no record here has a key
			if u.problem == "" && u.ok > 0 {
				t.Errorf("%+v counts", u)
			}
		}
		if sections, _ := Judge(in); len(sections) == 0 {
			t.Error("nothing was judged")
		}
	})
}
