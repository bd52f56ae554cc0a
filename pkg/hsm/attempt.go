package hsm

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"recover/pkg/hsm/wire"
)

// busyPauses are those before a token that seems to be busy is asked again. Some
// have no CKR for it: a network HSM that is asked too much says FUNCTION_FAILED,
// OPERATION_ACTIVE or DEVICE_ERROR.
var busyPauses = []time.Duration{250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second}

// patience is how often a decryption is tried again.
type patience int

const (
	impatient patience = 0 // a self-test, which has another mode to try
	doubtful  patience = 2 // what may be a refusal of a bad ciphertext as well
	patient   patience = 4 // each of busyPauses
)

// isBusy reports whether a token may have been busy.
func (e *Error) isBusy() bool {
	return e.ofDecryption() &&
		slices.Contains([]CKR{ckrGeneralError, ckrFunctionFailed, ckrDeviceError, ckrOperationActive}, e.CKR)
}

// isActive reports whether the session is in an operation that the module did not
// end when it failed, as tpm2-pkcs11 does not.
func (e *Error) isActive() bool { return e.Function == "C_DecryptInit" && e.CKR == ckrOperationActive }

func (e *Error) ofDecryption() bool {
	return e.Function == "C_DecryptInit" || e.Function == "C_Decrypt"
}

// isUnknownSession reports whether the token does not know the session, its
// login or the key's handle any more.
func (e *Error) isUnknownSession() bool {
	return e.ofDecryption() && slices.Contains(
		[]CKR{ckrSessionClosed, ckrSessionHandleInvalid, ckrUserNotLoggedIn, ckrKeyHandleInvalid, ckrObjectHandleInvalid}, e.CKR)
}

// decrypt is one private operation, for an answer or for an Error. The session
// is replaced where the token has ended it, which spends no PIN: that works as
// long as the token keeps the login. What a person had to act for is not done
// again: the key's PIN or a touch comes after C_DecryptInit.
func (k *Key) decrypt(mechanism uint64, label, ciphertext []byte, tries func(*Error) patience) ([]byte, error) {
	s := <-k.sessions
	defer func() { k.sessions <- s }()
	replaced := false
	for try := 0; ; try++ {
		if err := k.firstFault(nil); err != nil {
			return nil, err
		}
		answer, err := k.decryptIn(s, mechanism, label, ciphertext)
		var e *Error
		if err == nil || !errors.As(err, &e) {
			return answer, err
		}
		free := e.Function == "C_DecryptInit" || !k.needsPerson
		switch {
		case e.isUnknownSession() && free && !replaced && k.replace(&s, true),
			e.isActive() && !replaced && k.replace(&s, false):
			replaced = true
			try--
			continue
		case e.isBusy() && free && try < int(tries(e)):
			k.session.token.module.helper.pause(busyPauses[try])
			continue
		case e.isBusy() && tries(e) == impatient:
			return nil, e
		case e.isBusy() && try > 0:
			e.Detail = fmt.Sprintf("tried %d times", try+1)
		}
		return nil, k.firstFault(k.explain(mechanism, e))
	}
}

// replace puts a fresh session in the place of one that cannot be used. One that
// has ended may have to be closed before the token gives another; any other is
// closed afterwards, for the login ends with the last session.
func (k *Key) replace(s *keySession, ended bool) bool {
	t := k.session.token
	fresh, err := k.newSession()
	if ended && is(err, ModuleFailed) {
		t.closeSession(s.session)
		fresh, err = k.newSession()
	} else if err == nil {
		t.closeSession(s.session)
	}
	if err != nil {
		return false
	}
	*s = fresh
	return true
}

// explain tells a mechanism that the token lacks from one that it lists, but
// not for this key.
func (k *Key) explain(mechanism uint64, e *Error) error {
	if e.Function != "C_DecryptInit" || e.CKR != ckrMechanismInvalid {
		return e
	}
	t := k.session.token
	if _, err := t.call(wire.Mechanism, []uint64{t.slot, mechanism}); err != nil {
		e.Code = NoMechanism
	}
	return e
}

// firstFault remembers a fault after which the token must be left alone, and
// returns it for all that follows: a token that is gone does not come back by
// itself, and a PIN that was refused must not be spent again.
func (k *Key) firstFault(err error) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	var e *Error
	switch {
	case k.fault != nil:
		return k.fault
	case errors.As(err, &e) && (is(e, DeviceLost, SessionEnded, TokenFull) || e.Function == "C_Login"):
		k.fault = err
	}
	return err
}
