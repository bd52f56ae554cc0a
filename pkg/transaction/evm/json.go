package evm

import (
	"bytes"
	"math/big"
	"strings"

	"recover/pkg/transaction"
	"recover/pkg/wallet"
)

// parseJSON reads the objects of ethers (toJSON, and what populateTransaction
// gives) and of eth_signTransaction. Both names of a field may be there when
// they agree. What they hold becomes the items of the RLP, which are read in one
// place.
func parseJSON(data []byte, options Options) (transaction.Transaction, error) {
	object, err := transaction.ReadObject(data)
	if err != nil {
		return nil, err
	}
	f := fields{object}
	if f.Fields["gasLimit"] == nil && f.Fields["gas"] == nil {
		return nil, transaction.ErrFormat
	}
	if err := mergeNames(f.Fields); err != nil {
		return nil, err
	}
	for _, name := range []string{"sig", "signature", "r", "s", "v", "yParity", "hash"} {
		if f.Fields[name] != nil {
			return nil, errSigned
		}
	}
	if err := f.Only("type", "chainId", "nonce", "gas", "gasPrice", "maxPriorityFeePerGas", "maxFeePerGas", "to", "from", "value", "data", "accessList"); err != nil {
		return nil, err
	}
	kind, err := readKind(f)
	if err != nil {
		return nil, err
	}
	list, err := readItems(f, kind)
	if err != nil {
		return nil, err
	}
	t := &Transaction{kind: kind, options: options}
	if t.from, err = f.account("from"); err != nil {
		return nil, err
	}
	if err := t.read(list); err != nil {
		return nil, err
	}
	return t, nil
}

// mergeNames leaves one of the two names that gas and data have.
func mergeNames(f transaction.Fields) error {
	for _, pair := range [][2]string{{"gas", "gasLimit"}, {"data", "input"}} {
		name, other := pair[0], pair[1]
		if f[name] != nil && f[other] != nil && !bytes.Equal(f[name], f[other]) {
			return transaction.Syntax(name, "is not the same as %s", other)
		}
		if f[name] == nil && f[other] != nil {
			f[name] = f[other]
		}
		delete(f, other)
	}
	return nil
}

// readKind returns the type, which the fields tell where it is not named.
func readKind(f fields) (byte, error) {
	kind := uint64(kindLegacy)
	if f.Fields["maxFeePerGas"] != nil {
		kind = kindDynamic
	}
	if f.Fields["type"] != nil {
		var err error
		if kind, err = f.Uint64("type"); err != nil {
			return 0, err
		}
	}
	others := []string{"gasPrice"}
	switch kind {
	case kindLegacy:
		others = []string{"maxFeePerGas", "maxPriorityFeePerGas", "accessList"}
	case kindDynamic:
	default:
		return 0, transaction.Refuse(transaction.Unsupported, unsupportedKind, kind)
	}
	for _, name := range others {
		if f.Fields[name] != nil {
			return 0, transaction.Syntax(name, "is not a field of a transaction of type %d", kind)
		}
	}
	return byte(kind), nil
}

// readItems returns what the RLP of the transaction holds.
func readItems(f fields, kind byte) (list []item, err error) {
	names := []string{"nonce", "gasPrice", "gas", "to", "value", "data", "chainId"}
	if kind == kindDynamic {
		names = []string{"chainId", "nonce", "maxPriorityFeePerGas", "maxFeePerGas", "gas", "to", "value", "data", "accessList"}
	}
	for _, name := range names {
		it := item{}
		switch name {
		case "to":
			var to *account
			if to, err = f.account(name); to != nil {
				it.bytes = to[:]
			}
		case "data":
			it.bytes, err = f.data()
		case "accessList":
			it, err = f.accessList()
		case "value":
			if f.Fields[name] == nil {
				break
			}
			fallthrough
		default:
			var n *big.Int
			if n, err = f.Number(name, 256); err == nil {
				it.bytes = n.Bytes()
			}
		}
		if err != nil {
			return nil, err
		}
		list = append(list, it)
	}
	if kind == kindLegacy {
		list = append(list, item{}, item{}) // EIP-155
	}
	return list, nil
}

// fields are the members of the JSON object.
type fields struct{ transaction.Fields }

func (f fields) account(name string) (*account, error) {
	if f.Fields[name] == nil {
		return nil, nil
	}
	text, err := f.Text(name)
	if err != nil {
		return nil, err
	}
	b, err := wallet.ParseEVMAddress(text)
	if err != nil {
		return nil, transaction.Syntax(name, "%v", err)
	}
	a := account(b)
	return &a, nil
}

// data reads 0x and hex digits, or nothing.
func (f fields) data() ([]byte, error) {
	if f.Fields["data"] == nil {
		return nil, nil
	}
	text, err := f.Text("data")
	if err != nil || text == "0x" || text == "" {
		return nil, err
	}
	b, ok := transaction.DecodeHex([]byte(text))
	if !ok || !strings.HasPrefix(text, "0x") {
		return nil, transaction.Syntax("data", "not 0x and hex digits")
	}
	return b, nil
}

// accessList reads [{"address": "0x…", "storageKeys": ["0x…"]}], or nothing.
func (f fields) accessList() (item, error) {
	const name = "accessList"
	all := item{isList: true}
	if f.Fields[name] == nil {
		return all, nil
	}
	entries, err := transaction.ReadArray(f.Fields[name], maxAccess)
	if err != nil {
		return all, transaction.Syntax(name, "%v", err)
	}
	for _, e := range entries {
		object, err := transaction.ReadObject(e)
		if err != nil {
			return all, transaction.Syntax(name, "%v", err)
		}
		entry := fields{object}
		contract, err := entry.account("address")
		if err == nil {
			err = entry.Only("address", "storageKeys")
		}
		if err != nil || contract == nil {
			return all, transaction.Syntax(name, "not an address of 20 bytes and its storageKeys")
		}
		keys := item{isList: true}
		texts, err := transaction.ReadArray(entry.Fields["storageKeys"], maxAccess)
		for _, k := range texts {
			b, _ := transaction.DecodeHex(bytes.Trim(k, `"`)) // read looks at the length
			keys.list = append(keys.list, item{bytes: b})
		}
		if err != nil {
			return all, transaction.Syntax(name, "%v", err)
		}
		all.list = append(all.list, item{isList: true, list: []item{{bytes: contract[:]}, keys}})
	}
	return all, nil
}

// maxAccess is the most entries, and keys of an entry, that are read.
const maxAccess = 10000
