package export

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"encoding/json"
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

// web3 is Web3 secret storage, version 3.
type web3 struct {
	Address string `json:"address"` // without 0x, in lower case
	Crypto  struct {
		Cipher       string `json:"cipher"`
		CipherParams struct {
			IV string `json:"iv"`
		} `json:"cipherparams"`
		CipherText string `json:"ciphertext"`
		KDF        string `json:"kdf"`
		KDFParams  struct {
			DKLen int    `json:"dklen"`
			N     int    `json:"n"`
			P     int    `json:"p"`
			R     int    `json:"r"`
			Salt  string `json:"salt"`
		} `json:"kdfparams"`
		MAC string `json:"mac"`
	} `json:"crypto"`
	ID      string `json:"id"`
	Version int    `json:"version"`
}

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

	var k web3
	k.Address = address(public)
	k.Crypto.Cipher, k.Crypto.CipherParams.IV = "aes-128-ctr", hex.EncodeToString(iv)
	k.Crypto.CipherText, k.Crypto.MAC = hex.EncodeToString(text), hex.EncodeToString(mac.Sum(nil))
	k.Crypto.KDF, k.Crypto.KDFParams.Salt = "scrypt", hex.EncodeToString(salt)
	k.Crypto.KDFParams.DKLen, k.Crypto.KDFParams.N, k.Crypto.KDFParams.R, k.Crypto.KDFParams.P = 32, w.n, w.r, w.p
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80 // a random UUID (RFC 9562)
	k.ID, k.Version = fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:]), 3
	return json.Marshal(k)
}

func address(public group.Point) string {
	for _, a := range wallet.Addresses(group.Secp256k1, public) {
		if a.Chain == "ethereum" {
			return strings.ToLower(strings.TrimPrefix(a.Text, "0x"))
		}
	}
	panic("export: no Ethereum address")
}
