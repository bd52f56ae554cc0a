package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"recover/fixtures/tier"
)

var shBlock = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")

// TestDocs runs the examples of the documents: all the sh blocks of one, in
// order, in one empty directory, as a reader would paste them. Each command has
// to end as the document says that it does.
func TestDocs(t *testing.T) {
	tier.Long(t)
	names, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	with := 0
	for _, name := range append(names, "../../README.md") {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		blocks := shBlock.FindAllStringSubmatch(string(text), -1)
		if len(blocks) == 0 {
			continue
		}
		with++
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			if filepath.Base(name) != "README.md" {
				tier.Long(t) // the examples make recovery keys, and a passphrase takes a second each time
			}
			tools := []string{"age", "openssl"}
			for _, tool := range []string{"jq", "parallel"} {
				if regexp.MustCompile(`(?m)(^|\| *)` + tool + ` `).MatchString(string(text)) {
					tools = append(tools, tool)
				}
			}
			if strings.Contains(string(text), "softhsm2-util") {
				tools = append(tools, "softhsm2-util")
				putHelperBeside(t, "recover")
			}
			for _, tool := range tools {
				if _, err := exec.LookPath(tool); err != nil {
					t.Skipf("SKIPPED, NOT PASSED: the examples need %s", tool)
				}
			}
			script := "set -eu\n"
			for _, b := range blocks {
				script += b[1]
			}
			runScript(t, script)
		})
	}
	if with < 2 {
		t.Errorf("only %d documents have examples", with)
	}
}

func runScript(t *testing.T, script string) {
	t.Helper()
	cmd := exec.Command("sh", "-c", script)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "HOME="+cmd.Dir)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, tail(string(out), 40))
	}
}

func tail(text string, n int) string {
	lines := strings.Split(text, "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
