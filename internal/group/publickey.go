package group

import (
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	tag "golang.org/x/crypto/cryptobyte/asn1"
)

// maxPublicKey is the size in bytes of the largest public key that is looked
// at: enough to name the algorithm of an RSA-4096 key.
const maxPublicKey = 1024

var (
	oidEC        = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1} // RFC 5480
	oidSecp256k1 = asn1.ObjectIdentifier{1, 3, 132, 0, 10}       // SEC 2
	oidEd25519   = asn1.ObjectIdentifier{1, 3, 101, 112}         // RFC 8410
)

// ErrPublicKey is returned for what is neither a point nor a
// SubjectPublicKeyInfo. Errors wrap it and say which fault it is.
var ErrPublicKey = errors.New("bad public key")

// UnsupportedError is returned for a SubjectPublicKeyInfo of another algorithm
// or curve than those of the two groups.
type UnsupportedError struct {
	Kind string // "algorithm" or "curve"
	OID  asn1.ObjectIdentifier
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("public key of unsupported %s %v", e.Kind, e.OID)
}

// ParsePublicKey reads a public key in any of the forms in which it is written:
// a point of secp256k1, compressed (33 bytes) or not (65); a point of
// edwards25519 (32); or the DER SubjectPublicKeyInfo of either (docs/formats.md, section
// 2.1). Nothing may follow. The point has passed ParsePoint's checks. The error is
// an ErrPoint, an ErrPublicKey or an *UnsupportedError.
func ParsePublicKey(b []byte) (Group, Point, error) {
	switch len(b) { // no SubjectPublicKeyInfo of the two groups is so short
	case edPointSize:
		return withGroup(Edwards25519, b)
	case secpCompressedSize, secpPointSize:
		return withGroup(Secp256k1, b)
	}
	if len(b) > maxPublicKey {
		return nil, nil, fmt.Errorf("%w: %d bytes, at most %d are read", ErrPublicKey, len(b), maxPublicKey)
	}
	g, point, err := parseSPKI(b)
	if err != nil {
		return nil, nil, err
	}
	return withGroup(g, point)
}

func withGroup(g Group, b []byte) (Group, Point, error) {
	parse := g.ParsePoint
	if g == Secp256k1 && len(b) == secpCompressedSize {
		parse = parseSecpCompressed
	}
	p, err := parse(b)
	if err != nil {
		return nil, nil, err
	}
	return g, p, nil
}

// parseSPKI returns the group and the encoded point of a DER
// SubjectPublicKeyInfo (RFC 5280, section 4.1).
func parseSPKI(b []byte) (Group, []byte, error) {
	outer := cryptobyte.String(b)
	var spki, algorithm cryptobyte.String
	var point []byte
	if !outer.ReadASN1(&spki, tag.SEQUENCE) || !outer.Empty() ||
		!spki.ReadASN1(&algorithm, tag.SEQUENCE) ||
		!spki.ReadASN1BitStringAsBytes(&point) || !spki.Empty() {
		return nil, nil, fmt.Errorf("%w: neither a point nor a DER SubjectPublicKeyInfo", ErrPublicKey)
	}
	g, err := parseAlgorithm(algorithm)
	return g, point, err
}

// parseAlgorithm reads the fields of an AlgorithmIdentifier. The curve must be
// named: one that is spelt out could be any (RFC 5480, section 2.1.1).
func parseAlgorithm(s cryptobyte.String) (Group, error) {
	var oid asn1.ObjectIdentifier
	if !s.ReadASN1ObjectIdentifier(&oid) {
		return nil, fmt.Errorf("%w: no algorithm identifier", ErrPublicKey)
	}
	g := Edwards25519
	switch {
	case oid.Equal(oidEC):
		var curve asn1.ObjectIdentifier
		if !s.ReadASN1ObjectIdentifier(&curve) {
			return nil, fmt.Errorf("%w: the curve is not named", ErrPublicKey)
		}
		if !curve.Equal(oidSecp256k1) {
			return nil, unsupported("curve", curve)
		}
		g = Secp256k1
	case !oid.Equal(oidEd25519):
		return nil, unsupported("algorithm", oid)
	}
	if !s.Empty() {
		return nil, fmt.Errorf("%w: unexpected algorithm parameters", ErrPublicKey)
	}
	return g, nil
}

// unsupported cuts identifiers that are longer than any in use.
func unsupported(kind string, oid asn1.ObjectIdentifier) error {
	return &UnsupportedError{kind, slices.Clone(oid[:min(len(oid), 20)])}
}

// MarshalSPKI returns the DER SubjectPublicKeyInfo of p, a point of g: 88 bytes
// with the uncompressed point for secp256k1, 44 bytes for Ed25519. Like Bytes,
// it panics for the identity of secp256k1.
func MarshalSPKI(g Group, p Point) []byte {
	point := g.NewPoint().Set(p).Bytes() // panics where g is not p's group
	oids := []asn1.ObjectIdentifier{oidEC, oidSecp256k1}
	if g == Edwards25519 {
		oids = []asn1.ObjectIdentifier{oidEd25519}
	}
	var b cryptobyte.Builder
	b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) {
			for _, oid := range oids {
				b.AddASN1ObjectIdentifier(oid)
			}
		})
		b.AddASN1BitString(point)
	})
	return b.BytesOrPanic()
}

// Compressed returns the shortest standard encoding of p: 33 bytes, 0x02 or 0x03
// and x, for secp256k1 (SEC 1, section 2.3.3); Bytes, which are 32, for
// edwards25519.
func Compressed(p Point) []byte {
	b := p.Bytes()
	if len(b) == edPointSize {
		return b
	}
	odd := b[secpPointSize-1] & 1
	return append([]byte{2 + odd}, b[1:secpCompressedSize]...)
}
