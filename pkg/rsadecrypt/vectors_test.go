package rsadecrypt

import (
	"errors"
	"strings"
	"testing"

	"recover/fixtures/vectors"
)

func TestVectorKits(t *testing.T) {
	opened := 0
	for _, name := range vectors.Files(t) {
		base, ok := strings.CutSuffix(name, ".pem")
		if !ok {
			continue
		}
		pub, err := ParsePublicKey(vectors.Read(t, base+".pub.der"))
		if err != nil {
			t.Fatal(err)
		}
		for ext, form := range map[string]Form{".pem": "PKCS#8 PEM", ".hex": "PKCS#1 hex text"} {
			f := identify(t, vectors.Read(t, base+ext))
			key, err := f.Open(nil)
			if err != nil || !key.PublicKey.Equal(pub) || f.Form() != form {
				t.Errorf("%s%s: %v, %v", base, ext, f.Form(), err)
			}
			opened++
		}
	}
	if opened != 22 {
		t.Errorf("%d key files were opened, want 22", opened)
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
	if f, err := IdentifyUnmarked(sealed[len(pke1Magic):]); err != nil || f.Form() != "sealed private key (PKE1, older form)" {
		t.Errorf("without its four bytes: %v", err)
	}
	if _, err := Identify(sealed[len(pke1Magic):]); !errors.Is(err, ErrUnmarked) {
		t.Errorf("without its four bytes, and nobody says what it is: %v", err)
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
