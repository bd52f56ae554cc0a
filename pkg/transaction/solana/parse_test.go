package solana

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
)

// The example that the tests of Solana's own libraries share: 49 lamports, signed
// with the key of the seed of 32 bytes 8.
const (
	example = "AVuErQHaXv0SG0/PchunfxHKt8wMRfMZzqV0tkC5qO6owYxWU2v871AoWywGoFQr4z+q/7mE8lIufNl/kxj+nQ0BAAEDE5j2LG0aRXxRumpLXz29L2n8qTIWIY3ImX5Ba9F9k8r9" +
		"Q5/Mtmcn8onFxt47xKj+XdXXd3C8j/FcPu7csUrz/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAxJrndgN4IFTxep3s6kO0ROug7bEsbx0xxuDkqEvwUusBAgIAAQwCAAAAMQAAAAAAAAA="
	exampleFrom = "2KW2XRd9kwqet15Aha2oK3tYvd3nWbTFH1MBiRAv1BE1"
	exampleTo   = "J3dxNj7nDRRqRRXuEMynDG57DkZK4jYRuv3Garmb1i99"
	exampleHash = "EETubP5AKHgjPAhzPAFcb8BAY1hMH639CWCFTqi3hq1k"
)

// Accounts without a meaning.
const (
	usdc   = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
	nonce1 = "SysvarC1ock11111111111111111111111111111111"
	hash1  = "SysvarS1otHashes111111111111111111111111111"
	mintX  = "Stake11111111111111111111111111111111111111"
)

// TestPublishedTransfer shows the example of others, in every form.
func TestPublishedTransfer(t *testing.T) {
	raw := unbase64(t, example)
	if from, err := Verify(raw); err != nil || from != exampleFrom {
		t.Fatal(from, err)
	}
	want := `Network: Solana, or one of its test networks: the transaction does not say which
Signed by: ` + exampleFrom + `
Instruction 1: transfer SOL
From: ` + exampleFrom + ` (this key)
To: ` + exampleTo + `
Amount: 0.000000049 SOL (49 lamports)
Fee at most: 0.000005 SOL (5000 lamports)
Recent blockhash: ` + exampleHash + `
! Valid for: 150 blocks after that one, about a minute: too short to carry it by hand; a durable nonce has no such limit
Message: legacy, 3 accounts, 1 of them sign, read-only: 3
`
	message := raw[65:]
	unsigned := append(append([]byte{1}, make([]byte, 64)...), message...)
	for _, form := range []string{
		string(message), string(unsigned), hex.EncodeToString(message), strings.ToUpper(hex.EncodeToString(unsigned)),
		base64.StdEncoding.EncodeToString(message) + "\n", " " + base64.StdEncoding.EncodeToString(unsigned),
	} {
		tx, err := Parse([]byte(form), Options{})
		if err != nil {
			t.Fatalf("%v: %q", err, form)
		}
		if got := said(tx); got != want {
			t.Errorf("%s\nwant\n%s", got, want)
		}
		if !bytes.Equal(tx.Unsigned(), unsigned) {
			t.Errorf("written as %x", tx.Unsigned())
		}
		p := tx.Payments()
		if len(p) != 1 || p[0].To != exampleTo || p[0].Amount.Units.Int64() != 49 || p[0].Token != "" || p[0].Change || tx.From() != exampleFrom {
			t.Errorf("%+v", p)
		}
	}
	if _, err := Parse(raw, Options{}); err == nil || err.Error() != exampleFrom+" has signed it already" {
		t.Errorf("signed: %v", err)
	}
	raw[1] ^= 1
	if _, err := Parse(raw, Options{}); err == nil || err.Error() != "the signature of "+exampleFrom+" is not valid" {
		t.Errorf("badly signed: %v", err)
	}
}

// TestTokenAccount is an associated token account as micro-sol-signer derives it.
func TestTokenAccount(t *testing.T) {
	if got := tokenAccount(known(exampleFrom), tokenProgram, known(usdc)).String(); got != exampleUSDC {
		t.Errorf("%s, want %s", got, exampleUSDC)
	}
	if known(exampleUSDC).onCurve() || !known(exampleFrom).onCurve() {
		t.Error("the derived account is a public key, or the public key is none")
	}
}

// exampleUSDC is the associated token account of exampleFrom for USDC.
const exampleUSDC = "G8sVqaVs7nUeXfK48nwmaWocw1T9sVGbqUFYYbX63S1q"

// transferStep and the others are instructions of the example's accounts.
func transferStep(lamports uint64) step {
	data := binary.LittleEndian.AppendUint64([]byte{systemTransfer, 0, 0, 0}, lamports)
	return step{systemProgram, []account{signsWritable(known(exampleFrom)), writable(known(exampleTo))}, data}
}

func nonceStep() step {
	return step{systemProgram, []account{writable(known(nonce1)), readOnly(recentBlockhashes), signs(known(exampleFrom))}, []byte{systemAdvanceNonce, 0, 0, 0}}
}

func tokenStep(program, mint address, amount uint64, decimals byte) step {
	data := append(binary.LittleEndian.AppendUint64([]byte{tokenTransferChecked}, amount), decimals)
	from, to := known(exampleFrom), known(exampleTo)
	return step{program, []account{writable(tokenAccount(from, program, mint)), readOnly(mint), writable(tokenAccount(to, program, mint)), signs(from)}, data}
}

func createStep(kind ...byte) step {
	from, to, mint := known(exampleFrom), known(exampleTo), known(usdc)
	return step{associatedProgram, []account{signsWritable(from), writable(tokenAccount(to, tokenProgram, mint)), readOnly(to), readOnly(mint), readOnly(systemProgram), readOnly(tokenProgram)}, kind}
}

func budgetStep(data ...byte) step { return step{budgetProgram, nil, data} }

func messageOf(steps ...step) []byte {
	return compile(known(exampleFrom), known(hash1), steps).bytes()
}

func TestDescription(t *testing.T) {
	message := messageOf(nonceStep(), budgetStep(2, 0x40, 0x0d, 3, 0), budgetStep(3, 0xe8, 3, 0, 0, 0, 0, 0, 0), budgetStep(1, 0, 0, 4, 0), budgetStep(4, 0, 0, 1, 0),
		createStep(1), tokenStep(tokenProgram, known(usdc), 1_500_000, 6), tokenStep(token2022Program, known(mintX), 7, 0), transferStep(1_000_000_001))
	for _, c := range []struct {
		owners []string
		to     string
	}{
		{nil, "To: " + exampleTo + "\nTo token account: "},                 // named by the instruction that makes its token account
		{[]string{exampleTo}, "To: " + exampleTo + "\nTo token account: "}, // expected
	} {
		tx, err := Parse(message, Options{Owners: c.owners})
		if err != nil {
			t.Fatal(err)
		}
		want := `Network: Solana, or one of its test networks: the transaction does not say which
Signed by: ` + exampleFrom + `
Instruction 1: use up the durable nonce
Nonce account: ` + nonce1 + `
Nonce authority: ` + exampleFrom + ` (this key)
Compute limit: 200000 units
Compute price: 1000 micro-lamports a unit
Heap size: 262144 bytes
Loaded data limit: 65536 bytes
Instruction 6: make a token account, if it is not there
Token account: TO-USDC, of ` + exampleTo + ` for USDC, mint ` + usdc + `
! Rent: paid by ` + exampleFrom + ` (this key) besides the fee, about 0.002 SOL
Instruction 7: transfer tokens (SPL Token)
Token: USDC, mint ` + usdc + `
From token account: FROM-USDC, the associated token account of ` + exampleFrom + ` (this key)
Signed for by: ` + exampleFrom + ` (this key)
To: ` + exampleTo + `
To token account: TO-USDC, the associated token account of ` + exampleTo + `
Amount: 1.5 USDC (1500000 of the smallest unit, 6 decimals)
Instruction 8: transfer tokens (Token-2022)
Token: mint ` + mintX + `
From token account: FROM-X, the associated token account of ` + exampleFrom + ` (this key)
Signed for by: ` + exampleFrom + ` (this key)
To: ` + exampleTo + `
To token account: TO-X, the associated token account of ` + exampleTo + `
Amount: 7 (7 of the smallest unit, 0 decimals)
! Token program: Token-2022: the token's issuer may take a part of the transfer
Instruction 9: transfer SOL
From: ` + exampleFrom + ` (this key)
To: ` + exampleTo + `
Amount: 1.000000001 SOL (1000000001 lamports)
Fee at most: 0.0000052 SOL (5200 lamports)
Durable nonce: ` + hash1 + `
Valid until: the nonce account is used or changed
Message: legacy, 15 accounts, 1 of them sign, read-only: 8-15
`
		for name, a := range map[string]address{
			"TO-USDC": tokenAccount(known(exampleTo), tokenProgram, known(usdc)), "FROM-USDC": tokenAccount(known(exampleFrom), tokenProgram, known(usdc)),
			"TO-X": tokenAccount(known(exampleTo), token2022Program, known(mintX)), "FROM-X": tokenAccount(known(exampleFrom), token2022Program, known(mintX)),
		} {
			want = strings.ReplaceAll(want, name, a.String())
		}
		if got := said(tx); got != want {
			t.Errorf("%s\nwant\n%s", got, want)
		}
		p := tx.Payments()
		if len(p) != 3 || p[0].To != exampleTo || p[0].Token != usdc || p[1].Token != mintX || p[2].Token != "" {
			t.Errorf("%+v", p)
		}
	}
}

// TestUnknownOwner says that nobody knows whose token account it is.
func TestUnknownOwner(t *testing.T) {
	usdcTo := tokenAccount(known(exampleTo), tokenProgram, known(usdc)).String()
	checked := messageOf(tokenStep(tokenProgram, known(usdc), 5, 6))
	tx, err := Parse(checked, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if want := "! To token account: " + usdcTo + ", whose owner is not known"; !strings.Contains(said(tx), want) || tx.Payments()[0].To != usdcTo {
		t.Errorf("%q is not in\n%s", want, said(tx))
	}
	plain := step{tokenProgram, []account{writable(known(usdc)), writable(known(usdcTo)), signs(known(exampleFrom))}, []byte{tokenTransfer, 1, 2, 0, 0, 0, 0, 0, 0}}
	if tx, err = Parse(messageOf(plain), Options{Owners: []string{exampleTo}}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"! Token: NOT NAMED: the tokens of whatever kind that the two token accounts hold\n",
		"! To token account: " + usdcTo + ", whose owner is not in the transaction\n", "Amount: 513 of the smallest unit\n",
	} {
		if !strings.Contains(said(tx), want) {
			t.Errorf("%q is not in\n%s", want, said(tx))
		}
	}
	if p := tx.Payments(); p[0].To != usdcTo || p[0].Token != unknownMint || p[0].Amount.Units.Int64() != 513 {
		t.Errorf("%+v", p)
	}
}

// TestLookupTables reads a message of version 0 whose destination is in a table.
func TestLookupTables(t *testing.T) {
	m := compile(known(exampleFrom), known(hash1), []step{transferStep(5)})
	m.versioned = true
	m.keys = []address{m.keys[0], m.keys[2]} // the program moves up
	m.readOnlyUnsigned = 1
	m.instructions[0].program, m.instructions[0].accounts = 1, []byte{0, 2}
	m.lookups = []lookup{{known(nonce1), []byte{1}, nil}}
	data := m.bytes()
	if _, err := Parse(data, Options{}); err == nil || err.Error() != "it takes accounts from the lookup table "+nonce1+", whose content is not known" {
		t.Errorf("without the table: %v", err)
	}
	tx, err := Parse(data, Options{Tables: map[string][]string{nonce1: {mintX, exampleTo}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"To: " + exampleTo + " (from a lookup table)\n", "! Lookup table: " + nonce1 + ": its content was given, and is not part of what is signed\n",
		"Message: version 0, 3 accounts, 1 of them sign, read-only: 2\n",
	} {
		if !strings.Contains(said(tx), want) {
			t.Errorf("%q is not in\n%s", want, said(tx))
		}
	}
	if p := tx.Payments(); p[0].To != exampleTo {
		t.Errorf("%+v", p)
	}
	for _, c := range []struct {
		table []string
		want  string
	}{
		{[]string{mintX}, "the lookup table " + nonce1 + " has no place 1 as it was given"},
		{[]string{mintX, "x"}, "the lookup table " + nonce1 + ", place 1: not an address: a character was mistyped or is missing, or it is of another chain"},
		{[]string{mintX, exampleFrom}, "the account " + exampleFrom + " occurs twice"},
	} {
		if _, err := Parse(data, Options{Tables: map[string][]string{nonce1: c.table}}); err == nil || err.Error() != c.want {
			t.Errorf("got %v\nwant %s", err, c.want)
		}
	}
	m.lookups[0].readOnly = []byte{0}
	if _, err := Parse(m.bytes(), Options{Tables: map[string][]string{nonce1: {mintX, exampleTo}}}); err == nil || err.Error() != "no instruction uses the account "+mintX {
		t.Errorf("unused: %v", err)
	}
}

// FuzzParse holds that what is accepted is written again as it was, and that the
// description is printable.
func FuzzParse(f *testing.F) {
	f.Add(messageOf(transferStep(1)))
	f.Add(messageOf(nonceStep(), budgetStep(2, 1, 0, 0, 0), createStep(), tokenStep(tokenProgram, known(usdc), 5, 6)))
	f.Add(unbase64(f, example)[65:])
	f.Add([]byte(base64.StdEncoding.EncodeToString(messageOf(transferStep(1)))))
	m := compile(known(exampleFrom), known(hash1), []step{transferStep(5)})
	m.versioned = true
	f.Add(m.bytes())
	m.lookups = []lookup{{known(nonce1), []byte{1}, []byte{0}}}
	m.instructions[0].accounts[1] = 3
	f.Add(m.bytes())
	options := Options{Owners: []string{exampleTo}, Tables: map[string][]string{nonce1: {mintX, exampleUSDC}}}
	f.Fuzz(func(t *testing.T, data []byte) {
		tx, err := Parse(data, options)
		if err != nil {
			return
		}
		unsigned := tx.Unsigned()
		if !slices.ContainsFunc(forms(data), func(b []byte) bool { return bytes.HasSuffix(unsigned, b) }) {
			t.Fatalf("%x is written as %x", data, unsigned)
		}
		again, err := Parse(unsigned, options)
		if err != nil || !bytes.Equal(again.Unsigned(), unsigned) || said(again) != said(tx) {
			t.Fatalf("%x: %v", unsigned, err)
		}
		for _, l := range tx.Describe() {
			if strings.ContainsFunc(l.Label+l.Value, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Fatalf("not printable: %q", l.Value)
			}
		}
	})
}

// FuzzMessage holds that every message that can be read is written as it was,
// whether its instructions are understood or not.
func FuzzMessage(f *testing.F) {
	f.Add(messageOf(transferStep(1)))
	f.Add(messageOf(nonceStep(), createStep(), tokenStep(tokenProgram, known(usdc), 5, 6)))
	m := compile(known(exampleFrom), known(hash1), []step{transferStep(5)})
	m.versioned, m.lookups = true, []lookup{{known(nonce1), []byte{1}, []byte{0}}}
	f.Add(m.bytes())
	m.instructions[0].data = make([]byte, 300)
	f.Add(m.bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		if m, err := readMessage(data); err == nil && !bytes.Equal(m.bytes(), data) {
			t.Fatalf("%x is written as %x", data, m.bytes())
		}
	})
}
