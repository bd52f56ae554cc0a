package transaction

import (
	"bytes"

	secp "github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"

	"recover/internal/group"
)

// VerifyDER tells whether der is a signature of digest under public, a point of
// secp256k1, in the one encoding that DER gives it, and with the lower s.
func VerifyDER(public group.Point, digest [32]byte, der []byte) bool {
	parsed, err := ecdsa.ParseDERSignature(der)
	if err != nil {
		return false
	}
	key, err := secp.ParsePubKey(public.Bytes())
	if err != nil || !parsed.Verify(digest[:], key) {
		return false
	}
	// Serialize writes the lower s, so it gives der back only if that has it.
	return bytes.Equal(parsed.Serialize(), der)
}
