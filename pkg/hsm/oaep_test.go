package hsm

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"math/big"
	"testing"

	"recover/fixtures/testkey"
	"recover/internal/mgf1"
)

// encode is OAEP encoding: what unpadOAEP undoes.
func encode(size int, message, label, seed []byte) []byte {
	em := make([]byte, size)
	s, db := em[1:1+hashSize], em[1+hashSize:]
	lHash := sha256.Sum256(label)
	copy(s, seed)
	copy(db, lHash[:])
	copy(db[len(db)-len(message):], message)
	db[len(db)-len(message)-1] = 1
	mgf1.XOR(db, s)
	mgf1.XOR(s, db)
	return em
}

func number(b []byte) *big.Int { return new(big.Int).SetBytes(b) }

// power is the public operation; the result is as long as the modulus.
func power(public *rsa.PublicKey, m []byte) []byte {
	c := new(big.Int).Exp(number(m), big.NewInt(int64(public.E)), public.N)
	return c.FillBytes(make([]byte, public.Size()))
}

func TestUnpadOAEP(t *testing.T) {
	const size = 256
	seed := bytes.Repeat([]byte{0x5a}, hashSize)
	for _, length := range []int{0, 1, 32, size - 2*hashSize - 2} {
		want := bytes.Repeat([]byte{1}, length)
		em := encode(size, want, testLabel, seed)
		got, ok := unpadOAEP(bytes.Clone(em), testLabel)
		if !ok || !bytes.Equal(got, want) {
			t.Errorf("%d bytes: got %x, %v", length, got, ok)
		}
		if _, ok := unpadOAEP(bytes.Clone(em), []byte("another")); ok {
			t.Errorf("%d bytes: another label was accepted", length)
		}
		for i := range 1 + 2*hashSize {
			bad := bytes.Clone(em)
			bad[i] ^= 0x10
			if _, ok := unpadOAEP(bad, testLabel); ok {
				t.Errorf("%d bytes: a changed byte %d was accepted", length, i)
			}
		}
	}
}

// The padding between hash and message must be zeros and a one, or crypto/rsa
// and unpadOAEP would differ; FuzzUnpadOAEP compares them on any data block.
func FuzzUnpadOAEP(f *testing.F) {
	key := testkey.Small()
	lHash := sha256.Sum256(testLabel)
	f.Add(byte(0), lHash[:], []byte{0, 0, 0, 1, 'm'})
	f.Add(byte(0), lHash[:], []byte{0, 0, 0, 2, 1, 'm'})
	f.Add(byte(0), lHash[:], []byte{})
	f.Add(byte(0), lHash[:], bytes.Repeat([]byte{0}, 190))
	f.Add(byte(0), lHash[:], append(make([]byte, 190), 1))
	f.Add(byte(1), lHash[:], []byte{1})
	f.Add(byte(0), make([]byte, 32), []byte{1})
	f.Fuzz(func(t *testing.T, first byte, hash, rest []byte) {
		em := make([]byte, key.Size())
		em[0] = first & 1 // below the modulus
		seed, db := em[1:1+hashSize], em[1+hashSize:]
		copy(db, hash)
		copy(db[hashSize:], rest)
		mgf1.XOR(db, seed)
		mgf1.XOR(seed, db)
		want, err := rsa.DecryptOAEP(sha256.New(), nil, key, power(&key.PublicKey, em), testLabel)
		got, ok := unpadOAEP(em, testLabel)
		if ok != (err == nil) || !bytes.Equal(got, want) {
			t.Errorf("unpadOAEP: %x, %v; crypto/rsa: %x, %v", got, ok, want, err)
		}
	})
}

func TestBlinding(t *testing.T) {
	key := testkey.Small()
	m := encode(key.Size(), []byte("m"), testLabel, make([]byte, hashSize))
	c := power(&key.PublicKey, m)
	answerTo := func(request []byte) []byte {
		return new(big.Int).Exp(number(request), key.D, key.N).Bytes()
	}
	b, err := blind(&key.PublicKey, number(c))
	if err != nil {
		t.Fatal(err)
	}
	request := b.request()
	answer := answerTo(request)
	if bytes.Equal(request, c) || bytes.Equal(answer, m) || len(request) != key.Size() {
		t.Fatal("the token sees the ciphertext or the plaintext")
	}
	for _, bad := range [][]byte{
		nil, make([]byte, key.Size()), m, answer[1:],
		append(bytes.Clone(answer[:len(answer)-1]), answer[len(answer)-1]^1),
		new(big.Int).Add(number(answer), key.N).Bytes(),
		new(big.Int).Sub(key.N, number(answer)).Bytes(),
	} {
		if got, ok := b.open(bad); ok {
			t.Errorf("the answer %x was taken: %x", bad, got)
		}
	}
	b, err = blind(&key.PublicKey, number(c))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(b.request(), request) {
		t.Error("the same blinding twice")
	}
	r := b.r
	got, ok := b.open(answerTo(b.request()))
	if !ok || !bytes.Equal(got, m) {
		t.Errorf("opened %x, %v; want %x", got, ok, m)
	}
	for _, word := range r.Bits() {
		if word != 0 {
			t.Fatal("r was not wiped")
		}
	}
}

func TestUnblindedLeadingZeros(t *testing.T) {
	key := testkey.Small()
	small := make([]byte, key.Size()) // a plaintext that begins with zeros
	_, _ = rand.Read(small[200:])
	b, err := blind(&key.PublicKey, number(power(&key.PublicKey, small)))
	if err != nil {
		t.Fatal(err)
	}
	got, ok := b.open(new(big.Int).Exp(number(b.request()), key.D, key.N).Bytes())
	if !ok || !bytes.Equal(got, small) {
		t.Errorf("opened %x, %v; want %x", got, ok, small)
	}
}
