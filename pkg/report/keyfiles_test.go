package report

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestFindKeys: of the files that are named like segments, only those are taken
// that the run has written, as far as its journal or report tells.
func TestFindKeys(t *testing.T) {
	s := newSample(t, 8) // three segments
	made := filepath.Join(t.TempDir(), "run")
	if err := s.begin(made); err != nil {
		t.Fatal(err)
	}
	first, second := "keys-0001.ndjson", "keys-0002.ndjson"
	planted := []byte("somebody's\n")
	for _, c := range []struct {
		name   string
		change func(dir string) error
		files  int    // that are taken
		err    string // of FindKeys, or of reading them
	}{
		{"as it was written", func(string) error { return nil }, 3, ""},
		{"another one", func(dir string) error { return os.WriteFile(filepath.Join(dir, "keys-0004.ndjson"), planted, 0o600) }, 0, "the run has not written it"},
		{"another one, and the report is left alone", func(dir string) error {
			return errors.Join(os.Remove(filepath.Join(dir, JournalName)), os.WriteFile(filepath.Join(dir, "keys-0004.ndjson"), planted, 0o600))
		}, 0, "the run has not written it"},
		{"a sealed one", func(dir string) error { return os.WriteFile(filepath.Join(dir, first+".age"), planted, 0o600) }, 0, "a run either seals its keys or does not"},
		{"another in its place", func(dir string) error { return os.WriteFile(filepath.Join(dir, second), planted, 0o600) }, 3, "its content has changed"},
		{"two exchanged", func(dir string) error {
			a, b := filepath.Join(dir, first), filepath.Join(dir, second)
			return errors.Join(os.Rename(a, a+"x"), os.Rename(b, a), os.Rename(a+"x", b))
		}, 3, "its content has changed"},
		{"a journal that broke off", func(dir string) error {
			return errors.Join(os.Remove(filepath.Join(dir, ReportName)), appendTo(filepath.Join(dir, JournalName), `{"type":"key","quo`))
		}, 3, ""},
		{"a master key", func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "masters-0001.ndjson"), planted, 0o600)
		}, 3, ""},
		{"no journal and no report", func(dir string) error {
			return errors.Join(os.Remove(filepath.Join(dir, JournalName)), os.Remove(filepath.Join(dir, ReportName)), os.WriteFile(filepath.Join(dir, "keys-0004.ndjson"), planted, 0o600))
		}, 4, ""},
		{"no keys", func(dir string) error { return os.RemoveAll(dir) }, 0, "no such file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "run")
			if err := os.CopyFS(dir, os.DirFS(made)); err != nil {
				t.Fatal(err)
			}
			if err := c.change(dir); err != nil {
				t.Fatal(err)
			}
			found, err := FindKeys(dir)
			n := 0
			if found != nil {
				n = len(found.Files)
				if found.Journal != nil || len(found.Missing) > 0 {
					t.Errorf("%v, missing %v", found.Journal, found.Missing)
				}
				for _, f := range found.Files {
					if _, wrong := f.Read(); err == nil {
						err = wrong
					}
				}
			}
			if n != c.files || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("%d files, %v, want %d and %q", n, err, c.files, c.err)
			}
		})
	}
}

func appendTo(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// TestFindKeysAfterResume: a segment that a resumed run has rejected is passed
// over, a pending one counts, and a missing one and a damaged journal are told.
func TestFindKeysAfterResume(t *testing.T) {
	s := newSample(t, 8)
	dir := filepath.Join(t.TempDir(), "run")
	if err := s.begin(dir); err != nil {
		t.Fatal(err)
	}
	first := filepath.Join(dir, "keys-0001.ndjson")
	if err := os.WriteFile(first, []byte("somebody's\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, ReportName)); err != nil {
		t.Fatal(err)
	}
	if err := s.begin(dir); err != nil {
		t.Fatal(err)
	}
	found, err := FindKeys(dir)
	if err != nil || len(found.Rejected) != 1 || found.Rejected[0].Path != first {
		t.Fatalf("%+v, %v: the rejected segment is not passed over", found, err)
	}
	names := func() (all []string) {
		for _, f := range found.Files {
			all = append(all, filepath.Base(f.Path))
		}
		return all
	}
	if got := names(); !slices.Equal(got, []string{"keys-0002.ndjson", "keys-0003.ndjson", "keys-0004.ndjson"}) {
		t.Errorf("the segments are %q", got)
	}
	if err := os.Remove(filepath.Join(dir, "keys-0004.ndjson")); err != nil {
		t.Fatal(err)
	}
	if found, err = FindKeys(dir); err != nil || len(found.Missing) != 1 || found.Missing[0].Keys != 3 {
		t.Errorf("%+v, %v: that a segment of 3 keys is missing is not told", found, err)
	}
	if err := os.WriteFile(filepath.Join(dir, JournalName), []byte("{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if found, err = FindKeys(dir); err != nil || !errors.Is(found.Journal, ErrFormat) {
		t.Errorf("%+v, %v: a damaged journal is not told", found, err)
	}
}

// TestHide: hashes are not hashed again, so a run that an older version began is
// resumed with the same recipient and no other.
func TestHide(t *testing.T) {
	once := Hide([]string{"age1abc"})
	if twice := Hide(once); !slices.Equal(once, twice) || strings.Contains(once[0], "age1") {
		t.Errorf("%q, %q", once, twice)
	}
	s := newSample(t, 1)
	head := s.head()
	head.Sealed, head.Recipients = "passphrase", []string{"age1abc"}
	now := *head
	r := &Run{ledger: newLedger()}
	r.header = *head
	for recipient, wrong := range map[string]bool{once[0]: false, Hide([]string{"age1other"})[0]: true} {
		now.Recipients = []string{recipient}
		if err := r.CheckHeader(&now); (err != nil) != wrong {
			t.Errorf("%s: %v", recipient, err)
		}
	}
}
