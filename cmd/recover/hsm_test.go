package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"recover/fixtures/softtoken"
	"recover/fixtures/testkey"
	"recover/fixtures/tier"
	"recover/pkg/rsadecrypt"
)

// TestTokensLikeKeyFile rebuilds the same keys with the key file and with
// tokens in all modes: byte for byte the same.
func TestTokensLikeKeyFile(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	dir := t.TempDir()
	if o := execute(t, vault().rebuild(filepath.Join(dir, "file"), "--unsealed", "--with-master")...); o.status != exitOK {
		t.Fatal(o)
	}
	want := rebuiltKeys(t, filepath.Join(dir, "file"))
	for name, c := range map[string]struct {
		token func(*testing.T) softtoken.Token
		mode  string
		said  string
	}{
		"SoftHSM":          {softHSM, "auto", ""},
		"SoftHSM raw":      {softHSM, "raw", "the token will decrypt 1 time for the self-test and 12 times for 4 keys (for a key whose backups are damaged, up to 1000 times); "},
		"NSS":              {nss, "auto", "the token will decrypt up to 3 times for the self-test and 12 times for 4 keys (for a key whose backups are damaged, up to 1000 times); "},
		"NSS oaep":         {nss, "oaep", "the token will decrypt 2 times for the self-test and 12 times for 4 keys (for a key whose backups are damaged, up to 1000 times); "},
		"NSS raw":          {nss, "raw", "self-test passed: mode raw, "},
		"NSS oaep at once": {nss, "oaep --hsm-no-self-test", "the token will decrypt 12 times for 4 keys (for a key whose backups are damaged, up to 1000 times); "},
		"one session":      {softHSM, "raw --hsm-sessions 1", "self-test passed: mode raw, 1 decryption at a time\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := filepath.Join(dir, strings.ReplaceAll(name, " ", "-"))
			args := vault().rebuildArgs(out, "--unsealed", "--with-master", "--hsm-mode")
			o := start(t, withToken(t, c.token(t), softtoken.PIN, append(args, strings.Fields(c.mode)...)...))
			if o.status != exitOK || !strings.Contains(o.stderr, c.said) {
				t.Fatalf("status %d\n%s", o.status, o.stderr)
			}
			if got := rebuiltKeys(t, out); got != want {
				t.Errorf("other keys than with the key file:\n%s", got)
			}
		})
	}
}

// rebuiltKeys returns the keys in all segments of an output directory: a run that
// is resumed makes more than one.
func rebuiltKeys(t *testing.T, dir string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "keys-*.ndjson"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no rebuilt keys: %v", err)
	}
	all := ""
	for _, name := range names {
		all += string(readFile(t, name))
	}
	return all
}

// What is announced is what the token has to do.
func TestAnnouncedOperations(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	for more, want := range map[string]int{"": 10, "--with-master": 12} {
		token, log := faulty(t)
		args := vault().rebuildArgs(filepath.Join(t.TempDir(), "out"), "--unsealed", "--hsm-mode", "raw")
		o := start(t, withToken(t, token, softtoken.PIN, append(args, strings.Fields(more)...)...))
		said := fmt.Sprintf("the token will decrypt 1 time for the self-test and %d times for 4 keys (for a key whose backups are damaged, up to 1000 times); "+
			"if each needs a touch or the PIN, it asks that often\n", want)
		if o.status != exitOK || !strings.Contains(o.stderr, said) {
			t.Errorf("status %d\n%s", o.status, o.stderr)
		}
		if n := calls(t, log, "C_DecryptInit"); n != 1+want {
			t.Errorf("%d decryptions, %d were announced", n, 1+want)
		}
		if n := calls(t, log, "C_Login"); n != 1 {
			t.Errorf("%d logins", n)
		}
	}
}

// Of a sample, only what it takes is announced, and done.
func TestAnnouncedSample(t *testing.T) {
	t.Parallel()
	token, log := faulty(t)
	args := append([]string{"drill", "--sample", "1", "--hsm-mode", "raw"}, vault().selection()...)
	o := start(t, withToken(t, token, softtoken.PIN, args...))
	m := regexp.MustCompile(`(?m)1 time for the self-test and ([23]) times for 1 key \(for a key whose backups are damaged, up to 1000 times\); `).FindStringSubmatch(o.stderr)
	if o.status != exitOK || m == nil {
		t.Fatalf("status %d\n%s", o.status, o.stderr)
	}
	if n := calls(t, log, "C_DecryptInit"); fmt.Sprint(n-1) != m[1] {
		t.Errorf("%d decryptions for the key, %s were announced", n-1, m[1])
	}
}

// TestHelperDies lets the helper die in the middle of a run: what was rebuilt
// before is safe, and the run can be resumed.
func TestHelperDies(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	out := filepath.Join(t.TempDir(), "out")
	args := fifty().rebuildArgs(out, "--unsealed")
	o := start(t, withFake(t, []string{"FAKE_DIES_AT=60"}, args...)) // a key takes two
	o.refused(t, exitFailed, "recovery key: the helper recover-pkcs11 died: C_Decrypt: exit status 9",
		"the module crashed, or ended its process: try the latest version from its maker, and start again; "+
			"keys in the journal are safe: run the same command with --resume DIR instead of --out DIR")

	var done []string
	for _, r := range readLines[journalLine](t, filepath.Join(out, "journal.ndjson")) {
		if r.Type == "key" && r.Status == statusOK {
			done = append(done, r.KeyID)
		}
	}
	if len(done) < 25 || len(done) > 29 {
		t.Errorf("%d keys are in the journal", len(done))
	}
	if err := checkRebuilt(rebuiltKeys(t, out), fifty(), false, done); err != nil {
		t.Error(err)
	}

	resume := append([]string{"rebuild", "--resume", out, "--unsealed"}, fifty().selection()...)
	o = start(t, withFake(t, nil, resume...))
	if left := fmt.Sprintf(" and %d times for %d keys (for a key whose backups are damaged, up to 1000 times);", 2*(50-len(done)), 50-len(done)); o.status != exitOK || !strings.Contains(o.stderr, left) {
		t.Fatalf("status %d\n%s", o.status, o.stderr)
	}
	if err := checkRebuilt(rebuiltKeys(t, out), fifty(), false, []string{"all"}); err != nil {
		t.Error(err)
	}
}

// A token that is not there again cannot be taken for another reason.
func TestTokenIsLost(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	token, _ := faulty(t, "FAULT=C_Decrypt 7 0x32")
	out := filepath.Join(t.TempDir(), "out")
	o := start(t, withToken(t, token, softtoken.PIN, vault().rebuildArgs(out, "--unsealed", "--hsm-mode", "raw", "--workers", "1")...))
	o.refused(t, exitFailed, "recovery key: the token is gone: C_Decrypt: CKR_DEVICE_REMOVED (0x32)",
		"plug the token in again, check its reader or network, and start again; keys in the journal are safe: run the same command with --resume DIR instead of --out DIR")
	if err := checkRebuilt(string(readFile(t, filepath.Join(out, "keys-0001.ndjson"))), vault(), false,
		[]string{keyID(1).String(), keyID(2).String()}); err != nil {
		t.Error(err)
	}
}

func TestHSMCheck(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	fingerprint := rsadecrypt.FingerprintOf(&testkey.Recovery(0).PublicKey)
	const line = "the token holds the recovery key, RSA-4096, %s, and decrypts with it: mode %s\n"
	for _, args := range [][]string{vault().checkArgs(), {"hsm", "check", "--recovery-public-key", vault().path("key-0.pub.der")}} {
		o := start(t, withToken(t, softHSM(t), softtoken.PIN, append(args, "--hsm-mode", "raw")...))
		if want := fmt.Sprintf(line, fingerprint, "raw"); o.status != exitOK || o.stdout != want {
			t.Errorf("status %d, %q, want %q", o.status, o.stdout, want)
		}
		o = start(t, withToken(t, nss(t), softtoken.PIN, append(args, "--json")...))
		want := `{"type":"hsm-check","status":"ok","fingerprint":"` + fingerprint.Hex() + `","bits":4096,"mode":"oaep","sessions":`
		if o.status != exitOK || !strings.Contains(o.stdout, "\n"+want) || !strings.HasSuffix(o.stdout, `"always_authenticate":false}`+"\n") {
			t.Errorf("status %d, %q, want %q", o.status, o.stdout, want)
		}
	}
}

// With another recovery key than the token's, no PIN is spent.
func TestOtherTokenKey(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	const (
		fact = "the token's key is not the recovery key: its public key pkcs11:object=vault-key;id=%A1%B2 is another one"
		hint = "use the token with the key that the backups and the record name; \"recover hsm list\" shows fingerprints"
	)
	token, log := faulty(t)
	out := filepath.Join(t.TempDir(), "out")
	small := small()
	for _, args := range [][]string{
		small.checkArgs(),
		{"hsm", "check", "--recovery-public-key", small.path("key-0.pub.der")},
		small.rebuildArgs(out, "--unsealed"),
		{"rebuild", "--out", out, "--unsealed", "--record", small.path("record.csv"), "--shards", small.path("bucket")}, // by the shards alone
	} {
		start(t, withToken(t, token, softtoken.PIN, args...)).refused(t, exitFailed, fact, hint)
	}
	if n := calls(t, log, "C_Login"); n != 0 {
		t.Errorf("%d logins", n)
	}
	absent(t, out)

	// By the shards alone, with a kit: either of its keys will do.
	args := []string{"rebuild", "--out", out, "--unsealed", "--quorum-id", quorumID(1).String(), "--key-id", keyID(1).String(),
		"--algorithm", "SECP256K1", "--shards", kit().path("bucket")}
	if o := start(t, withToken(t, softHSM(t), softtoken.PIN, args...)); o.status != exitOK {
		t.Errorf("status %d\n%s", o.status, o.stderr)
	}
}

func TestHSMList(t *testing.T) {
	t.Parallel()
	token := softHSM(t)
	list := func(args ...string) outcome {
		cmd := exec.Command("recover", append([]string{"hsm", "list"}, args...)...)
		cmd.Env = append(os.Environ(), token.Environment...)
		return start(t, cmd)
	}
	if o := list(); o.status != exitOK || !strings.Contains(o.stdout, "module "+token.Module+"\n") {
		t.Errorf("status %d\n%s", o.status, o.stdout)
	}
	o := list("--hsm-module", token.Module, "--hsm-helper", helper(t))
	fingerprint := rsadecrypt.FingerprintOf(&testkey.Recovery(0).PublicKey)
	for _, want := range []string{
		"module " + token.Module + `: "SoftHSM", "Implementation of PKCS11", version 2.`,
		`token "soft" of "SoftHSM project", model "SoftHSM v2", serial number "`,
		"    location: 'pkcs11:token=soft;manufacturer=SoftHSM%20project;model=SoftHSM%20v2;serial=",
		"    login: with a PIN\n",
		";object=vault-key;id=%A1%B2?module-path=" + token.Module + "'\n        RSA-4096, " + fingerprint.String() + "\n",
	} {
		if o.status != exitOK || !strings.Contains(o.stdout, want) {
			t.Errorf("status %d\n%s\nwant %s", o.status, o.stdout, want)
		}
	}
	o = list("--hsm-module", token.Module, "--hsm-helper", helper(t), "--json")
	if !strings.Contains(o.stdout, `"login":"pin","keys":[{"kind":"public","location":"pkcs11:token=soft;serial=`) ||
		!strings.Contains(o.stdout, `"fingerprint":"`+fingerprint.Hex()+`"`) {
		t.Errorf("status %d\n%s", o.status, o.stdout)
	}
}

// TestKeygenHSM goes from a new key in a token to wallet keys that are rebuilt
// with it.
func TestKeygenHSM(t *testing.T) {
	tier.Long(t) // SoftHSM makes a key of 4096 bits
	t.Parallel()
	token, dir := softHSM(t), t.TempDir()
	token.URI = "pkcs11:token=soft;object=recovery-key"
	keygen := func(out string, args ...string) outcome {
		return start(t, withToken(t, token, softtoken.PIN, append([]string{"keygen", "--out", filepath.Join(dir, out)}, args...)...))
	}
	o := keygen("pair")
	file := filepath.Join(dir, "pair", "recovery-public-key.der")
	public, err := rsadecrypt.ParsePublicKey(readFile(t, file))
	if err != nil || public.N.BitLen() != 4096 {
		t.Fatalf("%v\n%s", err, o.stderr)
	}
	out := strings.Split(o.stdout, "\n")
	if o.status != exitOK || out[0] != "recovery key "+rsadecrypt.FingerprintOf(public).String() ||
		out[1] != "public half, for the upload: "+file ||
		!strings.HasPrefix(out[2], "private half: pkcs11:token=soft;object=recovery-key;id=%") {
		t.Errorf("status %d\n%s", o.status, o.stdout)
	}

	// The label is taken now: nothing is made, or left behind.
	o = keygen("again", "--format", "pem")
	if o.status != exitFailed || !strings.Contains(o.stderr, "error: the token has such a key already: pkcs11:object=recovery-key;id=%") {
		t.Errorf("status %d\n%s", o.status, o.stderr)
	}
	absent(t, filepath.Join(dir, "again"))

	practice := filepath.Join(dir, "practice")
	if o := execute(t, "sandbox", "--recovery-public-key", file, "--keys", "2", "--out", practice); o.status != exitOK {
		t.Fatal(o.stderr)
	}
	o = start(t, withToken(t, token, softtoken.PIN, "rebuild", "--record", filepath.Join(practice, "record.json"),
		"--shards", filepath.Join(practice, "bucket"), "--unsealed", "--out", filepath.Join(dir, "out")))
	if o.status != exitOK {
		t.Fatalf("status %d\n%s", o.status, o.stderr)
	}
	if err := checkRebuilt(string(readFile(t, filepath.Join(dir, "out", "keys-0001.ndjson"))),
		practiceIn(practice), false, []string{"all"}); err != nil {
		t.Error(err)
	}
}

func practiceIn(dir string) practice { return practice{dir: dir} }

// One descriptor can hold the PIN and the passphrase: the first line is the PIN,
// and the second the passphrase of the output, which cannot be empty. It is read
// before the PIN is sent, so that nothing keeps a login waiting.
func TestSharedDescriptor(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	out := filepath.Join(t.TempDir(), "out")
	token, log := faulty(t)
	cmd := withToken(t, token, "", vault().rebuildArgs(out, "--pin-fd", "3", "--passphrase-fd", "3", "--hsm-mode", "raw")...)
	cmd.ExtraFiles = []*os.File{lines(t, softtoken.PIN, "")}
	o := start(t, cmd)
	o.refused(t, exitFailed, "the passphrase is empty", "put the new passphrase on its line: 15 characters or more, 8 of them different")
	if n := calls(t, log, "C_Login"); n != 0 {
		t.Errorf("%d logins", n)
	}
	cmd = withToken(t, token, "", vault().rebuildArgs(out, "--pin-fd", "3", "--passphrase-fd", "3", "--hsm-mode", "raw")...)
	cmd.ExtraFiles = []*os.File{lines(t, softtoken.PIN, "a passphrase of several words")}
	if o := start(t, cmd); o.status != exitOK {
		t.Errorf("status %d\n%s", o.status, o.stderr)
	}
}

type journalLine struct {
	Type   string
	Status string
	KeyID  string `json:"key_id"`
}
