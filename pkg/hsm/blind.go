package hsm

import (
	"crypto/rand"
	"crypto/rsa"
	"math/big"
)

// blinding hides one ciphertext c from the token that is to open it, and what
// is in it too: the token computes on c·rᵉ, and its answer is divided by r.
//
// math/big does not compute in constant time. Whoever could measure it is on
// the same machine, and r is random for each operation.
type blinding struct {
	public *rsa.PublicKey
	sent   *big.Int // c·rᵉ mod n
	r      *big.Int
}

func blind(public *rsa.PublicKey, c *big.Int) (*blinding, error) {
	r, err := rand.Int(rand.Reader, public.N)
	if err != nil {
		return nil, err
	}
	b := &blinding{public: public, r: r}
	b.sent = b.encrypt(r)
	b.sent.Mul(b.sent, c)
	b.sent.Mod(b.sent, public.N)
	return b, nil
}

func (b *blinding) encrypt(m *big.Int) *big.Int {
	return new(big.Int).Exp(m, big.NewInt(int64(b.public.E)), b.public.N)
}

func (b *blinding) request() []byte { return b.sent.FillBytes(make([]byte, b.public.Size())) }

// open checks the answer, which must be what encrypts to the request, and takes
// the blinding off. The plaintext is as long as the modulus.
func (b *blinding) open(answer []byte) (plaintext []byte, ok bool) {
	m := new(big.Int).SetBytes(answer)
	defer wipeInt(m)
	defer wipeInt(b.r)
	if m.Cmp(b.public.N) >= 0 || b.encrypt(m).Cmp(b.sent) != 0 {
		return nil, false
	}
	inverse := new(big.Int).ModInverse(b.r, b.public.N)
	if inverse == nil { // r has a factor of n: never
		return nil, false
	}
	defer wipeInt(inverse)
	m.Mul(m, inverse)
	m.Mod(m, b.public.N)
	return m.FillBytes(make([]byte, b.public.Size())), true
}

func wipeInt(n *big.Int) { clear(n.Bits()[:cap(n.Bits())]) }
