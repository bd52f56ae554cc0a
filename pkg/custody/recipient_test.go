package custody

import (
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"

	"filippo.io/age"
	"golang.org/x/crypto/ssh"

	"recover/fixtures/testkey"
	"recover/internal/secret"
)

// TestOpeners: what a sealed file tells of its openers, and which recipients of a
// transcript that fits.
func TestOpeners(t *testing.T) {
	native, other := identity(t).Recipient().String(), identity(t).Recipient().String()
	hybrid, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ed, _ := sshKey(t, edKey, "")
	rsaPublic, _ := sshKey(t, testkey.Small(), "")
	signer, err := ssh.NewSignerFromKey(edKey)
	if err != nil {
		t.Fatal(err)
	}
	fingerprint := ssh.FingerprintSHA256(signer.PublicKey())
	if got := RecipientName(ed); got != "ssh-ed25519 "+fingerprint {
		t.Errorf("the SSH key is named %q", got)
	}
	for _, c := range []struct {
		recipients []string
		said       string
	}{
		{[]string{native}, "an age identity"},
		{[]string{native, other}, "an age identity, an age identity"},
		{[]string{hybrid.Recipient().String()}, "a post-quantum age identity"},
		{[]string{ed}, "an SSH key of type ssh-ed25519 whose fingerprint begins with " + fingerprint[:12]},
		{[]string{rsaPublic, native}, "an SSH key of type ssh-rsa whose fingerprint begins with SHA256:"},
	} {
		var recipients []age.Recipient
		var names []string
		for _, text := range c.recipients {
			r, err := ParseRecipient(text)
			if err != nil {
				t.Fatal(err)
			}
			name := RecipientName(text)
			if !validRecipientName(name) {
				t.Errorf("%q is not a valid name", name)
			}
			recipients, names = append(recipients, r), append(names, name)
		}
		file, _, err := SealTo(secret.New([]byte("page")), recipients...)
		if err != nil {
			t.Fatal(err)
		}
		openers := OpenersOf(file)
		said := strings.Join(strings.Fields(fmt.Sprint(openers)), " ")
		said = strings.Trim(said, "[]")
		for _, part := range strings.Split(c.said, ", ") {
			if !strings.Contains(said, part) {
				t.Errorf("%v: %s, want %s", names, said, part)
			}
		}
		if len(openers) != len(names) || !OpenersFit(openers, names) {
			t.Errorf("%v do not fit %v", openers, names)
		}
		for _, wrong := range [][]string{nil, append([]string{RecipientName(other)}, names...), {WithPassphrase}, {Unsealed}, {"ssh-ed25519 SHA256:" + strings.Repeat("A", 43)}} {
			if OpenersFit(openers, wrong) {
				t.Errorf("%v fits %v", openers, wrong)
			}
		}
	}
	if OpenersOf([]byte("plain")) != nil || !OpenersFit(nil, []string{Unsealed}) || OpenersFit(nil, []string{WithPassphrase}) || !OpenersFit(nil, nil) {
		t.Error("a share that is not sealed")
	}
	passphrase, err := PassphraseRecipient(secret.New([]byte("of alice")))
	if err != nil {
		t.Fatal(err)
	}
	passphrase.SetWorkFactor(5)
	file, _, err := SealTo(secret.New([]byte("page")), passphrase)
	if got := OpenersOf(file); err != nil || len(got) != 1 || got[0].String() != "a passphrase" || !OpenersFit(got, []string{WithPassphrase}) {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"", "age1", "AGE-SECRET-KEY-1", "ssh-dss AAAA", native + " x"} {
		if name := RecipientName(bad); name != "" {
			t.Errorf("%q is named %q", bad, name)
		}
	}
}
