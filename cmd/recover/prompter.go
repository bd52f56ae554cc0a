package main

import (
	"context"
	"fmt"

	"recover/internal/agefile"
	"recover/internal/secret"
	"recover/internal/terminal"
	"recover/pkg/custody"

	"filippo.io/age"
)

// passphraseTries is how often a wrong passphrase may be typed.
const passphraseTries = 3

// secretPrompter asks for passphrases and shares: at the terminal, or from a
// descriptor.
type secretPrompter struct {
	ctx        context.Context // of the run
	term       *terminal.Terminal
	descriptor *terminal.Descriptor // nil: at the terminal
	asked      bool
}

// newPrompter opens the descriptor that the flag names, if it names one.
func newPrompter(p *program, passphraseFD string) (*secretPrompter, error) {
	if passphraseFD == "" {
		return &secretPrompter{ctx: p.ctx, term: p.term}, nil
	}
	fd, err := descriptorNumber("passphrase-fd", passphraseFD)
	if err != nil {
		return nil, err
	}
	d, err := terminal.OpenDescriptor(fd)
	if err != nil {
		return nil, &usageError{"--passphrase-fd: " + err.Error(), "open one in the shell: --passphrase-fd 3 3< FILE"}
	}
	return &secretPrompter{ctx: p.ctx, term: p.term, descriptor: d}, nil
}

// used makes sure that a descriptor that was given was needed: whoever gave it
// took the key file, or the output, for another kind.
func (a *secretPrompter) used() error {
	if a.descriptor == nil || a.asked {
		return nil
	}
	return &usageError{"--passphrase-fd is given, but there is no passphrase to ask for",
		"leave it out: the key file is not sealed with a passphrase, and the output is not to be"}
}

// passphrase asks for a passphrase that is in use already.
func (a *secretPrompter) passphrase(prompt string) (*secret.Bytes, error) {
	a.asked = true
	if a.descriptor != nil {
		return a.descriptor.Line()
	}
	return a.term.Passphrase(prompt)
}

// newPassphrase asks for a passphrase that is set now.
func (a *secretPrompter) newPassphrase(prompt string) (*secret.Bytes, error) {
	a.asked = true
	if a.descriptor == nil {
		return a.term.NewPassphrase(prompt)
	}
	line, err := a.descriptor.Line()
	if err == nil && line.Len() == 0 {
		return nil, terminal.ErrEmpty
	}
	return line, err
}

// tries is how often a wrong passphrase can be corrected: a descriptor holds
// one answer to each question.
func (a *secretPrompter) tries() int {
	if a.descriptor != nil {
		return 1
	}
	return passphraseTries
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
