package main

import (
	"go/ast"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"recover/fixtures/tier"
)

// programSources are the parsed files of the program itself, without its tests.
func programSources(t *testing.T) map[string]*ast.File {
	t.Helper()
	files := make(map[string]*ast.File)
	for name, file := range allSources(t) {
		if strings.HasPrefix(name, "../../cmd/recover/") && !strings.HasSuffix(name, "_test.go") {
			files[name] = file
		}
	}
	if len(files) < 50 {
		t.Fatalf("only %d files", len(files))
	}
	return files
}

// literals calls visit for every string that a file can print.
func literals(file *ast.File, visit func(text string)) {
	ast.Inspect(file, func(n ast.Node) bool {
		if _, ok := n.(*ast.ImportSpec); ok {
			return false
		}
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if text, err := strconv.Unquote(lit.Value); err == nil {
				visit(text)
			}
		}
		return true
	})
}

// TestHelpFits: no line of a help page is broken on a terminal of 80 columns.
func TestHelpFits(t *testing.T) {
	tier.Long(t)
	pages := map[string]string{"": execute(t, "--help").stdout}
	for _, v := range verbs() {
		pages[v.name] = execute(t, v.name, "--help").stdout
	}
	for name, page := range pages {
		if len(page) < 100 {
			t.Errorf("the page of %q is %q", name, page)
		}
		for i, line := range strings.Split(page, "\n") {
			if n := utf8.RuneCountInString(line); n > 79 {
				t.Errorf("the page of %q, line %d has %d characters: %s", name, i+1, n, line)
			}
		}
	}
}

var (
	namedVerb = regexp.MustCompile(`(?:^|["(: ])recover ([a-z]+)(?: ([a-z]+))?`)
	namedFlag = regexp.MustCompile(`(?:^|[ "(=])(--[a-z][a-z0-9-]+)`)
	newFlag   = regexp.MustCompile(`(?:Var|VarP)\((?:&?[A-Za-z0-9_.\[\]]+), "([a-z0-9-]+)"|\b[a-z]+\.(?:String|Bool|Int|StringArray)\("([a-z0-9-]+)"`)
)

// prose are words that follow the name of the program in sentences.
var prose = []string{"and", "rebuilds", "has", "is", "of", "next", "or", "on", "with"}

// othersFlags are flags of other programs that hints name.
var othersFlags = []string{"--exact-timestamps", "--delete", "--bucket", "--prefix", "--pem", "--max-items", "--delimiter", "--no-paginate", "--output"}

// TestNamedVerbsAndFlags: what a text names can be typed.
func TestNamedVerbsAndFlags(t *testing.T) {
	tier.Long(t)
	flags := map[string]bool{"--help": true, "--version": true, strictFlag: true, "--collect-shares": true, "--accept": true, "--rehearsal": true} // the last four have no call of their own
	known := verbNames()
	sources := programSources(t)
	for name := range sources {
		text, err := os.ReadFile(strings.TrimPrefix(name, "../../cmd/recover/"))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range newFlag.FindAllStringSubmatch(string(text), -1) {
			flags["--"+m[1]+m[2]] = true
		}
	}
	if len(flags) < 60 || !flags["--record"] || !flags["--max-age"] {
		t.Fatalf("only %d flags were found", len(flags))
	}
	named := 0
	for name, file := range sources {
		literals(file, func(text string) {
			for _, m := range namedVerb.FindAllStringSubmatch(text, -1) {
				named++
				if !slices.Contains(known, m[1]) && !slices.Contains(prose, m[1]) && m[1] != "help" {
					t.Errorf("%s: there is no verb %s: %q", name, m[1], text)
				}
			}
			for _, m := range namedFlag.FindAllStringSubmatch(text, -1) {
				named++
				if !flags[m[1]] && !slices.Contains(othersFlags, m[1]) {
					t.Errorf("%s: there is no flag %s: %.200q", name, m[1], text)
				}
			}
		})
	}
	if named < 300 {
		t.Errorf("only %d verbs and flags are named", named)
	}
}

// adviceOf are the codes of all advice in the source, with the hints that are
// written there as one text.
func adviceOf(t *testing.T) (codes map[string]bool, hints map[string][]string) {
	codes, hints = map[string]bool{codeOther: true}, make(map[string][]string)
	for _, file := range programSources(t) {
		ast.Inspect(file, func(n ast.Node) bool {
			lit, ok := n.(*ast.CompositeLit)
			if !ok || len(lit.Elts) != 2 {
				return true
			}
			if id, ok := lit.Type.(*ast.Ident); !ok || id.Name != "advice" {
				return true
			}
			code, ok := lit.Elts[0].(*ast.BasicLit)
			if !ok {
				return true
			}
			c, _ := strconv.Unquote(code.Value)
			codes[c] = true
			if hint, ok := lit.Elts[1].(*ast.BasicLit); ok {
				h, _ := strconv.Unquote(hint.Value)
				hints[h] = append(hints[h], c)
			}
			return true
		})
	}
	for reason, h := range reasonHints {
		hints[h] = append(hints[h], string(reason))
	}
	for code, h := range tokenHints {
		hints[h] = append(hints[h], string(code))
	}
	return codes, hints
}

// TestHintsAreTheirErrors: one hint belongs to one code. Two errors with the same
// next step are one thing to the user, and have one code.
func TestHintsAreTheirErrors(t *testing.T) {
	tier.Long(t)
	_, hints := adviceOf(t)
	if len(hints) < 150 {
		t.Fatalf("only %d hints were found", len(hints))
	}
	for hint, codes := range hints {
		slices.Sort(codes)
		if codes = slices.Compact(codes); len(codes) > 1 {
			t.Errorf("%v have the same hint: %s", codes, hint)
		}
		if hint == "" || strings.HasSuffix(hint, ".") || strings.ToUpper(hint[:1]) == hint[:1] && hint[0] >= 'a' && hint[0] <= 'z' {
			t.Errorf("%v: not the form of a hint: %q", codes, hint)
		}
	}
}

var codeText = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// TestTroubleshooting: the page explains every code of an error, of a reason and
// of a warning.
func TestTroubleshooting(t *testing.T) {
	tier.Long(t)
	data, err := os.ReadFile("../../docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	codes, _ := adviceOf(t)
	codes["usage"] = true
	for reason := range reasonHints {
		codes[string(reason)] = true
	}
	for code := range tokenHints {
		codes[string(code)] = true
	}
	for name, file := range allSources(t) {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Names) != 1 || len(spec.Values) != 1 {
				return true
			}
			isCode := strings.HasPrefix(spec.Names[0].Name, "Warn") || strings.HasPrefix(spec.Names[0].Name, "warn")
			if lit, ok := spec.Values[0].(*ast.BasicLit); ok && isCode && lit.Kind == token.STRING {
				text, _ := strconv.Unquote(lit.Value)
				codes[text] = true
			}
			return true
		})
	}
	if len(codes) < 200 || !codes["newer-damaged"] || !codes["file-missing"] || !codes["wrong-ids"] || !codes["pin-locked"] {
		t.Errorf("only %d codes were found", len(codes))
	}
	for code := range codes {
		if !codeText.MatchString(code) {
			t.Errorf("%q is not the form of a code", code)
		}
		if !strings.Contains(page, "| `"+code+"` |") {
			t.Errorf("docs/troubleshooting.md does not explain %s", code)
		}
	}
}

// TestTroubleshootingHints: the page gives each hint in the program's own words.
func TestTroubleshootingHints(t *testing.T) {
	data, err := os.ReadFile("../../docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	plain := func(text string) string {
		return strings.ToLower(strings.NewReplacer("`", "", `"`, "", `\|`, "|").Replace(text))
	}
	rows := make(map[string]string)
	for line := range strings.Lines(string(data)) {
		if cells := strings.Split(strings.TrimSpace(line), " | "); len(cells) == 3 && strings.HasPrefix(cells[0], "| `") {
			code := strings.Trim(cells[0], "|` ")
			rows[code] += plain(strings.TrimSuffix(cells[2], "|")) + "\n"
		}
	}
	_, hints := adviceOf(t)
	compared := 0
	for hint, codes := range hints {
		for _, code := range codes {
			compared++
			if !strings.Contains(rows[code], plain(hint)) {
				t.Errorf("docs/troubleshooting.md, %s: the program says %q, the page %q", code, hint, rows[code])
			}
		}
	}
	if compared < 200 {
		t.Errorf("only %d hints were compared", compared)
	}
}
