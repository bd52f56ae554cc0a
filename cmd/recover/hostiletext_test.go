//go:build linux

package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"recover/fixtures/tier"
	"recover/pkg/custody"
)

// hostile is text that would take over a terminal: colours, the title, an answer
// that is typed, C1, and letters that run backwards or cannot be seen.
const hostile = "a\x1b[31m\x1b]0;t\x07\x1b[c\u009b2J\u202e\u2066\u200b\u00ad\r\u2028z"

// hostileName is that as the name of a file.
const hostileName = "n\x1b[2J\u202e\u009b\r\n\x07\xff"

// ours are the sequences that the program itself sends.
var ours = regexp.MustCompile("\x1b\\[F\x1b\\[K|\r\x1b\\[K|\x1b\\[\\?1049[hl]|\x1b\\[H\x1b\\[2J|\x1b\\[3J")

// raw returns what stands in output that a terminal would obey, or nobody sees.
func raw(output string) string {
	output = ours.ReplaceAllString(output, "")
	for i, r := range output {
		_, size := utf8.DecodeRuneInString(output[i:])
		if r == '\r' && strings.HasPrefix(output[i:], "\r\n") || r == '\n' {
			continue
		}
		if !unicode.IsPrint(r) || r == utf8.RuneError && size == 1 {
			return fmt.Sprintf("%q in %q", r, output[max(0, i-60):min(len(output), i+60)])
		}
	}
	return ""
}

// screenOf runs the program at a terminal and returns all that it shows there.
func screenOf(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	s := sit(t, cmd)
	_ = cmd.Wait()
	_ = s.terminal.Close()
	<-s.gone
	s.mu.Lock()
	defer s.mu.Unlock()
	if at := raw(s.screen.String()); at != "" {
		t.Errorf("%q shows %s", cmd.Args, at)
	}
	return s.screen.String()
}

// inEachString returns a document of JSON again and again, each time with
// another string of it changed: the values of each field, and the names.
func inEachString(t *testing.T, document []byte, change func(string) string) [][]byte {
	t.Helper()
	var all [][]byte
	seen := make(map[string]bool)
	var root any
	if err := json.Unmarshal(document, &root); err != nil {
		t.Fatal(err)
	}
	again := func() { all = append(all, must(json.Marshal(root))) }
	var walk func(v any, path string, set func(any))
	walk = func(v any, path string, set func(any)) {
		switch v := v.(type) {
		case string:
			if !seen[path] {
				seen[path] = true
				set(change(v))
				again()
				set(v)
			}
		case []any:
			for i := range v {
				walk(v[i], path+"[]", func(n any) { v[i] = n })
			}
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(v)) {
				walk(v[name], path+"."+name, func(n any) { v[name] = n })
				if at := path + "." + name + " (name)"; !seen[at] {
					seen[at] = true
					value := v[name]
					delete(v, name)
					v[change(name)] = value
					again()
					delete(v, change(name))
					v[name] = value
				}
			}
		}
	}
	walk(root, "", func(any) {})
	return all
}

// inEachLine is inEachString for a text, in what follows a colon or a blank.
func inEachLine(text []byte, change func(string) string) [][]byte {
	var all [][]byte
	lines := strings.SplitAfter(string(text), "\n")
	for i, line := range lines {
		if strings.TrimSpace(line) == "" {
			continue
		}
		for _, separator := range []string{": ", " ", ""} {
			before, after, found := strings.Cut(line, separator)
			if !found {
				continue
			}
			changed := slices.Clone(lines)
			changed[i] = before + separator + change(strings.TrimSuffix(after, "\n")) + "\n"
			all = append(all, []byte(strings.Join(changed, "")))
		}
	}
	return all
}

// TestHostileText puts hostile text into every string of every kind of file, and
// into file names and what a token says of itself: none of it reaches the
// terminal as it is, in no verb that reads the file, in text or in JSON.
func TestHostileText(t *testing.T) {
	tier.Long(t) // it runs the program some hundred times
	t.Parallel()
	p := small()
	dir := t.TempDir()
	put := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	run := func(args ...string) string {
		return screenOf(t, exec.Command("recover", args...)) + screenOf(t, exec.Command("recover", append(args, "--json")...))
	}
	replace := func(string) string { return hostile }
	extend := func(s string) string { return s + hostile }

	// A set, its transcript, and a rebuild, to be changed.
	set, out, transcript := filepath.Join(dir, "set"), filepath.Join(dir, "out"), filepath.Join(dir, "transcript")
	execute(t, "custody", "split", "--key", p.path("key-0.pem"), "--threshold", "2", "--custodian", "alice", "--custodian", "bob", "--out", set, "--transcript", transcript).wantStatus(t, exitOK)
	execute(t, p.rebuild(out, "--unsealed")...).wantStatus(t, exitOK)
	sealedKey := filepath.Join(set, "alice", custody.SealedKeyName)
	share := filepath.Join(set, "alice", custody.PageName)
	shardFile := must(filepath.Glob(p.path("bucket/*/recovery_shard-0.txt")))[0]
	key := filepath.Base(filepath.Dir(shardFile))

	shard := must(base64.StdEncoding.DecodeString(strings.TrimSpace(string(must(os.ReadFile(shardFile))))))
	shown := ""
	for _, change := range []func(string) string{replace, extend} {
		for i, data := range inEachString(t, shard, change) {
			data = []byte(base64.StdEncoding.EncodeToString(data))
			put(fmt.Sprintf("bucket/%s/copy-%d %s/recovery_shard-0.txt", key, i, hostileName), data)
			if i%10 == 0 {
				shown += run("inspect", put(fmt.Sprintf("shard-%d", i), data), "--record", p.path("record.json"))
			}
		}
		bucket := []string{"--record", p.path("record.json"), "--shards", filepath.Join(dir, "bucket")}
		shown += run(append([]string{"verify"}, bucket...)...)
		shown += screenOf(t, exec.Command("recover", append([]string{"drill", "--key", p.path("key-0.pem")}, bucket...)...))
		for _, data := range inEachString(t, must(os.ReadFile(p.path("record.json"))), change) {
			path := put("record.json", data)
			shown += run("record", "check", "--record", path)
			shown += screenOf(t, exec.Command("recover", "verify", "--record", path, "--shards", p.path("bucket")))
		}
		for _, data := range inEachLine(must(os.ReadFile(p.path("record.csv")))[:400], func(s string) string { return change(s) }) {
			shown += run("record", "check", "--record", put("record.csv", data))
		}
		report := inEachString(t, must(os.ReadFile(filepath.Join(out, reportName))), change)
		for _, data := range report {
			shown += screenOf(t, exec.Command("recover", "inspect", put("report.json", data)))
		}
		put("run/report.json", report[0])
		shown += screenOf(t, exec.Command("recover", "report", "merge", "--record", p.path("record.json"), filepath.Join(dir, "run"), "--out", filepath.Join(dir, "merged")))
		for _, data := range inEachLine(must(os.ReadFile(sealedKey))[:900], change) {
			shown += screenOf(t, exec.Command("recover", "rebuild", "--sealed-key", put("sealed.age", data), "--share", share, "--record", p.path("record.json"),
				"--shards", p.path("bucket"), "--unsealed", "--out", filepath.Join(dir, "none")))
		}
		for _, data := range inEachLine(must(os.ReadFile(share)), change) {
			shown += screenOf(t, exec.Command("recover", "custody", "check", put("share.txt", data)))
		}
		for _, data := range inEachString(t, must(json.Marshal(must(firstEvents(transcript)))), change) {
			var lines []json.RawMessage
			if err := json.Unmarshal(data, &lines); err != nil {
				t.Fatal(err)
			}
			var text []byte
			for _, line := range lines {
				text = append(append(text, line...), '\n')
			}
			shown += screenOf(t, exec.Command("recover", "inspect", put("transcript.json", text)))
		}
	}

	named := put("files/"+hostileName, must(os.ReadFile(p.path("key-0.pem"))))
	shown += run("inspect", named, filepath.Join(dir, "missing "+hostileName))
	for _, flag := range []string{"--key", "--record", "--shards", "--out", "--identity", "--sealed-key"} {
		args := append(p.rebuild(filepath.Join(dir, "out2"), "--unsealed"), flag, filepath.Join(dir, "none", hostileName))
		shown += screenOf(t, exec.Command("recover", args...))
	}
	for _, verb := range []string{hostileName, "verify"} {
		shown += screenOf(t, exec.Command("recover", verb, hostileName, "--"+hostileName))
	}

	fake := must(exec.LookPath("fake-pkcs11"))
	cmd := exec.Command("recover", "hsm", "list", "--hsm-module", "/fake.so", "--hsm-helper", fake)
	cmd.Env = append(os.Environ(), "FAKE_LABEL="+hostile)
	if screen := screenOf(t, cmd); !strings.Contains(screen, "a\\x1b[31m") && !strings.Contains(screen, "a%1B") {
		t.Errorf("the token's label is not shown at all:\n%q", screen)
	}
	cmd = exec.Command("recover", "hsm", "check", "--record", p.path("record.json"), "--hsm", "pkcs11:", "--hsm-module", "/fake.so", "--hsm-helper", fake)
	cmd.Env = append(os.Environ(), "FAKE_LABEL="+hostile)
	screenOf(t, cmd)

	// That so much was shown in its harmless form says that it got that far.
	if n := strings.Count(shown, `\x1b[31m`) + strings.Count(shown, `\u001b[31m`); n < 50 {
		t.Errorf("hostile text was shown %d times only", n)
	}
}

// firstEvents reads a transcript.
func firstEvents(path string) ([]json.RawMessage, error) {
	data, err := os.ReadFile(path)
	var all []json.RawMessage
	for line := range strings.Lines(string(data)) {
		all = append(all, json.RawMessage(strings.TrimSpace(line)))
	}
	return all, err
}

// TestRaw makes sure that it would be seen.
func TestRaw(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"\x1b[31m", "\u202e", "\u009b", "\x07", "\x9b", "a\rb", "\u200b", "\u2028", "\x1b[1049h"} {
		if raw("text "+text+" text\r\n") == "" {
			t.Errorf("%q is not seen", text)
		}
	}
	if at := raw("plain ü 日本 text\r\nline\n\r\x1b[Kstatus\r\n\x1b[F\x1b[K"); at != "" {
		t.Errorf("plain text is refused: %s", at)
	}
}
