package shard

import (
	"fmt"
	"io"

	"recover/internal/group"
	"recover/internal/secret"
)

// Master is a rebuilt master private key. It is proved: its public key is the
// master public key of the backup. Only Rebuild makes one. The caller wipes it.
type Master struct {
	group     group.Group
	key       group.Scalar
	chainCode *secret.Bytes
	lost      error // why there is no chain code, where one was asked for
	warnings  []Fault
}

// Group returns the key's group.
func (m *Master) Group() group.Group { return m.group }

// Key returns the private key. It is valid until Wipe.
func (m *Master) Key() group.Scalar { return m.key }

// PublicKey returns the public key.
func (m *Master) PublicKey() group.Point { return m.group.NewPoint().BaseMul(m.key) }

// ChainCode returns the 32 bytes of the BIP-32 chain code. The error is an
// *Error with ReasonChainCode where the backup's cannot be opened, or where
// Rebuild did not open it; the master key is right all the same.
func (m *Master) ChainCode() (*secret.Bytes, error) { return m.chainCode, m.lost }

// Warnings returns what was damaged in the backup and did not stop the rebuild.
func (m *Master) Warnings() []Fault { return m.warnings }

// Wipe overwrites the key and the chain code.
func (m *Master) Wipe() {
	m.key.Wipe()
	m.chainCode.Wipe()
}

// Format prints the kind of key, never the key.
func (m *Master) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "[master key of "+m.group.Name()+"]")
}
