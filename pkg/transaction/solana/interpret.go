package solana

import (
	"encoding/binary"
	"fmt"

	"recover/pkg/transaction"
)

// interpreter says what the instructions of one transaction do.
type interpreter struct {
	*Transaction
	owners []address
	// holders are the owners' associated token accounts, by token program and mint.
	holders map[[2]address]map[address]address
}

// call is one instruction with its accounts.
type call struct {
	number   int // from 1
	program  address
	accounts []account
	data     []byte
}

func (t *Transaction) interpret(owners []address) error {
	if len(t.message.instructions) == 0 {
		return transaction.Syntax("", "no instruction")
	}
	in := &interpreter{t, owners, make(map[[2]address]map[address]address)}
	seen := make(map[string]bool)
	for i, raw := range t.message.instructions {
		c := call{i + 1, t.message.keys[raw.program], nil, raw.data}
		for _, a := range raw.accounts {
			c.accounts = append(c.accounts, t.accounts[a])
		}
		e, err := in.one(c)
		if err != nil {
			return err
		}
		if e.kind != "" && seen[e.kind] {
			return c.fault("a transaction has one %s at most", e.kind)
		}
		seen[e.kind] = true
		t.effects = append(t.effects, e)
	}
	if seen[nonceKind] {
		t.nonce = &t.effects[0]
	}
	return t.checkUse()
}

// checkUse refuses accounts that no instruction uses: no line of the description
// would name them.
func (t *Transaction) checkUse() error {
	used := make([]bool, len(t.accounts))
	used[0] = true // it pays
	for _, i := range t.message.instructions {
		used[i.program] = true
		for _, a := range i.accounts {
			used[a] = true
		}
	}
	for i, a := range t.accounts {
		if !used[i] {
			return transaction.Refuse(transaction.Unsupported, "no instruction uses the account %s", a)
		}
	}
	return nil
}

// nonceKind is the kind of the instruction that advances a durable nonce.
const nonceKind = "durable nonce"

// one says what an instruction does.
func (in *interpreter) one(c call) (effect, error) {
	if c.program != budgetProgram {
		in.budget.others++
	}
	switch c.program {
	case systemProgram:
		return in.system(c)
	case budgetProgram:
		return in.computeBudget(c)
	case tokenProgram, token2022Program:
		return in.token(c)
	case associatedProgram:
		return in.createTokenAccount(c)
	}
	return effect{}, transaction.Refuse(transaction.Unsupported, "instruction %d calls the program %s, which is not understood", c.number, c.program)
}

// The instructions of the system program (SystemInstruction), little-endian.
const (
	systemTransfer     = 2
	systemAdvanceNonce = 4
)

func (in *interpreter) system(c call) (effect, error) {
	if len(c.data) < 4 {
		return effect{}, c.unknown("system program")
	}
	switch code := binary.LittleEndian.Uint32(c.data); {
	case code == systemTransfer && len(c.data) == 12:
		return in.transfer(c)
	case code == systemAdvanceNonce && len(c.data) == 4:
		return in.advanceNonce(c)
	}
	return effect{}, c.unknown("system program")
}

func (in *interpreter) transfer(c call) (effect, error) {
	if err := c.roles("sw", "w"); err != nil {
		return effect{}, err
	}
	from, to := c.accounts[0], c.accounts[1]
	sum := in.Chain().Native(uint64Int(binary.LittleEndian.Uint64(c.data[4:])))
	e := effect{payment: &transaction.Payment{To: to.String(), Amount: sum, Change: to.address == in.signer}}
	e.title(c, "transfer SOL")
	e.lines.Add("From", in.named(from))
	e.lines.Add("To", in.named(to))
	e.lines.Add("Amount", sum.String())
	return e, nil
}

func (in *interpreter) advanceNonce(c call) (effect, error) {
	if err := c.roles("w", "", "s"); err != nil {
		return effect{}, err
	}
	if c.number != 1 {
		return effect{}, c.fault("a durable nonce is advanced by the first instruction only")
	}
	if c.accounts[1].address != recentBlockhashes {
		return effect{}, c.fault("the second account is not %s", recentBlockhashes)
	}
	e := effect{kind: nonceKind}
	e.title(c, "use up the durable nonce")
	e.lines.Add("Nonce account", in.named(c.accounts[0]))
	e.lines.Add("Nonce authority", in.named(c.accounts[2]))
	return e, nil
}

// computeBudget reads the instructions of ComputeBudgetInstruction.
func (in *interpreter) computeBudget(c call) (effect, error) {
	if len(c.accounts) > 0 || len(c.data) == 0 {
		return effect{}, c.unknown("compute budget program")
	}
	e := effect{}
	value := c.data[1:]
	switch code := c.data[0]; {
	case code == 1 && len(value) == 4:
		e.kind = "heap size"
		e.lines.Add("Heap size", fmt.Sprintf("%d bytes", binary.LittleEndian.Uint32(value)))
	case code == 2 && len(value) == 4:
		e.kind = "compute limit"
		in.budget.limit, in.budget.hasLimit = binary.LittleEndian.Uint32(value), true
		e.lines.Add("Compute limit", fmt.Sprintf("%d units", in.budget.limit))
	case code == 3 && len(value) == 8:
		e.kind = "compute price"
		in.budget.price = binary.LittleEndian.Uint64(value)
		e.lines.Add("Compute price", fmt.Sprintf("%d micro-lamports a unit", in.budget.price))
	case code == 4 && len(value) == 4:
		e.kind = "loaded data limit"
		e.lines.Add("Loaded data limit", fmt.Sprintf("%d bytes", binary.LittleEndian.Uint32(value)))
	default:
		return effect{}, c.unknown("compute budget program")
	}
	return e, nil
}

// roles checks the number of accounts and that each has what it needs: s signs,
// w is writable. A transaction in which one has not fails on the network.
func (c call) roles(needed ...string) error {
	if len(c.accounts) != len(needed) {
		return transaction.Refuse(transaction.Unsupported, "instruction %d has %d accounts, %d are understood", c.number, len(c.accounts), len(needed))
	}
	for i, need := range needed {
		for _, r := range need {
			if a := c.accounts[i]; r == 's' && !a.signs || r == 'w' && !a.writable {
				return c.fault("the account %s has to sign or to be writable, and is not", a)
			}
		}
	}
	return nil
}

func (c call) fault(format string, args ...any) error {
	return transaction.Syntax(fmt.Sprintf("instruction %d", c.number), format, args...)
}

func (c call) unknown(program string) error {
	return transaction.Refuse(transaction.Unsupported, "instruction %d of the %s is not understood: %s", c.number, program, transaction.Hex(c.data))
}
