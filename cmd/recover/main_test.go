package main

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	sandbox "recover/fixtures"
	"recover/fixtures/machine"
	"recover/fixtures/softtoken"
	"recover/fixtures/testkey"
	"recover/internal/group"
	"recover/internal/uuid"
	"recover/internal/workstation"
	"recover/pkg/hsm"
	"recover/pkg/report"
	"recover/pkg/rsadecrypt"
	"recover/pkg/shard"
)

// The tests run the program as its users do. A test that starts "recover" by
// name gets the test binary under that name, which is the same program; one
// that looks at the binary itself gets that of builtProgram.

// Names in the directory of a run.
const (
	journalName = report.JournalName
	reportName  = report.ReportName
	pendingName = "pending.ndjson"
)

func TestMain(m *testing.M) { testscript.Main(suite{m}, programs) }

// programs are what the test binary is under other names.
var programs = map[string]func(){"fake-pkcs11": softtoken.FakeHelper}

func init() {
	// The programs find a machine that is fit, whatever the tests run on; what
	// another one does is tested in preflight_test.go.
	lookAround = func() *workstation.Machine {
		m := machine.Fit()
		m.SHA256 = thisTool().SHA256
		return m
	}
	segmentAge = time.Hour
	maps.Insert(programs, maps.All(map[string]func(){
		"recover": main,
		// The same, but a segment is closed after every fourth key.
		"recover-with-short-segments": func() { segmentKeys = 4; main() },
		// The same, but it waits for a second only until a token has logged in, or made a key.
		"recover-impatient":          func() { hsmLimits = hsm.Limits{Long: time.Second}; main() },
		"recover-impatient-for-keys": func() { hsmLimits = hsm.Limits{Generate: time.Second}; main() },
	}))
}

// suite removes the practice buckets when all tests are done.
type suite struct{ *testing.M }

func (s suite) Run() int {
	dir, err := os.MkdirTemp("", "recover-test")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	shared = dir
	// Under the race detector, a program would wait for a second at its end.
	_ = os.Setenv("GORACE", "atexit_sleep_ms=0")
	return s.M.Run()
}

// shared holds what is made once for all tests, which only read it.
var shared string

// practice is a practice bucket in shared, made as cheaply as it can be:
//
//	DIR/bucket, DIR/record.json, DIR/record.csv, DIR/key-<n>.pem, DIR/expected.json
type practice struct {
	dir      string
	keys     []*sandbox.Key
	recovery *rsa.PrivateKey // the first
}

func (p practice) path(name string) string { return filepath.Join(p.dir, name) }

// selection returns the flags that select all keys.
func (p practice) selection() []string {
	return []string{"--record", p.path("record.json"), "--shards", p.path("bucket")}
}

// rebuild returns the arguments of a rebuild of all keys.
func (p practice) rebuild(out string, more ...string) []string {
	args := append([]string{"rebuild", "--key", p.path("key-0.pem"), "--out", out}, p.selection()...)
	return append(args, more...)
}

// secrets returns everything about the keys that nobody may see.
func (p practice) secrets() [][]byte {
	var all [][]byte
	for _, k := range p.keys {
		all = append(all, k.Master.Bytes(), k.Wallet.Bytes(), k.ChainCode)
	}
	return all
}

// The practice buckets.
var (
	// small has two keys of each algorithm in two quorums, and an RSA-2048
	// recovery key. Its IDs are known to the scripts.
	small = sync.OnceValue(func() practice {
		return mustMake("small", 3, 4, func(i int) group.Group { return []group.Group{group.Secp256k1, group.Edwards25519}[i%2] }, testkey.Small())
	})
	// kit has one key and two RSA-4096 recovery keys.
	kit = sync.OnceValue(func() practice {
		return mustMake("kit", 3, 1, func(int) group.Group { return group.Secp256k1 }, testkey.Recovery(0), testkey.Recovery(1))
	})
	// few has enough keys for three short segments.
	few = sync.OnceValue(func() practice {
		return mustMake("few", 2, 10, func(int) group.Group { return group.Edwards25519 }, testkey.Small())
	})
	// many has enough keys to be in the middle of.
	many = sync.OnceValue(func() practice {
		return mustMake("many", 2, 40, func(int) group.Group { return group.Edwards25519 }, testkey.Small())
	})
	twoHundred = sync.OnceValue(func() practice {
		if underRace() { // to make them would take minutes
			return many()
		}
		return mustMake("200", 2, 200, func(int) group.Group { return group.Edwards25519 }, testkey.Small())
	})
)

// id returns the ID number i of a kind: readable in a script, and of the form
// of a random one.
func id(kind byte, i int) (id uuid.ID) {
	id[0], id[6], id[8], id[14], id[15] = kind<<4, 0x40, 0x80, byte(i>>8), byte(i)
	return id
}

// quorumID and keyID return the IDs of key i of a practice bucket, from 1.
func quorumID(i int) uuid.ID { return id(0x1, (i+1)/2) }
func keyID(i int) uuid.ID    { return id(0xa, i) }

func mustMake(name string, players, keys int, algorithm func(int) group.Group, recovery ...*rsa.PrivateKey) practice {
	p := practice{dir: filepath.Join(shared, name), recovery: recovery[0]}
	random := rand.NewChaCha8(sha256.Sum256([]byte(name)))
	spec := sandbox.Spec{Players: players, Threshold: 1, Sharing: shard.Shamir}
	for _, key := range recovery {
		spec.Kit = append(spec.Kit, &key.PublicKey)
	}
	for i := range keys {
		spec.Group, spec.IDs = algorithm(i), shard.IDs{Quorum: quorumID(i + 1), Key: keyID(i + 1)}
		k, err := sandbox.Make(random, spec)
		if err != nil {
			panic(err)
		}
		p.keys = append(p.keys, k)
	}
	if err := p.write(recovery); err != nil {
		panic(err)
	}
	return p
}

func (p practice) write(recovery []*rsa.PrivateKey) error {
	var entries, lines []string
	var expected []sandbox.Expected
	for _, k := range p.keys {
		folder := filepath.Join("bucket", k.IDs.Key.String())
		for _, s := range k.Shards {
			data, err := s.Encode()
			if err := errors.Join(err, p.file(filepath.Join(folder, s.FileName()), data)); err != nil {
				return err
			}
		}
		expected = append(expected, k.Expected())
		entries = append(entries, fmt.Sprintf(`{"quorum_id":%q,"key_id":%q,"algorithm":%q}`, k.IDs.Quorum, k.IDs.Key, k.Group.Algorithm()))
		lines = append(lines, fmt.Sprintf("%s,%s,%s\n", k.IDs.Quorum, k.IDs.Key, k.Group.Algorithm()))
	}
	text, err := json.Marshal(expected)
	var fingerprints []string
	for i, key := range recovery {
		pub := rsadecrypt.FingerprintOf(&key.PublicKey)
		fingerprints = append(fingerprints, fmt.Sprintf(`{"sha256":%q}`, pub.Hex()))
		err = errors.Join(err,
			p.file(fmt.Sprintf("key-%d.pem", i), privatePEM(key)),
			p.file(fmt.Sprintf("key-%d.pub.der", i), rsadecrypt.MarshalPublicKey(&key.PublicKey)))
	}
	return errors.Join(err,
		p.file("expected.json", text),
		p.file("record.csv", []byte("quorum_id,key_id,algorithm\n"+strings.Join(lines, ""))),
		p.file("record.json", []byte(fmt.Sprintf(`{"format":"recover-record/1","environment":"sandbox","recovery_keys":[%s],"keys":[`+"\n%s\n]}\n",
			strings.Join(fingerprints, ","), strings.Join(entries, ",\n")))))
}

func privatePEM(key *rsa.PrivateKey) []byte {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// file writes a file below the directory of p.
func (p practice) file(name string, data []byte) error {
	path := p.path(name)
	return errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, data, 0o600))
}

// builtProgram builds the program as make does, and returns its path.
var builtProgram = sync.OnceValues(func() (string, error) {
	root := filepath.Join(shared, "machine")
	if err := machine.Write(root); err != nil {
		return "", err
	}
	return goBuild("recover", "-trimpath", "-ldflags=-s -w -X main.machineRoot="+root)
})

// experiment is that of the Makefile.
const experiment = "runtimesecret"

func goBuild(name string, flags ...string) (string, error) {
	path := filepath.Join(shared, name)
	cmd := exec.Command("go", append(append([]string{"build"}, flags...), "-o", path, ".")...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOEXPERIMENT="+experiment)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
}

func built(t *testing.T) string {
	t.Helper()
	path, err := builtProgram()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// outcome is what a run of the program left behind.
type outcome struct {
	status         int
	stdout, stderr string
}

// start runs a command that is not to take longer than any should.
func start(t *testing.T, cmd *exec.Cmd) outcome {
	t.Helper()
	var stdout, stderr strings.Builder
	if cmd.Stdout == nil {
		cmd.Stdout = &stdout
	}
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() }).Stop()
	err := cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	o := outcome{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
	if problem := unlikeSchema(cmd.Args, o.stdout); problem != "" {
		t.Errorf("%q: %s", cmd.Args, problem)
	}
	if problem := o.wrong(); problem != "" {
		t.Errorf("%s\nstatus %d\nstdout: %.2000s\nstderr: %.2000s", problem, o.status, o.stdout, o.stderr)
	}
	return o
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// execute runs the program.
func execute(t *testing.T, args ...string) outcome {
	t.Helper()
	return start(t, exec.Command("recover", args...))
}

// wrong holds every run to the rules of the house: with status 0 there is no
// error, else there is one and one hint; and the program never panics.
func (o outcome) wrong() string {
	errs, hints := len(o.lines("recover: error: ")), len(o.lines("recover: hint: "))
	switch {
	case strings.Contains(o.stderr, "goroutine ") || strings.Contains(o.stderr, "panic:") || strings.Contains(o.stderr, "DATA RACE"):
		return "the program broke down"
	case o.status < 0 || o.status > 4:
		return "no exit status of the program"
	case o.status == 0 && errs+hints > 0:
		return "an error or a hint, but status 0"
	case o.status != 0 && (errs != 1 || hints != 1):
		return fmt.Sprintf("%d errors and %d hints, not one of each", errs, hints)
	}
	return ""
}

// lines returns the lines of stderr that begin with prefix, without it.
func (o outcome) lines(prefix string) []string {
	var found []string
	for line := range strings.Lines(o.stderr) {
		if text, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), prefix); ok {
			found = append(found, text)
		}
	}
	return found
}

// refused checks an exit status and the texts of the error and the hint.
func (o outcome) refused(t *testing.T, status int, fact, hint string) {
	t.Helper()
	got := fmt.Sprintf("%d\n%s\n%s", o.status, strings.Join(o.lines("recover: error: "), "\n"), strings.Join(o.lines("recover: hint: "), "\n"))
	if want := fmt.Sprintf("%d\n%s\n%s", status, fact, hint); got != want {
		t.Errorf("got status, error and hint:\n%s\nwant:\n%s", got, want)
	}
}

// absent checks that nothing is at path.
func absent(t *testing.T, path string) {
	t.Helper()
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s was left behind: %v", path, err)
	}
}

// readLines decodes a file of NDJSON.
func readLines[T any](t *testing.T, path string) []T {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	return decodeLines[T](t, json.NewDecoder(f))
}

func decodeLines[T any](t *testing.T, d *json.Decoder) []T {
	t.Helper()
	var all []T
	for d.More() {
		var v T
		var text json.RawMessage
		err := d.Decode(&text)
		if err == nil {
			err = json.Unmarshal(text, &v)
		}
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(text, []byte(`{"type":"run","verb":`)) { // the first line of --json
			all = append(all, v)
		}
	}
	return all
}
