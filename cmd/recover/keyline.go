package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"recover/pkg/report"
)

// How a key is shown to people: the name that they know it by, and the address
// of the chain that it is used on.

// lineWidth is how wide a line of a key is at the most, if no word of it is
// longer: a terminal has 80 columns.
const lineWidth = 79

// keyIndent is where the lines below the first of a key begin.
const keyIndent = "        "

// keyName is what people know a key by.
func keyName(k *keyResult) string {
	if k.Name != "" {
		return k.Name
	}
	return k.KeyID
}

// lines are what is said of a key. Of one that is not as it should be, that is
// all that can be known without the report.
func (r *reporter) lines(k *keyResult) listing {
	var l listing
	l.addKey(k.Status, keyName(k), mainAddress(k))
	if r.addresses {
		l.addAddresses(k)
	}
	if k.Status != statusOK {
		l.addDetail(k)
	}
	for _, w := range k.Warnings {
		l.add(keyIndent+"warning: %s", w.Detail)
	}
	l.addCopies(k.Shards)
	return l
}

// addKey writes status, name and address, in one line if they fit.
func (l *listing) addKey(status, name, address string) {
	first := fmt.Sprintf("%-7s %-19s", status, name)
	if one := first + " " + address; utf8.RuneCountInString(one) <= lineWidth {
		l.add("%s", strings.TrimRight(one, " "))
		return
	}
	l.add("%s", strings.TrimRight(first, " "))
	if address != "" {
		l.add(keyIndent+"%s", address)
	}
}

// addDetail says why a key is not ok, and what to do next.
func (l *listing) addDetail(k *keyResult) {
	if k.Name != "" {
		l.add(keyIndent+"key %s", k.KeyID)
	}
	l.add(keyIndent+"%s: %s", k.Reason, k.Detail)
	if h := reasonHint(k.Reason); h != "" {
		l.add(keyIndent+"next: %s", h)
	}
}

// addAddresses lists all addresses of a key.
func (l *listing) addAddresses(k *keyResult) {
	for _, chain := range slices.Sorted(maps.Keys(k.Addresses)) {
		l.add(keyIndent+"%-16s %s", chain, k.Addresses[chain])
	}
}

// addCopies shows what each copy is worth, where there are several for one
// recovery key.
func (l *listing) addCopies(copies []report.Copy) {
	keys := make(map[string]bool)
	for _, c := range copies {
		if c.RecoveryKey != "" {
			keys[c.RecoveryKey] = true
		}
	}
	if len(copies) == len(keys) {
		return
	}
	for _, c := range copies {
		date, _, _ := strings.Cut(c.Modified, "T")
		if date == "" {
			date = "date not known"
		}
		text := fmt.Sprintf("%s, %s: %s", c.Shard, date, c.Status)
		if c.Used {
			text += ", a rebuild uses this one"
		}
		l.add(keyIndent+"copy %s", text)
	}
}

// chainWords are parts of the names that services give to chains.
var chainWords = []struct{ part, chain string }{
	{"xrp", "xrp"}, {"ripple", "xrp"}, {"bitcoin_testnet", "bitcoin_testnet"}, {"bitcoin testnet", "bitcoin_testnet"}, {"bitcoin", "bitcoin"}, {"btc", "bitcoin"},
	{"tron", "tron"}, {"trx", "tron"}, {"solana", "solana"},
}

// mainAddress is the address that people know a key by: the recorded one, or that
// of the recorded chain, or else the usual one of its algorithm.
func mainAddress(k *keyResult) string {
	for _, chain := range slices.Sorted(maps.Keys(k.Addresses)) {
		if k.recordedAddress != "" && strings.EqualFold(k.Addresses[chain], k.recordedAddress) {
			return chain + " " + k.Addresses[chain]
		}
	}
	chains := []string{"ethereum", "solana"}
	for _, w := range chainWords {
		if strings.Contains(strings.ToLower(k.Blockchain), w.part) {
			chains = append([]string{w.chain}, chains...)
			break
		}
	}
	for _, chain := range chains {
		if a, ok := k.Addresses[chain]; ok {
			return chain + " " + a
		}
	}
	return ""
}
