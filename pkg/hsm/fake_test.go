package hsm

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/big"
	"os"
	"strings"
	"time"

	"recover/fixtures/testkey"
	"recover/pkg/hsm/wire"
)

// The test binary started with FAKE_HELPER in its environment is a helper in
// plain Go, which does one thing wrong at Hello, or is a token of its own (mode
// token) with testkey.Small() in it.

func fakeOptions(mode string, settings ...string) Options {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return Options{
		Module: "/fake/module.so", Helper: self,
		Environment: append(settings, "FAKE_HELPER="+mode),
	}
}

func fakeHelper(mode string) {
	token := newFakeToken()
	for {
		q, err := wire.Read(os.Stdin)
		if err != nil {
			endQuickly()
		}
		if q.Op == wire.Hello && mode != "token" {
			fakeFault(mode, q)
			continue
		}
		a := token.answer(q)
		a.Op, a.ID = q.Op, q.ID
		if err := wire.Write(os.Stdout, a); err != nil {
			panic(err)
		}
	}
}

// endQuickly does without the second that the race detector waits at an exit.
func endQuickly() {
	if self, err := os.FindProcess(os.Getpid()); err == nil {
		_ = self.Kill()
	}
	select {}
}

func fakeFault(mode string, q *wire.Message) {
	hello := &wire.Message{
		Kind: wire.Answer, Op: q.Op, ID: q.ID,
		Numbers: []uint64{wire.Version}, Strings: [][]byte{[]byte(wire.HelperName)},
	}
	switch mode {
	case "oversize":
		fmt.Print("\x00\x01\x00\x01")
	case "text":
		fmt.Print("hello, world")
	case "malformed":
		fmt.Print("\x00\x00\x00\x05hello")
	case "truncated":
		var b bytes.Buffer
		_ = wire.Write(&b, hello)
		_, _ = os.Stdout.Write(b.Bytes()[:b.Len()-1])
		os.Exit(0)
	case "silent":
		time.Sleep(time.Hour)
	case "deaf": // reads no more
		_ = wire.Write(os.Stdout, hello)
		time.Sleep(time.Hour)
	case "closed":
		_ = os.Stdout.Close()
		time.Sleep(time.Hour)
	case "flood":
		fmt.Fprint(os.Stderr, strings.Repeat("x", 10000)+"the last words")
		os.Exit(3)
	case "version":
		hello.Numbers[0]++
	case "name":
		hello.Strings[0] = []byte(wire.AskerName)
	case "unasked":
		hello.ID++
	case "other-op":
		hello = &wire.Message{Kind: wire.Answer, Op: wire.Load, ID: q.ID}
	}
	_ = wire.Write(os.Stdout, hello)
}

// A fakeToken has keys that are all the same one, with the IDs 1, 2 …
type fakeToken struct {
	tokens, keys      int
	flags             uint64
	diesAt, decrypted int
}

func newFakeToken() *fakeToken {
	f := &fakeToken{tokens: 1, keys: 1}
	for name, field := range map[string]*int{"FAKE_TOKENS": &f.tokens, "FAKE_KEYS": &f.keys, "FAKE_DIES_AT": &f.diesAt} {
		_, _ = fmt.Sscan(os.Getenv(name), field)
	}
	_, _ = fmt.Sscanf(os.Getenv("FAKE_FLAGS"), "0x%x", &f.flags)
	f.flags |= flagTokenInitialized
	return f
}

func (f *fakeToken) answer(q *wire.Message) *wire.Message {
	numbers, texts := []uint64{}, [][]byte{}
	switch q.Op {
	case wire.Hello:
		numbers, texts = []uint64{wire.Version}, [][]byte{[]byte(wire.HelperName)}
	case wire.Initialize:
		numbers, texts = []uint64{1, 0}, [][]byte{[]byte("nobody"), []byte("fake")}
	case wire.Slots:
		for i := range f.tokens {
			numbers = append(numbers, uint64(i))
		}
	case wire.Token:
		numbers = []uint64{f.flags}
		texts = [][]byte{[]byte("fake"), []byte("nobody\x00\x00"), []byte("none  "), fmt.Append(nil, q.Numbers[0])}
	case wire.Mechanism:
		return fakeFailure("C_GetMechanismInfo", ckrMechanismInvalid)
	case wire.Open:
		numbers = []uint64{1}
	case wire.Find:
		for i := range f.keys {
			if id := q.Strings[1]; len(id) == 0 || string(id) == string(rune(i+1)) {
				numbers = append(numbers, uint64(i+1))
			}
		}
	case wire.Attribute:
		return f.attribute(q)
	case wire.Decrypt:
		return f.decrypt(q)
	}
	return &wire.Message{Kind: wire.Answer, Numbers: numbers, Strings: texts}
}

func fakeFailure(function string, ckr CKR) *wire.Message {
	return &wire.Message{Kind: wire.Failure, Numbers: []uint64{uint64(ckr)}, Strings: [][]byte{[]byte(function), {}}}
}

func (f *fakeToken) attribute(q *wire.Message) *wire.Message {
	key := testkey.Small()
	value, ok := map[uint64][]byte{
		attributeLabel:          []byte("key"),
		attributeID:             {byte(q.Numbers[1])},
		attributeModulus:        key.N.Bytes(),
		attributePublicExponent: binary.BigEndian.AppendUint32(nil, uint32(key.E)),
	}[q.Numbers[2]]
	if !ok {
		return fakeFailure("C_GetAttributeValue", ckrAttributeTypeInvalid)
	}
	return &wire.Message{Kind: wire.Answer, Strings: [][]byte{value}}
}

func (f *fakeToken) decrypt(q *wire.Message) *wire.Message {
	if q.Numbers[2] != mechanismRaw {
		return fakeFailure("C_DecryptInit", ckrMechanismInvalid)
	}
	if f.decrypted++; f.decrypted == f.diesAt {
		os.Exit(9)
	}
	key := testkey.Small()
	m := new(big.Int).Exp(new(big.Int).SetBytes(q.Strings[2]), key.D, key.N)
	return &wire.Message{Kind: wire.Answer, Strings: [][]byte{m.Bytes()}} // without leading zeros
}
