package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"recover/internal/group"
	"recover/internal/output"
	"recover/internal/terminal"
	"recover/pkg/report"
	"recover/pkg/wallet"
)

const addressesUsage = `
recover addresses --keys DIR [--identity FILE]
recover addresses --record FILE

Lists the addresses of rebuilt keys, or those of a record with public keys,
which needs no secret. It can compare them with a list from the service's
console or a block explorer.
` + keyringUsage + `
Or, without any secret:
    --record FILE              a record: lists the addresses of its public
                               keys, and the recorded address of a key that
                               has no public key

Options:
    --csv                      a line for each address, for a spreadsheet; and
                               for "recover sweep plan"
    --json                     NDJSON: an object for each key, then a summary
    --expect FILE              compare with the addresses in this CSV file, as
                               a spreadsheet saves it: in the columns whose
                               name contains "address", or else in any column
    --watch-only FILE          write a new file (JSON) for watching without
                               spending: output descriptors for Bitcoin Core,
                               and the addresses of each chain

With --expect the exit status is 0 if all addresses of the list belong to these
keys, 3 if only some do, and 1 if none does.
`

// addressFlags are the flags of the verb addresses.
type addressFlags struct {
	ring      keyringFlags
	record    string
	csv, json bool
	expect    string
	watchOnly string
}

func parseAddresses(args []string) (*addressFlags, error) {
	f := new(addressFlags)
	fs := newFlags("addresses")
	f.ring.register(fs)
	fs.StringVar(&f.record, "record", "", "")
	fs.BoolVar(&f.csv, "csv", false, "")
	fs.BoolVar(&f.json, "json", false, "")
	fs.StringVar(&f.expect, "expect", "", "")
	fs.StringVar(&f.watchOnly, "watch-only", "", "")
	if err := parseFlags(fs, args, 0); err != nil {
		return nil, err
	}
	switch secret := len(f.ring.identities) > 0 || f.ring.passphraseFD != ""; {
	case len(f.ring.dirs) > 0 && f.record != "":
		return nil, &usageError{"--keys and --record are both given", "give one or the other"}
	case len(f.ring.dirs) == 0 && f.record == "":
		return nil, &usageError{"--keys is missing", "give the directory of the rebuilt keys, or --record for a record with public keys"}
	case f.record != "" && secret:
		return nil, &usageError{"--identity or --passphrase-fd is given with --record", "remove it: a record holds no secret"}
	case f.csv && f.json:
		return nil, &usageError{"--csv and --json are both given", "give one or the other"}
	}
	if f.watchOnly != "" {
		if err := output.CheckNewFile(f.watchOnly); err != nil {
			return nil, &fileError{f.watchOnly, asOutput, err}
		}
	}
	return f, nil
}

// listedKey is a key of which the addresses are listed. It holds no secret.
type listedKey struct {
	Type      string            `json:"type"`
	QuorumID  string            `json:"quorum_id"`
	KeyID     string            `json:"key_id"`
	Algorithm string            `json:"algorithm"`
	Name      string            `json:"name,omitempty"`
	PublicKey string            `json:"public_key,omitempty"`
	Addresses map[string]string `json:"addresses"`
	Proved    *bool             `json:"proved,omitempty"` // false, or not there

	public group.Point
	list   []wallet.Address // in their order
}

// runAddresses is the verb: list and compare addresses.
func runAddresses(p *program, args []string) error {
	f, err := parseAddresses(args)
	if err != nil {
		return err
	}
	var wanted []expectedAddress
	if f.expect != "" {
		if wanted, err = readExpected(f.expect); err != nil {
			return err
		}
	}
	ask, err := newPrompter(p, f.ring.passphraseFlags)
	if err != nil {
		return err
	}
	l := &addressLister{ctx: p.ctx, term: p.term, flags: f, wanted: newExpectation(wanted)}
	if f.record != "" {
		err = l.record()
	} else {
		err = l.keys(ask)
	}
	if err != nil {
		return err
	}
	return l.end()
}

// addressLister shows the addresses of one key after the other.
type addressLister struct {
	ctx    context.Context
	term   *terminal.Terminal
	flags  *addressFlags
	wanted *expectation
	watch  watchList
	count  addressSummary
	begun  bool
}

// addressSummary is the last line of the verb's NDJSON.
type addressSummary struct {
	Type        string `json:"type"`
	Keys        int    `json:"keys"`
	NoPublicKey int    `json:"no_public_key"`
	Unproved    int    `json:"unproved"`
	Expected    *int   `json:"expected,omitempty"`
	Ours        *int   `json:"ours,omitempty"`
	NotOurs     *int   `json:"not_ours,omitempty"`
	Unlisted    *int   `json:"unlisted,omitempty"`
}

// keys lists the rebuilt keys.
func (l *addressLister) keys(ask *secretPrompter) error {
	ring, err := l.flags.ring.open(ask)
	if err != nil {
		return err
	}
	if err := ask.used(); err != nil {
		return err
	}
	return ring.each(func(k *report.RebuiltKey) error {
		key := listed(k.QuorumID, k.KeyID, "", k.Group, k.Public)
		if !k.Proved {
			key.Proved = new(bool)
		}
		return l.show(key)
	})
}

func listed(quorumID, keyID, name string, g group.Group, public group.Point) *listedKey {
	k := &listedKey{
		Type: "key", QuorumID: quorumID, KeyID: keyID, Algorithm: g.Algorithm(), Name: name,
		PublicKey: hex.EncodeToString(public.Bytes()), public: public, Addresses: make(map[string]string),
	}
	k.list = wallet.Addresses(g, public)
	for _, a := range k.list {
		k.Addresses[a.Chain] = a.Text
	}
	return k
}

var errNoPublicKeys = errors.New("no entry of the record has a public key or an address")

// record lists what a record knows.
func (l *addressLister) record() error {
	s := &selection{ctx: l.ctx}
	defer s.Close()
	if err := s.openRecord(l.flags.record); err != nil {
		return err
	}
	for e, err := range s.record.Entries() {
		if err != nil {
			return &fileError{l.flags.record, asRecord, err}
		}
		if l.ctx.Err() != nil {
			return terminal.ErrInterrupted
		}
		var key *listedKey
		switch {
		case e.PublicKey != nil:
			key = listed(e.QuorumID.String(), e.KeyID.String(), e.Name, e.Algorithm, e.PublicKey)
		case e.Address != "":
			key = &listedKey{Type: "key", QuorumID: e.QuorumID.String(), KeyID: e.KeyID.String(), Algorithm: e.Algorithm.Algorithm(), Name: e.Name,
				Addresses: map[string]string{"recorded": e.Address}, list: []wallet.Address{{Chain: "recorded", Text: e.Address}}}
		default:
			l.count.NoPublicKey++
			continue
		}
		if err := l.show(key); err != nil {
			return err
		}
	}
	if l.count.Keys == 0 {
		return &fileError{l.flags.record, asRecord, errNoPublicKeys}
	}
	if n := l.count.NoPublicKey; n > 0 {
		l.term.Warn(fmt.Sprintf("%d %s neither a public key nor an address", n, plural(n, "key of the record has", "keys of the record have")))
	}
	return nil
}

// show lists one key.
func (l *addressLister) show(k *listedKey) error {
	l.count.Keys++
	if k.Proved != nil {
		l.count.Unproved++
	}
	l.wanted.note(k)
	if l.flags.watchOnly != "" {
		l.watch.add(k)
	}
	switch {
	case l.flags.json:
		return l.term.JSON(k)
	case l.flags.csv:
		return l.showCSV(k)
	case l.flags.expect != "": // for people, the comparison alone
		return nil
	}
	return l.showTable(k)
}

// showTable shows a key on one line and its addresses below it, one a line: a
// terminal of 80 columns has no room for a key ID and an address side by side.
func (l *addressLister) showTable(k *listedKey) error {
	doubt := ""
	if k.Proved != nil {
		doubt = "  NOT PROVED"
	}
	if err := l.term.Print("%s", strings.TrimRight(fmt.Sprintf("%s  %-9s  %s", k.KeyID, k.Algorithm, k.Name), " ")); err != nil {
		return err
	}
	for _, a := range k.list {
		if err := l.term.Print("    %-15s  %s%s", a.Chain, a.Text, doubt); err != nil {
			return err
		}
	}
	return nil
}

// showCSV writes a line for each address; a name comes last, and never looks
// like a formula to a spreadsheet.
func (l *addressLister) showCSV(k *listedKey) error {
	if !l.begun {
		l.begun = true
		if err := l.term.Print("quorum_id,key_id,algorithm,chain,address,public_key,proved,name"); err != nil {
			return err
		}
	}
	name := k.Name
	if name != "" && strings.ContainsRune("=+-@'", rune(name[0])) {
		name = "'" + name
	}
	for _, a := range k.list {
		if err := l.term.Print("%s,%s,%s,%s,%s,%s,%t,%s", k.QuorumID, k.KeyID, k.Algorithm, a.Chain, quoteCell(a.Text), k.PublicKey, k.Proved == nil, quoteCell(name)); err != nil {
			return err
		}
	}
	return nil
}

func quoteCell(text string) string {
	if strings.ContainsAny(text, "\",;\t|") {
		return `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
	}
	return text
}

// end writes the watch-only file and says what was compared.
func (l *addressLister) end() error {
	if n := l.count.Unproved; n > 0 {
		l.term.Warn(fmt.Sprintf("%d %s not proved to be right: compare the addresses with a source outside the bucket", n, plural(n, "key is", "keys are")))
	}
	if l.flags.watchOnly != "" {
		if err := l.watch.write(l.flags.watchOnly); err != nil {
			return &fileError{l.flags.watchOnly, asOutput, err}
		}
		l.term.Note("the watch-only addresses are in %s", l.flags.watchOnly)
	}
	outcome, err := l.compare()
	if err != nil {
		return err
	}
	if l.flags.json {
		l.count.Type = "summary"
		if err := l.term.JSON(&l.count); err != nil {
			return err
		}
	} else if !l.flags.csv && l.flags.expect == "" {
		l.term.Note("%d %s", l.count.Keys, plural(l.count.Keys, "key", "keys"))
	}
	return outcome
}
