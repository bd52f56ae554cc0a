package hsm

import (
	"crypto/rsa"
	"errors"
	"slices"
	"strings"

	"recover/internal/message"
	"recover/pkg/rsadecrypt"
)

// Code is the kind of an Error, stable enough for scripts.
type Code string

// The codes. What a token or a person could do about them differs; what a
// program can do is the same for all: stop.
const (
	HelperMissing  Code = "helper-missing"  // no helper where it is looked for, or it does not start
	HelperDied     Code = "helper-died"     // it ended by itself, mostly because the module crashed or exited
	HelperTimeout  Code = "helper-timeout"  // no answer in time; it was killed
	HelperProtocol Code = "helper-protocol" // it does not speak this protocol, or another version of it

	ModuleLoad      Code = "module-load"       // dlopen failed
	ModuleNotPKCS11 Code = "module-not-pkcs11" // a shared object, but no PKCS#11 module
	ModuleInit      Code = "module-init"       // C_Initialize failed
	ModuleFailed    Code = "module-failed"     // any other function failed in a way that has no code of its own

	TokenNotFound  Code = "token-not-found"
	TokenAmbiguous Code = "token-ambiguous"
	DeviceLost     Code = "device-lost"   // it was there before
	SessionEnded   Code = "session-ended" // by the token, which is still there; its login is lost
	TokenFull      Code = "token-full"    // its memory, or its audit log
	Rejected       Code = "rejected"      // the key or the user lacks a right that the token has for this

	PINIncorrect Code = "pin-incorrect"
	PINLocked    Code = "pin-locked"
	PINFinalTry  Code = "pin-final-try" // one try is left
	PINNotSet    Code = "pin-not-set"   // no user PIN was ever set

	KeyNotFound     Code = "key-not-found"
	KeyAmbiguous    Code = "key-ambiguous"
	KeyExists       Code = "key-exists"   // where one was to be generated
	KeyMismatch     Code = "key-mismatch" // not the recovery key that is wanted
	KeyNotPermitted Code = "key-not-permitted"
	KeyUnprotected  Code = "key-unprotected" // generated, but not as it should be
	KeyRefused      Code = "key-refused"     // a new one, for an attribute that was asked for

	NoGenerator   Code = "no-generator" // no RSA-4096 key can be made in the token
	NoMechanism   Code = "no-mechanism" // neither OAEP with a label nor raw RSA
	BadAnswer     Code = "bad-answer"   // what the token computed is wrong
	DecryptFailed Code = "decrypt-failed"
)

var facts = map[Code]string{
	HelperMissing:   "the helper recover-pkcs11 cannot be started",
	HelperDied:      "the helper recover-pkcs11 died",
	HelperTimeout:   "the helper recover-pkcs11 gave no answer in time",
	HelperProtocol:  "the helper does not speak this program's protocol",
	ModuleLoad:      "the PKCS#11 module cannot be loaded",
	ModuleNotPKCS11: "the file is not a PKCS#11 module",
	ModuleInit:      "the PKCS#11 module does not start",
	ModuleFailed:    "the PKCS#11 module failed",
	TokenNotFound:   "no such token",
	TokenAmbiguous:  "several tokens match",
	DeviceLost:      "the token is gone",
	SessionEnded:    "the token ended the session",
	TokenFull:       "the token's memory or its audit log is full",
	Rejected:        "the token rejects the operation: a capability is missing",
	PINIncorrect:    "the PIN is incorrect",
	PINLocked:       "the PIN is locked",
	PINFinalTry:     "the PIN was not sent",
	PINNotSet:       "the token has no user PIN yet",
	KeyNotFound:     "no such RSA private key in the token",
	KeyAmbiguous:    "several keys match",
	KeyExists:       "the token has such a key already",
	KeyMismatch:     "the token's key is not the recovery key",
	KeyNotPermitted: "the token does not permit decryption with this key",
	KeyUnprotected:  "the generated key is not as it was asked for",
	KeyRefused:      "the token refuses an attribute of the new key",
	NoGenerator:     "the token cannot make an RSA-4096 key",
	NoMechanism:     "the token cannot decrypt RSA-OAEP with SHA-256 and a label",
	BadAnswer:       "the token gave a wrong answer",
	DecryptFailed:   "the decryption failed",
}

// Error is what goes wrong with a token, its module or the helper.
type Error struct {
	Code Code
	// Function is that of the module, such as "C_Login", or dlopen or dlsym;
	// for an error of the helper, the one that was being called. It is empty
	// where the error is of no call.
	Function string
	CKR      CKR    // what Function returned; 0 where it returned CKR_OK, or not at all
	Detail   string // a fact more, with foreign text quoted; may be empty

	// HexID is set where no key was found and the ID in the location was hex
	// digits: the ID that was probably meant, as a location has it ("%A1%B2").
	HexID string
	// Stderr is what the helper and the module last wrote there, at most 2 KiB,
	// as it came: it must be escaped before it is shown. It is empty from the
	// first login on, for a PIN may be in it.
	Stderr []byte

	badCiphertext bool
}

func (e *Error) Error() string {
	if cause := e.cause(); cause != "" {
		return facts[e.Code] + ": " + cause
	}
	return facts[e.Code]
}

// cause returns the function, the CKR and the detail, as far as there are any.
func (e *Error) cause() string {
	var parts []string
	if e.Function != "" {
		parts = append(parts, e.Function)
	}
	if e.CKR != ckrOK {
		parts = append(parts, e.CKR.String())
	}
	if e.Detail != "" {
		parts = append(parts, e.Detail)
	}
	return strings.Join(parts, ": ")
}

// Is reports whether e says that a ciphertext is bad, which is
// rsadecrypt.ErrDecrypt, and rsa.ErrDecryption as of a *rsa.PrivateKey.
func (e *Error) Is(target error) bool {
	return e.badCiphertext && (target == rsadecrypt.ErrDecrypt || target == rsa.ErrDecryption)
}

// Errors of a caller who leaves out a step, or takes one twice.
var (
	ErrClosed      = errors.New("the PKCS#11 module was closed")
	ErrSecondLogin = errors.New("a second login to one token")
	ErrNoPIN       = errors.New("the token needs a PIN")
	ErrMode        = errors.New("not one of the modes auto, oaep, raw")
	ErrModeNeeded  = errors.New("without a self-test, the mode must be oaep or raw")
	ErrOptions     = errors.New("only RSA-OAEP with SHA-256 is supported")
	ErrLabel       = errors.New("an OAEP label of more than 32768 bytes")
	ErrNameless    = errors.New("a key is generated with a label and an ID")
)

// is reports whether err is an Error with one of the codes.
func is(err error, codes ...Code) bool {
	var e *Error
	return errors.As(err, &e) && slices.Contains(codes, e.Code)
}

// quoted makes foreign text safe to show, and short.
func quoted(text string) string { return message.QuoteLong(text) }

// listed is for people who must narrow something down; it stops after a few.
func listed[T any](items []T, name func(T) string) string {
	const limit = 8
	var names []string
	for i, item := range items {
		if i == limit {
			names = append(names, "…")
			break
		}
		names = append(names, name(item))
	}
	return strings.Join(names, ", ")
}

// stage is how far the steps have come, on which the meaning of some CKRs
// depends.
type stage int

const (
	atModule stage = iota
	atToken        // a token was found
	atKey          // and a key in it
)

// codeOf tells what it means that a function returned ckr. Before a token was
// found, a device error is one of the module.
func codeOf(function string, ckr CKR, at stage) Code {
	if c, ok := functionCodes[function]; ok {
		return c
	}
	if c, ok := codes[function][ckr]; ok {
		return c
	}
	switch ckr {
	case ckrDeviceRemoved, ckrTokenNotPresent:
		return DeviceLost
	case ckrDeviceMemory:
		return TokenFull
	case ckrFunctionRejected:
		return Rejected
	case ckrUserPINNotInitialized:
		return PINNotSet
	}
	if at >= atToken {
		switch ckr {
		case ckrDeviceError, ckrSlotIDInvalid: // the latter is SoftHSM's, when its directory of tokens vanishes
			return DeviceLost
		case ckrSessionClosed, ckrSessionHandleInvalid:
			return SessionEnded
		}
	}
	if at >= atKey {
		switch ckr {
		case ckrUserNotLoggedIn:
			return SessionEnded
		case ckrObjectHandleInvalid, ckrKeyHandleInvalid: // a token that was out, and may be in again
			return DeviceLost
		}
	}
	return ModuleFailed
}

var functionCodes = map[string]Code{
	"dlopen":            ModuleLoad,
	"dlsym":             ModuleNotPKCS11,
	"C_GetFunctionList": ModuleNotPKCS11,
	"C_Initialize":      ModuleInit,
	"C_GetInfo":         ModuleInit,
}

var codes = map[string]map[CKR]Code{
	"C_Login": {
		ckrPINIncorrect: PINIncorrect,
		ckrPINInvalid:   PINIncorrect,
		ckrPINLenRange:  PINIncorrect,
		ckrPINLocked:    PINLocked,
	},
	"C_GetAttributeValue": {ckrObjectHandleInvalid: DeviceLost},
	"C_GenerateKeyPair": {
		ckrAttributeValueInvalid: KeyRefused,
		ckrKeySizeRange:          NoGenerator,
		ckrMechanismInvalid:      NoGenerator,
	},
	"C_DecryptInit": {
		ckrKeyFunctionNotPermitted: KeyNotPermitted,
		ckrMechanismInvalid:        KeyNotPermitted,
	},
	"C_Decrypt": {
		ckrKeyFunctionNotPermitted: KeyNotPermitted,
		ckrDataInvalid:             DecryptFailed,
		ckrDataLenRange:            DecryptFailed,
		ckrEncryptedDataInvalid:    DecryptFailed,
		ckrEncryptedDataLenRange:   DecryptFailed,
	},
}
