package custody

import (
	"strings"

	"filippo.io/age"

	"recover/internal/bech32"
	"recover/internal/secret"
)

// identityPrefix is the human-readable part of an age X25519 identity; the
// checksum is made over it in lower case.
const identityPrefix = "AGE-SECRET-KEY-"

// encodeIdentity writes 32 secret bytes as the age tools do: in Bech32
// (BIP-173), upper case, 74 characters.
func encodeIdentity(key []byte) *secret.Bytes {
	data := bech32.AppendFives(make([]byte, 0, 64), key)
	defer func() { secret.Wipe(data) }()
	data = append(data, bech32.Bech32.Checksum(strings.ToLower(identityPrefix), data)...)
	return secret.New(bech32.Append(append(make([]byte, 0, 74), identityPrefix+"1"...), data))
}

// parseIdentity makes age's form of an identity. age takes it as a string, of
// which a copy stays in memory until it is collected.
func parseIdentity(text *secret.Bytes) *age.X25519Identity {
	id, err := age.ParseX25519Identity(string(text.Reveal()))
	if err != nil { // cannot be: encodeIdentity wrote it
		panic("custody: an identity that age does not take")
	}
	return id
}
