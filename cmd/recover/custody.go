package main

import (
	"crypto/rsa"
	"fmt"
	"slices"
	"strings"

	"filippo.io/age"
	"github.com/spf13/pflag"

	"recover/internal/output"
	"recover/internal/secret"
	"recover/pkg/custody"
)

const custodyUsage = `
recover custody split   --key FILE --threshold K --custodian NAME … --out DIR
recover custody check   SHARE…
recover custody reissue --sealed-key FILE --share FILE … --threshold K
                        --custodian NAME … --out DIR
recover custody open    --sealed-key FILE --share FILE … --identity-out FILE

The recovery key among several holders, of whom some have to come together.

split   makes a share for each holder, and a sealed key that is the same for all.
        Any K shares open the sealed key, fewer open nothing. It is done when
        every K of them, read again from DIR, have brought the key back
check   says whether shares are sound, and never shows them: for the holder
        alone, every year. Of several, whether they are one set and enough
reissue makes a new set of shares, of any K and any holders, for the same
        recovery key. The old shares open the old sealed key until that is
        destroyed, in all its copies
open    writes the age identity that the shares make, with which the age command
        opens the sealed key without this program

A new set:
    --threshold K              how many holders are needed, 2 or more
    --custodian NAME           a holder: letters and digits (repeatable, up to 255)
    --recipient NAME=AGE1…     seal the holder's share to an age recipient or an SSH
                               public key (repeatable, several for a holder too)
    --passphrases              each holder without a recipient types a passphrase
                               that seals the own share
    --out DIR                  a directory that does not exist yet; in it for each
                               holder a folder with share.txt (or share.age),
                               share.svg, sealed-recovery-key.age,
                               recovery-public-key.der and READ-ME-FIRST.txt
    --show-qr                  show each holder the code of the own share at the
                               terminal, to scan it, and clear the screen again
    --json                     an object about the set, instead of lines

The key that is split:
    --key FILE                 the private key: PEM, DER or hex, sealed or not
    --identity FILE            for a key file, or a share, that is sealed to an age
                               identity; for a share, also an SSH private key
    --passphrase-fd N          read passphrases from descriptor N, a line each in
                               the order asked: those that open, then new ones

The shares that open a sealed key:
    --sealed-key FILE          the file sealed-recovery-key.age, any holder's copy;
                               check finds it beside the share
    --share FILE               a holder's share (repeatable)
    --shares                   instead: the holders come to the terminal, one after
                               the other, in any order
    --typed                    check: type or scan the share, hidden, from paper
    --identity-out FILE        open: the new file with the identity

    --transcript FILE          split, reissue, open: write down what is done, without
                               a secret, in FILE and, for people, FILE.txt;
                               "recover inspect FILE" checks it
`

// custody is the verb: the recovery key among several holders.
func (p *program) custody(args []string) error {
	actions := []struct {
		name string
		run  func(*program, []string) error
	}{
		{"split", (*program).custodySplit},
		{"check", (*program).custodyCheck},
		{"reissue", (*program).custodyReissue},
		{"open", (*program).custodyOpen},
	}
	if len(args) > 0 && (args[0] == "--help" || args[0] == "-h") {
		return pflag.ErrHelp
	}
	for _, a := range actions {
		if len(args) > 0 && args[0] == a.name {
			return a.run(p, args[1:])
		}
	}
	return &usageError{"custody: what to do is not said", "recover custody split, check, reissue or open; --help explains them"}
}

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
func (n *newSet) askPassphrases(a *asker) error {
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
