package evm

import (
	"bytes"
	"errors"
	"math/big"
	"strings"
	"testing"

	"recover/pkg/transaction"
)

// TestBuild: everything is moved, to the last wei.
func TestBuild(t *testing.T) {
	key := testKey(t, strings.Repeat("46", 32))
	const to = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
	s := State{ChainID: 1, From: key.Address("ethereum"), Nonce: 3, Balance: big.NewInt(1e18), MaxFeePerGas: big.NewInt(3e9), Tip: big.NewInt(1e9)}
	all, err := TransferAll(s, to)
	if err != nil {
		t.Fatal(err)
	}
	if sum := new(big.Int).Add(all.Payments()[0].Amount.Units, all.MaxFee().Units); sum.Cmp(s.Balance) != 0 {
		t.Errorf("amount and fee are %s, want %s", sum, s.Balance)
	}
	s.Reserve = big.NewInt(5)
	if some, err := TransferAll(s, to); err != nil || new(big.Int).Sub(all.value, some.value).Int64() != 5 {
		t.Errorf("the reserve is not left: %v", err)
	}
	back, err := ParseRLP(all.Unsigned(), Options{})
	if err != nil || !bytes.Equal(back.Unsigned(), all.Unsigned()) {
		t.Errorf("not read back: %v", err)
	}
	if _, err := all.Sign(key, transaction.Limits{}); err != nil {
		t.Error(err)
	}
	token, err := TransferToken(s, tokens[0].Contract, to, big.NewInt(1234567))
	if err != nil {
		t.Fatal(err)
	}
	if p := token.Payments()[0]; p.Amount.String() != "1.234567 USDT" || p.To != to || p.Token != tokens[0].Contract {
		t.Errorf("token transfer: %+v", p)
	}
	s.Reserve = big.NewInt(-1)
	if _, err := TransferAll(s, to); err == nil {
		t.Error("a negative reserve is accepted")
	}
	s.Reserve, s.Balance = nil, new(big.Int).Mul(big.NewInt(21000), s.MaxFeePerGas)
	var poor *transaction.InsufficientError
	if _, err := TransferAll(s, to); !errors.As(err, &poor) || new(big.Int).Sub(poor.Need.Units, poor.Have.Units).Int64() != 1 {
		t.Errorf("a balance of the fee alone: %v", err)
	}
	if _, err := Transfer(s, to, big.NewInt(1)); !errors.As(err, &poor) {
		t.Errorf("a balance of the fee alone: %v", err)
	}
	for _, bad := range []int64{-1, -1e18} {
		if _, err := Transfer(s, to, big.NewInt(bad)); err == nil {
			t.Errorf("an amount of %d is accepted", bad)
		}
		if _, err := TransferToken(s, to, to, big.NewInt(bad)); err == nil {
			t.Errorf("a token amount of %d is accepted", bad)
		}
	}
}
