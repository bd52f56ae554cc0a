package custody

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"recover/fixtures/testkey"
	"recover/fixtures/tier"
	"recover/internal/secret"
	"recover/pkg/rsadecrypt"
)

// signingKeys are an Ed25519 and an RSA key, in OpenSSH's form.
func signingKeys(t *testing.T) map[string][]byte {
	t.Helper()
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	keys := make(map[string][]byte)
	for name, key := range map[string]any{"ed25519": ed, "rsa": testkey.Small()} {
		_, keys[name] = sshKey(t, key, "")
	}
	return keys
}

func TestSign(t *testing.T) {
	message := []byte("what was done\n")
	for name, private := range signingKeys(t) {
		key, err := ParseSigner(private, nil)
		if err != nil {
			t.Fatal(name, err)
		}
		sig, err := Sign(key, message)
		if err != nil {
			t.Fatal(name, err)
		}
		got, err := VerifySignature(message, sig, SignatureNamespace)
		if err != nil || !bytes.Equal(got.Marshal(), key.PublicKey().Marshal()) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := VerifySignature(append(message, ' '), sig, SignatureNamespace); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: of another text: %v", name, err)
		}
		block, _ := pem.Decode(sig)
		for i := range block.Bytes { // every byte matters
			if i%7 != 0 {
				continue
			}
			changed := bytes.Clone(block.Bytes)
			changed[i] ^= 1
			if k, err := VerifySignature(message, pem.EncodeToMemory(&pem.Block{Type: sigBlock, Bytes: changed}), SignatureNamespace); err == nil {
				t.Fatalf("%s: byte %d changed: %v", name, i, k)
			}
		}
		for _, bad := range [][]byte{nil, sig[:len(sig)-40], append(bytes.Clone(sig), sig...), append([]byte("-----BEGIN X-----\n"), sig...)[:18], bytes.Repeat([]byte("x"), MaxSignature+1)} {
			if _, err := VerifySignature(message, bad, SignatureNamespace); !errors.Is(err, ErrNotSignature) {
				t.Errorf("%s: %.30q: %v", name, bad, err)
			}
		}
	}
}

// TestOpenSSHAgrees: ssh-keygen takes our signatures, and we take its own, of
// all kinds of keys that it makes; what it signed for another purpose, or weakly,
// is refused.
func TestOpenSSHAgrees(t *testing.T) {
	keygen, err := exec.LookPath("ssh-keygen")
	if err != nil {
		t.Skip("SKIPPED, NOT PASSED: no ssh-keygen")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "transcript")
	message := []byte("what was done\n")
	write := func(name string, data []byte) {
		t.Helper()
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(stdin []byte, args ...string) error {
		cmd := exec.Command(keygen, args...)
		cmd.Stdin = bytes.NewReader(stdin)
		return cmd.Run()
	}
	write(file, message)
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	keys := signingKeys(t)
	_, keys["ecdsa"] = sshKey(t, ec, "")
	for name, private := range keys {
		path := filepath.Join(dir, name)
		write(path, private)
		signer, err := ssh.ParsePrivateKey(private)
		if err != nil {
			t.Fatal(err)
		}
		allowed := "alice namespaces=\"" + SignatureNamespace + "\" " + string(ssh.MarshalAuthorizedKey(signer.PublicKey()))
		write(path+".allowed", []byte(allowed))
		signers, err := ParseSigners([]byte("# a comment\n\n" + allowed))
		if err != nil || signers.Name(signer.PublicKey(), SignatureNamespace) != "alice" {
			t.Errorf("%s: %v, %v", name, signers, err)
		}

		if sig, err := Sign(signer, message); err != nil {
			t.Error(name, err)
		} else {
			write(path+".sig", sig)
			if err := run(message, "-Y", "verify", "-f", path+".allowed", "-I", "alice", "-n", SignatureNamespace, "-s", path+".sig"); err != nil {
				t.Errorf("%s: ssh-keygen does not take our signature: %v", name, err)
			}
		}
		for namespace, want := range map[string]error{SignatureNamespace: nil, "file": ErrOtherPurpose} {
			_ = os.Remove(file + ".sig")
			if err := run(nil, "-q", "-Y", "sign", "-f", path, "-n", namespace, file); err != nil {
				t.Fatal(name, err)
			}
			theirs, err := os.ReadFile(file + ".sig")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := VerifySignature(message, theirs, SignatureNamespace); !errors.Is(err, want) {
				t.Errorf("%s for %s: %v, want %v", name, namespace, err, want)
			}
		}
	}
}

// TestWeakSignatures: a signature with SHA-1, and one of an RSA key of 1024 bits.
func TestWeakSignatures(t *testing.T) {
	message := []byte("text")
	key, err := ssh.NewSignerFromKey(testkey.Small())
	if err != nil {
		t.Fatal(err)
	}
	made := func(key ssh.Signer, algorithm, hash string) []byte {
		b := signatureBlob{Version: 1, PublicKey: key.PublicKey().Marshal(), Namespace: SignatureNamespace, Hash: "sha512"}
		data, err := b.signed(message)
		if err != nil {
			t.Fatal(err)
		}
		sig, err := key.(ssh.AlgorithmSigner).SignWithAlgorithm(rand.Reader, data, algorithm)
		if err != nil {
			t.Fatal(err)
		}
		b.Hash, b.Signature = hash, ssh.Marshal(sig)
		return pem.EncodeToMemory(&pem.Block{Type: sigBlock, Bytes: append([]byte(sigMagic), ssh.Marshal(b)...)})
	}
	t.Setenv("GODEBUG", "rsa1024min=0")
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	short, err := ssh.NewSignerFromKey(small)
	if err != nil {
		t.Fatal(err)
	}
	for name, sig := range map[string][]byte{
		"SHA-1": made(key, ssh.KeyAlgoRSA, "sha512"), "1024 bits": made(short, ssh.KeyAlgoRSASHA512, "sha512"), "MD5": made(key, ssh.KeyAlgoRSASHA512, "md5"),
	} {
		if _, err := VerifySignature(message, sig, SignatureNamespace); !errors.Is(err, ErrSignatureWeak) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestParseSigner(t *testing.T) {
	tier.Long(t)
	_, private := sshKey(t, testkey.Small(), "open sesame")
	if _, err := ParseSigner(private, nil); !errors.Is(err, ErrSSHSealed) {
		t.Errorf("without a passphrase: %v", err)
	}
	if _, err := ParseSigner(private, secret.New([]byte("other"))); !errors.Is(err, rsadecrypt.ErrWrongPassphrase) {
		t.Errorf("a wrong passphrase: %v", err)
	}
	if _, err := ParseSigner(private, secret.New([]byte("open sesame"))); err != nil {
		t.Error(err)
	}
	quoted := []byte("> " + strings.ReplaceAll(strings.TrimSpace(string(private)), "\n", "\n> ") + "\n") // as a mail has it
	if _, err := ParseSigner(quoted, secret.New([]byte("open sesame"))); err != nil {
		t.Errorf("quoted: %v", err)
	}
	if _, err := ParseSigner([]byte("x"), nil); !errors.Is(err, ErrSSHKey) {
		t.Errorf("no key: %v", err)
	}
}

func TestParseSigners(t *testing.T) {
	public, _ := sshKey(t, testkey.Small(), "")
	for _, c := range []struct{ text, want string }{
		{"alice", "line 1 of the allowed signers: not NAME and an SSH public key"},
		{"\nalice ssh-rsa AAAA", "line 2 of the allowed signers: not NAME and an SSH public key"},
		{"alice cert-authority " + public, `line 1 of the allowed signers: an option other than namespaces="…"`},
		{`alice namespaces="recover-ceremony,git",valid-before="20200101" ` + public, `line 1 of the allowed signers: an option other than namespaces="…"`},
		{`alice namespaces="recover-ceremony,git",cert-authority ` + public, `line 1 of the allowed signers: an option other than namespaces="…"`},
		{"a\x1bb " + public, "line 1 of the allowed signers: the name is not plain ASCII of 100 characters at most"},
		{strings.Repeat("x", 70<<10), "line 1 of the allowed signers: it is too long"},
		{strings.Repeat("alice "+public, maxSigners+1), "line 1001 of the allowed signers: there are too many"},
	} {
		_, err := ParseSigners([]byte(c.text))
		wantError(t, err, c.want)
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(public))
	if err != nil {
		t.Fatal(err)
	}
	s, err := ParseSigners([]byte("alice namespaces=\"file,git\" " + public))
	if err != nil || s.Name(key, SignatureNamespace) != "" || s.Name(key, "git") != "alice" {
		t.Errorf("a key for other purposes: %v, %v", s, err)
	}
}

// FuzzVerifySignature holds that nothing but the one signature is taken, and that
// nothing panics.
func FuzzVerifySignature(f *testing.F) {
	message := []byte("text")
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	key, err := ssh.NewSignerFromKey(ed)
	if err != nil {
		f.Fatal(err)
	}
	sig, err := Sign(key, message)
	if err != nil {
		f.Fatal(err)
	}
	genuine, _ := pem.Decode(sig)
	f.Add(genuine.Bytes)
	f.Fuzz(func(t *testing.T, blob []byte) {
		got, err := VerifySignature(message, pem.EncodeToMemory(&pem.Block{Type: sigBlock, Bytes: blob}), SignatureNamespace)
		if err == nil && bytes.Equal(got.Marshal(), key.PublicKey().Marshal()) && !bytes.Equal(blob, genuine.Bytes) {
			t.Fatalf("another signature of the same key: %x", blob)
		}
	})
}

// FuzzParseSigners holds that it neither panics nor keeps more than it may.
func FuzzParseSigners(f *testing.F) {
	f.Add([]byte("alice namespaces=\"recover-ceremony\" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHc"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ParseSigners(data)
		if err == nil && len(s) > maxSigners {
			t.Fatal(len(s))
		}
		for _, one := range s {
			if strings.ContainsAny(one.name, "\x1b\n ") {
				t.Fatalf("%q", one.name)
			}
		}
	})
}
