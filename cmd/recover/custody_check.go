package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"

	"recover/internal/terminal"
	"recover/pkg/custody"
	"recover/pkg/rsadecrypt"
)

// shareCheck are the flags of custody check.
type shareCheck struct {
	sealedKey string
	typed     bool
	key       keyFlags // identities and the descriptor only
	json      bool
	files     []string
}

func (f *shareCheck) parse(args []string) error {
	fs := newFlags("custody check")
	fs.StringVar(&f.sealedKey, "sealed-key", "", "")
	fs.BoolVar(&f.typed, "typed", false, "")
	fs.StringArrayVar(&f.key.identities, "identity", nil, "")
	f.key.registerPassphrase(fs)
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
	}
	return checkShareFiles(f.files)
}

// checkedShare is what the check says of one share. There is nothing of its
// secret in it.
type checkedShare struct {
	Type        string        `json:"type"` // "share"
	Path        string        `json:"path,omitempty"`
	Share       int           `json:"share"`
	Count       int           `json:"count"`
	Threshold   int           `json:"threshold"`
	Holder      string        `json:"holder,omitempty"`
	Set         custody.SetID `json:"set"`
	Made        string        `json:"made"`
	RecoveryKey string        `json:"recovery_key,omitempty"` // fingerprint, hex
	SealedKey   string        `json:"sealed_key,omitempty"`   // with which it was compared
	SHA256      string        `json:"sealed_key_sha256,omitempty"`

	share  *custody.Share
	sealed *custody.SealedKey // nil: there was none to compare it with
}

// checkSummary is what the check says of several shares.
type checkSummary struct {
	Type    string `json:"type"` // "summary"
	Shares  int    `json:"shares"`
	Missing int    `json:"missing"`
	Opened  bool   `json:"opened"` // they brought the recovery key back
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
	var sealed *custody.SealedKey
	if f.sealedKey != "" {
		if sealed, err = readSealedKey(f.sealedKey); err != nil {
			return err
		}
	}
	ids, err := readShareIdentities(a, f.key.identities)
	if err != nil {
		return err
	}
	checked, err := f.checkAll(a, ids, sealed)
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
	return checkTogether(p.term, &f, checked)
}

func (f *shareCheck) checkAll(a *secretPrompter, ids []age.Identity, sealed *custody.SealedKey) (checked []*checkedShare, err error) {
	o := &shareOpener{ask: a, identities: ids}
	read := o.file
	files := f.files
	if f.typed {
		files, read = []string{""}, func(string) (*custody.Share, error) { return a.typedShare() }
	}
	for _, path := range files {
		share, err := read(path)
		if err != nil {
			return checked, shareError(path, err)
		}
		c := &checkedShare{Type: "share", Path: path, share: share, sealed: sealed, SealedKey: f.sealedKey}
		checked = append(checked, c)
		if err := c.compare(); err != nil {
			return checked, shareError(path, err)
		}
		if err := c.show(a.term, f.json); err != nil {
			return checked, err
		}
	}
	return checked, nil
}

// compare finds the sealed key that the share belongs to, beside it unless
// another was named, and holds the share against its set.
func (c *checkedShare) compare() error {
	if c.sealed == nil && c.Path != "" {
		beside := filepath.Join(filepath.Dir(c.Path), custody.SealedKeyName)
		if _, err := os.Lstat(beside); err == nil {
			if c.sealed, err = readSealedKey(beside); err != nil {
				return err
			}
			c.SealedKey = beside
		}
	}
	s := c.share
	c.Share, c.Count, c.Threshold, c.Set, c.Made = s.Index, s.Count, s.Threshold, s.Set, s.Created.Format(time.DateOnly)
	c.Holder = s.Holder
	if s.Holder != "" {
		c.RecoveryKey = s.Key.Hex()
	}
	if c.sealed == nil {
		return nil
	}
	if err := c.sealed.Check(s); err != nil {
		return err
	}
	c.Holder, c.RecoveryKey = c.sealed.Holder(s.Index), c.sealed.Key.Hex()
	sum := custody.DigestOf(c.sealed.Bytes())
	c.SHA256 = fmt.Sprintf("%x", sum)
	return nil
}

func (c *checkedShare) show(t *terminal.Terminal, asJSON bool) error {
	if asJSON {
		return t.JSON(c)
	}
	name := c.Path
	if name == "" {
		name = "the share"
	}
	lines := []string{fmt.Sprintf("%s: sound", name), fmt.Sprintf("    share: %d of %d, of which %d are needed", c.Share, c.Count, c.Threshold)}
	fact := func(name, value string) {
		if value != "" {
			lines = append(lines, fmt.Sprintf("    %s: %s", name, value))
		}
	}
	fact("holder", c.Holder)
	fact("set", fmt.Sprintf("%s, made on %s", c.Set, c.Made))
	if key, err := rsadecrypt.ParseFingerprint(c.RecoveryKey); err == nil {
		fact("recovery key", key.String())
	}
	if c.sealed != nil {
		fact("sealed key", fmt.Sprintf("%s is of this set, and this is the share that was made for it", c.SealedKey))
		fact("SHA-256 of the sealed key", c.SHA256+" (all holders have the same)")
	} else {
		fact("not compared with its set", "there is no "+custody.SealedKeyName+" beside it; name yours with --sealed-key")
	}
	return printLines(t, lines)
}

// checkTogether says whether several shares are one set, and enough: then they
// open the sealed key, for a moment and for nothing else.
func checkTogether(t *terminal.Terminal, f *shareCheck, checked []*checkedShare) error {
	if len(checked) == 1 {
		return nil
	}
	var sealed *checkedShare
	for _, c := range checked {
		if sealed == nil && c.sealed != nil {
			sealed = c
		}
	}
	if sealed == nil {
		return &usageError{"several shares are given, but no sealed key to compare them with", "name it with --sealed-key"}
	}
	set := custody.NewSet(sealed.sealed)
	for _, c := range checked {
		if err := set.Add(c.share); err != nil {
			return shareError(c.Path, err)
		}
	}
	summary := checkSummary{"summary", len(checked), set.Missing(), set.Missing() == 0}
	if summary.Opened {
		if err := tryQuorum(set); err != nil {
			return &fileError{sealed.SealedKey, asSealedKey, err}
		}
	}
	switch {
	case f.json:
		return t.JSON(&summary)
	case summary.Opened:
		return t.Print("they are shares of one set, and enough: they open the sealed key, and the recovery key is the right one")
	}
	return t.Print("they are shares of one set, and not enough: %v", custody.TooFewError(summary.Missing))
}

func tryQuorum(set *custody.Set) error {
	quorum, err := set.Combine()
	if err != nil {
		return err
	}
	defer quorum.Wipe()
	private, err := quorum.Open()
	if err == nil {
		rsadecrypt.Wipe(private)
	}
	return err
}
