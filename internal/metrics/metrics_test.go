package metrics

import (
	"errors"
	"strings"
	"testing"
)

func textOf(t testing.TB, all ...Metric) string {
	t.Helper()
	var b strings.Builder
	if err := Write(&b, "# mark\n", all); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestWrite(t *testing.T) {
	got := textOf(t,
		Metric{"a_keys", "Keys.", []Value{{Number: 3}, {[]Label{{"status", "ok"}}, 1764108000}, {[]Label{{"status", `a"b\c` + "\n\xff"}, {"x", ""}}, 0.25}}},
		Metric{"b", "None.", nil},
		Metric{"c", "A \\ and a\nline.", []Value{{Number: 1e21}}})
	const want = `# mark
# HELP a_keys Keys.
# TYPE a_keys gauge
a_keys 3
a_keys{status="ok"} 1764108000
a_keys{status="a\"b\\c\n` + "\ufffd" + `",x=""} 0.25
# HELP c A \\ and a\nline.
# TYPE c gauge
c 1000000000000000000000
`
	if got != want {
		t.Errorf("got\n%s", got)
	}
	if err := Write(full{}, "# mark\n", nil); err != errFull {
		t.Errorf("a full disk: %v", err)
	}
}

type full struct{}

var errFull = errors.New("full")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestFind(t *testing.T) {
	text := textOf(t, Metric{"a", "A.", []Value{{[]Label{{"x", "1"}}, 5}, {[]Label{{"x", "2"}}, 6}}}, Metric{"ab", "B.", []Value{{Number: 7}}})
	for series, want := range map[string]float64{Series("a", []Label{{"x", "2"}}): 6, Series("ab", nil): 7} {
		if n, ok := Find(text, series); !ok || n != want {
			t.Errorf("%s is %v, %v", series, n, ok)
		}
	}
	for _, series := range []string{"a", "b", `a{x="3"}`, ""} {
		if n, ok := Find(text, series); ok {
			t.Errorf("%s is %v", series, n)
		}
	}
	if _, ok := Find("a five\n", "a"); ok {
		t.Error("a word is taken for a number")
	}
}

// FuzzSeries holds that whatever a label is, it stays in its line, and its figure is
// found again and no other.
func FuzzSeries(f *testing.F) {
	f.Add("ok", "other")
	f.Add("a\"} 7\n# HELP", `a\"} 7\n`)
	f.Fuzz(func(t *testing.T, one, other string) {
		label := func(v string) []Label { return []Label{{"x", strings.ToValidUTF8(v, "\ufffd")}} }
		text := textOf(t, Metric{"m", "M.", []Value{{label(one), 1}, {label(other), 2}}})
		if strings.Count(text, "\n") != 5 {
			t.Fatalf("%q has not five lines", text)
		}
		if n, ok := Find(text, Series("m", label(one))); !ok || n != 1 {
			t.Fatalf("%q: %v, %v", text, n, ok)
		}
		if n, ok := Find(text, Series("m", label(other))); !ok || (n == 1) != (label(one)[0] == label(other)[0]) {
			t.Fatalf("%q: %v, %v", text, n, ok)
		}
	})
}
