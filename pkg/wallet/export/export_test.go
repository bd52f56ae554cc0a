package export

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"recover/fixtures/tier"
	"recover/internal/group"
	"recover/internal/secret"
)

func scalar(t testing.TB, g group.Group, digits string) group.Scalar {
	t.Helper()
	b, err := hex.DecodeString(digits)
	if err != nil {
		t.Fatal(err)
	}
	s, err := g.ParseScalar(b)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const example = "0c28fca386c7a227600b2fe50b7cae11ec86d3bf1fbe471be89827e19d72aa1d"

func TestText(t *testing.T) {
	for _, c := range []struct {
		format  Format
		g       group.Group
		testnet bool
		want    string
	}{
		{Hex, group.Secp256k1, false, example},
		{WIF, group.Secp256k1, false, "KwdMAjGmerYanjeui5SHS7JkmpZvVipYvB2LJGU1ZxJwYvP98617"},
		{ScalarBig, group.Edwards25519, false, example},
		{ScalarLittle, group.Edwards25519, false, "1daa729de12798e81b47be1fbfd386ec11ae7c0be52f0b6027a2c786a3fc280c"},
	} {
		text, warnings, err := Export(c.format, c.g, scalar(t, c.g, example), Options{Testnet: c.testnet})
		if err != nil || string(text.Reveal()) != c.want+"\n" {
			t.Errorf("%s: %s, %v", c.format, text.Reveal(), err)
		}
		if (len(warnings) > 0) != (c.g == group.Edwards25519) {
			t.Errorf("%s: warnings %q", c.format, warnings)
		}
	}
}

// TestChecksum has examples of BIP-380 and of Bitcoin Core's document
// "Support for Output Descriptors".
func TestChecksum(t *testing.T) {
	for _, text := range []string{
		"raw(deadbeef)#89f8spxm",
		"pkh(02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5)#8fhd9pwu",
		"wpkh(02f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9)#8zl0zxma",
	} {
		descriptor, want, _ := strings.Cut(text, "#")
		if got, err := Checksum(descriptor); err != nil || got != want {
			t.Errorf("%s#%s, want %s, %v", descriptor, got, want, err)
		}
	}
	if _, err := Checksum("raw(\x01)"); !errors.Is(err, ErrDescriptor) {
		t.Errorf("a character that no descriptor has: %v", err)
	}
	three := group.Secp256k1.NewPoint().BaseMul(group.Secp256k1.NewScalar().SetUint64(3))
	if got := WatchDescriptor(three); got != "wpkh(02f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9)#8zl0zxma" {
		t.Error(got)
	}
	two := group.Secp256k1.NewPoint().BaseMul(group.Secp256k1.NewScalar().SetUint64(2))
	var list []struct {
		Desc, Label string
		Timestamp   int
	}
	in := []Watched{{two, "a \"label\"\n"}, {three, ""}}
	if err := json.Unmarshal(ImportDescriptors(in), &list); err != nil || len(list) != 2 || list[0].Label != in[0].Label || list[1].Desc != WatchDescriptor(three) {
		t.Errorf("%s: %v", ImportDescriptors(in), err)
	}
	if got := string(ImportDescriptors(nil)); got != "[\n]\n" {
		t.Errorf("%q", got)
	}
}

func TestPrivateDescriptor(t *testing.T) {
	text, _, err := Export(Descriptor, group.Secp256k1, scalar(t, group.Secp256k1, example), Options{})
	if err != nil {
		t.Fatal(err)
	}
	descriptor, sum, _ := strings.Cut(strings.TrimSuffix(string(text.Reveal()), "\n"), "#")
	want, err := Checksum(descriptor)
	if err != nil || descriptor != "wpkh(KwdMAjGmerYanjeui5SHS7JkmpZvVipYvB2LJGU1ZxJwYvP98617)" || sum != want {
		t.Errorf("%s", text.Reveal())
	}
}

// TestKeystore has the example of "Web3 secret storage definition" for scrypt.
func TestKeystore(t *testing.T) {
	tier.Long(t)
	key, _ := hex.DecodeString("7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d")
	fresh, _ := hex.DecodeString("ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19" + "83dbcc02d8ccb40e466191a123791e0e" + "3198bc9c66725ab3d9954942343ae5b6")
	public := group.Secp256k1.NewPoint().BaseMul(scalar(t, group.Secp256k1, hex.EncodeToString(key)))
	b, err := keystore(bytes.NewReader(fresh), key, public, secret.New([]byte("testpassword")), work{262144, 1, 8})
	if err != nil {
		t.Fatal(err)
	}
	var k struct {
		Address, ID string
		Version     int
		Crypto      struct {
			Cipher, CipherText, KDF, MAC string
			CipherParams                 struct{ IV string }
			KDFParams                    struct {
				DKLen, N, P, R int
				Salt           string
			}
		}
	}
	if err := json.Unmarshal(b, &k); err != nil {
		t.Fatal(err)
	}
	if k.Crypto.CipherText != "d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c" || k.Crypto.MAC != "2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097" {
		t.Errorf("%s", b)
	}
	if p := k.Crypto.KDFParams; k.Crypto.Cipher != "aes-128-ctr" || k.Crypto.KDF != "scrypt" || p.DKLen != 32 || p.N != 262144 || p.R != 1 || p.P != 8 || p.Salt+k.Crypto.CipherParams.IV != hex.EncodeToString(fresh[:48]) {
		t.Errorf("%s", b)
	}
	if k.Address != "008aeeda4d805471df9b2a5b0f38a0c3bcba786b" || k.Version != 3 || k.ID != "3198bc9c-6672-4ab3-9995-4942343ae5b6" {
		t.Errorf("%s", b)
	}
}

func TestRefused(t *testing.T) {
	for _, f := range []Format{Hex, WIF, Descriptor, Keystore, SEC1, PKCS8, "jwk", "solana", "id.json", "xrpl-seed", "seed", "pem", ""} {
		_, _, err := Export(f, group.Edwards25519, scalar(t, group.Edwards25519, example), Options{Passphrase: secret.New([]byte("x"))})
		var refused *FormatError
		if !errors.As(err, &refused) {
			t.Fatalf("%s of ED25519: %v", f, err)
		}
		if seed := f != WIF && f != Descriptor && f != Keystore && f != ""; refused.Seed != seed {
			t.Errorf("%s means a seed: %t, want %t", f, refused.Seed, seed)
		}
		if strings.Contains(fmt.Sprint(err), example[:8]) {
			t.Error("the error holds the key")
		}
	}
	for _, f := range []Format{ScalarBig, ScalarLittle, "jwk", ""} {
		var refused *FormatError
		if _, _, err := Export(f, group.Secp256k1, scalar(t, group.Secp256k1, example), Options{}); !errors.As(err, &refused) || refused.Seed {
			t.Errorf("%s of SECP256K1: %v", f, err)
		}
	}
	for _, p := range []*secret.Bytes{nil, secret.New(nil)} {
		if _, _, err := Export(Keystore, group.Secp256k1, scalar(t, group.Secp256k1, example), Options{Passphrase: p}); !errors.Is(err, ErrPassphrase) {
			t.Errorf("no passphrase: %v", err)
		}
	}
	if _, _, err := export(bytes.NewReader(nil), Keystore, group.Secp256k1, scalar(t, group.Secp256k1, example), Options{Passphrase: secret.New([]byte("x"))}); err == nil {
		t.Error("a keystore without random bytes")
	}
}

// TestOpenSSL: openssl reads both PEM files, and finds the key and its public key.
func TestOpenSSL(t *testing.T) {
	public := group.Secp256k1.NewPoint().BaseMul(scalar(t, group.Secp256k1, example))
	for f, header := range map[Format]string{SEC1: "-----BEGIN EC PRIVATE KEY-----\n", PKCS8: "-----BEGIN PRIVATE KEY-----\n"} {
		text, _, err := Export(f, group.Secp256k1, scalar(t, group.Secp256k1, example), Options{})
		if err != nil || !strings.HasPrefix(string(text.Reveal()), header) {
			t.Fatalf("%s: %v", text.Reveal(), err)
		}
		openssl := exec.Command("openssl", "pkey", "-text", "-noout", "-check")
		openssl.Stdin = bytes.NewReader(text.Reveal())
		out, err := openssl.CombinedOutput()
		if err != nil {
			t.Fatalf("openssl: %v\n%s", err, out)
		}
		digits := strings.NewReplacer(":", "", " ", "", "\n", "").Replace(string(out))
		if !strings.Contains(digits, example) || !strings.Contains(digits, hex.EncodeToString(public.Bytes())) || !strings.Contains(digits, "secp256k1") {
			t.Errorf("%s: openssl reads\n%s", f, out)
		}
	}
}
