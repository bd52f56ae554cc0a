//go:build cgo && (linux || darwin)

// Recover-pkcs11 loads the PKCS#11 module of a token for recover, and calls it.
// What it is asked over stdin, and answers over stdout, is in package wire. It
// decides nothing: each request is one call of the module, or a few that belong
// together. It is a process of its own because a static program cannot load a
// shared object, and because what a vendor's module does should not be done
// where keys are.
package main

import (
	"errors"
	"io"
	"os"
	"os/signal"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"recover/pkg/hsm/wire"
)

func main() {
	if len(os.Args) != 1 {
		fail("takes no arguments: it is started by recover")
	}
	// A ^C at the terminal is for recover, which closes the pipe if it ends.
	signal.Ignore(unix.SIGINT, unix.SIGQUIT, unix.SIGHUP)
	diePlainly()
	if err := harden(); err != nil {
		fail(err.Error())
	}
	in, out, err := takePipes()
	if err != nil {
		fail(err.Error())
	}
	s := &server{out: out}
	for {
		q, err := wire.Read(in)
		if err != nil {
			s.end(err)
		}
		// In a goroutine, so that the end of in is seen while the module works.
		go s.serve(q)
	}
}

func fail(text string) {
	_, _ = os.Stderr.WriteString("recover-pkcs11: " + text + "\n")
	os.Exit(1)
}

type server struct {
	module module

	mu  sync.Mutex
	out io.Writer
}

func (s *server) serve(q *wire.Message) {
	a := &wire.Message{Kind: wire.Answer, Op: q.Op, ID: q.ID}
	var err error
	a.Numbers, a.Strings, err = s.module.do(q)
	q.Wipe()
	if err != nil {
		fillFailure(a, err)
	}
	err = s.send(a)
	a.Wipe()
	if errors.Is(err, wire.ErrSize) {
		fillFailure(a, err)
		err = s.send(a)
	}
	if err != nil {
		s.end(err)
	}
}

func (s *server) send(a *wire.Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return wire.Write(s.out, a)
}

func fillFailure(a *wire.Message, err error) {
	var f *failure
	if !errors.As(err, &f) {
		f = &failure{text: err.Error()}
	}
	a.Kind = wire.Failure
	a.Numbers = []uint64{f.ckr}
	a.Strings = [][]byte{[]byte(f.function), []byte(f.text)}
}

// end leaves the token in good order, if it does not take long.
func (s *server) end(err error) {
	status := 0
	if err != io.EOF {
		status = 1
	}
	time.AfterFunc(2*time.Second, func() { os.Exit(status) })
	s.module.finalize()
	os.Exit(status)
}
