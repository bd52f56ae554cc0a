package evm

import (
	"bytes"
	"fmt"
	"math/big"
	"strconv"

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
	lines := []transaction.Line{{Label: "Network", Value: t.chain.String(), Warning: !t.chain.Known}}
	if t.from != nil {
		lines = append(lines, line("From", t.from.String()))
	}
	lines = append(lines, t.describeAction()...)
	return append(lines, t.describeTerms()...)
}

func line(label, value string) transaction.Line {
	return transaction.Line{Label: label, Value: value}
}

func warning(value string) transaction.Line {
	return transaction.Line{Label: "Warning", Value: value, Warning: true}
}

// describeAction says what happens.
func (t *Transaction) describeAction() []transaction.Line {
	if c, ok := t.call(); ok {
		return t.describeCall(c)
	}
	value := line("Amount", t.chain.Native(t.value).String())
	switch {
	case t.to == nil:
		return []transaction.Line{{Label: "Action", Value: "create a contract", Warning: true}, value, t.describeData()}
	case len(t.data) > 0:
		lines := []transaction.Line{{Label: "Action", Value: "call a contract with data that is not understood", Warning: true},
			line("Contract", t.to.String()), value, t.describeData()}
		return append(lines, warning("this may move tokens, or give others the right to"))
	}
	return append([]transaction.Line{line("Action", "send "+t.chain.Symbol), line("To", t.to.String()), value}, t.warnRecipient(*t.to)...)
}

func (t *Transaction) describeData() transaction.Line {
	return transaction.Line{Label: "Data", Value: transaction.Hex(t.data) + ", Keccak-256 " + hash(t.data), Warning: true}
}

func (t *Transaction) describeCall(c call) []transaction.Line {
	contract := line("Token contract", t.to.String())
	k, known := t.token(*t.to)
	if known {
		contract.Value += " (" + k.Symbol + ")"
	} else {
		contract.Value += " (not known here)"
		contract.Warning = true
	}
	amount := line("Amount", t.tokenAmount(c.amount).String())
	if known {
		amount.Value += " (" + c.amount.String() + " of the smallest unit)"
	}
	if !c.approve {
		return append([]transaction.Line{line("Action", "send tokens (ERC-20 transfer)"), line("To", c.account.String()), amount, contract}, t.warnRecipient(c.account)...)
	}
	if c.amount.BitLen() == 256 {
		amount.Value, amount.Warning = "UNLIMITED ("+amount.Value+")", true
	}
	lines := []transaction.Line{{Label: "Action", Value: "let another account spend tokens (ERC-20 approve)", Warning: true},
		line("Spender", c.account.String()), amount, contract}
	if c.amount.Sign() > 0 {
		lines = append(lines, warning("until it is withdrawn, the spender can take this amount at any time"))
	}
	return lines
}

// warnRecipient names destinations from which nothing comes back.
func (t *Transaction) warnRecipient(to account) []transaction.Line {
	switch {
	case to == account{}:
		return []transaction.Line{warning("the destination is the zero address: what goes there is lost")}
	case len(t.data) > 0 && to == *t.to:
		return []transaction.Line{warning("the destination is the token contract itself: what goes there is lost")}
	}
	return nil
}

// describeTerms says what it costs, and when it is valid.
func (t *Transaction) describeTerms() []transaction.Line {
	fee := t.MaxFee().String()
	if t.chain.ExtraFee {
		fee += ", and what the network charges for its entry on Ethereum"
	}
	price := gwei(t.price) + " per gas at most"
	if t.kind == kindDynamic {
		price += ", of it " + gwei(t.tip) + " tip"
	}
	lines := []transaction.Line{
		line("Highest fee", fee),
		line("Gas", strconv.FormatUint(t.gas, 10)+" at "+price),
		line("Nonce", strconv.FormatUint(t.nonce, 10)+" (valid as transaction number "+new(big.Int).Add(big.NewInt(1), new(big.Int).SetUint64(t.nonce)).String()+" of the account only)"),
	}
	if t.gas < minimumGas {
		lines = append(lines, warning(fmt.Sprintf("the gas limit is below %d: the network will not accept this", minimumGas)))
	}
	if len(t.access) > 0 {
		lines = append(lines, line("Access list", t.describeAccess()))
	}
	if t.kind == kindLegacy {
		return append(lines, line("Type", "legacy, with chain ID (EIP-155)"))
	}
	return append(lines, line("Type", "2 (EIP-1559)"))
}

// minimumGas is what any transaction costs.
const minimumGas = 21000

func (t *Transaction) describeAccess() string {
	keys := 0
	for _, e := range t.access {
		keys += len(e.keys)
	}
	return fmt.Sprintf("%d addresses, %d storage keys, Keccak-256 %s (changes the price of gas only)", len(t.access), keys, hash(t.encodeAccess()))
}
