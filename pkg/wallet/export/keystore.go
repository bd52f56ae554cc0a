package export

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/crypto/scrypt"
	"golang.org/x/crypto/sha3"

	"recover/internal/group"
	"recover/internal/secret"
	"recover/pkg/wallet"
)

// ErrPassphrase is returned where a keystore would have no passphrase.
var ErrPassphrase = errors.New("an Ethereum keystore needs a passphrase")

// work is what scrypt is asked for: 128·n·r bytes, n·r·p steps.
type work struct{ n, r, p int }

// usualWork is what geth writes: 256 MiB, and about a second.
var usualWork = work{1 << 18, 8, 1}

// web3 is Web3 secret storage, version 3: address without 0x and in lower case,
// initial counter, text, N, p, r, salt, MAC, ID.
const web3 = `{"address":"%s","crypto":{"cipher":"aes-128-ctr","cipherparams":{"iv":"%x"},"ciphertext":"%x",` +
	`"kdf":"scrypt","kdfparams":{"dklen":32,"n":%d,"p":%d,"r":%d,"salt":"%x"},"mac":"%x"},"id":"%x-%x-%x-%x-%x","version":3}`

// keystore seals a key: scrypt gives 32 bytes of the passphrase; the first 16 are
// the key of AES-128 in counter mode, the others authenticate its text with
// Keccak-256.
func keystore(random io.Reader, key []byte, public group.Point, passphrase *secret.Bytes, w work) ([]byte, error) {
	if passphrase == nil || passphrase.Len() == 0 {
		return nil, ErrPassphrase
	}
	fresh := make([]byte, 32+16+16) // salt, initial counter, ID
	if _, err := io.ReadFull(random, fresh); err != nil {
		return nil, fmt.Errorf("random salt: %w", err)
	}
	salt, iv, id := fresh[:32], fresh[32:48], fresh[48:]
	derived, err := scrypt.Key(passphrase.Reveal(), salt, w.n, w.r, w.p, 32)
	if err != nil {
		return nil, err
	}
	defer secret.Wipe(derived)
	block, err := aes.NewCipher(derived[:16])
	if err != nil {
		return nil, err
	}
	text := make([]byte, len(key))
	cipher.NewCTR(block, iv).XORKeyStream(text, key)
	mac := sha3.NewLegacyKeccak256()
	mac.Write(derived[16:])
	mac.Write(text)

	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80 // a random UUID (RFC 9562)
	return fmt.Appendf(nil, web3, address(public), iv, text, w.n, w.p, w.r, salt, mac.Sum(nil),
		id[:4], id[4:6], id[6:8], id[8:10], id[10:]), nil
}

func address(public group.Point) string {
	for _, a := range wallet.Addresses(group.Secp256k1, public) {
		if a.Chain == "ethereum" {
			return strings.ToLower(strings.TrimPrefix(a.Text, "0x"))
		}
	}
	panic("export: no Ethereum address")
}
