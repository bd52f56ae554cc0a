//go:build linux

package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/creack/pty"
)

var smallScreen = &pty.Winsize{Rows: displayHeight, Cols: displayWidth}

// TestScreenOfVerify: of hundreds of keys, those that failed are on the last
// screen, with the reason and the next step, and no line is cut by the terminal.
func TestScreenOfVerify(t *testing.T) {
	t.Parallel()
	p, dir := twoHundred(), t.TempDir()
	record, n, gone := filepath.Join(dir, "record.json"), len(p.keys), randomID(rand.NewChaCha8([32]byte{9})).String()
	text := string(must(os.ReadFile(p.path("record.json"))))
	ok(t, os.WriteFile(record, []byte(strings.Replace(text, p.keys[4].IDs.Key.String(), gone, 1)), 0o600))
	s := sitAt(t, exec.Command("recover", "verify", "--record", record, "--shards", p.path("bucket")), smallScreen)
	o := s.end()
	if o.status != exitSome {
		t.Errorf("status %d", o.status)
	}
	screen := showing(s.screen.String())
	for _, want := range []string{
		"needs attention:", "missing " + gone, "        missing: no shard of this key is in the download", "unrecorded " + p.keys[4].IDs.Key.String(),
		fmt.Sprintf("%d keys: %d ok, 1 missing, 1 unrecorded", n+1, n-1),
		fmt.Sprintf("recover: error: 2 of %d keys are not verified", n+1),
	} {
		if !strings.Contains(screen, want) {
			t.Errorf("the screen does not show %q:\n%s", want, screen)
		}
	}
	for _, line := range strings.Split(strings.ReplaceAll(o.stderr, "\r", ""), "\n") {
		if !strings.Contains(line, "\x1b") && utf8.RuneCountInString(line) > displayWidth {
			t.Errorf("%d columns: %s", utf8.RuneCountInString(line), line)
		}
	}
}
