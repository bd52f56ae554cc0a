package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"recover/internal/plaintext"
)

func utf16le(text string) string {
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(text)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return string(b)
}

func TestRead(t *testing.T) {
	const want = "[{1 [name address]} {2 [a 0x1]}]"
	for name, c := range map[string][2]string{
		"plain":         {"name,address\na,0x1\n", want},
		"CRLF, no end":  {"name,address\r\na,0x1", want},
		"semicolons":    {"name;address\na;0x1\n", want},
		"tabs":          {"name\taddress\na\t0x1\n", want},
		"bars":          {"name|address\na | 0x1\n", want},
		"quotes":        {"\"name\",\"address\"\n\"a\",\"0x1\"\n", want},
		"blanks":        {" name , address \n\ta ,\u00a00x1\u200b\n", want},
		"as text":       {"name,address\n'a,=\"0x1\"\n", want},
		"UTF-8 mark":    {"\xef\xbb\xbfname,address\na,0x1\n", want},
		"UTF-16":        {utf16le("name;address\r\na;0x1\r\n"), want},
		"Latin-1":       {"n\xe4me,address\na,0x1\n", "[{1 [näme address]} {2 [a 0x1]}]"},
		"named":         {"sep=;\nname;address\n\n;;\na;0x1\n", "[{2 [name address]} {5 [a 0x1]}]"},
		"one column":    {"address\n\n0x1\n", "[{1 [address]} {3 [0x1]}]"},
		"several lines": {"a,\"b\nc\"\nd,e\n", "[{1 [a b\nc]} {3 [d e]}]"},
	} {
		rows, err := Read([]byte(c[0]))
		if got := fmt.Sprint(rows); err != nil || got != c[1] {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	for text, want := range map[string]error{"": ErrNone, "\n ,,\n": ErrNone, "PK\x03\x04\x00": ErrNone, strings.Repeat(",", maxCells): ErrSize} {
		if _, err := Read([]byte(text)); !errors.Is(err, want) {
			t.Errorf("%.10q: %v", text, err)
		}
	}
	if _, err := Read(make([]byte, MaxSize+1)); err != ErrSize {
		t.Error(err)
	}
}

// FuzzRead holds that rows are in order, not empty, and without blanks around.
func FuzzRead(f *testing.F) {
	f.Add([]byte("sep=;\na;b\n"))
	f.Add([]byte("\"a\nb\",c\r\nd\n"))
	f.Add([]byte(utf16le("a,b\n")))
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, err := Read(data)
		if err == nil && len(rows) == 0 {
			t.Error("neither rows nor an error")
		}
		decoded, _ := plaintext.Decode(data, MaxSize)
		last := 0
		for _, r := range rows {
			if r.Line <= last || r.Line > 1+bytes.Count(decoded, []byte("\n"))+bytes.Count(decoded, []byte("\r")) {
				t.Errorf("line %d after %d", r.Line, last)
			}
			last = r.Line
			if strings.Join(r.Cells, "") == "" {
				t.Errorf("line %d is empty", r.Line)
			}
			for _, c := range r.Cells {
				if strings.TrimSpace(c) != c {
					t.Errorf("%q has blanks around it", c)
				}
			}
		}
	})
}
