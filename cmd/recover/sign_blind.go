package main

import (
	"encoding/json"
	"fmt"

	"recover/internal/group"
	"recover/pkg/transaction"
)

// blindSignature is what is written for what was signed blindly.
type blindSignature struct {
	Format    string `json:"format"`
	Algorithm string `json:"algorithm"`
	PublicKey string `json:"public_key"`
	Digest    string `json:"digest,omitempty"` // SECP256K1
	R         string `json:"r,omitempty"`
	S         string `json:"s,omitempty"`
	Recovery  *byte  `json:"recovery,omitempty"`
	DER       string `json:"der,omitempty"`
	Message   string `json:"message,omitempty"`   // ED25519
	Signature string `json:"signature,omitempty"` // R and S, 64 bytes
}

// signBlind signs what nobody has understood, and says so.
func (p *program) signBlind(f *signFlags, key *transaction.Key, data []byte) error {
	message, ok := transaction.DecodeHex(data)
	digest := key.Group() == group.Secp256k1
	switch {
	case !ok:
		return &fileError{f.in, asTransaction, errNotHex}
	case digest && len(message) != 32:
		return &fileError{f.in, asTransaction, errNotDigest}
	}
	if err := p.term.Print("%-22s %s", "Bytes to be signed", transaction.Hex(message)); err != nil {
		return err
	}
	p.term.Warn("--blind: these bytes can mean anything; they can move all funds of this key, on any chain")
	agreed, err := p.term.Confirm("Sign these bytes, whatever they mean?")
	if err != nil {
		return err
	}
	if !agreed {
		return errNotAgreed
	}
	s := blindSignature{Format: "recover-blind-signature/1", Algorithm: key.Group().Algorithm(), PublicKey: fmt.Sprintf("%x", key.Public().Bytes())}
	if digest {
		made, err := key.SignDigest([32]byte(message))
		if err != nil {
			return err
		}
		s.Digest, s.R, s.S = fmt.Sprintf("%x", message), fmt.Sprintf("%x", made.R), fmt.Sprintf("%x", made.S)
		s.Recovery, s.DER = &made.Recovery, fmt.Sprintf("%x", made.DER())
	} else {
		made, err := key.SignMessage(message)
		if err != nil {
			return err
		}
		s.Message, s.Signature = fmt.Sprintf("%x", message), fmt.Sprintf("%x", made)
	}
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	if err := writeNewData(f.out, append(text, '\n')); err != nil {
		return err
	}
	p.term.Note("signed blindly; the signature is in %s", f.out)
	return nil
}
