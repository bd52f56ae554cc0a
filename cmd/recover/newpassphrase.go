package main

import (
	"bytes"
	"errors"
	"fmt"

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
		if !first.Equal(second) {
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
// typed back, so that it is known to be written down. A word that is mistyped can
// be corrected: whoever has written the words down does not write others. Enter
// alone, or three wrong answers, are for words that were not written down.
func (a *secretPrompter) makePassphrase(prompt string) (*secret.Bytes, error) {
	made := passphrase.Generate()
	if err := showPassphrase(a.term, made, prompt); err != nil {
		made.Wipe()
		return nil, err
	}
	for try := 1; ; try++ {
		typed, err := a.term.Passphrase(prompt + ", as you wrote it down")
		if err != nil {
			made.Wipe()
			return nil, err
		}
		word := differingWord(made.Reveal(), typed.Reveal())
		empty := typed.Len() == 0
		typed.Wipe()
		switch {
		case word == 0:
			return made, nil
		case empty, try == passphraseTries:
			made.Wipe()
			return nil, passphrase.ErrMismatch
		}
		a.term.Warn(fmt.Sprintf("word %d is not as it was shown; type all seven again, or press Enter for other words", word))
	}
}

// differingWord returns the number, from 1, of the first word of made that typed
// has not in its place, or 0.
func differingWord(made, typed []byte) int {
	if bytes.Equal(made, typed) {
		return 0
	}
	want, got := bytes.Split(made, []byte(" ")), bytes.Split(typed, []byte(" "))
	for i, word := range want {
		if i >= len(got) || !bytes.Equal(word, got[i]) {
			return i + 1
		}
	}
	return len(want)
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
