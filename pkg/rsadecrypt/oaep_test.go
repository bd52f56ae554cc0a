package rsadecrypt

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/big"
	"testing"

	"recover/fixtures/testkey"
)

func oaepKeys(t *testing.T) []*rsa.PrivateKey {
	t.Helper()
	keys := []*rsa.PrivateKey{testkey.Small(), testkey.Recovery(0)}
	for _, bits := range []int{1024, 1031} {
		key, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key)
	}
	return keys
}

func TestSeededEncrypter(t *testing.T) {
	label := sha256.Sum256([]byte("quorum-key"))
	for _, key := range oaepKeys(t) {
		e, err := NewSeededEncrypter(&key.PublicKey, nil)
		if err != nil {
			t.Fatal(err)
		}
		room := key.Size() - 2*32 - 2
		for _, label := range [][]byte{nil, label[:], nil, []byte("other")} {
			e.SetLabel(label)
			for _, size := range []int{0, 1, 32, room} {
				checkEncrypt(t, e, key, size, label)
			}
		}
		for _, test := range []struct {
			want      string
			msg, seed int
		}{
			{fmt.Sprintf("an OAEP message of %d bytes; the key has room for %d", room+1, room), room + 1, 32},
			{"an OAEP seed of 31 bytes, not 32", 1, 31},
			{"an OAEP seed of 33 bytes, not 32", 1, 33},
		} {
			if _, err := e.Encrypt(make([]byte, test.msg), make([]byte, test.seed)); err == nil || err.Error() != test.want {
				t.Errorf("%v, want %s", err, test.want)
			}
		}
	}
}

// checkEncrypt compares with crypto/rsa both ways. That EncryptOAEP reads its
// seed as it is, and first, is no promise of the standard library; it held when
// this was written.
func checkEncrypt(t *testing.T, e *SeededEncrypter, key *rsa.PrivateKey, size int, label []byte) {
	t.Helper()
	msg, seed := make([]byte, size), make([]byte, 32)
	rand.Read(msg)
	rand.Read(seed)
	got, err := e.Encrypt(msg, seed)
	if err != nil {
		t.Fatal(err)
	}
	want, err := rsa.EncryptOAEP(sha256.New(), bytes.NewReader(seed), &key.PublicKey, msg, label)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%d bits, %d bytes: differs from crypto/rsa", key.N.BitLen(), size)
	}
	if opened, err := Decrypt(key, got, label); err != nil || !bytes.Equal(opened, msg) {
		t.Errorf("%d bits, %d bytes: decrypts to %x, %v", key.N.BitLen(), size, opened, err)
	}
}

func TestNewSeededEncrypterRefusals(t *testing.T) {
	n := testkey.Small().N
	for _, test := range []struct {
		want string
		pub  rsa.PublicKey
	}{
		{"an RSA key of 528 bits; 529 to 8192 are accepted", rsa.PublicKey{N: new(big.Int).Rsh(n, 2048-528), E: 3}},
		{"an RSA key of 8193 bits; 529 to 8192 are accepted", rsa.PublicKey{N: new(big.Int).Lsh(n, 8193-2048), E: 3}},
		{"the modulus is not odd", rsa.PublicKey{N: new(big.Int).Lsh(n, 1), E: 3}},
		{"the public exponent is not an odd number from 3 to 2^31-1", rsa.PublicKey{N: n, E: 65536}},
		{"the public exponent is not an odd number from 3 to 2^31-1", rsa.PublicKey{N: n, E: 1}},
		{"the public exponent is not an odd number from 3 to 2^31-1", rsa.PublicKey{N: n, E: -3}},
	} {
		if _, err := NewSeededEncrypter(&test.pub, nil); err == nil || err.Error() != test.want {
			t.Errorf("%v, want %s", err, test.want)
		}
	}
	least := rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), 528, 1), E: 3}
	e, err := NewSeededEncrypter(&least, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := e.Encrypt([]byte{1}, make([]byte, 32)); err != nil || len(got) != 67 {
		t.Errorf("529 bits: %d bytes, %v", len(got), err)
	}
}

func TestDecrypt(t *testing.T) {
	key, label := testkey.Small(), []byte("label")
	e, err := NewSeededEncrypter(&key.PublicKey, label)
	if err != nil {
		t.Fatal(err)
	}
	good, err := e.Encrypt([]byte("message"), make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(good)
	flipped[100] ^= 1
	for name, ciphertext := range map[string][]byte{
		"flipped": flipped, "short": good[1:], "long": append([]byte{0}, good...), "empty": nil,
		"not below n": key.N.Bytes(),
	} {
		if _, err := Decrypt(key, ciphertext, label); !errors.Is(err, ErrDecrypt) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Decrypt(key, good, nil); !errors.Is(err, ErrDecrypt) {
		t.Errorf("without the label: %v", err)
	}
	if _, err := Decrypt(testkey.Recovery(0), good, label); !errors.Is(err, ErrDecrypt) {
		t.Errorf("with another key: %v", err)
	}
}

// device is a key source whose Decrypt fails, or that is another key.
type device struct {
	public crypto.PublicKey
	err    error
	calls  int
}

func (d *device) Public() crypto.PublicKey { return d.public }

func (d *device) Decrypt(_ io.Reader, _ []byte, opts crypto.DecrypterOpts) ([]byte, error) {
	d.calls++
	if o := opts.(*rsa.OAEPOptions); o.Hash != crypto.SHA256 || o.MGFHash != 0 || string(o.Label) != "label" {
		return nil, fmt.Errorf("options %v", o)
	}
	return nil, d.err
}

func TestDecryptKeySource(t *testing.T) {
	pub := &testkey.Small().PublicKey
	gone := errors.New("the token was removed")
	d := &device{public: pub, err: gone}
	_, err := Decrypt(d, make([]byte, 256), []byte("label"))
	if !errors.Is(err, gone) || errors.Is(err, ErrDecrypt) || err.Error() != "recovery key: the token was removed" {
		t.Errorf("a key source that is gone: %v", err)
	}
	d.err = fmt.Errorf("token: %w", rsa.ErrDecryption)
	if _, err := Decrypt(d, make([]byte, 256), []byte("label")); err != ErrDecrypt {
		t.Errorf("a bad ciphertext: %v", err)
	}
	d.calls = 0
	if _, err := Decrypt(d, make([]byte, 255), []byte("label")); err != ErrDecrypt || d.calls != 0 {
		t.Errorf("a short ciphertext: %v, and the key was asked %d times", err, d.calls)
	}
	d.public = ed25519.PublicKey{}
	if _, err := Decrypt(d, make([]byte, 256), []byte("label")); err != ErrNotRSA {
		t.Errorf("an Ed25519 key source: %v", err)
	}
}

func BenchmarkSeededEncrypter(b *testing.B) {
	e, err := NewSeededEncrypter(&testkey.Recovery(0).PublicKey, []byte("label"))
	if err != nil {
		b.Fatal(err)
	}
	msg, seed := make([]byte, 32), make([]byte, 32)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.Encrypt(msg, seed); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkStandardEncrypt(b *testing.B) {
	pub := &testkey.Recovery(0).PublicKey
	msg := make([]byte, 32)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, pub, msg, []byte("label")); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecrypt(b *testing.B) {
	key := testkey.Recovery(0)
	e, err := NewSeededEncrypter(&key.PublicKey, nil)
	if err != nil {
		b.Fatal(err)
	}
	ciphertext, err := e.Encrypt(make([]byte, 32), make([]byte, 32))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Decrypt(key, ciphertext, nil); err != nil {
			b.Fatal(err)
		}
	}
}
