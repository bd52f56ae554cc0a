package checksums

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

var zeros = strings.Repeat("0", 64)

func TestParse(t *testing.T) {
	text := fmt.Sprintf("%x  a\n%x *dir/b c\n%s  ./d\r\n", sha256.Sum256([]byte("a")), sha256.Sum256([]byte("b")), zeros)
	list, err := Parse([]byte(text))
	if err != nil || len(list) != 3 || list[0].Name != "a" || list[1].Name != "dir/b c" || list[2].Name != "d" || list[1].SHA256 != sha256.Sum256([]byte("b")) {
		t.Fatalf("%v, %v", list, err)
	}
	if !Looks([]byte(text)) || Looks([]byte("a file")) || Looks(nil) {
		t.Error("Looks is wrong")
	}
	for _, c := range []struct{ text, want string }{
		{"", "line 1: not 64 hex digits, two blanks and a name"},
		{zeros + "  a\n" + zeros + " a\n", "line 2: not 64 hex digits, two blanks and a name"},
		{strings.Repeat("g", 64) + "  a\n", "line 1: not 64 hex digits, two blanks and a name"},
		{zeros + "  \n", "line 1: not 64 hex digits, two blanks and a name"},
		{zeros + "  ../a\n", `line 1: the name "../a" is not that of a file below the list`},
		{zeros + "  /etc/passwd\n", `line 1: the name "/etc/passwd" is not that of a file below the list`},
		{zeros + "  a\\b\n", `line 1: the name "a\\b" is not that of a file below the list`},
		{zeros + "  a/../../b\n", `line 1: the name "a/../../b" is not that of a file below the list`},
		{zeros + "  a\n" + zeros + "  a\n", "line 2: the name occurs twice"},
		{zeros + "  a\n" + zeros + "  ./a\n", "line 2: the name occurs twice"},
	} {
		if _, err := Parse([]byte(c.text)); err == nil || err.Error() != c.want {
			t.Errorf("%q: %v, want %s", c.text, err, c.want)
		}
	}
	var many strings.Builder
	for i := range MaxFiles + 1 {
		fmt.Fprintf(&many, "%s  %d\n", zeros, i)
	}
	if _, err := Parse([]byte(many.String())); !errors.Is(err, ErrTooMany) {
		t.Errorf("too many files: %v", err)
	}
	if _, err := Parse(bytes.Repeat([]byte("a"), MaxSize+1)); !errors.Is(err, ErrTooMany) {
		t.Errorf("a large list: %v", err)
	}
}

func TestCompare(t *testing.T) {
	sum := func(s string) [32]byte { return sha256.Sum256([]byte(s)) }
	dir := fstest.MapFS{
		"right": {Data: []byte("right")}, "sub/right": {Data: []byte("too")}, "changed": {Data: []byte("changed")},
		"extra": {Data: []byte("x")}, "sub/kept": {Data: []byte("x")}, "folder/file": {Data: []byte("x")},
	}
	list := []Sum{{"right", sum("right")}, {"sub/right", sum("too")}, {"changed", sum("as it was")}, {"gone", sum("")}, {"folder", sum("")}}
	c, err := Compare(dir, list, func(name string) bool { return name == "sub/kept" })
	if err != nil || c.Right != 2 || !slices.Equal(c.Differ, []string{"changed", "folder"}) || !slices.Equal(c.Missing, []string{"gone"}) ||
		!slices.Equal(c.Unlisted, []string{"extra", "folder/file"}) || c.AsListed() {
		t.Errorf("%+v, %v", c, err)
	}
	c, err = Compare(dir, list[:2], func(string) bool { return true })
	if err != nil || !c.AsListed() || c.Right != 2 || c.Unlisted != nil {
		t.Errorf("%+v, %v", c, err)
	}
}

// FuzzParse holds that what is read is below the list, once each, and that the
// same text written again is the same list.
func FuzzParse(f *testing.F) {
	f.Add([]byte(zeros + "  a\n" + zeros + " *b/c\n"))
	f.Add([]byte(zeros + "  ../a\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := Parse(data)
		if err != nil {
			return
		}
		var again strings.Builder
		for _, s := range list {
			if strings.Contains(s.Name, "..") && slices.Contains(strings.Split(s.Name, "/"), "..") || strings.HasPrefix(s.Name, "/") {
				t.Errorf("%q leads away", s.Name)
			}
			fmt.Fprintf(&again, "%x  %s\n", s.SHA256, s.Name)
		}
		if second, err := Parse([]byte(again.String())); err != nil || !slices.Equal(second, list) {
			t.Errorf("%v, %v; %v", list, second, err)
		}
	})
}
