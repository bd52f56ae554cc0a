//go:build linux

package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/hashicorp/vault/shamir"

	"recover/internal/bech32"
	"recover/pkg/custody"
)

// What somebody can make who has seen the folders of a set, or carried them, but
// has no share: everything is written here from docs/formats.md, with the tools
// that anybody has.

// descriptionStanza puts a description into the header of an age file.
type descriptionStanza struct{ text string }

func (d descriptionStanza) Wrap([]byte) ([]*age.Stanza, error) {
	return []*age.Stanza{{Type: "recover-custody-set", Args: []string{strings.ToUpper(hex.EncodeToString(setIDOf(d.text)))}, Body: []byte(d.text)}}, nil
}

func setIDOf(description string) []byte {
	sum := sha256.Sum256([]byte(description))
	return sum[:8]
}

// sealedAs makes a sealed key with a description, and whatever is in it.
func sealedAs(t *testing.T, description string, content []byte, to age.Recipient) []byte {
	t.Helper()
	var file bytes.Buffer
	w, err := age.Encrypt(&file, to, descriptionStanza{description})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// descriptionOf reads the description out of a sealed key, as anybody can.
func descriptionOf(t *testing.T, sealedKey string) string {
	t.Helper()
	file, err := os.ReadFile(sealedKey)
	if err != nil {
		t.Fatal(err)
	}
	var r stanzaReader
	_, _ = age.Decrypt(bytes.NewReader(file), &r)
	return r.description
}

type stanzaReader struct{ description string }

func (r *stanzaReader) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	for _, s := range stanzas {
		if s.Type == "recover-custody-set" {
			r.description = string(s.Body)
		}
	}
	return nil, age.ErrIncorrectIdentity
}

// anyone is a recipient that nobody at the table can open for.
func anyone(t *testing.T) age.Recipient {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return id.Recipient()
}

// shareString writes the payload of a share.
func shareString(payload []byte) string {
	data := bech32.AppendFives(nil, payload)
	code := bech32.NewCode("EM3GQEEELMCSS", "SECRETSHARE32")
	data = append(data, code.Checksum("rs", data)...)
	text := "RS1"
	for _, v := range data {
		text += string(bech32.Alphabet[v])
	}
	var lines []string
	for len(text) > 0 {
		n := min(24, len(text))
		var groups []string
		for part := text[:n]; part != ""; part = part[min(4, len(part)):] {
			groups = append(groups, part[:min(4, len(part))])
		}
		lines, text = append(lines, strings.Join(groups, " ")), text[n:]
	}
	return strings.Join(lines, "\n")
}

// payloadOf reads the payload of the share on a page.
func payloadOf(t *testing.T, page string) []byte {
	t.Helper()
	symbols := bech32.Values(strings.Join(strings.Fields(shareLines.FindString(page)), ""))
	if len(symbols) != 92 {
		t.Fatalf("%d symbols", len(symbols))
	}
	var payload []byte
	var held uint32
	bits := 0
	for _, v := range symbols[3:79] {
		held, bits = held<<5|uint32(v), bits+5
		if bits >= 8 {
			bits -= 8
			payload = append(payload, byte(held>>bits))
		}
	}
	return payload
}

// pageWith makes of a genuine page one with another share.
func pageWith(page string, payload []byte, changes ...string) string {
	page = shareLines.ReplaceAllLiteralString(page, shareString(payload)+"\n")
	page = regexp.MustCompile(`(?m)^Set: .*$`).ReplaceAllLiteralString(page, fmt.Sprintf("Set: %X %X %X %X", payload[3:5], payload[5:7], payload[7:9], payload[9:11]))
	return strings.NewReplacer(changes...).Replace(page)
}

// courierSet makes, of nothing but the public description of a set, a set of the
// courier's own that names the same recovery key and the same holders, in a
// directory like the one that was carried.
func courierSet(t *testing.T, genuine string, holders ...string) string {
	t.Helper()
	description := descriptionOf(t, filepath.Join(genuine, holders[0], custody.SealedKeyName))
	head, _, _ := strings.Cut(description, "salt ")
	salt := make([]byte, 16)
	_, _ = rand.Read(salt)
	secret := make([]byte, 32)
	_, _ = rand.Read(secret)
	values, err := shamir.Split(secret, len(holders), 2)
	if err != nil {
		t.Fatal(err)
	}
	description = head + fmt.Sprintf("salt %x\n", salt)
	var payloads [][]byte
	for i, holder := range holders {
		page, err := os.ReadFile(filepath.Join(genuine, holder, custody.PageName)) // for its date only
		if err != nil {
			t.Fatal(err)
		}
		payload := append(make([]byte, 0, 47), payloadOf(t, string(page))[:3]...)
		payload = append(payload, make([]byte, 8)...)
		payload = append(append(payload, 2, byte(len(holders)), byte(i+1)), values[i]...)
		mac := hmac.New(sha256.New, salt)
		mac.Write(payload)
		description += fmt.Sprintf("share %x %s\n", mac.Sum(nil), holder)
		payloads = append(payloads, payload)
	}
	dir := t.TempDir()
	sealed := sealedAs(t, description, []byte("nothing"), anyone(t))
	for i, holder := range holders {
		folder := filepath.Join(dir, holder)
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		copy(payloads[i][3:11], setIDOf(description))
		page, err := os.ReadFile(filepath.Join(genuine, holder, custody.PageName))
		if err != nil {
			t.Fatal(err)
		}
		for name, data := range map[string][]byte{
			custody.PageName: []byte(pageWith(string(page), payloads[i])), custody.SealedKeyName: sealed,
		} {
			if err := os.WriteFile(filepath.Join(folder, name), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		copyFile(t, filepath.Join(genuine, holder, "recovery-public-key.der"), filepath.Join(folder, "recovery-public-key.der"))
	}
	return dir
}

// carried copies the folders of a set, as onto sticks.
func carried(t *testing.T, set string, holders ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, holder := range holders {
		if err := os.CopyFS(filepath.Join(dir, holder), os.DirFS(filepath.Join(set, holder))); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
