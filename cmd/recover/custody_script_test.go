//go:build linux

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"recover/fixtures/tier"
)

// scriptCommands are the commands of a script, each on one line.
func scriptCommands(text string) (all []string) {
	text = strings.ReplaceAll(text, "\\\n            ", "")
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "        recover ") || strings.HasPrefix(line, "        mkdir ") {
			all = append(all, strings.TrimSpace(line))
		}
	}
	return all
}

// TestScriptCommands runs the commands of the scripts of all ceremonies, in one
// directory, without a terminal: none is refused as wrong, and those that need
// nobody at the keyboard do what the script says.
func TestScriptCommands(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	dir := t.TempDir()
	p := small()
	for _, name := range []string{"record.json", "key-0.pub.der", "key-0.pem"} {
		copyFile(t, p.path(name), filepath.Join(dir, name))
	}
	if err := os.CopyFS(filepath.Join(dir, "bucket"), os.DirFS(p.path("bucket"))); err != nil {
		t.Fatal(err)
	}
	memory := t.TempDir() // stands for /dev/shm
	run := func(command string) outcome {
		t.Helper()
		command = strings.ReplaceAll(command, "____________________", "key-0.pem")
		command = strings.ReplaceAll(command, "/dev/shm", memory)
		cmd := exec.Command("setsid", "-w", "sh", "-c", command)
		cmd.Dir = dir
		return start(t, cmd)
	}
	if o := run("recover custody split --key key-0.pem --threshold 2 --custodian alice --custodian bob --out shares --transcript made.ndjson"); o.status != 0 {
		t.Fatal(o.stderr)
	}
	copyFile(t, filepath.Join(dir, "shares", "bob", "sealed-recovery-key.age"), filepath.Join(dir, "sealed-recovery-key.age"))
	for _, c := range []struct {
		args string
		want int
	}{
		{"--for new --threshold 2 --custodian dora --custodian emil", 8},
		{"--for split --threshold 2 --custodian dora --custodian emil --recovery-public-key key-0.pub.der", 8},
		{"--for reissue --threshold 2 --custodian dora --custodian emil --sealed-key sealed-recovery-key.age", 9},
		{"--for drill --record record.json --sealed-key sealed-recovery-key.age --transcript made.ndjson", 6},
		{"--for rebuild --record record.json --sealed-key sealed-recovery-key.age", 7},
		{"--for rebuild --record record.json --recovery-public-key key-0.pub.der", 6},
		{"--for drill --record record.json --recovery-public-key key-0.pub.der --hsm pkcs11:token=none --hsm-module /nowhere.so", 5},
	} {
		if err := os.RemoveAll(filepath.Join(memory, "ceremony")); err != nil { // the workstation is switched off in between
			t.Fatal(err)
		}
		script := run("recover custody script " + c.args)
		for line := range strings.Lines(script.stdout) {
			if n := len([]rune(line)); n > 80 { // with its end
				t.Errorf("%s: a line of %d characters: %s", c.args, n, line)
			}
		}
		commands := scriptCommands(script.stdout)
		if len(commands) != c.want {
			t.Errorf("%s: %d commands: %q", c.args, len(commands), commands)
		}
		for _, command := range commands {
			// What waits for holders, or reads what they bring, ends without them.
			if o := run(command); o.status == exitUsage {
				t.Errorf("%s: %s is refused: %s", c.args, command, o.stderr)
			} else if (strings.HasPrefix(command, "recover verify") || strings.HasPrefix(command, "mkdir")) && o.status != 0 {
				t.Errorf("%s: %s: status %d: %s", c.args, command, o.status, o.stderr)
			}
		}
	}
}
