package export

import (
	"encoding/pem"
	"slices"

	"recover/internal/group"
	"recover/internal/secret"
)

// The DER around a private key of secp256k1, 32 bytes, and its public key, 65:
// ECPrivateKey (RFC 5915) with the curve's name, and PrivateKeyInfo (RFC 5208)
// with an ECPrivateKey without it. All lengths are fixed.
const (
	sec1Begin   = "\x30\x74" + "\x02\x01\x01" + "\x04\x20"
	sec1Middle  = "\xa0\x07" + oidSecp256k1 + "\xa1\x44\x03\x42\x00"
	pkcs8Begin  = "\x30\x81\x84" + "\x02\x01\x00" + "\x30\x10" + oidECPublicKey + oidSecp256k1 + "\x04\x6d" + "\x30\x6b" + "\x02\x01\x01" + "\x04\x20"
	pkcs8Middle = "\xa1\x44\x03\x42\x00"

	oidECPublicKey = "\x06\x07\x2a\x86\x48\xce\x3d\x02\x01" // 1.2.840.10045.2.1
	oidSecp256k1   = "\x06\x05\x2b\x81\x04\x00\x0a"         // 1.3.132.0.10
)

// sec1PEM writes EC PRIVATE KEY.
func sec1PEM(key []byte, public group.Point) []byte {
	return armour("EC PRIVATE KEY", sec1Begin, key, sec1Middle, public)
}

// pkcs8PEM writes PRIVATE KEY.
func pkcs8PEM(key []byte, public group.Point) []byte {
	return armour("PRIVATE KEY", pkcs8Begin, key, pkcs8Middle, public)
}

func armour(kind, begin string, key []byte, middle string, public group.Point) []byte {
	der := slices.Concat([]byte(begin), key, []byte(middle), public.Bytes())
	defer secret.Wipe(der)
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
