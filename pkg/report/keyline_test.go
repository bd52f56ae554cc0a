package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"recover/internal/group"
)

// keyLine is a line as a rebuild writes it, of the private key n.
func keyLine(t testing.TB, g group.Group, n uint64) []byte {
	private := g.NewScalar().SetUint64(n)
	var g1 segments
	err := g1.add(&WalletKey{
		QuorumID: "10000000-0000-4000-8000-000000000001", KeyID: fmt.Sprintf("a0000000-0000-4000-8000-%012d", n), Algorithm: g.Algorithm(),
		Derivation: "none", PrivateKey: private.Bytes(), PublicKey: fmt.Sprintf("%x", g.NewPoint().BaseMul(private).Bytes()),
		Addresses: map[string]string{"xrp": "r"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return g1.lines
}

// TestLines: the lines are those that encoding/json would write, and nothing
// secret is left in what was given.
func TestLines(t *testing.T) {
	type plainKey struct {
		QuorumID         string            `json:"quorum_id"`
		KeyID            string            `json:"key_id"`
		Algorithm        string            `json:"algorithm"`
		Name             string            `json:"name,omitempty"`
		Blockchain       string            `json:"blockchain,omitempty"`
		Derivation       string            `json:"derivation"`
		PrivateKey       string            `json:"private_key"`
		PublicKey        string            `json:"public_key"`
		Addresses        map[string]string `json:"addresses"`
		MasterPrivateKey string            `json:"master_private_key,omitempty"`
		MasterChainCode  string            `json:"master_chain_code,omitempty"`
		Proved           *bool             `json:"proved,omitempty"`
		Doubt            string            `json:"doubt,omitempty"`
	}
	type plainMaster struct {
		QuorumID         string `json:"quorum_id"`
		KeyID            string `json:"key_id"`
		Algorithm        string `json:"algorithm"`
		MasterPrivateKey string `json:"master_private_key"`
		MasterChainCode  string `json:"master_chain_code,omitempty"`
		MasterPublicKey  string `json:"master_public_key"`
	}
	secretOf := func(b byte) HexSecret { return bytes.Repeat([]byte{b}, 32) }
	hexOf := func(b byte) string { return strings.Repeat(fmt.Sprintf("%02x", b), 32) }
	odd := "<&>\"\x1b\u202e\u2028\\ü"
	one, two := secretOf(1), secretOf(2)
	var g segments
	for i, c := range []struct {
		line  secretLine
		plain any
	}{
		{&WalletKey{QuorumID: "q", KeyID: odd, Algorithm: "A", Derivation: "m/0", PrivateKey: one, PublicKey: "04", Addresses: map[string]string{"b": odd, "a": ""}},
			plainKey{QuorumID: "q", KeyID: odd, Algorithm: "A", Derivation: "m/0", PrivateKey: hexOf(1), PublicKey: "04", Addresses: map[string]string{"b": odd, "a": ""}}},
		{&WalletKey{Name: odd, Blockchain: "tron", PrivateKey: secretOf(3), MasterPrivateKey: two, MasterChainCode: secretOf(0xff), Proved: new(bool), Doubt: odd},
			plainKey{Name: odd, Blockchain: "tron", PrivateKey: hexOf(3), MasterPrivateKey: hexOf(2), MasterChainCode: hexOf(0xff), Proved: new(bool), Doubt: odd}},
		{&MasterKey{QuorumID: "q", KeyID: "k", MasterPrivateKey: secretOf(4), MasterPublicKey: odd}, plainMaster{QuorumID: "q", KeyID: "k", MasterPrivateKey: hexOf(4), MasterPublicKey: odd}},
		{&MasterKey{MasterPrivateKey: secretOf(4), MasterChainCode: secretOf(5)}, plainMaster{MasterPrivateKey: hexOf(4), MasterChainCode: hexOf(5)}},
	} {
		before := len(g.lines)
		if err := g.add(c.line); err != nil {
			t.Fatal(err)
		}
		if want := jsonOf(t, c.plain) + "\n"; string(g.lines[before:]) != want {
			t.Errorf("line %d: %s, want %s", i, g.lines[before:], want)
		}
		if text, err := json.Marshal(c.line); err == nil {
			t.Errorf("encoding/json writes a secret: %s", text)
		}
		if text := fmt.Sprintf("%v %+v %x", c.line, c.line, c.line); strings.Contains(text, "0303") || strings.Contains(text, "3 3 3") {
			t.Errorf("a secret is printed: %s", text)
		}
	}
	if !bytes.Equal(one, make([]byte, 32)) || !bytes.Equal(two, make([]byte, 32)) {
		t.Error("the secrets were not wiped")
	}
}

// TestFieldsOfLines: whatever field a line has, it is written.
func TestFieldsOfLines(t *testing.T) {
	for _, line := range []secretLine{
		&WalletKey{"q", "k", "a", "n", "b", "m/0", HexSecret{1}, "04", map[string]string{"tron": "T"}, HexSecret{2}, HexSecret{3}, new(bool), "d"},
		&MasterKey{"q", "k", "a", HexSecret{1}, HexSecret{2}, "04"},
	} {
		fields, err := line.fields()
		if err != nil {
			t.Fatal(err)
		}
		var got, want []string
		for _, f := range fields {
			got = append(got, f.name)
		}
		for _, f := range reflect.VisibleFields(reflect.TypeOf(line).Elem()) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			want = append(want, name)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%T: %q, want %q", line, got, want)
		}
	}
}

func TestReadKeys(t *testing.T) {
	unproved := bytes.Replace(keyLine(t, group.Edwards25519, 2), []byte("}\n"), []byte(`,"proved":false,"doubt":"unproved: why"}`+"\n"), 1)
	segment := append(keyLine(t, group.Secp256k1, 1), unproved...)
	var got []string
	err := ReadKeys(segment, func(k *RebuiltKey) error {
		want := k.Group.NewScalar().SetUint64(uint64(len(got) + 1))
		if !k.Private.Equal(want) || !k.Public.Equal(k.Group.NewPoint().BaseMul(want)) {
			t.Errorf("key %d is another one", len(got)+1)
		}
		got = append(got, fmt.Sprintf("%s %s %t %s", k.KeyID[35:], k.Group.Algorithm(), k.Proved, k.Doubt))
		return nil
	})
	if want := "[1 SECP256K1 true  2 ED25519 false unproved: why]"; err != nil || fmt.Sprint(got) != want {
		t.Errorf("%v, %v", got, err)
	}
	stop := errors.New("stop")
	if err := ReadKeys(segment, func(*RebuiltKey) error { return stop }); err != stop {
		t.Error(err)
	}
}

func TestReadKeysRefused(t *testing.T) {
	line := string(keyLine(t, group.Secp256k1, 7))
	replaced := func(from, to string) string {
		if !strings.Contains(line, from) {
			t.Fatalf("no %s", from)
		}
		return strings.Replace(line, from, to, 1)
	}
	for name, c := range map[string]struct{ segment, want string }{
		"empty":               {"", "line 1: no key"},
		"cut off":             {line + line[:len(line)-1], "line 2: the segment ends in the middle of a key"},
		"text":                {"canary\n", "line 1: not a line that a rebuild writes"},
		"two on a line":       {strings.TrimSuffix(line, "\n") + line, "line 1: not a line that a rebuild writes"},
		"unknown member":      {replaced(`"derivation"`, `"canary"`), "line 1: not a line that a rebuild writes"},
		"double member":       {replaced(`"derivation":"none"`, `"proved":false,"proved":true`), "line 1: not a line that a rebuild writes"},
		"another algorithm":   {replaced("SECP256K1", "P256"), "line 1: not a line that a rebuild writes"},
		"the other algorithm": {replaced("SECP256K1", "ED25519"), "line 1: the private key does not have the public key of its line"},
		"zero":                {replaced(fmt.Sprintf("%064d", 7), fmt.Sprintf("%064d", 0)), "line 1: the private key is not one of its algorithm"},
		"short":               {replaced(fmt.Sprintf("%064d", 7), "07"), "line 1: the private key is not one of its algorithm"},
		"another key":         {replaced(fmt.Sprintf("%064d", 7), fmt.Sprintf("%064d", 8)), "line 1: the private key does not have the public key of its line"},
		"no private key":      {replaced(`"private_key"`, `"doubt"`), "line 1: the private key is not one of its algorithm"},
	} {
		err := ReadKeys([]byte(c.segment), func(*RebuiltKey) error { return nil })
		var at *KeyLineError
		if !errors.As(err, &at) || err.Error() != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

func TestIsKeySegment(t *testing.T) {
	for name, want := range map[string]bool{
		"keys-0001.ndjson": true, "keys-0001.ndjson.age": true, "keys-12345.ndjson": true,
		"masters-0001.ndjson": false, "keys-1.ndjson": false, "keys-0001.ndjson.txt": false, ".keys-0001.ndjson.partial": false, "report.json": false,
	} {
		if IsKeySegment(name) != want {
			t.Errorf("%s: %t", name, !want)
		}
	}
}

// FuzzReadKeys holds that what is read is a key with its public key, and written
// again gives the same key.
func FuzzReadKeys(f *testing.F) {
	f.Add(keyLine(f, group.Secp256k1, 1))
	f.Add(keyLine(f, group.Edwards25519, 2))
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, segment []byte) {
		err := ReadKeys(segment, func(k *RebuiltKey) error {
			if k.Private.IsZero() || !k.Public.Equal(k.Group.NewPoint().BaseMul(k.Private)) {
				t.Error("a key without its public key")
			}
			return nil
		})
		var at *KeyLineError
		if err != nil && !errors.As(err, &at) {
			t.Errorf("%v", err)
		}
	})
}
