package rsadecrypt

import (
	"bytes"
	"compress/gzip"
	"encoding/asn1"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"recover/fixtures/testkey"
	"recover/fixtures/tier"
	"recover/internal/plaintext"
)

func testdata(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// What old tools write by default is opened, and what is not is named.
func TestOldForms(t *testing.T) {
	key := testkey.Small()
	for name, form := range map[string]Form{
		"pbe-md5-des.pem":    "encrypted PKCS#8 (old scheme) PEM",
		"pbe-sha1-des.pem":   "encrypted PKCS#8 (old scheme) PEM",
		"pbe-sha1-3des.pem":  "encrypted PKCS#8 (old scheme) PEM",
		"pbe-sha1-2des.pem":  "encrypted PKCS#8 (old scheme) PEM",
		"legacy.p12":         "PKCS#12 DER",
		"modern.p12":         "PKCS#12 DER",
		"keyonly.p12":        "PKCS#12 DER",
		"java.p12":           "PKCS#12 DER",
		"openssh-sealed.key": "encrypted OpenSSH private key",
	} {
		t.Run(name, func(t *testing.T) { checkSealed(t, testdata(t, name), form, key) })
		t.Run(name+" in base64", func(t *testing.T) {
			f := identify(t, []byte(base64.StdEncoding.EncodeToString(testdata(t, name))))
			got, err := f.Open([]byte(passphrase))
			wantKey(t, got, err, key)
		})
	}
	checkUnsealed(t, testdata(t, "openssh.key"), "OpenSSH private key", true, key)
	checkUnsealed(t, testdata(t, "plain.p12"), "PKCS#12 DER", true, key)
	checkUnsealed(t, testdata(t, "ssh.pub"), "SSH public key", false, key)
	empty, err := identify(t, testdata(t, "empty.p12")).Open(nil)
	wantKey(t, empty, err, key)
	for name, want := range map[string]string{
		"pbe-sha1-rc2-40.pem":  "encrypted with an unsupported scheme, pbeWithSHA1And40BitRC2-CBC",
		"pbe-sha1-rc4-128.pem": "encrypted with an unsupported scheme, pbeWithSHA1And128BitRC4",
		"pbe-md5-rc2-64.pem":   "encrypted with an unsupported scheme, pbeWithMD5AndRC2-CBC",
		"java.jks":             "a Java key store",
	} {
		if _, err := Identify(testdata(t, name)); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
}

// The programs that are here write the same as those of testdata.
func TestToolsOfToday(t *testing.T) {
	key, in := testkey.Small(), smallPEM(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "key")
	writeFile(t, path, in)
	checkSealed(t, openssl(t, nil, "pkcs12 -export -nocerts -passout PASS -inkey "+path), "PKCS#12 DER", key)
	run(t, nil, "ssh-keygen", "-p", "-a", "2", "-P", "", "-N", passphrase, "-f", path)
	sealed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	checkSealed(t, sealed, "encrypted OpenSSH private key", key)
	run(t, nil, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path+"2")
	other, err := os.ReadFile(path + "2")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Identify(other); err == nil || err.Error() != "Ed25519 private key, not an RSA key" {
		t.Errorf("an SSH key that is no RSA key: %v", err)
	}
	public, err := os.ReadFile(path + "2.pub")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Identify(public); err == nil || err.Error() != "Ed25519 public key, not an RSA key" {
		t.Errorf("its public half: %v", err)
	}
}

// A key is the same key whatever a mail program or a secret store put around it.
func TestWrappedForms(t *testing.T) {
	key := testkey.Small()
	private, der := smallPEM(t), pkcs8(t, key)
	b64 := base64.StdEncoding.EncodeToString
	oneLine := strings.Join(strings.Fields(string(private)), " ")
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write(private)
	_ = w.Close()
	for name, test := range map[string]struct{ form, data string }{
		"line breaks lost":    {"PKCS#8 PEM", oneLine},
		"all blanks lost":     {"PKCS#8 PEM", strings.ReplaceAll(string(private), "\n", "")},
		"breaks as letters":   {"PKCS#8 PEM", strings.ReplaceAll(string(private), "\n", `\n`)},
		"value of JSON":       {"PKCS#8 PEM", `{"key":"` + strings.ReplaceAll(string(private), "\n", `\n`) + `"}`},
		"quoted mail":         {"PKCS#8 PEM", "> " + strings.ReplaceAll(string(private), "\n", "\n> ")},
		"in a mail":           {"PKCS#8 PEM", "From: x\nSubject: key\n\n> " + strings.ReplaceAll(string(private), "\n", "\n> ")},
		"dashes":              {"PKCS#8 PEM", strings.ReplaceAll(string(private), "-----", "\u2014\u2013-")},
		"no-break blanks":     {"PKCS#8 PEM", strings.ReplaceAll(string(private), "\n", "\u00a0\n\u200b")},
		"base64 of DER":       {"PKCS#8 base64 text", b64(der)},
		"base64 of PKCS#1":    {"PKCS#1 base64 text", b64(pkcs1(key))},
		"base64 in lines":     {"PKCS#8 base64 text", string(wrap([]byte(b64(der))))},
		"base64 in UTF-16":    {"PKCS#8 base64 text", string(toUTF16([]byte(b64(der)), binary.LittleEndian))},
		"base64 of URLs":      {"PKCS#8 base64 text", base64.RawURLEncoding.EncodeToString(der)},
		"base64 in quotes":    {"PKCS#8 base64 text", `"` + b64(der) + "\"\n"},
		"base64 of PEM":       {"PKCS#8 PEM in base64", b64(private)},
		"base64 of base64":    {"PKCS#8 base64 text", b64([]byte(b64(der)))},
		"Kubernetes secret":   {"PKCS#8 PEM in base64", "data:\n  tls.key: " + b64(private) + "\nkind: Secret\n"},
		"hex of PEM":          {"PKCS#8 PEM in hex", string(toHex(private))},
		"hex in quotes":       {"PKCS#8 base64 text", `"` + string(toHex(der)) + `"`},
		"gzip":                {"PKCS#8 PEM in gzip", packed.String()},
		"gzip in base64":      {"PKCS#8 PEM in base64", b64(packed.Bytes())},
		"UTF-16, no mark":     {"PKCS#8 PEM", string(toUTF16(private, binary.BigEndian)[2:])},
		"public, base64":      {"public key base64 text", b64(MarshalPublicKey(&key.PublicKey))},
		"public, in one line": {"public key PEM", strings.Join(strings.Fields(string(toPEM("PUBLIC KEY", MarshalPublicKey(&key.PublicKey)))), " ")},
	} {
		t.Run(name, func(t *testing.T) {
			checkUnsealed(t, []byte(test.data), Form(test.form), !strings.HasPrefix(test.form, "public"), key)
		})
	}
	part := func(n *big.Int) string { return base64.RawURLEncoding.EncodeToString(n.Bytes()) }
	public := fmt.Sprintf(`"kty":"RSA","n":%q,"e":"AQAB"`, part(key.N))
	private = fmt.Appendf(nil, "{%s,\"d\":%q,\"p\":%q,\"q\":%q,\"dp\":%q,\"dq\":%q,\"qi\":%q,\"key_ops\":[\"decrypt\"]}\n", public, part(key.D),
		part(key.Primes[0]), part(key.Primes[1]), part(key.Precomputed.Dp), part(key.Precomputed.Dq), part(key.Precomputed.Qinv))
	checkUnsealed(t, bytes.Clone(private), "JSON Web Key", true, key)
	checkUnsealed(t, []byte(b64(private)), "JSON Web Key in base64", true, key)
	checkUnsealed(t, []byte("{"+public+"}"), "JSON Web Key, public", false, key)
	for text, want := range map[string]string{
		`{"kty":"EC","crv":"P-256","d":"AA"}`: "EC private key, not an RSA key",
		`{"kty":"oct","k":"AA"}`:              "symmetric public key, not an RSA key",
		"{" + public + `,"d":"AA"}`:           "a JSON Web Key",
		"{" + public + `,"n":"AA"}`:           "a JSON Web Key",
		`{"keys":[{` + public + `}]}`:         "a JSON Web Key",
		`{"kty":"RSA","n":"!","e":"AQAB"}`:    "a JSON Web Key",
	} {
		if _, err := Identify([]byte(text)); err == nil || err.Error() != want {
			t.Errorf("%.40s: %v, want %s", text, err, want)
		}
	}
	private = smallPEM(t)
	for _, sealed := range [][]byte{
		testdata(t, "pbe-md5-des.pem"), testdata(t, "openssh-sealed.key"), openssl(t, private, "rsa -aes256 -traditional -passout PASS"),
		sealAge(t, der, true),
	} {
		f := identify(t, []byte(strings.Join(strings.Fields(string(sealed)), " ")))
		got, err := f.Open([]byte(passphrase))
		wantKey(t, got, err, key)
	}
}

// What is no key file is called by its name.
func TestForeignFiles(t *testing.T) {
	noise := make([]byte, 2600)
	for i := range noise {
		noise[i] = byte(i*7 + i*i/256)
	}
	for prefix, want := range map[string]string{
		"Salted__":                        "a file encrypted with \"openssl enc\"",
		"BZh91AY&SY":                      "a bzip2 file",
		"\xfd7zXZ\x00":                    "an xz file",
		"7z\xbc\xaf\x27\x1c":              "a 7z archive",
		"PK\x03\x04":                      "a zip archive",
		"%PDF-1.7\n":                      "a PDF document",
		"\x8c\x0d\x04\x09\x03\x02":        "a PGP message",
		"-----BEGIN PGP MESSAGE-----\n\n": "a PGP message",
		"PuTTY-User-Key-File-3: ssh-rsa":  "a PuTTY private key",
		"---- BEGIN SSH2 PUBLIC KEY ----\nComment: x\n": "an SSH public key",
		`{"kty":"RSA"`:                 "a JSON Web Key",
		"<html>":                       "a web page",
		"\x1f\x8b\x08":                 "the gzip data in it is damaged or cut off",
		`{"format":"recover-record/1"`: "a record",
		"eyJpbmRleCI6":                 "a shard (a backup file)",
		"---- begin share ----\n":      "a share of a recovery key: a secret",
	} {
		if _, err := Identify(append([]byte(prefix), noise...)); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", prefix, err, want)
		}
	}
	if _, err := Identify(noise); !errors.Is(err, ErrUnmarked) {
		t.Errorf("noise: %v", err)
	}
	if f, err := IdentifyUnmarked(noise); err != nil || f.Form() != "sealed private key (PKE1, older form)" {
		t.Errorf("noise that is said to be a sealed key: %v", err)
	}
	if _, err := IdentifyUnmarked([]byte("Dear custodian")); !errors.Is(err, ErrUnknownForm) {
		t.Errorf("a text that is said to be a sealed key: %v", err)
	}
	if f, err := IdentifyUnmarked(smallPEM(t)); err != nil || f.NeedsPassphrase() {
		t.Errorf("a key that is said to be sealed and is not: %v", err)
	}
	var kind *plaintext.KindError
	if _, err := ParsePublicKey(append([]byte("Salted__"), noise...)); !errors.As(err, &kind) || kind.Kind != plaintext.OpenSSLEnc {
		t.Errorf("as a public key: %v", err)
	}
}

// Whoever made the file, opening it takes a bounded time and bounded memory.
func TestHostileForms(t *testing.T) {
	tier.Long(t)
	var bomb bytes.Buffer
	w := gzip.NewWriter(&bomb)
	_, _ = w.Write(make([]byte, 100<<20))
	_ = w.Close()
	old := func(oid asn1.ObjectIdentifier, salt []byte, iterations any) []byte {
		return marshal(t, encryptedInfo{algorithm{oid, struct {
			Salt       []byte
			Iterations any
		}{salt, iterations}}, make([]byte, 16)})
	}
	md5DES, sha3DES := asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 3}, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 1, 3}
	huge := new(big.Int).Lsh(big.NewInt(1), 80)
	rounds := bytes.Replace(testdataPEM(t, "openssh-sealed.key"), []byte{0, 0, 0, 2, 0, 0, 0, 1}, []byte{0x7f, 0, 0, 0, 0, 0, 0, 1}, 1)
	deep := []byte{0x05, 0x00}
	for range 20000 {
		deep = wrapDER(0x30, deep)
		if len(deep) > MaxFileSize-100 {
			break
		}
	}
	pfx := func(contents []byte) []byte {
		data := func(b []byte) []byte { // a ContentInfo of type data
			oid := marshal(t, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1})
			return wrapDER(0x30, append(oid, wrapDER(0xa0, wrapDER(0x04, b))...))
		}
		return wrapDER(0x30, append([]byte{2, 1, 3}, data(wrapDER(0x30, data(wrapDER(0x30, contents))))...))
	}
	bag := func(oid asn1.ObjectIdentifier, value []byte) []byte {
		return wrapDER(0x30, append(marshal(t, oid), wrapDER(0xa0, value)...))
	}
	shrouded, nested := asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 10, 1, 2}, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 10, 1, 6}
	for name, test := range map[string]struct {
		data []byte
		want string
	}{
		"bomb":              {bomb.Bytes(), "what is packed in it is larger than 262144 bytes"},
		"bomb in base64":    {[]byte(base64.StdEncoding.EncodeToString(bomb.Bytes())), "not a key file of a known form"},
		"iterations":        {old(md5DES, salt, 10_000_001), "iteration count 10000001 is above the limit of 10000000"},
		"huge iterations":   {old(sha3DES, salt, huge), "the DER structure is not that of a key"},
		"no iterations":     {old(sha3DES, salt, 0), "the DER structure is not that of a key"},
		"minus iterations":  {old(md5DES, salt, -5), "the DER structure is not that of a key"},
		"huge salt":         {old(sha3DES, make([]byte, 200000), 1), "the DER structure is not that of a key"},
		"bcrypt rounds":     {pem.EncodeToMemory(&pem.Block{Type: "OPENSSH PRIVATE KEY", Bytes: rounds}), "bcrypt rounds 2130706432 is above the limit of 1000"},
		"deep DER":          {deep, "the DER structure is not that of a key"},
		"deep PKCS#12":      {pfx(bag(shrouded, deep)), "the DER structure is not that of a key"},
		"bags within bags":  {pfx(bag(nested, pfx(bag(nested, deep[:len(deep)/2])))), "a PKCS#12 file of which the key cannot be read here"},
		"many bags":         {pfx(bytes.Repeat(bag(nested, nil), 1000)), "the DER structure is not that of a key"},
		"PKCS#12, nothing":  {pfx(nil), "a PKCS#12 file of which the key cannot be read here"},
		"PKCS#12, work":     {pfx(bag(shrouded, old(sha3DES, salt, 20_000_000))), "iteration count 20000000 is above the limit of 10000000"},
		"PKCS#12, two keys": {pfx(bytes.Repeat(bag(shrouded, old(sha3DES, salt, 1)), 2)), "several keys in one file"},
	} {
		t.Run(name, func(t *testing.T) {
			begun := time.Now()
			_, err := Identify(test.data)
			if err == nil || err.Error() != test.want {
				t.Errorf("%v, want %s", err, test.want)
			}
			if took := time.Since(begun); took > 20*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
	if err := CheckSSHWork(pem.EncodeToMemory(&pem.Block{Type: "OPENSSH PRIVATE KEY", Bytes: rounds})); err == nil {
		t.Error("CheckSSHWork passes any number of rounds")
	}
	if err := CheckSSHWork(testdata(t, "openssh-sealed.key")); err != nil {
		t.Errorf("CheckSSHWork: %v", err)
	}
}

func testdataPEM(t *testing.T, name string) []byte {
	block, _ := pem.Decode(testdata(t, name))
	return block.Bytes
}

func wrapDER(tag byte, content []byte) []byte {
	out, err := asn1.Marshal(asn1.RawValue{Class: int(tag >> 6), Tag: int(tag & 0x1f), IsCompound: tag&0x20 != 0, Bytes: content})
	if err != nil {
		panic(err)
	}
	return out
}
