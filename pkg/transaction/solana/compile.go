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
	m := &message{blockhash: blockhash}
	for _, role := range []struct{ signs, writable bool }{{true, true}, {true, false}, {false, true}, {false, false}} {
		for _, a := range all {
			if a.signs != role.signs || a.writable != role.writable {
				continue
			}
			m.keys = append(m.keys, a.address)
			switch {
			case a.signs && a.writable:
				m.signers++
			case a.signs:
				m.signers++
				m.readOnlySigners++
			case !a.writable:
				m.readOnlyUnsigned++
			}
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
