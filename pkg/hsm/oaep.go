package hsm

import (
	"crypto/sha256"
	"crypto/subtle"

	"recover/internal/mgf1"
)

const hashSize = sha256.Size

// unpadOAEP undoes OAEP with SHA-256 and MGF1-SHA-256 (RFC 8017, 7.1.2, step 3). em
// is as long as the modulus, and is overwritten. The time it takes does not
// depend on what is wrong, and what is wrong is not told.
func unpadOAEP(em, label []byte) (message []byte, ok bool) {
	seed, db := em[1:1+hashSize], em[1+hashSize:]
	mgf1.XOR(seed, db)
	mgf1.XOR(db, seed)
	lHash := sha256.Sum256(label)
	good := subtle.ConstantTimeByteEq(em[0], 0) & subtle.ConstantTimeCompare(lHash[:], db[:hashSize])

	// After the hash: zeros, a one, the message.
	rest := db[hashSize:]
	looking, start := 1, 0
	for i, b := range rest {
		zero, one := subtle.ConstantTimeByteEq(b, 0), subtle.ConstantTimeByteEq(b, 1)
		start = subtle.ConstantTimeSelect(looking&one, i+1, start)
		good &= 1 ^ looking&(1^zero)&(1^one)
		looking &= 1 ^ one
	}
	if good&(1^looking) != 1 {
		return nil, false
	}
	return append([]byte(nil), rest[start:]...), true
}
