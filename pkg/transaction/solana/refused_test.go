package solana

import (
	"bytes"
	"errors"
	"testing"

	"recover/pkg/transaction"
)

func TestRefused(t *testing.T) {
	change := func(f func(*message), steps ...step) []byte {
		m := compile(known(exampleFrom), known(hash1), steps)
		f(m)
		return m.bytes()
	}
	withData := func(s step, data ...byte) []byte { s.data = data; return messageOf(s) }
	one := transferStep(1)
	short := one
	short.accounts = short.accounts[:1]
	otherProgram := one
	otherProgram.program = known(mintX)
	wrongSysvar := nonceStep()
	wrongSysvar.accounts[1] = readOnly(known(mintX))
	wrongATA := createStep(1)
	wrongATA.accounts[1] = writable(known(mintX))
	wrongTokenProgram := createStep(1)
	wrongTokenProgram.accounts[5] = readOnly(known(mintX))
	usdc2022 := tokenStep(token2022Program, known(usdc), 1, 6)
	multisig := tokenStep(tokenProgram, known(usdc), 1, 6)
	multisig.accounts = append(multisig.accounts, signs(known(mintX)))
	for _, c := range []struct {
		data []byte
		want string
	}{
		{messageOf(), "no instruction"},
		{messageOf(otherProgram), "instruction 1 calls the program " + mintX + ", which is not understood"},
		{withData(one, 2, 0, 0), "instruction 1 of the system program is not understood: 0x020000 (3 bytes)"},
		{withData(one, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0), "instruction 1 of the system program is not understood: 0x0200000001000000000000 (11 bytes)"},
		{withData(one, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0), "instruction 1 of the system program is not understood: 0x02000000010000000000000000 (13 bytes)"},
		{withData(one, 3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0), "instruction 1 of the system program is not understood: 0x030000000100000000000000 (12 bytes)"},
		{withData(one), "instruction 1 of the system program is not understood: 0x (0 bytes)"},
		{withData(nonceStep(), 4, 0, 0, 0, 0), "instruction 1 of the system program is not understood: 0x0400000000 (5 bytes)"},
		{messageOf(short), "instruction 1 has 1 accounts, 2 are understood"},
		{messageOf(one, nonceStep()), "instruction 2: a durable nonce is advanced by the first instruction only"},
		{messageOf(nonceStep(), nonceStep()), "instruction 2: a durable nonce is advanced by the first instruction only"},
		{messageOf(wrongSysvar), "instruction 1: the second account is not SysvarRecentB1ockHashes11111111111111111111"},
		{messageOf(budgetStep(2, 1, 0, 0, 0), budgetStep(2, 1, 0, 0, 0)), "instruction 2: a transaction has one compute limit at most"},
		{messageOf(budgetStep(0, 1, 0, 0, 0, 0, 0, 0, 0)), "instruction 1 of the compute budget program is not understood: 0x000100000000000000 (9 bytes)"},
		{messageOf(budgetStep(2, 1, 0, 0)), "instruction 1 of the compute budget program is not understood: 0x02010000 (4 bytes)"},
		{messageOf(budgetStep()), "instruction 1 of the compute budget program is not understood: 0x (0 bytes)"},
		{messageOf(step{budgetProgram, []account{signs(known(exampleFrom))}, []byte{2, 1, 0, 0, 0}}), "instruction 1 of the compute budget program is not understood: 0x0201000000 (5 bytes)"},
		{messageOf(tokenStep(tokenProgram, known(usdc), 1, 7)), "instruction 1: USDC has 6 decimals, not 7"},
		{messageOf(usdc2022), "instruction 1: USDC is not a token of the program Token-2022"},
		{messageOf(tokenStep(tokenProgram, known(mintX), 1, 78)), "instruction 1: a token with 78 decimals"},
		{messageOf(multisig), "instruction 1 has 5 accounts, 4 are understood"},
		{withData(tokenStep(tokenProgram, known(usdc), 1, 6), 4, 1, 0, 0, 0, 0, 0, 0, 0), "instruction 1 of the token program is not understood: 0x040100000000000000 (9 bytes)"},
		{withData(tokenStep(tokenProgram, known(usdc), 1, 6)), "instruction 1 of the token program is not understood: 0x (0 bytes)"},
		{messageOf(wrongATA), "instruction 1: " + mintX + " is not the associated token account of " + exampleTo},
		{messageOf(wrongTokenProgram), "instruction 1: not the system program and a token program"},
		{messageOf(createStep(2)), "instruction 1 of the associated token account program is not understood: 0x02 (1 bytes)"},
		{change(func(m *message) { m.readOnlyUnsigned = 2 }, one), "instruction 1: the account " + exampleTo + " has to sign or to be writable, and is not"},
		{change(func(m *message) { m.instructions[0].accounts = []byte{1, 1} }, one), "instruction 1: the account " + exampleTo + " has to sign or to be writable, and is not"},
		{change(func(m *message) { m.keys[1] = m.keys[0] }, one), "the account " + exampleFrom + " occurs twice"},
		{change(func(m *message) { m.keys = append(m.keys, known(mintX)) }, one), "no instruction uses the account " + mintX},
	} {
		if _, err := Parse(c.data, Options{}); err == nil || err.Error() != c.want {
			t.Errorf("%x\n got %v\nwant %s", c.data, err, c.want)
		}
	}
	for _, o := range []struct {
		options Options
		want    string
	}{
		{Options{Account: exampleTo}, "the transaction is for the account " + exampleFrom + ", the key has " + exampleTo},
		{Options{Account: "x"}, "account: not an address: a character was mistyped or is missing, or it is of another chain"},
		{Options{Owners: []string{"x"}}, "owner: not an address: a character was mistyped or is missing, or it is of another chain"},
	} {
		if _, err := Parse(messageOf(one), o.options); err == nil || err.Error() != o.want {
			t.Errorf("got %v\nwant %s", err, o.want)
		}
	}
}

// TestOtherFormats has what is no message at all.
func TestOtherFormats(t *testing.T) {
	good := messageOf(transferStep(1))
	wire := func(f func(*message)) string {
		m, err := readMessage(bytes.Clone(good))
		if err != nil {
			t.Fatal(err)
		}
		f(m)
		return string(m.bytes())
	}
	long := bytes.Replace(good, []byte{1, 0, 1, 3}, []byte{1, 0, 1, 0x83, 0}, 1) // a count that is not in its shortest form
	for name, text := range map[string]string{
		"empty": "", "space": " ", "JSON": "{}", "EVM": "02f86c0180", "PSBT": "cHNidP8BAAo=", "XRPL": "120000228000000024",
		"short": string(good[:len(good)-1]), "trailing": string(good) + "\x00", "long count": string(long), "version 1": "\x81" + string(good) + "\x00",
		"no signer":        wire(func(m *message) { m.signers = 0 }),
		"no writable one":  wire(func(m *message) { m.readOnlySigners = 1 }),
		"too many signers": wire(func(m *message) { m.signers = 3 }),
		"program pays":     wire(func(m *message) { m.instructions[0].program = 0 }),
		"program outside":  wire(func(m *message) { m.instructions[0].program = 3 }),
		"account outside":  wire(func(m *message) { m.instructions[0].accounts[0] = 3 }),
		"empty lookup":     wire(func(m *message) { m.versioned, m.lookups = true, []lookup{{}} }),
		"too large":        wire(func(m *message) { m.instructions[0].data = make([]byte, maxSize) }),
		"two signatures":   "\x02" + string(make([]byte, 128)) + string(good),
		"half a signature": "\x01" + string(make([]byte, 63)) + string(good),
	} {
		if _, err := Parse([]byte(text), Options{}); !errors.Is(err, transaction.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Parse(make([]byte, transaction.MaxSize+1), Options{}); !errors.Is(err, transaction.ErrSize) {
		t.Errorf("large: %v", err)
	}
}
