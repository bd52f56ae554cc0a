package main

import (
	"bytes"
	"encoding/hex"
	"fmt"

	"recover/pkg/report"
	"recover/pkg/shard"
)

var segmentKeys = report.SegmentKeys // tests take fewer

// keyStore writes the rebuilt keys and the journal of a run.
type keyStore struct {
	*report.Store
	withMaster bool
}

// add gives a key to the store: the wallet key, or the master key that is kept
// without it.
func (s *keyStore) add(k *rebuiltKey) error {
	switch {
	case k.wallet != nil:
		return s.Add(&k.result.Key, s.walletKey(k), nil)
	case k.master != nil:
		return s.Add(&k.result.Key, nil, masterKey(k))
	}
	return s.Add(&k.result.Key, nil, nil)
}

func (s *keyStore) walletKey(k *rebuiltKey) *report.WalletKey {
	l := &report.WalletKey{
		QuorumID: k.result.QuorumID, KeyID: k.result.KeyID, Algorithm: k.result.Algorithm, Derivation: k.wallet.Derivation(),
		PrivateKey: k.wallet.Private().Bytes(), PublicKey: k.result.PublicKey, Addresses: k.result.Addresses,
	}
	if s.withMaster {
		l.MasterPrivateKey = k.master.Key().Bytes()
		l.MasterChainCode = chainCode(k.master)
	}
	return l
}

func masterKey(k *rebuiltKey) *report.MasterKey {
	return &report.MasterKey{
		QuorumID: k.result.QuorumID, KeyID: k.result.KeyID, Algorithm: k.result.Algorithm,
		MasterPrivateKey: k.master.Key().Bytes(), MasterChainCode: chainCode(k.master),
		MasterPublicKey: hex.EncodeToString(k.master.PublicKey().Bytes()),
	}
}

// chainCode returns a copy of the chain code, or nil where it is lost.
func chainCode(m *shard.Master) []byte {
	code, err := m.ChainCode()
	if err != nil {
		return nil
	}
	return bytes.Clone(code.Reveal())
}

// describe names the segments of wallet keys.
func (s *keyStore) describe() string {
	n, first, last := s.Segments()
	if n == 1 {
		return first
	}
	return fmt.Sprintf("%s to %s", first, last)
}
