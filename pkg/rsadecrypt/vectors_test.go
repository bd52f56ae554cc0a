package rsadecrypt

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"recover/fixtures/vectors"
)

func TestVectorKits(t *testing.T) {
	dir := filepath.Join(vectors.Dir(t), "kits")
	keys, err := filepath.Glob(filepath.Join(dir, "*", "recovery-key-*.pem"))
	if err != nil || len(keys) == 0 {
		t.Fatalf("no keys in %s: %v", dir, err)
	}
	for _, path := range keys {
		kit, name := filepath.Split(strings.TrimSuffix(path, ".pem"))
		kit = filepath.Base(kit)
		pub, err := ParsePublicKey(vectors.Read(t, "kits", kit, name+".pub.der"))
		if err != nil {
			t.Fatal(err)
		}
		for ext, form := range map[string]Form{".pem": "PKCS#8 PEM", ".hex": "PKCS#1 hex text"} {
			f := identify(t, vectors.Read(t, "kits", kit, name+ext))
			key, err := f.Open(nil)
			if err != nil || !key.PublicKey.Equal(pub) || f.Form() != form {
				t.Errorf("%s/%s%s: %v, %v", kit, name, ext, f.Form(), err)
			}
		}
	}
}

func TestVectorHex(t *testing.T) {
	pub, err := ParsePublicKey(vectors.Read(t, "keys", "recovery-hex.pub.hex"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := identify(t, vectors.Read(t, "keys", "recovery.hex")).Open(nil)
	if err != nil || !key.PublicKey.Equal(pub) {
		t.Errorf("recovery.hex: %v", err)
	}
}

func TestVectorSealed(t *testing.T) {
	sealed := vectors.Read(t, "keys", "recovery.pke1")
	if f := identify(t, sealed); f.Form() != "sealed private key (PKE1)" {
		t.Errorf("recovery.pke1: %q", f.Form())
	}
	if f := identify(t, sealed[len(pke1Magic):]); f.Form() != "sealed private key (PKE1, older form)" {
		t.Errorf("without its four bytes: %q", f.Form())
	}
	if _, err := Identify(vectors.Read(t, "keys", "wallet-key.pke1")); !errors.Is(err, ErrWalletKey) {
		t.Errorf("wallet-key.pke1: %v", err)
	}
}

// The other tests of PKE1 do without the true number of iterations.
func TestVectorOpen(t *testing.T) {
	if underRace || testing.Short() {
		t.Skip("long: 3,000,000 iterations, which take 10 s under the race detector")
	}
	pub, err := ParsePublicKey(vectors.Read(t, "keys", "recovery.pub.der"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := identify(t, vectors.Read(t, "keys", "recovery.pke1")).Open([]byte("correct horse battery"))
	if err != nil || !key.PublicKey.Equal(pub) {
		t.Errorf("recovery.pke1: %v", err)
	}
}
