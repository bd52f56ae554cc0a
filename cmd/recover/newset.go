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
	n := &newSet{f, custody.Plan{Threshold: f.threshold, Holders: f.custodians}, make(map[string][]age.Recipient), nil}
	if err := n.plan.Check(); err != nil {
		return nil, &usageError{err.Error(), custodyHint(err)}
	}
	if err := n.addRecipients(); err != nil {
		return nil, err
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
	}
	for name, all := range n.recipients { // whether they go together
		if _, _, err := custody.SealTo(secret.New(nil), all...); err != nil {
			return &usageError{fmt.Sprintf("--recipient of %s: %v", name, err), "post-quantum recipients and others do not go together: give one kind"}
		}
	}
	return nil
}

// askPassphrases lets each holder who has no recipient set a passphrase, where
// that is asked for.
func (n *newSet) askPassphrases(a *secretPrompter) error {
	if !n.passphrases {
		return nil
	}
	for _, holder := range n.plan.Holders {
		if len(n.recipients[holder]) > 0 {
			continue
		}
		passphrase, err := a.newPassphrase(holder + ": new passphrase that seals your share")
		if err != nil {
			return err
		}
		r, err := custody.PassphraseRecipient(passphrase)
		passphrase.Wipe()
		if err != nil {
			return err
		}
		n.recipients[holder] = []age.Recipient{r}
	}
	return nil
}

// splitKey makes a new set for a key, and writes it.
func splitKey(a *secretPrompter, n *newSet, private *rsa.PrivateKey, log *ceremony) error {
	sealed, shares, err := custody.Split(private, n.plan, time.Now())
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
	coverage, err := writeSet(a, n, log, sealed, shares, public)
	if err != nil {
		return err
	}
	if n.showQR {
		if err := showCodes(a.term, n, sealed, shares); err != nil { // the set is whole all the same
			a.term.Warn("not all codes were shown: " + err.Error() + "; those of shares that are not sealed are in " + codeName + " too")
		}
	}
	return showSet(a.term, n, sealed, coverage)
}

// setResult is what --json says of a new set.
type setResult struct {
	Type        string        `json:"type"` // "set"
	Set         custody.SetID `json:"set"`
	RecoveryKey string        `json:"recovery_key"` // fingerprint, hex
	Threshold   int           `json:"threshold"`
	Holders     []string      `json:"holders"`
	Out         string        `json:"out"`
	Subsets     int           `json:"subsets"`     // that brought the key back
	AllSubsets  bool          `json:"all_subsets"` // or a sample, and all shares together
}

func showSet(t *terminal.Terminal, n *newSet, k *custody.SealedKey, c custody.Coverage) error {
	if n.json {
		return t.JSON(&setResult{"set", k.ID, k.Key.Hex(), k.Threshold, k.Holders, n.out, c.Tried, c.All()})
	}
	lines := []string{
		fmt.Sprintf("recovery key %s", k.Key),
		fmt.Sprintf("set %s, made on %s: any %d of %d shares open it", k.ID, k.Created.Format(time.DateOnly), k.Threshold, k.Count()),
	}
	for i, holder := range k.Holders {
		lines = append(lines, fmt.Sprintf("    share %d: %s", i+1, filepath.Join(n.out, holder)))
	}
	lines = append(lines, coverageText(k, c))
	return printLines(t, lines)
}

func coverageText(k *custody.SealedKey, c custody.Coverage) string {
	if c.All() {
		return fmt.Sprintf("read again from the disk, every %d of the shares brought the key back: %d %s", k.Threshold, c.Tried, plural(c.Tried, "subset", "subsets"))
	}
	return fmt.Sprintf("read again from the disk, %d of %v subsets of %d shares, and all shares together, brought the key back: a sample in which each share was at least twice",
		c.Tried, c.Possible, k.Threshold)
}

// showCodes shows each holder the code of the own share, and nobody that of
// another. A share that is sealed is not shown.
func showCodes(t *terminal.Terminal, n *newSet, k *custody.SealedKey, shares []*custody.Share) error {
	screen, err := t.Screen()
	if err != nil {
		return err
	}
	defer screen.Close()
	for _, s := range shares {
		holder := k.Holder(s.Index)
		if len(n.recipients[holder]) > 0 {
			continue
		}
		screen.Show(fmt.Sprintf("%s: the next screen shows your share as a code. Nobody else may look at it.", holder), "")
		if _, err := t.Ask("Enter shows it"); err != nil {
			return err
		}
		screen.Show()
		code := s.Blocks()
		screen.ShowSecret(code)
		code.Wipe()
		if _, err := t.Ask("Enter takes it away"); err != nil {
			return err
		}
	}
	return nil
}
