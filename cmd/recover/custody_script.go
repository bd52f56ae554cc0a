package main

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"recover/pkg/custody"
	"recover/pkg/record"
	"recover/pkg/rsadecrypt"
)

// occasions are the ceremonies that a script can be printed for.
var occasions = []string{"new", "split", "reissue", "drill", "rebuild"}

// scriptFlags are the flags of custody script.
type scriptFlags struct {
	occasion             string
	sealedKey, publicKey string
	token, module        string
	record, transcript   string
	shards               string
	threshold            int
	custodians           []string
	out                  string
}

func (f *scriptFlags) parse(args []string) error {
	fs := newFlags("custody script")
	fs.StringVar(&f.occasion, "for", "", "")
	fs.StringVar(&f.sealedKey, "sealed-key", "", "")
	fs.StringVar(&f.publicKey, "recovery-public-key", "", "")
	fs.StringVar(&f.token, "hsm", "", "")
	fs.StringVar(&f.module, "hsm-module", "", "")
	fs.StringVar(&f.record, "record", "", "")
	fs.StringVar(&f.transcript, "transcript", "", "")
	fs.StringVar(&f.shards, "shards", "bucket", "")
	fs.IntVar(&f.threshold, "threshold", 0, "")
	fs.StringArrayVar(&f.custodians, "custodian", nil, "")
	fs.StringVar(&f.out, "out", "", "")
	if err := parseFlags(fs, args, 0); err != nil {
		return err
	}
	if err := f.check(); err != nil {
		return err
	}
	return checkNewFile(f.out)
}

// check holds the flags to what each occasion needs.
func (f *scriptFlags) check() error {
	if !slices.Contains(occasions, f.occasion) {
		return &usageError{"--for does not say which ceremony", "it is one of: " + strings.Join(occasions, ", ")}
	}
	makesSet := f.occasion == "new" || f.occasion == "split" || f.occasion == "reissue"
	var fact, hint string
	switch {
	case makesSet && (f.threshold == 0 || len(f.custodians) == 0):
		fact, hint = "the new set is not described", "add --threshold K and --custodian NAME for each holder"
	case !makesSet && (f.threshold != 0 || len(f.custodians) > 0):
		fact, hint = "--threshold and --custodian are for a new set", "leave them out: the holders are in the sealed key"
	case !makesSet && f.record == "":
		fact, hint = "--record is missing", "name the record that the ceremony works with: its SHA-256 is printed"
	case f.occasion == "reissue" && f.sealedKey == "":
		fact, hint = "--sealed-key is missing", "name a holder's copy of sealed-recovery-key.age; no share is needed"
	case f.occasion == "split" && f.publicKey == "":
		fact, hint = "--recovery-public-key is missing", "name the public half of the key that is to be split"
	case !makesSet && (f.sealedKey == "") == (f.publicKey == ""):
		fact, hint = "which recovery key is needed is not said, or said twice", "give --sealed-key where it is split among holders, else --recovery-public-key"
	case f.occasion == "new" && (f.sealedKey != "" || f.publicKey != ""), f.occasion == "split" && f.sealedKey != "":
		fact, hint = "a key is given that this ceremony does not use", "recover custody --help says which flags go with --for "+f.occasion
	case f.transcript != "" && f.sealedKey == "":
		fact, hint = "--transcript is given without --sealed-key", "it is the transcript of the ceremony that made the sealed key"
	case f.token != "" && (makesSet || f.sealedKey != ""):
		fact, hint = "--hsm is for a drill or a rebuild with a token", "give --recovery-public-key with it"
	case makesSet:
		if err := (custody.Plan{Threshold: f.threshold, Holders: f.custodians}).Check(); err != nil {
			return &usageError{err.Error(), custodyHint(err)}
		}
		return nil
	default:
		return nil
	}
	return &usageError{fact, hint}
}

// custodyScript prints the script of a ceremony.
func custodyScript(p *program, args []string) error {
	var f scriptFlags
	if err := f.parse(args); err != nil {
		return err
	}
	s, err := f.read(p)
	if err != nil {
		return err
	}
	lines := s.lines()
	if f.out == "" {
		return printLines(p.term, lines)
	}
	err = writeNewFile(f.out, func(w io.Writer) error {
		_, err := io.WriteString(w, strings.Join(lines, "\n")+"\n")
		return err
	})
	if err == nil {
		p.term.Note("%s is the script of the ceremony, a copy for each person; no secret is in it", f.out)
	}
	return err
}

// read collects the facts, and refuses those that contradict each other: what is
// printed is compared with the screen on the day.
func (f *scriptFlags) read(p *program) (*script, error) {
	tool := thisTool()
	s := &script{
		occasion: f.occasion, version: tool.Version, token: f.token, module: f.module,
		threshold: f.threshold, custodians: f.custodians, shards: fileWord(f.shards),
	}
	if err := s.program.UnmarshalText([]byte(tool.SHA256)); err != nil {
		return nil, errOwnHash
	}
	if f.publicKey != "" {
		public, err := readPublicKey(p.ctx, f.publicKey)
		if err != nil {
			return nil, err
		}
		key := rsadecrypt.FingerprintOf(public)
		s.key = &key
	}
	if f.sealedKey != "" {
		var err error
		if s.sealed, err = readSealedKey(p.ctx, f.sealedKey); err != nil {
			return nil, err
		}
		s.key, s.sealedKey = &s.sealed.Key, fileWord(f.sealedKey)
	}
	if err := f.readTranscript(s); err != nil {
		return nil, err
	}
	return s, f.readRecord(p, s)
}

func (f *scriptFlags) readTranscript(s *script) error {
	if f.transcript == "" {
		return nil
	}
	e := new(evidence)
	if err := e.readTranscript(f.transcript, ""); err != nil {
		return err
	}
	if *e.set != s.sealed.ID || *e.sealedKey != custody.DigestOf(s.sealed.Bytes()) {
		return &fileError{f.sealedKey, asSealedKey, &differsError{"not the sealed key that the ceremony of " + f.transcript + " made",
			"take the sealed key of another holder, or the transcript of the ceremony that made this one"}}
	}
	s.transcript, s.head = fileWord(f.transcript), &e.head
	return nil
}

func (f *scriptFlags) readRecord(p *program, s *script) error {
	if f.record == "" {
		return nil
	}
	sel := &selection{ctx: p.ctx}
	defer sel.Close()
	if err := sel.openRecord(f.record); err != nil {
		return err
	}
	r := sel.record
	s.record, s.keys, s.environment, s.recordSum = fileWord(f.record), r.Len(), r.Environment, r.SHA256()
	if s.key == nil || len(r.RecoveryKeys) == 0 {
		return nil
	}
	if !slices.ContainsFunc(r.RecoveryKeys, func(k record.RecoveryKey) bool { return k.SHA256 == *s.key }) {
		return &fileError{f.record, asRecord, fmt.Errorf("%w: %s", errNotRecorded, *s.key)}
	}
	if s.sealed != nil {
		if text := warnOtherSet(r.RecoveryKeys, s.sealed); text != "" {
			p.term.Warn(text)
		}
	}
	return nil
}

// fileWord is how a file is called in the commands of the script, which are typed
// in the directory in which all files lie.
func fileWord(path string) string { return shellWord(filepath.Base(path)) }
