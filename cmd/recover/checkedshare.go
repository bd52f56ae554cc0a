package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"recover/internal/output"
	"recover/internal/secret"
	"recover/internal/terminal"
	"recover/pkg/custody"
	"recover/pkg/rsadecrypt"
)

// checkedShare is what the check says of one share. There is nothing of its
// secret in it.
type checkedShare struct {
	Type        string        `json:"type"` // "share"
	Path        string        `json:"path,omitempty"`
	Status      string        `json:"status"` // "valid", "not-compared" or "wrong"
	Share       int           `json:"share"`
	Count       int           `json:"count"`
	Threshold   int           `json:"threshold"`
	Holder      string        `json:"holder,omitempty"`
	Set         custody.SetID `json:"set"`
	Replaces    custody.SetID `json:"replaces,omitzero"`
	Made        string        `json:"made"`
	RecoveryKey string        `json:"recovery_key,omitempty"` // fingerprint, hex: a claim, until shares open it
	SealedKey   string        `json:"sealed_key,omitempty"`   // with which it was compared
	SHA256      string        `json:"sealed_key_sha256,omitempty"`
	Record      string        `json:"record_sha256,omitempty"` // of the copy of the record in the folder
	Openers     []string      `json:"openers,omitempty"`       // what opens the file of the share
	Compared    []string      `json:"compared,omitempty"`      // files that are as the transcript has them
	Problems    []string      `json:"problems,omitempty"`

	share    *custody.Share
	sealed   *custody.SealedKey // nil: there was none to compare it with
	evidence *evidence
	openers  []custody.Opener
	problems []error
	warning  string
	copy     *recordCopy // of the record; nil: none
}

// Statuses of a share.
const (
	shareValid       = "valid"        // the one that the ceremony made, as far as was compared
	shareNotCompared = "not-compared" // undamaged; by whom it was made is not known
	shareWrong       = "wrong"
)

const hintFolder = "do not use this folder, keep it apart, and ask the owner for yours again; find out who brought it"

func (c *checkedShare) wrong(path string, role role, fact, hint string) {
	c.problems = append(c.problems, &fileError{path, role, &differsError{fact, hint}})
}

// compare finds the sealed key that the share belongs to, next to it unless
// another was named, and compares the share with its set, and all with what the
// ceremony said. What is wrong goes to problems; an error is of a share or a
// sealed key that says by itself that it is not right.
func (c *checkedShare) compare(ctx context.Context) error {
	if err := c.findSealedKey(ctx); err != nil {
		return err
	}
	s := c.share
	c.Share, c.Count, c.Threshold, c.Set, c.Made = s.Index, s.Count, s.Threshold, s.Set, s.Created.Format(time.DateOnly)
	c.Holder = s.Holder
	if s.Holder != "" {
		c.RecoveryKey = s.Key.Hex()
	}
	if c.sealed != nil {
		if err := c.sealed.Check(s); err != nil {
			return err
		}
		c.Holder, c.RecoveryKey, c.Replaces = c.sealed.Holder(s.Index), c.sealed.Key.Hex(), c.sealed.Replaces
		c.SHA256 = fmt.Sprintf("%x", custody.DigestOf(c.sealed.Bytes()))
		c.warning = warnOtherSet(c.evidence.recorded, c.sealed)
	}
	c.compareSet()
	if c.Path != "" {
		if err := c.compareFolder(ctx); err != nil {
			return err
		}
	}
	c.Status = shareNotCompared
	switch {
	case len(c.problems) > 0:
		c.Status = shareWrong
	case c.evidence.set != nil && c.sealed != nil:
		c.Status = shareValid
	}
	for _, p := range c.problems {
		c.Problems = append(c.Problems, p.Error())
	}
	return nil
}

func (c *checkedShare) findSealedKey(ctx context.Context) (err error) {
	if c.sealed != nil || c.Path == "" {
		return nil
	}
	beside := c.beside(custody.SealedKeyName)
	if _, err := os.Lstat(beside); err != nil {
		return nil
	}
	c.SealedKey = beside
	c.sealed, err = readSealedKey(ctx, beside)
	return err
}

func (c *checkedShare) beside(name string) string { return filepath.Join(filepath.Dir(c.Path), name) }

// compareSet compares the set and the sealed key with the ceremony's.
func (c *checkedShare) compareSet() {
	e := c.evidence
	if e.set != nil && c.Set != *e.set {
		path, role := c.Path, asShare
		if path == "" {
			path, role = c.SealedKey, asSealedKey
		}
		c.wrong(path, role, fmt.Sprintf("of set %s; the ceremony made set %s: this is not from that ceremony", c.Set, *e.set), hintFolder)
		return
	}
	if e.sealedKey != nil && c.sealed != nil {
		if sum := custody.DigestOf(c.sealed.Bytes()); sum != *e.sealedKey {
			c.wrong(c.SealedKey, asSealedKey, fmt.Sprintf("its SHA-256 is %x, that of the ceremony is %x: the sealed key was changed or replaced", sum, *e.sealedKey),
				"take the sealed key of another holder, and check that with the same command")
		}
	}
}

// compareFolder looks at what lies next to the share, and at who can open it.
func (c *checkedShare) compareFolder(ctx context.Context) error {
	data, err := output.ReadFile(c.Path, maxShareFile)
	if err != nil {
		return err
	}
	defer secret.Wipe(data)
	c.openers = custody.OpenersOf(data)
	for _, o := range c.openers {
		c.Openers = append(c.Openers, o.String())
	}
	c.compareOpeners()
	c.comparePublicKey()
	c.compareCode()
	c.compareRecord(ctx, data)
	c.compareFiles(data)
	return nil
}

// compareOpeners compares who can open the share with the transcript.
func (c *checkedShare) compareOpeners() {
	made := c.evidence.ceremony
	if made == nil || len(made.Recipients(c.Holder)) == 0 {
		return
	}
	if !custody.OpenersFit(c.openers, made.Recipients(c.Holder)) {
		c.wrong(c.Path, asShare, fmt.Sprintf("the file is opened by %s; in the ceremony the share was sealed to %s", enumerated(c.Openers, "nobody's key: it is not sealed"), enumerated(made.Recipients(c.Holder), "")),
			"if you did not seal it again yourself, another person may have this share: tell the owner at once")
	}
}

func enumerated(names []string, none string) string {
	text := ""
	for i, name := range names {
		switch {
		case i > 0 && i == len(names)-1:
			text += " and "
		case i > 0:
			text += ", "
		}
		text += name
	}
	if text == "" {
		return none
	}
	return text
}

// comparePublicKey compares the public key in the folder, which is the one that
// gets uploaded, with the fingerprint of the set.
func (c *checkedShare) comparePublicKey() {
	path := c.beside(publicKeyName)
	data, err := output.ReadFile(path, rsadecrypt.MaxFileSize)
	if err != nil || c.sealed == nil {
		return // it is not there, or nothing to compare it with
	}
	public, err := rsadecrypt.ParsePublicKey(data)
	switch {
	case err != nil:
		c.wrong(path, asAny, "not a public key: it was changed", "take the one of another holder; do not upload this one")
	case rsadecrypt.FingerprintOf(public) != c.sealed.Key:
		c.wrong(path, asAny, fmt.Sprintf("it is the public key %s, and not that of the set", rsadecrypt.FingerprintOf(public)),
			"do not upload it: whoever made it can read the backups; take the one of another holder, and find out who brought this one")
	}
}

// compareCode compares the code to scan with the share that lies next to it.
func (c *checkedShare) compareCode() {
	path := c.beside(codeName)
	data, err := output.ReadFile(path, maxShareFile)
	if err != nil {
		return
	}
	file := secret.New(data)
	defer file.Wipe()
	code := c.share.SVG()
	defer code.Wipe()
	if len(c.openers) == 0 && !code.Equal(file) {
		c.wrong(path, asShare, "not the code of this share", "do not print or scan it: it may be another holder's share, or none; use share.txt")
	}
}

// compareFiles compares the files of the folder with those that the ceremony
// wrote. Pages may be added to, and shares sealed again, by their holders: the
// share in them is compared otherwise.
func (c *checkedShare) compareFiles(share []byte) {
	made := c.evidence.ceremony
	if made == nil || c.Set != made.Set {
		return
	}
	if want, ok := made.File(c.Holder, filepath.Base(c.Path)); ok && want == custody.DigestOf(share) {
		c.Compared = append(c.Compared, filepath.Base(c.Path))
	}
	for _, name := range []string{codeName, custody.SealedKeyName, publicKeyName, custody.RecordName, custody.QuorumsName, quorumCodeName(custody.QuorumsName, 1), readMeName} {
		path := c.beside(name)
		want, written := made.File(c.Holder, name)
		if !written {
			continue
		}
		if _, err := os.Lstat(path); err != nil {
			continue
		}
		sum, err := hashHeld(path)
		switch {
		case err == nil && sum == want:
			c.Compared = append(c.Compared, name)
		case name == readMeName:
			c.wrong(path, asAny, "not the file that the ceremony wrote", "do not follow what it says: docs/custody.md has what a holder does")
		case len(c.problems) == 0:
			c.wrong(path, asAny, "not the file that the ceremony wrote", "take that of another holder, and check it again")
		}
	}
}

func (c *checkedShare) show(t *terminal.Terminal, asJSON bool) error {
	if c.warning != "" {
		t.Warn(c.warning)
	}
	if c.copy != nil {
		for _, w := range c.copy.warnings {
			t.Warn(w)
		}
	}
	if asJSON {
		return t.JSON(c)
	}
	name := c.Path
	if name == "" {
		name = "the share"
	}
	heads := map[string]string{
		shareValid:       "valid: the share that the ceremony made",
		shareNotCompared: "undamaged, but not compared with the ceremony",
		shareWrong:       "WRONG",
	}
	lines := []string{name + ": " + heads[c.Status]}
	add := func(text string) { lines = append(lines, "    "+text) }
	for _, p := range c.problems {
		add("wrong: " + p.Error())
	}
	add(fmt.Sprintf("share: %d of %d, of which %d are needed", c.Share, c.Count, c.Threshold))
	if c.Holder != "" {
		add("holder: " + c.Holder)
	}
	add(fmt.Sprintf("set: %s, made on %s", c.Set, c.Made))
	if c.Replaces != (custody.SetID{}) {
		add(fmt.Sprintf("  it replaces the set %s", c.Replaces))
	}
	if key, err := rsadecrypt.ParseFingerprint(c.RecoveryKey); err == nil {
		add("it names the recovery key (proved only when enough shares open it)")
		add("  " + key.String())
	}
	if len(c.openers) > 1 {
		add(fmt.Sprintf("opened by %d, EACH OF THEM ALONE:", len(c.openers)))
	}
	for _, o := range c.Openers {
		if len(c.openers) > 1 {
			add("  " + o)
		} else {
			add("opened by: " + o)
		}
	}
	if c.sealed == nil {
		add("not compared with its set: no " + custody.SealedKeyName + " is next to it;")
		add("  name yours with --sealed-key")
	} else {
		add("sealed key: " + c.SealedKey)
		add("  it is of this set, and the share is one of that set")
		add("SHA-256 of the sealed key:")
		for _, half := range inGroups(custody.DigestOf(c.sealed.Bytes())) {
			add(half[2:])
		}
	}
	if c.copy != nil {
		add("record: " + c.copy.path + ", SHA-256")
		for _, half := range inGroups(c.copy.sum) {
			add(half[2:])
		}
	}
	for _, line := range c.evidence.lines() {
		add(line)
	}
	if len(c.Compared) > 0 {
		add("as the ceremony wrote them: " + enumerated(c.Compared, ""))
	}
	return printLines(t, lines)
}
