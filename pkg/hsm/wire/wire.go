// Package wire is what recover and its helper recover-pkcs11 say to each other,
// over the helper's stdin and stdout.
//
// A frame is a length of 4 bytes, big-endian, from 1 to 65536, and a body of
// that many bytes:
//
//	kind     1 byte     'Q' a request, 'A' its answer, 'F' its failure
//	op       1 byte     what is asked; the answer repeats it
//	id       4 bytes    chosen by the asker, repeated in the answer
//	numbers  2 bytes    how many, then 8 bytes each
//	strings  2 bytes    how many, then each as a length of 4 bytes and its bytes
//
// All numbers are big-endian. How many numbers and strings there are is fixed
// for each op and kind (the table shapes), and a body ends where its last
// string ends. An answer has another kind than a request, so that a helper that
// echoes is found out. A failure holds the CKR number that a function of the
// module returned, or 0, then the function's name and a text.
//
// The first request is Hello, and both sides give the protocol's version and
// their own name in it. The others may be asked at the same time; answers come
// in any order. Where stdin ends, the helper ends.
package wire

import (
	"encoding/binary"
	"errors"
	"io"
)

// Version is the version of the protocol.
const Version = 3

// MaxFound is the number of objects that an answer to Find holds at most.
const MaxFound = 4096

// MaxBody is the size of the largest body, in bytes.
const MaxBody = 64 << 10

// What the two sides call themselves in Hello.
const (
	AskerName  = "recover"
	HelperName = "recover-pkcs11"
)

// Kind tells a request from an answer.
type Kind byte

// The kinds of messages.
const (
	Request Kind = 'Q'
	Answer  Kind = 'A'
	Failure Kind = 'F'
)

// Op is what a request asks for.
type Op byte

// The ops, with numbers and strings of the request → those of the answer.
const (
	Hello      Op = iota + 1 // version, 1 if the module may use the network; name → version, 1 if the helper is fenced; name
	Load                     // path → nothing. dlopen, and a look at C_GetFunctionList
	Initialize               // arguments, or none → library version, major and minor; manufacturer, description
	Slots                    // nothing → the slots with a token in them
	Token                    // slot → flags, sessions at most, sessions open (0: no limit, or not known); label, manufacturer, model, serial number
	Mechanism                // slot, mechanism → flags, smallest and largest key size
	Open                     // slot, flags → session
	Login                    // session, user type; PIN, or none for a PIN pad → nothing
	Find                     // session, class; label, ID (each may be empty) → RSA key objects, at most MaxFound
	Attribute                // session, object, attribute type → its value
	Decrypt                  // session, key, mechanism, 1 to log in for this key; label, PIN, ciphertext → plaintext
	Generate                 // session, mechanism; label, ID → public key object, private key object
	Close                    // session → nothing
)

// several stands for any number of numbers.
const several = -1

type shape struct{ numbers, strings int }

var shapes = map[Op]struct{ request, answer shape }{
	Hello:      {shape{2, 1}, shape{2, 1}},
	Load:       {shape{0, 1}, shape{0, 0}},
	Initialize: {shape{0, 1}, shape{2, 2}},
	Slots:      {shape{0, 0}, shape{several, 0}},
	Token:      {shape{1, 0}, shape{3, 4}},
	Mechanism:  {shape{2, 0}, shape{3, 0}},
	Open:       {shape{2, 0}, shape{1, 0}},
	Login:      {shape{2, 1}, shape{0, 0}},
	Find:       {shape{2, 2}, shape{several, 0}},
	Attribute:  {shape{3, 0}, shape{0, 1}},
	Decrypt:    {shape{4, 3}, shape{0, 1}},
	Generate:   {shape{2, 2}, shape{2, 0}},
	Close:      {shape{1, 0}, shape{0, 0}},
}

var failureShape = shape{1, 2}

func (m *Message) hasShape() bool {
	op, ok := shapes[m.Op]
	want := failureShape
	switch m.Kind {
	case Request:
		want = op.request
	case Answer:
		want = op.answer
	case Failure:
	default:
		return false
	}
	return ok && (want.numbers == several || len(m.Numbers) == want.numbers) && len(m.Strings) == want.strings
}

// Message is a request or an answer.
type Message struct {
	Kind    Kind
	Op      Op
	ID      uint32
	Numbers []uint64
	Strings [][]byte
}

// Wipe overwrites the strings, for they may hold a PIN or a plaintext.
func (m *Message) Wipe() {
	for _, s := range m.Strings {
		clear(s)
	}
}

var (
	// ErrSize is a body of no byte or of more than MaxBody bytes.
	ErrSize = errors.New("a message of no byte or of more than 65536")
	// ErrForm is a body that is not one message of a known op, kind and shape.
	ErrForm = errors.New("a message that is malformed or of an unknown form")
)

// Write sends m as one frame, with one call of w.Write. It returns ErrSize and
// ErrForm, before anything is written, and the errors of w. No copy of the
// strings is left behind.
func Write(w io.Writer, m *Message) error {
	if !m.hasShape() {
		return ErrForm
	}
	size := m.size()
	if size > MaxBody {
		return ErrSize
	}
	b := make([]byte, 0, 4+size)
	defer func() { clear(b[:cap(b)]) }()
	b = binary.BigEndian.AppendUint32(b, uint32(size))
	b = m.append(b)
	_, err := w.Write(b)
	return err
}

func (m *Message) size() int {
	size := 1 + 1 + 4 + 2 + 8*len(m.Numbers) + 2
	for _, s := range m.Strings {
		size += 4 + len(s)
	}
	return size
}

func (m *Message) append(b []byte) []byte {
	b = append(b, byte(m.Kind), byte(m.Op))
	b = binary.BigEndian.AppendUint32(b, m.ID)
	b = binary.BigEndian.AppendUint16(b, uint16(len(m.Numbers)))
	for _, n := range m.Numbers {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	b = binary.BigEndian.AppendUint16(b, uint16(len(m.Strings)))
	for _, s := range m.Strings {
		b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
		b = append(b, s...)
	}
	return b
}

// Read receives one frame. It reads no byte past it, and takes no more memory
// than a few times MaxBody. The errors are io.EOF where r ends between two
// frames, io.ErrUnexpectedEOF where it ends within one, ErrSize, ErrForm and
// those of r.
func Read(r io.Reader) (*Message, error) {
	var length [4]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(length[:])
	if size == 0 || size > MaxBody {
		return nil, ErrSize
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(r, body); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	m, ok := parse(body)
	if !ok || !m.hasShape() {
		return nil, ErrForm
	}
	return m, nil
}
