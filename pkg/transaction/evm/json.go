package evm

import (
	"bytes"
	"math"
	"math/big"
	"strings"

	"recover/pkg/transaction"
	"recover/pkg/transaction/chain"
	"recover/pkg/wallet"
)

// parseJSON reads the objects of ethers (toJSON, and what populateTransaction
// gives) and of eth_signTransaction. Both names of a field may be there when
// they agree.
func parseJSON(data []byte, options Options) (transaction.Transaction, error) {
	f, err := transaction.ReadObject(data)
	if err != nil {
		return nil, err
	}
	if f["gasLimit"] == nil && f["gas"] == nil {
		return nil, transaction.ErrFormat
	}
	if err := mergeNames(f); err != nil {
		return nil, err
	}
	for _, name := range []string{"sig", "signature", "r", "s", "v", "yParity", "hash"} {
		if f[name] != nil {
			return nil, errSigned
		}
	}
	if err := f.Only("type", "chainId", "nonce", "gas", "gasPrice", "maxPriorityFeePerGas", "maxFeePerGas", "to", "from", "value", "data", "accessList"); err != nil {
		return nil, err
	}
	t := &Transaction{options: options, value: new(big.Int)}
	if err := t.readKind(f); err != nil {
		return nil, err
	}
	if err := t.readNumbers(f); err != nil {
		return nil, err
	}
	if err := t.readTexts(f); err != nil {
		return nil, err
	}
	return t, t.valid()
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

func (t *Transaction) readKind(f transaction.Fields) error {
	switch kind, err := uint64(math.MaxUint64), error(nil); {
	case f["type"] != nil:
		if kind, err = f.Uint64("type"); err != nil {
			return err
		}
		if kind != kindLegacy && kind != kindDynamic {
			return transaction.Refuse(transaction.Unsupported, "EVM transactions of type %d are not signed here, only legacy ones and type 2", kind)
		}
		t.kind = byte(kind)
	case f["maxFeePerGas"] != nil:
		t.kind = kindDynamic
	}
	if t.kind == kindLegacy && (f["maxFeePerGas"] != nil || f["maxPriorityFeePerGas"] != nil || f["accessList"] != nil) {
		return transaction.Syntax("type", "a legacy transaction has no maxFeePerGas, maxPriorityFeePerGas and accessList")
	}
	if t.kind == kindDynamic && f["gasPrice"] != nil {
		return transaction.Syntax("gasPrice", "is not a field of a transaction of type 2")
	}
	return nil
}

func (t *Transaction) readNumbers(f transaction.Fields) error {
	id, err := f.Uint64("chainId")
	if err != nil {
		return err
	}
	t.chain = chain.EVMChain(id)
	if t.nonce, err = f.Uint64("nonce"); err != nil {
		return err
	}
	if t.gas, err = f.Uint64("gas"); err != nil {
		return err
	}
	price := "gasPrice"
	if t.kind == kindDynamic {
		price = "maxFeePerGas"
		if t.tip, err = f.Number("maxPriorityFeePerGas", 256); err != nil {
			return err
		}
	}
	if t.price, err = f.Number(price, 256); err != nil {
		return err
	}
	if f["value"] != nil {
		t.value, err = f.Number("value", 256)
	}
	return err
}

func (t *Transaction) readTexts(f transaction.Fields) (err error) {
	if t.to, err = readAccount(f, "to"); err != nil {
		return err
	}
	if t.from, err = readAccount(f, "from"); err != nil {
		return err
	}
	if f["data"] != nil {
		text, err := f.Text("data")
		if err != nil {
			return err
		}
		if text != "0x" && text != "" {
			b, ok := transaction.DecodeHex([]byte(text))
			if !ok || !strings.HasPrefix(text, "0x") {
				return transaction.Syntax("data", "not 0x and hex digits")
			}
			t.data = b
		}
	}
	if f["accessList"] == nil {
		return nil
	}
	return t.readAccessJSON(f["accessList"])
}

func readAccount(f transaction.Fields, name string) (*account, error) {
	if f[name] == nil {
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

// readAccessJSON reads [{"address": "0x…", "storageKeys": ["0x…"]}].
func (t *Transaction) readAccessJSON(data []byte) error {
	const field = "accessList"
	entries, err := transaction.ReadArray(data, maxAccess)
	if err != nil {
		return transaction.Syntax(field, "%v", err)
	}
	for _, e := range entries {
		f, err := transaction.ReadObject(e)
		if err != nil {
			return transaction.Syntax(field, "%v", err)
		}
		if err := f.Only("address", "storageKeys"); err != nil {
			return err
		}
		contract, err := readAccount(f, "address")
		if err != nil || contract == nil {
			return transaction.Syntax(field, "not an address of 20 bytes")
		}
		entry := accessEntry{contract: *contract}
		keys, err := transaction.ReadArray(f["storageKeys"], maxAccess)
		if err != nil {
			return transaction.Syntax(field, "%v", err)
		}
		for _, k := range keys {
			b, ok := transaction.DecodeHex(bytes.Trim(k, `"`))
			if !ok || len(b) != 32 {
				return transaction.Syntax(field, "a storage key is not 32 bytes long")
			}
			entry.keys = append(entry.keys, [32]byte(b))
		}
		t.access = append(t.access, entry)
	}
	return nil
}

// maxAccess is the most entries, and keys of an entry, that are read.
const maxAccess = 10000
