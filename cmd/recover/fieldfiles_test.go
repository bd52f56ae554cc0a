//go:build linux

package main

import (
	"bytes"
	"compress/gzip"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"golang.org/x/crypto/ssh"

	"recover/fixtures/testkey"
	"recover/fixtures/tier"
	"recover/pkg/rsadecrypt"
)

func utf16File(text string) []byte {
	out := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune(text)) {
		out = append(out, byte(unit), byte(unit>>8))
	}
	return out
}

func gzipFile(data []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	must(w.Write(data))
	if w.Close() != nil {
		panic("gzip")
	}
	return out.Bytes()
}

// sshPair is an SSH key with its recipient, in the file of its owner.
func sshPair(passphrase string) (age.Recipient, []byte) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	line := ssh.MarshalAuthorizedKey(must(ssh.NewPublicKey(public)))
	var block *pem.Block
	if passphrase == "" {
		block = must(ssh.MarshalPrivateKey(private, ""))
	} else {
		block = must(ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte(passphrase)))
	}
	return must(agessh.ParseRecipient(string(line))), pem.EncodeToMemory(block)
}

// TestFieldKeys opens the recovery key as other tools wrap it, and with
// passphrases as other systems encode them.
func TestFieldKeys(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	key := testkey.Small()
	text := privatePEM(key)
	der := must(x509.MarshalPKCS8PrivateKey(key))
	b64 := []byte(base64.StdEncoding.EncodeToString(der))
	sealed := func(passphrase string) []byte {
		r := must(age.NewScryptRecipient(passphrase))
		r.SetWorkFactor(2)
		return sealedWithAge(r, text, false)
	}
	toSSH, sshKey := sshPair("")
	toSealedSSH, sealedSSHKey := sshPair(keyPhrase)
	id := must(age.GenerateX25519Identity())
	opener := func(data []byte) []string {
		path := filepath.Join(t.TempDir(), "identity")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return []string{"--identity", path}
	}
	for name, c := range map[string]struct {
		data   []byte
		phrase string
		args   []string
	}{
		"line breaks lost":           {data: bytes.ReplaceAll(text, []byte("\n"), []byte(" "))},
		"quoted mail":                {data: []byte("> " + strings.ReplaceAll(string(text), "\n", "\n> "))},
		"base64 of DER":              {data: b64},
		"base64 of PEM":              {data: []byte(base64.StdEncoding.EncodeToString(text))},
		"base64 in UTF-16":           {data: utf16File(string(b64))},
		"gzip":                       {data: gzipFile(text)},
		"OpenSSH":                    {data: pem.EncodeToMemory(must(ssh.MarshalPrivateKey(key, "")))},
		"OpenSSH, sealed":            {data: pem.EncodeToMemory(must(ssh.MarshalPrivateKeyWithPassphrase(key, "", []byte(keyPhrase)))), phrase: keyPhrase},
		"accents, other normal form": {data: sealed("Gr\u00fc\u00dfe aus M\u00fcnchen"), phrase: "Gru\u0308\u00dfe aus Mu\u0308nchen"},
		"accents, Latin-1":           {data: sealed("Gr\u00fc\u00dfe"), phrase: "Gr\xfc\xdfe"},
		"byte order mark":            {data: sealed("correct horse"), phrase: "\ufeffcorrect horse\r"},
		"blank at the end":           {data: sealed("correct horse"), phrase: "correct horse\u00a0"},
		"passphrase in UTF-16":       {data: sealed("correct horse"), phrase: string(utf16File("correct horse\r"))},
		"SSH identity":               {data: sealedWithAge(toSSH, text, true), args: opener(sshKey)},
		"SSH identity, in one line":  {data: sealedWithAge(toSSH, text, false), args: opener(bytes.ReplaceAll(sshKey, []byte("\n"), []byte(" ")))},
		"sealed SSH identity":        {data: sealedWithAge(toSealedSSH, text, false), args: opener(sealedSSHKey), phrase: keyPhrase},
		"identity in UTF-16":         {data: sealedWithAge(id.Recipient(), text, false), args: opener(utf16File("# a key\r\n" + id.String() + "\r\n"))},
		"identity in a mail":         {data: sealedWithAge(id.Recipient(), text, false), args: opener([]byte("> # a key\n> \u201c" + id.String() + "\u201d\n"))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := rebuildOne(t.TempDir(), c.data, c.args...)
			if c.phrase != "" {
				cmd.Args = append(cmd.Args, "--passphrase-fd", "3")
				cmd.ExtraFiles = []*os.File{phrases(t, c.phrase)}
			}
			start(t, cmd).wantStatus(t, exitOK)
			if _, err := os.Stat(filepath.Join(cmd.Dir, "out/keys-0001.ndjson")); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestKeyFromPipe reads a key as bash's <(…) gives it, so that nobody has to put an
// opened key on a disk.
func TestKeyFromPipe(t *testing.T) {
	t.Parallel()
	for _, write := range []func(*os.File){
		func(w *os.File) { must(w.Write(privatePEM(testkey.Small()))) },
		func(*os.File) {},
		func(w *os.File) { _, _ = w.Write(make([]byte, 2*rsadecrypt.MaxFileSize)) },
	} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		go func() { defer func() { _ = w.Close() }(); write(w) }()
		cmd := rebuildOne(t.TempDir(), nil, "--key", "/dev/fd/3")
		cmd.ExtraFiles = []*os.File{r}
		o := start(t, cmd)
		_ = r.Close()
		if o.status != exitOK {
			absent(t, filepath.Join(cmd.Dir, "out"))
		}
		switch {
		case strings.Contains(o.stderr, "nothing came out of the pipe"), strings.Contains(o.stderr, "at most 262144 are read"):
			o.wantStatus(t, exitInput)
		default:
			o.wantStatus(t, exitOK)
		}
	}
}

// noise is what could be a sealed key of the vendor's older form, the same each time.
func noise() []byte {
	b := make([]byte, 2600)
	_, _ = mathrand.NewChaCha8([32]byte{1}).Read(b)
	return b
}

// TestForeignKeys gives files of other programs: each is named, with the command
// that makes it usable, and no passphrase is asked for or blamed.
func TestForeignKeys(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	noise := noise()
	after := func(head string) []byte { return append([]byte(head), noise...) }
	for name, c := range map[string]struct {
		data       []byte
		fact, hint string
	}{
		"bzip2": {after("BZh91AY&SY"), "a bzip2 file", "in bash, give <(bzip2 -dc key) instead of the file: so it is on no disk in the clear"},
		"xz":    {after("\xfd7zXZ\x00"), "an xz file", "in bash, give <(xz -dc key) instead of the file: so it is on no disk in the clear"},
		"zip":   {after("PK\x03\x04"), "a zip archive", "put \"unzip -p key |\" in front of the command, and give /dev/stdin instead of the file: so it is on no disk in the clear"},
		"PGP":   {[]byte("-----BEGIN PGP MESSAGE-----\n\nAAAA\n-----END PGP MESSAGE-----\n"), "a PGP message", "in bash, give <(gpg -d key) instead of the file: so it is on no disk in the clear"},
		"openssl enc": {after("Salted__"), "a file encrypted with \"openssl enc\"",
			"decrypt it with the options that encrypted it: put \"openssl enc -d -aes-256-cbc -pbkdf2 -in key |\" in front of the command, and give /dev/stdin instead of the file; without -pbkdf2, and with -md md5, where an old openssl made it; with -a where it is text"},
		"PuTTY": {[]byte("PuTTY-User-Key-File-3: ssh-rsa\n"), "a PuTTY private key",
			"convert it: puttygen key -O private-openssh -o /dev/shm/key, and give /dev/shm/key; remove that afterwards"},
		"share": {[]byte("---- begin share ----\n---- end share ----\n"), "a holder's share of a recovery key, not the key",
			"give it with --share, the shares of the other holders too, and sealed-recovery-key.age with --sealed-key"},
		"gzip, damaged": {after("\x1f\x8b\x08"), "the gzip data in it is damaged or cut off", "take another copy of the recovery key file"},
		"noise": {noise, "nothing in the file says what it is: perhaps a sealed key of the vendor's older form, perhaps no sealed key at all",
			"if the vendor's tool sealed it, add --old-sealed-key; otherwise find out which program encrypted it, decrypt it with that, and give the result"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := rebuildOne(t.TempDir(), c.data, "--passphrase-fd", "3")
			cmd.ExtraFiles = []*os.File{phrases(t, keyPhrase)}
			start(t, cmd).refused(t, exitFailed, "key: "+c.fact, c.hint)
			absent(t, filepath.Join(cmd.Dir, "out"))
		})
	}
}

// TestOldSealedKey opens the vendor's form without a mark only where its owner says
// that it is one.
func TestOldSealedKey(t *testing.T) {
	t.Parallel()
	if underRace() || testing.Short() {
		t.Skip("long: 3,000,000 iterations")
	}
	sealed := sealedByVendor(testkey.Small())[len("PKE1"):]
	run := func(data []byte, phrase string, args ...string) outcome {
		cmd := rebuildOne(t.TempDir(), data, append(args, "--passphrase-fd", "3")...)
		cmd.ExtraFiles = []*os.File{phrases(t, phrase)}
		return start(t, cmd)
	}
	if o := run(sealed, keyPhrase); o.status != exitFailed || !strings.Contains(o.stderr, "--old-sealed-key") {
		t.Errorf("without the flag: %d %s", o.status, o.stderr)
	}
	run(sealed, keyPhrase, "--old-sealed-key").wantStatus(t, exitOK)
	unlucky := append([]byte("\x1f\x9d"), sealed[2:]...) // begins as the old compress program's files do
	if o := run(unlucky, keyPhrase, "--old-sealed-key"); o.status != exitFailed || !strings.Contains(o.stderr, "the passphrase does not open the file") {
		t.Errorf("a salt that begins like another file: %d %s", o.status, o.stderr)
	}
	if o := run(sealed, "wrong", "--old-sealed-key"); o.status != exitFailed || !strings.Contains(o.stderr, "the passphrase does not open the file") {
		t.Errorf("a wrong passphrase: %d %s", o.status, o.stderr)
	}
}

// TestFieldPublicKeys reads the public half in the forms of secret stores and SSH.
func TestFieldPublicKeys(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	public := &testkey.Small().PublicKey
	der := rsadecrypt.MarshalPublicKey(public)
	for name, data := range map[string][]byte{
		"base64": []byte(base64.StdEncoding.EncodeToString(der)),
		"gzip":   gzipFile(der),
		"ssh":    ssh.MarshalAuthorizedKey(must(ssh.NewPublicKey(public))),
		"UTF-16": utf16File(base64.StdEncoding.EncodeToString(der)),
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := rebuildOne(t.TempDir(), nil)
		cmd.Args = []string{"recover", "verify", "--quorum-id", quorumID(2).String(), "--key-id", keyID(2).String(), "--algorithm", "ED25519",
			"--shards", small().path("bucket"), "--recovery-public-key", path}
		start(t, cmd).wantStatus(t, exitOK)
	}
}

// TestUnmarkedAtTerminal: whether noise is a sealed key of the older form is asked,
// and only "yes" leads to its passphrase.
func TestUnmarkedAtTerminal(t *testing.T) {
	t.Parallel()
	noise := noise()
	const question = `Was it sealed with the vendor's tool? (type "yes")`
	s := sit(t, rebuildOne(t.TempDir(), noise))
	s.answer(question, "no")
	s.end().refused(t, exitFailed, "key: nothing in the file says what it is: perhaps a sealed key of the vendor's older form, perhaps no sealed key at all",
		"if the vendor's tool sealed it, add --old-sealed-key; otherwise find out which program encrypted it, decrypt it with that, and give the result")
	if underRace() || testing.Short() {
		return // 3,000,000 iterations
	}
	s = sit(t, rebuildOne(t.TempDir(), sealedByVendor(testkey.Small())[len("PKE1"):]))
	s.answer(question, "yes")
	s.answer("Passphrase of the recovery key key", keyPhrase)
	s.end(keyPhrase).wantStatus(t, exitOK)
}

// TestInspectSmallExponent: a recovery key that lets others make backups is said to
// be one, and no other key is.
func TestInspectSmallExponent(t *testing.T) {
	t.Parallel()
	const fact = "    exponent: 3: others may be able to make backups for this key"
	for key, want := range map[*rsa.PrivateKey]bool{testkey.Exponent3(): true, testkey.Recovery(0): false} {
		path := filepath.Join(t.TempDir(), "key.der")
		write(t, path, string(x509.MarshalPKCS1PublicKey(&key.PublicKey)))
		o := execute(t, "inspect", path)
		if o.status != exitOK || strings.Contains(o.stdout, fact) != want || strings.Contains(o.stdout, "exponent") != want {
			t.Errorf("%d: %s%s", o.status, o.stdout, o.stderr)
		}
	}
}
