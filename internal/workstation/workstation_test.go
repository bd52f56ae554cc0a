package workstation

import (
	"errors"
	"strings"
	"testing"
)

func TestCheckEnvironment(t *testing.T) {
	for text, name := range map[string]string{
		"":                              "",
		"PATH=/bin GODEBUGGER=1":        "",
		"GODEBUG= GOTRACEBACK=":         "",
		"GOTRACEBACK=none":              "",
		"GOTRACEBACK=single":            "",
		"A=b GODEBUG=fips140=only":      "GODEBUG",
		"GODEBUG= GODEBUG=fips140=only": "GODEBUG",
		"GOTRACEBACK=all":               "GOTRACEBACK",
		"GOTRACEBACK=crash":             "GOTRACEBACK",
		"GOTRACEBACK=0":                 "GOTRACEBACK",
	} {
		err := CheckEnvironment(strings.Fields(text))
		if name == "" {
			if err != nil {
				t.Errorf("%q: %v", text, err)
			}
			continue
		}
		var variable *VariableError
		if !errors.As(err, &variable) || variable.Name != name {
			t.Errorf("%q: %v, want %s", text, err, name)
		} else if want := "the environment variable " + name + " is set"; err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
