package rsadecrypt

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"

	"recover/fixtures/testkey"
)

const passphrase = "correct canary staple"

// run returns what a real command makes of input.
func run(t *testing.T, input []byte, name string, args ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("SKIPPED, NOT PASSED: there is no %s command here", name)
	}
	cmd := exec.Command(name, args...)
	cmd.Stdin = bytes.NewReader(input)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, stderr.Bytes())
	}
	return out
}

// openssl splits args at spaces; PASS becomes the passphrase argument.
func openssl(t *testing.T, input []byte, args string) []byte {
	t.Helper()
	list := strings.Fields(args)
	for i, arg := range list {
		if arg == "PASS" {
			list[i] = "pass:" + passphrase
		}
	}
	return run(t, input, "openssl", list...)
}

func pkcs1(key *rsa.PrivateKey) []byte { return x509.MarshalPKCS1PrivateKey(key) }

func pkcs8(t *testing.T, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func toPEM(label string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der})
}

func toHex(b []byte) []byte { return []byte(hex.EncodeToString(b)) }

func smallPEM(t *testing.T) []byte {
	t.Helper()
	return toPEM("PRIVATE KEY", pkcs8(t, testkey.Small()))
}

func identify(t *testing.T, data []byte) *File {
	t.Helper()
	f, err := Identify(data)
	if err != nil {
		t.Fatalf("Identify: %v", err)
	}
	return f
}

func wantKey(t *testing.T, got *rsa.PrivateKey, err error, want *rsa.PrivateKey) {
	t.Helper()
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	if !got.Equal(want) {
		t.Fatal("Open gives another key")
	}
}

// sealAge seals with the cheapest scrypt there is, or to recipients.
func sealAge(t *testing.T, plaintext []byte, armored bool, to ...age.Recipient) []byte {
	t.Helper()
	if len(to) == 0 {
		r, err := age.NewScryptRecipient(passphrase)
		if err != nil {
			t.Fatal(err)
		}
		r.SetWorkFactor(1)
		to = []age.Recipient{r}
	}
	var out bytes.Buffer
	dst := io.WriteCloser(nopCloser{&out})
	if armored {
		dst = armor.NewWriter(&out)
	}
	w, err := age.Encrypt(dst, to...)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Write(plaintext)
	if err := errors.Join(err, w.Close(), dst.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

// wantNoLeak fails when the text of err holds eight characters in a row of the
// input or of the passphrase.
func wantNoLeak(t *testing.T, err error, input []byte) {
	t.Helper()
	for text := err.Error(); len(text) >= 8; text = text[1:] {
		if bytes.Contains(input, []byte(text[:8])) || strings.Contains(passphrase, text[:8]) {
			t.Errorf("the error %q shows %q of its input", err, text[:8])
		}
	}
}

func writeFile(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
