package wallet

import (
	"fmt"
	"io"

	"recover/internal/group"
	"recover/pkg/shard"
)

// Key is a wallet private key. It comes from a master key that has the public
// key of its backup; whether that backup is the right one is decided in package
// recovery. Only Derive and DeriveAnchored make one. The caller wipes it.
type Key struct {
	group      group.Group
	private    group.Scalar
	public     group.Point
	derivation string
}

// Anchor is what a wallet key is known by from outside the bucket: its public
// key, an address on any chain, or both.
type Anchor struct {
	PublicKey group.Point // nil: not known
	Address   string      // "": not known
}

// IsZero tells whether nothing is known.
func (a Anchor) IsZero() bool { return a.PublicKey == nil && a.Address == "" }

// Check compares a wallet public key with the anchor. The error is a
// *MismatchError. An address of a form that is not known here is passed over
// where the public key is known; by itself it is no key's.
func (a Anchor) Check(g group.Group, public group.Point) error {
	if a.PublicKey != nil && !shard.SamePublicKey(public, a.PublicKey) {
		return &MismatchError{Field: "public_key"}
	}
	if a.Address == "" || a.PublicKey != nil && !IsAddress(a.Address) {
		return nil
	}
	if _, ok := FindAddress(g, public, a.Address); !ok {
		return &MismatchError{Field: "address"}
	}
	return nil
}

// MismatchError says that no derived wallet key has the recorded public key or
// address.
type MismatchError struct {
	Field string // of the record: "public_key" or "address"
}

func (e *MismatchError) Error() string {
	return "the master key was rebuilt, but no wallet key derived from it has the " + e.Field + " of the record"
}

// Derive makes the wallet key of a master key in the usual way (docs/formats.md, section
// 2.4, step 5): the master key itself for ED25519, its child m/0 for SECP256K1.
// The error is that of m.ChainCode.
func Derive(m *shard.Master) (*Key, error) {
	code, err := chainCodeOf(m)
	if err != nil {
		return nil, err
	}
	return derive(m, code, usual(m.Group()))
}

// DeriveAnchored makes the wallet key that the anchor names. A later version of
// the service may derive in another way: the master key itself and the children
// m/1 … m/100 are tried too, and Derivation tells which fits. The error is a
// *MismatchError, or that of m.ChainCode.
func DeriveAnchored(m *shard.Master, anchor Anchor) (*Key, error) {
	code, lost := chainCodeOf(m)
	key, err := deriveAnchored(m, code, anchor)
	if err != nil && lost != nil {
		return nil, lost
	}
	return key, err
}

// AcceptChainCode returns what shard.Options.Accept takes: whether a chain code
// makes the wallet key that the anchor names.
func (a Anchor) AcceptChainCode() func(*shard.Master, []byte) bool {
	return func(m *shard.Master, code []byte) bool {
		key, err := deriveAnchored(m, code, a)
		if err != nil {
			return false
		}
		key.Wipe()
		return true
	}
}

// chainCodeOf returns the chain code, which the usual derivation of an ED25519
// key does not need.
func chainCodeOf(m *shard.Master) ([]byte, error) {
	if m.Group() != group.Secp256k1 {
		return nil, nil
	}
	code, err := m.ChainCode()
	if err != nil {
		return nil, err
	}
	return code.Reveal(), nil
}

// maxIndex is the last child that is tried where m/0 is not the wallet.
const maxIndex = 100

// derivation is a child index, or -1 for the master key itself.
type derivation int

func usual(g group.Group) derivation {
	if g == group.Secp256k1 {
		return 0
	}
	return -1
}

func (d derivation) String() string {
	if d < 0 {
		return "none"
	}
	return fmt.Sprintf("m/%d", int(d))
}

// deriveAnchored tries the usual derivation first, then the others. A nil chain
// code is a lost one.
func deriveAnchored(m *shard.Master, code []byte, anchor Anchor) (*Key, error) {
	all := []derivation{usual(m.Group())}
	if m.Group() == group.Secp256k1 {
		all = append(all, -1)
		for i := derivation(1); i <= maxIndex; i++ {
			all = append(all, i)
		}
	}
	var first error
	for _, d := range all {
		if d >= 0 && code == nil {
			continue
		}
		key, err := derive(m, code, d)
		if err == nil {
			if err = anchor.Check(key.group, key.public); err == nil {
				return key, nil
			}
			key.Wipe()
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

// derive makes one key.
func derive(m *shard.Master, code []byte, d derivation) (*Key, error) {
	k := &Key{group: m.Group(), derivation: d.String()}
	if d < 0 {
		k.private = m.Group().NewScalar().Set(m.Key())
	} else {
		var err error
		if k.private, err = Child(m.Key(), code, uint32(d)); err != nil {
			return nil, err
		}
	}
	k.public = k.group.NewPoint().BaseMul(k.private)
	return k, nil
}

// Group returns the key's group.
func (k *Key) Group() group.Group { return k.group }

// Private returns the private key, valid until Wipe. For ED25519 it is a
// scalar modulo the group order, not an RFC 8032 seed.
func (k *Key) Private() group.Scalar { return k.private }

// Public returns the public key.
func (k *Key) Public() group.Point { return k.public }

// Derivation returns how the key comes from the master key: "m/0", the BIP-32
// child, usual for SECP256K1; "none", the master key itself, usual for ED25519; or
// another child, "m/7".
func (k *Key) Derivation() string { return k.derivation }

// IsUsual tells whether the key is derived in the way that the service is known
// to derive keys of its kind.
func (k *Key) IsUsual() bool { return k.derivation == usual(k.group).String() }

// Addresses returns the key's addresses.
func (k *Key) Addresses() []Address { return Addresses(k.group, k.public) }

// Wipe overwrites the private key.
func (k *Key) Wipe() { k.private.Wipe() }

// Format prints the kind of key, never the key.
func (k *Key) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "[wallet key of "+k.group.Name()+"]")
}
