package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"recover/internal/group"
)

// keyLine is a line as a rebuild writes it, of the private key n.
func keyLine(t testing.TB, g group.Group, n uint64) []byte {
	private := g.NewScalar().SetUint64(n)
	line, err := json.Marshal(&WalletKey{
		QuorumID: "10000000-0000-4000-8000-000000000001", KeyID: fmt.Sprintf("a0000000-0000-4000-8000-%012d", n), Algorithm: g.Algorithm(),
		Derivation: "none", PrivateKey: private.Bytes(), PublicKey: fmt.Sprintf("%x", g.NewPoint().BaseMul(private).Bytes()),
		Addresses: map[string]string{"xrp": "r"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return append(line, '\n')
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
