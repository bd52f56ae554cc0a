package hsm

import (
	"crypto/rsa"
	"errors"
	"strings"
	"testing"

	"recover/pkg/rsadecrypt"
)

// What a CKR means depends on how far the steps have come.
func TestStages(t *testing.T) {
	for _, c := range []struct {
		function string
		ckr      CKR
		at       stage
		want     Code
	}{
		{"C_OpenSession", ckrSlotIDInvalid, atModule, ModuleFailed},
		{"C_OpenSession", ckrSlotIDInvalid, atToken, DeviceLost},
		{"C_FindObjects", ckrObjectHandleInvalid, atToken, ModuleFailed},
		{"C_DecryptInit", ckrObjectHandleInvalid, atKey, DeviceLost},
		{"C_DecryptInit", ckrKeyHandleInvalid, atKey, DeviceLost},
		{"C_DecryptInit", ckrSessionClosed, atKey, SessionEnded},
		{"C_GetTokenInfo", ckrDeviceError, atModule, ModuleFailed},
		{"C_Initialize", ckrDeviceError, atModule, ModuleInit},
		{"C_Initialize", ckrDeviceMemory, atModule, ModuleInit},
		{"C_GenerateKeyPair", ckrDeviceMemory, atToken, TokenFull},
		{"C_Decrypt", ckrFunctionRejected, atKey, Rejected},
		{"C_FindObjects", ckrUserNotLoggedIn, atToken, ModuleFailed},
		{"C_Decrypt", ckrUserNotLoggedIn, atKey, SessionEnded},
		{"C_Login", ckrDeviceError, atToken, DeviceLost},
		{"C_Login", ckrPINInvalid, atKey, PINIncorrect},
		{"C_Decrypt", ckrPINInvalid, atKey, ModuleFailed},
		{"C_Decrypt", ckrEncryptedDataLenRange, atKey, DecryptFailed},
		{"C_DecryptInit", ckrEncryptedDataLenRange, atKey, ModuleFailed},
	} {
		if got := codeOf(c.function, c.ckr, c.at); got != c.want {
			t.Errorf("%s, %v at stage %d: %s, want %s", c.function, c.ckr, c.at, got, c.want)
		}
	}
}

// A helper cannot put anything on the terminal.
func TestForeignText(t *testing.T) {
	err := (&failure{"\x1b[2J", 0x5, "x"}).toError(atKey)
	wantError(t, err, `the helper does not speak this program's protocol: "\x1b[2Jx"`)
	err = (&failure{"C_Login", 0, "\x1b[2J" + strings.Repeat("x", 1000)}).toError(atKey)
	if text := err.Error(); strings.Contains(text, "\x1b") || len(text) > 400 {
		t.Errorf("the text is %q", text)
	}
}

func TestBadCiphertextIs(t *testing.T) {
	for _, target := range []error{rsadecrypt.ErrDecrypt, rsa.ErrDecryption} {
		if !errors.Is(badCiphertext, target) || errors.Is(&Error{Code: DecryptFailed}, target) {
			t.Errorf("%v is not told apart", target)
		}
	}
}
