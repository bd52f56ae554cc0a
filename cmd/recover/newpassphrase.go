package main

import (
	"bytes"
	"errors"

	"recover/internal/passphrase"
	"recover/internal/plaintext"
	"recover/internal/secret"
	"recover/internal/terminal"
)

// newPassphrase asks for a passphrase that is set now. At the terminal, Enter
// alone has the program make one; a weak one is asked for again, and all is asked
// for three times at most. From a descriptor there is one answer.
func (a *secretPrompter) newPassphrase(prompt string) (*secret.Bytes, error) {
	a.asked = true
	if a.descriptor != nil {
		line, err := a.descriptor.Line()
		if err != nil {
			return nil, err
		}
		defer line.Wipe()
		p := secret.New(plaintext.Line(line.Reveal()))
		if err := a.checkNew(p); err != nil {
			p.Wipe()
			return nil, err
		}
		return p, nil
	}
	for try := 1; ; try++ {
		p, err := a.typedOrMade(prompt)
		switch {
		case err == nil:
			return p, nil
		case !errors.Is(err, passphrase.ErrWeak) && !errors.Is(err, passphrase.ErrMismatch), try == passphraseTries:
			return nil, err
		}
		a.term.Warn(err.Error())
		if errors.Is(err, passphrase.ErrWeak) {
			a.term.Note("take %s, or press Enter", passphrase.Rule)
		}
	}
}

// checkNew refuses a passphrase that is empty, or weak unless the flag allows it.
func (a *secretPrompter) checkNew(p *secret.Bytes) error {
	err := passphrase.Check(p.Reveal())
	if errors.Is(err, passphrase.ErrWeak) && a.weak {
		a.term.Warn("--weak-passphrase: " + err.Error())
		return nil
	}
	return err
}

// typedOrMade asks once, and then for the same again.
func (a *secretPrompter) typedOrMade(prompt string) (*secret.Bytes, error) {
	first, err := a.term.Passphrase(prompt + " (Enter makes one)")
	if err != nil {
		return nil, err
	}
	if first.Len() == 0 {
		return a.makePassphrase(prompt)
	}
	if err := a.checkNew(first); err != nil {
		first.Wipe()
		return nil, err
	}
	return a.typedAgain(first, prompt+", again")
}

// typedAgain returns the passphrase if it is typed again, and else wipes it.
func (a *secretPrompter) typedAgain(first *secret.Bytes, prompt string) (*secret.Bytes, error) {
	second, err := a.term.Passphrase(prompt)
	if err == nil {
		if !bytes.Equal(first.Reveal(), second.Reveal()) {
			err = passphrase.ErrMismatch
		}
		second.Wipe()
	}
	if err != nil {
		first.Wipe()
		return nil, err
	}
	return first, nil
}

// makePassphrase makes a passphrase, shows it on a screen of its own, and has it
// typed back, so that it is known to be written down.
func (a *secretPrompter) makePassphrase(prompt string) (*secret.Bytes, error) {
	made := passphrase.Generate()
	if err := showPassphrase(a.term, made, prompt); err != nil {
		made.Wipe()
		return nil, err
	}
	return a.typedAgain(made, prompt+", as you wrote it down")
}

func showPassphrase(t *terminal.Terminal, p *secret.Bytes, prompt string) error {
	screen, err := t.Screen()
	if err != nil {
		return err
	}
	defer screen.Close()
	screen.Show(prompt, "",
		"Write these seven words down on paper, small letters, a blank between them.",
		"They are shown once, and asked for next. Nobody else may look at this screen.", "")
	screen.ShowSecret(p)
	screen.Add("")
	_, err = t.Passphrase("Enter when they are written down")
	return err
}
