package export

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"

	"recover/internal/group"
	"recover/internal/secret"
	"recover/pkg/wallet"
)

// The characters of a descriptor, in the order in which its checksum counts them,
// and those of the checksum (BIP-380).
const (
	descriptorCharacters = "0123456789()[],'/*abcdefgh@:$%{}" +
		"IJKLMNOPQRSTUVWXYZ&+-.;<=>?!^_|~" +
		"ijklmnopqrstuvwxyzABCDEFGH`#\"\\ "
	checksumCharacters = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
)

// ErrDescriptor is returned for a text that has characters that no descriptor has.
var ErrDescriptor = errors.New("not a descriptor")

// Checksum returns the eight characters that follow the # of a descriptor
// (BIP-380). The error is ErrDescriptor.
func Checksum(descriptor string) (string, error) {
	sum, class, classes := uint64(1), uint64(0), 0
	for _, c := range []byte(descriptor) {
		at := strings.IndexByte(descriptorCharacters, c)
		if at < 0 {
			return "", ErrDescriptor
		}
		sum = polymod(sum, uint64(at)&31)
		class = class*3 + uint64(at)>>5
		if classes++; classes == 3 {
			sum, class, classes = polymod(sum, class), 0, 0
		}
	}
	if classes > 0 {
		sum = polymod(sum, class)
	}
	for range 8 {
		sum = polymod(sum, 0)
	}
	sum ^= 1
	text := make([]byte, 8)
	for i := range text {
		text[i] = checksumCharacters[sum>>(5*(7-i))&31]
	}
	return string(text), nil
}

// polymod adds five bits to the remainder of the checksum's polynomial.
func polymod(sum, value uint64) uint64 {
	generator := [...]uint64{0xf5dee51989, 0xa9fdca3312, 0x1bab10e32d, 0x3706b1677a, 0x644d626ffd}
	top := sum >> 35
	sum = sum&0x7ffffffff<<5 ^ value
	for i, g := range generator {
		if top>>i&1 == 1 {
			sum ^= g
		}
	}
	return sum
}

// WatchDescriptor returns wpkh(KEY)#CHECKSUM of a public key of secp256k1, with
// which Bitcoin Core watches its P2WPKH address, and cannot spend from it.
func WatchDescriptor(public group.Point) string {
	return withChecksum("wpkh(" + hex.EncodeToString(group.Compressed(public)) + ")")
}

func withChecksum(descriptor string) string {
	sum, err := Checksum(descriptor)
	if err != nil {
		panic(err) // made of digits, letters and brackets
	}
	return descriptor + "#" + sum
}

// privateDescriptor returns wpkh(WIF)#CHECKSUM.
func privateDescriptor(key []byte, testnet bool) []byte {
	wif := wallet.WIF(key, testnet)
	defer secret.Wipe(wif)
	// Checksum takes a string, of which a copy stays until it is collected.
	text := "wpkh(" + string(wif) + ")"
	return []byte(withChecksum(text))
}

// Watched is an address to be watched.
type Watched struct {
	Public group.Point // of secp256k1
	Label  string
}

// ImportDescriptors returns the argument of Bitcoin Core's importdescriptors that
// makes a wallet watch the P2WPKH addresses of public keys, from the first block
// on: JSON, a line for each.
func ImportDescriptors(keys []Watched) []byte {
	b := []byte("[")
	for i, k := range keys {
		line, err := json.Marshal(struct {
			Descriptor string `json:"desc"`
			Timestamp  int    `json:"timestamp"`
			Label      string `json:"label"`
		}{WatchDescriptor(k.Public), 0, k.Label})
		if err != nil {
			panic(err) // strings and a number can be written
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(b, "\n  "...), line...)
	}
	return append(b, "\n]\n"...)
}
