// Package export writes a rebuilt private key in the forms that other wallets
// import.
//
// A key of ED25519 is a scalar of which no RFC 8032 seed is known. Every form that
// means a seed (PKCS#8, JWK, Solana's id.json, the family seed of the XRP Ledger)
// would be read as another key, so it is refused; the scalar itself is written, and
// named as what it is.
//
// What is returned is wiped by the caller. Making WIF, and a descriptor of it,
// leaves copies in strings and numbers that Go cannot wipe.
package export

import (
	"crypto/rand"
	"encoding/hex"
	"io"
	"slices"

	"recover/internal/group"
	"recover/internal/secret"
	"recover/pkg/wallet"
)

// Format is a form of a private key.
type Format string

// The formats.
const (
	Hex          Format = "hex"                      // SECP256K1: 64 digits, big-endian
	WIF          Format = "wif"                      // SECP256K1: Bitcoin's wallet import format, for a compressed public key
	Descriptor   Format = "descriptor"               // SECP256K1: wpkh(WIF) with its checksum (BIP-380, BIP-382)
	Keystore     Format = "eth-keystore"             // SECP256K1: Web3 secret storage, version 3, sealed with a passphrase
	SEC1         Format = "pem-sec1"                 // SECP256K1: EC PRIVATE KEY (RFC 5915)
	PKCS8        Format = "pem-pkcs8"                // SECP256K1: PRIVATE KEY (RFC 5208)
	ScalarBig    Format = "scalar-hex-big-endian"    // ED25519
	ScalarLittle Format = "scalar-hex-little-endian" // ED25519
)

// Formats returns the formats of a group, the most usual first.
func Formats(g group.Group) []Format {
	if g == group.Edwards25519 {
		return []Format{ScalarBig, ScalarLittle}
	}
	return []Format{Hex, WIF, Descriptor, Keystore, SEC1, PKCS8}
}

// Options are what some formats need.
type Options struct {
	Testnet    bool          // WIF, Descriptor: of Bitcoin's test networks
	Passphrase *secret.Bytes // Keystore
}

// FormatError says that a key has no such form.
type FormatError struct {
	Format    Format
	Algorithm string // of the key
	// Seed tells that the form means a seed, and the key is a scalar.
	Seed bool
}

func (e *FormatError) Error() string {
	if e.Seed {
		return "an ED25519 key of this service is a scalar, and the format " + string(e.Format) + " holds a seed: a wallet would read another key"
	}
	return "an " + e.Algorithm + " key cannot be written as " + string(e.Format)
}

// seedFormats are the names by which people ask for what means a seed.
var seedFormats = []Format{SEC1, PKCS8, "pem", "pkcs8", "jwk", "solana", "id.json", "xrpl-seed", "family-seed", "seed", Hex}

// ScalarWarnings are to be shown with every exported scalar of ED25519.
var ScalarWarnings = []string{
	"This is the private scalar, not a seed (RFC 8032) and not a secret key of 64 bytes.",
	"Wallets ask for a seed: a wallet that accepts these digits makes another key from them, with another address.",
	"To sign with it, use software that signs with raw scalars and hedges its nonces.",
	"Big-endian and little-endian are the same 32 bytes in opposite order: use the one that the software names.",
}

// Export writes a private key, followed by a line break. The caller wipes it. The
// warnings are to be shown with it. The error is a *FormatError, ErrPassphrase, or
// that of the random source.
func Export(f Format, g group.Group, private group.Scalar, o Options) (text *secret.Bytes, warnings []string, err error) {
	return export(rand.Reader, f, g, private, o)
}

func export(random io.Reader, f Format, g group.Group, private group.Scalar, o Options) (*secret.Bytes, []string, error) {
	if !slices.Contains(Formats(g), f) {
		return nil, nil, &FormatError{f, g.Algorithm(), g == group.Edwards25519 && slices.Contains(seedFormats, f)}
	}
	key := private.Bytes()
	defer secret.Wipe(key)
	public := g.NewPoint().BaseMul(private)
	var text []byte
	var err error
	switch f {
	case Hex, ScalarBig:
		text = appendHex(key)
	case ScalarLittle:
		slices.Reverse(key)
		text = appendHex(key)
	case WIF:
		text = wallet.WIF(key, o.Testnet)
	case Descriptor:
		text = privateDescriptor(key, o.Testnet)
	case Keystore:
		text, err = keystore(random, key, public, o.Passphrase, usualWork)
	case SEC1:
		text = sec1PEM(key, public)
	case PKCS8:
		text = pkcs8PEM(key, public)
	}
	if err != nil {
		return nil, nil, err
	}
	out := secret.New(endLine(text))
	if g == group.Edwards25519 {
		return out, ScalarWarnings, nil
	}
	return out, nil, nil
}

func appendHex(key []byte) []byte { return hex.AppendEncode(make([]byte, 0, 2*len(key)+1), key) }

// endLine ends text, whose place is wiped where it has to be moved.
func endLine(text []byte) []byte {
	if len(text) > 0 && text[len(text)-1] == '\n' {
		return text
	}
	line := append(append(make([]byte, 0, len(text)+1), text...), '\n')
	secret.Wipe(text)
	return line
}
