package wire

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
)

var examples = []*Message{
	{Kind: Request, Op: Hello, ID: 1, Numbers: []uint64{Version, 1}, Strings: [][]byte{[]byte(AskerName)}},
	{Kind: Answer, Op: Hello, ID: 1, Numbers: []uint64{Version, 1}, Strings: [][]byte{[]byte(HelperName)}},
	{Kind: Failure, Op: Login, ID: 1<<32 - 1, Numbers: []uint64{0xA0}, Strings: [][]byte{[]byte("C_Login"), {}}},
	{Kind: Request, Op: Slots, ID: 7},
	{Kind: Answer, Op: Slots, ID: 7, Numbers: []uint64{0, 1, 1<<64 - 1}},
	{Kind: Request, Op: Decrypt, ID: 9, Numbers: []uint64{1, 2, 3, 0}, Strings: [][]byte{{}, {}, make([]byte, 512)}},
}

func TestRoundTrip(t *testing.T) {
	var pipe bytes.Buffer
	for _, m := range examples {
		if err := Write(&pipe, m); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range examples {
		got, err := Read(&pipe)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("read %+v, %v; want %+v", got, err, want)
		}
	}
	if _, err := Read(&pipe); err != io.EOF {
		t.Errorf("at the end: %v, want EOF", err)
	}
}

func TestFrame(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, examples[0]); err != nil {
		t.Fatal(err)
	}
	const want = "\x00\x00\x00\x25Q\x01\x00\x00\x00\x01" +
		"\x00\x02\x00\x00\x00\x00\x00\x00\x00\x03" + "\x00\x00\x00\x00\x00\x00\x00\x01" + "\x00\x01\x00\x00\x00\x07recover"
	if b.String() != want {
		t.Errorf("Hello is %q, want %q", b.String(), want)
	}
}

func TestReadRefuses(t *testing.T) {
	const slots = "Q\x04\x00\x00\x00\x07\x00\x00\x00\x00"
	for name, c := range map[string]struct {
		in   string
		want error
	}{
		"no byte":              {"\x00\x00\x00\x00", ErrSize},
		"a byte too many":      {"\x00\x01\x00\x01" + strings.Repeat("x", MaxBody+1), ErrSize},
		"4 GiB":                {"\xff\xff\xff\xff", ErrSize},
		"part of a length":     {"\x00\x00", io.ErrUnexpectedEOF},
		"length alone":         {"\x00\x00\x00\x0a", io.ErrUnexpectedEOF},
		"part of a body":       {"\x00\x00\x00\x0a" + slots[:9], io.ErrUnexpectedEOF},
		"text":                 {"\x00\x00\x00\x05hello", ErrForm},
		"a byte after the end": {"\x00\x00\x00\x0b" + slots + "x", ErrForm},
		"unknown kind":         {"\x00\x00\x00\x0ax" + slots[1:], ErrForm},
		"unknown op":           {"\x00\x00\x00\x0aQ\x63" + slots[2:], ErrForm},
		"other op's shape":     {"\x00\x00\x00\x0aQ\x05" + slots[2:], ErrForm},
		"numbers not there":    {"\x00\x00\x00\x0aA\x04\x00\x00\x00\x07\xff\xff\x00\x00", ErrForm},
		"string not there":     {"\x00\x00\x00\x0eQ\x02\x00\x00\x00\x07\x00\x00\x00\x01\xff\xff\xff\xff", ErrForm},
	} {
		if _, err := Read(strings.NewReader(c.in)); err != c.want {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	long := &Message{Kind: Request, Op: Load, Strings: [][]byte{make([]byte, MaxBody)}}
	formless := &Message{Kind: Request, Op: Load}
	for want, m := range map[error]*Message{ErrSize: long, ErrForm: formless} {
		var b bytes.Buffer
		if err := Write(&b, m); !errors.Is(err, want) || b.Len() != 0 {
			t.Errorf("Write: %v and %d bytes, want %v and none", err, b.Len(), want)
		}
	}
}

// remember is a writer that keeps what it is given, without a copy.
type remember struct{ b []byte }

func (r *remember) Write(b []byte) (int, error) { r.b = b; return len(b), nil }

func TestNothingLeftBehind(t *testing.T) {
	var w remember
	pin := []byte("canary-5f1c")
	m := &Message{Kind: Request, Op: Login, Numbers: []uint64{1, 1}, Strings: [][]byte{pin}}
	if err := Write(&w, m); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(w.b, pin) || len(w.b) == 0 {
		t.Errorf("the frame still holds the PIN: %q", w.b)
	}
	m.Wipe()
	if !bytes.Equal(pin, make([]byte, len(pin))) {
		t.Errorf("the message still holds the PIN: %q", pin)
	}
}

// FuzzRead checks that what Read accepts is what Write would send, byte for
// byte, so that a message has one encoding only.
func FuzzRead(f *testing.F) {
	for _, m := range examples {
		var b bytes.Buffer
		if err := Write(&b, m); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		r := bytes.NewReader(in)
		m, err := Read(r)
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := Write(&out, m); err != nil {
			t.Fatalf("Write of what was read: %v", err)
		}
		if read := in[:len(in)-r.Len()]; !bytes.Equal(read, out.Bytes()) {
			t.Errorf("read %x, wrote %x", read, out.Bytes())
		}
	})
}
