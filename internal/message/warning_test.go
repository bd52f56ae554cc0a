package message

import (
	"encoding/json"
	"testing"
)

func TestWarning(t *testing.T) {
	for _, c := range []struct {
		text string
		want Warning
		ok   bool
	}{
		{`{"code":"bad-copy","detail":"a: damaged"}`, Warning{"bad-copy", "a: damaged"}, true},
		{`"a: damaged"`, Warning{NoCode, "a: damaged"}, true},
		{`{"code":"bad-copy","detail":"x","more":1}`, Warning{}, false},
		{`["bad-copy"]`, Warning{}, false},
		{`7`, Warning{}, false},
	} {
		var w Warning
		err := json.Unmarshal([]byte(c.text), &w)
		if (err == nil) != c.ok || c.ok && w != c.want {
			t.Errorf("%s: %+v, %v", c.text, w, err)
		}
		if c.ok && w.String() != c.want.Detail {
			t.Errorf("%s: shown as %s", c.text, w)
		}
	}
	text, err := json.Marshal(Warning{"bad-copy", "a"})
	if err != nil || string(text) != `{"code":"bad-copy","detail":"a"}` {
		t.Errorf("%s, %v", text, err)
	}
}
