package page

import (
	"strings"
	"testing"
)

func renderReview(t *testing.T, r *Review) string {
	t.Helper()
	var b strings.Builder
	if err := WriteReview(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestReview(t *testing.T) {
	text := renderReview(t, &Review{
		Title: "Annual review", Verdict: "1 of 3 lines is red", Counts: []Count{{"red", 1}}, Notes: []string{"not reviewed: drill"},
		Groups: []Group{
			{Title: "the record", Source: "record.json", Lines: []Line{
				{Class: "green", Verdict: "green", Item: "a", Title: "first", Fact: "all"},
				{Class: "unknown", Verdict: "not known", Item: "b", Title: "second", Fact: "nothing", Next: "look"},
			}},
			{Title: "the kit", Lines: []Line{{Class: "red", Verdict: "red", Item: "c", Title: "third", Fact: "wrong", Next: "mend it", Command: "recover verify"}}},
		},
	})
	// What needs attention comes first, the red before the rest.
	order := []string{"What needs attention", "third", "mend it", "recover verify", "second", "look", "Notes", "the record", "first", "the kit", "Seen and signed", "Signature"}
	for at := 0; len(order) > 0; order = order[1:] {
		i := strings.Index(text[at:], order[0])
		if i < 0 {
			t.Fatalf("%s is not where it has to be\n%s", order[0], text[strings.Index(text, "</head>"):])
		}
		at += i
	}
	if strings.Contains(text, "<script") {
		t.Error("the page has a script")
	}
	if text := renderReview(t, &Review{OK: true, Groups: []Group{{Lines: []Line{{Class: "green"}}}}}); strings.Contains(text, `id="attention"`) {
		t.Error("a page on which all is well says that something needs attention")
	}
}

func TestReviewEscaped(t *testing.T) {
	const bad = `"><img src=x onerror=document.title='run'><script>document.title='run'</script></style>`
	line := Line{bad, bad, bad, bad, bad, bad, bad}
	red := line
	red.Class = "red"
	text := renderReview(t, &Review{
		Title: bad, Verdict: bad, Meaning: bad, Facts: []Fact{{bad, bad}}, Counts: []Count{{bad, 1}}, Notes: []string{bad},
		Groups: []Group{{bad, bad, []Line{line, red}}},
	})
	for what, want := range map[string]int{"<script": 0, "<style>": 1, "<img": 0, "</style>": 1} {
		if n := strings.Count(text, what); n != want {
			t.Errorf("%s is there %d times, want %d", what, n, want)
		}
	}
}
