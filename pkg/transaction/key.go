package transaction

import (
	"errors"
	"fmt"
	"io"

	"recover/internal/group"
	"recover/pkg/wallet"
)

// Key is a wallet key that signs. The caller wipes it.
type Key struct {
	group   group.Group
	private group.Scalar
	public  group.Point
}

// ErrKey is returned by NewKey for the scalar zero.
var ErrKey = errors.New("the private key is zero")

// NewKey returns the key of a private scalar, which it copies. For ED25519 it is
// the scalar itself, not an RFC 8032 seed.
func NewKey(g group.Group, private group.Scalar) (*Key, error) {
	if private.IsZero() {
		return nil, ErrKey
	}
	return &Key{g, g.NewScalar().Set(private), g.NewPoint().BaseMul(private)}, nil
}

// Group returns the key's group.
func (k *Key) Group() group.Group { return k.group }

// Public returns the public key.
func (k *Key) Public() group.Point { return k.public }

// Address returns the key's address on a chain of wallet.Addresses ("ethereum",
// "tron", "xrp", "bitcoin", "bitcoin_testnet", "solana"), or "" where a key of
// its group has none.
func (k *Key) Address(chain string) string {
	for _, a := range wallet.Addresses(k.group, k.public) {
		if a.Chain == chain {
			return a.Text
		}
	}
	return ""
}

// Wipe overwrites the private key.
func (k *Key) Wipe() { k.private.Wipe() }

// Format prints the kind of key, never the key.
func (k *Key) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "[wallet key of "+k.group.Name()+"]")
}
