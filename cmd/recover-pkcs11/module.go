//go:build cgo && (linux || darwin)

package main

import (
	"errors"
	"sync/atomic"
	"unsafe"

	"github.com/miekg/pkcs11"

	"recover/pkg/hsm/wire"
)

// failure is a function that failed: with a CK_RV, or with a text.
type failure struct {
	function string
	ckr      uint64
	text     string
}

func (f *failure) Error() string { return f.function + ": " + f.text }

// failed names the function that err comes from; nil stays nil.
func failed(function string, err error) error {
	var ckr pkcs11.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &ckr):
		return &failure{function: function, ckr: uint64(ckr)}
	}
	return &failure{function: function, text: err.Error()}
}

// module is the one module of this process, once it is loaded.
type module struct{ ctx atomic.Pointer[pkcs11.Ctx] }

func (m *module) finalize() {
	if c := m.ctx.Load(); c != nil {
		_ = c.Finalize()
	}
}

// call is one request: numbers and strings in, numbers and strings out. How
// many there are, package wire has checked.
type call func(c *pkcs11.Ctx, n []uint64, s [][]byte) ([]uint64, [][]byte, error)

var calls = map[wire.Op]call{
	wire.Initialize: callInitialize,
	wire.Slots:      callSlots,
	wire.Token:      callToken,
	wire.Mechanism:  callMechanism,
	wire.Open:       callOpen,
	wire.Login:      callLogin,
	wire.Find:       callFind,
	wire.Attribute:  callAttribute,
	wire.Decrypt:    callDecrypt,
	wire.Generate:   callGenerate,
}

func (m *module) do(q *wire.Message) ([]uint64, [][]byte, error) {
	if q.Kind != wire.Request {
		return nil, nil, errors.New("not a request")
	}
	c := m.ctx.Load()
	switch {
	case q.Op == wire.Hello:
		return []uint64{wire.Version}, [][]byte{[]byte(wire.HelperName)}, nil
	case q.Op == wire.Load && c == nil:
		c, err := load(string(q.Strings[0]))
		m.ctx.Store(c)
		return nil, nil, err
	case q.Op == wire.Load:
		return nil, nil, errors.New("a module is loaded already")
	case c == nil:
		return nil, nil, errors.New("no module is loaded")
	}
	return calls[q.Op](c, q.Numbers, q.Strings)
}

func callInitialize(c *pkcs11.Ctx, _ []uint64, s [][]byte) ([]uint64, [][]byte, error) {
	if err := initialize(c, s[0]); err != nil {
		return nil, nil, failed("C_Initialize", err)
	}
	i, err := c.GetInfo()
	return []uint64{uint64(i.LibraryVersion.Major), uint64(i.LibraryVersion.Minor)},
		texts(i.ManufacturerID, i.LibraryDescription), failed("C_GetInfo", err)
}

func callSlots(c *pkcs11.Ctx, _ []uint64, _ [][]byte) ([]uint64, [][]byte, error) {
	slots, err := c.GetSlotList(true)
	return numbers(slots), nil, failed("C_GetSlotList", err)
}

func callToken(c *pkcs11.Ctx, n []uint64, _ [][]byte) ([]uint64, [][]byte, error) {
	t, err := c.GetTokenInfo(uint(n[0]))
	return []uint64{uint64(t.Flags)}, texts(t.Label, t.ManufacturerID, t.Model, t.SerialNumber),
		failed("C_GetTokenInfo", err)
}

func callMechanism(c *pkcs11.Ctx, n []uint64, _ [][]byte) ([]uint64, [][]byte, error) {
	i, err := c.GetMechanismInfo(uint(n[0]), []*pkcs11.Mechanism{pkcs11.NewMechanism(uint(n[1]), nil)})
	return []uint64{uint64(i.Flags)}, nil, failed("C_GetMechanismInfo", err)
}

func callOpen(c *pkcs11.Ctx, n []uint64, _ [][]byte) ([]uint64, [][]byte, error) {
	session, err := c.OpenSession(uint(n[0]), uint(n[1]))
	return []uint64{uint64(session)}, nil, failed("C_OpenSession", err)
}

func callLogin(c *pkcs11.Ctx, n []uint64, s [][]byte) ([]uint64, [][]byte, error) {
	return nil, nil, failed("C_Login", c.Login(pkcs11.SessionHandle(n[0]), uint(n[1]), pinOf(s[0])))
}

// pinOf lets the library have the PIN without one more copy.
func pinOf(pin []byte) string { return unsafe.String(unsafe.SliceData(pin), len(pin)) }

func callAttribute(c *pkcs11.Ctx, n []uint64, _ [][]byte) ([]uint64, [][]byte, error) {
	a, err := c.GetAttributeValue(pkcs11.SessionHandle(n[0]), pkcs11.ObjectHandle(n[1]),
		[]*pkcs11.Attribute{pkcs11.NewAttribute(uint(n[2]), nil)})
	if err != nil {
		return nil, nil, failed("C_GetAttributeValue", err)
	}
	return nil, [][]byte{a[0].Value}, nil
}

func callDecrypt(c *pkcs11.Ctx, n []uint64, s [][]byte) ([]uint64, [][]byte, error) {
	session, key := pkcs11.SessionHandle(n[0]), pkcs11.ObjectHandle(n[1])
	mechanism := []*pkcs11.Mechanism{pkcs11.NewMechanism(uint(n[2]), nil)}
	if n[2] == pkcs11.CKM_RSA_PKCS_OAEP {
		var free func()
		mechanism, free = oaepMechanism(s[0])
		defer free()
	}
	login := func() error {
		if n[3] == 0 {
			return nil
		}
		return c.Login(session, pkcs11.CKU_CONTEXT_SPECIFIC, pinOf(s[1]))
	}
	plaintext, err := decrypt(c, session, key, mechanism, login, s[2])
	return nil, [][]byte{plaintext}, err
}

// numbers widens slots and handles.
func numbers[N ~uint](in []N) []uint64 {
	out := make([]uint64, len(in))
	for i, n := range in {
		out[i] = uint64(n)
	}
	return out
}

func texts(in ...string) [][]byte {
	out := make([][]byte, len(in))
	for i, s := range in {
		out[i] = []byte(s)
	}
	return out
}
