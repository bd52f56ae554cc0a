package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"recover/fixtures/testkey"
	"recover/pkg/rsadecrypt"
)

// TestScript runs the scripts of testdata/script. Beside the commands of
// testscript they have:
//
//	status N program args…      run it; it ends with status N, and says one error
//	                            and one hint if that is not 0, else none
//	error TEXT, hint TEXT       the whole text of that error, of that hint
//	[!] json FILE PATH [VALUE]  the value at PATH, such as 0.keys.-1.status: the
//	                            number is that of the line or element, from the
//	                            end if negative; len is how many
//	rebuilt FILE BUCKET [with-master] KEY…
//	                            the keys in FILE are these of the practice bucket,
//	                            in this order, and right in every field; "all" is
//	                            all of them in the order of the record
//	tmpfs DIR SIZE              mount a filesystem in memory; needs [mount]
//
// $SMALL and $KIT are practice buckets, $Q1 … $Q2 and $K1 … $K4 the IDs in
// them: of each two keys with one quorum, the first is SECP256K1. $ADDRESS1 … is
// the address that people know a key by, $PUBLIC1 … the public key.
func TestScript(t *testing.T) {
	params := testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               setUpScript,
		Condition:           scriptCondition,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status": scriptStatus, "error": scriptSaid("recover: error: "), "hint": scriptSaid("recover: hint: "),
			"json": scriptJSON, "rebuilt": scriptRebuilt, "tmpfs": scriptTmpfs,
		},
	}
	if testing.Short() {
		params.Dir, params.Files = "", shortScripts
	}
	testscript.Run(t, params)
}

// shortScripts are those of go test -short: the main ways through the program.
var shortScripts = []string{
	"testdata/script/endtoend.txtar", "testdata/script/verify.txtar", "testdata/script/rebuild.txtar", "testdata/script/custody.txtar",
	"testdata/script/keygen.txtar", "testdata/script/inspect.txtar", "testdata/script/usage.txtar",
}

func setUpScript(env *testscript.Env) error {
	fingerprint := rsadecrypt.FingerprintOf(&testkey.Small().PublicKey)
	for name, value := range map[string]string{
		"SMALL": small().dir, "KIT": kit().dir, "ESC": "\x1b",
		"Q1": quorumID(1).String(), "Q2": quorumID(3).String(), "Q9": quorumID(99).String(),
		"K1": keyID(1).String(), "K2": keyID(2).String(), "K3": keyID(3).String(), "K4": keyID(4).String(), "K9": keyID(9).String(),
		"GOTRACEBACK": "", "FINGERPRINT": fingerprint.Hex(), "FINGERPRINT_FOR_PEOPLE": fingerprint.String(),
	} {
		env.Setenv(name, value)
	}
	for i, k := range small().keys {
		e := k.Expected()
		env.Setenv(fmt.Sprintf("ADDRESS%d", i+1), e.Addresses["ethereum"]+e.Addresses["solana"]) // a key has one of them
		env.Setenv(fmt.Sprintf("XRP%d", i+1), e.Addresses["xrp"])
		env.Setenv(fmt.Sprintf("PUBLIC%d", i+1), e.WalletPublicKey)
	}
	return nil
}

func scriptCondition(name string) (bool, error) {
	switch name {
	case "mount":
		return canMount(), nil
	case "root":
		return os.Geteuid() == 0, nil
	}
	return false, fmt.Errorf("unknown condition %s", name)
}

var canMount = sync.OnceValue(func() bool {
	dir := filepath.Join(shared, "mount")
	if os.Mkdir(dir, 0o700) != nil || exec.Command("mount", "-t", "tmpfs", "none", dir).Run() != nil {
		return false
	}
	return exec.Command("umount", dir).Run() == nil
})

func scriptTmpfs(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: tmpfs DIR SIZE")
	}
	dir := ts.MkAbs(args[0])
	ts.Check(os.Mkdir(dir, 0o700))
	ts.Check(exec.Command("mount", "-t", "tmpfs", "-o", "size="+args[1], "none", dir).Run())
	ts.Defer(func() { _ = exec.Command("umount", "-l", dir).Run() })
}

func scriptStatus(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: status N program args…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	var exit *exec.ExitError
	got := outcome{}
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got.status = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	got.stderr = ts.ReadFile("stderr")
	if problem := unlikeSchema(args, ts.ReadFile("stdout")); problem != "" {
		ts.Fatalf("%s", problem)
	}
	if problem := got.wrong(); problem != "" {
		ts.Fatalf("%s", problem)
	}
	if got.status != want {
		ts.Fatalf("status %d, want %d", got.status, want)
	}
}

func scriptSaid(prefix string) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, _ bool, args []string) {
		o := outcome{stderr: ts.ReadFile("stderr")}
		said, want := o.lines(prefix), strings.Join(args, " ")
		if len(said) != 1 || said[0] != want {
			ts.Fatalf("said:   %s\nwanted: %s", strings.Join(said, "\n"), want)
		}
	}
}

func scriptJSON(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: json FILE PATH [VALUE]")
	}
	d := json.NewDecoder(strings.NewReader(ts.ReadFile(args[0])))
	d.UseNumber()
	var all []any
	for d.More() {
		var v any
		ts.Check(d.Decode(&v))
		line, _ := v.(map[string]any)
		isHead := line["type"] == "run" && line["keys"] == nil && args[0] == "stdout"
		if wantHead := strings.HasPrefix(args[1], "run."); isHead == wantHead {
			all = append(all, v)
		}
	}
	// Of what --json prints, "run" is the first line, and the others are counted without it.
	got, found := find(all, strings.Split(strings.Replace(args[1], "run.", "0.", 1), "."))
	fits := found && (len(args) == 2 || got == args[2])
	if fits == neg {
		ts.Fatalf("%s is %q, found: %v", args[1], got, found)
	}
}

// find goes down into a decoded JSON value and returns what is there, strings
// as they are, all else as JSON.
func find(v any, path []string) (text string, found bool) {
	if len(path) == 0 {
		if s, ok := v.(string); ok {
			return s, true
		}
		b, err := json.Marshal(v)
		return string(b), err == nil
	}
	switch v := v.(type) {
	case map[string]any:
		inner, ok := v[path[0]]
		if !ok {
			return "", false
		}
		return find(inner, path[1:])
	case []any:
		i, err := strconv.Atoi(path[0])
		if path[0] == "len" {
			return strconv.Itoa(len(v)), true
		}
		if i < 0 {
			i += len(v)
		}
		if err != nil || i < 0 || i >= len(v) {
			return "", false
		}
		return find(v[i], path[1:])
	}
	return "", false
}

func scriptRebuilt(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 3 {
		ts.Fatalf("usage: rebuilt FILE BUCKET [with-master] KEY…")
	}
	keys := args[2:]
	withMaster := keys[0] == "with-master"
	if withMaster {
		keys = keys[1:]
	}
	ts.Check(checkRebuilt(ts.ReadFile(args[0]), practice{dir: ts.MkAbs(args[1])}, withMaster, keys))
}

// checkSafe makes sure that the keys that a journal lists as rebuilt are in
// the segments that it names, complete, right, and in the same order; open
// reads a segment. It returns how many there are.
func checkSafe(dir string, p practice, open func(path string) ([]byte, error)) (int, error) {
	journal, err := os.ReadFile(filepath.Join(dir, "journal.ndjson"))
	if err != nil {
		return 0, err
	}
	listed := make(map[string][]string) // by segment
	count := 0
	for i, line := range strings.SplitAfter(string(journal), "\n") {
		if !strings.HasSuffix(line, "\n") {
			break // the program was ended while it wrote this line
		}
		var k struct {
			Status  string
			KeyID   string `json:"key_id"`
			Segment string
		}
		if err := json.Unmarshal([]byte(line), &k); err != nil {
			return 0, fmt.Errorf("journal, line %d: %w", i+1, err)
		}
		if k.Status == statusOK {
			listed[k.Segment] = append(listed[k.Segment], k.KeyID)
			count++
		}
	}
	for segment, ids := range listed {
		text, err := open(filepath.Join(dir, segment))
		if err == nil && len(text) > 0 {
			// The journal may have been cut short, never the segment.
			lines := strings.SplitAfterN(string(text), "\n", len(ids)+1)
			err = checkRebuilt(strings.Join(lines[:min(len(ids), len(lines))], ""), p, false, ids)
		}
		if err != nil {
			return 0, fmt.Errorf("%s: %w", segment, err)
		}
	}
	return count, nil
}

// checkRebuilt holds a file of rebuilt keys against what the sandbox knows to
// be right.
func checkRebuilt(text string, p practice, withMaster bool, ids []string) error {
	data, err := os.ReadFile(p.path("expected.json"))
	if err != nil {
		return err
	}
	var expected []map[string]any
	if err := json.Unmarshal(data, &expected); err != nil {
		return err
	}
	if slices.Equal(ids, []string{"all"}) {
		ids = nil
		for _, e := range expected {
			ids = append(ids, e["key_id"].(string))
		}
	}
	lines := strings.SplitAfter(text, "\n")
	if len(lines) != len(ids)+1 || lines[len(ids)] != "" {
		return fmt.Errorf("%d lines, want %d", len(lines)-1, len(ids))
	}
	for i, id := range ids {
		n := slices.IndexFunc(expected, func(e map[string]any) bool { return e["key_id"] == id })
		if n < 0 {
			return fmt.Errorf("%s is not expected at all", id)
		}
		var got map[string]any
		if err := json.Unmarshal([]byte(lines[i]), &got); err != nil {
			return err
		}
		delete(got, "name") // as recorded
		if want := asLine(expected[n], withMaster); fmt.Sprint(got) != fmt.Sprint(want) {
			return fmt.Errorf("key %d is\n%v\nwant\n%v", i, got, want)
		}
	}
	return nil
}

// asLine makes of a key of expected.json the line that a rebuild writes
// (docs/formats.md, section 6).
func asLine(e map[string]any, withMaster bool) map[string]any {
	line := map[string]any{
		"quorum_id": e["quorum_id"], "key_id": e["key_id"], "algorithm": e["algorithm"], "addresses": e["addresses"],
		"derivation": "none", "private_key": e["wallet_private_key_hex"], "public_key": e["wallet_public_key_hex"],
	}
	if e["algorithm"] == "SECP256K1" {
		line["derivation"] = "m/0"
	}
	if withMaster {
		line["master_private_key"], line["master_chain_code"] = e["master_private_key_hex"], e["master_chain_code_hex"]
	}
	return line
}
