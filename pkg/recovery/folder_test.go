package recovery_test

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	sandbox "recover/fixtures"
	"recover/fixtures/testkey"
	"recover/internal/group"
	"recover/pkg/record"
	"recover/pkg/recovery"
	"recover/pkg/shard"
)

// underRace is set where the race detector makes everything ten times as slow: the
// tests of many rounds do fewer.
var underRace bool

var groups = []group.Group{group.Secp256k1, group.Edwards25519}

// makeKey makes a key of the sandbox; ids may be zero.
func makeKey(t testing.TB, seed byte, spec sandbox.Spec) *sandbox.Key {
	t.Helper()
	if spec.Players == 0 {
		spec.Players, spec.Threshold, spec.Sharing = 2, 1, shard.Shamir
	}
	if spec.Kit == nil {
		spec.Kit = []*rsa.PublicKey{&testkey.Small().PublicKey}
	}
	k, err := sandbox.Make(rand.NewChaCha8([32]byte{seed}), spec)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// kit makes a key that is backed up to two recovery keys.
func kit(t testing.TB, seed byte, g group.Group) *sandbox.Key {
	return makeKey(t, seed, sandbox.Spec{Group: g, Kit: []*rsa.PublicKey{&testkey.Small().PublicKey, &testkey.Recovery(0).PublicKey}})
}

// planted is another key under the same IDs: what somebody can make who knows
// them and the recovery public key.
func planted(t testing.TB, k *sandbox.Key) *sandbox.Key {
	return makeKey(t, 200, sandbox.Spec{Group: k.Group, IDs: k.IDs})
}

func encode(t testing.TB, s *sandbox.Shard) []byte {
	t.Helper()
	file, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// changed is the shard of a key after a change.
func changed(t testing.TB, k *sandbox.Key, change func(*sandbox.Shard)) []byte {
	t.Helper()
	s, err := k.Shards[0].Clone()
	if err != nil {
		t.Fatal(err)
	}
	change(s)
	return encode(t, s)
}

// folder is a bucket with the files of one key.
func folder(t testing.TB, k *sandbox.Key, files map[string][]byte) *recovery.Download {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, k.IDs.Key.String()), files)
	return openDownload(t, dir)
}

func write(t testing.TB, dir string, files map[string][]byte) {
	t.Helper()
	date := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, data := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, date, date); err != nil { // the same for all, in whatever order they are written
			t.Fatal(err)
		}
	}
}

func openDownload(t testing.TB, dir string) *recovery.Download {
	t.Helper()
	d, err := recovery.Open(dir, recovery.Hints{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// What the record has beside the IDs.
func entry(k *sandbox.Key, anchor record.Anchor) record.Entry {
	e := record.Entry{QuorumID: k.IDs.Quorum, KeyID: k.IDs.Key, Algorithm: k.Group, Recorded: anchor}
	switch anchor {
	case record.AnchorService, record.AnchorDrill:
		e.PublicKey = k.Group.NewPoint().BaseMul(k.Wallet)
	case record.AnchorBackup:
		e.MasterPublicKey = k.Group.NewPoint().BaseMul(k.Master)
	}
	return e
}

// outcome is what the verbs say of a folder.
type outcome struct {
	rebuilt *recovery.Rebuilt
	verdict *recovery.Verdict
}

func (o *outcome) rebuildReason() shard.Reason {
	switch {
	case o.rebuilt.IsRight():
		return "ok"
	case o.rebuilt.Wallet != nil:
		return "unproved, written"
	}
	return recovery.ReasonOf(o.rebuilt.Err)
}

func (o *outcome) verifyReason() shard.Reason {
	if o.verdict.Err == nil {
		return "ok"
	}
	return recovery.ReasonOf(o.verdict.Err)
}

func collect(t testing.TB, d *recovery.Download, e record.Entry) *recovery.Backups {
	t.Helper()
	b, err := recovery.Collect(t.Context(), d, e)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func try(t testing.TB, d *recovery.Download, e record.Entry, opt recovery.RebuildOptions) *outcome {
	t.Helper()
	return tryWith(t, d, e, remembering, opt)
}

func tryWith(t testing.TB, d *recovery.Download, e record.Entry, key crypto.Decrypter, opt recovery.RebuildOptions) *outcome {
	t.Helper()
	o := new(outcome)
	var err error
	backups := collect(t, d, e)
	if o.verdict, err = backups.Verify(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if o.rebuilt, err = backups.Rebuild(t.Context(), key, opt); err != nil {
		t.Fatal(err)
	}
	return o
}

// remembering is the test key, which does each operation once: an attacker uses
// the same ciphertexts over and over.
var remembering = &memory{PrivateKey: testkey.Small(), answers: make(map[string][]byte)}

type memory struct {
	*rsa.PrivateKey
	sync.Mutex
	answers map[string][]byte // nil: it does not open
}

func (m *memory) Decrypt(random io.Reader, text []byte, opts crypto.DecrypterOpts) ([]byte, error) {
	m.Lock()
	defer m.Unlock()
	question := string(opts.(*rsa.OAEPOptions).Label) + string(text)
	answer, known := m.answers[question]
	if !known {
		var err error
		if answer, err = m.PrivateKey.Decrypt(random, text, opts); err != nil {
			answer = nil
		}
		m.answers[question] = answer
	}
	if answer == nil {
		return nil, rsa.ErrDecryption
	}
	return bytes.Clone(answer), nil
}

// flipOne changes one bit of the value of one field, chosen at random.
func flipOne(t testing.TB, random *rand.Rand, file []byte) ([]byte, string) {
	t.Helper()
	outer := decodeObject(t, unbase64(t, file))
	inner := decodeObject(t, unbase64(t, []byte(outer["partialRecoveryDataHex"].(string))))
	leaves := collectLeaves("", outer, nil)
	leaves = collectLeaves("data.", inner, leaves)
	for {
		leaf := leaves[random.IntN(len(leaves))]
		if leaf.name == "partialRecoveryDataHex" {
			continue
		}
		if !leaf.flip(random) {
			continue
		}
		text, err := json.Marshal(inner)
		if err != nil {
			t.Fatal(err)
		}
		outer["partialRecoveryDataHex"] = base64Of(text)
		whole, err := json.Marshal(outer)
		if err != nil {
			t.Fatal(err)
		}
		return []byte(base64Of(whole)), leaf.name
	}
}

// leaf is a value of JSON that can be set again.
type leaf struct {
	name  string
	value any
	set   func(any)
}

func collectLeaves(name string, v any, all []leaf) []leaf {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) { // in one order, so that a seed means the same each time
			all = append(all, leaf{name + key, v[key], func(x any) { v[key] = x }})
			all = collectLeaves(name+key+".", v[key], all)
		}
	case []any:
		for i, value := range v {
			all = append(all, leaf{fmt.Sprintf("%s%d", name, i), value, func(x any) { v[i] = x }})
			all = collectLeaves(fmt.Sprintf("%s%d.", name, i), value, all)
		}
	}
	return all
}

// flip changes one bit of a text or a number, or if it is base64, of what that
// encodes. It tells whether the value is one.
func (l leaf) flip(random *rand.Rand) bool {
	switch v := l.value.(type) {
	case json.Number:
		n, err := v.Int64()
		if err != nil {
			return false
		}
		l.set(n ^ 1<<random.IntN(6))
		return true
	case string:
		if v == "" {
			return false
		}
		if raw, err := decode64(v); err == nil && len(raw) >= 16 {
			raw[random.IntN(len(raw))] ^= 1 << random.IntN(8)
			l.set(base64Of(raw))
			return true
		}
		b := []byte(v)
		b[random.IntN(len(b))] ^= 1 << random.IntN(3)
		l.set(string(b))
		return true
	}
	return false
}

func decodeObject(t testing.TB, text []byte) map[string]any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.UseNumber()
	var v map[string]any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// setTime gives a file of the download a date.
func setTime(t testing.TB, path string, when time.Time) {
	t.Helper()
	if err := os.Chtimes(path, when, when); err != nil {
		t.Fatal(err)
	}
}
