package agefile

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"filippo.io/age"
)

func made[T any](t *testing.T, make func() (T, error)) T {
	t.Helper()
	v, err := make()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestParseRecipient(t *testing.T) {
	classic, hybrid := made(t, age.GenerateX25519Identity), made(t, age.GenerateHybridIdentity)
	text, long := classic.Recipient().String(), hybrid.Recipient().String()
	for _, bad := range []string{
		"", "age1", text[:len(text)-1], text + " ", strings.ToUpper(text), classic.String(), hybrid.String(),
		long[:100], "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA", "age1yubikey1qwerty",
	} {
		if r, err := ParseRecipient(bad); r != nil || err != ErrRecipient {
			t.Errorf("ParseRecipient(%q): %v, %v", bad, r, err)
		}
	}
	for text, id := range map[string]age.Identity{text: classic, long: hybrid} {
		r, err := ParseRecipient(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := age.Decrypt(bytes.NewReader(sealed(t, r)), id); err != nil || string(must(io.ReadAll(got))) != "text" {
			t.Errorf("what is sealed to %.10s… is not opened: %v", text, err)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func sealed(t *testing.T, recipients ...age.Recipient) []byte {
	t.Helper()
	var file bytes.Buffer
	w, err := age.Encrypt(&file, recipients...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("text")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func TestStanzas(t *testing.T) {
	a, b := made(t, age.GenerateX25519Identity), made(t, age.GenerateX25519Identity)
	file := sealed(t, a.Recipient(), b.Recipient())
	if parts, err := Stanzas(file); err != nil || len(parts) != 2 || parts[1].Type != "X25519" {
		t.Errorf("%v, %v", parts, err)
	}
	for _, bad := range []string{"", "x", string(file[:100]), strings.Replace(string(file), "X25519", "X\x0025519", 1)} {
		if parts, err := Stanzas([]byte(bad)); len(parts) != 0 || err == nil {
			t.Errorf("%.20q: %v, %v", bad, parts, err)
		}
	}
}

// TestPassphraseIdentity has a header ask for more work than may be.
func TestPassphraseIdentity(t *testing.T) {
	id, err := PassphraseIdentity([]byte("passphrase"))
	if err != nil {
		t.Fatal(err)
	}
	stanza := &age.Stanza{Type: "scrypt", Args: []string{"AAAAAAAAAAAAAAAAAAAAAA", "21"}, Body: make([]byte, 32)}
	if _, err := id.Unwrap([]*age.Stanza{stanza}); err == nil || !strings.Contains(err.Error(), "work factor too large") {
		t.Errorf("2 GiB of memory: %v", err)
	}
	if _, err := PassphraseIdentity(nil); err == nil {
		t.Error("an empty passphrase is taken")
	}
}
