//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/creack/pty"

	"recover/fixtures/testkey"
	"recover/fixtures/tier"
	"recover/internal/group"
)

var smallScreen = &pty.Winsize{Rows: displayHeight, Cols: displayWidth}

const screenOfVerify = `
recover: %[1]d of %[1]d keys have no public key or address of the service's list in
         the record: public data cannot tell whether their backups are the
         service's own, nor which SECP256K1 wallet key comes out

needs attention:
failed  treasury
        key a0000000-0000-4000-8000-000000000005
        malformed: the JSON of the shard: line 1: the text ends too early
        next: download the shard again, or another version of it; if there is
          none, rebuild with --salvage
failed  a0000000-0000-4000-8000-000000000008
        solana %[2]s
        wrong-ids: the quorum ID or the key ID in the record does not belong to
          this backup (none of its 80 opened ciphertexts fits them and its
          recovery key)
        next: "recover record find --record FILE --shards PATH" looks for
          mistyped IDs; for a quorum ID from before a restructure, ask the
          service and use "recover record add --quorum-id"

%[1]d keys: %[3]d ok, 2 failed
recover: newest backup: today
recover: error: 2 of %[1]d keys are not verified
recover: hint: the line of each key says why, and what to do next
`

// TestScreenOfVerify: of 300 keys, the two that failed are on the last screen,
// with name, reason and next step, and no line is cut by the terminal.
func TestScreenOfVerify(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	n := 100
	if underRace() { // to make them would take minutes
		n = 40
	}
	p := mustMake("screen", 2, n, func(int) group.Group { return group.Edwards25519 }, testkey.Small())
	cutOff, elsewhere := keyID(5).String(), keyID(8).String()
	ok(t, os.Truncate(filepath.Join(p.path("bucket"), cutOff, p.keys[4].Shards[0].FileName()), 1000))
	lines := strings.Split(string(must(os.ReadFile(p.path("record.json")))), "\n")
	for i, line := range lines {
		switch {
		case strings.Contains(line, cutOff):
			lines[i] = strings.Replace(line, `"}`, `","name":"treasury"}`, 1)
		case strings.Contains(line, elsewhere):
			lines[i] = strings.Replace(line, quorumID(8).String(), quorumID(999).String(), 1)
		}
	}
	record := writeInput(t, strings.Join(lines, "\n"))

	s := sitAt(t, exec.Command("recover", "verify", "--record", record, "--shards", p.path("bucket")), smallScreen)
	o := s.end()
	if o.status != exitSome {
		t.Errorf("status %d", o.status)
	}
	got := regexp.MustCompile(`backup: .* old`).ReplaceAllString(showing(s.screen.String()), "backup: today")
	want := fmt.Sprintf(screenOfVerify, n, p.keys[7].Expected().Addresses["solana"], n-2)
	if want = strings.TrimSpace(want); got != want {
		t.Errorf("the screen shows\n%s\n\nwant\n%s", got, want)
	}
	for _, line := range strings.Split(strings.ReplaceAll(o.stderr, "\r", ""), "\n") {
		if !strings.Contains(line, "\x1b") && utf8.RuneCountInString(line) > displayWidth {
			t.Errorf("%d columns: %s", utf8.RuneCountInString(line), line)
		}
	}
}
