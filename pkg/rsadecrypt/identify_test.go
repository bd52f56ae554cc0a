package rsadecrypt

import (
	"bytes"
	"crypto/rsa"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"strings"
	"testing"

	"recover/fixtures/testkey"
)

// anyVariants are what editors, mail and copying do to a file that leaves it
// the same key, textVariants those that only text survives.
var (
	anyVariants = map[string]func([]byte) []byte{
		"as is":          bytes.Clone,
		"BOM":            func(b []byte) []byte { return append([]byte("\ufeff"), b...) },
		"trailing space": func(b []byte) []byte { return append(bytes.Clone(b), " \t\r\n\n"...) },
	}
	textVariants = map[string]func([]byte) []byte{
		"CRLF":     func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n")) },
		"CR":       func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\n"), []byte("\r")) },
		"indent":   func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\n"), []byte(" \t\n  ")) },
		"lead":     func(b []byte) []byte { return append([]byte("\r\n \n"), b...) },
		"UTF-16LE": func(b []byte) []byte { return toUTF16(b, binary.LittleEndian) },
		"UTF-16BE": func(b []byte) []byte { return toUTF16(b, binary.BigEndian) },
	}
)

func toUTF16(b []byte, order binary.AppendByteOrder) []byte {
	out := order.AppendUint16(nil, 0xfeff)
	for _, c := range b {
		out = order.AppendUint16(out, uint16(c))
	}
	return out
}

func wrap(b []byte) []byte {
	var out []byte
	for len(b) > 64 {
		out = append(append(out, b[:64]...), '\n')
		b = b[64:]
	}
	return append(out, b...)
}

func TestUnsealedForms(t *testing.T) {
	key := testkey.Small()
	in := smallPEM(t)
	pkcs1DER := openssl(t, in, "rsa -traditional -outform DER")
	pkcs8DER := openssl(t, in, "pkcs8 -topk8 -nocrypt -outform DER")
	spki := openssl(t, in, "rsa -pubout -outform DER")
	pkcs1Public := openssl(t, in, "rsa -RSAPublicKey_out -outform DER")
	for _, test := range []struct {
		form    string
		private bool
		data    []byte
	}{
		{"PKCS#1 PEM", true, openssl(t, in, "rsa -traditional")},
		{"PKCS#8 PEM", true, openssl(t, in, "pkcs8 -topk8 -nocrypt")},
		{"PKCS#8 PEM", true, openssl(t, in, "pkey -text")}, // with text after the block
		{"PKCS#1 DER", true, pkcs1DER},
		{"PKCS#8 DER", true, pkcs8DER},
		{"PKCS#1 hex text", true, toHex(pkcs1DER)},
		{"PKCS#8 hex text", true, toHex(pkcs8DER)},
		{"PKCS#1 hex text", true, wrap(bytes.ToUpper(toHex(pkcs1DER)))},
		{"public key PEM", false, openssl(t, in, "rsa -pubout")},
		{"public key DER", false, spki},
		{"public key hex text", false, wrap(toHex(spki))},
		{"PKCS#1 public key PEM", false, openssl(t, in, "rsa -RSAPublicKey_out")},
		{"PKCS#1 public key DER", false, pkcs1Public},
		{"PKCS#1 public key hex text", false, toHex(pkcs1Public)},
	} {
		vary := maps.Clone(anyVariants)
		if bytes.IndexByte(test.data, 0) < 0 {
			maps.Copy(vary, textVariants)
		}
		for name, change := range vary {
			t.Run(test.form+"/"+name, func(t *testing.T) {
				checkUnsealed(t, change(test.data), Form(test.form), test.private, key)
			})
		}
	}
}

func checkUnsealed(t *testing.T, data []byte, form Form, private bool, want *rsa.PrivateKey) {
	t.Helper()
	before := bytes.Clone(data)
	f := identify(t, data)
	if f.Form() != form || f.Private() != private || f.NeedsPassphrase() || f.NeedsIdentity() {
		t.Errorf("identified as %q, private %v, passphrase %v, identity %v",
			f.Form(), f.Private(), f.NeedsPassphrase(), f.NeedsIdentity())
	}
	if !bytes.Equal(data, before) {
		t.Error("Identify changed its input")
	}
	clear(data) // Identify keeps no reference
	if pub, err := f.PublicKey(); err != nil || !pub.Equal(&want.PublicKey) {
		t.Errorf("PublicKey: %v, %v", pub, err)
	}
	pub, err := ParsePublicKey(before)
	key, openErr := f.Open(nil)
	if private {
		wantKey(t, key, openErr, want)
		if !errors.Is(err, ErrPrivateKey) {
			t.Errorf("ParsePublicKey takes a private key: %v", err)
		}
		return
	}
	if !errors.Is(openErr, ErrPublicKey) {
		t.Errorf("Open of a public key: %v", openErr)
	}
	if err != nil || !pub.Equal(&want.PublicKey) {
		t.Errorf("ParsePublicKey: %v, %v", pub, err)
	}
}

func TestPEMWithMore(t *testing.T) {
	key := testkey.Small()
	private := smallPEM(t)
	bag := []byte("Bag Attributes\n    localKeyID: 01 02\n    friendlyName: Wiederherstellung \xfc\nKey Attributes: <No Attributes>\n")
	certificate := toPEM("CERTIFICATE", certificateDER(t, key))
	for name, data := range map[string][]byte{
		"bag attributes":  append(bag, private...),
		"key first":       append(bytes.Clone(private), certificate...),
		"key last":        append(bytes.Clone(certificate), private...),
		"with public key": append(toPEM("PUBLIC KEY", MarshalPublicKey(&key.PublicKey)), private...),
		"wrong label":     toPEM("RSA PRIVATE KEY", pkcs8(t, key)),
	} {
		t.Run(name, func(t *testing.T) { checkUnsealed(t, data, "PKCS#8 PEM", true, key) })
	}
	checkUnsealed(t, toPEM("PRIVATE KEY", pkcs1(key)), "PKCS#1 PEM", true, key)
}

func TestWipe(t *testing.T) {
	key, err := parsePrivate(pkcs1(testkey.Small()))
	if err != nil {
		t.Fatal(err)
	}
	secrets := [][]big.Word{
		key.D.Bits(), key.Primes[0].Bits(), key.Primes[1].Bits(),
		key.Precomputed.Dp.Bits(), key.Precomputed.Dq.Bits(), key.Precomputed.Qinv.Bits(),
	}
	Wipe(key)
	for i, words := range secrets {
		for _, w := range words {
			if w != 0 {
				t.Fatalf("number %d is still there", i)
			}
		}
	}
	if key.D != nil || key.Primes != nil || !key.PublicKey.Equal(&testkey.Small().PublicKey) {
		t.Errorf("after Wipe: %v", key)
	}
	f := identify(t, smallPEM(t))
	for _, verb := range []string{"%v", "%+v", "%#v", "%x", "%s"} {
		out := strings.ToLower(fmt.Sprintf(verb, f))
		if digits := f.pkcs1.Reveal(); strings.Contains(out, fmt.Sprintf("%x", digits[300:304])) || strings.Contains(out, fmt.Sprint(digits[300:304])[1:10]) {
			t.Errorf("%s shows the key", verb)
		}
	}
	f.Wipe()
	if _, err := f.Open(nil); err == nil {
		t.Error("a wiped File still opens")
	}
}
