package solana

import (
	"encoding/binary"
	"fmt"
	"math/big"

	"recover/pkg/transaction"
	"recover/pkg/transaction/chain"
)

// The instructions of the token programs (TokenInstruction) and of the associated
// token account program.
const (
	tokenTransfer        = 3
	tokenTransferChecked = 12

	associatedCreate           = 0
	associatedCreateIdempotent = 1
)

// unknownMint is the token of a transfer that does not name it.
const unknownMint = "unknown mint"

func (in *interpreter) token(c call) (effect, error) {
	switch {
	case len(c.data) == 9 && c.data[0] == tokenTransfer:
		if err := c.roles("w", "w", "s"); err != nil {
			return effect{}, err
		}
		return in.transferUnchecked(c), nil
	case len(c.data) == 10 && c.data[0] == tokenTransferChecked:
		if err := c.roles("w", "", "w", "s"); err != nil {
			return effect{}, err
		}
		return in.transferChecked(c)
	}
	return effect{}, c.unknown("token program")
}

// transferUnchecked is Transfer, which names neither the mint nor its decimals.
func (in *interpreter) transferUnchecked(c call) effect {
	sum := chain.Amount{Units: uint64Int(binary.LittleEndian.Uint64(c.data[1:])), Decimals: -1}
	e := effect{payment: &transaction.Payment{To: c.accounts[1].String(), Amount: sum, Token: unknownMint}}
	e.title(c, "transfer tokens"+programName(c.program))
	e.lines.Mark("Token", "NOT NAMED: the tokens of whatever kind that the two token accounts hold")
	e.lines.Add("From token account", in.named(c.accounts[0]))
	e.lines.Add("Signed for by", in.named(c.accounts[2]))
	e.lines.Mark("To token account", in.named(c.accounts[1])+", whose owner is not in the transaction")
	e.lines.Add("Amount", sum.String())
	return e
}

func (in *interpreter) transferChecked(c call) (effect, error) {
	source, mint, to, authority := c.accounts[0], c.accounts[1], c.accounts[2], c.accounts[3]
	name, isKnown := mints[mint.address]
	decimals := c.data[9]
	if isKnown && c.program != tokenProgram {
		return effect{}, c.fault("%s is not a token of the program Token-2022", name.symbol)
	}
	if isKnown && name.decimals != decimals {
		return effect{}, c.fault("%s has %d decimals, not %d", name.symbol, name.decimals, decimals)
	}
	if decimals > chain.MaxDecimals {
		return effect{}, c.fault("a token with %d decimals", decimals)
	}
	sum := chain.Amount{Units: uint64Int(binary.LittleEndian.Uint64(c.data[1:])), Decimals: int(decimals), Symbol: name.symbol}
	holders := in.holdersOf(c.program, mint.address)
	e := effect{payment: &transaction.Payment{To: to.String(), Amount: sum, Token: mint.String()}}
	e.title(c, "transfer tokens"+programName(c.program))
	e.lines.Add("Token", in.tokenText(mint))
	e.lines.Add("From token account", in.named(source)+holders.said(in, source.address))
	e.lines.Add("Signed for by", in.named(authority))
	if owner, ok := holders[to.address]; ok {
		e.payment.To, e.payment.Change = owner.String(), owner == in.signer
		e.lines.Add("To", in.nameOf(owner))
		e.lines.Add("To token account", in.named(to)+holders.said(in, to.address))
	} else {
		e.lines.Mark("To token account", in.named(to)+", whose owner is not known: compare it with the token account that you expect")
	}
	e.lines.Add("Amount", fmt.Sprintf("%s (%s of the smallest unit, %d decimals)", sum, sum.Units, decimals))
	if c.program == token2022Program {
		e.lines.Mark("Token program", "Token-2022: the token's issuer may take a part of the transfer")
	}
	return e, nil
}

// createTokenAccount is the instruction that makes an associated token account.
func (in *interpreter) createTokenAccount(c call) (effect, error) {
	always := len(c.data) == 0 || len(c.data) == 1 && c.data[0] == associatedCreate
	if !always && !(len(c.data) == 1 && c.data[0] == associatedCreateIdempotent) {
		return effect{}, c.unknown("associated token account program")
	}
	needed := []string{"sw", "w", "", "", "", ""}
	if len(c.accounts) == 7 && c.accounts[6].address == rentSysvar { // as older programs write it
		needed = append(needed, "")
	}
	if err := c.roles(needed...); err != nil {
		return effect{}, err
	}
	payer, made, owner, mint, program := c.accounts[0], c.accounts[1], c.accounts[2], c.accounts[3], c.accounts[5]
	if c.accounts[4].address != systemProgram || program.address != tokenProgram && program.address != token2022Program {
		return effect{}, c.fault("not the system program and a token program")
	}
	if made.address != tokenAccount(owner.address, program.address, mint.address) {
		return effect{}, c.fault("%s is not the associated token account of %s", made, owner)
	}
	e := effect{}
	if always {
		e.title(c, "make a token account, and fail if it is there")
	} else {
		e.title(c, "make a token account, if it is not there")
	}
	e.lines.Add("Token account", in.named(made)+", of "+in.named(owner)+" for "+in.tokenText(mint))
	e.lines.Mark("Rent", "paid by "+in.named(payer)+" besides the fee, about 0.002 SOL")
	return e, nil
}

// holders are owners by their associated token account.
type holders map[address]address

func (in *interpreter) holdersOf(program, mint address) holders {
	key := [2]address{program, mint}
	if in.holders[key] == nil {
		all := make(map[address]address)
		for _, owner := range in.owners {
			all[tokenAccount(owner, program, mint)] = owner
		}
		in.holders[key] = all
	}
	return in.holders[key]
}

func (h holders) said(in *interpreter, a address) string {
	if owner, ok := h[a]; ok {
		return ", the associated token account of " + in.nameOf(owner)
	}
	return ""
}

func (in *interpreter) tokenText(mint account) string {
	if name, ok := mints[mint.address]; ok {
		return name.symbol + ", mint " + in.named(mint)
	}
	return "mint " + in.named(mint)
}

func programName(program address) string {
	if program == token2022Program {
		return " (Token-2022)"
	}
	return " (SPL Token)"
}

func uint64Int(v uint64) *big.Int { return new(big.Int).SetUint64(v) }

// named is an account for people, with what makes it special.
func (in *interpreter) named(a account) string {
	text := in.nameOf(a.address)
	if a.table != nil {
		text += " (from a lookup table)"
	}
	return text
}

func (in *interpreter) nameOf(a address) string {
	if a == in.signer {
		return a.String() + " (this key)"
	}
	return a.String()
}

func (e *effect) title(c call, text string) {
	e.lines.Add(fmt.Sprintf("Instruction %d", c.number), text)
}
