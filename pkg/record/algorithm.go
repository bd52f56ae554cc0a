package record

import (
	"recover/internal/group"
)

// algorithms are the names of the two algorithms, as columnName leaves them. No
// other algorithm of the service is known by any of them.
var algorithms = map[string]group.Group{
	"secp256k1": group.Secp256k1, "ecdsa": group.Secp256k1, "ecdsasecp256k1": group.Secp256k1, "secp256k1ecdsa": group.Secp256k1, "k256": group.Secp256k1,
	"es256k": group.Secp256k1, "mpcecdsasecp256k1": group.Secp256k1, "keyalgorithmsecp256k1": group.Secp256k1, "ecsecp256k1": group.Secp256k1,
	"ed25519": group.Edwards25519, "eddsa": group.Edwards25519, "eddsaed25519": group.Edwards25519, "ed25519eddsa": group.Edwards25519,
	"edwards25519": group.Edwards25519, "mpceddsaed25519": group.Edwards25519, "keyalgorithmed25519": group.Edwards25519,
}

// ParseAlgorithm reads the name of an algorithm as people write it: in any case,
// with any signs between its parts, and by the usual other names. The backup of a
// key says which it is, so that a name that was meant otherwise is refused there.
func ParseAlgorithm(text string) (g group.Group, known bool) {
	if g, known = group.ByAlgorithm(text); known || len(text) > maxText {
		return g, known
	}
	g, known = algorithms[columnName(text)]
	if !known {
		g, known = algorithms[columnName(openParentheses.Replace(text))]
	}
	return g, known
}
