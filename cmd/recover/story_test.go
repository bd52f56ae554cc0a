package main

import (
	"os"
	"testing"

	"recover/fixtures/tier"
)

// TestStory: from an empty directory, a company is set up as docs/setup.md has
// it, and reviewed as docs/annual-review.md has it.
func TestStory(t *testing.T) {
	tier.Long(t) // it makes a recovery key, and a passphrase takes a second each time
	t.Parallel()
	if underRace() {
		t.Skip("it takes a minute under the race detector, and TestDocs runs the same examples")
	}
	script := "set -eu\n"
	for _, name := range []string{"setup.md", "annual-review.md"} {
		text, err := os.ReadFile("../../docs/" + name)
		if err != nil {
			t.Fatal(err)
		}
		blocks := shBlock.FindAllStringSubmatch(string(text), -1)
		if len(blocks) < 5 {
			t.Fatalf("%s has %d examples", name, len(blocks))
		}
		for _, b := range blocks {
			script += b[1]
		}
	}
	// The review is of what was set up, not of a practice bucket of its own.
	runScript(t, script+"test ! -e practice\ntest -s verified.html\ntest -s drill.html\ntest -s review.html\ntest -s drill-review.html\ntest -s annual-review.html\n")
}
