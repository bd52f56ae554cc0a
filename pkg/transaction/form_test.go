package transaction

import (
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"recover/pkg/transaction/chain"
)

func TestReadObject(t *testing.T) {
	f, err := ReadObject([]byte(" {\"a\": 1 , \"b\":\"x\",\"c\":null,\"d\":{\"e\":[1]}} \n"))
	if err != nil {
		t.Fatal(err)
	}
	if len(f) != 3 || string(f["a"]) != "1" || string(f["b"]) != `"x"` || string(f["d"]) != `{"e":[1]}` {
		t.Errorf("%q", f)
	}
	if err := f.Only("a", "b", "d"); err != nil {
		t.Error(err)
	}
	if err := f.Only("a", "b"); err == nil || !strings.Contains(err.Error(), `"d"`) {
		t.Errorf("a member that is not known: %v", err)
	}
	for _, bad := range []string{"", "[]", "1", `{"a":1,"a":1}`, `{"a":{"b":1,"b":2}}`, `{"a":1}{}`, `{"a":1,}`, `{a:1}`} {
		if _, err := ReadObject([]byte(bad)); err == nil {
			t.Errorf("%s is accepted", bad)
		}
	}
	if _, err := ReadObject(make([]byte, MaxSize+1)); !errors.Is(err, ErrSize) {
		t.Errorf("too long: %v", err)
	}
	if e, err := ReadArray([]byte(`[1, "2",{}]`), 3); err != nil || len(e) != 3 || string(e[1]) != `"2"` {
		t.Errorf("%q, %v", e, err)
	}
	for _, bad := range []string{"", "{}", "[1,2]", "[1", "[1]2"} {
		if _, err := ReadArray([]byte(bad), 1); err == nil {
			t.Errorf("%s is accepted", bad)
		}
	}
}

func TestNumber(t *testing.T) {
	for text, want := range map[string]string{`0`: "0", `12`: "12", `"12"`: "12", `"0x0c"`: "12", `"0xFf"`: "255", `"007"`: "7", `18446744073709551615`: "18446744073709551615"} {
		if n, err := (Fields{"n": []byte(text)}).Number("n", 64); err != nil || n.String() != want {
			t.Errorf("%s: %v, %v", text, n, err)
		}
	}
	for _, bad := range []string{`-1`, `1.0`, `1e3`, `"1e3"`, `"-1"`, `"+1"`, `""`, `"0x"`, `" 1"`, `"1_000"`, `"1,000"`, `"x1"`, `"0x1g"`, `"0X1"`, `true`, `[1]`, `{}`, `18446744073709551616`, `"` + strings.Repeat("0", 81) + `"`} {
		if n, err := (Fields{"n": []byte(bad)}).Number("n", 64); err == nil {
			t.Errorf("%s is %s", bad, n)
		}
	}
	if _, err := (Fields{}).Uint64("n"); err == nil || err.Error() != "n: is missing" {
		t.Errorf("a member that is missing: %v", err)
	}
}

func TestQuote(t *testing.T) {
	for in, want := range map[string]string{"a": `"a"`, "\x1b[2J\"": `"\x1b[2J\""`, "\u202e": `"\u202e"`, strings.Repeat("a", 65): `"` + strings.Repeat("a", 64) + `"... (65 bytes)`} {
		if got := Quote(in); got != want {
			t.Errorf("%q becomes %s", in, got)
		}
	}
	if got := Printable("U\nSD"); got != `U\nSD` {
		t.Error(got)
	}
	if got := Hex([]byte{1, 255}); got != "0x01ff (2 bytes)" {
		t.Error(got)
	}
	if got := Hex(make([]byte, 100)); got != "0x"+strings.Repeat("00", 64)+"... (100 bytes)" {
		t.Error(got)
	}
}

func TestAccountError(t *testing.T) {
	for want, e := range map[string]*AccountError{
		"the transaction is for the account A, the key has B":      {Want: "A", Key: "B"},
		"the key is of a curve that has no accounts on this chain": {Want: "A"},
	} {
		if e.Error() != want {
			t.Errorf("%s, want %s", e, want)
		}
	}
}

func TestCheckFee(t *testing.T) {
	known, unknown := chain.EVMChain(1), chain.EVMChain(2)
	for _, c := range []struct {
		chain  chain.Chain
		fee    *big.Int
		limits Limits
		want   string
	}{
		{known, known.FeeCap, Limits{}, "<nil>"},
		{known, new(big.Int).Add(known.FeeCap, big.NewInt(1)), Limits{}, "the fee can be 0.050000000000000001 ETH (50000000000000001 wei), above the cap of 0.05 ETH (50000000000000000 wei)"},
		{known, big.NewInt(11), Limits{MaxFee: big.NewInt(10)}, "the fee can be 0.000000000000000011 ETH (11 wei), above the cap of 0.00000000000000001 ETH (10 wei)"},
		{unknown, big.NewInt(0), Limits{}, "UNKNOWN EVM CHAIN has no fee cap of its own, and none was given"},
		{unknown, big.NewInt(10), Limits{MaxFee: big.NewInt(10)}, "<nil>"},
	} {
		if got := fmt.Sprint(CheckFee(c.chain, c.fee, c.limits)); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}
