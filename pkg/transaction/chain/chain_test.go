package chain

import (
	"math/big"
	"strings"
	"testing"
)

func TestDecimal(t *testing.T) {
	for _, c := range []struct {
		units    string
		decimals int
		want     string
	}{
		{"0", 18, "0"}, {"1", 0, "1"}, {"1", 1, "0.1"}, {"10", 1, "1"}, {"105", 2, "1.05"}, {"1", 18, "0.000000000000000001"},
		{"1000000000000000000", 18, "1"}, {"-5", 1, "-0.5"}, {"-10", 0, "-10"},
		{"115792089237316195423570985008687907853269984665640564039457584007913129639935", 18, "115792089237316195423570985008687907853269984665640564039457.584007913129639935"},
	} {
		n, _ := new(big.Int).SetString(c.units, 10)
		if got := Decimal(n, c.decimals); got != c.want {
			t.Errorf("%s with %d decimals: %s, want %s", c.units, c.decimals, got, c.want)
		}
	}
}

func TestParseDecimal(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "1": 1e6, "1.5": 1.5e6, "1.500000": 1.5e6, "0.000001": 1, "12.0": 12e6} {
		if n, err := ParseDecimal(text, 6); err != nil || n.Int64() != want {
			t.Errorf("%s: %v, %v", text, n, err)
		}
	}
	for _, bad := range []string{"", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", "1.0000001", "01", "1 ", "1.2.3", "0x1", "\u0661", strings.Repeat("9", 79)} {
		if n, err := ParseDecimal(bad, 6); err == nil {
			t.Errorf("%s is %s", bad, n)
		}
	}
}

func TestAmount(t *testing.T) {
	for want, a := range map[string]Amount{
		"0.5 ETH (500000000000000000 wei)": EVMChain(1).Native(big.NewInt(5e17)),
		"1.5 USDT":                         {Units: big.NewInt(1.5e6), Decimals: 6, Symbol: "USDT"},
		"7 of the smallest unit":           {Units: big.NewInt(7), Decimals: -1},
		"0.7":                              {Units: big.NewInt(7), Decimals: 1},
	} {
		if got := a.String(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestChains(t *testing.T) {
	ids := map[uint64]bool{}
	all := []Chain{TronMainnet, BitcoinMainnet, BitcoinTestnet, XRPLedger, SolanaMainnet}
	for _, e := range evmChains {
		all = append(all, EVMChain(e.id))
	}
	for _, c := range all {
		if c.Name == "" || c.Symbol == "" || c.Unit == "" || c.Decimals <= 0 || c.FeeCap == nil || c.FeeCap.Sign() <= 0 || !strings.HasPrefix(c.Explorer, "https://") || !c.Known {
			t.Errorf("%+v is not complete", c)
		}
		if c.Test != strings.Contains(c.Name, "testnet") {
			t.Errorf("%s: Test is %t", c.Name, c.Test)
		}
		if c.Family == EVM {
			if ids[c.ID] {
				t.Errorf("chain ID %d occurs twice", c.ID)
			}
			ids[c.ID] = true
		}
	}
	for id, extra := range map[uint64]bool{1: false, 10: true, 8453: true, 84532: true, 534352: true, 137: false} {
		if c := EVMChain(id); c.ExtraFee != extra {
			t.Errorf("%s: ExtraFee is %t", c.Name, c.ExtraFee)
		}
	}
	if c := EVMChain(1 << 40); c.Known || c.FeeCap != nil || c.String() != "UNKNOWN EVM CHAIN (chain ID 1099511627776)" {
		t.Errorf("%+v", c)
	}
	if s := TronMainnet.String(); s != "Tron" {
		t.Error(s)
	}
}

// FuzzDecimal holds that what is written is read again, exactly.
func FuzzDecimal(f *testing.F) {
	f.Add([]byte{1}, uint8(18))
	f.Add([]byte{}, uint8(0))
	f.Fuzz(func(t *testing.T, b []byte, decimals uint8) {
		n := new(big.Int).SetBytes(b[:min(len(b), 32)])
		text := Decimal(n, int(decimals%MaxDecimals))
		if back, err := ParseDecimal(text, int(decimals%MaxDecimals)); err != nil || back.Cmp(n) != 0 {
			t.Errorf("%s becomes %s and then %v, %v", n, text, back, err)
		}
	})
}
