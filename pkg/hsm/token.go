package hsm

import (
	"errors"
	"slices"
	"sync/atomic"

	"recover/internal/secret"
	"recover/pkg/hsm/wire"
)

// Token is one token of a module. The texts are as it says, and must be escaped
// when they are shown.
type Token struct {
	Label, Manufacturer, Model, Serial string

	module      *Module
	slot        uint64
	flags       uint64
	maxSessions uint64 // 0: no limit, or not known
	inUse       uint64 // of them, sessions that are open
	session     uint64 // valid if open
	open        bool
	readWrite   atomic.Bool // it refuses read-only sessions
	generator   uint64      // mechanism that makes key pairs
}

// Flags of tokens and sessions (PKCS#11 2.40, sections 3.2 and 3.3).
const (
	flagLoginRequired    = 0x4
	flagPINSet           = 0x8   // CKF_USER_PIN_INITIALIZED
	flagPINPad           = 0x100 // CKF_PROTECTED_AUTHENTICATION_PATH
	flagTokenInitialized = 0x400
	flagPINCountLow      = 0x10000
	flagPINFinalTry      = 0x20000
	flagPINLocked        = 0x40000

	sessionReadOnly  = 0x4 // CKF_SERIAL_SESSION
	sessionReadWrite = 0x6
)

// Location returns one that only this token matches, as far as it can tell.
func (t *Token) Location() Location {
	return Location{
		Token: t.Label, Manufacturer: t.Manufacturer, Model: t.Model, Serial: t.Serial,
		Module: t.module.Path,
	}
}

// NeedsLogin reports whether the token shows its private keys after a login
// only.
func (t *Token) NeedsLogin() bool { return t.flags&flagLoginRequired != 0 }

// PINPad reports whether a PIN is given at the token itself, not to a program.
func (t *Token) PINPad() bool { return t.flags&flagPINPad != 0 }

// NeedsPIN reports whether Login needs a PIN.
func (t *Token) NeedsPIN() bool { return t.NeedsLogin() && !t.PINPad() }

// PINState returns what the token says of the tries of its PIN that are left, or
// that it has none; or nothing where there is nothing to say.
func (t *Token) PINState() string {
	state, _ := t.pinState()
	return state
}

// Tokens returns the tokens at the location that are initialized, in the order of
// their slots. A slot that does not answer is an Error only if no other does.
func (m *Module) Tokens(l Location) ([]*Token, error) {
	tokens, silent, err := m.tokens()
	if err == nil && len(tokens) == 0 {
		err = silent
	}
	return slices.DeleteFunc(tokens, func(t *Token) bool { return !t.matches(l) }), err
}

func (m *Module) tokens() (tokens []*Token, silent, err error) {
	slots, err := m.call(atModule, wire.Slots, nil)
	if err != nil {
		return nil, nil, err
	}
	for _, slot := range slots.Numbers {
		t := &Token{module: m, slot: slot}
		switch err := t.refresh(atModule); {
		case is(err, HelperDied, HelperTimeout, HelperProtocol) || errors.Is(err, ErrClosed):
			return nil, nil, err
		case err != nil:
			silent = err
		case t.flags&flagTokenInitialized != 0:
			tokens = append(tokens, t)
		}
	}
	return tokens, silent, nil
}

func (t *Token) refresh(at stage) error {
	info, err := t.module.call(at, wire.Token, []uint64{t.slot})
	if err != nil {
		return err
	}
	t.flags, t.maxSessions, t.inUse = info.Numbers[0], info.Numbers[1], info.Numbers[2]
	t.Label, t.Manufacturer = trimmed(info.Strings[0]), trimmed(info.Strings[1])
	t.Model, t.Serial = trimmed(info.Strings[2]), trimmed(info.Strings[3])
	return nil
}

// Token returns the one token at the location. The codes are TokenNotFound and
// TokenAmbiguous; the details list what there is to choose from.
func (m *Module) Token(l Location) (*Token, error) {
	tokens, silent, err := m.tokens()
	if err != nil {
		return nil, err
	}
	var found []*Token
	for _, t := range tokens {
		if t.matches(l) {
			found = append(found, t)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return nil, &Error{Code: TokenAmbiguous, Detail: listed(found, (*Token).name)}
	case silent != nil:
		return nil, silent
	case len(tokens) == 0:
		return nil, &Error{Code: TokenNotFound, Detail: "the module has none"}
	}
	return nil, &Error{Code: TokenNotFound, Detail: "the module has " + listed(tokens, (*Token).name)}
}

func (t *Token) matches(l Location) bool {
	return (l.Token == "" || l.Token == t.Label) &&
		(l.Manufacturer == "" || l.Manufacturer == t.Manufacturer) &&
		(l.Model == "" || l.Model == t.Model) &&
		(l.Serial == "" || l.Serial == t.Serial)
}

// name is what people tell tokens apart by, written as in a location.
func (t *Token) name() string {
	l := Location{Token: t.Label, Serial: t.Serial}
	return l.String()
}

// HadWrongPIN reports whether the token says that a wrong PIN was given since the
// last right one, and that more than one try is left.
func (t *Token) HadWrongPIN() bool {
	state, code := t.pinState()
	return state != "" && code == ""
}

// CheckPIN looks at the token's flags, as they are now. PINLocked stops. So do
// PINFinalTry and PINNotSet, unless allowFewTries is set. That a wrong PIN was
// given before does not: see HadWrongPIN.
func (t *Token) CheckPIN(allowFewTries bool) error {
	if err := t.refresh(atToken); err != nil {
		return err
	}
	state, code := t.pinState()
	if code == "" || allowFewTries && code != PINLocked {
		return nil
	}
	return &Error{Code: code, Function: "C_GetTokenInfo", Detail: state}
}

func (t *Token) pinState() (state string, code Code) {
	switch {
	case !t.NeedsLogin():
	case t.flags&flagPINLocked != 0:
		return "it is locked", PINLocked
	case t.flags&flagPINFinalTry != 0:
		return "one try is left", PINFinalTry
	case t.flags&flagPINCountLow != 0:
		return "a wrong one was given since the last right one", ""
	case t.flags&flagPINSet == 0:
		return "CKF_USER_PIN_INITIALIZED is not set", PINNotSet
	}
	return "", ""
}

// Session is a token whose private keys can be seen.
type Session struct {
	token *Token
	pin   *secret.Bytes // nil for a PIN pad, and when no key needs it any more
}

// Login logs in as the user, after CheckPIN, and takes the PIN over: it is
// wiped once it is clear that the key does not need it for each decryption, and
// at last by Module.Close. Where there is no need for a PIN (NeedsPIN), it may
// be nil.
//
// C_Login is called once for each Login, for a wrong PIN counts. After
// PINIncorrect, a person may be asked for another PIN; any other second Login to a
// slot in the life of a Module is ErrSecondLogin.
func (t *Token) Login(pin *secret.Bytes, allowFewTries bool) (*Session, error) {
	s := &Session{t, pin}
	t.module.pins = append(t.module.pins, pin)
	if !t.NeedsPIN() {
		s.wipePIN()
	}
	if err := s.login(allowFewTries); err != nil {
		s.wipePIN()
		return nil, err
	}
	return s, nil
}

func (s *Session) login(allowFewTries bool) error {
	t := s.token
	switch {
	case t.module.loggedIn[t.slot]:
		return ErrSecondLogin
	case t.NeedsPIN() && len(s.revealPIN()) == 0:
		return ErrNoPIN
	}
	if err := t.CheckPIN(allowFewTries); err != nil {
		return err
	}
	if t.open { // since before people were asked, and perhaps ended since
		t.closeSession(t.session)
		t.open = false
	}
	if err := t.openSession(); err != nil || !t.NeedsLogin() {
		return err
	}
	t.module.loggedIn[t.slot] = true
	_, err := t.call(wire.Login, []uint64{t.session, normalUser}, s.revealPIN())
	if is(err, PINIncorrect) {
		t.module.loggedIn[t.slot] = false
	}
	return t.explainLogin(err)
}

const normalUser = 1 // CKU_USER

// explainLogin adds what the token says of its PIN after a C_Login that failed,
// where that ends the tries.
func (t *Token) explainLogin(err error) error {
	if e, ok := errors.AsType[*Error](err); ok && e.CKR != ckrOK && t.refresh(atToken) == nil {
		if state, code := t.pinState(); code != "" {
			e.Detail = state
		}
	}
	return err
}

// revealPIN returns the PIN, or nothing, as C_Login wants it for a PIN pad.
func (s *Session) revealPIN() []byte {
	if s.pin == nil {
		return nil
	}
	return s.pin.Reveal()
}

func (s *Session) wipePIN() {
	s.pin.Wipe()
	s.pin = nil
}

func (t *Token) openSession() error {
	if t.open {
		return nil
	}
	session, err := t.newSession()
	t.session, t.open = session, err == nil
	return err
}

// newSession opens a session that only reads, for a token may be protected from
// writing; or one that could write, for a token that knows no other.
func (t *Token) newSession() (uint64, error) {
	if t.readWrite.Load() {
		return t.newSessionAs(sessionReadWrite)
	}
	session, err := t.newSessionAs(sessionReadOnly)
	if e, ok := errors.AsType[*Error](err); ok && slices.Contains([]CKR{ckrFunctionFailed, ckrArgumentsBad, ckrSessionReadOnly}, e.CKR) {
		if session, other := t.newSessionAs(sessionReadWrite); other == nil {
			t.readWrite.Store(true)
			return session, nil
		}
	}
	return session, err
}

func (t *Token) newSessionAs(flags uint64) (uint64, error) {
	a, err := t.call(wire.Open, []uint64{t.slot, flags})
	if err != nil {
		return 0, err
	}
	return a.Numbers[0], nil
}

// closeSession closes a session that is not needed, if the module lets it.
func (t *Token) closeSession(session uint64) { _, _ = t.call(wire.Close, []uint64{session}) }

func (t *Token) call(op wire.Op, numbers []uint64, strings ...[]byte) (*wire.Message, error) {
	return t.module.call(atToken, op, numbers, strings...)
}
