package main

import (
	"crypto/rsa"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/spf13/pflag"

	"recover/internal/output"
	"recover/internal/secret"
	"recover/internal/terminal"
	"recover/pkg/custody"
	"recover/pkg/rsadecrypt"
)

// splitFlags say how a recovery key is to be split.
type splitFlags struct {
	threshold   int
	custodians  []string
	recipients  []string
	passphrases bool
	out         string
	showQR      bool
	json        bool
}

func (f *splitFlags) register(fs *pflag.FlagSet) {
	fs.IntVar(&f.threshold, "threshold", 0, "")
	fs.StringArrayVar(&f.custodians, "custodian", nil, "")
	fs.StringArrayVar(&f.recipients, "recipient", nil, "")
	fs.BoolVar(&f.passphrases, "passphrases", false, "")
	fs.StringVar(&f.out, "out", "", "")
	fs.BoolVar(&f.showQR, "show-qr", false, "")
	fs.BoolVar(&f.json, "json", false, "")
}

// newSet is a split of which all is checked that can be before it is made.
type newSet struct {
	*splitFlags
	plan       custody.Plan
	recipients map[string][]age.Recipient              // by holder; none: not sealed
	openers    map[string][]string                     // who they are, as custody.RecipientName names them
	replaces   custody.SetID                           // the set that this one is made to replace
	record     *setRecord                              // goes with the shares; nil: not
	after      []string                                // what is to be done when all holders have confirmed
	transcript string                                  // its path; empty: none is written
	publicKey  func(*output.Dir, *rsa.PublicKey) error // writes it beside the folders; nil: not
}

// plan checks the flags and the place for the output.
func (f *splitFlags) plan(verb string) (*newSet, error) {
	err := required(verb, [2]string{"out", f.out}, [2]string{"custodian", strings.Join(f.custodians, "")})
	if err == nil && f.threshold == 0 {
		err = required(verb, [2]string{"threshold", ""})
	}
	if err != nil {
		return nil, err
	}
	n := &newSet{splitFlags: f, plan: custody.Plan{Threshold: f.threshold, Holders: f.custodians},
		recipients: make(map[string][]age.Recipient), openers: make(map[string][]string)}
	if err := n.plan.Check(); err != nil {
		return nil, &usageError{err.Error(), custodyHint(err)}
	}
	if err := n.addRecipients(); err != nil {
		return nil, err
	}
	sealed := func(holder string) bool { return f.passphrases || len(n.recipients[holder]) > 0 }
	if f.showQR && !slices.ContainsFunc(f.custodians, func(holder string) bool { return !sealed(holder) }) {
		return nil, &usageError{"--show-qr is given, but every share is sealed", "a sealed share is no code to scan: leave out --show-qr, or the seals"}
	}
	if err := output.CheckNewDir(f.out); err != nil {
		return nil, &fileError{f.out, asNewSet, err}
	}
	return n, n.checkPartial()
}

// checkPartial refuses a place where an earlier split was broken off.
func (n *newSet) checkPartial() error {
	partial := filepath.Clean(n.out) + partialSuffix
	switch err := output.CheckNewDir(partial); {
	case errors.Is(err, output.ErrExists):
		return &fileError{partial, asNewSet, errLeftOver}
	case err != nil:
		return &fileError{partial, asNewSet, err}
	}
	return nil
}

// addRecipients reads NAME=RECIPIENT.
func (n *newSet) addRecipients() error {
	for _, text := range n.splitFlags.recipients {
		name, recipient, _ := strings.Cut(text, "=")
		if !slices.Contains(n.plan.Holders, name) {
			return &usageError{"--recipient does not begin with the name of a custodian and =", "for example --recipient alice=age1…, after --custodian alice"}
		}
		r, err := custody.ParseRecipient(recipient)
		if err != nil {
			return &usageError{fmt.Sprintf("--recipient of %s: %v", name, err), custodyHint(err)}
		}
		n.recipients[name] = append(n.recipients[name], r)
		n.openers[name] = append(n.openers[name], custody.RecipientName(recipient))
	}
	for _, name := range n.plan.Holders { // whether they go together
		all := n.recipients[name]
		if len(all) == 0 {
			continue
		}
		if _, _, err := custody.SealTo(secret.New(nil), all...); err != nil {
			return &usageError{fmt.Sprintf("--recipient of %s: %v", name, err), "post-quantum recipients and others do not go together: give one kind"}
		}
	}
	return nil
}

// askAll asks for everything that a set takes, before the recovery key is opened or
// made.
func (n *newSet) askAll(a *secretPrompter) error {
	if err := n.confirmOpeners(a); err != nil {
		return err
	}
	if err := n.askPassphrases(a); err != nil {
		return err
	}
	return a.used()
}

// confirmOpeners has it confirmed at the terminal that the share of a holder can
// be opened by more than one: each of them alone has that share, whoever it is.
func (n *newSet) confirmOpeners(a *secretPrompter) error {
	for _, holder := range n.plan.Holders {
		openers := n.openers[holder]
		if len(openers) < 2 {
			continue
		}
		a.term.Note("the share of %s is sealed to %d recipients, and each of them alone opens it:", holder, len(openers))
		for _, opener := range openers {
			a.term.Note("    %s", opener)
		}
		yes, err := a.term.Confirm(fmt.Sprintf("are all of them %s's own?", holder))
		switch {
		case errors.Is(err, terminal.ErrNoTerminal):
			return &usageError{fmt.Sprintf("the share of %s is sealed to %d recipients, which has to be confirmed at the terminal", holder, len(openers)),
				"run it in a terminal, before a witness, or give one --recipient for each holder"}
		case err != nil:
			return err
		case !yes:
			return &usageError{fmt.Sprintf("the share of %s is sealed to %d recipients, and that was not confirmed", holder, len(openers)),
				"give one --recipient for each holder"}
		}
	}
	return nil
}

// openersOf names what opens the share of a holder.
func (n *newSet) openersOf(holder string) []string {
	if names := n.openers[holder]; len(names) > 0 {
		return names
	}
	return []string{custody.Unsealed}
}

// askPassphrases lets each holder who has no recipient set a passphrase, where
// that is asked for.
func (n *newSet) askPassphrases(a *secretPrompter) error {
	if !n.passphrases {
		return nil
	}
	var set []*secret.Bytes
	defer func() {
		for _, p := range set {
			p.Wipe()
		}
	}()
	same := false
	for _, holder := range n.plan.Holders {
		if len(n.recipients[holder]) > 0 {
			continue
		}
		passphrase, err := a.newPassphrase(holder + ": new passphrase that seals your share")
		if err != nil {
			return err
		}
		for _, other := range set {
			same = same || other.Equal(passphrase)
		}
		set = append(set, passphrase)
		r, err := custody.PassphraseRecipient(passphrase)
		if err != nil {
			return err
		}
		n.recipients[holder], n.openers[holder] = []age.Recipient{r}, []string{custody.WithPassphrase}
	}
	if same { // whose they are is not said: that would give one away to the other
		a.term.Warn("two holders set the same passphrase: whoever knows it opens the shares of both; stop here with Ctrl-C, or make a new set")
	}
	return nil
}

// splitKey makes a new set for a key, and writes it.
func splitKey(a *secretPrompter, n *newSet, private *rsa.PrivateKey, log *ceremony) error {
	if k := n.plan.Threshold; k == len(n.plan.Holders) {
		a.term.Warn(fmt.Sprintf("all %d shares are needed: if one is lost, so is the recovery key", k))
	}
	if err := n.record.checkKey(rsadecrypt.FingerprintOf(&private.PublicKey)); err != nil {
		return err
	}
	n.record.noteGivenUp(a.term, n.plan.Threshold)
	sealed, shares, err := custody.Split(private, n.plan, time.Now(), custody.Related{Replaces: n.replaces, Record: n.record.hash()})
	if err != nil {
		return err
	}
	return handOut(a, n, sealed, shares, &private.PublicKey, log)
}

// handOut writes a new set, and says what it is.
func handOut(a *secretPrompter, n *newSet, sealed *custody.SealedKey, shares []*custody.Share, public *rsa.PublicKey, log *ceremony) error {
	defer func() {
		for _, s := range shares {
			s.Wipe()
		}
	}()
	coverage, readBack, err := writeSet(a, n, log, sealed, shares, public)
	if err != nil {
		return err
	}
	if n.showQR {
		if err := showCodes(a.term, n, sealed, shares); err != nil { // the set is whole all the same
			a.term.Warn("not all codes were shown: " + err.Error() + "; those of shares that are not sealed are in " + codeName + " too")
		}
	}
	return showSet(a.term, n, sealed, coverage, readBack)
}

// setResult is what --json says of a new set.
type setResult struct {
	Type        string              `json:"type"` // "set"
	Set         custody.SetID       `json:"set"`
	Replaces    custody.SetID       `json:"replaces,omitzero"`
	Record      custody.Digest      `json:"record_sha256,omitzero"` // of the record that lies with the shares
	RecoveryKey string              `json:"recovery_key"`           // fingerprint, hex
	SHA256      string              `json:"sealed_key_sha256"`
	Threshold   int                 `json:"threshold"`
	Holders     []string            `json:"holders"`
	Recipients  map[string][]string `json:"recipients"` // by holder: what opens the share
	Out         string              `json:"out"`
	Subsets     int                 `json:"subsets"`     // that brought the key back
	AllSubsets  bool                `json:"all_subsets"` // or a sample, and all shares together
	ReadBack    custody.ReadBack    `json:"read_back"`
}

func showSet(t *terminal.Terminal, n *newSet, k *custody.SealedKey, c custody.Coverage, readBack custody.ReadBack) error {
	sum := custody.DigestOf(k.Bytes())
	if n.json {
		openers := make(map[string][]string)
		for _, holder := range k.Holders {
			openers[holder] = n.openersOf(holder)
		}
		return t.JSON(&setResult{"set", k.ID, k.Replaces, k.Record, k.Key.Hex(), fmt.Sprintf("%x", sum), k.Threshold, k.Holders, openers, n.out, c.Tried, c.All(), readBack})
	}
	lines := []string{
		fmt.Sprintf("recovery key %s", k.Key),
		fmt.Sprintf("set %s, made on %s: any %d of %d shares open it", k.ID, k.Created.Format(time.DateOnly), k.Threshold, k.Count()),
	}
	if k.Replaces != (custody.SetID{}) {
		lines = append(lines, fmt.Sprintf("    it replaces the set %s", k.Replaces))
	}
	lines = append(append(lines, "SHA-256 of the sealed key:"), inGroups(sum)...)
	if k.Record != (custody.Digest{}) {
		lines = append(append(lines, "each folder has a copy of the record, whose SHA-256 is in the sealed key:"), inGroups(k.Record)...)
	}
	for i, holder := range k.Holders {
		lines = append(lines, fmt.Sprintf("    share %d: %s", i+1, filepath.Join(n.out, holder)))
		for _, opener := range n.openersOf(holder) {
			lines = append(lines, "        "+openerText(opener))
		}
	}
	lines = append(lines, coverageText(k, c, readBack)...)
	return printLines(t, append(lines, n.nextSteps()...))
}

// inGroups writes a SHA-256 as people compare it, in two lines of eight groups.
func inGroups(sum custody.Digest) []string {
	var lines []string
	for half := range slices.Chunk(sum[:], 16) {
		line := "   "
		for group := range slices.Chunk(half, 2) {
			line += fmt.Sprintf(" %x", group)
		}
		lines = append(lines, line)
	}
	return lines
}

// openerText says who can open a share, for people.
func openerText(name string) string {
	switch name {
	case custody.Unsealed:
		return "not sealed: whoever has the file, or the paper, has the share"
	case custody.WithPassphrase:
		return "opened by the holder's passphrase"
	}
	return "opened by " + name
}

// nextSteps say what has to be confirmed before anything is relied on.
func (n *newSet) nextSteps() []string {
	with := "--set ID --sha256 SHA-256"
	if n.transcript != "" {
		with = "--transcript " + filepath.Base(n.transcript)
	}
	steps := []string{
		"next, in this order:",
		"  1. give each holder the folder, and by another way the set ID and the",
		"     SHA-256 above, or a copy of the transcript",
		"  2. each holder checks their own medium, and sends you the confirmation:",
		"       recover custody check SHARE --confirmation FILE \\",
		"         " + with,
		"  3. only when \"recover custody confirm\" says that all holders have confirmed,",
	}
	for _, line := range n.after {
		steps = append(steps, "     "+line)
	}
	return steps
}

func coverageText(k *custody.SealedKey, c custody.Coverage, readBack custody.ReadBack) []string {
	from := "read again, perhaps from the system's memory: only a holder's check on another"
	lines := []string{from, "machine, or after the medium was out and in again, proves the medium"}
	if readBack == custody.FromMedium {
		lines = []string{"all files were read again from the medium, not from the system's memory"}
	}
	if c.All() {
		return append(lines, fmt.Sprintf("every %d of the shares brought the key back: %d %s", k.Threshold, c.Tried, plural(c.Tried, "subset", "subsets")))
	}
	return append(lines, fmt.Sprintf("%d of %v subsets of %d shares, and all shares together, brought the key back:", c.Tried, c.Possible, k.Threshold),
		"    a sample in which each share was at least twice")
}
