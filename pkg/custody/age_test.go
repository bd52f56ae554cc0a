package custody

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"recover/fixtures/testkey"
	"recover/pkg/rsadecrypt"
)

// TestAgeCommandOpens: without this program, the age command opens the sealed
// key with the identity, and a sealed page; openssl reads what comes out.
func TestAgeCommandOpens(t *testing.T) {
	tool, err := exec.LookPath("age")
	if err != nil {
		t.Skip("SKIPPED: the age command is not installed")
	}
	k, shares := newSet(t, 2, 3)
	set := NewSet(k)
	for _, s := range shares[1:] {
		if err := set.Add(s); err != nil {
			t.Fatal(err)
		}
	}
	q, err := set.Combine()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	identityFile := write0600(t, dir, "identity.txt", append(q.Identity().Reveal(), '\n'))
	sealed := write0600(t, dir, SealedKeyName, k.Bytes())
	pemText, err := exec.Command(tool, "--decrypt", "--identity", identityFile, sealed).Output()
	if err != nil {
		t.Fatal(err)
	}
	f, err := rsadecrypt.Identify(pemText)
	if err != nil || f.Form() != "PKCS#8 PEM" {
		t.Fatal(err)
	}
	if key, err := f.Open(nil); err != nil || !key.Equal(testkey.Small()) {
		t.Errorf("another key: %v", err)
	}
	plain := write0600(t, dir, "key.pem", pemText)
	if out, err := exec.Command("openssl", "rsa", "-in", plain, "-check", "-noout").CombinedOutput(); err != nil {
		t.Errorf("openssl: %v\n%s", err, out)
	}
	holder := identity(t)
	p, err := k.Page(shares[1], nil)
	if err != nil {
		t.Fatal(err)
	}
	file, _, err := SealTo(p, holder.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	holderFile := write0600(t, dir, "holder.txt", []byte(holder.String()))
	out, err := exec.Command(tool, "-d", "-i", holderFile, write0600(t, dir, "share.age", file)).Output()
	if err != nil || !bytes.Equal(out, p.Reveal()) {
		t.Errorf("share.age: %v", err)
	}
}

func write0600(t *testing.T, dir, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
