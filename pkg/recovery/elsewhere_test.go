package recovery_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	sandbox "recover/fixtures"
	"recover/fixtures/tier"
	"recover/internal/group"
	"recover/internal/uuid"
	"recover/pkg/record"
	"recover/pkg/recovery"
	"recover/pkg/shard"
)

// hinted is a download opened as the verbs open it.
func hinted(t testing.TB, files map[string][]byte, hints recovery.Hints) *recovery.Download {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, files)
	d, err := recovery.Open(dir, hints)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// taken collects a key, and returns the paths of what may be its backups and the
// codes of the warnings.
func taken(t testing.TB, d *recovery.Download, e record.Entry) (files, codes []string) {
	t.Helper()
	s, err := recovery.Collect(t.Context(), d, e)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range s.All() {
		files = append(files, b.Path)
	}
	for _, w := range s.Warnings {
		codes = append(codes, w.Code)
	}
	return files, codes
}

// TestElsewhere holds which files are taken for a key's that has no backup in its
// own folder, and that nothing displaces what is there.
func TestElsewhere(t *testing.T) {
	a, b := makeKey(t, 1, sandbox.Spec{Group: group.Secp256k1}), makeKey(t, 2, sandbox.Spec{Group: group.Secp256k1})
	fileA, fileB := encode(t, a.Shards[0]), encode(t, b.Shards[0])
	cut := fileA[:len(fileA)/2]
	id, e := a.IDs.Key.String(), entry(a, record.AnchorNone)
	old := e
	old.QuorumID, old.PreviousQuorumIDs = b.IDs.Quorum, []uuid.ID{a.IDs.Quorum}
	const name = "recovery_shard-0.txt"
	labels, only := recovery.Hints{Labels: true}, recovery.Hints{Labels: true, Key: a.IDs.Key}
	for what, c := range map[string]struct {
		files map[string][]byte
		hints recovery.Hints
		entry record.Entry
		want  []string
		codes []string
	}{
		"its own folder":           {map[string][]byte{id + "/" + name: fileA}, labels, e, []string{id + "/" + name}, nil},
		"and a second":             {map[string][]byte{id + "/" + name: fileA, id + " (1)/" + name: fileB}, labels, e, []string{id + "/" + name}, []string{recovery.WarnElsewhere}},
		"a copied folder":          {map[string][]byte{id + " (1)/" + name: fileA}, labels, e, []string{id + " (1)/" + name}, []string{recovery.WarnElsewhere}},
		"another's under its ID":   {map[string][]byte{id + " (1)/" + name: fileB}, labels, e, []string{id + " (1)/" + name}, []string{recovery.WarnElsewhere}},
		"beside a damaged one":     {map[string][]byte{id + "/" + name: cut, id + " (1)/" + name: fileA}, labels, e, []string{id + "/" + name, id + " (1)/" + name}, []string{recovery.WarnElsewhere}},
		"another's beside it":      {map[string][]byte{id + "/" + name: cut, id + " (1)/" + name: fileB}, labels, e, []string{id + "/" + name}, nil},
		"a stray beside a damaged": {map[string][]byte{id + "/" + name: cut, "x/" + name: fileA}, labels, e, []string{id + "/" + name, "x/" + name}, []string{recovery.WarnElsewhere}},
		"a stray":                  {map[string][]byte{name: fileA, "x/" + name: fileB}, labels, e, []string{name}, []string{recovery.WarnElsewhere}},
		"a stray of before":        {map[string][]byte{name: fileA, "x/" + name: fileB}, labels, old, []string{name}, []string{recovery.WarnElsewhere}},
		"another's stray":          {map[string][]byte{name: fileB}, labels, e, nil, nil},
		"a damaged stray":          {map[string][]byte{name: cut}, labels, e, nil, nil},
		"any name, only key":       {map[string][]byte{"x/y": fileA, "z": []byte("note")}, only, e, []string{"x/y"}, nil},
		"of two, only key":         {map[string][]byte{"x/y": fileA, "z": fileB}, only, e, []string{"x/y"}, nil},
		"damaged, only key":        {map[string][]byte{name: cut}, only, e, []string{name}, nil},
		"another's, only key":      {map[string][]byte{"x/y": fileB}, only, e, []string{"x/y"}, nil},
		"key folders, only key":    {map[string][]byte{b.IDs.Key.String() + "/" + name: fileB, "x": fileA, "y": cut}, only, e, []string{"x"}, nil},
		"another's folder":         {map[string][]byte{b.IDs.Key.String() + "/" + name: fileA}, only, e, []string{b.IDs.Key.String() + "/" + name}, nil},
		"copies of one":            {map[string][]byte{name: fileA, "recovery_shard-0 (1).txt": fileA}, labels, e, []string{name, "recovery_shard-0 (1).txt"}, []string{recovery.WarnElsewhere, recovery.WarnElsewhere}},
		"no current one":           {map[string][]byte{id + "/v/1": fileA, b.IDs.Key.String() + "/" + name: fileB}, labels, e, []string{id + "/v/1"}, []string{recovery.WarnNoCurrent}},
		"litter":                   {map[string][]byte{id + "/" + name: fileA, id + "/.DS_Store": {0}, id + "/._" + name: {1}, id + "/note": []byte("x")}, labels, e, []string{id + "/" + name}, []string{recovery.WarnNotShard}},
		"litter that is a backup":  {map[string][]byte{id + "/._x": fileA}, labels, e, []string{id + "/._x"}, nil},
	} {
		files, codes := taken(t, hinted(t, c.files, c.hints), c.entry)
		if !slices.Equal(files, c.want) || !slices.Equal(codes, c.codes) {
			t.Errorf("%s: files %q, want %q; warnings %q, want %q", what, files, c.want, codes, c.codes)
		}
	}
}

// TestTooDeepIsMissing: a backup that lies too deep is missing; that its folder cannot
// be read is not said.
func TestTooDeepIsMissing(t *testing.T) {
	k := makeKey(t, 1, sandbox.Spec{Group: group.Secp256k1})
	b := collect(t, folder(t, k, map[string][]byte{strings.Repeat("d/", 18) + "recovery_shard-0.txt": encode(t, k.Shards[0])}), entry(k, record.AnchorNone))
	v, err := b.Verify(t.Context(), nil)
	if err != nil || recovery.ReasonOf(v.Err) != "missing" || !has(v.Warnings, "more than 16 deep") {
		t.Errorf("%v, %v, %q", err, v.Err, v.Warnings)
	}
}

// TestOpenNothing: what is not there is an error, and no download.
func TestOpenNothing(t *testing.T) {
	if d, err := recovery.Open(filepath.Join(t.TempDir(), "none"), recovery.Hints{}); !errors.Is(err, os.ErrNotExist) || d != nil {
		t.Errorf("%v, %v", d, err)
	}
}

// TestStraysAtOnce: the keys of a flat download are sorted from many goroutines,
// each file to its key, and a key that comes again gets nothing that another has.
func TestStraysAtOnce(t *testing.T) {
	files := make(map[string][]byte)
	var keys []*sandbox.Key
	for i := range byte(8) {
		k := makeKey(t, 10+i, sandbox.Spec{Group: groups[i%2]})
		keys = append(keys, k)
		files["recovery_shard-0 ("+string('a'+rune(i))+").txt"] = encode(t, k.Shards[0])
	}
	d := hinted(t, files, recovery.Hints{Labels: true})
	var wg sync.WaitGroup
	got := make([]string, len(keys))
	for i, k := range keys {
		wg.Go(func() {
			if files, _ := taken(t, d, entry(k, record.AnchorNone)); len(files) == 1 {
				got[i] = files[0]
			}
		})
	}
	wg.Wait()
	for i := range keys {
		if want := "recovery_shard-0 (" + string('a'+rune(i)) + ").txt"; got[i] != want {
			t.Errorf("key %d: %q, want %q", i, got[i], want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := recovery.Collect(ctx, hinted(t, files, recovery.Hints{Labels: true}), entry(makeKey(t, 30, sandbox.Spec{Group: groups[0]}), record.AnchorNone)); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end: %v", err)
	}
}

// TestTrialLimit: after too many trials it is said that a key was not looked for.
func TestTrialLimit(t *testing.T) {
	recovery.SetMaxTrials(t, 1)
	a, b := makeKey(t, 1, sandbox.Spec{Group: group.Secp256k1}), makeKey(t, 2, sandbox.Spec{Group: group.Secp256k1})
	d := hinted(t, map[string][]byte{"recovery_shard-0.txt": encode(t, a.Shards[0])}, recovery.Hints{Labels: true})
	for range 2 {
		_, codes := taken(t, d, entry(b, record.AnchorNone))
		if want := []string{recovery.WarnNotRead}; codes != nil && !slices.Equal(codes, want) {
			t.Errorf("warnings %q", codes)
		}
	}
	if files, codes := taken(t, d, entry(a, record.AnchorNone)); files != nil || !slices.Equal(codes, []string{recovery.WarnNotRead}) {
		t.Errorf("files %q, warnings %q", files, codes)
	}
	// What is a key's is not tried for another.
	recovery.SetMaxTrials(t, 3)
	d = hinted(t, map[string][]byte{"recovery_shard-0.txt": encode(t, a.Shards[0]), "recovery_shard-1.txt": encode(t, b.Shards[0])}, recovery.Hints{Labels: true})
	for _, k := range []*sandbox.Key{a, b} {
		if files, codes := taken(t, d, entry(k, record.AnchorNone)); len(files) != 1 {
			t.Errorf("files %q, warnings %q", files, codes)
		}
	}
}

// TestArchiveOfKey: where an archive lies in the place of a backup, it is named;
// next to a backup it is a warning; and it is no backup even if it is larger than
// any.
func TestArchiveOfKey(t *testing.T) {
	k := makeKey(t, 3, sandbox.Spec{Group: group.Secp256k1})
	id, e := k.IDs.Key.String(), entry(k, record.AnchorNone)
	zip := append([]byte("PK\x03\x04"), make([]byte, shard.MaxFileSize)...)
	for what, c := range map[string]struct {
		files map[string][]byte
		want  string
	}{
		"in its folder": {map[string][]byte{id + "/a": zip}, id + "/a"},
		"by its name":   {map[string][]byte{id + ".zip": zip[:100], "00000000-0000-4000-8000-000000000000/x": nil}, id + ".zip"},
		"of everything": {map[string][]byte{"bucket.zip": zip[:100], "00000000-0000-4000-8000-000000000000/x": nil}, "bucket.zip"},
	} {
		s, err := recovery.Collect(t.Context(), hinted(t, c.files, recovery.Hints{Labels: true}), e)
		if err != nil {
			t.Fatal(err)
		}
		err = s.CheckRecord()
		var missing *recovery.MissingError
		if !errors.As(err, &missing) || missing.Path != c.want || missing.Kind != "zip" || !errors.Is(err, recovery.ErrMissing) || recovery.ReasonOf(err) != recovery.ReasonArchive {
			t.Errorf("%s: %v", what, err)
		}
	}
	files, codes := taken(t, hinted(t, map[string][]byte{id + "/recovery_shard-0.txt": encode(t, k.Shards[0]), id + "/a": zip}, recovery.Hints{}), e)
	if len(files) != 1 || !slices.Equal(codes, []string{recovery.WarnArchive}) {
		t.Errorf("next to a backup: %q, %q", files, codes)
	}
}

// TestLockedFolder: a folder that may not be read is not missing.
func TestLockedFolder(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root reads everything; the script downloads.txtar drops its rights")
	}
	k := makeKey(t, 4, sandbox.Spec{Group: group.Secp256k1})
	dir := t.TempDir()
	write(t, filepath.Join(dir, k.IDs.Key.String()), map[string][]byte{"recovery_shard-0.txt": encode(t, k.Shards[0])})
	d := openDownload(t, dir)
	if err := os.Chmod(filepath.Join(dir, k.IDs.Key.String()), 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(dir, k.IDs.Key.String()), 0o700) })
	s, err := recovery.Collect(t.Context(), d, entry(k, record.AnchorNone))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.CheckRecord(); recovery.ReasonOf(err) != recovery.ReasonNoPermission {
		t.Errorf("%v", err)
	}
}

// TestHostileStrays: a thousand files that are named like shards, and hold noise,
// do no harm to the key that is looked for, and cost less than a second each.
func TestHostileStrays(t *testing.T) {
	tier.Long(t)
	k := makeKey(t, 5, sandbox.Spec{Group: group.Secp256k1})
	files := map[string][]byte{"z/recovery_shard-9.txt": encode(t, k.Shards[0])}
	noise := bytes.Repeat([]byte("eyJpbmRleCI6"), 1000)
	for i := range 300 {
		files["recovery_shard-"+strings.Repeat("0", i%200)+string('a'+rune(i%26))+"/recovery_shard-0.txt"] = noise[:i*40]
	}
	d := hinted(t, files, recovery.Hints{Labels: true})
	begun := time.Now()
	got, _ := taken(t, d, entry(k, record.AnchorNone))
	if !slices.Equal(got, []string{"z/recovery_shard-9.txt"}) || time.Since(begun) > time.Minute {
		t.Errorf("files %q after %v", got, time.Since(begun))
	}
}

// BenchmarkLabel is the cost of one trial of a label.
func BenchmarkLabel(b *testing.B) {
	k := makeKey(b, 6, sandbox.Spec{Group: group.Secp256k1})
	s, err := shard.Parse(encode(b, k.Shards[0]))
	if err != nil {
		b.Fatal(err)
	}
	t := s.Trials()[0]
	for b.Loop() {
		if t.Fits(shard.IDs{Quorum: k.IDs.Key, Key: k.IDs.Quorum}) {
			b.Fatal("it fits")
		}
	}
}
