package main

import (
	"context"
	"errors"
	"fmt"

	"recover/internal/agefile"
	"recover/internal/plaintext"
	"recover/internal/secret"
	"recover/internal/terminal"
	"recover/pkg/custody"
	"recover/pkg/rsadecrypt"

	"filippo.io/age"
	"github.com/spf13/pflag"
)

// passphraseTries is how often a wrong passphrase may be typed.
const passphraseTries = 3

// secretPrompter asks for passphrases and shares: at the terminal, or from a
// descriptor.
type secretPrompter struct {
	ctx        context.Context // of the run
	term       *terminal.Terminal
	descriptor *terminal.Descriptor // nil: at the terminal
	weak       bool                 // a new passphrase may be weak
	asked      bool
	narrow     func(dir string, renamed bool) // see program.narrow
	accepted   []string                       // items of the machine, see program.accepted
}

// passphraseFlags say how passphrases are asked for.
type passphraseFlags struct {
	passphraseFD   string
	weakPassphrase bool // of those verbs that set one
}

func (f *passphraseFlags) registerPassphrase(fs *pflag.FlagSet) {
	fs.StringVar(&f.passphraseFD, "passphrase-fd", "", "")
}

func (f *passphraseFlags) registerNewPassphrase(fs *pflag.FlagSet) {
	fs.BoolVar(&f.weakPassphrase, "weak-passphrase", false, "")
}

// newPrompter opens the descriptor that the flag names, if it names one.
func newPrompter(p *program, f passphraseFlags) (*secretPrompter, error) {
	a := &secretPrompter{ctx: p.ctx, term: p.term, narrow: p.narrow, accepted: p.acceptedItems(), weak: f.weakPassphrase}
	if f.passphraseFD == "" {
		return a, nil
	}
	fd, err := descriptorNumber("passphrase-fd", f.passphraseFD)
	if err != nil {
		return nil, err
	}
	if a.descriptor, err = terminal.OpenDescriptor(fd); err != nil {
		return nil, &usageError{"--passphrase-fd: " + err.Error(), "open one in the shell: --passphrase-fd 3 3< FILE"}
	}
	return a, nil
}

// used makes sure that a descriptor that was given was needed: whoever gave it
// took the key file, or the output, for another kind.
func (a *secretPrompter) used() error {
	if a.descriptor == nil || a.asked {
		return nil
	}
	return &usageError{"--passphrase-fd is given, but no passphrase is needed",
		"remove --passphrase-fd: neither the key file nor the output uses a passphrase"}
}

// passphrase asks for a passphrase that is in use already.
func (a *secretPrompter) passphrase(prompt string) (*secret.Bytes, error) {
	a.asked = true
	if a.descriptor != nil {
		return a.descriptor.Line()
	}
	return a.term.Passphrase(prompt)
}

// untilRight asks for the passphrase of a file, and gives it to open, until it is
// right, or was wrong too often. What open returns is an error of the file.
func (a *secretPrompter) untilRight(path string, as role, prompt string, open func(*secret.Bytes) error) error {
	for try := 1; ; try++ {
		p, err := a.passphrase(prompt)
		if err != nil {
			return err
		}
		err = a.tryEach(p, open)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, rsadecrypt.ErrWrongPassphrase), try >= a.tries():
			return &fileError{path, as, err}
		}
		a.term.Warn(fmt.Sprintf("%s: %v; try again", path, err))
	}
}

// tries is how often a wrong passphrase can be corrected: a descriptor holds
// one answer to each question.
func (a *secretPrompter) tries() int {
	if a.descriptor != nil {
		return 1
	}
	return passphraseTries
}

// tryEach gives open each way in which the answer may have been encoded where the
// passphrase was set, until one is right.
func (a *secretPrompter) tryEach(answer *secret.Bytes, open func(*secret.Bytes) error) (err error) {
	defer answer.Wipe()
	done := false
	for _, spelling := range plaintext.Spellings(answer.Reveal()) {
		passphrase := secret.New(spelling)
		if !done {
			err = open(passphrase)
			done = !errors.Is(err, rsadecrypt.ErrWrongPassphrase) || a.ctx.Err() != nil
		}
		passphrase.Wipe()
	}
	return err
}

// typedShare asks for a share string, hidden, line by line until it is whole.
func (a *secretPrompter) typedShare() (*custody.Share, error) {
	text := make([]byte, 0, 8<<10)
	defer func() { secret.Wipe(text) }()
	for n := 1; !custody.Complete(text); n++ {
		line, err := a.term.Passphrase(fmt.Sprintf("share, line %d, hidden (Enter alone where it ends)", n))
		if err != nil {
			return nil, err
		}
		if line.Len() == 0 || len(text)+line.Len()+1 > cap(text) {
			line.Wipe()
			break
		}
		text = append(append(text, line.Reveal()...), '\n')
		line.Wipe()
	}
	return custody.ParseShare(text)
}

// parseRecipients reads --recipient.
func parseRecipients(texts []string) ([]age.Recipient, error) {
	var all []age.Recipient
	for _, text := range texts {
		r, err := agefile.ParseRecipient(text)
		if err != nil {
			return nil, fmt.Errorf("--recipient: %w", err)
		}
		all = append(all, r)
	}
	return all, nil
}
