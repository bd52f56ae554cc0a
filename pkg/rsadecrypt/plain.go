package rsadecrypt

import (
	"bytes"
	"cmp"
	"crypto/rsa"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"recover/internal/secret"
)

// pkcs12BER begins a PKCS#12 file in BER with indefinite length; one in DER is
// recognised by classify.
var pkcs12BER = []byte{0x30, 0x80, 0x02, 0x01, 0x03}

// sequenceSize returns the size of the DER SEQUENCE that b begins with, header
// included, and the size of that header; 0, 0 if b begins with something else.
func sequenceSize(b []byte) (size, header int) {
	if len(b) < 2 || b[0] != 0x30 {
		return 0, 0
	}
	if b[1] < 0x80 {
		return 2 + int(b[1]), 2
	}
	header = 2 + int(b[1]&0x7f)
	if header < 3 || header > 5 || len(b) < header {
		return 0, 0
	}
	for _, c := range b[2:header] {
		size = size<<8 | int(c)
	}
	return header + size, header
}

// looksLikeDER is strict enough that the random salt at the start of the older
// sealed form passes once in some millions.
func looksLikeDER(b []byte) bool {
	size, header := sequenceSize(b)
	if size == 0 || len(b) <= header || header == 2 && len(b) > 256 {
		return false
	}
	return b[header] == 0x02 || b[header] == 0x30 // INTEGER or SEQUENCE
}

// identifyDER takes one structure in DER, white space after it ignored.
func identifyDER(b []byte, encoding string) (*File, error) {
	size, _ := sequenceSize(b)
	switch {
	case size == 0:
		return nil, ErrBadStructure
	case len(b) < size:
		return nil, ErrTruncated
	case len(bytes.TrimSpace(b[size:])) > 0:
		return nil, ErrTrailing
	}
	der := bytes.Clone(b[:size])
	f, err := classify(der)
	if err != nil {
		secret.Wipe(der)
		return nil, err
	}
	f.form += Form(" " + encoding)
	return f, nil
}

// classify tells the structures apart by their first elements. The File refers
// to der.
func classify(der []byte) (*File, error) {
	in := cryptobyte.String(der)
	var seq, first cryptobyte.String
	var tag asn1.Tag
	if !in.ReadASN1(&seq, asn1.SEQUENCE) || !in.Empty() || !seq.ReadAnyASN1(&first, &tag) {
		return nil, ErrBadStructure
	}
	switch {
	case tag == asn1.INTEGER && len(first) == 1:
		return classifyVersioned(der, first[0], seq)
	case tag == asn1.INTEGER:
		return &File{form: "PKCS#1 public key", pkcs1: secret.New(der)}, nil
	case tag == asn1.SEQUENCE && seq.PeekASN1Tag(asn1.BIT_STRING):
		return classifySPKI(first, seq)
	case tag == asn1.SEQUENCE && seq.PeekASN1Tag(asn1.OCTET_STRING):
		return identifyEncrypted(first, seq)
	case tag == asn1.SEQUENCE && seq.PeekASN1Tag(asn1.SEQUENCE):
		return nil, classifyCertificate(first)
	}
	return nil, ErrBadStructure
}

// classifyVersioned takes the structures that begin with a version number: all
// private keys, and PKCS#12.
func classifyVersioned(der []byte, version byte, rest cryptobyte.String) (*File, error) {
	switch {
	case rest.PeekASN1Tag(asn1.INTEGER) && elements(rest) == 5:
		return nil, &KeyKindError{Kind: "DSA", Private: true}
	case rest.PeekASN1Tag(asn1.INTEGER):
		return &File{form: "PKCS#1", private: true, pkcs1: secret.New(der)}, nil
	case rest.PeekASN1Tag(asn1.OCTET_STRING): // RFC 5915
		return nil, &KeyKindError{Kind: "EC", Private: true}
	case rest.PeekASN1Tag(asn1.SEQUENCE) && version == 3:
		return identifyPKCS12(rest)
	case rest.PeekASN1Tag(asn1.SEQUENCE):
		return classifyPKCS8(rest)
	}
	return nil, ErrBadStructure
}

func elements(s cryptobyte.String) (n int) {
	var element cryptobyte.String
	var tag asn1.Tag
	for s.ReadAnyASN1(&element, &tag) {
		n++
	}
	return n
}

// classifyPKCS8 reads RFC 5958, after the version. Attributes are ignored.
func classifyPKCS8(rest cryptobyte.String) (*File, error) {
	var algorithm, key cryptobyte.String
	if !rest.ReadASN1(&algorithm, asn1.SEQUENCE) || !rest.ReadASN1(&key, asn1.OCTET_STRING) {
		return nil, ErrBadStructure
	}
	if err := readRSA(&algorithm, true); err != nil {
		return nil, err
	}
	return &File{form: "PKCS#8", private: true, pkcs1: secret.New(key)}, nil
}

// classifySPKI reads RFC 5280, 4.1.2.7. It takes only the one encoding that the
// fingerprint is made of, with the NULL of RFC 3279, 2.3.1.
func classifySPKI(algorithm, rest cryptobyte.String) (*File, error) {
	var key []byte
	if !rest.ReadASN1BitStringAsBytes(&key) || !rest.Empty() {
		return nil, ErrBadStructure
	}
	if err := readRSA(&algorithm, false); err != nil {
		return nil, err
	}
	if !bytes.Equal(algorithm, []byte{0x05, 0x00}) {
		return nil, ErrBadStructure
	}
	return &File{form: "public key", pkcs1: secret.New(key)}, nil
}

// classifyCertificate tells a certificate (RFC 5280) from a request (RFC 2986)
// by the first part of either. A request ends with its attributes, [0].
func classifyCertificate(part cryptobyte.String) error {
	attributes := asn1.Tag(0).ContextSpecific().Constructed()
	if part.PeekASN1Tag(attributes) { // the version of a certificate
		return ErrCertificate
	}
	if !part.SkipASN1(asn1.INTEGER) || !part.SkipASN1(asn1.SEQUENCE) || !part.SkipASN1(asn1.SEQUENCE) {
		return ErrBadStructure
	}
	if part.PeekASN1Tag(attributes) {
		return ErrCertificateRequest
	}
	return ErrCertificate // of version 1
}

var kinds = map[string]string{
	"1.2.840.113549.1.1.1":  "RSA",
	"1.2.840.113549.1.1.7":  "RSAES-OAEP",
	"1.2.840.113549.1.1.10": "RSASSA-PSS",
	"1.2.840.113549.1.3.1":  "DH",
	"1.2.840.10040.4.1":     "DSA",
	"1.2.840.10045.2.1":     "EC",
	"1.3.101.110":           "X25519",
	"1.3.101.111":           "X448",
	"1.3.101.112":           "Ed25519",
	"1.3.101.113":           "Ed448",
}

// readRSA reads the OID of an AlgorithmIdentifier, refuses any but that of RSA, and
// leaves the parameters.
func readRSA(algorithm *cryptobyte.String, private bool) error {
	oid, params, err := readAlgorithm(*algorithm)
	if err != nil {
		return err
	}
	if kind := cmp.Or(kinds[oid], "unknown"); kind != "RSA" {
		return &KeyKindError{Kind: kind, Private: private}
	}
	*algorithm = params
	return nil
}

// parsePrivate reads an RSAPrivateKey (RFC 8017, A.1.2) and proves that its
// numbers belong together. Their primality is not tested.
//
// It does not use crypto/x509, which a GODEBUG variable tells to accept wrong
// CRT values, and whose errors do not say what is wrong.
func parsePrivate(der []byte) (*rsa.PrivateKey, error) {
	var n [9]*big.Int // version, n, e, d, p, q, dP, dQ, qInv
	rest, err := readIntegers(der, n[:])
	switch {
	case err != nil:
		return nil, err
	case n[0].Cmp(big.NewInt(1)) == 0:
		return nil, ErrMultiPrime
	case n[0].Sign() != 0 || !rest.Empty():
		return nil, ErrBadStructure
	}
	key := &rsa.PrivateKey{
		PublicKey:   rsa.PublicKey{N: n[1]},
		D:           n[3],
		Primes:      []*big.Int{n[4], n[5]},
		Precomputed: rsa.PrecomputedValues{Dp: n[6], Dq: n[7], Qinv: n[8]},
	}
	if err := checkPrivate(key, n[2]); err != nil {
		Wipe(key)
		return nil, err
	}
	return key, nil
}

// readIntegers fills n with the first elements of a SEQUENCE, none of them
// negative, and returns what follows them.
func readIntegers(der []byte, n []*big.Int) (rest cryptobyte.String, err error) {
	in := cryptobyte.String(der)
	if !in.ReadASN1(&rest, asn1.SEQUENCE) || !in.Empty() {
		return nil, ErrBadStructure
	}
	for i := range n {
		n[i] = new(big.Int)
		if !rest.ReadASN1Integer(n[i]) || n[i].Sign() < 0 {
			return nil, ErrBadStructure
		}
	}
	return rest, nil
}

// checkPrivate also sets the exponent and precomputes. The product comes first:
// of all that damage breaks, it is the plainest to say. crypto/rsa would accept
// a multiple of the modulus.
func checkPrivate(key *rsa.PrivateKey, e *big.Int) error {
	if err := CheckSize(key.N.BitLen()); err != nil {
		return err
	}
	p, q := key.Primes[0], key.Primes[1]
	product := new(big.Int)
	if p.BitLen()+q.BitLen() > key.N.BitLen()+1 || product.Mul(p, q).Cmp(key.N) != 0 {
		return errPrimes
	}
	if err := setExponent(&key.PublicKey, e); err != nil {
		return err
	}
	key.Precompute()
	if key.Validate() != nil {
		return errParts
	}
	return nil
}

// Wipe overwrites the private numbers of key with zeros, and leaves its public
// key. It cannot reach the copy that crypto/rsa keeps for itself after
// Precompute, nor what earlier operations left in memory: it drops the
// references to them, and the collector reuses the memory at its own time.
func Wipe(key *rsa.PrivateKey) {
	numbers := append([]*big.Int{
		key.D, key.Precomputed.Dp, key.Precomputed.Dq, key.Precomputed.Qinv,
	}, key.Primes...)
	for _, n := range numbers {
		if n != nil {
			words := n.Bits()
			clear(words[:cap(words)])
		}
	}
	*key = rsa.PrivateKey{PublicKey: key.PublicKey}
}

// openInner reads what an authenticated seal held: any unsealed form of a
// private key. It wipes plaintext.
func openInner(plaintext []byte) (*rsa.PrivateKey, error) {
	defer secret.Wipe(plaintext)
	f, err := Identify(plaintext)
	if err != nil {
		return nil, inSeal(err)
	}
	defer f.Wipe()
	if f.seal != nil {
		return nil, ErrNested
	}
	key, err := f.Open(nil)
	if err != nil {
		return nil, inSeal(err)
	}
	return key, nil
}
