package main

import (
	"errors"
	"strings"

	"recover/internal/terminal"
	"recover/pkg/hsm"
)

// tokenHint is the next step after an error of a token, its module, the helper
// or a PIN; or "".
func tokenHint(err error) string {
	var pin *pinError
	var token *hsm.Error
	switch {
	case errors.As(err, &pin):
		return pinHint(pin)
	case errors.Is(err, hsm.ErrNoPIN):
		return "give the PIN of the token: an empty line is none, and nothing was sent to the token"
	case errors.Is(err, errNoModules):
		return "install the module of the token's maker, and name it with --hsm-module"
	case !errors.As(err, &token):
		return ""
	}
	hint := tokenHints[token.Code]
	if token.Code == hsm.KeyNotFound && token.HexID != "" {
		hint = "an ID is bytes, not hex digits: did you mean id=" + token.HexID + "?"
	}
	var off *brokenOffError
	if errors.As(err, &off) {
		hint += "; what the journal lists is safe: go on with the same command, and --resume in the place of --out"
	}
	return hint
}

// brokenOffError is a recovery key that failed after some keys were rebuilt.
type brokenOffError struct{ err error }

func (e *brokenOffError) Error() string { return e.err.Error() }
func (e *brokenOffError) Unwrap() error { return e.err }

func pinHint(err *pinError) string {
	switch {
	case errors.Is(err, terminal.ErrNoTerminal):
		return "run it in a terminal, or give the PIN with --pin-fd"
	case errors.Is(err, terminal.ErrInterrupted):
		return "no PIN was sent to the token; start again when ready"
	case errors.Is(err, terminal.ErrNoMoreLines):
		return "the descriptor needs a line with the PIN; where it is that of --passphrase-fd too, the PIN comes first"
	case errors.Is(err, terminal.ErrTooLong):
		return "a PIN has 1024 bytes at most: is it the right file?"
	}
	return "open a file or a pipe that holds a line with the PIN"
}

var tokenHints = map[hsm.Code]string{
	hsm.HelperMissing:  "put recover-pkcs11 beside recover, or name it with --hsm-helper; \"make build\" makes it where there is a C compiler",
	hsm.HelperDied:     "the module has crashed or ended its process: try its maker's latest version, and start again",
	hsm.HelperTimeout:  "look at the token: does it wait for a touch or a PIN, does its light blink? Then start again",
	hsm.HelperProtocol: "take recover and recover-pkcs11 of one version",

	hsm.ModuleLoad:      "the path must be that of the module itself; \"ldd FILE\" shows which libraries it lacks",
	hsm.ModuleNotPKCS11: "name the PKCS#11 module of the token's maker; \"recover hsm list\" knows the usual places",
	hsm.ModuleInit:      "look into the module's documents for its configuration, which environment variables it takes and what belongs into --hsm-init-args",
	hsm.ModuleFailed:    "look the function and the number up in the documents of the token's maker",

	hsm.TokenNotFound:  "is the token plugged in, and its reader's service running? Take the location from what \"recover hsm list\" shows",
	hsm.TokenAmbiguous: "add serial=… to the location",
	hsm.DeviceLost:     "plug the token in again, see that its reader or network is there, and start again",

	hsm.PINIncorrect: "it was tried once, and is not tried again by itself, because wrong PINs count: find the right one before the next try",
	hsm.PINLocked:    "unlock it with the token's own tools and its PUK or security officer's PIN",
	hsm.PINFinalTry:  "be sure of the PIN first; then --hsm-allow-few-pin-tries goes on",

	hsm.KeyNotFound:     "compare object and id in the location with the keys that the token has",
	hsm.KeyAmbiguous:    "add id=… to the location",
	hsm.KeyExists:       "choose another object and id; nothing in the token was changed",
	hsm.KeyMismatch:     "take the token with the key that the backups and the record name; \"recover hsm list\" shows fingerprints",
	hsm.KeyNotPermitted: "the key must have CKA_DECRYPT, and its mechanisms must not be restricted: ask whoever set up the token",
	hsm.KeyUnprotected:  "do not use this key: delete it with the token's own tools",

	hsm.NoMechanism:   "this token cannot serve as recovery key, or not with this --hsm-mode; docs/hsm.md lists what tokens can do",
	hsm.BadAnswer:     "do not trust this token or module until you know why; try --hsm-mode raw, which checks every answer",
	hsm.DecryptFailed: "the token takes part of the backup for damaged; try --hsm-mode raw, or download the shard again",
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
