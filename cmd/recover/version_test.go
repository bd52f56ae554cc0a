package main

import (
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"recover/internal/message"
	"recover/internal/pgpwords"
)

// TestVersionOfPrograms: the sums are those of the files, of the helper too.
func TestVersionOfPrograms(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	program, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"recover": program, "recover-pkcs11": []byte("a helper")} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	o := start(t, exec.Command(filepath.Join(dir, "recover"), "version"))
	if o.status != exitOK {
		t.Fatal(o.stderr)
	}
	for _, name := range []string{"recover", "recover-pkcs11"} {
		sum, err := hashFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		digits := message.Groups(hex.EncodeToString(sum[:]))
		words := pgpwords.Words(sum[:])
		for _, want := range []string{
			"SHA-256 of " + name + "\n    " + digits[:39] + "\n    " + digits[40:] + "\n",
			"    " + strings.Join(words[:4], " ") + "\n", "    " + strings.Join(words[28:], " ") + "\n",
		} {
			if !strings.Contains(o.stdout, want) {
				t.Errorf("no %q in\n%s", want, o.stdout)
			}
		}
	}
}
