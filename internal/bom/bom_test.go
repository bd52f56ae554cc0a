package bom

import "testing"

func TestTrim(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "text": "text", Mark: "", Mark + "text": "text", Mark + Mark: Mark, "\xef\xbbtext": "\xef\xbbtext", "a" + Mark: "a" + Mark,
	} {
		if got := string(Trim([]byte(in))); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}
