package hsm

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"recover/pkg/hsm/wire"
)

// generatedBits is the size of the keys that Generate makes: RSA-4096, with the
// exponent 65537.
const generatedBits = 4096

// generators are the mechanisms that make RSA key pairs, in the order in which
// they are tried: the last ones are for tokens in a mode that leaves out the
// first.
var generators = []uint64{mechanismPKCSKeyPair, mechanismX931KeyPair, mechanismPrimeKeyPair}

// Mechanisms that make RSA key pairs (PKCS#11 2.40, mechanisms, section 2.1).
const (
	mechanismPKCSKeyPair  = 0x0        // CKM_RSA_PKCS_KEY_PAIR_GEN
	mechanismX931KeyPair  = 0xA        // CKM_RSA_X9_31_KEY_PAIR_GEN
	mechanismPrimeKeyPair = 0x80000143 // CKM_RSA_FIPS_186_3_PRIME_KEY_PAIR_GEN of Luna

	flagGeneratesKeyPair = 0x10000 // CKF_GENERATE_KEY_PAIR
)

// CheckNewKey finds out how the token makes RSA-4096 keys, as far as it tells.
// NoGenerator says that it does not.
func (t *Token) CheckNewKey() error {
	lacks := &Error{Code: NoGenerator, Function: "C_GetMechanismInfo"}
	for _, mechanism := range generators {
		a, err := t.call(wire.Mechanism, []uint64{t.slot, mechanism})
		var e *Error
		switch {
		case err == nil && !generates(mechanism, a.Numbers[0]):
		case err == nil && !reaches(a.Numbers[2], generatedBits):
			lacks.Detail = fmt.Sprintf("its RSA keys have at most %d bits", a.Numbers[2])
		case err == nil:
			t.generator = mechanism
			return nil
		case !errors.As(err, &e) || e.Function != "C_GetMechanismInfo" || e.CKR == ckrOK:
			return err // of the helper
		case e.CKR != ckrMechanismInvalid && mechanism == mechanismPKCSKeyPair:
			t.generator = mechanism // it does not tell: the attempt will
			return nil
		case lacks.CKR == ckrOK:
			lacks.CKR = e.CKR
		}
	}
	if lacks.Detail != "" {
		lacks.CKR = ckrOK
	}
	return lacks
}

// generates reports whether a mechanism makes key pairs. Standard ones do,
// whatever their flags are; the number of a vendor's may be another's for
// something else.
func generates(mechanism, flags uint64) bool {
	return mechanism < 0x80000000 || flags&flagGeneratesKeyPair != 0
}

// reaches reports whether the largest key size is enough. Some modules have it
// in bytes, or not at all.
func reaches(largest, bits uint64) bool {
	return largest == 0 || largest >= bits || largest < 2048 && 8*largest >= bits
}

// UnfinishedKeyError is an error after which there may be a new key in the
// token: one that the token was asked for, and did not answer, or that it made
// and that could not be read back.
type UnfinishedKeyError struct {
	Exists bool // for certain
	Err    error
}

func (e *UnfinishedKeyError) Error() string { return e.Err.Error() }
func (e *UnfinishedKeyError) Unwrap() error { return e.Err }

// refusesNewKey are the CKRs of C_GenerateKeyPair after which there is no key.
// Any other, such as that of a module that did not wait for its device, may come
// from a token that goes on and makes it.
var refusesNewKey = []CKR{
	ckrArgumentsBad, 0x10, ckrAttributeTypeInvalid, ckrAttributeValueInvalid, ckrDeviceMemory, 0x54, ckrKeySizeRange,
	ckrMechanismInvalid, 0x71, ckrSessionReadOnly, 0xD0, 0xD1, 0xE2, ckrUserNotLoggedIn, ckrFunctionRejected,
}

// Generate makes a recovery key pair in the token, of which the private half
// decrypts, is sensitive and not extractable, and reads it back. Both label and
// ID are needed (ErrNameless), and no key may have either of them (KeyExists).
// KeyRefused may be for an ID that is too long: some tokens take two bytes.
//
// An UnfinishedKeyError says that there may be a key, and KeyUnprotected in it
// that the token made one of another kind; it is left there. The key is good to
// be used after SelfTest.
func (s *Session) Generate(label, id string) (*Key, error) {
	if label == "" || id == "" {
		return nil, ErrNameless
	}
	if err := s.checkNew(label, id); err != nil {
		return nil, err
	}
	session, err := s.token.newSessionAs(sessionReadWrite)
	if err != nil {
		return nil, err
	}
	defer s.token.closeSession(session)
	_, err = s.token.call(wire.Generate, []uint64{session, s.token.generator}, []byte(label), []byte(id))
	if e, ok := errors.AsType[*Error](err); ok && slices.Contains(refusesNewKey, e.CKR) {
		return nil, err
	}
	if err != nil {
		return nil, &UnfinishedKeyError{false, err}
	}
	key, err := s.Key(Location{Object: label, ID: id}, KeyFilter{})
	if err == nil {
		err = key.checkGenerated()
	}
	if err != nil {
		return nil, &UnfinishedKeyError{true, err}
	}
	return key, nil
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
	faults, err := k.Weaknesses()
	if err != nil {
		return err
	}
	visible, err := k.session.token.CheckPublicKey(Location{Object: k.Label, ID: k.ID}, Exactly(k.Public))
	if err != nil {
		return err
	}
	if !visible {
		faults = append(faults, "without a public key object")
	}
	if len(faults) > 0 {
		return &Error{Code: KeyUnprotected, Detail: strings.Join(faults, ", ")}
	}
	return nil
}

// Weaknesses returns what a key lacks of one that Generate makes, as the token
// says: its size, that it is sensitive, not extractable, and was made in the
// token.
func (k *Key) Weaknesses() (faults []string, err error) {
	s := <-k.sessions
	defer func() { k.sessions <- s }()
	r := attributeReader{token: k.session.token, session: s.session, object: s.handle}
	expect := func(ok bool, fault string) {
		if !ok {
			faults = append(faults, fault)
		}
	}
	expect(k.Public.N.BitLen() == generatedBits && k.Public.E == 65537, "not RSA-4096 with the exponent 65537")
	expect(isTrue(r.read(attributeSensitive)), "not sensitive")
	expect(isFalse(r.read(attributeExtractable)), "extractable")
	expect(isTrue(r.read(attributeLocal)), "not made in the token")
	return faults, r.err
}
