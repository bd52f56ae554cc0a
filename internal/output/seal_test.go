package output

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/creack/pty"

	"recover/internal/secret"
)

const canary = "canary: one key line\n"

// recipient returns a Sealer and the identity that opens what it seals.
func recipient(t *testing.T) (*Sealer, *age.X25519Identity) {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	s, err := SealTo(identity.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	return s, identity
}

func seal(t *testing.T, s *Sealer) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := s.Seal(&b, []byte(canary)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func open(t *testing.T, sealed []byte, identity age.Identity) string {
	t.Helper()
	r, err := age.Decrypt(bytes.NewReader(sealed), identity)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestSeal(t *testing.T) {
	s, identity := recipient(t)
	sealed := seal(t, s)
	if bytes.Contains(sealed, []byte("canary")) {
		t.Error("the file shows its content")
	}
	if open(t, sealed, identity) != canary || s.Suffix() != ".age" || !s.Sealed() {
		t.Error("not what was sealed")
	}
	s = Unsealed()
	if string(seal(t, s)) != canary || s.Suffix() != "" || s.Sealed() {
		t.Error("Unsealed changes the file")
	}
}

func TestAgeOpens(t *testing.T) {
	if _, err := exec.LookPath("age"); err != nil {
		t.Skip("SKIPPED, NOTHING WAS TESTED: the age command is not installed")
	}
	s, identity := recipient(t)
	keys := filepath.Join(t.TempDir(), "identity")
	if err := os.WriteFile(keys, []byte(identity.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	d := newDir(t)
	err := d.WriteTo("keys.age", func(w io.Writer) error { return s.Seal(w, []byte(canary)) })
	if err != nil {
		t.Fatal(err)
	}
	got, err := exec.Command("age", "-d", "-i", keys, filepath.Join(d.Path(), "keys.age")).CombinedOutput()
	if err != nil || string(got) != canary {
		t.Errorf("age: %q, %v", got, err)
	}
}

// The identity file is all that age needs, besides the passphrase at the
// terminal.
func TestAgeOpensWithPassphrase(t *testing.T) {
	if _, err := exec.LookPath("age"); err != nil {
		t.Skip("SKIPPED, NOTHING WAS TESTED: the age command is not installed")
	}
	defer func(n int) { scryptWorkFactor = n }(scryptWorkFactor)
	scryptWorkFactor = 10
	s, file, err := SealWithPassphrase(secret.New([]byte("pass phräse")))
	if err != nil {
		t.Fatal(err)
	}
	d := newDir(t)
	if err := errors.Join(d.WriteFile("identity.age", file), d.WriteFile("keys.age", seal(t, s))); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("age", "-d", "-i", "identity.age", "-o", "keys", "keys.age")
	cmd.Dir = d.Path()
	terminal, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	screen := make([]byte, 1000)
	if n, err := terminal.Read(screen); err != nil || !bytes.Contains(screen[:n], []byte("passphrase")) {
		t.Fatalf("age asks %q, %v", screen[:n], err)
	}
	if _, err := io.WriteString(terminal, "pass phräse\n"); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil || content(t, d, "keys") != canary {
		t.Errorf("age: %v", err)
	}
}

// watchWipes returns what was wiped since.
func watchWipes(t *testing.T) (wiped func() string) {
	var all []byte
	secret.Watch = func(b []byte) { all = append(all, b...) }
	t.Cleanup(func() { secret.Watch = nil })
	return func() string { return string(all) }
}

// TestIdentityIsWiped: neither making an identity nor opening it leaves its text.
func TestIdentityIsWiped(t *testing.T) {
	defer func(n int) { scryptWorkFactor = n }(scryptWorkFactor)
	scryptWorkFactor = 4
	passphrase := secret.New([]byte("pass phräse"))
	wiped := watchWipes(t)
	_, file, err := SealWithPassphrase(passphrase)
	if err != nil {
		t.Fatal(err)
	}
	made := wiped()
	if !strings.HasPrefix(made, "AGE-SECRET-KEY-1") {
		t.Error("making it leaves its text")
	}
	if _, err := OpenIdentity(file, passphrase); err != nil {
		t.Fatal(err)
	}
	if wiped() != made+made {
		t.Error("opening it leaves its text")
	}
}

func TestSealWithPassphrase(t *testing.T) {
	defer func(n int) { scryptWorkFactor = n }(scryptWorkFactor)
	if scryptWorkFactor != 18 {
		t.Errorf("work factor %d, age takes 18", scryptWorkFactor)
	}
	scryptWorkFactor = 4
	s, file, err := SealWithPassphrase(secret.New([]byte("pass phräse")))
	if err != nil {
		t.Fatal(err)
	}
	outer, err := age.NewScryptIdentity("pass phräse")
	if err != nil {
		t.Fatal(err)
	}
	line := open(t, file, outer)
	identity, err := age.ParseX25519Identity(strings.TrimSuffix(line, "\n"))
	if err != nil || !strings.HasPrefix(line, "AGE-SECRET-KEY-1") {
		t.Fatal(err)
	}
	if open(t, seal(t, s), identity) != canary {
		t.Error("the identity file opens something else")
	}
	other, _, _ := SealWithPassphrase(secret.New([]byte("pass phräse")))
	_, err = age.Decrypt(bytes.NewReader(seal(t, other)), identity)
	if noMatch := new(age.NoIdentityMatchError); !errors.As(err, &noMatch) {
		t.Errorf("one identity opens two runs: %v", err)
	}
	if _, _, err := SealWithPassphrase(secret.New(nil)); err == nil || err.Error() != "passphrase can't be empty" {
		t.Errorf("an empty passphrase: %v", err)
	}
}

func TestRecipients(t *testing.T) {
	_, classic := recipient(t)
	hybrid, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	r := hybrid.Recipient()
	s, err := SealTo(r)
	if err != nil || open(t, seal(t, s), hybrid) != canary {
		t.Errorf("hybrid: %v", err)
	}
	if _, err := SealTo(); err == nil || err.Error() != "no recipients specified" {
		t.Errorf("no recipients: %v", err)
	}
	const mixed = "incompatible recipients: can't mix post-quantum and classic recipients, or the file would be vulnerable to quantum computers"
	if _, err := SealTo(r, classic.Recipient()); err == nil || err.Error() != mixed {
		t.Errorf("hybrid beside classic: %v", err)
	}
	if _, err := SealTo(classic.Recipient(), classic.Recipient()); err != nil {
		t.Error(err)
	}
}

// refusing takes so many bytes and then no more.
type refusing struct{ left int }

func (w *refusing) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, errPlayed
	}
	return len(p), nil
}

// TestSealFails: wherever the writing of a sealed file breaks off, Seal says so.
func TestSealFails(t *testing.T) {
	s, _ := recipient(t)
	size := len(seal(t, s))
	for left := range size {
		if err := s.Seal(&refusing{left}, []byte(canary)); !errors.Is(err, errPlayed) {
			t.Errorf("after %d of %d bytes: %v", left, size, err)
		}
	}
	if err := s.Seal(&refusing{size}, []byte(canary)); err != nil {
		t.Errorf("all of it: %v", err)
	}
	if err := s.Seal(&refusing{size}, bytes.Repeat([]byte("x"), 200<<10)); !errors.Is(err, errPlayed) {
		t.Errorf("a large file: %v", err)
	}
	if err := Unsealed().Seal(&refusing{}, []byte(canary)); err != errPlayed {
		t.Errorf("unsealed: %v", err)
	}
}

// nameless is a recipient that has no text.
type nameless struct{}

func (nameless) Wrap([]byte) ([]*age.Stanza, error) { return nil, errPlayed }

func TestRecipientTexts(t *testing.T) {
	s, identity := recipient(t)
	if got := s.Recipients(); !reflect.DeepEqual(got, []string{identity.Recipient().String()}) {
		t.Errorf("recipients %q", got)
	}
	if got := Unsealed().Recipients(); got != nil {
		t.Errorf("unsealed: %q", got)
	}
	if got := (&Sealer{[]age.Recipient{nameless{}, identity.Recipient()}}).Recipients(); len(got) != 1 {
		t.Errorf("one of two without a text: %q", got)
	}
	if err := (&Sealer{[]age.Recipient{nameless{}}}).Seal(io.Discard, nil); !errors.Is(err, errPlayed) {
		t.Errorf("a recipient that fails: %v", err)
	}
}

// TestReopenWithPassphrase seals on with the identity of an earlier run.
func TestReopenWithPassphrase(t *testing.T) {
	defer func(n int) { scryptWorkFactor = n }(scryptWorkFactor)
	scryptWorkFactor = 4
	pass := func(text string) *secret.Bytes { return secret.New([]byte(text)) }
	first, file, err := SealWithPassphrase(pass("one"))
	if err != nil {
		t.Fatal(err)
	}
	if header, _, _ := bytes.Cut(file, []byte("\n---")); !bytes.Contains(header, []byte("-> scrypt ")) || !bytes.Contains(header, []byte(" 4\n")) {
		t.Errorf("the work factor is not in the file: %s", header)
	}
	again, err := ReopenWithPassphrase(file, pass("one"))
	if err != nil || !reflect.DeepEqual(again.Recipients(), first.Recipients()) || again.Suffix() != ".age" {
		t.Errorf("again: %v", err)
	}
	var noMatch *age.NoIdentityMatchError
	if s, err := ReopenWithPassphrase(file, pass("two")); !errors.As(err, &noMatch) || s != nil {
		t.Errorf("another passphrase: %v", err)
	}
	if s, err := ReopenWithPassphrase(file[:len(file)-1], pass("one")); err == nil || errors.Is(err, ErrIdentityFile) || s != nil {
		t.Errorf("a file that is cut off: %v", err)
	}
	if s, err := ReopenWithPassphrase(file, pass("")); err == nil || s != nil {
		t.Errorf("no passphrase: %v", err)
	}
	outer, err := age.NewScryptRecipient("one")
	if err != nil {
		t.Fatal(err)
	}
	outer.SetWorkFactor(4)
	for _, text := range []string{"", "precious", fmt.Sprintf("%5000s", "x")} {
		var other bytes.Buffer
		if err := (&Sealer{[]age.Recipient{outer}}).Seal(&other, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if s, err := ReopenWithPassphrase(other.Bytes(), pass("one")); err != ErrIdentityFile || s != nil {
			t.Errorf("an identity file with %.10q: %v", text, err)
		}
	}
}
