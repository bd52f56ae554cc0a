package main

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"

	"recover/internal/agefile"
	"recover/internal/output"
	"recover/internal/passphrase"
	"recover/internal/plaintext"
	"recover/internal/terminal"
	"recover/internal/workstation"
	"recover/pkg/record"
	"recover/pkg/report"
	"recover/pkg/rsadecrypt"
	"recover/pkg/shard"
)

// What the user can do about it: for every error that ends the program, and
// for every reason that a key is not done. Facts are the errors' own; only the
// files of hints give advice: this one, filehints.go, reasonhints.go,
// sharehints.go, tokenhints.go and lastmile.go. docs/troubleshooting.md explains
// every code.

// advice is what an error means to the user: a short, stable code for scripts,
// and the next step.
type advice struct{ code, hint string }

// given is the advice about one error.
type given struct {
	err error
	advice
}

// about returns the advice of the first error of a table that is in the chain.
func about(table []given, err error) advice {
	for _, g := range table {
		if errors.Is(err, g.err) {
			return g.advice
		}
	}
	return advice{}
}

// codeOther is the code of an error that nothing else is known about.
const codeOther = "other"

// hint returns the next step after an error, or "".
func hint(err error) string { return advise(err).hint }

// advise returns what an error means to the user.
func advise(err error) advice {
	for _, known := range []func(error) advice{
		workAdvice, lastMileAdvice, recordAdvice, fileAdvice, tokenAdvice, generalAdvice, custodyAdvice, systemAdvice,
	} {
		if a := known(err); a != (advice{}) {
			return a
		}
	}
	return advice{code: codeOther}
}

// workAdvice is about an age file whose passphrase costs too much work to try,
// but for a key file that the age command still opens: it takes up to 22.
func workAdvice(err error) advice {
	var work *rsadecrypt.WorkError
	var file *fileError
	if !errors.As(err, &work) || !strings.HasPrefix(work.What, "age ") {
		return advice{}
	}
	if errors.As(err, &file) && file.role == asKey && work.Got <= 22 {
		return advice{}
	}
	return advice{"age-work-too-high", "take another copy of the file: this program seals with a work factor of 18; \"age -d\" opens files of up to 22 that other programs sealed"}
}

// recordAdvice is about what cannot be read in a record.
func recordAdvice(err error) advice {
	var faulty *record.Error
	var kind *plaintext.KindError
	switch {
	case !errors.As(err, &faulty):
		return advice{}
	case errors.As(err, &kind) && (kind.Kind == plaintext.Office || kind.Kind == plaintext.OldOffice):
		return advice{"record-is-spreadsheet", "save the table as \"CSV UTF-8\", and give that file"}
	case errors.Is(err, record.ErrNotUTF8):
		return advice{"record-not-utf8", "save the table again as \"CSV UTF-8\"; correct what else is wrong with it in a copy"}
	case faulty.Line == 0 && faulty.Field == "":
		return advice{"not-a-record", "the record is your list of quorum IDs and key IDs; \"recover inspect FILE\" says what a file is"}
	}
	return advice{"record-invalid", "correct the record in a copy; keep the original as it is"}
}

// generalAdvice is about what belongs to no file of one kind.
func generalAdvice(err error) advice {
	var variable *workstation.VariableError
	switch {
	case errors.As(err, &variable):
		return advice{"variable-set", "unset " + variable.Name + " and start again: it can change how the program computes"}
	case is[*workstation.GapError](err):
		return advice{"fence-incomplete", "use a Linux kernel that has it, or leave " + strictFlag + " out"}
	case errors.Is(err, output.ErrNoSpace) && brokeOff(err):
		return advice{"no-space", "use a medium with more space; " + hintResume}
	}
	return about(generalHints, err)
}

// brokeOff tells of a run that has kept some keys.
func brokeOff(err error) bool {
	return is[*brokenOffError](err)
}

const hintResume = "keys in the journal are safe: run the same command with --resume DIR instead of --out DIR"

var generalHints = []given{
	{terminal.ErrNoTerminal, advice{"no-terminal", "run it in a terminal, or give secrets with --passphrase-fd"}},
	{terminal.ErrInterrupted, advice{"interrupted", "nothing was changed; start again when ready"}},
	{terminal.ErrNoMoreLines, advice{"passphrase-missing", "the descriptor needs a line for each passphrase, in the order asked: the key file's first, then that of the output"}},
	{terminal.ErrTooLong, advice{"passphrase-too-long", "a passphrase has 1024 bytes at most"}},
	{passphrase.ErrEmpty, advice{"passphrase-empty", "put the new passphrase on its line: " + passphrase.Rule}},
	{passphrase.ErrWeak, advice{"passphrase-weak", "take " + passphrase.Rule + "; at a terminal, Enter alone makes a passphrase of seven words. --weak-passphrase takes it all the same"}},
	{passphrase.ErrMismatch, advice{"passphrases-differ", "start again, and type the same passphrase twice"}},
	{output.ErrExists, advice{"output-exists", "nothing is ever overwritten: give a new name"}},
	{output.ErrForeign, advice{"output-foreign", "--replace takes only a file of the same kind that an earlier run wrote: give another name, or move that file away"}},
	{output.ErrNoParent, advice{"output-no-parent", "is the medium mounted? if so, make the directory above it first"}},
	{output.ErrNotWritable, advice{"output-not-writable", "give a directory that you can write to; a CD, or a medium with a lock, cannot be written to"}},
	{output.ErrNoSpace, advice{"no-space", "use a medium with more space and start again; this file was not kept"}},
	{agefile.ErrRecipient, advice{"recipient-invalid", "give an age recipient that begins with age1; a text that begins with AGE-SECRET-KEY-1 is a secret: keep it where it is"}},
	{errInterruptedRun, advice{"run-interrupted", hintResume}},
	{report.ErrComplete, advice{"run-complete", "to do it all again, rebuild into a new directory"}},
	{errNoRun, advice{"run-missing", "give the directory that was --out of the earlier run; to start a new run, give --out instead of --resume"}},
	{report.ErrNotBegun, advice{"run-not-begun", "remove that directory and start again with --out"}},
	{report.ErrNoJournal, advice{"journal-missing", "give the directory that was --out of the run that broke off"}},
	{report.ErrLostJournal, advice{"journal-lost", "no run can go on without its journal: keep the directory, its keys can still be opened; rebuild into a new one"}},
	{report.ErrIsJournal, advice{"report-unfinished", "its run broke off: resume it, and give the report that it then writes"}},
	{report.ErrOtherRecord, advice{"report-other-record", "give the record that was divided, and the reports of its parts; verify a part that was done with an earlier record again, and bring a rebuild up to date by \"recover rebuild --resume\" with this record"}},
	{report.ErrOtherEnvironment, advice{"report-other-environment", "production and sandbox are never joined: give the reports of this record's environment"}},
	{report.ErrOtherRecoveryKey, advice{"report-other-recovery-key", "give the reports of one division only"}},
	{report.ErrUnrecordedKey, advice{"report-unrecorded-key", "find out which recovery key is right: the record lists those of your kit, and the report is of another one"}},
	{errSegmentChanged, advice{"segment-changed", "take another copy of the directory; do not use the keys in a file that was changed"}},
	{report.ErrNotRebuild, advice{"report-not-of-rebuild", "give the report.json of a rebuild"}},
	{report.ErrNotVerification, advice{"report-not-of-verify", "give the reports of one verification, which verify --report writes; those of a rebuild are merged by themselves"}},
	{report.ErrPartMissing, advice{"report-part-missing", "give the report of every part in one command; a part that failed has to be verified again"}},
	{report.ErrPartTwice, advice{"report-part-twice", "give one report of each part: that of the last run"}},
	{report.ErrPartForeign, advice{"report-part-foreign", "give the reports of one division only: all of n/4, or all of n/5"}},
	{report.ErrPartApart, advice{"report-part-apart", "one of them is of an earlier run: verify that part again, and have each run write its reports into a new directory"}},
	{report.ErrChanged, advice{"report-changed", "work on copies of the reports that nothing else writes to"}},
	{errShardChanged, advice{"shard-changed", "give the same download as before, or rebuild into a new directory"}},
	{errForgedKey, advice{"journal-forged", "do not use the keys in that directory: somebody may have changed it; rebuild into a new one"}},
	{output.ErrInUse, advice{"output-in-use", "wait for the other process, or stop it"}},
	{errProduction, advice{"drill-in-production", "rehearse with a practice bucket (recover sandbox), or add --production if this drill is meant to use the real keys"}},
	{errRehearsal, advice{"rehearsal-in-production", "remove --rehearsal: run this on the air-gapped workstation, and accept a finding by name with --accept ITEM"}},
	{errUnfit, advice{"machine-unfit", "correct what is unfit, or accept it by name with --accept ITEM; to practise on an ordinary machine, add --rehearsal"}},
	{errWallets, advice{"wallets-invalid", "give the JSON list that the service's wallets API returns, or CSV with a column quorum_id"}},
	{record.ErrChanged, advice{"record-changed", "work on a copy of the record that nothing else writes to"}},
}

// systemAdvice is about what is left: a backup that is not as it should be, or a
// file that the system does not read or write.
func systemAdvice(err error) advice {
	var file *fileError
	var path *fs.PathError
	_ = errors.As(err, &path)
	switch reason := shard.ReasonOf(err); {
	case path != nil && strings.HasPrefix(path.Path, "descriptor "):
		return advice{"descriptor", "open a file or a pipe that holds a line for each passphrase"}
	case path != nil && path.Path == os.Stdout.Name():
		return advice{"stdout-closed", "not all results could be shown: run it again, and write what it prints to a file; the files that it made are complete"}
	case reason != "":
		return advice{string(reason), reasonHint(reason)}
	case !errors.As(err, &file):
		return advice{}
	case errors.Is(file.err, fs.ErrPermission) && slices.Contains([]role{asOutput, asNewSet, asTranscript}, file.role):
		return about(generalHints, output.ErrNotWritable)
	case file.role == asOutput || file.role == asNewSet || file.role == asTranscript:
		return advice{"output-failed", "look at the medium: it may be full, worn out or write-protected; take another one and start again"}
	}
	if is[*output.TooLargeError](err) {
		return advice{"file-too-large", "it is larger than any file of its kind: look whether it is the right one"}
	}
	return advice{"file-unreadable", hintCopyIt}
}

const hintCopyIt = "copy it to another medium and try again"

// runAdvice is about a run that cannot be resumed, or reports that cannot be
// merged.
func runAdvice(err error) advice {
	switch {
	case is[*report.OtherRunError](err):
		return advice{"run-differs", "give the same recovery key and options as before, or rebuild into a new directory"}
	case is[*report.ContradictionError](err):
		return advice{"contradiction", "find out which of the two is right before the key is used; a record may be corrected for keys that are not rebuilt yet, else rebuild into a new directory"}
	case is[*report.TwiceError](err):
		return advice{"rebuilt-twice", "check which parts the reports are of: each key belongs to one part"}
	}
	return advice{}
}
