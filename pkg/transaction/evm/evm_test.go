package evm

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"recover/fixtures/signing"
	"recover/internal/group"
	"recover/pkg/transaction"
)

var testKey, describe = signing.Key, signing.Text

// anyFee lets every fee through.
var anyFee = transaction.Limits{MaxFee: new(big.Int).Lsh(big.NewInt(1), 256)}

// TestEIP155 has the example of EIP-155.
func TestEIP155(t *testing.T) {
	const unsigned = "0xec098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080018080"
	const signed = "0xf86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83"
	tx, err := Parse([]byte(unsigned), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if digest := keccak256(tx.Unsigned()); hex.EncodeToString(digest[:]) != "daf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53" {
		t.Errorf("digest %x", digest)
	}
	s, err := tx.Sign(testKey(t, strings.Repeat("46", 32)), transaction.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if s.Text != signed {
		t.Errorf("signed %s, want %s", s.Text, signed)
	}
	if s.From != "0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F" {
		t.Errorf("from %s", s.From)
	}
	if _, err := Parse([]byte(signed), Options{}); !errors.Is(err, errSigned) {
		t.Errorf("a signed transaction: %v", err)
	}
}

// TestReadBack: what was signed is read back before it is given out, and v has no
// other value than 35 or 36, and twice the chain ID.
func TestReadBack(t *testing.T) {
	tx, err := Parse([]byte("0xec098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080018080"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	changed := 0
	for i := range 20 {
		key := testKey(t, fmt.Sprintf("%064x", i+1))
		s, err := tx.Sign(key, transaction.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		at := len(s.Raw) - 2*33 - 1 // r and s take 33 bytes each, unless they are short
		if v := s.Raw[at]; v != 37 && v != 38 {
			continue
		}
		signed := bytes.Clone(s.Raw)
		for v := range byte(128) {
			signed[at] = v
			if v > 0 && tx.(*Transaction).isSignedBy(signed, key.Public()) != (v == s.Raw[at]) {
				t.Errorf("key %d, v %d is taken for %d", i+1, v, s.Raw[at])
			}
		}
		changed++
	}
	if changed < 10 {
		t.Errorf("%d signatures were changed", changed)
	}
}

// TestEIP1559 has a token transfer with an access list as ethers 6.17.0 signs it:
// the nonce of RFC 6979 makes both signatures the same.
func TestEIP1559(t *testing.T) {
	tx, err := Parse([]byte(unsignedDynamic), Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := tx.Sign(testKey(t, strings.Repeat("46", 32)), transaction.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if s.Text != signedDynamic || s.ID != "0xd64a92eb5d39b4c94cca4809935e5520e6e65a5f8d907aab571eeab02db62a45" {
		t.Errorf("signed %s, ID %s", s.Text, s.ID)
	}
	if _, err := Parse([]byte(s.Text), Options{}); !errors.Is(err, errSigned) {
		t.Errorf("a signed transaction: %v", err)
	}
}

const (
	unsignedDynamic = "0x02f8a6010984773594008506fc23ac0082ea6094dac17f958d2ee523a2206206994597c13d831ec780b844a9059cbb0000000000000000000000003535353535353535353535353535353535353535000000000000000000000000000000000000000000000000000000000012d687f838f7945aaeb6053f3e94c9b9a09f33669435e7ef1beaede1a00000000000000000000000000000000000000000000000000000000000000001"
	signedDynamic   = "0x02f8e9010984773594008506fc23ac0082ea6094dac17f958d2ee523a2206206994597c13d831ec780b844a9059cbb0000000000000000000000003535353535353535353535353535353535353535000000000000000000000000000000000000000000000000000000000012d687f838f7945aaeb6053f3e94c9b9a09f33669435e7ef1beaede1a0000000000000000000000000000000000000000000000000000000000000000180a082d7a23734f0e851be00bf18dc6b36bbc0daaeded85b882f7c2d091990ab482aa04132356c63ff14411cbebdeaae1842069984b579d240a9624ff51e3cfbe742bb"
)

// TestDescribe pins what people read.
func TestDescribe(t *testing.T) {
	const transfer = "0xa9059cbb0000000000000000000000005aaeb6053f3e94c9b9a09f33669435e7ef1beaed000000000000000000000000000000000000000000000000000000000012d687"
	const approve = "0x095ea7b30000000000000000000000005aaeb6053f3e94c9b9a09f33669435e7ef1beaedffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	for _, c := range []struct{ name, json, want string }{
		{"coin", `{"chainId":1,"nonce":9,"gas":"0x5208","gasPrice":"20000000000","to":"0x3535353535353535353535353535353535353535","value":"0xde0b6b3a7640000"}`,
			`Network: Ethereum (chain ID 1)
Action: send ETH
To: 0x3535353535353535353535353535353535353535
Amount: 1 ETH (1000000000000000000 wei)
Highest fee: 0.00042 ETH (420000000000000 wei)
Gas: 21000 at 20 gwei per gas at most
Nonce: 9 (valid as transaction number 10 of the account only)
Type: legacy, with chain ID (EIP-155)
`},
		{"token", `{"type":2,"chainId":"10","nonce":0,"gasLimit":"90000","maxFeePerGas":"1500000001","maxPriorityFeePerGas":"1","from":"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
			"to":"0x0b2c639c533813f4aa9d7837caf62653d097ff85","value":null,"data":"` + transfer + `","sig":null,"accessList":[]}`,
			`Network: OP Mainnet (chain ID 10)
From: 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed
Action: send tokens (ERC-20 transfer)
To: 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed
Amount: 1.234567 USDC (1234567 of the smallest unit)
Token contract: 0x0b2C639c533813f4Aa9D7837CAf62653d097Ff85 (USDC)
Highest fee: 0.00013500000009 ETH (135000000090000 wei), and what the network charges for its entry on Ethereum
Gas: 90000 at 1.500000001 gwei per gas at most, of it 0.000000001 gwei tip
Nonce: 0 (valid as transaction number 1 of the account only)
Type: 2 (EIP-1559)
`},
		{"approval", `{"chainId":"0x539","nonce":1,"gas":60000,"maxFeePerGas":2,"maxPriorityFeePerGas":2,"to":"0x52908400098527886E0F7030069857D2E4169EE7","data":"` + approve + `"}`,
			`! Network: UNKNOWN EVM CHAIN (chain ID 1337)
! Action: let another account spend tokens (ERC-20 approve)
Spender: 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed
! Amount: UNLIMITED (115792089237316195423570985008687907853269984665640564039457584007913129639935 of the smallest unit)
! Token contract: 0x52908400098527886E0F7030069857D2E4169EE7 (not known here)
! Warning: until it is withdrawn, the spender can take this amount at any time
Highest fee: 0.00000000000012 of its native coin (120000 wei)
Gas: 60000 at 0.000000002 gwei per gas at most, of it 0.000000002 gwei tip
Nonce: 1 (valid as transaction number 2 of the account only)
Type: 2 (EIP-1559)
`},
		{"unknown call", `{"chainId":137,"nonce":1,"gas":20000,"gasPrice":0,"to":"0x0000000000000000000000000000000000000000","data":"0xdeadbeef","value":0}`,
			`Network: Polygon (chain ID 137)
! Action: call a contract with data that is not understood
Contract: 0x0000000000000000000000000000000000000000
Amount: 0 POL (0 wei)
! Data: 0xdeadbeef (4 bytes), Keccak-256 0xd4fd4e189132273036449fc9e11198c739161b4c0116a9a2dccdfa1c492006f1
! Warning: this may move tokens, or give others the right to
Highest fee: 0 POL (0 wei)
Gas: 20000 at 0 gwei per gas at most
Nonce: 1 (valid as transaction number 2 of the account only)
! Warning: the gas limit is below 21000: the network will not accept this
Type: legacy, with chain ID (EIP-155)
`},
		{"creation", `{"chainId":11155111,"nonce":1,"gas":200000,"gasPrice":1,"to":null,"data":"0x6000"}`,
			`Network: Sepolia testnet (chain ID 11155111)
! Action: create a contract
Amount: 0 ETH (0 wei)
! Data: 0x6000 (2 bytes), Keccak-256 0x07ad118d6cc8642c86c03827f276d8b791a65e5c99a3845faf186be720a1455d
Highest fee: 0.0000000000002 ETH (200000 wei)
Gas: 200000 at 0.000000001 gwei per gas at most
Nonce: 1 (valid as transaction number 2 of the account only)
Type: legacy, with chain ID (EIP-155)
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			tx, err := Parse([]byte(c.json), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got := describe(tx); got != c.want {
				t.Errorf("it reads:\n%s\nwant:\n%s", got, c.want)
			}
		})
	}
}

// TestRefused has what is valid on its chain, but not signed without being asked
// for.
func TestRefused(t *testing.T) {
	const to = `"to":"0x3535353535353535353535353535353535353535"`
	for _, c := range []struct {
		name, in string
		reason   transaction.Reason
		allowed  transaction.Limits // with which it is signed; zero where nothing helps
	}{
		{"fee above the cap", `{"chainId":1,"nonce":9,"gas":21000,"gasPrice":2400000000000,` + to + `}`, transaction.FeeTooHigh, anyFee},
		{"unknown chain", `{"chainId":1337,"nonce":9,"gas":21000,"gasPrice":1,` + to + `}`, transaction.FeeUnlimited, anyFee},
		{"unknown data", `{"chainId":1,"nonce":9,"gas":21000,"gasPrice":1,"data":"0x00",` + to + `}`, transaction.UnknownData, transaction.Limits{AllowData: true}},
		{"contract creation", `{"chainId":1,"nonce":9,"gas":21000,"gasPrice":1,"data":"0x00"}`, transaction.UnknownData, transaction.Limits{AllowData: true}},
		{"a token transfer with value", `{"chainId":1,"nonce":9,"gas":21000,"gasPrice":1,"value":1,"data":"0xa9059cbb` + strings.Repeat("0", 128) + `",` + to + `}`, transaction.UnknownData, transaction.Limits{AllowData: true}},
		{"a token transfer with a dirty address", `{"chainId":1,"nonce":9,"gas":21000,"gasPrice":1,"data":"0xa9059cbb01` + strings.Repeat("0", 126) + `",` + to + `}`, transaction.UnknownData, transaction.Limits{AllowData: true}},
		{"a token transfer with more data", `{"chainId":1,"nonce":9,"gas":21000,"gasPrice":1,"data":"0xa9059cbb` + strings.Repeat("0", 130) + `",` + to + `}`, transaction.UnknownData, transaction.Limits{AllowData: true}},
		{"no chain", "0xe9098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080", transaction.Unsupported, transaction.Limits{}},
		{"type 1", "0x01c0", transaction.Unsupported, transaction.Limits{}},
		{"type 3", "0x03f800", transaction.Unsupported, transaction.Limits{}},
		{"type 4 as JSON", `{"type":"0x4","chainId":1,"nonce":9,"gas":21000,"gasPrice":1,` + to + `}`, transaction.Unsupported, transaction.Limits{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			tx, err := Parse([]byte(c.in), Options{})
			if err == nil {
				err = tx.Check(transaction.Limits{})
				if _, signErr := tx.Sign(testKey(t, strings.Repeat("46", 32)), transaction.Limits{}); signErr == nil || signErr.Error() != err.Error() {
					t.Errorf("Check says %v, Sign %v", err, signErr)
				}
				if _, err := tx.Sign(testKey(t, strings.Repeat("46", 32)), c.allowed); err != nil {
					t.Errorf("allowed, but: %v", err)
				}
			}
			var refused *transaction.RefusedError
			if !errors.As(err, &refused) || refused.Reason != c.reason {
				t.Errorf("got %v, want a refusal for %s", err, c.reason)
			}
		})
	}
}

// TestSyntax has one fault in each.
func TestSyntax(t *testing.T) {
	const good = `{"chainId":1,"nonce":9,"gas":21000,"gasPrice":1,"to":"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed","value":"1"}`
	if _, err := Parse([]byte(good), Options{}); err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]string{
		{`"chainId":1`, `"chainId":0`}, {`"chainId":1`, `"chainId":9223372036854775808`}, {`"chainId":1,`, ``}, {`"nonce":9,`, ``},
		{`"nonce":9`, `"nonce":18446744073709551615`}, {`"nonce":9`, `"nonce":18446744073709551616`}, {`"nonce":9`, `"nonce":-1`}, {`"nonce":9`, `"nonce":1.0`},
		{`"nonce":9`, `"nonce":9e0`}, {`"nonce":9`, `"nonce":"0x"`}, {`"nonce":9`, `"nonce":""`}, {`"nonce":9`, `"nonce":" 9"`}, {`"nonce":9`, `"nonce":[9]`},
		{`"nonce":9`, `"nonce":true`}, {`"nonce":9`, `"nonce":9,"nonce":9`}, {`"gasPrice":1`, `"gasPrice":1,"maxFeePerGas":1`}, {`"gasPrice":1`, `"maxFeePerGas":1`},
		{`"gasPrice":1`, `"maxFeePerGas":1,"maxPriorityFeePerGas":2`}, {`"gasPrice":1,`, ``}, {`"gas":21000`, `"gas":21000,"gasLimit":21001`},
		{`1BeAed`, `1BeAeD`}, {`1BeAed`, `1BeAe`}, {`0x5a`, `0X5a`}, {`"value":"1"`, `"value":"1","data":"00"`}, {`"value":"1"`, `"value":"1","data":"0x0"`},
		{`"value":"1"`, `"value":"1","data":"0x00","input":"0x01"`}, {`"value":"1"`, `"value":"1","extra":1`}, {`"value":"1"`, `"value":"1","r":"0x1"`},
		{`"value":"1"`, `"value":"0x1` + strings.Repeat("0", 64) + `"`}, {`"value":"1"`, `"value":"1","accessList":[]`}, {`"value":"1"}`, `"value":"1"}}`},
		{`"to":"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",`, ``}, {`"gas":21000`, `"gas":"` + strings.Repeat("9", 81) + `"`},
		{`"gas":21000,"gasPrice":1`, `"gas":4294967296,"gasPrice":"0x` + strings.Repeat("f", 64) + `"`},
	} {
		in := strings.Replace(good, c[0], c[1], 1)
		if in == good {
			t.Fatalf("%s is not there", c[0])
		}
		if tx, err := Parse([]byte(in), Options{}); err == nil {
			t.Errorf("%s is accepted:\n%s", in, describe(tx))
		}
	}
}

// TestRLP has encodings that are not canonical, one fault each.
func TestRLP(t *testing.T) {
	const good = "ec098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080018080"
	for _, in := range []string{
		good + "00", good[:len(good)-2],
		"f82c" + good[2:], // the length in the long form
		strings.Replace(good, "ec09", "ed8109", 1), strings.Replace(good, "ec098504", "ed09860004", 1),
		strings.Replace(good, "018080", "008080", 1), strings.Replace(good, "018080", "01c080", 1), strings.Replace(good, "018080", "0180c0", 1),
		strings.Replace(good, "ec09", "ecc0", 1), "c0", "ff", "bf", "f90000", "02c0", "02f800", "02",
		strings.Repeat("c1", 70000) + "c0",
	} {
		if tx, err := Parse([]byte(in), Options{}); err == nil {
			t.Errorf("%.100s is accepted:\n%s", in, describe(tx))
		}
	}
	if _, err := Parse(make([]byte, transaction.MaxSize+1), Options{}); !errors.Is(err, transaction.ErrSize) {
		t.Errorf("too long: %v", err)
	}
	for _, in := range []string{"", "hello", "cHNidP8=", "0x0a02beef", `{"TransactionType":"Payment"}`, "[]"} {
		if _, err := Parse([]byte(in), Options{}); !errors.Is(err, transaction.ErrFormat) {
			t.Errorf("%q: %v, want ErrFormat", in, err)
		}
	}
}

// TestOtherAccount: a key signs for its own account only.
func TestOtherAccount(t *testing.T) {
	tx, err := Parse([]byte(`{"chainId":1,"nonce":9,"gas":21000,"gasPrice":1,"to":"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed","from":"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"}`), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var other *transaction.AccountError
	if _, err := tx.Sign(testKey(t, strings.Repeat("46", 32)), transaction.Limits{}); !errors.As(err, &other) {
		t.Errorf("got %v, want an AccountError", err)
	}
	one, err := transaction.NewKey(group.Edwards25519, group.Edwards25519.NewScalar().SetUint64(7))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Sign(one, transaction.Limits{}); !errors.As(err, &other) {
		t.Errorf("a key of edwards25519: %v, want an AccountError", err)
	}
}

// TestTokens: the built-in contracts have the right checksum, and a caller's come
// first.
func TestTokens(t *testing.T) {
	for _, k := range tokens {
		tx := &Transaction{}
		tx.chain.ID = k.ChainID
		if b, err := hex.DecodeString(k.Contract[2:]); err != nil || account(b).String() != k.Contract {
			t.Errorf("%s of chain %d: the checksum of %s is not right", k.Symbol, k.ChainID, k.Contract)
		} else if got, ok := tx.token(account(b)); !ok || got != k {
			t.Errorf("%s of chain %d is not found", k.Symbol, k.ChainID)
		}
	}
	tx := &Transaction{options: Options{Tokens: []Token{{1, tokens[0].Contract, "OTHER\x1b[2J", 3}}}}
	tx.chain.ID = 1
	b, _ := hex.DecodeString(tokens[0].Contract[2:])
	if k, _ := tx.token(account(b)); k.Symbol != `OTHER\x1b[2J` {
		t.Errorf("the caller's token is not taken, but %v", k)
	}
}

// FuzzParse holds that what is accepted has one encoding: it is the input where
// that was RLP, and is read again as the same transaction.
func FuzzParse(f *testing.F) {
	f.Add([]byte("ec098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080018080"))
	f.Add([]byte("02f8700180843b9aca008477359400825208943535353535353535353535353535353535353535880de0b6b3a764000080f838f7943535353535353535353535353535353535353535e1a00000000000000000000000000000000000000000000000000000000000000001"))
	f.Add([]byte(`{"chainId":1,"nonce":9,"gas":21000,"maxFeePerGas":1,"maxPriorityFeePerGas":"0x1","to":"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed","data":"0x01","accessList":[{"address":"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed","storageKeys":[]}]}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		tx, err := Parse(in, Options{})
		if err != nil {
			return
		}
		if b, ok := transaction.DecodeHex(in); ok && !bytes.Equal(b, tx.Unsigned()) {
			t.Errorf("%x becomes %x", b, tx.Unsigned())
		}
		again, err := ParseRLP(tx.Unsigned(), Options{})
		if err != nil || !bytes.Equal(again.Unsigned(), tx.Unsigned()) {
			t.Fatalf("its encoding is not read back: %v", err)
		}
		if text := describe(tx); strings.Trim(text, printable) != "" {
			t.Errorf("not printable: %q", text)
		}
		if tx.From() == "" && describe(again) != describe(tx) {
			t.Errorf("read back it is another one:\n%s\n%s", describe(tx), describe(again))
		}
	})
}

var printable = func() string {
	b := []byte{'\n'}
	for c := byte(' '); c <= '~'; c++ {
		b = append(b, c)
	}
	return string(b)
}()
