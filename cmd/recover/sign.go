package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"recover/internal/group"
	"recover/internal/output"
	"recover/pkg/transaction"
	"recover/pkg/transaction/chain"
	"recover/pkg/transaction/detect"
	"recover/pkg/wallet"
)

const signUsage = `
recover sign --keys DIR --key-id UUID --in FILE --out FILE

Shows in words what an unsigned transaction does, asks for confirmation, signs
it with a rebuilt key, verifies the signature, and writes the signed
transaction. The program recognizes the chain from the content of the file: EVM
chains (RLP in hex, JSON), Bitcoin (PSBT), the XRP Ledger (JSON, hex), Solana
(base64, hex), Tron (hex, JSON). It signs only what it understands completely;
docs/transactions.md lists that.
` + keyringUsage + `
What is signed:
    --key-id UUID              the key to sign with; the transaction has to be
                               from its account
    --in FILE                  the unsigned transaction
    --max-fee N                the highest fee that you accept, in the smallest
                               unit (wei, satoshis, drops, lamports, sun)
    --max-fee-rate N           Bitcoin: satoshis per virtual byte
    --allow-data               EVM: allow contract creation and unknown
                               calldata; Bitcoin: allow outputs of an unknown
                               kind
    --lookup-tables FILE       Solana: the content of address lookup tables, a
                               JSON object: {"table address": ["address", …]}
    --testnet                  Bitcoin: show addresses of the test networks
    --blind                    sign without understanding: 32 bytes in hex
                               with a SECP256K1 key (a digest), any bytes in
                               hex with an ED25519 key
    --accept-unproved          accept a key that nothing proves to be right

What comes out:
    --out FILE                 a new file for the signed transaction
    --qr                       show it as well, as a series of QR codes (BBQr)
                               at the terminal, for an online machine with a
                               camera
    --yes                      do not ask for confirmation: for scripts; not
                               with --blind
`

// signFlags are the flags of the verb sign.
type signFlags struct {
	ring         keyringFlags
	keyID        string
	in, out      string
	lookupTables string
	limits       transaction.Limits
	options      detect.Options
	qr           bool
	blind, yes   bool
}

func parseSign(args []string) (*signFlags, error) {
	f := new(signFlags)
	fs := newFlags("sign")
	f.ring.registerUse(fs)
	fs.StringVar(&f.keyID, "key-id", "", "")
	fs.StringVar(&f.in, "in", "", "")
	fs.StringVar(&f.out, "out", "", "")
	maxFee := fs.String("max-fee", "", "")
	fs.Int64Var(&f.limits.MaxFeeRate, "max-fee-rate", 0, "")
	fs.BoolVar(&f.limits.AllowData, "allow-data", false, "")
	fs.StringVar(&f.lookupTables, "lookup-tables", "", "")
	fs.BoolVar(&f.options.Bitcoin.Testnet, "testnet", false, "")
	fs.BoolVar(&f.qr, "qr", false, "")
	fs.BoolVar(&f.blind, "blind", false, "")
	fs.BoolVar(&f.yes, "yes", false, "")
	if err := parseFlags(fs, args, 0); err != nil {
		return nil, err
	}
	var err error
	if f.keyID, err = f.ring.one("sign", f.keyID); err != nil {
		return nil, err
	}
	if err := required("sign", [2]string{"in", f.in}, [2]string{"out", f.out}); err != nil {
		return nil, err
	}
	if f.qr && f.blind {
		return nil, &usageError{"--qr and --blind are both given", "remove --qr: a blind signature is short, and is only written to --out"}
	}
	if f.blind && f.yes {
		return nil, &usageError{"--blind and --yes are both given", "remove --yes: a blind signature always needs a yes at the terminal"}
	}
	if *maxFee != "" {
		limit, err := chain.ParseDecimal(*maxFee, 0)
		if err != nil {
			return nil, &usageError{"--max-fee is not a whole number", "give it in the smallest unit: wei, satoshis, drops, lamports or sun"}
		}
		f.limits.MaxFee = limit
	}
	if f.limits.MaxFeeRate < 0 {
		return nil, &usageError{"--max-fee-rate is not a number of 1 or more", "give a whole number, or remove it: the limit is then 500"}
	}
	return f, checkNewFile(f.out)
}

// runSign is the verb: show and sign one transaction.
func runSign(p *program, args []string) error {
	f, err := parseSign(args)
	if err != nil {
		return err
	}
	data, err := output.ReadFile(f.in, transaction.MaxSize)
	if err != nil {
		return &fileError{f.in, asTransaction, err}
	}
	if f.lookupTables != "" {
		if f.options.Solana.Tables, err = parseFile(f.lookupTables, asTransaction, transaction.MaxSize, readTables); err != nil {
			return err
		}
	}
	if !f.blind { // what is wrong with it is said before anybody types a passphrase
		if _, err := detect.Parse(data, f.options); err != nil {
			return &fileError{f.in, asTransaction, err}
		}
	}
	ring, err := f.ring.unlock(p)
	if err != nil {
		return err
	}
	key, signer, err := ring.find(p, f.keyID)
	if err != nil {
		return err
	}
	key.Private.Wipe() // signer has its own
	defer signer.Wipe()
	if f.blind {
		return p.signBlind(f, signer, data)
	}
	return p.signTransaction(f, signer, data)
}

// readTables reads the content of Solana's lookup tables, for which the caller
// vouches.
func readTables(data []byte) (map[string][]string, error) {
	fields, err := transaction.ReadObject(data)
	if err != nil {
		return nil, err
	}
	tables := make(map[string][]string)
	for _, table := range slices.Sorted(maps.Keys(fields)) {
		elements, err := transaction.ReadArray(fields[table], 256)
		if err != nil {
			return nil, err
		}
		for _, e := range elements {
			text, err := transaction.Fields{"address": e}.Text("address")
			if err != nil {
				return nil, err
			}
			tables[table] = append(tables[table], text)
		}
	}
	return tables, nil
}

// signTransaction shows the transaction, asks, and signs it.
func (p *program) signTransaction(f *signFlags, key *transaction.Key, data []byte) error {
	tx, err := parseFor(key, data, f.options)
	if err != nil {
		return &fileError{f.in, asTransaction, err}
	}
	if err := tx.Check(f.limits); err != nil {
		return &fileError{f.in, asTransaction, err}
	}
	if err := p.describe(tx, key); err != nil {
		return err
	}
	if !f.yes {
		agreed, err := p.term.Confirm("Sign this transaction on " + tx.Chain().String() + "?")
		if err != nil {
			return err
		}
		if !agreed {
			return errNotAgreed
		}
	}
	signed, err := tx.Sign(key, f.limits)
	if err != nil {
		return &fileError{f.in, asTransaction, err}
	}
	if err := writeNewData(f.out, []byte(signed.Text+"\n")); err != nil {
		return err
	}
	if err := p.term.Print("%-22s %s", "Transaction ID", signed.ID); err != nil {
		return err
	}
	p.term.Note("signed: %s; send it with %s", f.out, broadcastWith(tx.Chain()))
	if link := tx.Chain().Explorer; link != "" {
		p.term.Note("look for it at %s%s", link, signed.ID)
	}
	if f.qr {
		return p.showSeries(tx.Chain(), signed)
	}
	return nil
}

// parseFor reads a transaction that has to be one of the key's accounts.
func parseFor(key *transaction.Key, data []byte, options detect.Options) (transaction.Transaction, error) {
	tx, err := detect.Parse(data, options)
	if err != nil {
		return nil, err
	}
	mine := accountsOf(key)
	if tx.Chain().Family == chain.Solana && !slices.Contains(mine, tx.From()) {
		// Another account pays the fee, and the key may be one of the signers.
		options.Solana.Account = key.Address("solana")
		if other, err := detect.ParseAs(chain.Solana, data, options); err == nil && options.Solana.Account != "" {
			return other, nil
		}
	}
	if from := tx.From(); from != "" && !slices.Contains(mine, from) {
		return nil, &transaction.AccountError{Want: from, Key: addressOn(key, tx.Chain())}
	}
	return tx, nil
}

// accountsOf returns all accounts that a key signs for.
func accountsOf(key *transaction.Key) (all []string) {
	for _, a := range wallet.Addresses(key.Group(), key.Public()) {
		all = append(all, a.Text)
	}
	if key.Group() == group.Secp256k1 {
		compressed := group.Compressed(key.Public())
		all = append(all, wallet.LegacyAddress(compressed, false), wallet.LegacyAddress(compressed, true))
	}
	return all
}

// addressOn returns the usual address of a key on a chain, or "".
func addressOn(key *transaction.Key, c chain.Chain) string {
	switch {
	case c.Family == chain.EVM:
		return key.Address("ethereum")
	case c.Family == chain.XRPL:
		return key.Address("xrp")
	case c.Family == chain.Bitcoin && c.Test:
		return key.Address("bitcoin_testnet")
	}
	return key.Address(string(c.Family))
}

// describe shows what is signed, and what must not be overlooked.
func (p *program) describe(tx transaction.Transaction, key *transaction.Key) error {
	lines := tx.Describe()
	if tx.From() == "" {
		lines = append([]transaction.Line{{Label: "Account of the key", Value: addressOn(key, tx.Chain())}}, lines...)
	}
	for _, l := range lines {
		label := l.Label
		if l.Warning {
			label = "WARNING: " + label
		}
		if err := p.term.Print("%s", strings.TrimRight(fmt.Sprintf("%-22s %s", label, l.Value), " ")); err != nil {
			return err
		}
	}
	return nil
}
