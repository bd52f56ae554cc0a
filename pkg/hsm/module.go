package hsm

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"recover/internal/secret"
	"recover/pkg/hsm/wire"
)

// Module is a PKCS#11 module, loaded and initialized in a helper of its own. It
// and all that comes from it is for one goroutine at a time, except Decrypter.
type Module struct {
	Path         string
	Manufacturer string // of the library; as it says, to be escaped when shown
	Description  string
	Version      string // "2.6"

	// Fenced tells that the helper has given up other processes' memory, other
	// programs, and without Options.Network what leaves the machine. Where the
	// kernel has no seccomp it has not.
	Fenced bool

	helper   *helper
	sessions int
	pins     []*secret.Bytes // all that Login was given
	loggedIn map[uint64]bool // slots for which C_Login was called
}

// Open starts the helper, and has it load and initialize the module. The
// codes of its Errors are those of the helper and the module.
//
// On Linux, the kernel kills the helper when the thread that Open runs on ends:
// do not call it from a goroutine that ends locked to its thread.
//
// When ctx ends before Open returns, the helper is killed and the error is
// ErrClosed, also where the module hangs. After that, ctx is of no more use.
func Open(ctx context.Context, o Options) (*Module, error) {
	if !filepath.IsAbs(o.Module) {
		return nil, &Error{Code: ModuleLoad, Detail: "not an absolute path: " + quoted(o.Module)}
	}
	path := o.Helper
	if path == "" {
		var err error
		if path, err = DefaultHelper(); err != nil {
			return nil, &Error{Code: HelperMissing, Detail: quoted(err.Error())}
		}
	}
	h, err := start(ctx, path, o.Environment, o.Network, o.Limits)
	if err != nil {
		return nil, err
	}
	m := &Module{Path: o.Module, Fenced: h.fenced, helper: h, sessions: max(0, o.Sessions), loggedIn: make(map[uint64]bool)}
	defer context.AfterFunc(ctx, h.abandon)()
	if err := m.initialize(o.InitArguments); err != nil {
		m.Close()
		if e, ok := errors.AsType[*Error](err); ok {
			e.Stderr = h.stderr.bytes() // all of it, now that the helper has ended
		}
		return nil, err
	}
	return m, nil
}

func (m *Module) initialize(arguments string) error {
	if _, err := m.call(atModule, wire.Load, nil, []byte(m.Path)); err != nil {
		return err
	}
	info, err := m.call(atModule, wire.Initialize, nil, []byte(arguments))
	if err != nil {
		return err
	}
	m.Manufacturer, m.Description = trimmed(info.Strings[0]), trimmed(info.Strings[1])
	m.Version = fmt.Sprintf("%d.%d", info.Numbers[0], info.Numbers[1])
	return nil
}

// trimmed takes off what fills a text of fixed size: blanks, or, against the
// standard, zeros.
func trimmed(text []byte) string { return strings.TrimRight(string(text), " \x00") }

// Close finishes with the module, ends the helper within a few seconds, and
// wipes the PIN. It may be called more than once, but not while Login runs.
func (m *Module) Close() {
	m.helper.close()
	for _, pin := range m.pins {
		pin.Wipe()
	}
}

// Stop ends the helper, within a few seconds, whatever it waits for: all calls
// return ErrClosed. It may be called from any goroutine; Close is still needed.
func (m *Module) Stop() { m.helper.close() }

// call is one request. What a function of the module returned becomes an Error.
func (m *Module) call(at stage, op wire.Op, numbers []uint64, strings ...[]byte) (*wire.Message, error) {
	a, err := m.helper.call(op, numbers, strings...)
	var f *failure
	switch {
	case errors.As(err, &f):
		e := f.toError(at)
		e.Stderr = m.helper.stderr.bytes()
		return nil, e
	case errors.Is(err, wire.ErrSize):
		return nil, &Error{Code: ModuleFailed, Function: functions[op], Detail: err.Error()}
	}
	return a, err
}

func (f *failure) toError(at stage) *Error {
	if !isFunction(f.function) {
		return &Error{Code: HelperProtocol, Detail: quoted(f.function + f.text)}
	}
	e := &Error{Code: codeOf(f.function, f.ckr, at), Function: f.function, CKR: f.ckr}
	if f.text != "" {
		e.Detail = quoted(f.text)
	}
	return e
}

// isFunction reports whether name, which the helper gave, can be shown.
func isFunction(name string) bool {
	letters := strings.TrimPrefix(name, "C_")
	for i := range len(letters) {
		if c := letters[i] | 0x20; c < 'a' || c > 'z' {
			return false
		}
	}
	return letters != "" && len(letters) < 32
}
