package page

import (
	"regexp"
	"strings"
	"testing"
)

// hostile is a page with markup in every text that comes from a file.
func hostile() *Page {
	const bad = `"><img src=x onerror=document.title='run'><script>document.title='run'</script></style>`
	return &Page{
		Verb: bad, Title: "Report", Verdict: "1 of 2 keys needs attention" + bad, Meaning: bad, Notes: []string{bad},
		Facts: []Fact{{bad, bad}}, Counts: []Count{{"ok", 1}, {"failed", 1}}, Steps: []Step{{bad, bad, bad}},
		Rows: []Row{
			{Status: "ok", Name: "zebra " + bad, KeyID: "key-2", Detail: bad, Warnings: []string{bad}},
			{
				Status: "failed", Name: "alpaca", KeyID: bad, QuorumID: bad, Algorithm: bad, Address: bad, Reason: bad, Detail: bad, Next: bad,
				Shard: bad, RecoveryKey: bad, Copies: []Copy{{bad, bad, "failed", bad, true}},
			},
		},
	}
}

func render(t testing.TB, p *Page) string {
	t.Helper()
	var b strings.Builder
	if err := Write(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestEscaped(t *testing.T) {
	text := render(t, hostile())
	for what, want := range map[string]int{"<script>": 1, "<style>": 1, "<img": 0, "</script>": 1, "</style>": 1, "<meta": 6} {
		if n := strings.Count(text, what); n != want {
			t.Errorf("%s is there %d times, want %d", what, n, want)
		}
	}
}

// TestSelfContained: the page names nothing that would be loaded, and its
// policy allows what is in it by hash alone.
func TestSelfContained(t *testing.T) {
	text := render(t, &Page{Title: "Report"})
	if found := regexp.MustCompile(`(?i)\b(src|href|srcset|action|style|on[a-z]+)=|url\(|@import|https?:|fetch\(|XMLHttp`).FindString(text); found != "" {
		t.Errorf("the page has %q", found)
	}
	if !regexp.MustCompile(`content="default-src &#39;none&#39;; style-src &#39;sha256-[^ ]+&#39;; script-src &#39;sha256-[^ ]+&#39;; base-uri &#39;none&#39;; form-action &#39;none&#39;"`).MatchString(text) {
		t.Error("the policy is not the strict one")
	}
}

// TestMark: a page begins with the mark of its verb.
func TestMark(t *testing.T) {
	text := render(t, &Page{Verb: "verify"})
	if !strings.HasPrefix(text, Mark("verify")) || strings.HasPrefix(text, Mark("drill")) || strings.HasPrefix(text, Mark("")) {
		t.Errorf("it begins with %.200q", text)
	}
}

func TestAttention(t *testing.T) {
	if all := hostile().Attention(); len(all) != 1 || all[0].Name != "alpaca" {
		t.Errorf("what needs attention: %v", all)
	}
	if strings.Contains(render(t, &Page{Rows: []Row{{Status: "ok"}}}), `id="attention"`) {
		t.Error("a page on which all is well says that something needs attention")
	}
}
