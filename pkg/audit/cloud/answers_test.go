package cloud

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"recover/pkg/audit"
)

// The answers in testdata are those that the calls of deploy/aws/collect.sh give
// about a stack of deploy/aws/template.yaml: a test of fixtures/aws makes them
// from the template and compares.

// today is soon after the answers in testdata were collected.
var today = time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)

// recorded returns the files of a collection.
func recorded(t testing.TB, environment string) fstest.MapFS {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", environment+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var answers map[string]json.RawMessage
	if err := json.Unmarshal(data, &answers); err != nil {
		t.Fatal(err)
	}
	files := make(fstest.MapFS)
	for call, body := range answers {
		put(files, call, string(body))
	}
	return files
}

// put records an answer.
func put(files fstest.MapFS, call, body string) {
	files[call+".json"] = &fstest.MapFile{Data: []byte(body)}
	if call != "collected" {
		files[call+".rc"] = &fstest.MapFile{Data: []byte("0\n")}
		files[call+".err"] = &fstest.MapFile{}
	}
}

// fail records an error in the place of an answer.
func fail(files fstest.MapFS, call, stderr string, status int) {
	files[call+".json"] = &fstest.MapFile{}
	files[call+".rc"] = &fstest.MapFile{Data: fmt.Appendf(nil, "%d\n", status)}
	files[call+".err"] = &fstest.MapFile{Data: []byte(stderr)}
}

// awsError is how the aws command says that a call failed.
func awsError(code string) string {
	return "\nAn error occurred (" + code + ") when calling the GetSomething operation: text\n"
}

// replace changes a text in an answer, also within a policy that is JSON text. It
// has to be there once; white space does not count.
func replace(t testing.TB, files fstest.MapFS, call, old, new string) {
	t.Helper()
	file := files[call+".json"]
	if file == nil {
		t.Fatalf("no answer %s", call)
	}
	compact := func(text string) string {
		var out bytes.Buffer
		if err := json.Compact(&out, []byte(text)); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	body := compact(string(file.Data))
	var inner struct{ Policy string }
	isText := json.Unmarshal(file.Data, &inner) == nil && strings.HasPrefix(inner.Policy, "{")
	if isText {
		body = compact(inner.Policy)
	}
	if n := strings.Count(body, old); n != 1 {
		t.Errorf("%s: %q is there %d times in %s", call, old, n, body)
	}
	body = strings.Replace(body, old, new, 1)
	if isText {
		text, err := json.Marshal(map[string]string{"Policy": body})
		if err != nil {
			t.Fatal(err)
		}
		body = string(text)
	}
	put(files, call, body)
}

func mustJudge(t testing.TB, files fstest.MapFS) *Review {
	t.Helper()
	r, err := Judge(files, today)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// not returns the items of the lines that are not green, with their verdicts, one
// a line.
func not(lines []audit.Line, with audit.Verdict) []string {
	var all []string
	for _, l := range lines {
		if l.Verdict == with {
			all = append(all, l.Item)
		}
	}
	return all
}

func show(r *Review) string {
	var text strings.Builder
	for _, l := range r.Lines {
		if l.Verdict != audit.Green {
			fmt.Fprintf(&text, "%s %s: %s\n", l.Verdict, l.Item, l.Fact)
		}
	}
	return text.String()
}

func TestRight(t *testing.T) {
	for _, environment := range []string{"production", "sandbox"} {
		r := mustJudge(t, recorded(t, environment))
		if text := show(r); text != "" {
			t.Errorf("%s:\n%s", environment, text)
		}
		for _, l := range r.Lines {
			if l.Fact == "" || l.Title == "" || l.Next != "" || l.Command != "" {
				t.Errorf("%s: a green line has a fact and nothing to do: %+v", environment, l)
			}
		}
	}
}
