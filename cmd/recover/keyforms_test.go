package main

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"io"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"

	"recover/fixtures/testkey"
	"recover/fixtures/tier"
	"recover/pkg/rsadecrypt"
)

const keyPhrase = "the phrase of the key: canary"

// must returns v, or ends the test program: for what cannot fail.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// command runs a program that is not ours, on the other side of a format.
func command(t *testing.T, input []byte, name string, args ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("SKIPPED, NOT PASSED: %s is not installed", name)
	}
	cmd := exec.Command(name, args...)
	cmd.Stdin = bytes.NewReader(input)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, stderr.Bytes())
	}
	return out
}

// phrases returns a file to read passphrases from, a line each.
func phrases(t *testing.T, lines ...string) *os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "phrases")
	f := must(os.Create(path))
	t.Cleanup(func() { _ = f.Close() })
	must(f.WriteString(strings.Join(lines, "\n") + "\n"))
	must(f.Seek(0, io.SeekStart))
	return f
}

func sealedWithAge(to age.Recipient, data []byte, armored bool) []byte {
	var file bytes.Buffer
	var closing io.Closer = io.NopCloser(nil)
	var w io.Writer = &file
	if armored {
		a := armor.NewWriter(&file)
		w, closing = a, a
	}
	sealed := must(age.Encrypt(w, to))
	must(sealed.Write(data))
	if sealed.Close() != nil || closing.Close() != nil {
		panic("age")
	}
	return file.Bytes()
}

// sealedByVendor seals as the vendor's tool does (docs/formats.md, section 2.6).
func sealedByVendor(key *rsa.PrivateKey) []byte {
	salt, nonce := make([]byte, 16), make([]byte, 12)
	salt[0] = '<' // as one salt in 256
	text := hex.EncodeToString(x509.MarshalPKCS1PrivateKey(key))
	seal := must(cipher.NewGCM(must(aes.NewCipher(must(pbkdf2.Key(sha512.New, keyPhrase, salt, 3_000_000, 32))))))
	return append([]byte("PKE1"), append(append(salt, nonce...), seal.Seal(nil, nonce, []byte(text), nil)...)...)
}

// rebuildOne returns the command that rebuilds one key with a key file.
func rebuildOne(dir string, keyFile []byte, args ...string) *exec.Cmd {
	path := filepath.Join(dir, "key")
	if err := os.WriteFile(path, keyFile, 0o600); err != nil {
		panic(err)
	}
	args = append([]string{"rebuild", "--quorum-id", quorumID(2).String(), "--key-id", keyID(2).String(), "--algorithm", "ED25519",
		"--shards", small().path("bucket"), "--key", "key", "--unsealed", "--out", "out"}, args...)
	cmd := exec.Command("recover", args...)
	cmd.Dir = dir
	return cmd
}

// TestKeyForms rebuilds a key with every form that a key file may have. The
// forms themselves are tested in pkg/rsadecrypt; here they go all the way.
func TestKeyForms(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	key := testkey.Small()
	pkcs1, text := x509.MarshalPKCS1PrivateKey(key), privatePEM(key)
	pkcs8, _ := pem.Decode(text)
	identity := must(age.GenerateX25519Identity())
	identityFile := filepath.Join(t.TempDir(), "identity")
	if err := os.WriteFile(identityFile, []byte("# a comment\n"+identity.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	passphrase := must(age.NewScryptRecipient(keyPhrase))
	passphrase.SetWorkFactor(10)
	wrapped := "\ufeff" + strings.Join(chunks(hex.EncodeToString(pkcs1), 64), "\r\n") + "\r\n"

	for name, form := range map[string]struct {
		data   []byte
		args   []string
		sealed bool
	}{
		"PKCS#8 PEM":         {data: text},
		"PKCS#1 PEM":         {data: pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: pkcs1})},
		"PKCS#8 DER":         {data: pkcs8.Bytes},
		"PKCS#1 DER":         {data: pkcs1},
		"PKCS#8 hex":         {data: []byte(hex.EncodeToString(pkcs8.Bytes))},
		"PKCS#1 hex":         {data: []byte(strings.ToUpper(hex.EncodeToString(pkcs1)))},
		"wrapped hex":        {data: []byte(wrapped)},
		"CRLF PEM":           {data: bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))},
		"PBES2":              {data: command(t, text, "openssl", "pkcs8", "-topk8", "-v2", "aes256", "-passout", "pass:"+keyPhrase), sealed: true},
		"Proc-Type":          {data: command(t, text, "openssl", "rsa", "-traditional", "-aes256", "-passout", "pass:"+keyPhrase), sealed: true},
		"age passphrase":     {data: sealedWithAge(passphrase, text, false), sealed: true},
		"armored passphrase": {data: sealedWithAge(passphrase, pkcs1, true), sealed: true},
		"age identity":       {data: sealedWithAge(identity.Recipient(), text, true), args: []string{"--identity", identityFile}},
		"PKE1":               {sealed: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "PKE1" { // takes its time
				if underRace() || testing.Short() {
					t.Skip("long: 3,000,000 iterations")
				}
				form.data = sealedByVendor(key)
			}
			dir := t.TempDir()
			cmd := rebuildOne(dir, form.data, form.args...)
			if form.sealed {
				cmd = rebuildOne(dir, form.data, "--passphrase-fd", "3")
				cmd.ExtraFiles = []*os.File{phrases(t, keyPhrase)}
			}
			if o := start(t, cmd); o.status != exitOK {
				t.Fatalf("status %d: %s", o.status, o.stderr)
			}
			text, err := os.ReadFile(filepath.Join(dir, "out/keys-0001.ndjson"))
			if err != nil {
				t.Fatal(err)
			}
			if err := checkRebuilt(string(text), small(), false, []string{keyID(2).String()}); err != nil {
				t.Error(err)
			}
		})
	}
}

func chunks(s string, n int) []string {
	var all []string
	for ; len(s) > n; s = s[n:] {
		all = append(all, s[:n])
	}
	return append(all, s)
}

// TestKeyFilesRefused gives other files for the recovery key. Each is named as
// what it is, with what to do, and nothing is written.
func TestKeyFilesRefused(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	const (
		anotherCopy = "take another copy of the recovery key file"
		anotherFile = "the recovery key is an RSA key: look for another file"
		compare     = "look for the recovery key in another file, or compare this one with another copy of it"
		tooLarge    = "a key file has less than 256 KiB: give the file of the key alone"
	)
	key := testkey.Small()
	text, pkcs1 := privatePEM(key), x509.MarshalPKCS1PrivateKey(key)
	ec := must(x509.MarshalPKCS8PrivateKey(must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))))
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	certificate := must(x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key))
	identity := must(age.GenerateX25519Identity())
	damaged := *key
	damaged.Primes = []*big.Int{key.Primes[0], new(big.Int).Add(key.Primes[1], big.NewInt(2))}
	shard := must(os.ReadFile(small().path("bucket/" + keyID(1).String() + "/recovery_shard-0.txt")))

	for name, file := range map[string]struct {
		data       []byte
		fact, hint string
	}{
		"empty":          {nil, "the file is empty", anotherCopy},
		"text":           {[]byte("Dear custodian,\n"), "not a key file of a known form", anyForm},
		"shard":          {shard, "a shard (a backup file)", "shards are given with --shards: the directory of the download, or one file"},
		"record":         {must(os.ReadFile(small().path("record.json"))), "a record", "a record is given with --record"},
		"public":         {rsadecrypt.MarshalPublicKey(&key.PublicKey), "a public key, not a private key", "give the private half: the public half is what was registered with the service"},
		"public PEM":     {pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: rsadecrypt.MarshalPublicKey(&key.PublicKey)}), "a public key, not a private key", "give the private half: the public half is what was registered with the service"},
		"certificate":    {certificate, "a certificate, not a key", anotherFile},
		"EC":             {ec, "EC private key, not an RSA key", anotherFile},
		"truncated":      {pkcs1[:len(pkcs1)/2], "the key file is truncated", anotherCopy},
		"truncated PEM":  {text[:len(text)/2], "the key file is truncated", anotherCopy},
		"damaged":        {x509.MarshalPKCS1PrivateKey(&damaged), "the private key is damaged: its primes do not make its modulus", anotherCopy},
		"two keys":       {append(bytes.Clone(text), text...), "several keys in one file", "copy the recovery key to a file of its own"},
		"key and more":   {append(bytes.Clone(pkcs1), 0), "the key is followed by other bytes", compare},
		"small key":      {x509.MarshalPKCS1PrivateKey(must(rsa.GenerateKey(rand.Reader, 1024))), "an RSA key of 1024 bits; 2048 to 8192 are accepted", anotherFile},
		"age identity":   {[]byte(identity.String() + "\n"), "an age identity, not a recovery key", "give it with --identity, and the sealed key file with --key"},
		"needs identity": {sealedWithAge(identity.Recipient(), text, false), "the key file is sealed to an age identity or an SSH key", "add --identity with the age identity file or the SSH private key"},
		"OpenSSH":        {pem.EncodeToMemory(&pem.Block{Type: "OPENSSH PRIVATE KEY", Bytes: []byte("openssh-key-v1\x00")}), "the key file is truncated", anotherCopy},
		"PKCS#12":        {[]byte("\x30\x07\x02\x01\x03\x30\x02\x05\x00"), "a PKCS#12 file of which the key cannot be read here", "take the key out of it: put \"openssl pkcs12 -in key -nocerts -nodes -legacy |\" in front of the command, and give --key /dev/stdin"},
		"large":          {bytes.Repeat([]byte("x"), rsadecrypt.MaxFileSize+1), "262145 bytes, at most 262144 are read", tooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			status := exitFailed
			if name == "large" { // it is not read
				status = exitInput
			}
			start(t, rebuildOne(dir, file.data)).refused(t, status, "key: "+file.fact, file.hint)
			absent(t, filepath.Join(dir, "out"))
		})
	}
}

const anyForm = "look for the file of the recovery key: an RSA private key in PEM, DER, PKCS#12, OpenSSH's form, hex or base64"

// TestKeyPathsRefused names something else than a file for the recovery key.
func TestKeyPathsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	command(t, nil, "mkfifo", filepath.Join(dir, "pipe"))
	for path, said := range map[string][2]string{
		"none":           {"no such file or directory", "check the path: is the medium mounted?"},
		"-":              {"no such file or directory", "standard input is given as /dev/stdin"},
		"pipe":           {"nothing came out of the pipe", "run the command that feeds it alone, to see what is wrong; one that asks for a passphrase cannot do so in <(…): put it in front, with |, and give /dev/stdin"},
		".":              {"is a directory", "name the file in it"},
		"/dev/zero":      {"is not a regular file", anyForm},
		"/dev/tty":       {"is not a regular file", anyForm},
		"/proc/self/mem": {"input/output error", hintCopyIt},
	} {
		cmd := rebuildOne(t.TempDir(), nil, "--key", path)
		cmd.Dir = dir
		start(t, cmd).refused(t, exitInput, path+": "+said[0], said[1])
		absent(t, filepath.Join(dir, "out"))
	}
}
