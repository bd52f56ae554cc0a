package hsm

import (
	"strings"

	"recover/pkg/hsm/wire"
)

// generatedBits is the size of the keys that Generate makes: RSA-4096, with the
// exponent 65537.
const generatedBits = 4096

// Generate makes a recovery key pair in the token, of which the private half
// decrypts, is sensitive and not extractable, and reads it back. Both label and
// ID are needed (ErrNameless), and no key may have either of them (KeyExists).
//
// KeyUnprotected says that the token made a key of another kind; it is left
// there. The key is good to be used after SelfTest.
func (s *Session) Generate(label, id string) (*Key, error) {
	if label == "" || id == "" {
		return nil, ErrNameless
	}
	if err := s.checkNew(label, id); err != nil {
		return nil, err
	}
	session, err := s.token.newSession(sessionReadWrite)
	if err != nil {
		return nil, err
	}
	if _, err := s.token.call(wire.Generate, []uint64{session}, []byte(label), []byte(id)); err != nil {
		return nil, err
	}
	key, err := s.Key(Location{Object: label, ID: id}, Wanted{})
	if err != nil {
		return nil, err
	}
	return key, key.checkGenerated()
}

func (s *Session) checkNew(label, id string) error {
	for _, class := range []uint64{classPrivateKey, classPublicKey} {
		for _, name := range [][2]string{{label, ""}, {"", id}} {
			keys, err := s.token.keys(class, name[0], name[1])
			if err != nil {
				return err
			}
			if len(keys) > 0 {
				return &Error{Code: KeyExists, Detail: listed(keys, KeyInfo.name)}
			}
		}
	}
	return nil
}

// checkGenerated compares both objects with what was asked for.
func (k *Key) checkGenerated() error {
	r := attributeReader{token: k.session.token, object: k.handle}
	var faults []string
	expect := func(ok bool, fault string) {
		if !ok {
			faults = append(faults, fault)
		}
	}
	expect(k.Public.N.BitLen() == generatedBits && k.Public.E == 65537, "not RSA-4096 with the exponent 65537")
	expect(isTrue(r.read(attributeSensitive)), "not sensitive")
	expect(isFalse(r.read(attributeExtractable)), "extractable")
	expect(isTrue(r.read(attributeLocal)), "not made in the token")
	if r.err != nil {
		return r.err
	}
	visible, err := k.session.token.CheckPublicKey(Location{Object: k.Label, ID: k.ID}, Exactly(k.Public))
	if err != nil {
		return err
	}
	expect(visible, "without a public key object")
	if len(faults) > 0 {
		return &Error{Code: KeyUnprotected, Detail: strings.Join(faults, ", ")}
	}
	return nil
}
