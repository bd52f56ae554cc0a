package hsm

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"
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
// A token that may have been busy is tried again, after a pause; if it stays so,
// that is ModuleFailed, and says nothing of what it can do.
//
// Then as many sessions are opened as were asked for in Options; by default as
// many as suit a token that takes as long as this one did, and never more than
// it says that it gives.
//
// The codes are NoMechanism, KeyNotPermitted, Rejected, BadAnswer and
// ModuleFailed, in addition to those of a token that is lost or a PIN that is refused.
func (k *Key) SelfTest(mode Mode) (*Decrypter, error) {
	modes := []Mode{mode}
	if mode == ModeAuto {
		modes = []Mode{ModeOAEP, ModeRaw}
	}
	for round := 0; ; round++ {
		var faults []*Error
		var busy []Mode
		for _, m := range modes {
			d := &Decrypter{key: k, mode: m, testing: true}
			took, err := d.test()
			if err == nil {
				d.testing = false
				return d, k.settle(took)
			}
			var e *Error
			if !errors.As(err, &e) || !e.modal() {
				return nil, err
			}
			faults = append(faults, e)
			if e.isBusy() {
				busy = append(busy, m)
			}
		}
		if len(busy) == 0 || k.needsPerson || round == len(busyPauses) {
			return nil, unusable(modes, faults)
		}
		modes = busy // the others will not do
		k.session.token.module.helper.pause(busyPauses[round])
	}
}

// What is measured of one decryption tells what a token is.
const (
	softwareTime = 100 * time.Millisecond  // less: as quick as this machine
	personTime   = 2500 * time.Millisecond // more: somebody has to touch it, or it does one at a time

	slowSessions = 4 // of what lies between, for what does several at a time
)

// settle opens the sessions for a key of which one decryption took so long.
func (k *Key) settle(took time.Duration) error {
	k.needsPerson = k.needsPerson || took > personTime
	wanted := k.session.token.module.sessions
	switch {
	case wanted > 0:
	case took > personTime:
		wanted = 1
	case took > softwareTime:
		wanted = slowSessions
	default:
		wanted = runtime.GOMAXPROCS(0)
	}
	return k.openSessions(wanted)
}

// Untested returns a Decrypter without a self-test, which spares touches and
// prompts. It uses one session, unless more were asked for. ModeAuto is
// ErrModeNeeded. In ModeOAEP, it cannot know by which CKR this token refuses a
// bad ciphertext, if that is not one of the standard's.
func (k *Key) Untested(mode Mode) (*Decrypter, error) {
	if mode == ModeAuto {
		return nil, ErrModeNeeded
	}
	return &Decrypter{key: k, mode: mode}, k.openSessions(k.session.token.module.sessions)
}

// modal reports whether a fault may be one of the mode, so that another may do.
func (e *Error) modal() bool {
	switch e.Code {
	case ModuleFailed, KeyNotPermitted, Rejected, DecryptFailed, BadAnswer, NoMechanism:
		return e.Function != "C_Login"
	}
	return e.isBusy()
}

// test returns how long one decryption took.
func (d *Decrypter) test() (took time.Duration, err error) {
	var random [2 * 32]byte
	_, _ = rand.Read(random[:]) // never fails
	message, label := random[:32], random[32:]
	ciphertext, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, d.key.Public, message, label)
	if err != nil {
		return 0, err
	}
	begun := time.Now()
	answer, err := d.open(ciphertext, label)
	took = time.Since(begun)
	switch {
	case err != nil:
		return 0, err
	case subtle.ConstantTimeCompare(answer, message) != 1:
		return 0, &Error{Code: BadAnswer, Function: "C_Decrypt", Detail: "another message than was encrypted"}
	case d.mode == ModeRaw: // the label is checked here, not by the token
		return took, nil
	}
	label[0] ^= 1
	return took, d.testRefusal(ciphertext, label)
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
// not permitted in one of them says more than that there is no other; and where
// the token may have been busy, nothing is known.
func unusable(modes []Mode, faults []*Error) *Error {
	chosen := *faults[len(faults)-1]
	code := NoMechanism
	var causes []string
	for i, f := range faults {
		causes = append(causes, fmt.Sprintf("mode %s: %s", modes[i], f.cause()))
		switch {
		case f.isBusy():
			code, chosen = ModuleFailed, *f
		case code == ModuleFailed:
		case f.Code == KeyNotPermitted, f.Code == Rejected, f.Code == BadAnswer && i == len(faults)-1 && code == NoMechanism:
			code, chosen = f.Code, *f
		}
	}
	chosen.Code = code
	if len(faults) > 1 {
		chosen.Detail = strings.Join(causes, "; ")
	}
	chosen.badCiphertext = false
	return &chosen
}
