package main

import (
	"crypto/rsa"
	"fmt"
	"path/filepath"
	"time"

	"recover/pkg/custody"
	"recover/pkg/rsadecrypt"
)

// custodySplit splits a recovery key that exists.
func (p *program) custodySplit(args []string) error {
	var f splitFlags
	var key keyFlags
	var transcript string
	fs := newFlags("custody split")
	f.register(fs)
	fs.StringVar(&key.key, "key", "", "")
	fs.StringArrayVar(&key.identities, "identity", nil, "")
	fs.StringVar(&key.passphraseFD, "passphrase-fd", "", "")
	fs.StringVar(&transcript, "transcript", "", "")
	if err := parseFlags(fs, args, 0); err != nil {
		return err
	}
	if err := required("custody split", [2]string{"key", key.key}); err != nil {
		return err
	}
	n, err := f.plan("custody split")
	if err != nil {
		return err
	}
	source, err := key.keyFile()
	if err != nil {
		return err
	}
	if err := checkTranscript(transcript); err != nil {
		return err
	}
	a, err := p.newAsker(key.passphraseFD)
	if err != nil {
		return err
	}
	log, err := p.beginCeremony("split", transcript)
	if err != nil {
		return err
	}
	return log.end(p.splitFile(n, source, a, log))
}

func (p *program) splitFile(n *newSet, source *keyFile, a *asker, log *ceremony) error {
	private, err := source.private(a)
	if err != nil {
		return err
	}
	defer rsadecrypt.Wipe(private)
	source.file.Wipe()
	log.opened(rsadecrypt.FingerprintOf(&private.PublicKey))
	if err := n.askPassphrases(a); err != nil {
		return err
	}
	if err := a.used(); err != nil {
		return err
	}
	if err := p.splitKey(n, private, log); err != nil {
		return err
	}
	if f := source.path; !n.json {
		return p.Print("the original may be destroyed: %s, and every copy of it", f)
	}
	return nil
}

// splitKey makes a new set for a key, and writes it.
func (p *program) splitKey(n *newSet, private *rsa.PrivateKey, log *ceremony) error {
	sealed, shares, err := custody.Split(private, n.plan, time.Now())
	if err != nil {
		return err
	}
	return p.handOut(n, sealed, shares, &private.PublicKey, log)
}

// handOut writes a new set, and says what it is.
func (p *program) handOut(n *newSet, sealed *custody.SealedKey, shares []*custody.Share, public *rsa.PublicKey, log *ceremony) error {
	defer func() {
		for _, s := range shares {
			s.Wipe()
		}
	}()
	coverage, err := p.writeSet(n, log, sealed, shares, public)
	if err != nil {
		return err
	}
	if n.showQR {
		if err := p.showCodes(n, sealed, shares); err != nil { // the set is whole all the same
			p.Warn("not all codes were shown: " + err.Error() + "; those of shares that are not sealed are in " + codeName + " too")
		}
	}
	return p.tellSet(n, sealed, coverage)
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

func (p *program) tellSet(n *newSet, k *custody.SealedKey, c custody.Coverage) error {
	if n.json {
		return p.JSON(&setResult{"set", k.ID, k.Key.Hex(), k.Threshold, k.Holders, n.out, c.Tried, c.All()})
	}
	lines := []string{
		fmt.Sprintf("recovery key %s", k.Key),
		fmt.Sprintf("set %s, made on %s: any %d of %d shares open it", k.ID, k.Made.Format(time.DateOnly), k.Threshold, k.Count()),
	}
	for i, holder := range k.Holders {
		lines = append(lines, fmt.Sprintf("    share %d: %s", i+1, filepath.Join(n.out, holder)))
	}
	lines = append(lines, coverageText(k, c))
	for _, line := range lines {
		if err := p.Print("%s", line); err != nil {
			return err
		}
	}
	return nil
}

func coverageText(k *custody.SealedKey, c custody.Coverage) string {
	if c.All() {
		return fmt.Sprintf("read again from the disk, every %d of the shares brought the key back: %d %s", k.Threshold, c.Tried, plural(c.Tried, "subset", "subsets"))
	}
	return fmt.Sprintf("read again from the disk, %d of %v subsets of %d shares, and all shares together, brought the key back: a sample in which each two shares meet",
		c.Tried, c.Possible, k.Threshold)
}

// showCodes shows each holder the code of the own share, and nobody that of
// another. A share that is sealed is not shown.
func (p *program) showCodes(n *newSet, k *custody.SealedKey, shares []*custody.Share) error {
	screen, err := p.Screen()
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
		if _, err := p.Ask("Enter shows it"); err != nil {
			return err
		}
		screen.Show()
		code := s.Blocks()
		screen.ShowSecret(code)
		code.Wipe()
		if _, err := p.Ask("Enter takes it away"); err != nil {
			return err
		}
	}
	return nil
}
