package record

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"recover/internal/uuid"
)

func contents(t *testing.T, text string) *Contents {
	t.Helper()
	r, err := open(text)
	if err != nil {
		t.Fatal(err)
	}
	c, err := r.Contents()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestMerge(t *testing.T) {
	base := contents(t, sampleJSON)
	more := contents(t, "quorum_id,key_id,algorithm,name,blockchain\n"+
		quorumA+","+keyA+",SECP256K1,,ethereum\n"+quorumB+","+"dddddddd-4444-4ddd-8ddd-dddddddddddd,ED25519,new,\n")
	merged, conflicts := Merge(base, more)
	if len(conflicts) > 0 {
		t.Fatal(conflicts)
	}
	if n := len(merged.Entries); n != 4 {
		t.Fatalf("%d entries, want 4", n)
	}
	if e := merged.Entries[0]; e.Name != "treasury, main" || e.Blockchain != "ethereum" || e.PublicKey == nil {
		t.Errorf("the first entry is %+v", e)
	}
	if merged.Environment != "production" || len(merged.RecoveryKeys) != 1 {
		t.Errorf("environment %q, %d recovery keys", merged.Environment, len(merged.RecoveryKeys))
	}
	again, conflicts := Merge(merged, merged)
	if len(conflicts) > 0 || fmt.Sprint(again) != fmt.Sprint(merged) {
		t.Error("a record merged with itself is another one")
	}
}

func TestMergeConflicts(t *testing.T) {
	first := contents(t, sampleJSON)
	second := contents(t, strings.NewReplacer("production", "sandbox", "treasury, main", "cold", `"custody": "2 of 3 custodians"`, `"custody": "one safe"`,
		`"`+quorumA+`", "key_id": "`+keyA, `"`+quorumB+`", "key_id": "`+keyA).Replace(sampleJSON))
	_, conflicts := Merge(first, second)
	var got []string
	for _, c := range conflicts {
		got = append(got, c.String())
	}
	want := []string{
		`environment: the first record has "production", the second "sandbox"`,
		`recovery key 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff: custody: the first record has "2 of 3 custodians", the second "one safe"`,
		`key ` + keyA + `: quorum_id: the first record has "` + quorumA + `", the second "` + quorumB + `"`,
		`key ` + keyA + `: name: the first record has "treasury, main", the second "cold"`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("conflicts:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestMergeMoved: a quorum ID that the other record knows as a previous one is
// no conflict, whichever record comes first.
func TestMergeMoved(t *testing.T) {
	old := contents(t, "quorum_id,key_id,algorithm\n"+quorumA+","+keyA+",ED25519\n")
	moved := contents(t, "quorum_id,key_id,algorithm,previous_quorum_ids\n"+quorumB+","+keyA+",ED25519,"+quorumA+"\n")
	for _, pair := range [][2]*Contents{{old, moved}, {moved, old}} {
		c, conflicts := Merge(pair[0], pair[1])
		if len(conflicts) > 0 {
			t.Fatal(conflicts)
		}
		e := c.Entries[0]
		if e.QuorumID.String() != quorumB || !slices.Equal(e.PreviousQuorumIDs, []uuid.ID{mustID(t, quorumA)}) {
			t.Errorf("quorum %s, before %v", e.QuorumID, e.PreviousQuorumIDs)
		}
	}
}

func TestWallets(t *testing.T) {
	wallet := `{"id":"1","name":"treasury","address":"0xabc","publicKey":"` + secpPoint + `","keyAlgorithm":"SECP256K1","blockchain":"ETH","quorumId":"` + quorumA + `","status":{"x":[1]},`
	for name, text := range map[string]string{
		"an array":             "[" + wallet + `"keyId":"` + keyA + `"}]`,
		"inside metadata":      "[" + wallet + `"metadata":{"zone":1,"keyId":"` + keyA + `"}}]`,
		"of the wallet itself": "[" + wallet + `"metadata":{"keyId":"` + keyB + `"},"keyId":"` + keyA + `"}]`,
		"a page":               `{"total":1,"items":[` + wallet + `"keyId":"` + keyA + `"}]}`,
		"CSV":                  "\xef\xbb\xbfname,address,publicKey,blockchain,quorum_id,key_id,colour\ntreasury,0xabc," + secpPoint + ",ETH," + quorumA + "," + keyA + ",red\n",
	} {
		w, err := ParseWallets([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := w.List[0]
		if len(w.List) != 1 || got.QuorumID != mustID(t, quorumA) || got.KeyID != mustID(t, keyA) || got.Name != "treasury" ||
			got.Address != "0xabc" || got.Blockchain != "ETH" || got.PublicKey == nil || w.MissingText() != "" || (name == "CSV") != slices.Equal(w.Unread, []string{"colour"}) {
			t.Errorf("%s: %+v, missing %q", name, w.List, w.MissingText())
		}
	}
}

func TestWalletsMissing(t *testing.T) {
	w, err := ParseWallets([]byte(`[{"quorumId":"` + quorumA + `","keyId":null},{"name":"a\u0007b","publicKey":"zz"},7]`))
	if err != nil {
		t.Fatal(err)
	}
	if want := "quorum_id in 1 of 2, name in 2 of 2, public_key in 2 of 2"; w.MissingText() != want || w.Missing["name"] != 2 {
		t.Errorf("missing: %s\nwant:    %s", w.MissingText(), want)
	}
	for text, want := range map[string]string{
		"quorum_id\n" + quorumA + "\n" + quorumB + "\n":                "", // as docs/setup.md has it
		"quorum_id,name\n" + quorumA + ",treasury\n" + quorumB + ",\n": "name in 1 of 2",
		// A line of nothing is no wallet.
		// A spreadsheet has made numbers of the keys.
		"quorum_id,public_key\n" + quorumA + ",1.23E+15\n" + quorumB + ",\n": "public_key in 2 of 2",
		"quorum_id,public_key\n,\n" + "x," + secpPoint + "\n":                "quorum_id in 1 of 1",
	} {
		w, err := ParseWallets([]byte(text))
		if err != nil || w.MissingText() != want {
			t.Errorf("%q: missing %q, want %q: %v", text, w.MissingText(), want, err)
		}
	}
}

func TestWalletsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                                "neither JSON nor CSV with a column quorum_id",
		"a,b\n1,2\n":                      "neither JSON nor CSV with a column quorum_id",
		"[]":                              "no wallets are in it",
		`{"total":0}`:                     "no wallets are in it",
		"[{}] x":                          "line 1: something follows the end of the JSON text",
		"[\n{\"a\":1,\"a\":2}]":           `line 2: the name "a" occurs twice`,
		"quorum_id,name\n\"1,secret\n,,,": "line 2, entry 1: a quote that is out of place or not closed in its line",
		"name,quorum_id\n1\n":             "line 2, entry 1: the number of fields is 1, in the header 2",
		"quorum_id,Quorum ID\n1\n":        `line 1, column 2: "Quorum ID" is the column quorum_id, as column 1 is`,
	} {
		if _, err := ParseWallets([]byte(text)); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestOpenDraft(t *testing.T) {
	text := strings.Replace(sampleJSON, quorumA, "1l111111 aaaa", 1)
	if _, err := open(text); err == nil {
		t.Fatal("a record with a bad ID is opened")
	}
	d, err := OpenDraft(strings.NewReader(text), int64(len(text)))
	if err != nil {
		t.Fatal(err)
	}
	if d.Environment != "production" || len(d.RecoveryKeys) != 1 || len(d.Entries) != 3 {
		t.Fatalf("%+v", d)
	}
	if e := d.Entries[0]; e.Quorum != "1l111111 aaaa" || e.Key != keyA || e.Entry.Name != "treasury, main" || e.Entry.Line != 6 || !e.Entry.KeyID.IsZero() {
		t.Errorf("the first entry is %+v", e)
	}
	bad := strings.Replace(text, "ED25519", "DSA", 1)
	if _, err := OpenDraft(strings.NewReader(bad), int64(len(bad))); err == nil || err.Error() != `line 7, entry 2: algorithm: "DSA" is not SECP256K1 or ED25519` {
		t.Errorf("a bad algorithm: %v", err)
	}
}
