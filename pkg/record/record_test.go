package record

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"recover/internal/group"
	"recover/internal/uuid"
)

const (
	quorumA = "11111111-aaaa-4111-8111-111111111111"
	quorumB = "22222222-bbbb-4222-8222-222222222222"
	keyA    = "aaaaaaaa-1111-4aaa-8aaa-aaaaaaaaaaaa"
	keyB    = "bbbbbbbb-2222-4bbb-8bbb-bbbbbbbbbbbb"
	keyC    = "cccccccc-3333-4ccc-8ccc-cccccccccccc"

	// The generators of both groups.
	secpPoint = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
	edPoint   = "5866666666666666666666666666666666666666666666666666666666666666"
)

const sampleJSON = `{ "format": "recover-record/1",
  "environment": "production",
  "recovery_keys": [
    { "sha256": "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", "custody": "2 of 3 custodians", "note": "" } ],
  "keys": [
    { "quorum_id": "` + quorumA + `", "key_id": "` + keyA + `", "algorithm": "SECP256K1", "name": "treasury, main", "public_key": "` + secpPoint + `", "address": "0xabc" },
    { "key_id": "` + keyB + `", "algorithm": "ED25519", "quorum_id": "` + quorumA + `", "blockchain": "solana", "public_key": "` + edPoint + `",
      "previous_quorum_ids": ["` + quorumB + `", "` + keyC + `"] },
    { "quorum_id": "` + quorumB + `", "key_id": "` + keyC + `", "algorithm": "SECP256K1", "note": "the \"old\" one \u00e9", "public_key": "" } ] }
`

// sampleCSV says the same, but for what CSV has no place for.
const sampleCSV = "\xef\xbb\xbfname,key_id,quorum_id,algorithm,public_key,address,blockchain,note,previous_quorum_ids\r\n" +
	`"treasury, main",` + keyA + "," + quorumA + ",SECP256K1," + secpPoint + ",0xabc,,,\r\n" +
	"\r\n" +
	"," + keyB + "," + quorumA + ",ED25519," + edPoint + ",,solana,," + quorumB + "; " + keyC + "\n" +
	"," + keyC + "," + quorumB + `,SECP256K1,,,,"the ""old"" one é",`

func open(text string) (*Record, error) {
	return Open(strings.NewReader(text), int64(len(text)))
}

// entries opens a record and reads it all.
func entries(t testing.TB, text string) []Entry {
	t.Helper()
	r, err := open(text)
	if err != nil {
		t.Fatal(err)
	}
	var all []Entry
	for e, err := range r.Entries() {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	if len(all) != r.Len() {
		t.Fatalf("%d entries, Len is %d", len(all), r.Len())
	}
	return all
}

// same reports whether a and b say the same, wherever they stand.
func same(a, b Entry) bool {
	if (a.PublicKey == nil) != (b.PublicKey == nil) || a.PublicKey != nil && !a.PublicKey.Equal(b.PublicKey) {
		return false
	}
	return a.QuorumID == b.QuorumID && a.KeyID == b.KeyID && a.Algorithm == b.Algorithm && a.Index == b.Index &&
		a.Name == b.Name && a.Address == b.Address && a.Blockchain == b.Blockchain && a.Note == b.Note &&
		slices.Equal(a.PreviousQuorumIDs, b.PreviousQuorumIDs)
}

func id(text string) uuid.ID {
	id, err := uuid.Parse(text)
	if err != nil {
		panic(err)
	}
	return id
}

func point(text string) group.Point {
	b, err := hex.DecodeString(text)
	if err != nil {
		panic(err)
	}
	_, p, err := group.ParsePublicKey(b)
	if err != nil {
		panic(err)
	}
	return p
}

func TestEntries(t *testing.T) {
	want := []Entry{
		{QuorumID: id(quorumA), KeyID: id(keyA), Algorithm: group.Secp256k1, Name: "treasury, main", Address: "0xabc", PublicKey: point(secpPoint), Index: 1},
		{QuorumID: id(quorumA), KeyID: id(keyB), Algorithm: group.Edwards25519, Blockchain: "solana", PublicKey: point(edPoint), PreviousQuorumIDs: []uuid.ID{id(quorumB), id(keyC)}, Index: 2},
		{QuorumID: id(quorumB), KeyID: id(keyC), Algorithm: group.Secp256k1, Note: `the "old" one é`, Index: 3},
	}
	for _, c := range []struct {
		name, text string
		lines      []int
	}{
		{"JSON", sampleJSON, []int{6, 7, 9}},
		{"JSON with a byte order mark and CRLF", "\xef\xbb\xbf" + strings.ReplaceAll(sampleJSON, "\n", "\r\n"), []int{6, 7, 9}},
		{"CSV", sampleCSV, []int{2, 4, 5}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := entries(t, c.text)
			if len(got) != len(want) {
				t.Fatalf("%d entries, want %d", len(got), len(want))
			}
			for i := range want {
				if !same(got[i], want[i]) || got[i].Line != c.lines[i] {
					t.Errorf("entry %d: %+v\nwant %+v in line %d", i+1, got[i], want[i], c.lines[i])
				}
			}
		})
	}
}

func TestHeader(t *testing.T) {
	r, err := open(sampleJSON)
	if err != nil {
		t.Fatal(err)
	}
	if r.Environment != "production" || len(r.RecoveryKeys) != 1 || r.SHA256() != sha256.Sum256([]byte(sampleJSON)) {
		t.Errorf("environment %q, recovery keys %v, SHA-256 %x", r.Environment, r.RecoveryKeys, r.SHA256())
	}
	k := r.RecoveryKeys[0]
	if hex.EncodeToString(k.SHA256[:]) != strings.Repeat("00112233445566778899aabbccddeeff", 2) || k.Custody != "2 of 3 custodians" || k.Note != "" {
		t.Errorf("recovery key %+v", k)
	}
	r, err = open(sampleCSV)
	if err != nil {
		t.Fatal(err)
	}
	if r.Environment != "" || r.RecoveryKeys != nil || r.SHA256() != sha256.Sum256([]byte(sampleCSV)) {
		t.Errorf("CSV: environment %q, recovery keys %v, SHA-256 %x", r.Environment, r.RecoveryKeys, r.SHA256())
	}
}

func TestPublicKeyForms(t *testing.T) {
	for _, c := range []struct {
		g     group.Group
		point group.Point
	}{
		{group.Secp256k1, point(secpPoint)},
		{group.Edwards25519, point(edPoint)},
	} {
		forms := [][]byte{c.point.Bytes(), group.Compressed(c.point), group.MarshalSPKI(c.g, c.point)}
		if c.g == group.Edwards25519 {
			forms = append(forms, append([]byte{0xED}, c.point.Bytes()...))
		}
		for _, b := range forms {
			for _, text := range []string{hex.EncodeToString(b), strings.ToUpper(hex.EncodeToString(b)), base64.StdEncoding.EncodeToString(b)} {
				e := entries(t, "quorum_id,key_id,algorithm,public_key\n"+quorumA+","+keyA+","+c.g.Algorithm()+","+text)[0]
				if e.PublicKey == nil || !e.PublicKey.Equal(c.point) {
					t.Errorf("%s as %s: another key", c.g.Algorithm(), text)
				}
			}
		}
	}
}

func TestSingle(t *testing.T) {
	r, err := Single(Entry{QuorumID: id(quorumA), KeyID: id(keyA), Algorithm: group.Edwards25519})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for e, err := range r.Entries() {
		n++
		if err != nil || !same(e, Entry{QuorumID: id(quorumA), KeyID: id(keyA), Algorithm: group.Edwards25519, Index: 1}) {
			t.Errorf("%+v, %v", e, err)
		}
	}
	if n != 1 || r.Len() != 1 || r.SHA256() != [32]byte{} || r.Environment != "" {
		t.Errorf("%d entries, record %+v", n, r)
	}
	const want = "quorum_id: the same as key_id"
	if _, err := Single(Entry{QuorumID: id(keyA), KeyID: id(keyA), Algorithm: group.Edwards25519}); err == nil || err.Error() != want {
		t.Errorf("the same ID twice: %v, want %s", err, want)
	}
}

// TestStop holds that a caller who wants no more entries gets none, and no
// error.
func TestStop(t *testing.T) {
	single, err := Single(Entry{QuorumID: id(quorumA), KeyID: id(keyA), Algorithm: group.Secp256k1})
	if err != nil {
		t.Fatal(err)
	}
	records := []*Record{single}
	for _, text := range []string{sampleJSON, sampleCSV} {
		r, err := open(text)
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, r)
	}
	for _, r := range records {
		n := 0
		for _, err := range r.Entries() {
			if n++; err != nil {
				t.Error(err)
			}
			break
		}
		if n != 1 {
			t.Errorf("%d entries after a break", n)
		}
	}
}

// source can be exchanged while a record is open.
type source struct{ io.ReaderAt }

// broken cannot be read.
type broken struct{}

var errRead = errors.New("bad sector")

func (broken) ReadAt([]byte, int64) (int, error) { return 0, errRead }

func TestChanged(t *testing.T) {
	for _, c := range []struct {
		name    string
		text    string
		now     io.ReaderAt
		entries int // before the error
		err     error
	}{
		{"another note", sampleCSV, strings.NewReader(strings.Replace(sampleCSV, "old", "Old", 1)), 3, ErrChanged},
		{"a fault", sampleCSV, strings.NewReader(strings.Replace(sampleCSV, "ED25519", "XD25519", 1)), 1, ErrChanged},
		{"shorter", sampleCSV, strings.NewReader(sampleCSV[:strings.LastIndex(sampleCSV, "\n")+1]), 2, ErrChanged},
		{"empty", sampleCSV, strings.NewReader(""), 0, ErrChanged},
		{"unreadable", sampleCSV, broken{}, 0, errRead},
		{"unreadable, but JSON is in memory", sampleJSON, broken{}, 3, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := &source{strings.NewReader(c.text)}
			r, err := Open(file, int64(len(c.text)))
			if err != nil {
				t.Fatal(err)
			}
			file.ReaderAt = c.now
			n, last := 0, error(nil)
			for e, err := range r.Entries() {
				if last != nil {
					t.Errorf("after the error: %+v, %v", e, err)
				}
				if last = err; err == nil {
					n++
				}
			}
			if n != c.entries || last != c.err {
				t.Errorf("%d entries and then %v, want %d and %v", n, last, c.entries, c.err)
			}
		})
	}
}

func TestUnreadable(t *testing.T) {
	if _, err := Open(broken{}, 100); err != errRead {
		t.Errorf("a broken file: %v, want %v", err, errRead)
	}
	if _, err := Open(strings.NewReader(sampleJSON), int64(len(sampleJSON))+1); err != io.ErrUnexpectedEOF {
		t.Errorf("a file shorter than its size: %v, want %v", err, io.ErrUnexpectedEOF)
	}
}
