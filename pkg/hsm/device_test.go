package hsm

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"recover/fixtures/softtoken"
	"recover/fixtures/testkey"
	"recover/fixtures/tier"
	"recover/pkg/rsadecrypt"
)

// Each setting of a device, alone and with all others: what it is asked comes
// out right, with no operation more than was asked for.
func TestDevices(t *testing.T) {
	tier.Long(t)
	softHSM(t) // made once, before the tests in parallel
	alone := []string{
		"DEVICE_HANDLES=1", "DEVICE_READ_ONLY=0x6", "DEVICE_READ_ONLY=0xB5", "DEVICE_SESSIONS=3", "DEVICE_ENDS=4",
		"DEVICE_BUSY=5 0x5", "DEVICE_BUSY=5 0x6", "DEVICE_BUSY=5 0x30", "DEVICE_BUSY=5 0x90", "DEVICE_TALKS=1", "DEVICE_SLOW=5",
	}
	cases := map[string][]string{
		"together": {"DEVICE_HANDLES=1", "DEVICE_READ_ONLY=0x7", "DEVICE_SESSIONS=3", "DEVICE_BUSY=4 0x6", "DEVICE_ENDS=6", "DEVICE_TALKS=1", "DEVICE_SLOW=5"},
		"together, with a PIN each time": {
			"DEVICE_HANDLES=1", "DEVICE_READ_ONLY=0xB5", "DEVICE_SESSIONS=2", "DEVICE_ENDS=6", "DEVICE_TALKS=1", "DEVICE_SLOW=5", "FAULT_ALWAYS=1",
		},
		"a PIN each time": {"FAULT_ALWAYS=1"},
	}
	for _, setting := range alone {
		cases[setting] = []string{setting}
	}
	for name, settings := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k, log := throughFaults(t, softHSM(t), settings...)
			k.options.Sessions = 4
			d, err := k.open(t, ModeRaw)
			if err != nil {
				t.Fatal(err)
			}
			const messages = 12
			decryptAll(t, d, messages)
			if n := len(callsOf(t, log, "operation")); n != 1+messages {
				t.Errorf("%d operations, want %d", n, 1+messages)
			}
			logins, contexts := 0, 0
			for _, call := range callsOf(t, log, "C_Login") {
				if strings.HasPrefix(call, "C_Login-context") {
					contexts++
				} else {
					logins++
				}
			}
			wantContexts := 0
			if slices.Contains(settings, "FAULT_ALWAYS=1") {
				wantContexts = 1 + messages
			}
			if logins != 1 || contexts != wantContexts {
				t.Errorf("%d logins, %d for decryptions; want 1 and %d", logins, contexts, wantContexts)
			}
		})
	}
}

// decryptAll decrypts messages, several at a time.
func decryptAll(t *testing.T, d *Decrypter, messages int) {
	t.Helper()
	var group sync.WaitGroup
	for i := range messages {
		message := fmt.Sprint("message ", i)
		group.Go(func() {
			got, err := d.open(encrypt(t, d.key.Public, message), testLabel)
			if err != nil || string(got) != message {
				t.Errorf("decrypted %q, %v; want %q", got, err, message)
			}
		})
	}
	group.Wait()
}

// Where the login ends with the session, that is what is said, and no PIN is
// spent.
func TestSessionEnds(t *testing.T) {
	tier.Long(t)
	k, log := throughFaults(t, softHSM(t), "DEVICE_ENDS=3", "DEVICE_LOGS_OUT=1")
	d, err := k.open(t, ModeRaw)
	if err != nil {
		t.Fatal(err)
	}
	decryptAll(t, d, 1)
	for range 2 { // the second time, the token is not asked
		_, err = d.open(encrypt(t, k.public, "x"), testLabel)
		wantError(t, err, "the token ended the session: C_DecryptInit: CKR_SESSION_HANDLE_INVALID (0xB3)")
	}
	wantCalls(t, log, "C_Login", loggedIn)
	if n := len(callsOf(t, log, "C_DecryptInit")); n != 3 {
		t.Errorf("%d decryptions were begun, want 3", n)
	}
}

// A person is not made to touch or type again.
func TestBusyWithPerson(t *testing.T) {
	k, log := throughFaults(t, softHSM(t), "FAULT_ALWAYS=1", "DEVICE_BUSY=3 0x6")
	d, err := k.open(t, ModeRaw)
	if err != nil {
		t.Fatal(err)
	}
	decryptAll(t, d, 1)
	// The third C_DecryptInit is tried again: nothing was typed yet. The third
	// C_Decrypt is not.
	_, err = d.open(encrypt(t, k.public, "x"), testLabel)
	wantError(t, err, "the PKCS#11 module failed: C_Decrypt: CKR_FUNCTION_FAILED (0x6): tried 2 times")
	if n := len(callsOf(t, log, "C_Login-context")); n != 3 {
		t.Errorf("%d logins for decryptions, want 3", n)
	}
}

// A token that refuses a bad ciphertext as it says that it is busy: the good ones
// come out, and the bad one is bad.
func TestBusyLikeRefusal(t *testing.T) {
	tier.Long(t)
	k, _ := throughFaults(t, nss(t), "FAULT=C_Decrypt 2 0x6", "DEVICE_BUSY=4 0x6")
	d, err := k.open(t, ModeOAEP)
	if err != nil {
		t.Fatal(err)
	}
	if d.refusal != ckrFunctionFailed {
		t.Fatalf("learned %v", d.refusal)
	}
	for range 6 {
		decryptAll(t, d, 1)
	}
	k, _ = throughFaults(t, nss(t), "FAULT=C_Decrypt 2+ 0x6")
	if d, err = k.open(t, ModeOAEP); err != nil {
		t.Fatal(err)
	}
	if _, err := d.open(encrypt(t, k.public, "x"), testLabel); !errors.Is(err, rsadecrypt.ErrDecrypt) {
		t.Errorf("error %v", err)
	}
}

// Busy in the self-test says nothing of what the token can do.
func TestBusySelfTest(t *testing.T) {
	k, _ := throughFaults(t, nss(t), "FAULT=C_DecryptInit 0 0x5")
	_, err := k.open(t, ModeAuto)
	e := wantError(t, err, "the PKCS#11 module failed: C_DecryptInit: CKR_GENERAL_ERROR (0x5): "+
		"mode oaep: C_DecryptInit: CKR_GENERAL_ERROR (0x5); mode raw: C_DecryptInit: CKR_GENERAL_ERROR (0x5)")
	if e.Code != ModuleFailed {
		t.Errorf("code %s", e.Code)
	}
	k, _ = throughFaults(t, nss(t), "FAULT=C_DecryptInit 1 0x30")
	if d, err := k.open(t, ModeOAEP); err != nil || d.Mode() != ModeOAEP {
		t.Errorf("busy once: %v", err)
	}
}

// A module that does not end an operation that failed.
func TestForgottenOperation(t *testing.T) {
	k, _ := throughFaults(t, nss(t), "FAULT=C_Decrypt 1 0x5", "DEVICE_FORGETS=1")
	d, err := k.open(t, ModeAuto)
	if err != nil || d.Mode() != ModeRaw {
		t.Fatalf("%v, %v", d, err)
	}
	decryptAll(t, d, 2)
}

// How many sessions there are by default: as suits what was measured.
func TestSettledSessions(t *testing.T) {
	for took, want := range map[time.Duration]int{10 * time.Second: 1, 300 * time.Millisecond: slowSessions} {
		k := softHSM(t)
		key, err := findKey(openModule(t, k), k.location, k.public)
		if err != nil {
			t.Fatal(err)
		}
		if err := key.settle(took); err != nil || key.open != want || key.needsPerson != (want == 1) {
			t.Errorf("after %v: %d sessions, %v", took, key.open, err)
		}
	}
	k, _ := throughFaults(t, softHSM(t), "DEVICE_SLOW=150", "DEVICE_SESSIONS=3")
	d, err := k.open(t, ModeRaw)
	if err != nil || d.Sessions() != 3 {
		t.Errorf("a slow token that gives three: %v, %v", d.Sessions(), err)
	}
}

// The handle of a key is that of its session; of two keys with one label and no
// ID, the modulus tells which it is.
func TestKeyInFurtherSessions(t *testing.T) {
	k, _ := throughFaults(t, softHSM(t), "DEVICE_HANDLES=1")
	key, err := findKey(openModule(t, k), k.location, k.public)
	if err != nil {
		t.Fatal(err)
	}
	key.Public = &testkey.Recovery(1).PublicKey
	if _, err := key.newSession(); !is(err, KeyNotFound) {
		t.Errorf("with another modulus: %v", err)
	}
}

// The PIN is in no output in any death of the helper, with a module that prints
// it; what the module says before is shown.
func TestTalkingModule(t *testing.T) {
	tier.Long(t)
	softHSM(t)
	for _, fault := range []string{
		"C_Login 1 crash", "C_Login 1 exit", "C_Login 1 0xA0", "C_Login 1 hang",
		"C_FindObjects 2 crash", "C_GetAttributeValue 6 exit", "C_DecryptInit 1 crash", "C_DecryptInit 2 exit",
		"C_Decrypt 1 crash", "C_Decrypt 2 exit", "C_Decrypt 2 hang", "C_Decrypt 2+ 0x5", "C_Finalize 1 crash",
		"C_Login-context 2 crash", "C_Login-context 2 hang",
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			settings := []string{"DEVICE_TALKS=1", "FAULT=" + fault}
			if strings.HasPrefix(fault, "C_Login-context") {
				settings = append(settings, "FAULT_ALWAYS=1")
			}
			k, _ := throughFaults(t, softHSM(t), settings...)
			k.options.Limits = Limits{Short: time.Second, Long: time.Second}
			err := k.use(t, ModeRaw)
			if err == nil && !strings.HasPrefix(fault, "C_Finalize") {
				t.Fatal("no error")
			}
			said := fmt.Sprintf("%v %+v %#v", err, err, err)
			var e *Error
			if errors.As(err, &e) {
				said += string(e.Stderr) + fmt.Sprintf("%+v", *e)
				if len(e.Stderr) > 0 {
					t.Errorf("stderr is kept: %q", e.Stderr)
				}
			}
			if strings.Contains(said, softtoken.PIN) {
				t.Errorf("the PIN is shown: %s", said)
			}
		})
	}
	k, _ := throughFaults(t, softHSM(t), "FAULT_SAYS=no configuration in /etc", "FAULT=C_Initialize 1 0x5")
	_, err := Open(t.Context(), k.options)
	e := wantError(t, err, "the PKCS#11 module does not start: C_Initialize: CKR_GENERAL_ERROR (0x5)")
	if string(e.Stderr) != "no configuration in /etc\n" {
		t.Errorf("stderr is %q", e.Stderr)
	}
}

func TestLogging(t *testing.T) {
	o := Options{
		Module:        "/usr/lib/pkcs11-spy.so",
		InitArguments: "connector=http://127.0.0.1 debug",
		Environment:   []string{"OPENSC_DEBUG=9", "P11_KIT_DEBUG=", "HOME=/"},
	}
	want := []string{`the module "pkcs11-spy.so"`, "the variable OPENSC_DEBUG", "the word debug in the module's arguments"}
	if got := o.Logging(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := (Options{Module: "/usr/lib/softhsm/libsofthsm2.so", Environment: []string{"HOME=/debug"}}).Logging(); got != nil {
		t.Errorf("got %q", got)
	}
}

func TestGenerateLimits(t *testing.T) {
	tier.Long(t)
	for setting, want := range map[string]string{
		"DEVICE_BITS=3072":                "the token cannot make an RSA-4096 key: C_GetMechanismInfo: its RSA keys have at most 3072 bits",
		"DEVICE_BITS=512":                 "", // in bytes
		"DEVICE_LACKS=0x0":                "", // X9.31 instead
		"FAULT=C_GetMechanismInfo 0 0x70": "the token cannot make an RSA-4096 key: C_GetMechanismInfo: CKR_MECHANISM_INVALID (0x70)",
		"FAULT=C_GetMechanismInfo 0 0x54": "",
		"FAULT=C_GetMechanismInfo 1 exit": "the helper recover-pkcs11 died: C_GetMechanismInfo: exit status 7",
	} {
		k, log := throughFaults(t, softHSM(t), setting)
		err := k.token(t).CheckNewKey()
		switch {
		case want != "":
			wantError(t, err, want)
		case err != nil:
			t.Errorf("%s: %v", setting, err)
		}
		wantCalls(t, log, "C_Login")
	}
	k, _ := throughFaults(t, softHSM(t), "DEVICE_LACKS=0x0", "DEVICE_HANDLES=1")
	s := k.login(t)
	if err := s.token.CheckNewKey(); err != nil || s.token.generator != mechanismX931KeyPair {
		t.Fatalf("mechanism 0x%x, %v", s.token.generator, err)
	}
	if _, err := s.Generate("new-key", "\x01"); err != nil {
		t.Error(err)
	}
}

// A key that took too long may be there, and is said to be; and is found later.
func TestGenerateTooLong(t *testing.T) {
	tier.Long(t)
	if h := (Limits{}).orDefault(); h.Generate < 10*time.Minute {
		t.Errorf("the limit is %v", h.Generate)
	}
	k, _ := throughFaults(t, softHSM(t), "DEVICE_KEYGEN=60000")
	k.options.Limits.Generate = 300 * time.Millisecond
	_, err := k.login(t).Generate("new-key", "\x01")
	wantError(t, err, "the helper recover-pkcs11 gave no answer in time: C_GenerateKeyPair: within 300ms")
	var unfinished *UnfinishedKeyError
	if !errors.As(err, &unfinished) || unfinished.Exists {
		t.Errorf("error %#v", err)
	}
	k, _ = throughFaults(t, softHSM(t), "DEVICE_ID=2")
	s := k.login(t)
	if _, err = s.Generate("new-key", "\x01\x02\x03"); !is(err, KeyRefused) || errors.As(err, &unfinished) {
		t.Errorf("a long ID: %v", err)
	}
	if _, err = s.Generate("new-key", "\x01\x02"); err != nil {
		t.Errorf("a short ID: %v", err)
	}
}

// Serial or four at a time, the token does not wait for the program.
func TestTokenIsKeptBusy(t *testing.T) {
	if testing.Short() {
		t.Skip("takes ten seconds")
	}
	const operations, each = 40, 100 * time.Millisecond
	for parallel, want := range map[int]time.Duration{1: operations * each, 4: operations * each / 4} {
		k, _ := throughFaults(t, softHSM(t), "DEVICE_SLOW=100", fmt.Sprintf("DEVICE_PARALLEL=%d", parallel))
		k.options.Sessions = 4
		d, err := k.open(t, ModeRaw)
		if err != nil {
			t.Fatal(err)
		}
		c, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, d.key.Public, []byte("x"), testLabel)
		if err != nil {
			t.Fatal(err)
		}
		var group sync.WaitGroup
		begun := time.Now()
		for range d.Sessions() + 1 {
			group.Go(func() {
				for range operations / (d.Sessions() + 1) {
					if _, err := d.open(c, testLabel); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		took := time.Since(begun)
		t.Logf("%d at a time: %v, %.2f of the token's time", parallel, took, float64(took)/float64(want))
		if took > 2*want { // the machine may have other work
			t.Errorf("%d at a time: %v for %v of work", parallel, took, want)
		}
	}
}
