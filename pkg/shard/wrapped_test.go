package shard_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"os"
	"strings"
	"testing"
	"unicode/utf16"

	"recover/pkg/shard"
)

func gzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := w.Write(data)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

func inUTF16(text []byte, bigEndian bool) []byte {
	out := []byte{0xff, 0xfe}
	if bigEndian {
		out = []byte{0xfe, 0xff}
	}
	for _, c := range utf16.Encode([]rune(string(text))) {
		if bigEndian {
			out = append(out, byte(c>>8), byte(c))
		} else {
			out = append(out, byte(c), byte(c>>8))
		}
	}
	return out
}

// lines breaks a text into lines of 76 characters, each with something around it.
func lines(text []byte, before, after string) []byte {
	var out bytes.Buffer
	for len(text) > 0 {
		n := min(76, len(text))
		out.WriteString(before + string(text[:n]) + after)
		text = text[n:]
	}
	return out.Bytes()
}

// TestWrapped: a shard is read in what object stores, shells, editors and mail
// programs put around it, for nothing of it is lost.
func TestWrapped(t *testing.T) {
	file, err := os.ReadFile("../../fixtures/golden/ed25519-additive-2.txt")
	if err != nil {
		t.Fatal(err)
	}
	file = bytes.TrimSpace(file)
	inner, err := base64.StdEncoding.DecodeString(string(file))
	if err != nil {
		t.Fatal(err)
	}
	want, err := shard.Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, wrapped := range map[string][]byte{
		"gzip": gzipped(t, file), "gzip twice": gzipped(t, gzipped(t, file)), "UTF-16": inUTF16(file, false), "UTF-16, big-endian": inUTF16(lines(file, "", "\r\n"), true),
		"gzip of UTF-16": gzipped(t, inUTF16(file, false)), "mark": append([]byte("\xef\xbb\xbf"), file...), "wrapped": lines(file, "", "\r\n"),
		"quotes": []byte(`"` + string(file) + `"`), "quoted mail": lines(file, "> ", "\r\n"), "indented": lines(file, "\u00a0  ", "\n"), "zero-width": []byte(string(file[:100]) + "\u200b" + string(file[100:])),
		"lines as letters": lines(file, "", `\n`), "JSON itself": inner, "base64 twice": []byte(base64.StdEncoding.EncodeToString(file)), "hex": []byte(hex.EncodeToString(file)),
		"hex of JSON": []byte(hex.EncodeToString(inner)), "without padding": bytes.TrimRight(file, "="), "URL's alphabet": []byte(base64.URLEncoding.EncodeToString(inner)),
		"base64 of gzip": []byte(base64.StdEncoding.EncodeToString(gzipped(t, file))),
	} {
		s, err := shard.Parse(wrapped)
		if err != nil || !shard.SamePublicKey(s.MasterPublicKey(), want.MasterPublicKey()) || s.Players() != want.Players() {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestWrappedDamage: what is lost is still said, and no stretch of a damaged file
// is passed over because it cannot be seen.
func TestWrappedDamage(t *testing.T) {
	file, err := os.ReadFile("../../fixtures/golden/ed25519-additive-2.txt")
	if err != nil {
		t.Fatal(err)
	}
	packed := gzipped(t, file)
	zeros := bytes.Clone(file)
	clear(zeros[400:800])
	for _, c := range []struct {
		name string
		file []byte
		want string
	}{
		{"gzip, cut off", packed[:len(packed)/2], "the gzip data in it is damaged or cut off"},
		{"gzip bomb", gzipped(t, make([]byte, 64<<20)), "what is packed in it is larger than 8388608 bytes"},
		{"zip", []byte("PK\x03\x04" + strings.Repeat("\x00", 100)), "the file is a zip archive, not a shard"},
		{"PDF", []byte("%PDF-1.7\n"), "the file is a PDF document, not a shard"},
		{"private key", []byte("-----BEGIN PRIVATE KEY-----\nMIIJ"), "the file is a private key, not a shard"},
		{"zeros", zeros, "the base64 text ends or is damaged after 400 of "},
		{"cut off, in UTF-16", inUTF16(file[:1001], false), "the base64 text ends or is damaged after 1000 of 1001 characters"},
	} {
		if _, err := shard.Parse(c.file); err == nil || !strings.HasPrefix(err.Error(), c.want) || shard.ReasonOf(err) != shard.ReasonMalformed {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
	if _, lost, err := shard.ParseSalvage(packed[:len(packed)*9/10], nil); err != nil || len(lost) == 0 {
		t.Errorf("what is left of gzip data: lost %v, %v", lost, err)
	}
}
