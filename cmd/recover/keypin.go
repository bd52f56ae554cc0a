package main

import (
	"errors"
	"fmt"
	"strconv"

	"recover/internal/plaintext"
	"recover/internal/secret"
	"recover/internal/terminal"
	"recover/pkg/hsm"
)

// The PIN of a token: where it comes from, and when it is not sent.

// openPINs opens the descriptor that a PIN is read from. If it is the one of
// the passphrases, the lines come from both in the order asked.
func (a *keySession) openPINs(f *keyFlags) error {
	if f.token.pinFD == "" {
		return nil
	}
	fd, err := descriptorNumber("pin-fd", f.token.pinFD)
	if err != nil {
		return err
	}
	if other, err := strconv.Atoi(f.passphraseFD); err == nil && other == fd {
		a.pins = a.descriptor
		return nil
	}
	if a.pins, err = terminal.OpenDescriptor(fd); err != nil {
		return &usageError{"--pin-fd: " + err.Error(), "open one in the shell: --pin-fd 3 3< FILE"}
	}
	return nil
}

// pin asks for the PIN of a token, once. Where the token asks for it itself, or
// needs none, it returns nil.
func (a *keySession) pin(t *hsm.Token) (*secret.Bytes, error) {
	if !t.NeedsPIN() {
		return nil, nil
	}
	a.pinAsked = true
	var pin *secret.Bytes
	var err error
	if a.pins != nil {
		a.asked = a.asked || a.pins == a.descriptor
		pin, err = a.pins.Line()
	} else {
		pin, err = a.term.Passphrase(fmt.Sprintf("PIN of the token %q, serial number %q", t.Label, t.Serial))
	}
	if err != nil {
		return nil, &pinError{err}
	}
	meant := secret.New(plaintext.Line(pin.Reveal()))
	pin.Wipe()
	if err := a.checkMeant(meant); err != nil {
		meant.Wipe()
		return nil, &pinError{err}
	}
	return meant, nil
}

// checkMeant stops a PIN that very likely is not the one that was meant, before it
// spends a try. At the terminal it may be given all the same.
func (a *keySession) checkMeant(pin *secret.Bytes) error {
	problem := plaintext.Unmeant(pin.Reveal())
	if problem == "" || pin.Len() == 0 { // none at all has an error of its own
		return nil
	}
	if a.pins == nil {
		sure, err := a.term.Confirm("The PIN cannot have been meant like that: " + problem + ". Nothing was sent to the token. Send it as it is?")
		if err != nil || sure {
			return err
		}
	}
	return &unmeantPINError{problem}
}

// unmeantPINError is a PIN that was not sent.
type unmeantPINError struct{ problem string }

func (e *unmeantPINError) Error() string {
	return "it cannot have been meant like that, and was not sent to the token: " + e.problem
}

// pinError is a PIN that could not be asked for.
type pinError struct{ err error }

func (e *pinError) Error() string { return "PIN: " + e.err.Error() }

func (e *pinError) Unwrap() error { return e.err }

// asksForAnother asks whether another PIN is to be tried after a wrong one, once,
// where there is somebody to ask and the token does not say that one try is left.
func (a *keySession) asksForAnother(t *hsm.Token, err error) bool {
	var token *hsm.Error
	if a.pins != nil || !t.NeedsPIN() || !errors.As(err, &token) || token.Code != hsm.PINIncorrect || token.Detail != "" {
		return false
	}
	a.term.Warn(err.Error())
	yes, notAsked := a.term.Confirm("Too many wrong PINs lock the token. Ask for another one?")
	return notAsked == nil && yes
}

// checkPIN stops where the token says that it should not be given a PIN. That a
// wrong one was given before is a question, where there is somebody to ask.
func (f *tokenFlags) checkPIN(a *keySession, t *hsm.Token) error {
	if err := t.CheckPIN(f.fewTries); err != nil {
		return err
	}
	state := t.PINState()
	switch {
	case state == "":
		return nil
	case !t.HadWrongPIN():
		a.term.Warn("--hsm-allow-few-pin-tries: of the PIN, " + state)
		return nil
	}
	a.term.Warn("the last PIN was wrong; too many wrong PINs lock the token")
	if a.pins != nil || f.fewTries {
		return nil
	}
	yes, err := a.term.Confirm("Are you sure of the PIN? It is asked next.")
	switch {
	case err != nil:
		return &pinError{err}
	case !yes:
		return errUnsurePIN
	}
	return nil
}

var errUnsurePIN = errors.New("no PIN was sent: the answer was not \"yes\"")
