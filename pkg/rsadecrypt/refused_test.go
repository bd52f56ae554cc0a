package rsadecrypt

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"math/big"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"recover/fixtures/testkey"
	"recover/fixtures/tier"
)

func TestRefusals(t *testing.T) {
	key := testkey.Small()
	private := smallPEM(t)
	der := pkcs1(key)
	spki := MarshalPublicKey(&key.PublicKey)
	ec, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	sec1, _ := x509.MarshalECPrivateKey(ec)
	ecPublic, _ := x509.MarshalPKIXPublicKey(&ec.PublicKey)
	edPublic, ed, _ := ed25519.GenerateKey(rand.Reader)
	edSPKI, _ := x509.MarshalPKIXPublicKey(edPublic)
	x25519, _ := ecdh.X25519().GenerateKey(rand.Reader)
	one := big.NewInt(1)
	dsaKey := marshal(t, struct {
		Version       int
		P, Q, G, Y, X *big.Int
	}{0, key.N, one, one, one, one})
	dsaPublic := marshal(t, struct {
		Algorithm algorithm
		Key       asn1.BitString
	}{
		algorithm{asn1.ObjectIdentifier{1, 2, 840, 10040, 4, 1}, struct{ P, Q, G *big.Int }{key.N, one, one}},
		asn1.BitString{Bytes: []byte{2, 1, 1}, BitLength: 24},
	})
	certificate := toPEM("CERTIFICATE", certificateDER(t, key))
	csr, _ := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	id, _ := age.GenerateX25519Identity()
	cut := func(b []byte) []byte { return b[:len(b)*2/3] }
	broken := bytes.Clone(der)
	broken[4] = 0x30 // was the INTEGER of the version

	for _, test := range []struct {
		name, want string
		data       []byte
	}{
		{"empty", "the file is empty", nil},
		{"white space", "the file is empty", []byte("\ufeff \r\n\n")},
		{"large", "the file is larger than 256 KiB", make([]byte, MaxFileSize+1)},
		{"text", "not a key file of a known form", []byte("Dear custodian,\n")},
		{"a wallet key in hex", "not a key file of a known form", toHex(key.D.Bytes()[:32])},
		{"zeros", "not a key file of a known form", make([]byte, 4744)},
		{"an age recipient", "an age recipient, the public half of an identity", []byte(id.Recipient().String())},
		{"cut PEM", "the key file is truncated", cut(private)},
		{"cut DER", "the key file is truncated", cut(der)},
		{"cut hex", "the key file is truncated", cut(toHex(der))},
		{"odd hex", "the key file is truncated", toHex(der)[1:]},
		{"cut DER in PEM", "the key file is truncated", toPEM("RSA PRIVATE KEY", cut(der))},
		{"cut armor", "the key file is truncated", cut(sealAge(t, der, true))},
		{"cut age header", "the key file is truncated", sealAge(t, der, false)[:100]},
		{"cut PKE1", "the key file is truncated", append([]byte("PKE1"), der[:1000]...)},
		{"hex with a letter", "hex text with characters that are not hex digits", append(toHex(der), 'O')},
		{"PEM with a letter", "a PEM block that cannot be decoded", bytes.Replace(private, []byte("MII"), []byte("M~I"), 1)},
		{"PEM without a label", "a PEM block that cannot be decoded", []byte("-----BEGIN \n-----END \n")},
		{"two keys", "several keys in one file", append(bytes.Clone(private), private...)},
		{"two public keys", "several keys in one file", append(toPEM("PUBLIC KEY", spki), toPEM("PUBLIC KEY", spki)...)},
		{"DER and more", "the key is followed by other bytes", append(bytes.Clone(der), 'x')},
		{"broken DER", "the DER structure is not that of a key", broken},
		{"other DER", "the DER structure is not that of a key", []byte("\x30\x06\x30\x04\x0c\x02hi")},
		{"other PEM", "the DER structure is not that of a key", toPEM("PRIVATE KEY", []byte("hello"))},
		{"certificate", "a certificate, not a key", certificate},
		{"certificate DER", "a certificate, not a key", certificateDER(t, key)},
		{"certificate hex", "a certificate, not a key", toHex(certificateDER(t, key))},
		{"request", "a certificate request, not a key", toPEM("CERTIFICATE REQUEST", csr)},
		{"request DER", "a certificate request, not a key", csr},
		{"OpenSSH", "the key file is truncated", toPEM("OPENSSH PRIVATE KEY", []byte("openssh-key-v1\x00"))},
		{"PKCS#12", "a PKCS#12 file of which the key cannot be read here", []byte("\x30\x07\x02\x01\x03\x30\x02\x05\x00")},
		{"PKCS#12 in BER", "a PKCS#12 file of which the key cannot be read here", append(pkcs12BER, 0x30, 0x80)},
		{"age identity", "an age identity, not a recovery key", []byte("# public key: " + id.Recipient().String() + "\n" + id.String() + "\n")},
		{"sealed wallet key", "a sealed wallet key, not a recovery key", append([]byte("PKE1"), der[:76]...)},
		{"EC PKCS#8", "EC private key, not an RSA key", toPEM("PRIVATE KEY", pkcs8(t, ec))},
		{"EC SEC1", "EC private key, not an RSA key", toPEM("EC PRIVATE KEY", sec1)},
		{"EC SEC1 hex", "EC private key, not an RSA key", toHex(sec1)},
		{"EC public", "EC public key, not an RSA key", ecPublic},
		{"Ed25519", "Ed25519 private key, not an RSA key", pkcs8(t, ed)},
		{"Ed25519 public", "Ed25519 public key, not an RSA key", edSPKI},
		{"X25519", "X25519 private key, not an RSA key", toHex(pkcs8(t, x25519))},
		{"DSA", "DSA private key, not an RSA key", dsaKey},
		{"DSA public", "DSA public key, not an RSA key", dsaPublic},
		{"encrypted EC", "EC private key, not an RSA key", []byte("-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n-----END EC PRIVATE KEY-----\n")},
		{"PEM cipher", `encrypted with an unsupported PEM cipher "RC2-CBC"`, []byte("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: RC2-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n")},
		{"PEM block size", "the sealed file is damaged or truncated", []byte("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: DES-CBC,0011223344556677\n\nAAAA\n-----END RSA PRIVATE KEY-----\n")},
		{"age header", "the sealed file is damaged or truncated", []byte("age-encryption.org/v2\n-> X25519 x\n")},
		{"two passphrases", "the sealed file is damaged or truncated", ageHeader("-> scrypt AAAAAAAAAAAAAAAAAAAAAA 18\nAA\n-> scrypt AAAAAAAAAAAAAAAAAAAAAA 18\nAA")},
		{"no work factor", "the sealed file is damaged or truncated", ageHeader("-> scrypt AAAAAAAAAAAAAAAAAAAAAA\nAA")},
		{"work factor", "age work factor 23 is above the limit of 20", ageHeader("-> scrypt AAAAAAAAAAAAAAAAAAAAAA 23\nAA")},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Identify(test.data)
			if err == nil || err.Error() != test.want {
				t.Fatalf("%v, want %s", err, test.want)
			}
			wantNoLeak(t, err, test.data)
			if _, parseErr := ParsePublicKey(test.data); parseErr == nil || parseErr.Error() != test.want {
				t.Errorf("ParsePublicKey: %v, want %s", parseErr, test.want)
			}
		})
	}
}

// What openssl makes that only resembles a recovery key.
func TestRefusedOpenSSL(t *testing.T) {
	tier.Long(t)
	in := smallPEM(t)
	both := append(toPEM("CERTIFICATE", certificateDER(t, testkey.Small())), in...)
	path := filepath.Join(t.TempDir(), "both.pem")
	writeFile(t, path, both)
	for args, test := range map[string]struct {
		input []byte
		want  string
	}{
		"genpkey -algorithm RSA-PSS":              {nil, "RSASSA-PSS private key, not an RSA key"},
		"genpkey -algorithm X448":                 {nil, "X448 private key, not an RSA key"},
		"ecparam -name secp256k1 -genkey":         {nil, "EC private key, not an RSA key"},
		"dhparam -dsaparam 512":                   {nil, "not a key file of a known form"},
		"genrsa -traditional -primes 3 2048":      {nil, "a private key of more than two primes"},
		"genrsa -traditional 1024":                {nil, "an RSA key of 1024 bits; 2048 to 8192 are accepted"},
		"x509 -trustout":                          {both, "a certificate, not a key"},
		"pkcs8 -topk8 -v2 aria256 -passout PASS":  {in, "encrypted with an unsupported cipher, OID 1.2.410.200046.1.1.12"},
		"rsa -aria256 -traditional -passout PASS": {in, `encrypted with an unsupported PEM cipher "ARIA-256-CBC"`},
	} {
		t.Run(args, func(t *testing.T) {
			if _, err := identifyOpen(openssl(t, test.input, args)); err == nil || err.Error() != test.want {
				t.Errorf("%v, want %s", err, test.want)
			}
		})
	}
}

func ageHeader(stanzas string) []byte {
	return []byte("age-encryption.org/v1\n" + stanzas + "\n--- " + strings.Repeat("A", 43) + "\n0123456789abcdef")
}

func certificateDER(t *testing.T, key *rsa.PrivateKey) []byte {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// numbers is RSAPrivateKey, to be spoiled.
type numbers struct {
	Version                     int
	N, E, D, P, Q, Dp, Dq, Qinv *big.Int
	More                        asn1.RawValue `asn1:"optional"`
}

func TestDamagedKeys(t *testing.T) {
	key := testkey.Small()
	for _, test := range []struct {
		name, want string
		spoil      func(*numbers)
	}{
		{"n", "the private key is damaged: its primes do not make its modulus", func(n *numbers) { n.N.SetBit(n.N, 900, n.N.Bit(900)^1) }},
		{"low bit of n", "the private key is damaged: its primes do not make its modulus", func(n *numbers) { n.N.SetBit(n.N, 0, 0) }},
		{"p", "the private key is damaged: its primes do not make its modulus", func(n *numbers) { n.P.SetBit(n.P, 700, n.P.Bit(700)^1) }},
		{"multiple of n", "the private key is damaged: its primes do not make its modulus", func(n *numbers) { n.P.Mul(n.P, big.NewInt(3)) }},
		{"p zero", "the private key is damaged: its primes do not make its modulus", func(n *numbers) { n.P.SetInt64(0) }},
		{"p one", "the private key is damaged: its numbers do not belong together", func(n *numbers) { n.P.SetInt64(1); n.Q.Set(n.N) }},
		{"d", "the private key is damaged: its numbers do not belong together", func(n *numbers) { n.D.SetBit(n.D, 700, n.D.Bit(700)^1) }},
		{"dP", "the private key is damaged: its numbers do not belong together", func(n *numbers) { n.Dp.SetBit(n.Dp, 700, n.Dp.Bit(700)^1) }},
		{"dQ zero", "the private key is damaged: its numbers do not belong together", func(n *numbers) { n.Dq.SetInt64(0) }},
		{"qInv", "the private key is damaged: its numbers do not belong together", func(n *numbers) { n.Qinv.SetBit(n.Qinv, 700, n.Qinv.Bit(700)^1) }},
		{"another e", "the private key is damaged: its numbers do not belong together", func(n *numbers) { n.E.SetInt64(17) }},
		{"even e", "the public exponent is not an odd number from 3 to 2^31-1", func(n *numbers) { n.E.SetInt64(65536) }},
		{"e is one", "the public exponent is not an odd number from 3 to 2^31-1", func(n *numbers) { n.E.SetInt64(1) }},
		{"large e", "the public exponent is not an odd number from 3 to 2^31-1", func(n *numbers) { n.E.SetInt64(1<<31 + 1) }},
		{"even modulus", "the modulus is not odd", func(n *numbers) { n.P.Lsh(n.P, 1); n.N.Lsh(n.N, 1) }},
		{"negative d", "the DER structure is not that of a key", func(n *numbers) { n.D.Neg(n.D) }},
		{"small", "an RSA key of 1024 bits; 2048 to 8192 are accepted", func(n *numbers) { n.N.Rsh(n.N, 1024) }},
		{"large", "an RSA key of 8193 bits; 2048 to 8192 are accepted", func(n *numbers) { n.N.Lsh(n.N, 8193-2048) }},
		{"version", "the DER structure is not that of a key", func(n *numbers) { n.Version = 2 }},
		{"more", "the DER structure is not that of a key", func(n *numbers) { n.More = asn1.NullRawValue }},
		{"three primes", "a private key of more than two primes", func(n *numbers) { n.Version = 1; n.More = asn1.NullRawValue }},
	} {
		t.Run(test.name, func(t *testing.T) {
			var n numbers
			if _, err := asn1.Unmarshal(pkcs1(key), &n); err != nil {
				t.Fatal(err)
			}
			test.spoil(&n)
			der, err := asn1.Marshal(n)
			if err != nil {
				t.Fatal(err)
			}
			f := identify(t, toHex(der))
			_, err = f.Open(nil)
			if err == nil || err.Error() != test.want {
				t.Fatalf("%v, want %s", err, test.want)
			}
			if damaged := strings.Contains(test.want, "damaged"); errors.Is(err, ErrDamagedKey) != damaged {
				t.Errorf("is ErrDamagedKey: %v", !damaged)
			}
			wantNoLeak(t, err, toHex(der))
			if _, pubErr := f.PublicKey(); pubErr == nil || pubErr.Error() != test.want {
				t.Errorf("PublicKey: %v, want %s", pubErr, test.want)
			}
			_, err = identifyOpen(sealAge(t, der, false))
			if err == nil || err.Error() != "inside the seal: "+test.want {
				t.Errorf("sealed: %v", err)
			}
		})
	}
}

func identifyOpen(data []byte) (*rsa.PrivateKey, error) {
	f, err := Identify(data)
	if err != nil {
		return nil, err
	}
	return f.Open([]byte(passphrase))
}
