//go:build cgo && (linux || darwin)

package main

import (
	"errors"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/miekg/pkcs11"

	"recover/internal/seccomp"
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
type module struct {
	ctx    atomic.Pointer[context]
	fenced sync.Once
}

// confine takes from this process what no module has a use for, and unless
// network, what leaves the machine. It returns 1 if the kernel does that. Later
// calls change nothing.
func (m *module) confine(network bool) (fenced uint64) {
	m.fenced.Do(func() {
		if seccomp.Helper(network) == nil {
			fenced = 1
		}
	})
	return fenced
}

func (m *module) finalize() {
	if c := m.ctx.Load(); c != nil {
		_ = c.Finalize()
	}
}

// call is one request: numbers and strings in, numbers and strings out. How
// many there are, package wire has checked.
type call func(c *context, n []uint64, s [][]byte) ([]uint64, [][]byte, error)

var calls = map[wire.Op]call{
	wire.Initialize: callInitialize,
	wire.Slots:      callSlots,
	wire.Token:      callToken,
	wire.Mechanism:  callMechanism,
	wire.Open:       callOpen,
	wire.Close:      callClose,
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
		return []uint64{wire.Version, m.confine(q.Numbers[1] == 1)}, [][]byte{[]byte(wire.HelperName)}, nil
	case q.Op == wire.Load && c == nil:
		m.confine(false) // where nobody said Hello
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

func callInitialize(c *context, _ []uint64, s [][]byte) ([]uint64, [][]byte, error) {
	if err := initialize(c, s[0]); err != nil {
		return nil, nil, failed("C_Initialize", err)
	}
	i, err := c.GetInfo()
	return []uint64{uint64(i.LibraryVersion.Major), uint64(i.LibraryVersion.Minor)},
		texts(i.ManufacturerID, i.LibraryDescription), failed("C_GetInfo", err)
}

func callSlots(c *context, _ []uint64, _ [][]byte) ([]uint64, [][]byte, error) {
	slots, err := c.GetSlotList(true)
	return numbers(slots), nil, failed("C_GetSlotList", err)
}

func callToken(c *context, n []uint64, _ [][]byte) ([]uint64, [][]byte, error) {
	t, err := c.GetTokenInfo(uint(n[0]))
	return []uint64{uint64(t.Flags), known(t.MaxSessionCount), known(t.SessionCount)}, texts(t.Label, t.ManufacturerID, t.Model, t.SerialNumber),
		failed("C_GetTokenInfo", err)
}

// known makes 0 of CK_UNAVAILABLE_INFORMATION; CK_EFFECTIVELY_INFINITE is 0
// already.
func known(count uint) uint64 {
	if count == ^uint(0) {
		return 0
	}
	return uint64(count)
}

func callMechanism(c *context, n []uint64, _ [][]byte) ([]uint64, [][]byte, error) {
	i, err := c.GetMechanismInfo(uint(n[0]), []*pkcs11.Mechanism{pkcs11.NewMechanism(uint(n[1]), nil)})
	return []uint64{uint64(i.Flags), uint64(i.MinKeySize), uint64(i.MaxKeySize)}, nil, failed("C_GetMechanismInfo", err)
}

func callOpen(c *context, n []uint64, _ [][]byte) ([]uint64, [][]byte, error) {
	session, err := c.OpenSession(uint(n[0]), uint(n[1]))
	return []uint64{uint64(session)}, nil, failed("C_OpenSession", err)
}

func callClose(c *context, n []uint64, _ [][]byte) ([]uint64, [][]byte, error) {
	return nil, nil, failed("C_CloseSession", c.CloseSession(pkcs11.SessionHandle(n[0])))
}

func callLogin(c *context, n []uint64, s [][]byte) ([]uint64, [][]byte, error) {
	return nil, nil, failed("C_Login", c.Login(pkcs11.SessionHandle(n[0]), uint(n[1]), pinOf(s[0])))
}

// pinOf lets the library have the PIN without one more copy.
func pinOf(pin []byte) string { return unsafe.String(unsafe.SliceData(pin), len(pin)) }

func callAttribute(c *context, n []uint64, _ [][]byte) ([]uint64, [][]byte, error) {
	a, err := c.GetAttributeValue(pkcs11.SessionHandle(n[0]), pkcs11.ObjectHandle(n[1]),
		[]*pkcs11.Attribute{pkcs11.NewAttribute(uint(n[2]), nil)})
	if err != nil {
		return nil, nil, failed("C_GetAttributeValue", err)
	}
	return nil, [][]byte{a[0].Value}, nil
}

func callDecrypt(c *context, n []uint64, s [][]byte) ([]uint64, [][]byte, error) {
	session := pkcs11.SessionHandle(n[0])
	login := func() error {
		if n[3] == 0 {
			return nil
		}
		return c.Login(session, pkcs11.CKU_CONTEXT_SPECIFIC, pinOf(s[1]))
	}
	plaintext, err := decrypt(c, session, pkcs11.ObjectHandle(n[1]), uint(n[2]), s[0], login, s[2])
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
