package hsm

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"recover/pkg/hsm/wire"
)

// helper is a running recover-pkcs11. It may be called from several goroutines.
type helper struct {
	process *os.Process
	in, out *os.File // requests, answers
	network bool     // the module may use it
	fenced  bool     // as the helper says in its answer to Hello
	limits  Limits
	stderr  tail

	exited chan struct{} // closed after state is set
	state  string

	mu      sync.Mutex // for what follows, and to keep requests whole
	last    uint32
	waiting map[uint32]*question

	once  sync.Once
	ended chan struct{} // closed after fault is set
	fault error
}

type question struct {
	op     wire.Op
	answer chan *wire.Message // has room for it
}

// start runs the program at path and says Hello to it. It uses no os/exec: a
// path is all there is to it.
func start(ctx context.Context, path string, environment []string, network bool, limits Limits) (*helper, error) {
	if !filepath.IsAbs(path) {
		return nil, &Error{Code: HelperMissing, Detail: "not an absolute path: " + quoted(path)}
	}
	h := &helper{
		network: network,
		limits:  limits.orDefault(),
		exited:  make(chan struct{}),
		waiting: make(map[uint32]*question),
		ended:   make(chan struct{}),
	}
	if err := h.run(path, helperEnvironment(environment)); err != nil {
		return nil, &Error{Code: HelperMissing, Detail: quoted(err.Error())}
	}
	go h.readAnswers()
	defer context.AfterFunc(ctx, h.abandon)()
	if err := h.greet(); err != nil {
		h.close()
		return nil, err
	}
	return h, nil
}

func (h *helper) run(path string, environment []string) error {
	var ours, theirs [3]*os.File
	defer closeAll(theirs[:])
	for fd := range ours {
		r, w, err := os.Pipe()
		if err != nil {
			closeAll(ours[:])
			return err
		}
		ours[fd], theirs[fd] = r, w
		if fd == 0 {
			ours[fd], theirs[fd] = w, r
		}
	}
	process, err := os.StartProcess(path, []string{path}, &os.ProcAttr{Env: environment, Files: theirs[:]})
	if err != nil {
		closeAll(ours[:])
		return err
	}
	h.process, h.in, h.out = process, ours[0], ours[1]
	go h.watch(ours[2])
	return nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		_ = f.Close() // on nil, an error
	}
}

// watch waits for the helper's end, and keeps its stderr from filling up. A
// child of the module may hold stdout and stderr open for ever; the exit is what
// counts, and what was answered before it.
func (h *helper) watch(stderr *os.File) {
	drained := make(chan struct{})
	go func() {
		_, _ = io.Copy(&h.stderr, stderr)
		close(drained)
	}()
	h.state = "it was killed"
	if state, err := h.process.Wait(); err == nil {
		h.state = state.String()
	}
	select {
	case <-drained:
	case <-time.After(200 * time.Millisecond):
	}
	_ = stderr.Close()
	_ = h.out.SetReadDeadline(time.Now().Add(deathTime))
	close(h.exited)
}

func (h *helper) greet() error {
	hello, err := h.call(wire.Hello, []uint64{wire.Version, asNumber(h.network)}, []byte(wire.AskerName))
	if err != nil {
		return err
	}
	switch {
	case string(hello.Strings[0]) != wire.HelperName:
		return &Error{Code: HelperProtocol, Detail: "it is another program"}
	case hello.Numbers[0] != wire.Version:
		return &Error{Code: HelperProtocol, Detail: "it speaks another version of it"}
	}
	h.fenced = hello.Numbers[1] == 1
	return nil
}

func asNumber(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// functions are what an op is called by in errors of the helper.
var functions = map[wire.Op]string{
	wire.Load:       "dlopen",
	wire.Initialize: "C_Initialize",
	wire.Slots:      "C_GetSlotList",
	wire.Token:      "C_GetTokenInfo",
	wire.Mechanism:  "C_GetMechanismInfo",
	wire.Open:       "C_OpenSession",
	wire.Login:      "C_Login",
	wire.Find:       "C_FindObjects",
	wire.Attribute:  "C_GetAttributeValue",
	wire.Decrypt:    "C_Decrypt",
	wire.Generate:   "C_GenerateKeyPair",
	wire.Close:      "C_CloseSession",
}

func (h *helper) limit(op wire.Op) time.Duration {
	switch op {
	case wire.Login, wire.Decrypt:
		return h.limits.Long
	case wire.Generate:
		return h.limits.Generate
	}
	return h.limits.Short
}

// call asks, and waits for the answer: a *failure of the module, an *Error of
// the helper, or wire.ErrSize. No copy of the strings is left behind here.
//
// From the first login on, what the helper writes to stderr is dropped: modules
// are known that print PINs.
func (h *helper) call(op wire.Op, numbers []uint64, strings ...[]byte) (*wire.Message, error) {
	if op == wire.Login || op == wire.Decrypt {
		h.stderr.silence()
	}
	q := &question{op, make(chan *wire.Message, 1)}
	timer := time.AfterFunc(h.limit(op), func() {
		h.stop(&Error{Code: HelperTimeout, Function: functions[op], Detail: "within " + h.limit(op).String()}, 0)
	})
	defer timer.Stop()
	if err := h.ask(q, numbers, strings); errors.Is(err, wire.ErrSize) {
		return nil, err
	} // any other is one of a helper that has ended, which readAnswers finds out
	select {
	case a := <-q.answer:
		return answerOf(a)
	case <-h.ended:
	}
	select {
	case a := <-q.answer: // it came just before the end
		return answerOf(a)
	default:
		return nil, h.faultDuring(op)
	}
}

// pause waits, unless the helper ends.
func (h *helper) pause(d time.Duration) {
	select {
	case <-time.After(d):
	case <-h.ended:
	}
}

// ask sends one request. Where the helper does not read, the pipe fills up, and
// the time limit unblocks it.
func (h *helper) ask(q *question, numbers []uint64, strings [][]byte) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last++
	h.waiting[h.last] = q
	return wire.Write(h.in, &wire.Message{Kind: wire.Request, Op: q.op, ID: h.last, Numbers: numbers, Strings: strings})
}

// failure is what a function of the module returned.
type failure struct {
	function string
	ckr      CKR
	text     string
}

func (f *failure) Error() string { return f.function }

func answerOf(a *wire.Message) (*wire.Message, error) {
	if a.Kind == wire.Failure {
		return nil, &failure{string(a.Strings[0]), CKR(a.Numbers[0]), string(a.Strings[1])}
	}
	return a, nil
}
