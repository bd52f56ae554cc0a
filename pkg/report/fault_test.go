package report

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"recover/fixtures/tier"
	"recover/internal/output"
	"recover/internal/uuid"
)

func noFault(string, string) error { return nil }

// TestMain spares the disk: nothing is synced, and no call fails.
func TestMain(m *testing.M) {
	output.Fault = noFault
	os.Exit(m.Run())
}

var errPlayed = errors.New("played fault")

// faults makes the calls of the system fail from the n-th on: this one only, or
// all that follow too, as when the machine is switched off. It returns how many
// calls there were.
func faults(t *testing.T, n int, all bool, run func()) (calls int, op string) {
	t.Helper()
	output.Fault = func(o, path string) error {
		calls++
		if calls == n || all && calls > n {
			if calls == n {
				op = o + " " + filepath.Base(path)
			}
			return errPlayed
		}
		return nil
	}
	defer func() { output.Fault = noFault }()
	run()
	return calls, op
}

// believed returns the keys that a journal, without half a line at its end,
// lists as done.
func believed(t *testing.T, dir string) map[string]Key {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, JournalName))
	text = text[:bytes.LastIndexByte(text, '\n')+1]
	if err != nil || len(text) == 0 {
		return nil
	}
	keys := make(map[string]Key)
	if _, err := Scan(bytes.NewReader(text), Visitor{Key: func(k *Key, _ Line) error {
		keys[k.KeyID] = *k
		return nil
	}}); err != nil {
		t.Fatalf("the journal: %v\n%s", err, text)
	}
	return keys
}

// holds checks what has to be true at any moment: what the journal lists is in
// its segment, a file under its final name is whole, and what was there before
// is there.
func holds(t *testing.T, what, dir string, before map[string]string) map[string]string {
	t.Helper()
	for _, k := range believed(t, dir) {
		if k.IsDone() && !inSegment(dir, k) {
			t.Errorf("%s: the journal lists %s, and %s does not have it", what, k.KeyID, k.Segment)
		}
	}
	now := make(map[string]string)
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	for _, e := range entries {
		text := read(t, filepath.Join(dir, e.Name()))
		if strings.HasPrefix(e.Name(), "report") {
			scanFile(t, filepath.Join(dir, e.Name()))
		}
		if isSegment(e.Name()) {
			now[e.Name()] = text
			if !strings.HasSuffix(text, "}\n") {
				t.Errorf("%s: %s is not whole", what, e.Name())
			}
		}
	}
	for name, text := range before {
		if now[name] != text {
			t.Errorf("%s: %s was changed", what, name)
		}
	}
	return now
}

// goOn resumes a run until it is complete. A directory in which nothing was begun
// is removed, as the hint says.
func (s *sample) goOn(t *testing.T, what, dir string) {
	t.Helper()
	for range 3 {
		err := s.begin(dir)
		switch {
		case err == nil || errors.Is(err, ErrComplete):
			s.complete(t, dir)
			return
		case errors.Is(err, ErrNotBegun):
			for _, name := range namesOf(t, dir) {
				if isSegment(name) {
					t.Fatalf("%s: nothing was begun, but there is %s", what, name)
				}
			}
			_ = os.RemoveAll(dir)
		default:
			t.Fatalf("%s: then resuming fails: %v", what, err)
		}
	}
	t.Fatalf("%s: it is never complete", what)
}

// TestFaults has each call of the system fail, in a run of several segments and
// in one that is resumed: nothing that was written is lost, nothing is believed
// that was not written, and the run can be gone on with.
func TestFaults(t *testing.T) {
	tier.Long(t)
	s := newSample(t, 6)
	random := rand.New(rand.NewPCG(1, 2))
	seen := make(map[string]bool)
	for _, all := range []bool{false, true} {
		for n := 1; ; n++ {
			dir := filepath.Join(t.TempDir(), "out")
			s.fail = map[int]string{1: Failed, 3: "master"}
			var err error
			calls, op := faults(t, n, all, func() { err = s.begin(dir) })
			if calls < n {
				if err != nil || n < 40 {
					t.Fatalf("without a fault, after %d calls: %v", calls, err)
				}
				break
			}
			what := fmt.Sprintf("call %d, %s, all after it %v", n, op, all)
			seen[strings.Fields(op)[0]] = true
			if err == nil {
				t.Errorf("%s: no error", what)
			}
			segments := holds(t, what, dir, nil)
			if _, missing := os.Lstat(dir); missing == nil && len(namesOf(t, dir)) == 0 {
				t.Errorf("%s: an empty directory is left, and is in the way", what)
			}
			s.fail = nil
			// A second fault, while it is resumed.
			m := 1 + random.IntN(30)
			calls, op = faults(t, m, all, func() { err = s.begin(dir) })
			what += fmt.Sprintf("; then call %d, %s", m, op)
			if calls >= m && err == nil {
				t.Errorf("%s: no error", what)
			}
			holds(t, what, dir, segments)
			s.goOn(t, what, dir)
			holds(t, what, dir, segments)
		}
	}
	for _, op := range []string{"mkdir", "open", "write", "sync", "syncdir", "close", "rename", "remove"} {
		if !seen[op] {
			t.Errorf("no %s has failed", op)
		}
	}
}

// TestFaultsAtTheBeginning holds that where a run cannot begin, its directory is
// not there afterwards: the same --out works when the cause is gone.
func TestFaultsAtTheBeginning(t *testing.T) {
	s := newSample(t, 1)
	for n := 1; ; n++ {
		dir := filepath.Join(t.TempDir(), "out")
		var err error
		var store *Store
		calls, op := faults(t, n, false, func() {
			store, err = Create(dir, s.head(), []byte("identity"), output.Unsealed(), limit)
		})
		if calls < n {
			store.remove()
			if n < 8 {
				t.Errorf("only %d calls", calls)
			}
			return
		}
		if err == nil || !errors.Is(err, errPlayed) {
			t.Errorf("%s fails: %v", op, err)
		}
		if _, err := os.Lstat(dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s fails: the directory is left: %v, %v", op, err, namesOf(t, dir))
		}
	}
}

// TestFailedStore holds that after a failure nothing more is written, and that
// the error is told each time.
func TestFailedStore(t *testing.T) {
	s := newSample(t, 8)
	dir := filepath.Join(t.TempDir(), "out")
	store, err := Create(dir, s.head(), nil, output.Unsealed(), limit)
	if err != nil {
		t.Fatal(err)
	}
	faults(t, 1, false, func() {
		for i := range limit {
			err = store.Add(s.result(i))
		}
	})
	if !errors.Is(err, errPlayed) {
		t.Fatalf("the disk failed: %v", err)
	}
	for i := range limit {
		k, wallet, master := s.result(limit + i)
		if again := store.Add(k, wallet, master); again != err {
			t.Errorf("then: %v", again)
		}
		if !bytes.Equal(wallet.PrivateKey, make([]byte, 32)) {
			t.Error("a key that is not written is not wiped")
		}
	}
	if again := store.Finish(true, 0); again != err {
		t.Errorf("at the end: %v", again)
	}
	if _, err := os.Lstat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory, in which no key is: %v", err)
	}
}

// tired is a recipient that can seal a few files, and then no more.
type tired struct{ left int }

func (r *tired) Wrap([]byte) ([]*age.Stanza, error) {
	if r.left--; r.left < 0 {
		return nil, errPlayed
	}
	return []*age.Stanza{{Type: "tired"}}, nil
}

// TestSealFails holds that keys that could not be sealed are not believed to be.
func TestSealFails(t *testing.T) {
	for files := range 4 {
		s := newSample(t, 8)
		s.fail = map[int]string{1: "master"}
		dir := filepath.Join(t.TempDir(), "out")
		sealer, err := output.SealTo(&tired{1 + files}) // one is for SealTo itself
		if err != nil {
			t.Fatal(err)
		}
		store, err := Create(dir, s.head(), nil, sealer, limit)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.work(store, func(uuid.ID) bool { return false }); !errors.Is(err, errPlayed) {
			t.Errorf("after %d files: %v", files, err)
		}
		done := 0
		for _, k := range believed(t, dir) {
			if _, err := os.Stat(filepath.Join(dir, k.Segment)); err != nil {
				t.Errorf("after %d files: %v", files, err)
			}
			done++
		}
		if want := files / 2 * limit; files < 2 && done != 0 || files >= 2 && done < want {
			t.Errorf("after %d files: %d keys are listed, want %d", files, done, want)
		}
	}
}
