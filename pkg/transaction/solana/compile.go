package solana

import "slices"

// step is an instruction before its accounts have places.
type step struct {
	program  address
	accounts []account
	data     []byte
}

// compile makes a legacy message: the account that pays, then those that sign and
// those that do not, writable before read-only, each in the order in which the
// steps name them, and then the programs.
func compile(payer, blockhash address, steps []step) *message {
	all := []account{{payer, true, true, nil}}
	add := func(a account) {
		i := slices.IndexFunc(all, func(have account) bool { return have.address == a.address })
		if i < 0 {
			all = append(all, a)
			return
		}
		all[i].signs = all[i].signs || a.signs
		all[i].writable = all[i].writable || a.writable
	}
	for _, s := range steps {
		for _, a := range s.accounts {
			add(a)
		}
	}
	for _, s := range steps {
		add(account{address: s.program})
	}
	rank := func(a account) int {
		switch {
		case a.signs && a.writable:
			return 0
		case a.signs:
			return 1
		case a.writable:
			return 2
		}
		return 3
	}
	slices.SortStableFunc(all, func(a, b account) int { return rank(a) - rank(b) })

	m := &message{blockhash: blockhash}
	for _, a := range all {
		m.keys = append(m.keys, a.address)
		switch rank(a) {
		case 0:
			m.signers++
		case 1:
			m.signers++
			m.readOnlySigners++
		case 3:
			m.readOnlyUnsigned++
		}
	}
	for _, s := range steps {
		i := instruction{program: byte(slices.Index(m.keys, s.program)), data: s.data}
		for _, a := range s.accounts {
			i.accounts = append(i.accounts, byte(slices.Index(m.keys, a.address)))
		}
		m.instructions = append(m.instructions, i)
	}
	return m
}

// Roles of accounts in a step.
func signs(a address) account         { return account{address: a, signs: true} }
func signsWritable(a address) account { return account{address: a, signs: true, writable: true} }
func writable(a address) account      { return account{address: a, writable: true} }
func readOnly(a address) account      { return account{address: a} }
