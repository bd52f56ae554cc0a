package hsm

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
)

// SelfTestOperations returns how many private operations the self-test of a
// mode takes at most. Where a key wants a touch or a PIN for each, that is how
// often a person is asked.
func SelfTestOperations(mode Mode) int {
	return map[Mode]int{ModeAuto: 3, ModeOAEP: 2, ModeRaw: 1}[mode]
}

// SelfTest finds out whether the token can decrypt with this key: what was
// encrypted to the public half, under a label, must come back, and must not
// come back under another label. In ModeAuto, native OAEP is tried first, then
// raw. Once it is chosen, the mode stays.
//
// The codes are NoMechanism, KeyNotPermitted and BadAnswer, beside those of a
// token that is lost or a PIN that is refused.
func (k *Key) SelfTest(mode Mode) (*Decrypter, error) {
	modes := []Mode{mode}
	if mode == ModeAuto {
		modes = []Mode{ModeOAEP, ModeRaw}
	}
	var faults []*Error
	for _, m := range modes {
		d := &Decrypter{key: k, mode: m}
		err := d.test()
		if err == nil {
			return d, nil
		}
		var e *Error
		if !errors.As(err, &e) || !e.modal() {
			return nil, err
		}
		faults = append(faults, e)
	}
	return nil, unusable(modes, faults)
}

// Untested returns a Decrypter without a self-test, which spares touches and
// prompts. ModeAuto is ErrModeNeeded. In ModeOAEP, it cannot know by which CKR
// this token refuses a bad ciphertext, if that is not one of the standard's.
func (k *Key) Untested(mode Mode) (*Decrypter, error) {
	if mode == ModeAuto {
		return nil, ErrModeNeeded
	}
	return &Decrypter{key: k, mode: mode}, nil
}

// modal reports whether a fault may be one of the mode, so that another may do.
func (e *Error) modal() bool {
	switch e.Code {
	case ModuleFailed, KeyNotPermitted, DecryptFailed, BadAnswer, NoMechanism:
		return e.Function != "C_Login"
	}
	return false
}

func (d *Decrypter) test() error {
	var random [2 * 32]byte
	_, _ = rand.Read(random[:]) // never fails
	message, label := random[:32], random[32:]
	ciphertext, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, d.key.Public, message, label)
	if err != nil {
		return err
	}
	answer, err := d.open(ciphertext, label)
	switch {
	case err != nil:
		return err
	case subtle.ConstantTimeCompare(answer, message) != 1:
		return &Error{Code: BadAnswer, Function: "C_Decrypt", Detail: "another message than was encrypted"}
	case d.mode == ModeRaw: // the label is checked here, not by the token
		return nil
	}
	label[0] ^= 1
	return d.testRefusal(ciphertext, label)
}

// testRefusal sees to it that another label is refused, and learns how.
func (d *Decrypter) testRefusal(ciphertext, otherLabel []byte) error {
	_, err := d.open(ciphertext, otherLabel)
	var e *Error
	switch {
	case err == nil:
		return &Error{Code: BadAnswer, Function: "C_Decrypt", Detail: "the OAEP label is ignored"}
	case errors.As(err, &e) && e.Function == "C_Decrypt" && e.CKR != ckrOK && e.modal():
		d.refusal = e.CKR
		return nil
	}
	return err
}

// unusable says what the self-test came to when no mode works. That the key is
// not permitted in one of them says more than that there is no other.
func unusable(modes []Mode, faults []*Error) *Error {
	chosen := *faults[len(faults)-1]
	var causes []string
	for i, f := range faults {
		causes = append(causes, fmt.Sprintf("mode %s: %s", modes[i], f.cause()))
		if f.Code == KeyNotPermitted {
			chosen = *f
		}
	}
	if len(faults) > 1 {
		chosen.Detail = strings.Join(causes, "; ")
	}
	if chosen.Code != KeyNotPermitted && chosen.Code != BadAnswer {
		chosen.Code = NoMechanism
	}
	chosen.badCiphertext = false
	return &chosen
}
