package main

import (
	"time"

	"filippo.io/age"

	"recover/pkg/custody"
)

// shareCheck are the flags of custody check.
type shareCheck struct {
	sealedKey    string
	typed        bool
	key          keyFlags // identities and the descriptor only
	evidence     evidenceFlags
	confirmation string
	json         bool
	files        []string
}

func (f *shareCheck) parse(args []string) error {
	fs := newFlags("custody check")
	fs.StringVar(&f.sealedKey, "sealed-key", "", "")
	fs.BoolVar(&f.typed, "typed", false, "")
	fs.StringArrayVar(&f.key.identities, "identity", nil, "")
	f.key.registerPassphrase(fs)
	f.evidence.register(fs)
	fs.StringVar(&f.confirmation, "confirmation", "", "")
	fs.BoolVar(&f.json, "json", false, "")
	if err := parseFlags(fs, args, custody.MaxShares); err != nil {
		return err
	}
	f.files = fs.Args()
	switch {
	case len(f.files) == 0 && !f.typed:
		return &usageError{"no share is given", "recover custody check SHARE…, or --typed to type it"}
	case f.typed && len(f.files) > 0:
		return &usageError{"--typed and a file are both given", "give one or the other"}
	case f.confirmation != "" && len(f.files) > 1:
		return &usageError{"--confirmation is given with several shares", "each holder confirms their own share"}
	case f.confirmation != "" && f.evidence.transcript == "" && (f.evidence.set == "" || f.evidence.sha256 == ""):
		return &usageError{"--confirmation is given with nothing to compare the share with", "add --transcript FILE, or --set and --sha256 with what the ceremony showed"}
	}
	if err := checkNewFile(f.confirmation); err != nil {
		return err
	}
	return checkShareFiles(f.files)
}

// custodyCheck checks shares, and never shows them.
func custodyCheck(p *program, args []string) error {
	var f shareCheck
	if err := f.parse(args); err != nil {
		return err
	}
	a, err := newPrompter(p, f.key.passphraseFlags)
	if err != nil {
		return err
	}
	against, err := f.evidence.load(p.ctx)
	if err != nil {
		return err
	}
	var sealed *custody.SealedKey
	if f.sealedKey != "" {
		if sealed, err = readSealedKey(p.ctx, f.sealedKey); err != nil {
			return err
		}
	}
	ids, err := readIdentities(a, f.key.identities)
	if err != nil {
		return err
	}
	checked, err := f.checkAll(a, ids, sealed, against)
	defer func() {
		for _, c := range checked {
			c.share.Wipe()
		}
	}()
	if err == nil {
		err = a.used()
	}
	if err != nil {
		return err
	}
	if err := checkTogether(p.term, f.json, checked); err != nil {
		return err
	}
	if f.confirmation != "" {
		return f.confirm(p, checked[0], against)
	}
	return nil
}

// checkAll reads, compares and shows each share. The first thing that is wrong
// with any of them is the error, when all were looked at; a share that cannot be
// read ends it.
func (f *shareCheck) checkAll(a *secretPrompter, ids []age.Identity, sealed *custody.SealedKey, against *evidence) (checked []*checkedShare, err error) {
	o := &shareOpener{ask: a, identities: ids}
	read := o.file
	files := f.files
	if f.typed {
		files, read = []string{""}, func(string) (*custody.Share, error) { return a.typedShare() }
	}
	var wrong error
	for _, path := range files {
		share, err := read(path)
		if err != nil {
			return checked, shareError(path, err)
		}
		c := &checkedShare{Type: "share", Path: path, share: share, sealed: sealed, SealedKey: f.sealedKey, evidence: against}
		checked = append(checked, c)
		if err := c.compare(a.ctx); err != nil {
			return checked, shareError(path, err)
		}
		if err := c.show(a.term, f.json); err != nil {
			return checked, err
		}
		if len(c.problems) > 0 && wrong == nil {
			wrong = c.problems[0]
		}
	}
	return checked, wrong
}

// confirm writes what the owner collects: that this holder has compared their own
// share and the sealed key with the ceremony.
func (f *shareCheck) confirm(p *program, c *checkedShare, against *evidence) error {
	if c.sealed == nil {
		return &usageError{"nothing can be confirmed without the sealed key", "name your copy with --sealed-key"}
	}
	t := thisTool()
	line := custody.Confirmation{
		Time: time.Now(), Share: c.Share, Holder: c.Holder, Set: c.Set, SealedKey: custody.DigestOf(c.sealed.Bytes()),
		Against: custody.AgainstNumbers, Version: t.Version,
	}
	if against.ceremony != nil {
		line.Against, line.Transcript = custody.AgainstTranscript, against.head
	}
	_ = line.Tool.UnmarshalText([]byte(t.SHA256)) // zero where it is not known
	text, err := line.Line()
	if err != nil {
		return err
	}
	if err := writeNewData(f.confirmation, text); err != nil {
		return err
	}
	p.term.Note("%s is the confirmation for the owner; no secret is in it", f.confirmation)
	return nil
}
