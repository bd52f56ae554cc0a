package wallet

import (
	"encoding/hex"
	"strings"
)

// EVMAddress writes the 20 bytes of an EVM account with the checksum of EIP-55.
func EVMAddress(account [20]byte) string { return eip55(account[:]) }

// ParseEVMAddress reads 0x and 40 hex digits: all in lower case or all in upper
// case, which carries no checksum, or with the right one of EIP-55. The error is
// ErrAddress.
func ParseEVMAddress(text string) (account [20]byte, err error) {
	digits, found := strings.CutPrefix(text, "0x")
	if !found || len(digits) != 40 {
		return account, ErrAddress
	}
	if _, err := hex.Decode(account[:], []byte(digits)); err != nil {
		return [20]byte{}, ErrAddress
	}
	if digits != strings.ToLower(digits) && digits != strings.ToUpper(digits) && text != EVMAddress(account) {
		return [20]byte{}, ErrAddress
	}
	return account, nil
}

const tronVersion = 0x41

// TronAddress writes the 20 bytes of a Tron account, which begins with T.
func TronAddress(account [20]byte) string {
	return base58check(bitcoinAlphabet, tronVersion, account[:])
}

// ParseTronAddress reads what TronAddress writes. The error is ErrAddress.
func ParseTronAddress(text string) (account [20]byte, err error) {
	version, payload, ok := decodeBase58check(bitcoinAlphabet, text)
	if !ok || version != tronVersion || len(payload) != len(account) {
		return account, ErrAddress
	}
	return [20]byte(payload), nil
}

// Opcodes of the scripts that have an address.
const (
	op0           = 0x00
	op1           = 0x51
	op16          = 0x60
	opDup         = 0x76
	opEqual       = 0x87
	opEqualVerify = 0x88
	opHash160     = 0xa9
	opCheckSig    = 0xac
)

// bitcoinNetwork is how a network's addresses begin.
type bitcoinNetwork struct {
	prefix              string
	keyHash, scriptHash byte
	privateKey          byte // WIF
}

var (
	bitcoinMain = bitcoinNetwork{prefix: "bc", keyHash: 0x00, scriptHash: 0x05, privateKey: 0x80}
	bitcoinTest = bitcoinNetwork{prefix: "tb", keyHash: 0x6f, scriptHash: 0xc4, privateKey: 0xef}
)

func network(testnet bool) bitcoinNetwork {
	if testnet {
		return bitcoinTest
	}
	return bitcoinMain
}

// BitcoinAddress writes the address of an output script: P2PKH, P2SH, and witness
// programs. It returns false where the script has none.
func BitcoinAddress(script []byte, testnet bool) (string, bool) {
	n := network(testnet)
	switch {
	case len(script) == 25 && script[0] == opDup && script[1] == opHash160 && script[2] == 20 && script[23] == opEqualVerify && script[24] == opCheckSig:
		return base58check(bitcoinAlphabet, n.keyHash, script[3:23]), true
	case len(script) == 23 && script[0] == opHash160 && script[1] == 20 && script[22] == opEqual:
		return base58check(bitcoinAlphabet, n.scriptHash, script[2:22]), true
	case len(script) >= 4 && len(script) <= 42 && int(script[1]) == len(script)-2:
		if script[0] == op0 && (len(script) == 22 || len(script) == 34) {
			return witness(n.prefix, 0, script[2:]), true
		}
		if script[0] >= op1 && script[0] <= op16 {
			return witness(n.prefix, script[0]-op1+1, script[2:]), true
		}
	}
	return "", false
}

// ParseBitcoinAddress returns the output script of an address of one of the
// networks. The error is ErrAddress.
func ParseBitcoinAddress(text string, testnet bool) (script []byte, err error) {
	n := network(testnet)
	if version, program, ok := decodeWitness(n.prefix, text); ok {
		op := byte(op0)
		if version > 0 {
			op = op1 + version - 1
		}
		return append([]byte{op, byte(len(program))}, program...), nil
	}
	version, payload, ok := decodeBase58check(bitcoinAlphabet, text)
	if !ok || len(payload) != 20 {
		return nil, ErrAddress
	}
	switch version {
	case n.keyHash:
		return append(append([]byte{opDup, opHash160, 20}, payload...), opEqualVerify, opCheckSig), nil
	case n.scriptHash:
		return append(append([]byte{opHash160, 20}, payload...), opEqual), nil
	}
	return nil, ErrAddress
}

// BitcoinKeyHash is the HASH160 that P2PKH and P2WPKH scripts hold of a
// compressed public key.
func BitcoinKeyHash(compressed []byte) [20]byte { return [20]byte(hash160(compressed)) }
