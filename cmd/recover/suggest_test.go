package main

import "testing"

func TestDidYouMean(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"verifi", "did you mean verify? recover --help lists the verbs"},
		{"restore", "did you mean rebuild? recover --help lists the verbs"},
		{"addr", "did you mean addresses? recover --help lists the verbs"},
		{"xyzzy", "recover --help lists the verbs"},
		{"x", "recover --help lists the verbs"},
	} {
		err := unknownVerb(c.text, verbNames()).(*usageError)
		if err.hint != c.want || err.fact != "there is no verb "+c.text {
			t.Errorf("%s: %q, %q", c.text, err.fact, err.hint)
		}
	}
	if err := unknownVerb("RS1QPZRY9X8GF2", verbNames()).(*usageError); err.fact != "there is no such verb" {
		t.Errorf("what may be a secret is shown: %s", err.fact)
	}
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"abc", "abd", 1}, {"abc", "acbd", 2}, {"--records", "--record", 1}, {"kitten", "sitting", 3}} {
		if got := editDistance(c.a, c.b); got != c.want || editDistance(c.b, c.a) != c.want {
			t.Errorf("%q and %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
