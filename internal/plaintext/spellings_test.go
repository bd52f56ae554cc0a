package plaintext

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"
)

func TestSpellings(t *testing.T) {
	if got := Spellings([]byte("correct horse")); len(got) != 1 || string(got[0]) != "correct horse" {
		t.Errorf("plain ASCII: %q", got)
	}
	for given, set := range map[string]string{
		"Gru\u0308\u00dfe":      "Gr\u00fc\u00dfe", // typed on one system, set on another
		"Gr\u00fc\u00dfe":       "Gru\u0308\u00dfe",
		"Gr\u00fc\u00dfe ":      "Gr\u00fc\u00dfe",
		"Gr\xfc\xdfe":           "Gr\u00fc\u00dfe", // a line in Latin-1
		"\ufeffcorrect horse":   "correct horse",
		"correct\u00a0horse":    "correct horse",
		"correct horse\u200b\t": "correct horse",
		"\ufeff":                "\ufeff",
		"e\u0301t\u00e9":        "\u00e9t\u00e9",
	} {
		all := Spellings([]byte(given))
		if string(all[0]) != given {
			t.Errorf("%q: not tried first as it was given: %q", given, all)
		}
		if !slices.ContainsFunc(all, func(b []byte) bool { return string(b) == set }) {
			t.Errorf("%q: %q is not tried: %q", given, set, all)
		}
	}
	if all := Spellings([]byte("Gr\u00fc\u00dfe")); !slices.ContainsFunc(all, func(b []byte) bool { return string(b) == "Gr\xfc\xdfe" }) {
		t.Errorf("Latin-1 is not tried: %q", all)
	}
}

// A file in UTF-16 is read line by line up to the byte of an LF.
func TestLine(t *testing.T) {
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		file := utf16Text(order, true, "correct horse\r\n1234\r\n")
		lines := bytes.SplitAfter(file, []byte("\n"))
		for i, want := range []string{"correct horse", "1234"} {
			line := bytes.TrimSuffix(bytes.TrimSuffix(lines[i], []byte("\n")), []byte("\r"))
			if got := string(Line(line)); got != want {
				t.Errorf("%v: line %d is %q, want %q", order, i+1, got, want)
			}
			if all := Spellings(line); !slices.ContainsFunc(all, func(b []byte) bool { return string(b) == want }) {
				t.Errorf("%v: %q is not tried: %q", order, want, all)
			}
		}
	}
	for in, want := range map[string]string{"": "", "1": "1", "1234": "1234", "\ufeff1234": "1234", "\ufeff\ufeff": "\ufeff", "gr\u00fcn ": "gr\u00fcn "} {
		if got := string(Line([]byte(in))); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func FuzzSpellings(f *testing.F) {
	f.Add([]byte("\ufeffe\u0301 \xe9"))
	f.Fuzz(func(t *testing.T, passphrase []byte) {
		if len(passphrase) > 1024 {
			return
		}
		own := bytes.Clone(passphrase)
		all := Spellings(passphrase)
		if len(all) == 0 || len(all) > maxSpellings || !bytes.Equal(all[0], own) {
			t.Fatalf("%q: %q", own, all)
		}
		clear(all[0])
		if !bytes.Equal(own, passphrase) {
			t.Fatal("a spelling shares its memory with the passphrase")
		}
	})
}

func TestUnmeant(t *testing.T) {
	for _, pin := range []string{"1234", "correct horse", "Gr\u00fc\u00dfe", "Gru\u0308\u00dfe", "\"", "''", "0001password", "pass\"word", "#!$%&/()=?"} {
		if problem := Unmeant([]byte(pin)); problem != "" {
			t.Errorf("%q: %s", pin, problem)
		}
	}
	for _, pin := range []string{"", "\ufeff1234", "1234\u00a0", "12\u200b34", "1234 ", "\t1234", "1234\x00", "1234\r", "\xff\xfe1\x00", "\uff11\uff12\uff13\uff14", "\"1234\"", "\u201c1234\u201d", "1234\u202e", "\u2800"} {
		if Unmeant([]byte(pin)) == "" {
			t.Errorf("%q: nothing is wrong with it", pin)
		}
	}
}
