// Package hsm uses a recovery key that lies in a PKCS#11 token: a smart card,
// an HSM, or SoftHSM for rehearsals.
//
// The module that a token's maker gives out is a shared object. It is loaded
// not here but by recover-pkcs11, a helper process that this package starts and
// talks to (package wire). So this package is plain Go, and a module that
// crashes, exits, hangs or prints is an error and nothing more.
//
// The steps are methods of what the step before them gave, so that none can be
// left out, and a program can narrate and ask between them:
//
//	Open                    the helper, the module      → Module
//	Module.Token            exactly one token           → Token
//	Token.CheckPIN          its flags: can a PIN be spent?
//	Token.CheckNewKey       before a key is made: can the token make one?
//	Token.CheckPublicKey    the public half, if it is visible already
//	Token.Login             one C_Login for each PIN    → Session
//	Session.Key             exactly one RSA private key → Key
//	Key.SelfTest            finds the mode that works   → Decrypter
//
// A Decrypter is a crypto.Decrypter that can be used in place of a
// *rsa.PrivateKey for RSA-OAEP with SHA-256 and a label. The first fault that
// is not one of a ciphertext is final: the Module must be closed.
//
// In mode oaep the token undoes the padding. In mode raw it only sees blinded
// numbers, its answers are checked with the public key, and the padding is
// undone here. Which of them a token really can do is found out by a self-test,
// for some list mechanisms that do not work, or ignore the label.
package hsm

import (
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// Options are for Open. Module is needed.
type Options struct {
	Module        string // absolute path of the PKCS#11 module
	InitArguments string // text for C_Initialize, for modules that want some; mostly empty
	Helper        string // absolute path of recover-pkcs11; empty: DefaultHelper
	// Environment is the one of the program (os.Environ), in which modules find
	// their configuration. What changes how the helper is loaded or runs, such
	// as LD_PRELOAD and GODEBUG, is left out.
	Environment []string
	// Network lets the module leave the machine, for an HSM in a network. Without
	// it, sockets other than those of the machine itself fail in the helper.
	Network bool
	// Sessions is how many decryptions at a time are wanted, if the token lets
	// them; 0 is as many as suit the token, by what the self-test measures.
	Sessions int
	Limits   Limits
}

// Limits are the times after which an operation is given up, and the helper
// killed. Zero is the default.
type Limits struct {
	Short time.Duration // 30 s
	Long  time.Duration // 120 s, for logging in and for decrypting, where a person may have to touch or type
	// Generate is for making a key, 30 minutes: an RSA-4096 key takes some
	// devices four.
	Generate time.Duration
}

const (
	shortLimit = 30 * time.Second
	longLimit  = 120 * time.Second

	generateLimit = 30 * time.Minute
)

func (l Limits) orDefault() Limits {
	if l.Short == 0 {
		l.Short = shortLimit
	}
	if l.Long == 0 {
		l.Long = longLimit
	}
	if l.Generate == 0 {
		l.Generate = generateLimit
	}
	return l
}

// DefaultHelper returns the path of recover-pkcs11 beside the program's own
// executable.
func DefaultHelper() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	name := "recover-pkcs11"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return filepath.Join(filepath.Dir(self), name), nil
}
