package sweep

import (
	"math/big"
	"slices"

	"recover/pkg/transaction/chain"
)

// Sum is what one destination gets of one coin or token, and the highest fees of
// the transactions that bring it.
type Sum struct {
	Network      Network `json:"network"`
	To           string  `json:"to"`
	Tag          string  `json:"tag,omitempty"`
	Token        string  `json:"token,omitempty"` // contract, mint or issuer
	Amount       string  `json:"amount"`
	HighestFees  string  `json:"highest_fees,omitempty"` // with the native coin
	Transactions int     `json:"transactions"`
}

// sums adds up what each destination gets.
func (p *Plan) sums() []Sum {
	type total struct {
		Sum
		amount, fees chain.Amount
	}
	var totals []*total
	for i := range p.Transactions {
		e := &p.Transactions[i]
		native := (*total)(nil)
		for _, pay := range e.tx.Payments() {
			same := func(t *total) bool {
				return t.Network == e.Network && t.To == e.To && t.Tag == e.Tag && t.Token == pay.Token && t.amount.Symbol == pay.Amount.Symbol && (t.amount.Decimals < 0) == (pay.Amount.Decimals < 0)
			}
			at := slices.IndexFunc(totals, same)
			if at < 0 {
				at = len(totals)
				totals = append(totals, &total{Sum{Network: e.Network, To: e.To, Tag: e.Tag, Token: pay.Token}, zero(pay.Amount), zero(e.tx.MaxFee())})
			}
			t := totals[at]
			t.amount = add(t.amount, pay.Amount)
			t.Transactions++
			if pay.Token == "" || native == nil {
				native = t
			}
		}
		native.fees = add(native.fees, e.tx.MaxFee())
	}
	var all []Sum
	for _, t := range totals {
		t.Amount, t.HighestFees = t.amount.String(), t.fees.String()
		if t.fees.Units.Sign() == 0 {
			t.HighestFees = ""
		}
		all = append(all, t.Sum)
	}
	return all
}

func zero(like chain.Amount) chain.Amount { like.Units = new(big.Int); return like }

// add adds amounts of one coin or token, which may have been written with another
// number of decimals (issued currencies of the XRP Ledger).
func add(a, b chain.Amount) chain.Amount {
	scale := func(n chain.Amount, decimals int) *big.Int {
		factor := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(decimals-n.Decimals)), nil)
		return factor.Mul(factor, n.Units)
	}
	decimals := max(a.Decimals, b.Decimals)
	a.Units = new(big.Int).Add(scale(a, decimals), scale(b, decimals))
	a.Decimals = decimals
	return a
}
