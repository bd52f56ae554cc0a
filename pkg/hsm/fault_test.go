package hsm

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"recover/fixtures/tier"
	"recover/pkg/rsadecrypt"
)

// open goes all steps.
func (k testToken) open(t *testing.T, mode Mode) (*Decrypter, error) {
	t.Helper()
	m, err := Open(t.Context(), k.options)
	if err != nil {
		return nil, err
	}
	t.Cleanup(m.Close)
	key, err := findKey(m, k.location, k.public)
	if err != nil {
		return nil, err
	}
	return key.SelfTest(mode)
}

// use goes all steps and decrypts once.
func (k testToken) use(t *testing.T, mode Mode) error {
	t.Helper()
	d, err := k.open(t, mode)
	if err != nil {
		return err
	}
	got, err := d.open(encrypt(t, k.public, "message"), testLabel)
	if err == nil && string(got) != "message" {
		t.Errorf("decrypted %q", got)
	}
	return err
}

const (
	died      = "the helper recover-pkcs11 died: "
	gone      = "the token is gone: "
	failing   = "the PKCS#11 module failed: "
	noModule  = "the file is not a PKCS#11 module: "
	incapable = "the token cannot decrypt RSA-OAEP with SHA-256 and a label: "
)

// Each fault of a module or token gives its own error, with the function and
// what it returned.
func TestFaults(t *testing.T) {
	tier.Long(t)
	softHSM(t) // made once, before the tests in parallel
	for _, c := range []struct{ setting, want string }{
		{"FAULT_LOAD=print", ""},
		{"FAULT_LOAD=exit", died + "dlopen: exit status 7"},
		{"FAULT_LOAD=crash", died + "dlopen: signal: segmentation fault"},
		{"FAULT_LIST=fail", noModule + "C_GetFunctionList: CKR_HOST_MEMORY (0x2)"},
		{"FAULT_LIST=none", noModule + `C_GetFunctionList: "no list of functions of version 2 or 3"`},
		{"FAULT_LIST=old", noModule + `C_GetFunctionList: "no list of functions of version 2 or 3"`},
		{"FAULT=C_Initialize 1 0xA", "the PKCS#11 module does not start: C_Initialize: CKR_CANT_LOCK (0xA)"},
		{"FAULT=C_Initialize 1 crash", died + "C_Initialize: signal: segmentation fault"},
		{"FAULT=C_GetInfo 1 0x5", "the PKCS#11 module does not start: C_GetInfo: CKR_GENERAL_ERROR (0x5)"},

		{"FAULT=C_GetSlotList 1 0x5", failing + "C_GetSlotList: CKR_GENERAL_ERROR (0x5)"},
		{"FAULT=C_GetTokenInfo 0 0x5", failing + "C_GetTokenInfo: CKR_GENERAL_ERROR (0x5)"},
		{"FAULT=C_GetTokenInfo 0 0xE0", gone + "C_GetTokenInfo: CKR_TOKEN_NOT_PRESENT (0xE0)"},
		{"FAULT=C_GetTokenInfo 1 crash", died + "C_GetTokenInfo: signal: segmentation fault"},
		{"FAULT_FLAGS=0x40000", "the PIN is locked: C_GetTokenInfo: it is locked"},
		{"FAULT_FLAGS=0x20000", "the PIN was not sent: C_GetTokenInfo: one try is left"},
		{"FAULT_FLAGS=0x10000", ""}, // a wrong PIN before is no fault
		{"FAULT=C_OpenSession 1 0xE0", gone + "C_OpenSession: CKR_TOKEN_NOT_PRESENT (0xE0)"},
		{"FAULT=C_OpenSession 1 0x3", gone + "C_OpenSession: CKR_SLOT_ID_INVALID (0x3)"},
		{"FAULT=C_OpenSession 1 0xB1", failing + "C_OpenSession: CKR_SESSION_COUNT (0xB1)"},

		{"FAULT=C_Login 1 0xA0", "the PIN is incorrect: C_Login: CKR_PIN_INCORRECT (0xA0)"},
		{"FAULT=C_Login 1 0xA2", "the PIN is incorrect: C_Login: CKR_PIN_LEN_RANGE (0xA2)"},
		{"FAULT=C_Login 1 0xA4", "the PIN is locked: C_Login: CKR_PIN_LOCKED (0xA4)"},
		{"FAULT=C_Login 1 0x32", gone + "C_Login: CKR_DEVICE_REMOVED (0x32)"},
		{"FAULT_FLAGS_OFF=0x8", "the token has no user PIN yet: C_GetTokenInfo: CKF_USER_PIN_INITIALIZED is not set"},
		{"FAULT=C_Login 1 0x102", "the token has no user PIN yet: C_Login: CKR_USER_PIN_NOT_INITIALIZED (0x102)"},
		{"FAULT=C_Login 1 crash", died + "C_Login: signal: segmentation fault"},

		{"FAULT=C_FindObjectsInit 2 0x5", failing + "C_FindObjectsInit: CKR_GENERAL_ERROR (0x5)"},
		{"FAULT=C_FindObjects 2 0x5", failing + "C_FindObjects: CKR_GENERAL_ERROR (0x5)"},
		{"FAULT=C_FindObjectsFinal 2 0x5", failing + "C_FindObjectsFinal: CKR_GENERAL_ERROR (0x5)"},
		{"FAULT=C_GetAttributeValue 3 0x82", gone + "C_GetAttributeValue: CKR_OBJECT_HANDLE_INVALID (0x82)"},
		{"FAULT=C_GetAttributeValue 3 0x5", failing + "C_GetAttributeValue: CKR_GENERAL_ERROR (0x5)"},

		{"FAULT=C_DecryptInit 0 0x68", "the token does not permit decryption with this key: C_DecryptInit: CKR_KEY_FUNCTION_NOT_PERMITTED (0x68)"},
		{"FAULT=C_DecryptInit 0 0x70", "the token does not permit decryption with this key: C_DecryptInit: CKR_MECHANISM_INVALID (0x70)"},
		{"FAULT=C_DecryptInit 0 0x7", incapable + "C_DecryptInit: CKR_ARGUMENTS_BAD (0x7)"},
		{"FAULT=C_DecryptInit 0 0x80000001", incapable + "C_DecryptInit: a vendor's own CKR (0x80000001)"},
		{"FAULT=C_Decrypt 1 0x5", ""}, // tried again
		{"FAULT=C_Decrypt 0 0x5", failing + "C_Decrypt: CKR_GENERAL_ERROR (0x5)"},
		{"FAULT=C_DecryptInit 0 0x30", failing + "C_DecryptInit: CKR_DEVICE_ERROR (0x30)"},
		{"FAULT=C_DecryptInit 0 0x200", "the token rejects the operation: a capability is missing: C_DecryptInit: CKR_FUNCTION_REJECTED (0x200)"},
		{"FAULT=C_DecryptInit 1 0x31", "the token's memory or its audit log is full: C_DecryptInit: CKR_DEVICE_MEMORY (0x31)"},
		{"FAULT=C_Decrypt 1 flip", "the token gave a wrong answer: C_Decrypt: not the number that encrypts to the request"},

		// The first C_Decrypt is the self-test's.
		{"FAULT=C_Decrypt 2 flip", "the token gave a wrong answer: C_Decrypt: not the number that encrypts to the request"},
		{"FAULT=C_Decrypt 2 crash", died + "C_Decrypt: signal: segmentation fault"},
		{"FAULT=C_Decrypt 2 exit", died + "C_Decrypt: exit status 7"},
		{"FAULT=C_Decrypt 2 0x40", "the decryption failed: C_Decrypt: CKR_ENCRYPTED_DATA_INVALID (0x40)"},
		{"FAULT=C_Decrypt 2 0x6", ""},
		{"FAULT=C_Decrypt 2+ 0x6", failing + "C_Decrypt: CKR_FUNCTION_FAILED (0x6): tried 5 times"},
		{"FAULT=C_Decrypt 2 0x30", ""},
		{"FAULT=C_Decrypt 2+ 0x30", gone + "C_Decrypt: CKR_DEVICE_ERROR (0x30): tried 5 times"},
		{"FAULT=C_Decrypt 2 0x31", "the token's memory or its audit log is full: C_Decrypt: CKR_DEVICE_MEMORY (0x31)"},
		{"FAULT=C_Decrypt 2 0x32", gone + "C_Decrypt: CKR_DEVICE_REMOVED (0x32)"},
		{"FAULT=C_Decrypt 2 0x3", gone + "C_Decrypt: CKR_SLOT_ID_INVALID (0x3)"},
		{"FAULT=C_DecryptInit 2 0xE0", gone + "C_DecryptInit: CKR_TOKEN_NOT_PRESENT (0xE0)"},
		{"FAULT=C_DecryptInit 2 0xB3", ""}, // in another session
		{"FAULT=C_DecryptInit 2+ 0xB3", "the token ended the session: C_DecryptInit: CKR_SESSION_HANDLE_INVALID (0xB3)"},
		{"FAULT=C_DecryptInit 2+ 0x82", gone + "C_DecryptInit: CKR_OBJECT_HANDLE_INVALID (0x82)"},
		{"FAULT=C_DecryptInit 2+ 0x101", "the token ended the session: " + "C_DecryptInit: CKR_USER_NOT_LOGGED_IN (0x101)"},
	} {
		t.Run(c.setting, func(t *testing.T) {
			t.Parallel()
			k, log := throughFaults(t, softHSM(t), c.setting)
			err := k.use(t, ModeRaw)
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			e := wantError(t, err, c.want)
			if len(e.Stderr) > 0 { // such as registers, with a PIN in them
				t.Errorf("written to stderr: %q", e.Stderr)
			}
			if errors.Is(err, rsadecrypt.ErrDecrypt) {
				t.Error("a fault of the token passes for one of the ciphertext")
			}
			if n := len(callsOf(t, log, "C_Login")); n > 1 {
				t.Errorf("%d logins", n)
			}
		})
	}
}

func TestHangs(t *testing.T) {
	tier.Long(t)
	softHSM(t) // made once, before the tests in parallel
	const late = "the helper recover-pkcs11 gave no answer in time: "
	// Each limit is for what hangs; what comes before it under the same one has time.
	for setting, c := range map[string]struct {
		limits Limits
		want   string
	}{
		"FAULT_LOAD=hang":         {Limits{Short: 3 * time.Second}, "dlopen: within 3s"},
		"FAULT=C_Login 1 hang":    {Limits{Long: time.Second}, "C_Login: within 1s"},
		"FAULT=C_Decrypt 2 hang":  {Limits{Long: 3 * time.Second}, "C_Decrypt: within 3s"},
		"FAULT=C_Finalize 1 hang": {Limits{}, ""},
	} {
		t.Run(setting, func(t *testing.T) {
			t.Parallel()
			k, _ := throughFaults(t, softHSM(t), setting)
			k.options.Limits = c.limits
			err := k.use(t, ModeRaw)
			if c.want == "" { // only Close meets it, and goes on
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantError(t, err, late+c.want)
		})
	}
}

// In native OAEP, the token's word is all there is: the self-test must find out
// a token that ignores the label, and learn how it refuses.
func TestFaultsOfOAEP(t *testing.T) {
	tier.Long(t)
	k := nss(t)
	for _, c := range []struct{ setting, want string }{
		{"FAULT=none 0 0", ""},
		{"FAULT=C_Decrypt 1 flip", "the token gave a wrong answer: C_Decrypt: another message than was encrypted"},
		{"FAULT=C_Decrypt 1 0x40", incapable + "C_Decrypt: CKR_ENCRYPTED_DATA_INVALID (0x40)"},
		{"FAULT=C_Decrypt 2 0", "the token gave a wrong answer: C_Decrypt: the OAEP label is ignored"},
		{"FAULT=C_Decrypt 2 0x32", gone + "C_Decrypt: CKR_DEVICE_REMOVED (0x32)"},
		{"FAULT=C_Decrypt 3 0x40", "the decryption failed: C_Decrypt: CKR_ENCRYPTED_DATA_INVALID (0x40)"},
		{"FAULT=C_Decrypt 3 0x6", ""},
		{"FAULT=C_Decrypt 3+ 0x6", failing + "C_Decrypt: CKR_FUNCTION_FAILED (0x6): tried 5 times"},
		{"FAULT_LACKS=0x120", ""}, // CKA_MODULUS: the wanted key stands in
	} {
		t.Run(c.setting, func(t *testing.T) {
			t.Parallel()
			k, _ := throughFaults(t, k, c.setting)
			err := k.use(t, ModeOAEP)
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantError(t, err, c.want)
			if ofCiphertext := strings.HasPrefix(c.want, "the decryption failed"); errors.Is(err, rsadecrypt.ErrDecrypt) != ofCiphertext {
				t.Errorf("of the ciphertext: %v", !ofCiphertext)
			}
		})
	}
}

// A token that says FUNCTION_FAILED to another label says it to any ciphertext
// that is bad.
func TestRefusalIsLearned(t *testing.T) {
	tier.Long(t)
	k, _ := throughFaults(t, nss(t), "FAULT=C_Decrypt 2 0x6")
	d, err := k.open(t, ModeOAEP)
	if err != nil {
		t.Fatal(err)
	}
	if d.refusal != 0x6 {
		t.Errorf("learned %v", d.refusal)
	}
}

func TestAutoFallsBack(t *testing.T) {
	tier.Long(t)
	k := nss(t)
	for setting, want := range map[string]Mode{
		"FAULT=none 0 0":          ModeOAEP,
		"FAULT=C_DecryptInit 1 7": ModeRaw,
		"FAULT=C_Decrypt 1 0x6":   ModeRaw,
		"FAULT=C_Decrypt 2 0":     ModeRaw,
	} {
		k, _ := throughFaults(t, k, setting)
		d, err := k.open(t, ModeAuto)
		if err != nil || d.Mode() != want {
			t.Errorf("%s: %v, %v; want %s", setting, d, err, want)
		}
	}
	k, _ = throughFaults(t, k, "FAULT=C_DecryptInit 0 7")
	_, err := k.open(t, ModeAuto)
	wantError(t, err, incapable+"C_DecryptInit: CKR_ARGUMENTS_BAD (0x7): "+
		"mode oaep: C_DecryptInit: CKR_ARGUMENTS_BAD (0x7); mode raw: C_DecryptInit: CKR_ARGUMENTS_BAD (0x7)")
}

// Once a mode is chosen, a failure does not change it.
func TestModeStays(t *testing.T) {
	tier.Long(t)
	k, log := throughFaults(t, nss(t), "FAULT=C_Decrypt 3+ 0x6")
	d, err := k.open(t, ModeAuto)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.open(encrypt(t, k.public, "x"), testLabel); !is(err, ModuleFailed) {
		t.Errorf("error %v", err)
	}
	if n := len(callsOf(t, log, "C_Decrypt")); d.Mode() != ModeOAEP || n != 14 { // Init and Decrypt, twice in the self-test and five times
		t.Errorf("mode %s, %d calls", d.Mode(), n)
	}
}

func TestNoModule(t *testing.T) {
	helper := helperProgram(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "text.so")
	if err := os.WriteFile(file, []byte("this is no shared object, but it is long enough to hold an ELF header, is it not?"), 0o600); err != nil {
		t.Fatal(err)
	}
	const unloadable = "the PKCS#11 module cannot be loaded: "
	cases := map[string]string{
		"module.so":           unloadable + `not an absolute path: "module.so"`,
		file:                  unloadable + `dlopen: "` + file + `: invalid ELF header"`,
		dir:                   unloadable + `dlopen: "` + dir + `: cannot read file data: Is a directory"`,
		dir + "/\x1b[2Jno.so": unloadable + `dlopen: "` + dir + `/\x1b[2Jno.so: cannot open shared object file: No such file or directory"`,
	}
	if libm, _ := filepath.Glob("/lib/*/libm.so.6"); len(libm) > 0 {
		cases[libm[0]] = noModule + `dlsym: "` + libm[0] + `: undefined symbol: C_GetFunctionList"`
	}
	for module, want := range cases {
		_, err := Open(t.Context(), Options{Helper: helper, Module: module})
		wantError(t, err, want)
	}
}

// After a token is gone, it is left alone.
func TestLostForGood(t *testing.T) {
	k, log := throughFaults(t, softHSM(t), "FAULT=C_DecryptInit 3 0x32")
	d, err := k.open(t, ModeRaw)
	if err != nil {
		t.Fatal(err)
	}
	c := encrypt(t, k.public, "x")
	for i, want := range []bool{true, false, false} {
		if _, err := d.open(c, testLabel); (err == nil) != want || err != nil && !is(err, DeviceLost) {
			t.Errorf("decryption %d: %v", i, err)
		}
	}
	if n := len(callsOf(t, log, "C_DecryptInit")); n != 3 {
		t.Errorf("%d operations, want 3", n)
	}
}

func TestTokenVanishes(t *testing.T) {
	k := softHSM(t)
	d, err := k.open(t, ModeRaw)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(k.Directory()); err != nil {
		t.Fatal(err)
	}
	if _, err := d.open(encrypt(t, k.public, "x"), testLabel); !is(err, DeviceLost) {
		t.Errorf("error %v, want device-lost", err)
	}
}
