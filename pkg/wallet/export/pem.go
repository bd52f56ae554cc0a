package export

import (
	"encoding/asn1"
	"encoding/pem"

	"golang.org/x/crypto/cryptobyte"
	tags "golang.org/x/crypto/cryptobyte/asn1"

	"recover/internal/group"
	"recover/internal/secret"
)

var (
	oidECPublicKey = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
	oidSecp256k1   = asn1.ObjectIdentifier{1, 3, 132, 0, 10}
)

// ecPrivateKey writes ECPrivateKey (RFC 5915), with the curve's name where it
// stands alone.
func ecPrivateKey(b *cryptobyte.Builder, key []byte, public group.Point, alone bool) {
	b.AddASN1(tags.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddASN1OctetString(key)
		if alone {
			b.AddASN1(tags.Tag(0).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oidSecp256k1) })
		}
		b.AddASN1(tags.Tag(1).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) { b.AddASN1BitString(public.Bytes()) })
	})
}

// sec1PEM writes EC PRIVATE KEY.
func sec1PEM(key []byte, public group.Point) ([]byte, error) {
	// Within the size that is given, the builder leaves no copies behind.
	b := cryptobyte.NewBuilder(make([]byte, 0, 256))
	ecPrivateKey(b, key, public, true)
	return armour("EC PRIVATE KEY", b)
}

// pkcs8PEM writes PRIVATE KEY (RFC 5208).
func pkcs8PEM(key []byte, public group.Point) ([]byte, error) {
	b := cryptobyte.NewBuilder(make([]byte, 0, 256))
	b.AddASN1(tags.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(0)
		b.AddASN1(tags.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidECPublicKey)
			b.AddASN1ObjectIdentifier(oidSecp256k1)
		})
		b.AddASN1(tags.OCTET_STRING, func(b *cryptobyte.Builder) { ecPrivateKey(b, key, public, false) })
	})
	return armour("PRIVATE KEY", b)
}

func armour(kind string, b *cryptobyte.Builder) ([]byte, error) {
	der, err := b.Bytes()
	if err != nil {
		return nil, err
	}
	defer secret.Wipe(der)
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), nil
}
