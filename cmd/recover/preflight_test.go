//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"recover/fixtures/machine"
	"recover/fixtures/tier"
	"recover/internal/workstation"
	"recover/pkg/custody"
)

// unfitMachine has a network, and is a virtual machine.
func unfitMachine() *workstation.Machine {
	files := machine.Files()
	files["sys/class/net/eth0/flags"].Data = []byte("0x1003\n")
	files["sys/class/dmi/id/sys_vendor"].Data = []byte("QEMU\x1b[2J\u202e\n")
	files["proc/sys/kernel/yama/ptrace_scope"].Data = []byte("0\n")
	return machine.Of(files)
}

func init() {
	programs["recover-unfit"] = func() { lookAround = unfitMachine; main() }
}

func unfitly(t *testing.T, args ...string) outcome {
	t.Helper()
	return start(t, exec.Command("recover-unfit", args...))
}

const (
	networkFact = "network: the network interface eth0 is up"
	virtualFact = `virtual: this is a virtual machine (QEMU\x1b[2J\u{202e})`
	unfitFact   = "this machine is not fit for it"
	unfitHint   = "correct what is unfit, or accept it by name with --accept ITEM; to practise on an ordinary machine, add --rehearsal"
)

// TestUnfit: an unfit machine stops the verbs that deal with secrets, before
// they ask or make anything.
func TestUnfit(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	p := small()
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	real := []string{"--record", inProduction(t, p), "--shards", p.path("bucket"), "--key", p.path("key-0.pem")}
	for _, args := range [][]string{
		append([]string{"rebuild", "--out", out, "--unsealed"}, real...),
		append([]string{"rebuild", "--out", out, "--unsealed", "--accept", "network"}, real...),
		append([]string{"drill", "--production"}, real...),
		{"custody", "split", "--key", p.path("key-0.pem"), "--threshold", "2", "--custodian", "a", "--custodian", "b", "--out", out},
		{"keygen", "--unsealed", "--out", out},
		{"sign", "--keys", out, "--key-id", keyID(1).String(), "--in", out, "--out", out},
		{"sweep", "--plan", out, "--keys", out, "--out", out},
	} {
		o := unfitly(t, args...)
		o.refused(t, exitFailed, unfitFact, unfitHint)
		warned := o.lines("recover: warning: ")
		if !slices.ContainsFunc(warned, func(w string) bool { return strings.HasPrefix(w, "unfit: "+virtualFact+"; use a machine") }) {
			t.Errorf("%q: %q", args, warned)
		}
		if !slices.ContainsFunc(warned, func(w string) bool {
			return strings.HasPrefix(w, "ptrace: ") && strings.HasSuffix(w, "sysctl kernel.yama.ptrace_scope=2")
		}) {
			t.Errorf("%q: nothing is said of what is doubtful: %q", args, warned)
		}
		absent(t, out)
	}
	for _, verb := range needsFitness { // its page can be read
		if o := unfitly(t, verb, "--help"); o.status != exitOK || !strings.Contains(o.stdout, "--accept ITEM") {
			t.Errorf("%s --help: status %d\n%s", verb, o.status, o.stdout)
		}
	}
	unfitly(t, append([]string{"verify"}, p.selection()...)...).wantStatus(t, exitOK)
	unfitly(t, "sweep", "plan", "--out", out).refused(t, exitUsage, "--addresses is missing", "recover sweep --help says what it is")
	unfitly(t, p.rebuild(out, "--accept", "weather")...).refused(t, exitUsage, "--accept: there is no such item", "the items are "+strings.Join(workstation.Items(), ", "))
	unfitly(t, "rebuild", "--accept").refused(t, exitUsage, "the flag --accept needs a value", "recover preflight lists the items")
}

// inProduction is the record of a practice bucket, as one of real keys.
func inProduction(t *testing.T, p practice) (record string) {
	t.Helper()
	record = filepath.Join(t.TempDir(), "record.json")
	text := strings.Replace(string(must(os.ReadFile(p.path("record.json")))), `"sandbox"`, `"production"`, 1)
	if err := os.WriteFile(record, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return record
}

// TestUnfitForPractice: where the record is not of production, what is unfit is
// said, and stands in the report.
func TestUnfitForPractice(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	p := small()
	out := filepath.Join(t.TempDir(), "out")
	o := unfitly(t, p.rebuild(out, "--unsealed")...)
	o.wantStatus(t, exitOK)
	if warned := o.lines("recover: warning: unfit: "); len(warned) != 2 {
		t.Errorf("%q", warned)
	}
	report := readLines[struct{ Accepted []string }](t, filepath.Join(out, reportName))
	if len(report[0].Accepted) != 2 || report[0].Accepted[0] != networkFact {
		t.Errorf("the report has %q", report[0].Accepted)
	}
	unfitly(t, append([]string{"drill", "--key", p.path("key-0.pem")}, p.selection()...)...).wantStatus(t, exitOK)
}

// TestAccepted: what is accepted stands in the report and the transcript.
func TestAccepted(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	p := small()
	dir := t.TempDir()
	accept := []string{"--unsealed", "--accept", "network", "--accept=virtual"}
	out := filepath.Join(dir, "out")
	o := unfitly(t, p.rebuild(out, accept...)...)
	o.wantStatus(t, exitOK)
	if warned := o.lines("recover: warning: accepted: "); !slices.Equal(warned, []string{networkFact, virtualFact}) {
		t.Errorf("%q", warned)
	}
	report := readLines[struct{ Accepted []string }](t, filepath.Join(out, reportName))
	want := []string{networkFact, "virtual: this is a virtual machine (QEMU\x1b[2J\u202e)"}
	if !slices.Equal(report[0].Accepted, want) {
		t.Errorf("the report has %q", report[0].Accepted)
	}
	o = unfitly(t, append([]string{"drill", "--rehearsal", "--key", p.path("key-0.pem")}, p.selection()...)...)
	if o.wantStatus(t, exitOK); !strings.Contains(o.stdout, "accepted of this machine: "+networkFact+"\n") {
		t.Errorf("the drill does not say it:\n%s", o.stdout)
	}
	if notes := o.lines("recover: --rehearsal: "); len(notes) != 1 || !strings.HasPrefix(notes[0], "2 findings") {
		t.Errorf("%q", o.stderr)
	}
	transcript := filepath.Join(dir, "transcript")
	unfitly(t, "custody", "split", "--rehearsal", "--key", p.path("key-0.pem"), "--threshold", "2", "--custodian", "a", "--custodian", "b",
		"--out", filepath.Join(dir, "set"), "--transcript", transcript).wantStatus(t, exitOK)
	var items []string
	for _, e := range readLines[custody.Event](t, transcript) {
		if e.Step == custody.StepMachine {
			items = append(items, e.Item)
		}
	}
	if !slices.Equal(items, []string{"network", "virtual"}) {
		t.Errorf("the transcript has %q", items)
	}
	if o := execute(t, "inspect", transcript); o.status != exitOK {
		t.Errorf("the transcript is not valid: %s%s", o.stdout, o.stderr)
	}
}

// TestRehearsalOfProduction: real keys are no rehearsal.
func TestRehearsalOfProduction(t *testing.T) {
	t.Parallel()
	p := small()
	record := inProduction(t, p)
	out := filepath.Join(t.TempDir(), "out")
	unfitly(t, "rebuild", "--rehearsal", "--record", record, "--shards", p.path("bucket"), "--key", p.path("key-0.pem"), "--unsealed", "--out", out).
		refused(t, exitInput, record+": the record's environment is production, and this is a rehearsal",
			"remove --rehearsal: run this on the air-gapped workstation, and accept a finding by name with --accept ITEM")
	absent(t, out)
}

// TestOutputInDownload: the download stays as it came.
func TestOutputInDownload(t *testing.T) {
	t.Parallel()
	p := small()
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(p.path("bucket"), link); err != nil {
		t.Fatal(err)
	}
	for _, out := range []string{p.path("bucket/out"), p.path("bucket/" + keyID(1).String() + "/out"), filepath.Join(link, "out")} {
		execute(t, p.rebuild(out, "--unsealed")...).refused(t, exitUsage,
			"--out is inside the download of --shards", "name a place outside of it: what lies in it is taken for backups")
		absent(t, out)
	}
	execute(t, append([]string{"verify", "--html", p.path("bucket/page.html")}, p.selection()...)...).refused(t, exitUsage,
		"--html is inside the download of --shards", "name a place outside of it: what lies in it is taken for backups")
}

func TestPreflightVerb(t *testing.T) {
	t.Parallel()
	o := execute(t, "preflight", "--sha256", strings.Repeat("0", 64))
	o.refused(t, exitFailed, "this machine is not fit for a ceremony", "correct what is unfit, and run it again, or accept it by name with --accept ITEM")
	if !strings.Contains(o.stdout, "unfit     program      the program's SHA-256 is ") || !strings.Contains(o.stdout, "fit       network      no network interface is up\n") {
		t.Errorf("%s", o.stdout)
	}
	sums := filepath.Join(t.TempDir(), "SHA256SUMS")
	sum := hashOf(t)
	if err := os.WriteFile(sums, []byte(strings.Repeat("0", 64)+"  other\n"+sum+"  bin/recover\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, published := range []string{sum, sums} {
		o = execute(t, "preflight", "--sha256", published)
		if o.wantStatus(t, exitOK); !strings.Contains(o.stdout, "fit       program      the program is the one that was named") || strings.Contains(o.stdout, "doubtful") {
			t.Errorf("%s", o.stdout)
		}
	}
	o = unfitly(t, "preflight", "--json", "--key", small().path("key-0.pem"), "--out", filepath.Join(t.TempDir(), "out"))
	o.wantStatus(t, exitFailed)
	if !strings.Contains(o.stdout, `{"type":"finding","item":"network","verdict":"unfit","fact":"the network interface eth0 is up","todo":"pull the cable out, then: ip link set eth0 down"}`+"\n") ||
		!strings.Contains(o.stdout, `"type":"summary"`) || strings.Contains(o.stdout, "\x1b") {
		t.Errorf("%s", o.stdout)
	}
	execute(t, "preflight", "--sha256", small().path("record.json")).refused(t, exitUsage,
		"--sha256 is neither 64 hex digits nor a file with them", "give the line that was published with the program")
}

// hashOf is the SHA-256 of the program that execute runs.
func hashOf(t *testing.T) string {
	t.Helper()
	sum := must(hashFile(must(exec.LookPath("recover"))))
	return fmt.Sprintf("%x", sum)
}

// TestSubject: a transcript that is compared with is no output, and a confirmation
// no secret; a share is one.
func TestSubject(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string][2]int{ // secrets, outputs
		"check FILE --transcript FILE":                  {1, 0},
		"check FILE --transcript=FILE":                  {1, 0},
		"check FILE --transcript FILE --confirmation n": {1, 1},
		"confirm FILE --transcript FILE":                {0, 0},
		"sign FILE --identity FILE --out n":             {1, 1},
		"split --key FILE --transcript n --out n":       {1, 1},
	} {
		words := strings.Fields(strings.ReplaceAll(args, "FILE", file))
		s := pathsOf(words).subject()
		if len(s.Secrets) != want[0] || len(s.Outputs) != want[1] {
			t.Errorf("%s: secrets %q, outputs %q", args, s.Secrets, s.Outputs)
		}
		if read := pathsOf(words).read; !slices.Contains(read, file) {
			t.Errorf("%s: reads %q", args, read)
		}
	}
}
