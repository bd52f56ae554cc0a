//go:build linux

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"recover/fixtures/softtoken"
	"recover/fixtures/tier"
)

// startCommand is one of the commands of START-HERE.txt, and how it ends.
type startCommand struct{ command, ends string }

var startStep = regexp.MustCompile(`(?m)^    ((?:recover|sha256sum) (?:.*\\\n)*.*)\n      \| (.*)$`)

// startCommands reads the page.
func startCommands(t *testing.T) (all []startCommand) {
	t.Helper()
	for _, m := range startStep.FindAllStringSubmatch(string(readFile(t, "../../docs/START-HERE.txt")), -1) {
		all = append(all, startCommand{strings.ReplaceAll(m[1], "\\\n", ""), m[2]})
	}
	return all
}

var blank = regexp.MustCompile(`_{4,}`)

// filled puts words into the blanks of a command, in their order.
func filled(command string, words ...string) string {
	for _, word := range words {
		at := blank.FindStringIndex(command)
		if at == nil {
			return command + " MORE WORDS THAN BLANKS"
		}
		command = command[:at[0]] + word + command[at[1]:]
	}
	return command
}

// TestStartPage: it is one page, and its commands, filled in with what it says
// for a rehearsal, end on a terminal of 80x24 as it says, with a key file, with
// shares that are collected, and with a token.
func TestStartPage(t *testing.T) {
	tier.Long(t)
	lines := strings.Split(strings.TrimSuffix(string(readFile(t, "../../docs/START-HERE.txt")), "\n"), "\n")
	for i, line := range lines {
		if n := len([]rune(line)); n > 79 {
			t.Errorf("line %d has %d characters", i+1, n)
		}
	}
	if len(lines) > 66 {
		t.Errorf("%d lines are more than a page", len(lines))
	}
	commands := startCommands(t)
	if len(commands) != 8 {
		t.Fatalf("%d commands: %q", len(commands), commands)
	}
	for _, kind := range []string{"file", "shares", "token"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if out, err := exec.Command("tar", "-xzf", "../../fixtures/release/practice.tar.gz", "-C", dir).CombinedOutput(); err != nil {
				t.Fatalf("%v %s", err, out)
			}
			sh(t, dir, "find practice -type f | xargs sha256sum > SHA256SUMS")
			var env []string
			key := "--key practice/recovery-key-0.pem"
			switch kind {
			case "shares":
				key = "--sealed-key practice/shares/alice/sealed-recovery-key.age --collect-shares"
			case "token":
				var token softtoken.Token
				key, token = practiceToken(t, dir)
				env = token.Environment
			}
			for i, c := range commands {
				r := &startRun{dir: dir, env: env, kind: kind, key: key}
				ends := regexp.MustCompile(strings.ReplaceAll(regexp.QuoteMeta(c.ends), `\.\.\.`, ".*"))
				if s := r.run(t, i+1, c.command); !ends.MatchString(s) {
					t.Errorf("%s: the screen does not show %q:\n%s", c.command, c.ends, s)
				}
			}
		})
	}
}

func sh(t *testing.T, dir, script string) string {
	t.Helper()
	cmd := exec.Command("sh", "-c", script)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	return strings.TrimSpace(string(out))
}

// practiceToken puts the practice recovery key into a token.
func practiceToken(t *testing.T, dir string) (key string, token softtoken.Token) {
	t.Helper()
	token = softHSM(t)
	config := filepath.Join(dir, "softhsm2.conf")
	if err := os.WriteFile(config, []byte("directories.tokendir = "+filepath.Join(dir, "tokens")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	token.Environment = []string{"SOFTHSM2_CONF=" + config}
	sh(t, dir, "mkdir tokens && export SOFTHSM2_CONF=$PWD/softhsm2.conf && softhsm2-util --init-token --free --label practice --so-pin 12345678 --pin 1234 && "+
		"softhsm2-util --import practice/recovery-key-0.pem --token practice --label recovery-key --id a1b2 --pin 1234")
	putHelperBeside(t, "recover")
	return "--hsm 'pkcs11:token=practice;object=recovery-key' --hsm-module " + token.Module, token
}

// startRun is one command at a terminal.
type startRun struct {
	dir, kind, key string
	env            []string
}

const startPhrase = "seven words that nobody will ever guess"

// run fills a command in, answers what it asks, and returns the screen.
func (r *startRun) run(t *testing.T, n int, command string) string {
	t.Helper()
	record, shards := "practice/record.json", "practice/bucket"
	switch n {
	case 4:
		command = filled(command, record)
	case 5:
		command = filled(command, record, shards)
	case 6:
		command = strings.Replace(filled(command, record, shards), "KEY", r.key, 1)
	case 8:
		id := sh(t, r.dir, "recover addresses --record practice/record.json --csv | grep ,ethereum, | cut -d, -f2")
		command = filled(command, id, "practice/unsigned.json")
	}
	if blank.MatchString(command) {
		t.Fatalf("a blank of command %d is left: %s", n, command)
	}
	cmd := exec.Command("sh", "-c", command)
	cmd.Dir, cmd.Env = r.dir, append(os.Environ(), r.env...)
	s := sit(t, cmd)
	switch {
	case n == 6:
		r.openKey(s)
		s.answer("New passphrase that will open the rebuilt keys (Enter makes one)", startPhrase)
		s.answer("New passphrase that will open the rebuilt keys, again", startPhrase)
	case n == 7:
		s.answer("Passphrase of the rebuilt keys in rebuilt", startPhrase)
	case n == 8:
		s.answer("Passphrase of the rebuilt keys in rebuilt", startPhrase)
		s.answer(`Sign this transaction on Ethereum (chain ID 1)? (type "yes")`, "yes")
	}
	o := s.end()
	if o.status != 0 && n != 3 {
		t.Errorf("%s: status %d", command, o.status)
	}
	return o.stderr
}

func (r *startRun) openKey(s *session) {
	switch r.kind {
	case "shares":
		s.answer(sharePrompt, "practice/shares/alice")
		s.answer(sharePrompt, "practice/shares/carol")
		s.answer(sharePrompt, "open")
	case "token":
		s.expect("PIN of the token")
		s.answer("", "1234")
	}
}
