package main

import (
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"recover/internal/output"
	"recover/internal/terminal"
	"recover/internal/workstation"
)

// What verbs with secrets have in common: before anything else they look whether
// the machine is fit.

// needsFitness are the verbs that run a preflight first.
var needsFitness = []string{"rebuild", "drill", "custody", "keygen", "sign", "sweep"}

// custodyActions are the subcommands of custody.
var custodyActions = []string{"split", "check", "confirm", "reissue", "open", "sign", "script", "attach-record"}

// looksFirst tells a verb that runs a preflight. The script of a ceremony and the
// plan of a sweep are made of public data, on any machine.
func looksFirst(verb string, args []string) bool {
	if verb == "custody" && len(args) > 0 && !strings.HasPrefix(args[0], "-") && !slices.Contains(custodyActions, args[0]) {
		return false // a mistyped subcommand does nothing
	}
	public := map[string]string{"custody": "script", "sweep": "plan"}[verb]
	return slices.Contains(needsFitness, verb) && !(public != "" && len(args) > 0 && args[0] == public)
}

// goesOn tells a verb that an unfit machine does not end at once: with a record,
// that says whether the keys are real ones, and a holder checks a share at home.
func goesOn(verb string, args []string) bool {
	return verb == "rebuild" || verb == "drill" ||
		verb == "custody" && len(args) > 0 && slices.Contains([]string{"check", "confirm", "sign", "attach-record"}, args[0])
}

// machineRoot is where the machine is looked at; the linker sets another one in
// the program that tests run. It is "" in the program.
var machineRoot string

// lookAround returns the machine to look at. Tests have one of their own.
var lookAround = func() *workstation.Machine { return workstation.This(machineRoot, thisTool().SHA256) }

// fitness are the flags that say what of a machine is accepted.
type fitness struct {
	accept    []string
	rehearsal bool
	accepted  []string // unfit findings that were accepted, for the report
	unfit     bool     // something is unfit that was not accepted
}

const fitnessUsage = `
The machine (recover preflight says whether it is fit):
    --accept ITEM              go on though this item is unfit (repeatable); it
                               stands in the report and the transcript
    --rehearsal                accept all, for practice on an ordinary machine;
                               not with a record of environment production,
                               except in a drill with --production.
                               Where the record does not say production, what
                               is unfit is a warning
    --strict-sandbox           stop where the system cannot fence the program;
                               otherwise what is missing is a warning
`

// takeFitness takes its flags out of the arguments of a verb.
func takeFitness(args []string) (f fitness, rest []string, err error) {
	for i := 0; i < len(args); i++ {
		name, value, joined := strings.Cut(args[i], "=")
		switch {
		case args[i] == "--rehearsal":
			f.rehearsal = true
		case name != "--accept":
			rest = append(rest, args[i])
		case !joined && i+1 == len(args):
			return f, nil, &usageError{"the flag --accept needs a value", "recover preflight lists the items"}
		default:
			if !joined {
				i++
				value = args[i]
			}
			if !slices.Contains(workstation.Items(), value) {
				return f, nil, &usageError{"--accept: there is no such item", "the items are " + strings.Join(workstation.Items(), ", ")}
			}
			f.accept = append(f.accept, value)
		}
	}
	return f, rest, nil
}

// asksForHelp tells a command line that only wants to read.
func asksForHelp(args []string) bool {
	return len(args) == 0 || slices.Contains(args, "--help") || slices.Contains(args, "-h")
}

// checkFitness runs the preflight of a verb. What is doubtful is said; what is
// unfit ends the program, unless it is accepted, or goesOn: then checkMachine
// decides when the record is open.
func (p *program) checkFitness(goesOn bool) error {
	for _, f := range lookAround().Look(p.paths.subject()) {
		switch {
		case f.Verdict == workstation.Fit:
		case f.Verdict == workstation.Doubtful:
			if !p.fitness.rehearsal {
				p.term.Warn(f.Item + ": " + f.Fact + "; " + f.Todo)
			}
		case p.fitness.rehearsal || slices.Contains(p.fitness.accept, f.Item):
			p.fitness.accepted = append(p.fitness.accepted, f.Item+": "+f.Fact)
			if !p.fitness.rehearsal {
				p.term.Warn("accepted: " + f.Item + ": " + f.Fact)
			}
		default:
			p.fitness.unfit = true
			if goesOn {
				p.fitness.accepted = append(p.fitness.accepted, f.Item+": "+f.Fact)
			}
			p.term.Warn("unfit: " + f.Item + ": " + f.Fact + "; " + f.Todo)
		}
	}
	if p.fitness.unfit && !goesOn {
		return errUnfit
	}
	if p.fitness.rehearsal {
		p.term.Note("--rehearsal: %d findings about this machine are accepted; with real keys, run it without", len(p.fitness.accepted))
	}
	return nil
}

// acceptedItems names what was accepted of the machine, each item once.
func (p *program) acceptedItems() (items []string) {
	for _, text := range p.fitness.accepted {
		item, _, _ := strings.Cut(text, ":")
		if !slices.Contains(items, item) {
			items = append(items, item)
		}
	}
	return items
}

// checkRehearsal refuses to rehearse with real keys.
func (p *program) checkRehearsal(s *selection) error {
	if p.fitness.rehearsal && s.record.Environment == "production" {
		return &fileError{s.recordPath, asRecord, errRehearsal}
	}
	return p.checkMachine(s)
}

// checkMachine refuses real keys on an unfit machine.
func (p *program) checkMachine(s *selection) error {
	if p.fitness.unfit && s.record.Environment == "production" {
		return errUnfit
	}
	return nil
}

var errUnfit = errors.New("this machine is not fit for it")

var errRehearsal = errors.New("the record's environment is production, and this is a rehearsal")

// showFinding shows one finding as a result.
func showFinding(t *terminal.Terminal, f workstation.Finding, json bool) error {
	if json {
		return t.JSON(&struct {
			Type string `json:"type"` // "finding"
			workstation.Finding
		}{"finding", f})
	}
	if err := t.Print("%-9s %-12s %s", f.Verdict, f.Item, f.Fact); err != nil || f.Todo == "" {
		return err
	}
	return t.Print("%22s %s", "", f.Todo)
}

// secretFlags take a file that opens the backups, alone or with others;
// backupFlags the backups.
var (
	secretFlags = []string{"key", "share", "identity"}
	backupFlags = []string{"shards"}
)

// subject says what the machine is to be used for. Shares may also be arguments
// without a flag; what is confirmed and signed is no secret.
func (p *commandPaths) subject() *workstation.Subject {
	s := &workstation.Subject{}
	public := len(p.flagged) > 0 && p.flagged[0].name == "" && slices.Contains([]string{"confirm", "sign"}, p.flagged[0].value)
	for _, f := range p.flagged {
		path, err := filepath.Abs(f.value)
		if err != nil || descriptorPath.MatchString(f.value) {
			continue
		}
		if resolved, err := filepath.EvalSymlinks(path); err == nil {
			path = resolved
		}
		switch {
		case slices.Contains(secretFlags, f.name), f.name == "" && !public && isFile(path):
			s.Secrets = append(s.Secrets, path)
		case f.name == "record":
			s.Records = append(s.Records, path)
		case slices.Contains(backupFlags, f.name):
			s.Backups = append(s.Backups, path)
		}
	}
	for _, dir := range p.make {
		if path, err := filepath.Abs(dir); err == nil && !slices.Contains(s.Outputs, path) {
			s.Outputs = append(s.Outputs, path)
		}
	}
	return s
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// publishedHash reads a SHA-256: hex digits, or a file that begins with them.
func publishedHash(text string) (string, error) {
	if sum, err := hex.DecodeString(text); err == nil && len(sum) == 32 {
		return text, nil
	}
	data, err := output.ReadFile(text, 1<<20)
	if err != nil {
		return "", &fileError{text, asAny, err}
	}
	for line := range strings.Lines(string(data)) {
		fields := strings.Fields(line)
		if len(fields) == 0 || len(fields) > 1 && filepath.Base(strings.TrimPrefix(fields[1], "*")) != "recover" {
			continue
		}
		if sum, err := hex.DecodeString(fields[0]); err == nil && len(sum) == 32 {
			return fields[0], nil
		}
	}
	return "", &usageError{"--sha256 is neither 64 hex digits nor a file with them", "give the line that was published with the program"}
}
