package evm

import (
	"bytes"
	"math/big"

	"recover/pkg/transaction"
	"recover/pkg/transaction/chain"
)

// The calls of ERC-20 that are understood, by the first four bytes of the
// Keccak-256 of their declaration.
var (
	selectorTransfer = []byte{0xa9, 0x05, 0x9c, 0xbb} // transfer(address,uint256)
	selectorApprove  = []byte{0x09, 0x5e, 0xa7, 0xb3} // approve(address,uint256)
)

// call is a call of an ERC-20 token.
type call struct {
	approve bool
	account account // who receives, or may spend
	amount  *big.Int
}

// call reads the data of a transaction that moves no native coin: selector,
// address and amount in two words of 32 bytes (the contract ABI), and nothing
// else.
func (t *Transaction) call() (c call, ok bool) {
	if t.to == nil || len(t.data) != 68 || t.value.Sign() != 0 {
		return c, false
	}
	c.approve = bytes.HasPrefix(t.data, selectorApprove)
	if !c.approve && !bytes.HasPrefix(t.data, selectorTransfer) || !bytes.Equal(t.data[4:16], make([]byte, 12)) {
		return c, false
	}
	copy(c.account[:], t.data[16:36])
	c.amount = new(big.Int).SetBytes(t.data[36:])
	return c, true
}

// tokenAmount writes an amount of the token that the transaction calls.
func (t *Transaction) tokenAmount(units *big.Int) chain.Amount {
	if k, ok := t.token(*t.to); ok {
		return chain.Amount{Units: units, Decimals: k.Decimals, Symbol: k.Symbol}
	}
	return chain.Amount{Units: units, Decimals: -1}
}

// Payments implements transaction.Transaction. A call that is not understood, or
// a contract that is created, may move more than the value.
func (t *Transaction) Payments() []transaction.Payment {
	if c, ok := t.call(); ok {
		if c.approve {
			return nil
		}
		return []transaction.Payment{{To: c.account.String(), Amount: t.tokenAmount(c.amount), Token: t.to.String()}}
	}
	to := ""
	if t.to != nil {
		to = t.to.String()
	}
	return []transaction.Payment{{To: to, Amount: t.chain.Native(t.value)}}
}

// Describe implements transaction.Transaction.
func (t *Transaction) Describe() []transaction.Line {
	var l transaction.Lines
	if t.chain.Known {
		l.Add("Network", t.chain.String())
	} else {
		l.Mark("Network", t.chain.String())
	}
	if t.from != nil {
		l.Add("From", t.from.String())
	}
	t.describeAction(&l)
	t.describeTerms(&l)
	return l
}

// describeAction says what happens.
func (t *Transaction) describeAction(l *transaction.Lines) {
	if c, ok := t.call(); ok {
		t.describeCall(l, c)
		return
	}
	switch {
	case t.to == nil:
		l.Mark("Action", "create a contract")
	case len(t.data) > 0:
		l.Mark("Action", "call a contract with data that is not understood")
		l.Add("Contract", t.to.String())
	default:
		l.Add("Action", "send "+t.coin())
		l.Add("To", t.to.String())
	}
	l.Add("Amount", t.chain.Native(t.value).String())
	if len(t.data) > 0 {
		l.Mark("Data", transaction.Hex(t.data)+", Keccak-256 "+hash(t.data))
	} else {
		t.warnRecipient(l, *t.to)
	}
	if t.to != nil && len(t.data) > 0 {
		l.Warn("this may move tokens, or give others the right to")
	}
}

// coin names what the chain is paid in.
func (t *Transaction) coin() string {
	if t.chain.Known {
		return t.chain.Symbol
	}
	return "the chain's native coin"
}

func (t *Transaction) describeCall(l *transaction.Lines, c call) {
	amount := t.tokenAmount(c.amount).String()
	if _, known := t.token(*t.to); known {
		amount += " (" + c.amount.String() + " of the smallest unit)"
	}
	if !c.approve {
		l.Add("Action", "send tokens (ERC-20 transfer)")
		l.Add("To", c.account.String())
		l.Add("Amount", amount)
		t.describeContract(l)
		t.warnRecipient(l, c.account)
		return
	}
	l.Mark("Action", "let another account spend tokens (ERC-20 approve)")
	l.Add("Spender", c.account.String())
	if c.amount.BitLen() == 256 {
		l.Mark("Amount", "UNLIMITED ("+amount+")")
	} else {
		l.Add("Amount", amount)
	}
	t.describeContract(l)
	if c.amount.Sign() > 0 {
		l.Warn("until it is withdrawn, the spender can take this amount at any time")
	}
}

func (t *Transaction) describeContract(l *transaction.Lines) {
	if k, known := t.token(*t.to); known {
		l.Add("Token contract", t.to.String()+" ("+k.Symbol+")")
	} else {
		l.Mark("Token contract", t.to.String()+" (not known here)")
	}
}

// warnRecipient names destinations from which nothing comes back.
func (t *Transaction) warnRecipient(l *transaction.Lines, to account) {
	if to == (account{}) {
		l.Warn("the destination is the zero address: what goes there is lost")
	} else if len(t.data) > 0 && to == *t.to {
		l.Warn("the destination is the token contract itself: what goes there is lost")
	}
}

// describeTerms says what it costs, and when it is valid.
func (t *Transaction) describeTerms(l *transaction.Lines) {
	fee, tip, kind := t.MaxFee().String(), "", "legacy, with chain ID (EIP-155)"
	if t.chain.ExtraFee {
		fee += ", and what the network charges for its entry on Ethereum"
	}
	if t.kind == kindDynamic {
		tip, kind = ", of it "+gwei(t.tip)+" tip", "2 (EIP-1559)"
	}
	number := new(big.Int).SetUint64(t.nonce)
	l.Add("Highest fee", fee)
	l.Addf("Gas", "%d at %s per gas at most%s", t.gas, gwei(t.price), tip)
	l.Addf("Nonce", "%d (valid as transaction number %d of the account only)", t.nonce, number.Add(number, big.NewInt(1)))
	if t.gas < minimumGas {
		l.Warn("the gas limit is below %d: the network will not accept this", minimumGas)
	}
	if len(t.access) > 0 {
		keys := 0
		for _, e := range t.access {
			keys += len(e.keys)
		}
		l.Addf("Access list", "%d addresses, %d storage keys, Keccak-256 %s (changes the price of gas only)", len(t.access), keys, hash(t.encodeAccess()))
	}
	l.Add("Type", kind)
}

// minimumGas is what any transaction costs.
const minimumGas = 21000
