package custody

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"
	"golang.org/x/crypto/ssh"

	"recover/fixtures/testkey"
	"recover/internal/secret"
	"recover/pkg/rsadecrypt"
)

// sshKey returns the public key in one line, and the private key of an SSH key
// pair, sealed if there is a passphrase.
func sshKey(t *testing.T, private any, passphrase string) (string, []byte) {
	t.Helper()
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if passphrase != "" {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte(passphrase))
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(ssh.MarshalAuthorizedKey(signer.PublicKey())), pem.EncodeToMemory(block)
}

func TestSealToRecipients(t *testing.T) {
	k, shares := newSet(t, 2, 3)
	native, stranger := identity(t), identity(t)
	hybrid, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	edPublic, edPrivate := sshKey(t, edKey, "")
	rsaPublic, rsaPrivate := sshKey(t, testkey.Small(), "")
	edID, err1 := ParseSSHIdentity(edPrivate, nil)
	rsaID, err2 := ParseSSHIdentity(rsaPrivate, nil)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	for _, c := range []struct {
		recipient string
		id        age.Identity
	}{
		{native.Recipient().String() + "\n", native},
		{hybrid.Recipient().String(), hybrid},
		{edPublic, edID},
		{rsaPublic, rsaID},
	} {
		r, err := ParseRecipient(c.recipient)
		if err != nil {
			t.Fatalf("%.20s: %v", c.recipient, err)
		}
		text := page(t, k, shares[0])
		file, witness, err := SealTo(secret.New(bytes.Clone(text)), r)
		if err != nil {
			t.Fatal(err)
		}
		if SealOf(file) != SealedToIdentity {
			t.Errorf("SealOf: %v", SealOf(file))
		}
		for _, id := range []age.Identity{c.id, witness} {
			if s, err := OpenPage(file, id); err != nil || !same(s, shares[0]) || s.Holder != "alice" {
				t.Errorf("%.20s: %v, %v", c.recipient, s, err)
			}
		}
		if _, err := OpenPage(file, stranger); !errors.Is(err, rsadecrypt.ErrWrongIdentity) {
			t.Errorf("another identity: %v", err)
		}
		if _, err := ParseShare(file); !errors.Is(err, ErrSealedShare) {
			t.Errorf("ParseShare: %v", err)
		}
	}
}

func TestSealToSeveral(t *testing.T) {
	a, b := identity(t), identity(t)
	file, _, err := SealTo(secret.New([]byte(fixedString)), a.Recipient(), b.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []age.Identity{a, b} {
		if s, err := OpenPage(file, id); err != nil || !same(s, fixed()) {
			t.Errorf("%v, %v", s, err)
		}
	}
	if _, _, err := SealTo(secret.New(nil)); !errors.Is(err, ErrRecipient) {
		t.Errorf("no recipient: %v", err)
	}
	passphrase, err := PassphraseRecipient(secret.New([]byte("pw")))
	if err != nil {
		t.Fatal(err)
	}
	passphrase.SetWorkFactor(10)
	if file, _, err := SealTo(secret.New(nil), a.Recipient(), passphrase); file != nil || err == nil {
		t.Errorf("a passphrase and a recipient: %v", err)
	}
}

func identity(t *testing.T) *age.X25519Identity {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestSealWithPassphrase(t *testing.T) {
	recipient, err := PassphraseRecipient(secret.New([]byte("correct horse")))
	if err != nil {
		t.Fatal(err)
	}
	recipient.SetWorkFactor(10)
	file, witness, err := SealTo(secret.New([]byte(fixedString)), recipient)
	if err != nil {
		t.Fatal(err)
	}
	if SealOf(file) != SealedWithPassphrase {
		t.Errorf("SealOf: %v", SealOf(file))
	}
	right, err := PassphraseIdentity(secret.New([]byte("correct horse")))
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []age.Identity{right, witness} {
		if s, err := OpenPage(file, id); err != nil || !same(s, fixed()) {
			t.Errorf("%v, %v", s, err)
		}
	}
	wrong, err := PassphraseIdentity(secret.New([]byte("battery staple")))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenPage(file, wrong); !errors.Is(err, rsadecrypt.ErrWrongPassphrase) {
		t.Errorf("wrong passphrase: %v", err)
	}
	costly := bytes.Replace(file, []byte(" 10\n"), []byte(" 30\n"), 1)
	var work *rsadecrypt.WorkError
	if _, err := OpenPage(costly, right); !errors.As(err, &work) || work.Got != 30 {
		t.Errorf("a work factor of 30: %v", err)
	}
	if _, err := PassphraseRecipient(secret.New(nil)); !errors.Is(err, rsadecrypt.ErrWrongPassphrase) {
		t.Errorf("no passphrase: %v", err)
	}
	if _, err := PassphraseIdentity(secret.New(nil)); !errors.Is(err, rsadecrypt.ErrWrongPassphrase) {
		t.Errorf("no passphrase: %v", err)
	}
}

// TestSealedKeyIsNoShare: the one file beside the share that is an age file too.
func TestSealedKeyIsNoShare(t *testing.T) {
	k, _ := newSet(t, 2, 3)
	if _, err := ParseShare(k.Bytes()); SealOf(k.Bytes()) != NotSealed || !errors.Is(err, ErrNotShare) {
		t.Errorf("%v, %v", SealOf(k.Bytes()), err)
	}
}

// TestOpenPage: an armored file, damage at every place, and sealed files that
// hold something else.
func TestOpenPage(t *testing.T) {
	id := identity(t)
	file, err := seal([]byte(fixedString), id.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	var armored bytes.Buffer
	w := armor.NewWriter(&armored)
	if _, err := w.Write(file); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	if s, err := OpenPage(armored.Bytes(), id); err != nil || !same(s, fixed()) || SealOf(armored.Bytes()) != SealedToIdentity {
		t.Errorf("armored: %v, %v", s, err)
	}
	for i := range file {
		damaged := bytes.Clone(file)
		damaged[i] ^= 1
		for _, f := range [][]byte{damaged, file[:i]} {
			if s, err := OpenPage(f, id); s != nil || !errors.Is(err, rsadecrypt.ErrSealDamaged) && !errors.Is(err, rsadecrypt.ErrWrongIdentity) {
				t.Fatalf("damage at byte %d: %v, %v", i, s, err)
			}
		}
	}
	for _, c := range []struct {
		content []byte
		want    error
	}{{testkey.RecoveryPEM(0), ErrNotShare}, {file, ErrSealedShare}, {make([]byte, MaxPageSize+1), ErrNotShare}} {
		sealed, err := seal(c.content, id.Recipient())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := OpenPage(sealed, id); !errors.Is(err, c.want) {
			t.Errorf("%.10q: %v, want %v", c.content, err, c.want)
		}
	}
}

func TestParseRecipient(t *testing.T) {
	for s, want := range map[string]error{
		"":    ErrRecipient,
		"age": ErrRecipient,
		"age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t": ErrPlugin,
		"age1qqqq": ErrRecipient,
		"AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ": ErrRecipient,
		"ssh-ed25519 AAAA":         ErrRecipient,
		"ecdsa-sha2-nistp256 AAAA": ErrRecipient,
	} {
		if r, err := ParseRecipient(s); r != nil || !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", s, err, want)
		}
	}
}

func TestParseSSHIdentity(t *testing.T) {
	public, sealed := sshKey(t, testkey.Small(), "pw")
	if _, err := ParseSSHIdentity(sealed, nil); !errors.Is(err, ErrSSHSealed) {
		t.Errorf("no passphrase: %v", err)
	}
	if _, err := ParseSSHIdentity(sealed, secret.New([]byte("x"))); !errors.Is(err, rsadecrypt.ErrWrongPassphrase) {
		t.Errorf("wrong passphrase: %v", err)
	}
	id, err := ParseSSHIdentity(sealed, secret.New([]byte("pw")))
	if err != nil {
		t.Fatal(err)
	}
	r, err := ParseRecipient(public)
	if err != nil {
		t.Fatal(err)
	}
	file, err := seal([]byte(fixedString), r)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := OpenPage(file, id); err != nil || !same(s, fixed()) {
		t.Errorf("%v, %v", s, err)
	}
	for _, bad := range []string{"", "x", strings.Replace(string(sealed), "OPENSSH", "EC", 2), public} {
		if _, err := ParseSSHIdentity([]byte(bad), nil); !errors.Is(err, ErrSSHKey) {
			t.Errorf("%.20q: %v", bad, err)
		}
	}
}
