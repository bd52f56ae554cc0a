//go:build linux

package main

import (
	"bytes"
	"crypto/rand"
	"crypto/sha512"
	"encoding/asn1"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"filippo.io/edwards25519"

	"recover/fixtures/tier"
)

var smallKeys = []string{keyID(1).String(), keyID(2).String(), keyID(3).String(), keyID(4).String()}

// TestAgeOpens opens the rebuilt keys with the age command and either of two
// identities.
func TestAgeOpens(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	out, args := filepath.Join(dir, "out"), []string{}
	for _, name := range []string{"alice", "bob"} {
		path := filepath.Join(dir, name)
		command(t, nil, "age-keygen", "-o", path)
		recipient := command(t, nil, "age-keygen", "-y", path)
		args = append(args, "--recipient", string(bytes.TrimSpace(recipient)))
	}
	if o := execute(t, small().rebuild(out, append(args, "--with-master")...)...); o.status != exitOK {
		t.Fatal(o.stderr)
	}
	for _, name := range []string{"alice", "bob"} {
		text := command(t, nil, "age", "-d", "-i", filepath.Join(dir, name), filepath.Join(out, "keys-0001.ndjson.age"))
		if err := checkRebuilt(string(text), small(), true, smallKeys); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAgeOpensWithPassphrase does it with the identity that the passphrase
// opens, at a terminal, where age asks for it.
func TestAgeOpensWithPassphrase(t *testing.T) {
	tier.Long(t) // each passphrase takes a second
	t.Parallel()
	if _, err := exec.LookPath("age"); err != nil {
		t.Skip("SKIPPED, NOT PASSED: age is not installed")
	}
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	cmd := exec.Command(built(t), small().rebuild(out, "--passphrase-fd", "3")...)
	cmd.ExtraFiles = []*os.File{phrases(t, newPhrase)}
	if o := start(t, cmd); o.status != exitOK {
		t.Fatal(o.stderr)
	}
	opened := filepath.Join(dir, "keys")
	s := sit(t, exec.Command("age", "-d", "-i", filepath.Join(out, "identity.age"), "-o", opened, filepath.Join(out, "keys-0001.ndjson.age")))
	s.expect("assphrase")
	s.press(newPhrase + "\r")
	if o := s.end(); o.status != 0 { // age turns echo off after it has asked: what is typed at once may be seen
		t.Fatal(o.stderr)
	}
	text, err := os.ReadFile(opened)
	if err != nil {
		t.Fatal(err)
	}
	if err := checkRebuilt(string(text), small(), false, smallKeys); err != nil {
		t.Error(err)
	}
}

// TestOpenSSLKnowsKeys makes OpenSSL derive the public key of a rebuilt
// SECP256K1 key, and verify a signature that a rebuilt ED25519 scalar made.
func TestOpenSSLKnowsKeys(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	if o := execute(t, small().rebuild(out, "--unsealed")...); o.status != exitOK {
		t.Fatal(o.stderr)
	}
	type line struct {
		Algorithm  string
		PrivateKey string `json:"private_key"`
		PublicKey  string `json:"public_key"`
	}
	checked := map[string]int{}
	for _, l := range readLines[line](t, filepath.Join(out, "keys-0001.ndjson")) {
		private, public := must(hex.DecodeString(l.PrivateKey)), must(hex.DecodeString(l.PublicKey))
		checked[l.Algorithm]++
		if l.Algorithm == "ED25519" {
			opensslVerifies(t, dir, public, private)
			continue
		}
		der := command(t, ecPrivateKey(private), "openssl", "ec", "-inform", "DER", "-pubout", "-outform", "DER", "-conv_form", "uncompressed")
		if !bytes.HasSuffix(der, public) {
			t.Errorf("OpenSSL derives another public key: %x, not %x", der, public)
		}
	}
	if checked["SECP256K1"] != 2 || checked["ED25519"] != 2 {
		t.Errorf("checked %v", checked)
	}
}

// ecPrivateKey returns a secp256k1 key without its public key (RFC 5915).
func ecPrivateKey(scalar []byte) []byte {
	return must(asn1.Marshal(struct {
		Version    int
		PrivateKey []byte
		Curve      asn1.ObjectIdentifier `asn1:"explicit,tag:0"`
	}{1, scalar, asn1.ObjectIdentifier{1, 3, 132, 0, 10}}))
}

// opensslVerifies signs with a big-endian scalar, as a wallet of these keys has
// to (docs/formats.md, section 2.4), and lets OpenSSL verify it.
func opensslVerifies(t *testing.T, dir string, public, private []byte) {
	t.Helper()
	message := []byte("a message")
	slices.Reverse(private)
	a := must(edwards25519.NewScalar().SetCanonicalBytes(private))
	nonce := make([]byte, 64)
	must(rand.Read(nonce))
	r := must(edwards25519.NewScalar().SetUniformBytes(nonce))
	point := new(edwards25519.Point).ScalarBaseMult(r).Bytes()
	hash := sha512.Sum512(slices.Concat(point, public, message))
	k := must(edwards25519.NewScalar().SetUniformBytes(hash[:]))
	signature := append(point, edwards25519.NewScalar().MultiplyAdd(k, a, r).Bytes()...)

	file := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	spki := append([]byte("\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00"), public...)
	command(t, nil, "openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER", "-inkey", file("public", spki),
		"-in", file("message", message), "-sigfile", file("signature", signature))
}
