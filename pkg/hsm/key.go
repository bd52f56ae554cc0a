package hsm

import (
	"crypto/rsa"
	"math/big"
	"sync"

	"recover/pkg/hsm/wire"
)

// Key is the one RSA private key at a location. It cannot decrypt before its
// mode is known: SelfTest and Untested give a Decrypter.
type Key struct {
	KeyInfo // Public is not nil

	session *Session
	// needsPerson says that somebody has to act for each decryption: a PIN each
	// time, or, by the time that the self-test took, a touch.
	needsPerson bool

	// sessions holds the sessions that are not in use, of all that are open.
	sessions chan keySession
	open     int

	mu    sync.Mutex
	fault error // the first after which the token must be left alone
}

// keySession is a session, and the handle of the key in it: handles are promised
// for the session that found them only.
type keySession struct{ session, handle uint64 }

// maxSessions is how many sessions a key is used in at most.
const maxSessions = 64

// Key returns the RSA private key at the location, which must be a wanted one.
// The codes are KeyNotFound, KeyAmbiguous and KeyMismatch. That the token really
// holds the private half is known after the self-test only.
func (s *Session) Key(l Location, wanted KeyFilter) (*Key, error) {
	t := s.token
	found, err := t.find(t.session, classPrivateKey, l.Object, l.ID)
	if err != nil {
		return nil, err
	}
	if len(found) != 1 {
		return nil, s.notOne(l, len(found))
	}
	info, err := t.keyInfo(classPrivateKey, found[0])
	if err != nil {
		return nil, err
	}
	if info.Public, err = s.publicHalf(info, wanted); err != nil {
		return nil, err
	}
	switch {
	case !info.AlwaysAuthenticate:
		s.wipePIN()
	case t.NeedsPIN() && s.pin == nil: // wiped after another key
		return nil, ErrNoPIN
	}
	k := &Key{KeyInfo: info, session: s, needsPerson: info.AlwaysAuthenticate, sessions: make(chan keySession, maxSessions), open: 1}
	k.sessions <- keySession{t.session, found[0]}
	return k, nil
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

func (s *Session) publicHalf(info KeyInfo, wanted KeyFilter) (*rsa.PublicKey, error) {
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
	case have == nil && wanted.Key == nil:
		return nil, &Error{Code: KeyNotFound, Detail: "the token does not show the public half of " + info.name()}
	case have == nil:
		return wanted.Key, nil
	case !wanted.is(have):
		return nil, &Error{Code: KeyMismatch, Detail: "the private key " + info.name() + " is another one"}
	}
	return have, nil
}

// newSession opens a further session, and finds the key in it.
func (k *Key) newSession() (keySession, error) {
	t := k.session.token
	session, err := t.newSession()
	if err != nil {
		return keySession{}, err
	}
	handle, err := k.findIn(session)
	if err != nil {
		t.closeSession(session)
		return keySession{}, err
	}
	return keySession{session, handle}, nil
}

// findIn finds the key by its label and ID, and compares the modulus, where the
// token tells it.
func (k *Key) findIn(session uint64) (handle uint64, err error) {
	t := k.session.token
	objects, err := t.find(session, classPrivateKey, k.Label, k.ID)
	if err != nil {
		return 0, err
	}
	same := 0
	for _, object := range objects {
		r := attributeReader{token: t, session: session, object: object}
		modulus := r.read(attributeModulus)
		if r.err != nil {
			return 0, r.err
		}
		if len(modulus) == 0 || new(big.Int).SetBytes(modulus).Cmp(k.Public.N) == 0 {
			handle = object
			same++
		}
	}
	switch same {
	case 1:
		return handle, nil
	case 0:
		return 0, &Error{Code: KeyNotFound, Detail: "in a further session"}
	}
	return 0, &Error{Code: KeyAmbiguous, Detail: "in a further session"}
}

// openSessions opens sessions until there are as many as are wanted, or as the
// token gives. A key that is authenticated each time gets one: no two prompts at
// a time.
func (k *Key) openSessions(wanted int) error {
	t := k.session.token
	if k.AlwaysAuthenticate || k.open >= wanted {
		return nil
	}
	if err := t.refresh(atKey); err != nil {
		return err
	}
	if t.maxSessions > 0 {
		free := int64(t.maxSessions) - int64(max(t.inUse, uint64(k.open)))
		wanted = min(wanted, k.open+int(min(max(free, 0), maxSessions)))
	}
	for k.open < min(wanted, maxSessions) {
		s, err := k.newSession()
		if is(err, ModuleFailed, KeyNotFound, KeyAmbiguous) { // no more sessions, or none with this login
			return nil
		}
		if err != nil {
			return err
		}
		k.sessions <- s
		k.open++
	}
	return nil
}

// decryptIn is one private operation.
func (k *Key) decryptIn(s keySession, mechanism uint64, label, ciphertext []byte) ([]byte, error) {
	authenticate := uint64(0)
	if k.AlwaysAuthenticate {
		authenticate = 1
	}
	a, err := k.session.token.module.call(atKey, wire.Decrypt,
		[]uint64{s.session, s.handle, mechanism, authenticate}, label, k.session.revealPIN(), ciphertext)
	if err != nil {
		return nil, err
	}
	return a.Strings[0], nil
}
