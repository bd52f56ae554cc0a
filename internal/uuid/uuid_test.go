package uuid

import (
	"errors"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	const text = "2caed06f-ffd1-486f-8cf7-5a0c612e0b51"
	id, err := Parse(text)
	if err != nil || id.String() != text {
		t.Fatalf("Parse(%q) = %v, %v", text, id, err)
	}
	if upper, err := Parse(strings.ToUpper(text)); err != nil || upper != id {
		t.Errorf("upper case: %v, %v", upper, err)
	}
	for _, bad := range []string{
		"", text[:35], text + "0", "{" + text[:34] + "}", strings.ReplaceAll(text, "-", ""),
		"2caed06f-ffd1-486f-8cf7-5a0c612e0b5g", "2caed06ffffd1-486f-8cf7-5a0c612e0b51",
		"2caed06f-ffd1-486f-8cf7-5a0c612e0b5\u0661", " 2caed06f-ffd1-486f-8cf7-5a0c612e0b5",
	} {
		if _, err := Parse(bad); !errors.Is(err, ErrSyntax) {
			t.Errorf("Parse(%q): %v, want ErrSyntax", bad, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("2caed06f-ffd1-486f-8cf7-5a0c612e0b51")
	f.Fuzz(func(t *testing.T, s string) {
		if id, err := Parse(s); err == nil && id.String() != strings.ToLower(s) {
			t.Errorf("Parse(%q) prints as %q", s, id)
		}
	})
}
