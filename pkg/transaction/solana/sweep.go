package solana

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"

	"recover/pkg/transaction"
	"recover/pkg/transaction/chain"
	"recover/pkg/wallet"
)

// State is what a server of the network tells about an account (getBalance,
// getTokenAccountsByOwner, getAccountInfo of the nonce accounts).
type State struct {
	Account  string
	Lamports uint64
	Tokens   []Token
	// Blockhash is a recent one, where there are no durable nonces: what is built
	// with it has to reach the network within about a minute.
	Blockhash string
	// Nonces are durable nonces whose authority is Account: one is used for each
	// transaction.
	Nonces []Nonce
}

// Nonce is a durable nonce account and the nonce that is stored in it.
type Nonce struct{ Account, Value string }

// Token is a token account of the owner.
type Token struct {
	Account  string // the token account, associated or not
	Mint     string
	Program  string // empty for the SPL Token program
	Amount   uint64 // in the smallest unit
	Decimals byte
	// Exists tells that the destination has its associated token account already.
	// Where it has not, one is made, and the account pays its rent.
	Exists bool
}

// Network is what holds for all accounts at the time.
type Network struct {
	UnitPrice uint64 // micro-lamports for a compute unit; 0 is without a priority fee
	UnitLimit uint32 // compute units of a transaction, needed with a price
	Rent      uint64 // lamports that a new token account costs (getMinimumBalanceForRentExemption of 165 bytes)
}

// Ways in which a sweep cannot be built.
var (
	ErrNonces   = errors.New("more transactions are needed than there are durable nonces")
	ErrNoNonce  = errors.New("neither a blockhash nor a durable nonce is given")
	ErrNoBudget = errors.New("a unit price without a unit limit")
)

// Sweep builds unsigned transactions that move everything to the account to, as
// Parse returns them: every token to its associated token account, as many in a
// transaction as find room, and in the last one all SOL less all fees and rents,
// so that nothing is left. They have to be sent in their order. The error is a
// *transaction.InsufficientError, one of the errors above, or what Parse has to
// say about a value of the state.
func Sweep(s State, n Network, to string) ([]*Transaction, error) {
	b, err := newBuilder(s, n, to)
	if err != nil {
		return nil, err
	}
	for _, token := range s.Tokens {
		if token.Amount == 0 {
			continue
		}
		steps, err := b.move(token)
		if err != nil {
			return nil, err
		}
		if err := b.add(steps); err != nil {
			return nil, err
		}
	}
	if err := b.finish(); err != nil {
		return nil, err
	}
	var all []*Transaction
	for _, m := range b.done {
		t, err := parse(m.bytes(), Options{Owners: []string{to}})
		if err != nil {
			return nil, fmt.Errorf("transaction of %s: %w", s.Account, err)
		}
		all = append(all, t)
	}
	return all, nil
}

// builder fills one message after the other.
type builder struct {
	from, to address
	network  Network
	lamports uint64
	hashes   []address // blockhash of each message; the last one repeats without nonces
	nonces   []address // nonce account of each message, or none
	steps    []step    // of the message that is being filled
	moves    int       // of them that move something
	made     int       // new token accounts, so far
	done     []*message
}

func newBuilder(s State, n Network, to string) (*builder, error) {
	b := &builder{network: n, lamports: s.Lamports}
	texts := []string{s.Account, to}
	for _, nonce := range s.Nonces {
		texts = append(texts, nonce.Account, nonce.Value)
	}
	if len(s.Nonces) == 0 {
		if s.Blockhash == "" {
			return nil, ErrNoNonce
		}
		texts = append(texts, s.Blockhash)
	}
	if n.UnitPrice > 0 && n.UnitLimit == 0 {
		return nil, ErrNoBudget
	}
	var all []address
	for _, text := range texts {
		a, err := wallet.ParseSolanaAddress(text)
		if err != nil {
			return nil, transaction.Syntax("", "%s: %v", transaction.Quote(text), err)
		}
		all = append(all, a)
	}
	b.from, b.to, all = all[0], all[1], all[2:]
	if b.from == b.to {
		return nil, transaction.Syntax("", "the destination is the account itself")
	}
	if len(s.Nonces) == 0 {
		b.hashes = all
	}
	for i := range s.Nonces {
		b.nonces = append(b.nonces, all[2*i])
		b.hashes = append(b.hashes, all[2*i+1])
	}
	return b, b.begin()
}

// begin starts a message: the durable nonce first, then the compute budget.
func (b *builder) begin() error {
	b.steps, b.moves = nil, 0
	if i := len(b.done); b.nonces != nil {
		if i == len(b.nonces) {
			return ErrNonces
		}
		b.steps = append(b.steps, step{systemProgram,
			[]account{writable(b.nonces[i]), readOnly(recentBlockhashes), signs(b.from)},
			binary.LittleEndian.AppendUint32(nil, systemAdvanceNonce)})
	}
	if b.network.UnitLimit > 0 {
		b.steps = append(b.steps, step{budgetProgram, nil, binary.LittleEndian.AppendUint32([]byte{2}, b.network.UnitLimit)})
	}
	if b.network.UnitPrice > 0 {
		b.steps = append(b.steps, step{budgetProgram, nil, binary.LittleEndian.AppendUint64([]byte{3}, b.network.UnitPrice)})
	}
	return nil
}

// hash is the blockhash of the message that is being filled.
func (b *builder) hash() address { return b.hashes[min(len(b.done), len(b.hashes)-1)] }

// fits tells whether a message with more steps is within the limit.
func (b *builder) fits(more []step) bool {
	m := compile(b.from, b.hash(), append(b.steps[:len(b.steps):len(b.steps)], more...))
	return len(m.keys) <= 256 && len(encode(make([][signatureSize]byte, m.signers), m)) <= maxSize
}

// add puts steps that belong together into the message, or into the next one.
func (b *builder) add(steps []step) error {
	if !b.fits(steps) {
		b.flush()
		if err := b.begin(); err != nil {
			return err
		}
	}
	b.steps = append(b.steps, steps...)
	b.moves++
	return nil
}

// flush ends a message.
func (b *builder) flush() { b.done = append(b.done, compile(b.from, b.hash(), b.steps)) }

// move are the steps for one token account.
func (b *builder) move(t Token) ([]step, error) {
	program := tokenProgram
	if t.Program != "" {
		a, err := wallet.ParseSolanaAddress(t.Program)
		if err != nil {
			return nil, transaction.Syntax("token program", "%v", err)
		}
		program = a
	}
	source, err := wallet.ParseSolanaAddress(t.Account)
	if err != nil {
		return nil, transaction.Syntax("token account", "%v", err)
	}
	mint, err := wallet.ParseSolanaAddress(t.Mint)
	if err != nil {
		return nil, transaction.Syntax("mint", "%v", err)
	}
	to := tokenAccount(b.to, program, mint)
	var steps []step
	if !t.Exists {
		b.made++
		steps = append(steps, step{associatedProgram,
			[]account{signsWritable(b.from), writable(to), readOnly(b.to), readOnly(mint), readOnly(systemProgram), readOnly(program)},
			[]byte{associatedCreateIdempotent}})
	}
	data := binary.LittleEndian.AppendUint64([]byte{tokenTransferChecked}, t.Amount)
	return append(steps, step{program,
		[]account{writable(source), readOnly(mint), writable(to), signs(b.from)}, append(data, t.Decimals)}), nil
}

// finish adds the transfer of all SOL that is left, to the last message.
func (b *builder) finish() error {
	transfer := func(lamports uint64) []step {
		data := binary.LittleEndian.AppendUint32(nil, systemTransfer)
		return []step{{systemProgram, []account{signsWritable(b.from), writable(b.to)}, binary.LittleEndian.AppendUint64(data, lamports)}}
	}
	messages := len(b.done) + 1
	left := b.left(messages)
	if left.Sign() < 0 || left.Sign() == 0 && b.moves == 0 {
		have := uint64Int(b.lamports)
		need := new(big.Int).Sub(have, left)
		if b.moves == 0 {
			need.Add(need, big.NewInt(1))
		}
		return &transaction.InsufficientError{Have: chain.SolanaMainnet.Native(have), Need: chain.SolanaMainnet.Native(need)}
	}
	if left.Sign() > 0 && !b.fits(transfer(0)) {
		left = b.left(messages + 1)
	}
	if left.Sign() > 0 {
		if err := b.add(transfer(left.Uint64())); err != nil {
			return err
		}
	}
	b.flush()
	return nil
}

// left is what remains after the rents and the fees of so many transactions,
// each with one signature.
func (b *builder) left(transactions int) *big.Int {
	fee := budget{b.network.UnitLimit, true, b.network.UnitPrice, 0}.priorityFee()
	fee.Add(fee, big.NewInt(signatureFee))
	fee.Mul(fee, big.NewInt(int64(transactions)))
	rent := new(big.Int).Mul(uint64Int(b.network.Rent), big.NewInt(int64(b.made)))
	left := uint64Int(b.lamports)
	return left.Sub(left.Sub(left, fee), rent)
}
