package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"recover/internal/group"
	"recover/internal/output"
	"recover/pkg/wallet"
	"recover/pkg/wallet/export"
)

// expectedAddress is an address of the list of --expect.
type expectedAddress struct {
	line int
	text string // normalized
}

// readExpected reads the addresses of a spreadsheet: those of the columns whose
// name contains "address", or else all of them.
func readExpected(path string) ([]expectedAddress, error) {
	rows, err := readSheet(path)
	if err != nil {
		return nil, err
	}
	columns, hasHeader := addressColumns(rows[0].Cells)
	if hasHeader {
		rows = rows[1:]
	}
	var all []expectedAddress
	faults := &listError{path: path}
	for _, row := range rows {
		found := 0
		for i, cell := range row.Cells {
			if cell == "" || columns != nil && !slices.Contains(columns, i) {
				continue
			}
			if address, ok := wallet.Normalize(cell); ok {
				all = append(all, expectedAddress{row.Line, address})
				found++
			} else if columns != nil || len(row.Cells) == 1 {
				faults.add(row.Line, "%q is not an address: a character was mistyped or is missing", cut(cell))
				found++
			}
		}
		if found == 0 {
			faults.add(row.Line, "there is no address on this line")
		}
	}
	if len(faults.lines) > 0 {
		return nil, faults
	}
	if len(all) == 0 {
		return nil, &fileError{path, asList, errNoAddresses}
	}
	return all, nil
}

// addressColumns tells whether a row is a header, and which of its columns hold
// addresses; none is any.
func addressColumns(cells []string) (columns []int, isHeader bool) {
	for i, cell := range cells {
		if _, ok := wallet.Normalize(cell); ok {
			return nil, false
		}
		if strings.Contains(strings.ToLower(cell), "address") {
			columns = append(columns, i)
		}
	}
	return columns, true
}

func cut(text string) string {
	if len(text) > 60 {
		return text[:60] + "…"
	}
	return text
}

// expectation is what is known of the expected addresses.
type expectation struct {
	wanted   []expectedAddress
	owner    map[string]*ownedAddress // by address: nil while it is nobody's
	unlisted []*listedKey             // our keys without an address in the list
}

type ownedAddress struct{ keyID, chain string }

func newExpectation(wanted []expectedAddress) *expectation {
	e := &expectation{wanted: wanted, owner: make(map[string]*ownedAddress)}
	for _, w := range wanted {
		e.owner[w.text] = nil
	}
	return e
}

// note looks which of the expected addresses are those of a key.
func (e *expectation) note(k *listedKey) {
	if len(e.wanted) == 0 {
		return
	}
	all := k.list
	if k.public != nil && k.Algorithm == group.Secp256k1.Algorithm() {
		compressed := group.Compressed(k.public)
		all = append(slices.Clone(all), wallet.Address{Chain: "bitcoin_p2pkh", Text: wallet.LegacyAddress(compressed, false)},
			wallet.Address{Chain: "bitcoin_testnet_p2pkh", Text: wallet.LegacyAddress(compressed, true)})
	}
	found := false
	for _, a := range all {
		text, ok := wallet.Normalize(a.Text)
		if !ok {
			text = a.Text // as recorded, of a chain that is not known here
		}
		if _, wanted := e.owner[text]; wanted {
			e.owner[text] = &ownedAddress{k.KeyID, a.Chain}
			found = true
		}
	}
	if !found {
		e.unlisted = append(e.unlisted, k)
	}
}

// expectedLine is the NDJSON line of an expected address.
type expectedLine struct {
	Type    string `json:"type"`
	Line    int    `json:"line"`
	Address string `json:"address"`
	Status  string `json:"status"` // ours or not-ours
	KeyID   string `json:"key_id,omitempty"`
	Chain   string `json:"chain,omitempty"`
}

// compare shows what became of each expected address. The outcome is an error
// where not all of them are ours.
func (l *addressLister) compare() (outcome, err error) {
	if l.flags.expect == "" {
		return nil, nil
	}
	ours := 0
	for _, w := range l.wanted.wanted {
		line := expectedLine{"expected", w.line, w.text, "not-ours", "", ""}
		if owner := l.wanted.owner[w.text]; owner != nil {
			ours++
			line.Status, line.KeyID, line.Chain = "ours", owner.keyID, owner.chain
		}
		if err := l.showExpected(line); err != nil {
			return nil, err
		}
	}
	for _, k := range l.wanted.unlisted {
		if l.flags.json {
			err = l.term.JSON(&listedKey{Type: "unlisted", QuorumID: k.QuorumID, KeyID: k.KeyID, Algorithm: k.Algorithm, Addresses: k.Addresses})
		} else {
			l.term.Warn(fmt.Sprintf("not in the list: key %s, %s", k.KeyID, k.list[0].Text))
		}
		if err != nil {
			return nil, err
		}
	}
	all, notOurs, unlisted := len(l.wanted.wanted), len(l.wanted.wanted)-ours, len(l.wanted.unlisted)
	l.count.Expected, l.count.Ours, l.count.NotOurs, l.count.Unlisted = &all, &ours, &notOurs, &unlisted
	l.term.Note("%d of %d addresses of the list are ours; %d of our %d %s not in the list", ours, all, unlisted, l.count.Keys, plural(l.count.Keys, "keys is", "keys are"))
	if notOurs == 0 {
		return nil, nil
	}
	status := exitSome
	if ours == 0 {
		status = exitFailed
	}
	return &incompleteError{fmt.Sprintf("%d of %d addresses of the list %s to none of these keys", notOurs, all, plural(notOurs, "belongs", "belong")),
		"check whether the record or the rebuild lacks keys, or whether these wallets were never backed up", status}, nil
}

// showExpected shows one expected address; where stdout is CSV, on stderr.
func (l *addressLister) showExpected(e expectedLine) error {
	text := fmt.Sprintf("%-9s line %d: %s  %s %s", e.Status, e.Line, e.Address, e.Chain, e.KeyID)
	switch {
	case l.flags.json:
		return l.term.JSON(e)
	case l.flags.csv:
		l.term.Note("%s", strings.TrimRight(text, " "))
		return nil
	}
	return l.term.Print("%s", strings.TrimRight(text, " "))
}

// watchList is the content of a watch-only file.
type watchList struct {
	descriptors []export.Watched
	addresses   map[string][]string
}

func (w *watchList) add(k *listedKey) {
	if w.addresses == nil {
		w.addresses = make(map[string][]string)
	}
	for _, a := range k.list {
		w.addresses[a.Chain] = append(w.addresses[a.Chain], a.Text)
	}
	if k.public != nil && k.Algorithm == group.Secp256k1.Algorithm() {
		label := k.KeyID
		if k.Name != "" {
			label = k.Name
		}
		w.descriptors = append(w.descriptors, export.Watched{Public: k.public, Label: label})
	}
}

func (w *watchList) write(path string) error {
	text := []byte("{\"format\": \"recover-watch-only/1\",\n\"bitcoin_core\": ")
	text = append(text, strings.TrimSpace(string(export.ImportDescriptors(w.descriptors)))...)
	text = append(text, ",\n\"addresses\": {"...)
	for i, chain := range slices.Sorted(maps.Keys(w.addresses)) {
		if i > 0 {
			text = append(text, ',')
		}
		list, err := json.MarshalIndent(w.addresses[chain], "  ", "  ")
		if err != nil {
			return err
		}
		text = fmt.Appendf(text, "\n  %q: %s", chain, list)
	}
	text = append(text, "\n}}\n"...)
	return output.WriteNewFile(path, func(out io.Writer) error {
		_, err := out.Write(text)
		return err
	})
}
