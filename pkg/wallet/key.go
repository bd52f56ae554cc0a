package wallet

import (
	"fmt"
	"io"

	"recover/internal/group"
	"recover/pkg/shard"
)

// Derivations of a wallet key from its master key.
const (
	DerivationChild = "m/0"  // BIP-32, non-hardened: SECP256K1
	DerivationNone  = "none" // the master key itself: ED25519
)

// Key is a wallet private key that may leave the program: it comes from a
// proved master key, and its public key is the one that the backup and the
// record have for the wallet. Only Derive makes one. The caller wipes it.
type Key struct {
	group      group.Group
	private    group.Scalar
	public     group.Point
	derivation string
}

// Expected is what a wallet key has to be. What is not known is left out.
type Expected struct {
	Backup  group.Point // the wallet public key in the shard
	Record  group.Point // the public key in the offline record
	Address string      // the address in the offline record, on any chain
}

// MismatchError says that the derived wallet key is not the expected one.
type MismatchError struct {
	// Where names what has another key or address: the shard, or the record.
	Where string
	// InRecord tells that the record disagrees, not the backup.
	InRecord bool
}

func (e *MismatchError) Error() string {
	return "the master key is rebuilt, but the wallet key derived from it is not the one of " + e.Where
}

// Derive makes the wallet key of a master key (spec, section 4, step 5): the
// master key itself for ED25519, its child m/0 for SECP256K1. It has to be what
// is known of the wallet. A later version of the service may derive in another
// way: where a public key or an address is known, the master key itself and the
// children m/1 … m/100 are tried too, and Derivation tells which fits. The error
// is a *MismatchError, or that of m.ChainCode.
func Derive(m *shard.Master, want Expected) (*Key, error) {
	k, first := derive(m, usual(m.Group()), want)
	if first == nil || !want.known() {
		return k, first
	}
	for _, d := range others(m.Group()) {
		if k, err := derive(m, d, want); err == nil {
			return k, nil
		}
	}
	return nil, first
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

// others are the derivations that are tried besides the usual one.
func others(g group.Group) []derivation {
	if g != group.Secp256k1 {
		return nil
	}
	all := []derivation{-1}
	for i := derivation(1); i <= maxIndex; i++ {
		all = append(all, i)
	}
	return all
}

func (d derivation) String() string {
	if d < 0 {
		return DerivationNone
	}
	return fmt.Sprintf("m/%d", int(d))
}

// derive makes one key and compares it with what is known.
func derive(m *shard.Master, d derivation, want Expected) (*Key, error) {
	k := &Key{group: m.Group(), derivation: d.String()}
	if d < 0 {
		k.private = m.Group().NewScalar().Set(m.Key())
	} else {
		code, err := m.ChainCode()
		if err != nil {
			return nil, err
		}
		if k.private, err = Child(m.Key(), code.Reveal(), uint32(d)); err != nil {
			return nil, err
		}
	}
	k.public = k.group.NewPoint().BaseMul(k.private)
	if err := k.check(want); err != nil {
		k.Wipe()
		return nil, err
	}
	return k, nil
}

// known tells whether there is anything that the wallet key is known by.
func (e Expected) known() bool { return e.Backup != nil || e.Record != nil || e.Address != "" }

func (k *Key) check(want Expected) error {
	if want.Backup != nil && !k.public.Equal(want.Backup) {
		return &MismatchError{Where: "the shard's walletPublicKeyBase64"}
	}
	if want.Record != nil && !k.public.Equal(want.Record) {
		return &MismatchError{Where: "the record's public_key", InRecord: true}
	}
	if want.Address != "" {
		if _, ok := FindAddress(k.group, k.public, want.Address); !ok {
			return &MismatchError{Where: "the record's address", InRecord: true}
		}
	}
	return nil
}

// Group returns the key's group.
func (k *Key) Group() group.Group { return k.group }

// Private returns the private key, valid until Wipe. For ED25519 it is a
// scalar modulo the group order, not an RFC 8032 seed.
func (k *Key) Private() group.Scalar { return k.private }

// Public returns the public key.
func (k *Key) Public() group.Point { return k.public }

// Derivation returns how the key comes from the master key: DerivationChild,
// DerivationNone, or another child, "m/7".
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
