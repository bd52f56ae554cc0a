package record

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"recover/internal/group"
	"recover/internal/uuid"
)

func TestWriteJSON(t *testing.T) {
	keys := []RecoveryKey{{SHA256: [32]byte{0xAB}, Custody: "HSM"}, {SHA256: [32]byte{1}, Note: "the <old> one"}}
	list := []Entry{
		{QuorumID: id(quorumA), KeyID: id(keyA), Algorithm: group.Secp256k1},
		{
			QuorumID: id(quorumA), KeyID: id(keyB), Algorithm: group.Edwards25519, Name: `"é"`, Address: "a", Blockchain: "b", Note: "c",
			PublicKey: point(edPoint), PreviousQuorumIDs: []uuid.ID{id(quorumB), id(keyC)},
		},
	}
	const want = `{ "format": "recover-record/1",
  "environment": "sandbox",
  "recovery_keys": [
    { "sha256": "ab00000000000000000000000000000000000000000000000000000000000000", "custody": "HSM" },
    { "sha256": "0100000000000000000000000000000000000000000000000000000000000000", "note": "the <old> one" } ],
  "keys": [
    { "quorum_id": "` + quorumA + `", "key_id": "` + keyA + `", "algorithm": "SECP256K1" },
    { "quorum_id": "` + quorumA + `", "key_id": "` + keyB + `", "algorithm": "ED25519", "name": "\"é\"", "public_key": "` + edPoint + `", "address": "a", "blockchain": "b", "note": "c", "previous_quorum_ids": ["` + quorumB + `","` + keyC + `"] } ] }
`
	var b bytes.Buffer
	if err := WriteJSON(&b, "sandbox", keys, slices.Values(list)); err != nil {
		t.Fatal(err)
	}
	if b.String() != want {
		t.Errorf("written:\n%s\nwant:\n%s", &b, want)
	}
	r, err := open(want)
	if err != nil {
		t.Fatal(err)
	}
	if r.Environment != "sandbox" || !slices.Equal(r.RecoveryKeys, keys) {
		t.Errorf("read back: environment %q, recovery keys %v", r.Environment, r.RecoveryKeys)
	}
}

func TestWriteJSONFails(t *testing.T) {
	r, w := io.Pipe()
	full := errors.New("disk full")
	if err := r.CloseWithError(full); err != nil {
		t.Fatal(err)
	}
	if err := WriteJSON(w, "", nil, slices.Values([]Entry(nil))); err != full {
		t.Errorf("%v, want %v", err, full)
	}
}

// FuzzWriteJSON holds that what Open takes, in either form, can be written and
// then opens to the same record.
func FuzzWriteJSON(f *testing.F) {
	for _, s := range []string{
		sampleJSON, withEvents(sampleEvents), sampleCSV, csvHeader + csvRow, "\xef\xbb\xbf" + sampleJSON,
		`{"format":"recover-record/1","environment":"sandbox","keys":[{` + jsonIDs + `,"algorithm":"ED25519","name":"\ufffd\ud83d\ude00\u2028<&>\\"}]}`,
		"note,quorum_id,key_id,algorithm\n\"\"\"\"," + csvRow,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := open(text)
		if err != nil {
			return
		}
		before := entries(t, text)
		var b strings.Builder
		c := &Contents{Environment: r.Environment, RecoveryKeys: r.RecoveryKeys, Events: r.Events, Entries: before}
		if err := c.WriteJSON(&b); err != nil {
			t.Fatal(err)
		}
		again, err := open(b.String())
		if err != nil {
			t.Fatalf("%q is written as\n%s\n%v", text, b.String(), err)
		}
		if fmt.Sprint(again.Events) != fmt.Sprint(r.Events) {
			t.Errorf("%q: %v\nthen %v", text, r.Events, again.Events)
		}
		if again.Environment != r.Environment || !slices.Equal(again.RecoveryKeys, r.RecoveryKeys) {
			t.Errorf("%q: environment %q, recovery keys %v", text, again.Environment, again.RecoveryKeys)
		}
		if after := entries(t, b.String()); !slices.EqualFunc(before, after, same) {
			t.Errorf("%q: %+v\nthen %+v", text, before, after)
		}
	})
}
