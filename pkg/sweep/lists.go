// Package sweep plans how everything that many accounts have is moved to a few
// destinations, writes the plan for people to sign off, and signs it.
//
// A plan is made on any machine, without a key, of three files: the accounts
// (what "recover addresses --csv" lists), their state on the chains, and the
// destinations. It holds every unsigned transaction and what it does in words;
// whoever reads it back checks that the two agree.
package sweep

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"recover/internal/sheet"
	"recover/pkg/transaction/chain"
	"recover/pkg/wallet"
)

// Account is an account that a rebuilt key signs for.
type Account struct {
	KeyID   string
	Address string // normalized
	Proved  bool
}

// Faults are all problems of the files of a plan, a line each.
type Faults []string

func (f Faults) Error() string {
	const most = 20
	if len(f) > most {
		return strings.Join(f[:most], "; ") + fmt.Sprintf("; and %d more", len(f)-most)
	}
	return strings.Join(f, "; ")
}

func (f *Faults) add(format string, args ...any) { *f = append(*f, fmt.Sprintf(format, args...)) }

// err returns nil where there are none.
func (f Faults) err() error {
	if len(f) == 0 {
		return nil
	}
	return f
}

// header finds columns by their names; others may be there too.
func header(row sheet.Row, needed ...string) (map[string]int, error) {
	columns := make(map[string]int)
	for i, cell := range row.Cells {
		name := strings.ToLower(strings.TrimSpace(cell))
		if _, twice := columns[name]; twice && slices.Contains(needed, name) {
			return nil, Faults{fmt.Sprintf("line %d: the column %s occurs twice", row.Line, name)}
		}
		columns[name] = i
	}
	for _, name := range needed {
		if _, ok := columns[name]; !ok {
			return nil, Faults{fmt.Sprintf("line %d: the column %s is missing", row.Line, name)}
		}
	}
	return columns, nil
}

func cell(row sheet.Row, columns map[string]int, name string) string {
	if i, ok := columns[name]; ok && i < len(row.Cells) {
		return row.Cells[i]
	}
	return ""
}

// ReadAccounts reads a table with the columns key_id and address, and proved where
// it is there. The error is a Faults.
func ReadAccounts(rows []sheet.Row) ([]Account, error) {
	columns, err := header(rows[0], "key_id", "address")
	if err != nil {
		return nil, err
	}
	var all []Account
	var faults Faults
	seen := make(map[string]bool)
	for _, row := range rows[1:] {
		address, ok := wallet.Normalize(cell(row, columns, "address"))
		switch {
		case !ok:
			faults.add("line %d: %q is not an address", row.Line, cell(row, columns, "address"))
		case cell(row, columns, "key_id") == "":
			faults.add("line %d: no key ID", row.Line)
		case seen[address]:
			faults.add("line %d: the address %s occurs twice", row.Line, address)
		}
		seen[address] = true
		all = append(all, Account{cell(row, columns, "key_id"), address, !strings.EqualFold(cell(row, columns, "proved"), "false")})
	}
	if len(all) == 0 {
		faults.add("it lists no accounts")
	}
	return all, faults.err()
}

// Network is a chain as the lists name it: "bitcoin", "bitcoin_testnet", "tron",
// "xrp", "solana", or "evm:1", by chain ID.
type Network string

// EVM is the network of an EIP-155 chain ID.
func EVM(id uint64) Network { return Network("evm:" + strconv.FormatUint(id, 10)) }

// Family returns the family of a network.
func (n Network) Family() chain.Family {
	switch {
	case strings.HasPrefix(string(n), "evm:"):
		return chain.EVM
	case strings.HasPrefix(string(n), "bitcoin"):
		return chain.Bitcoin
	case n == "xrp":
		return chain.XRPL
	}
	return chain.Family(n)
}

// parseNetwork reads a name; "ethereum" is "evm:1" and no other EVM chain.
func parseNetwork(text string) (Network, bool) {
	name := strings.ToLower(text)
	if name == "ethereum" {
		name = "evm:1"
	}
	if digits, found := strings.CutPrefix(name, "evm:"); found {
		id, err := strconv.ParseUint(digits, 10, 64)
		return EVM(id), err == nil && id > 0
	}
	return Network(name), slices.Contains([]string{"bitcoin", "bitcoin_testnet", "tron", "xrp", "solana"}, name)
}

// Destination is where everything of one network goes.
type Destination struct {
	Address string // normalized
	Tag     *uint32
}

// ReadDestinations reads a table with the columns chain, address and tag: one line
// a network. On the XRP Ledger the tag is a number, or the word none. The error is
// a Faults.
func ReadDestinations(rows []sheet.Row) (map[Network]Destination, error) {
	columns, err := header(rows[0], "chain", "address")
	if err != nil {
		return nil, err
	}
	all := make(map[Network]Destination)
	var faults Faults
	for _, row := range rows[1:] {
		network, ok := parseNetwork(cell(row, columns, "chain"))
		if !ok {
			faults.add("line %d: the chain %q is not known: ethereum, evm:ID, bitcoin, bitcoin_testnet, tron, xrp or solana", row.Line, cell(row, columns, "chain"))
			continue
		}
		if _, twice := all[network]; twice {
			faults.add("line %d: a second destination for %s", row.Line, network)
		}
		d, problem := readDestination(network, cell(row, columns, "address"), cell(row, columns, "tag"))
		if problem != "" {
			faults.add("line %d: %s", row.Line, problem)
		}
		all[network] = d
	}
	if len(all) == 0 && len(faults) == 0 {
		faults.add("it lists no destinations")
	}
	return all, faults.err()
}

func readDestination(network Network, address, tag string) (d Destination, problem string) {
	if !isAddressOf(network, address) {
		return d, fmt.Sprintf("%q is not an address of %s: %s", address, network, notAnAddress)
	}
	d.Address, _ = wallet.Normalize(address)
	switch {
	case network != "xrp" && tag != "":
		return d, "a tag for " + string(network) + ", which has no tags"
	case network == "xrp" && tag == "":
		return d, "no destination tag: give the number that the receiver names, or the word none for an account of your own"
	case network == "xrp" && !strings.EqualFold(tag, "none"):
		n, err := strconv.ParseUint(tag, 10, 32)
		if err != nil {
			return d, fmt.Sprintf("the tag %q is not a number of 32 bits", tag)
		}
		number := uint32(n)
		d.Tag = &number
	}
	return d, ""
}

// notAnAddress is what is wrong with such a text: in all of these forms capital
// letters count, in those of EVM chains as the checksum.
const notAnAddress = "a character is wrong or missing (capital letters count), or it is of another chain"

func isAddressOf(network Network, text string) bool {
	var err error
	switch network.Family() {
	case chain.EVM:
		_, err = wallet.ParseEVMAddress(text)
	case chain.Tron:
		_, err = wallet.ParseTronAddress(text)
	case chain.XRPL:
		_, err = wallet.ParseXRPAddress(text)
	case chain.Solana:
		_, err = wallet.ParseSolanaAddress(text)
	case chain.Bitcoin:
		_, err = wallet.ParseBitcoinAddress(text, network == "bitcoin_testnet")
	}
	return err == nil
}
