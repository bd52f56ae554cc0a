package secret

import (
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
)

func TestNeverShown(t *testing.T) {
	s := New([]byte("canary-5f1c"))
	defer s.Wipe()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		for _, v := range []any{s, []*Bytes{s}, struct{ S *Bytes }{s}, struct{ s *Bytes }{s}, &struct{ s *Bytes }{s}, map[string]*Bytes{"k": s}} {
			out := fmt.Sprintf(verb, v)
			if strings.Contains(out, "canary") || strings.Contains(out, "63616e") || strings.Contains(out, "99 97 110") {
				t.Errorf("%s of %T shows the secret: %s", verb, v, out)
			}
		}
	}
	if _, err := json.Marshal(s); !errors.Is(err, ErrShown) {
		t.Errorf("json.Marshal: %v, want ErrShown", err)
	}
	if err := gob.NewEncoder(io.Discard).Encode(s); !errors.Is(err, ErrShown) {
		t.Errorf("gob: %v, want ErrShown", err)
	}
	if reflect.TypeFor[Bytes]().Comparable() {
		t.Error("two secrets can be compared with ==")
	}
	same, other := New([]byte("canary-5f1c")), New([]byte("canary-5f1d"))
	defer same.Wipe()
	defer other.Wipe()
	if !s.Equal(same) || s.Equal(other) || s.Equal(New(nil)) {
		t.Error("Equal is wrong")
	}
}

func TestWipe(t *testing.T) {
	b := make([]byte, 4, 8)
	copy(b[:8], "canarie!")
	s := New(b)
	s.Wipe()
	if s.Len() != 0 || string(b[:8]) != strings.Repeat("\x00", 8) {
		t.Errorf("after Wipe: len %d, bytes %q", s.Len(), b[:8])
	}
	s.Wipe()
	(*Bytes)(nil).Wipe()
}
