package sweep

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"recover/internal/message"
	"recover/pkg/transaction"
	"recover/pkg/transaction/bitcoin"
	"recover/pkg/transaction/chain"
	"recover/pkg/transaction/detect"
	"recover/pkg/transaction/solana"
	"recover/pkg/wallet"
)

// PlanFormat is the format of a plan (docs/formats.md).
const PlanFormat = "recover-sweep-plan/1"

// MaxPlanSize is the largest plan that is read, in bytes.
const MaxPlanSize = 256 << 20

// Plan is what a sweep does, for people to sign off.
type Plan struct {
	Format       string  `json:"format"`
	Sums         []Sum   `json:"sums"`
	NotMoved     []Rest  `json:"not_moved"` // accounts of the list without a state
	Transactions []Entry `json:"transactions"`
}

// Rest is an account that is left alone.
type Rest struct {
	KeyID   string `json:"key_id"`
	Address string `json:"address"`
}

// Entry is one transaction of a plan.
type Entry struct {
	Number   int      `json:"number"`
	KeyID    string   `json:"key_id"`
	Network  Network  `json:"network"`
	From     string   `json:"from"`
	To       string   `json:"to"`
	Tag      string   `json:"tag,omitempty"` // of the destination, or "none"
	MaxFee   string   `json:"max_fee,omitempty"`
	Shows    []string `json:"shows"`    // what the transaction does, in words
	Unsigned string   `json:"unsigned"` // in hex

	tx transaction.Transaction
}

// Transaction returns the transaction that was read or built.
func (e *Entry) Transaction() transaction.Transaction { return e.tx }

// Limits are those that the plan names.
func (e *Entry) Limits() transaction.Limits {
	limit, ok := new(big.Int).SetString(e.MaxFee, 10)
	if !ok {
		return transaction.Limits{}
	}
	return transaction.Limits{MaxFee: limit}
}

// Build makes a plan: for every account of the state, in its order. The error is a
// Faults: an account that is not in the list, a network without a destination,
// and every transaction that cannot be built or is above its limits.
func Build(accounts []Account, state *State, to map[Network]Destination) (*Plan, error) {
	p := &Plan{Format: PlanFormat, Sums: []Sum{}, NotMoved: []Rest{}}
	owner := make(map[string]Account)
	for _, a := range accounts {
		owner[a.Address] = a
	}
	var faults Faults
	moved := make(map[string]bool)
	for _, h := range state.holdings {
		a, ours := owner[h.address]
		d, known := to[h.network]
		switch {
		case !ours:
			faults.add("%s, %s: not in the list of accounts", h.network, h.address)
			continue
		case !known:
			faults.add("%s, %s: no destination on this network", h.network, h.address)
			continue
		case d.Address == h.address:
			faults.add("%s, %s: the destination is the account itself", h.network, h.address)
			continue
		}
		moved[h.address] = true
		txs, err := h.build(d)
		if err != nil {
			faults.add("%s, %s: %v", h.network, h.address, err)
			continue
		}
		for _, tx := range txs {
			e := newEntry(len(p.Transactions)+1, a, h, d, tx)
			if err := e.check(); err != nil {
				faults.add("%s, %s: %v", h.network, h.address, err)
			}
			p.Transactions = append(p.Transactions, e)
		}
	}
	if len(faults) > 0 {
		return nil, faults
	}
	for _, a := range accounts {
		if !moved[a.Address] {
			p.NotMoved = append(p.NotMoved, Rest{a.KeyID, a.Address})
		}
	}
	p.Sums = p.sums()
	return p, nil
}

func newEntry(number int, a Account, h holding, d Destination, tx transaction.Transaction) Entry {
	e := Entry{Number: number, KeyID: a.KeyID, Network: h.network, From: h.address, To: d.Address, Unsigned: fmt.Sprintf("%x", tx.Unsigned())}
	if h.network == "xrp" {
		e.Tag = "none"
		if d.Tag != nil {
			e.Tag = fmt.Sprint(*d.Tag)
		}
	}
	if h.maxFee != nil {
		e.MaxFee = h.maxFee.String()
	}
	return e
}

// What a plan may say that its transactions do not.
var (
	errForm  = errors.New("the transaction is not in its canonical form")
	errShows = errors.New("its description does not match the transaction")
	errFrom  = errors.New("the transaction belongs to another account")
	errTo    = errors.New("the transaction does not pay the destination")
	errNone  = errors.New("the transaction moves nothing")
	errTag   = errors.New("the transaction has another destination tag")
	errChain = errors.New("the transaction belongs to another network")
)

// check reads the unsigned transaction, which is what is signed, and compares it
// with all that the entry says. An entry that shows nothing yet is filled in.
func (e *Entry) check() (err error) {
	options := detect.Options{Bitcoin: bitcoin.Options{Testnet: e.Network == "bitcoin_testnet"}, Solana: solana.Options{Owners: []string{e.To}}}
	if e.tx, err = detect.ParseAs(e.Network.Family(), []byte(e.Unsigned), options); err != nil {
		return err
	}
	if fmt.Sprintf("%x", e.tx.Unsigned()) != e.Unsigned {
		return errForm
	}
	if c := e.tx.Chain(); c.Family == chain.EVM && EVM(c.ID) != e.Network {
		return errChain
	}
	// The encoding of an EVM transaction does not name its account: there the key
	// has to have it (Sign).
	if from := e.tx.From(); from != "" && !sameAddress(from, e.From) || !isAddressOf(e.Network, e.From) {
		return errFrom
	}
	payments := e.tx.Payments()
	if len(payments) == 0 {
		return errNone
	}
	for _, p := range payments {
		if !sameAddress(p.To, e.To) {
			return errTo
		}
	}
	var shows []string
	for _, l := range e.tx.Describe() {
		text := l.Label + ": " + l.Value
		if l.Warning {
			text = "WARNING: " + text
		}
		shows = append(shows, text)
	}
	if e.Shows == nil {
		e.Shows = shows
	}
	if !slices.Equal(shows, e.Shows) {
		return errShows
	}
	if e.Network == "xrp" && !slices.ContainsFunc(shows, e.showsTag) {
		return errTag
	}
	return e.tx.Check(e.Limits())
}

// sameAddress compares an address with a normalized one.
func sameAddress(text, normalized string) bool {
	address, ok := wallet.Normalize(text)
	return ok && address == normalized
}

// showsTag tells whether a line is that of the tag that the entry names.
func (e *Entry) showsTag(line string) bool {
	_, value, found := strings.Cut(line, "Destination tag: ")
	if e.Tag == "none" {
		return found && strings.HasPrefix(value, "NONE")
	}
	return found && value == e.Tag
}

// Encode writes the plan in its one form.
func (p *Plan) Encode() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(p)
	return b.Bytes(), err
}

// Problems of a plan as a whole.
var (
	ErrPlan = errors.New("not a plan that \"recover sweep plan\" wrote: it was changed, or is another kind of file")
	ErrSums = errors.New("the sums of the plan do not match its transactions")
)

// ParsePlan reads a plan, and checks that everything that it says is what its
// transactions do. The error is ErrPlan, ErrSums, or a Faults.
func ParsePlan(data []byte) (*Plan, error) {
	p := new(Plan)
	if len(data) > MaxPlanSize || json.Unmarshal(data, p) != nil || p.Format != PlanFormat {
		return nil, ErrPlan
	}
	if again, err := p.Encode(); err != nil || !bytes.Equal(again, data) {
		return nil, ErrPlan // a member that is not known, or there twice
	}
	var faults Faults
	for i := range p.Transactions {
		e := &p.Transactions[i]
		if e.Number != i+1 || e.Shows == nil || e.MaxFee != "" && e.Limits().MaxFee == nil {
			return nil, ErrPlan
		}
		if err := e.check(); err != nil {
			faults.add("transaction %d: %v", e.Number, err)
		}
	}
	switch {
	case len(faults) > 0:
		return nil, faults
	case len(p.Transactions) == 0:
		return nil, ErrPlan
	case !slices.Equal(p.sums(), p.Sums):
		return nil, ErrSums
	}
	return p, nil
}

// Hash returns the SHA-256 of a plan's file, in groups of four hex digits.
func Hash(data []byte) string {
	sum := sha256.Sum256(data)
	return message.Groups(fmt.Sprintf("%X", sum))
}

// CompareHash compares what somebody typed, in groups or not, in either case, with
// the hash of a plan. Where it differs, group is the first one that does, from 1;
// 0 stands for another length.
func CompareHash(data []byte, typed string) (group int, ok bool) {
	clean := strings.ToUpper(strings.NewReplacer(" ", "", "-", "", ":", "", "\t", "").Replace(typed))
	want := strings.ReplaceAll(Hash(data), " ", "")
	if len(clean) != len(want) {
		return 0, false
	}
	for i := range want {
		if clean[i] != want[i] {
			return i/4 + 1, false
		}
	}
	return 0, true
}

// Signed is one signed transaction of a plan.
type Signed struct {
	*Entry
	*transaction.Signed
}

// Sign signs an entry with the key, whose account it has to be.
func (e *Entry) Sign(key *transaction.Key) (*Signed, error) {
	signed, err := e.tx.Sign(key, e.Limits())
	if err != nil {
		return nil, err
	}
	if !sameAddress(signed.From, e.From) {
		return nil, &transaction.AccountError{Want: e.From, Key: signed.From}
	}
	return &Signed{e, signed}, nil
}
