package hsm

import (
	"crypto/rsa"
	"errors"
	"sync"

	"recover/pkg/hsm/wire"
)

// Key is the one RSA private key at a location. It cannot decrypt before its
// mode is known: SelfTest and Untested give a Decrypter.
type Key struct {
	KeyInfo // Public is not nil

	session *Session
	handle  uint64

	// sessions holds the sessions that are not in use.
	sessions chan uint64

	mu    sync.Mutex
	fault error // the first after which the token must be left alone
}

// Key returns the RSA private key at the location, which must be a wanted one.
// The codes are KeyNotFound, KeyAmbiguous and KeyMismatch. That the token really
// holds the private half is known after the self-test only.
func (s *Session) Key(l Location, wanted Wanted) (*Key, error) {
	found, err := s.token.find(classPrivateKey, l.Object, l.ID)
	if err != nil {
		return nil, err
	}
	if len(found) != 1 {
		return nil, s.notOne(l, len(found))
	}
	info, err := s.token.keyInfo(classPrivateKey, found[0])
	if err != nil {
		return nil, err
	}
	if info.Public, err = s.publicHalf(info, wanted); err != nil {
		return nil, err
	}
	switch {
	case !info.AlwaysAuthenticate:
		s.wipePIN()
	case s.token.NeedsPIN() && s.pin == nil: // wiped after another key
		return nil, ErrNoPIN
	}
	k := &Key{KeyInfo: info, session: s, handle: found[0]}
	return k, k.openSessions()
}

// notOne tells what there is to choose from: of those that match if there are
// several, else of all.
func (s *Session) notOne(l Location, count int) error {
	if count > 1 {
		keys, err := s.token.keys(classPrivateKey, l.Object, l.ID)
		if err != nil {
			return err
		}
		return &Error{Code: KeyAmbiguous, Detail: listed(keys, KeyInfo.name)}
	}
	keys, err := s.token.keys(classPrivateKey, "", "")
	if err != nil {
		return err
	}
	e := &Error{Code: KeyNotFound, HexID: l.hexID()}
	if len(keys) > 0 {
		e.Detail = "it has " + listed(keys, KeyInfo.name)
	}
	return e
}

func (s *Session) publicHalf(info KeyInfo, wanted Wanted) (*rsa.PublicKey, error) {
	have := info.Public
	if have == nil && info.ID != "" {
		keys, err := s.token.keys(classPublicKey, "", info.ID)
		if err != nil {
			return nil, err
		}
		if len(keys) == 1 {
			have = keys[0].Public
		}
	}
	switch {
	case have == nil && wanted.Only == nil:
		return nil, &Error{Code: KeyNotFound, Detail: "the token does not tell the public half of " + info.name()}
	case have == nil:
		return wanted.Only, nil
	case !wanted.is(have):
		return nil, &Error{Code: KeyMismatch, Detail: "the private key " + info.name() + " is another one"}
	}
	return have, nil
}

// openSessions gets as many sessions as were asked for, or as the token gives.
// A key that is authenticated each time gets one: no two prompts at a time.
func (k *Key) openSessions() error {
	t := k.session.token
	all := []uint64{t.session}
	for len(all) < t.module.sessions && !k.AlwaysAuthenticate {
		session, err := t.newSession(sessionReadOnly)
		if is(err, ModuleFailed) { // CKR_SESSION_COUNT, mostly
			break
		}
		if err != nil {
			return err
		}
		all = append(all, session)
	}
	k.sessions = make(chan uint64, len(all))
	for _, session := range all {
		k.sessions <- session
	}
	return nil
}

// decrypt is one private operation, for an answer or for an Error.
func (k *Key) decrypt(mechanism uint64, label, ciphertext []byte) ([]byte, error) {
	session := <-k.sessions
	defer func() { k.sessions <- session }()
	if err := k.firstFault(nil); err != nil {
		return nil, err
	}
	answer, err := k.decryptIn(session, mechanism, label, ciphertext)
	if isActive(err) {
		var fresh uint64
		if fresh, err = k.session.token.newSession(sessionReadOnly); err == nil {
			session = fresh
			answer, err = k.decryptIn(session, mechanism, label, ciphertext)
		}
	}
	return answer, k.firstFault(k.explain(mechanism, err))
}

// isActive reports whether an operation that failed blocks its session. It
// should not: a few modules forget to end it.
func isActive(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Function == "C_DecryptInit" && e.CKR == ckrOperationActive
}

func (k *Key) decryptIn(session, mechanism uint64, label, ciphertext []byte) ([]byte, error) {
	authenticate := uint64(0)
	if k.AlwaysAuthenticate {
		authenticate = 1
	}
	a, err := k.session.token.module.call(atKey, wire.Decrypt,
		[]uint64{session, k.handle, mechanism, authenticate}, label, k.session.revealPIN(), ciphertext)
	if err != nil {
		return nil, err
	}
	return a.Strings[0], nil
}

// explain tells a mechanism that the token lacks from one that it lists, but
// not for this key.
func (k *Key) explain(mechanism uint64, err error) error {
	var e *Error
	if !errors.As(err, &e) || e.Function != "C_DecryptInit" || e.CKR != ckrMechanismInvalid {
		return err
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
	case errors.As(err, &e) && (e.Code == DeviceLost || e.Function == "C_Login"):
		k.fault = err
	}
	return err
}
