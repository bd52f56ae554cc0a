package main

import (
	"errors"
	"strings"

	"recover/internal/terminal"
	"recover/pkg/hsm"
)

// tokenAdvice is about an error of a token, its module, the helper or a PIN. The
// code of a token's error is that of package hsm.
func tokenAdvice(err error) advice {
	var pin *pinError
	var token *hsm.Error
	var made *newKeyError
	switch {
	case errors.As(err, &pin):
		return pinAdvice(pin)
	case errors.Is(err, hsm.ErrNoPIN):
		return advice{"pin-missing", "give the PIN of the token: the line was empty, and nothing was sent"}
	case is[*unmeantPINError](err):
		return advice{"pin-unmeant", "write the PIN again into a plain text file, the PIN alone, or type it at the terminal: leave --pin-fd out. No try was spent"}
	case errors.Is(err, errUnsurePIN):
		return advice{"pin-unsure", hintWrongPIN}
	case errors.Is(err, errNoModules):
		return advice{"no-modules", "install the module of the token's maker, and name it with --hsm-module"}
	case errors.Is(err, errSmallKey):
		return advice{"key-too-small", "the service takes RSA keys of at least 4096 bits: name another key, or make one without --existing"}
	case errors.As(err, &made) && !errors.As(err, &token):
		return advice{"key-made-unusable", made.hint()}
	case !errors.As(err, &token):
		return advice{}
	}
	if errors.As(err, &made) && token.Code != hsm.KeyUnprotected {
		return advice{"key-made-unusable", made.hint()}
	}
	hint := tokenHints[token.Code]
	if token.Code == hsm.KeyNotFound && token.HexID != "" {
		hint = "an ID is bytes, not hex digits: did you mean id=" + token.HexID + "?"
	}
	if brokeOff(err) {
		hint += "; " + hintResume
	}
	if is[*resumedError](err) && !brokeOff(err) {
		hint += "; the earlier run is as it was: give the same command again"
	}
	return advice{string(token.Code), hint}
}

// resumedError is a token that failed before a run was resumed.
type resumedError struct{ err error }

func (e *resumedError) Error() string { return e.err.Error() }
func (e *resumedError) Unwrap() error { return e.err }

// markResumed marks an error of a token, in a run that is resumed.
func markResumed(err error, isResumed bool) error {
	if isResumed && is[*hsm.Error](err) {
		return &resumedError{err}
	}
	return err
}

// brokenOffError is what ended a rebuild after some keys were kept.
type brokenOffError struct{ err error }

func (e *brokenOffError) Error() string { return e.err.Error() }
func (e *brokenOffError) Unwrap() error { return e.err }

func pinAdvice(err *pinError) advice {
	switch {
	case errors.Is(err, terminal.ErrNoTerminal):
		return advice{"no-terminal", "run it in a terminal, or give the PIN with --pin-fd"}
	case errors.Is(err, terminal.ErrInterrupted):
		return advice{"interrupted", "no PIN was sent to the token; start again when ready"}
	case errors.Is(err, terminal.ErrNoMoreLines):
		return advice{"pin-missing", "the descriptor needs a line with the PIN; if it is also that of --passphrase-fd, the PIN comes first"}
	case errors.Is(err, terminal.ErrTooLong):
		return advice{"pin-too-long", "a PIN has 1024 bytes at most: is it the right file?"}
	}
	return advice{"descriptor", "open a file or a pipe that holds a line with the PIN"}
}

const hintWrongPIN = "find the right PIN before the next try: the token counts wrong ones, and locks"

var tokenHints = map[hsm.Code]string{
	hsm.HelperMissing:  "put recover-pkcs11 next to recover, or name it with --hsm-helper; \"make build\" builds it if there is a C compiler",
	hsm.HelperDied:     "the module crashed, or ended its process: try the latest version from its maker, and start again",
	hsm.HelperTimeout:  "look at the token: does it wait for a touch or a PIN, does its light blink? Then start again",
	hsm.HelperProtocol: "use recover and recover-pkcs11 of the same version",

	hsm.ModuleLoad:      "give the path of the module itself; \"ldd FILE\" shows which libraries it lacks",
	hsm.ModuleNotPKCS11: "name the PKCS#11 module of the token's maker; \"recover hsm list\" searches the usual places",
	hsm.ModuleInit:      "see the module's documentation: its configuration, the environment variables it reads, and what --hsm-init-args must contain",
	hsm.ModuleFailed:    "look up the function and the number in the documentation of the token's maker",

	hsm.TokenNotFound:  "check that the token is plugged in and the service of its reader runs; \"recover hsm list\" shows the location",
	hsm.TokenAmbiguous: "add serial=… to the location",
	hsm.DeviceLost:     "plug the token in again, check its reader or network, and start again",
	hsm.SessionEnded:   "the token is there, but has ended the login: it may have been restarted, or used by another program. Start again; the PIN is asked again",
	hsm.TokenFull:      "with the token's own tools, read and clear its audit log (a YubiHSM keeps 62 entries and then refuses), or delete what it does not need to hold; then start again",
	hsm.Rejected:       "give the capability to the key and to the user whose PIN it is: on a YubiHSM decrypt-oaep, and generate-asymmetric-key to make a key",

	hsm.PINIncorrect: hintWrongPIN,
	hsm.PINLocked:    "unlock it with the token's own tools and its PUK or security officer's PIN",
	hsm.PINFinalTry:  "a wrong PIN now locks the token: be sure of it, then add --hsm-allow-few-pin-tries",
	hsm.PINNotSet:    "set a user PIN with the token's own tools; if it has one and does not say so, --hsm-allow-few-pin-tries goes on",

	hsm.KeyNotFound:     "compare object and id in the location with the keys that the token has",
	hsm.KeyAmbiguous:    "add id=… to the location",
	hsm.KeyExists:       "choose another object and id, or use that key with --existing; nothing in the token was changed",
	hsm.KeyMismatch:     "use the token with the key that the backups and the record name; \"recover hsm list\" shows fingerprints",
	hsm.KeyNotPermitted: "the key needs CKA_DECRYPT and unrestricted mechanisms: ask whoever set up the token",
	hsm.KeyUnprotected:  "do not use this key: delete it with the token's own tools",
	hsm.KeyRefused:      "no key was made; give another label, or an id of two bytes: id=%A1%B2",
	hsm.NoGenerator:     "make the key in a file (recover keygen), import it with the token's own tools and test it with --existing, or use another token: a TPM stops at RSA-3072",

	hsm.NoMechanism:   "this token cannot be used, or not with this --hsm-mode; docs/hsm.md lists what tokens can do",
	hsm.BadAnswer:     "do not trust this token or module until you know why; try --hsm-mode raw, which checks every answer",
	hsm.DecryptFailed: "the token rejected a ciphertext; try --hsm-mode raw, or download the shard again",
}

// lastWords shows what the helper or the module wrote to stderr before the end.
func lastWords(t *terminal.Terminal, err error) {
	var token *hsm.Error
	if !errors.As(err, &token) {
		return
	}
	for line := range strings.Lines(string(token.Stderr)) {
		t.Note("recover-pkcs11 wrote: %s", strings.TrimRight(line, "\r\n"))
	}
}
