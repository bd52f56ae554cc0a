package sweep

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"recover/fixtures/tier"
	"recover/internal/group"
	"recover/internal/sheet"
	"recover/pkg/transaction"
	"recover/pkg/transaction/bitcoin"
	"recover/pkg/wallet"
)

func addressOf(t testing.TB, g group.Group, n uint64, chain string) string {
	t.Helper()
	for _, a := range wallet.Addresses(g, g.NewPoint().BaseMul(g.NewScalar().SetUint64(n))) {
		if a.Chain == chain {
			return a.Text
		}
	}
	t.Fatal(chain)
	return ""
}

func rows(t testing.TB, text string) []sheet.Row {
	t.Helper()
	r, err := sheet.Read([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// scene is a plan's three files for keys 1 to n of each curve.
type scene struct {
	accounts []Account
	state    string
	to       map[Network]Destination
	balances map[Network]*big.Int
}

func newScene(t testing.TB, n int) *scene {
	s := &scene{balances: map[Network]*big.Int{}}
	random := rand.New(rand.NewPCG(1, 2))
	list, parts := "key_id,address,chain,proved\n", map[string][]string{}
	add := func(network Network, g group.Group, i int, chain, format string, values ...any) {
		address := addressOf(t, g, uint64(i), chain)
		balance := 1_000_000_000 + random.Int64N(1_000_000_000_000)
		if network == "evm:1" {
			balance *= 1_000_000
		}
		if s.balances[network] == nil {
			s.balances[network] = new(big.Int)
		}
		s.balances[network].Add(s.balances[network], big.NewInt(balance))
		list += fmt.Sprintf("%s-%d,%s,%s,true\n", g.Algorithm(), i, address, chain)
		parts[chain] = append(parts[chain], fmt.Sprintf(format, append([]any{address, balance}, values...)...))
	}
	for i := 1; i <= n; i++ {
		add("evm:1", group.Secp256k1, i, "ethereum", `{"address":%q,"balance":"%d","nonce":%d}`, i)
		add("tron", group.Secp256k1, i, "tron", `{"address":%q,"balance":%d}`)
		add("bitcoin", group.Secp256k1, i, "bitcoin", `{"address":%q,"utxos":[{"value":%d,"txid":"%064x","vout":1}]}`, i)
		add("xrp", group.Secp256k1, i, "xrp", `{"address":%q,"balance":%d,"sequence":%d,"owner_count":0}`, i)
		add("solana", group.Edwards25519, i, "solana", `{"address":%q,"lamports":%d}`)
	}
	s.state = fmt.Sprintf(`{"format":"recover-sweep-state/1",
"evm":[{"chain_id":1,"max_fee_per_gas":"20000000000","tip_per_gas":"1000000000","accounts":[%s]}],
"tron":[{"timestamp":1700000000000,"expiration":1700003600000,"fee_limit":100000000,"ref_block_bytes":"0102","ref_block_hash":"0102030405060708","accounts":[%s]}],
"bitcoin":[{"fee_rate":12,"accounts":[%s]}],
"xrp":[{"base_reserve":1000000,"owner_reserve":200000,"fee":12,"last_ledger":90000000,"accounts":[%s]}],
"solana":[{"blockhash":%q,"accounts":[%s]}]}`, strings.Join(parts["ethereum"], ","), strings.Join(parts["tron"], ","), strings.Join(parts["bitcoin"], ","),
		strings.Join(parts["xrp"], ","), addressOf(t, group.Edwards25519, 99, "solana"), strings.Join(parts["solana"], ","))
	var err error
	if s.accounts, err = ReadAccounts(rows(t, list)); err != nil {
		t.Fatal(err)
	}
	s.to, err = ReadDestinations(rows(t, fmt.Sprintf("chain,address,tag\nethereum,%s,\ntron,%s,\nbitcoin,%s,\nxrp,%s,77\nsolana,%s,\n",
		addressOf(t, group.Secp256k1, 1000, "ethereum"), addressOf(t, group.Secp256k1, 1000, "tron"), addressOf(t, group.Secp256k1, 1000, "bitcoin"),
		addressOf(t, group.Secp256k1, 1000, "xrp"), addressOf(t, group.Edwards25519, 1000, "solana"))))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *scene) plan(t testing.TB) (*Plan, []byte) {
	t.Helper()
	state, err := ReadState([]byte(s.state))
	if err != nil {
		t.Fatal(err)
	}
	p, err := Build(s.accounts, state, s.to)
	if err != nil {
		t.Fatal(err)
	}
	data, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return p, data
}

// TestSums: on every network, what is moved and the highest fees and the reserve
// are the balances of the state, to the last unit; for 200 keys from the plan to
// the signatures within 10 seconds.
func TestSums(t *testing.T) {
	tier.Long(t)
	const keys = 200
	s := newScene(t, keys)
	begun := time.Now()
	_, data := s.plan(t)
	p, err := ParsePlan(data)
	if err != nil {
		t.Fatal(err)
	}
	moved := map[Network]*big.Int{}
	for i := range p.Transactions {
		e := &p.Transactions[i]
		if moved[e.Network] == nil {
			moved[e.Network] = new(big.Int)
		}
		sum := moved[e.Network]
		sum.Add(sum, e.Transaction().MaxFee().Units)
		for _, pay := range e.Transaction().Payments() {
			sum.Add(sum, pay.Amount.Units)
		}
		if e.Network == "xrp" {
			sum.Add(sum, big.NewInt(1_000_000))
		}
		signed, err := e.Sign(keyFor(t, e))
		if err != nil {
			t.Fatalf("%s of %s: %v", e.Network, e.From, err)
		}
		if signed.ID == "" || signed.Text == "" {
			t.Errorf("transaction %d: %+v", e.Number, signed)
		}
	}
	t.Logf("%d transactions of %d keys in %s", len(p.Transactions), keys, time.Since(begun)) // 10 s are wanted for 200 keys
	for network, want := range s.balances {
		if moved[network].Cmp(want) != 0 {
			t.Errorf("%s: %s, want %s", network, moved[network], want)
		}
	}
	if len(p.Sums) != 5 || len(p.NotMoved) != 0 {
		t.Errorf("%v, %v", p.Sums, p.NotMoved)
	}
}

func keyFor(t testing.TB, e *Entry) *transaction.Key {
	t.Helper()
	var n uint64
	name, number, _ := strings.Cut(e.KeyID, "-")
	if _, err := fmt.Sscan(number, &n); err != nil {
		t.Fatal(err)
	}
	g, _ := group.ByAlgorithm(name)
	k, err := transaction.NewKey(g, g.NewScalar().SetUint64(n))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestChangedPlan: with one byte changed a plan is none, wherever it is, but in a
// key ID, which only says which key to take, and in the account of an EVM
// transaction, which the key has to have.
func TestChangedPlan(t *testing.T) {
	tier.Long(t)
	_, data := newScene(t, 1).plan(t)
	at := 0
	for line := range bytes.Lines(data) {
		for i := range line {
			for _, b := range []byte{line[i] ^ 1, line[i] ^ 0x20} {
				if bytes.Contains(line, []byte(`"key_id"`)) || bytes.Contains(line, []byte(`"from": "0x`)) {
					continue
				}
				other := bytes.Clone(data)
				other[at+i] = b
				if _, err := ParsePlan(other); err == nil {
					t.Errorf("taken with %q at byte %d of %s", b, i, line)
				}
			}
		}
		at += len(line)
	}
	limitless := strings.Replace(string(data), `      "shows"`, `      "max_fee": "none",`+"\n"+`      "shows"`, 1)
	if number := strings.Replace(limitless, `"none"`, `"123456789012345678901234567890"`, 1); number == string(data) {
		t.Fatal("the plan was not changed")
	} else if _, err := ParsePlan([]byte(number)); err != nil {
		t.Errorf("with a limit: %v", err)
	}
	for _, text := range []string{"", "{}", "null", string(data[:len(data)-1]), string(data) + " ", limitless} {
		if _, err := ParsePlan([]byte(text)); !errors.Is(err, ErrPlan) {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}

func TestHash(t *testing.T) {
	text := Hash([]byte("abc"))
	if want := "BA78 16BF 8F01 CFEA 4141 40DE 5DAE 2223 B003 61A3 9617 7A9C B410 FF61 F200 15AD"; text != want {
		t.Error(text)
	}
	for typed, want := range map[string]int{
		text: -1, strings.ToLower(text): -1, strings.ReplaceAll(text, " ", "-"): -1, strings.ReplaceAll(text, " ", ""): -1,
		"": 0, text[:len(text)-1]: 0, text + "0": 0, "CA78" + text[4:]: 1, text[:len(text)-1] + "E": 16,
	} {
		if group, ok := CompareHash([]byte("abc"), typed); ok != (want < 0) || !ok && group != want {
			t.Errorf("%q: %d, %t", typed, group, ok)
		}
	}
}

func TestFaults(t *testing.T) {
	s := newScene(t, 1)
	state := func(from, to string) string {
		if !strings.Contains(s.state, from) {
			t.Fatal(from)
		}
		return strings.Replace(s.state, from, to, 1)
	}
	for name, c := range map[string]struct{ state, want string }{
		"no JSON":          {"{", "line 1: the text ends too early"},
		"another format":   {state("state/1", "state/2"), `the format is "recover-sweep-state/2", not recover-sweep-state/1`},
		"empty":            {`{"format":"recover-sweep-state/1"}`, "it lists no accounts"},
		"unknown section":  {state(`"bitcoin"`, `"litecoin"`), `line 4: the member "litecoin" is not known here`},
		"unknown member":   {state(`"nonce"`, `"nonse"`), `evm 1, accounts 1: nonce: is missing`},
		"a member more":    {state(`"owner_count":0`, `"owner_count":0,"x":1`), `xrp 1, accounts 1: the member "x" is not known here`},
		"a fraction":       {state(`"fee":12,`, `"fee":1.5,`), `xrp 1: fee: has to be a whole number: decimal digits, or 0x and hex digits`},
		"twice":            {state(`"evm":[`, `"evm":[{"chain_id":1,"max_fee_per_gas":1,"accounts":[{"address":"`+s.accounts[0].Address+`","nonce":0,"balance":1}]},`), "evm 2, accounts 1: the account " + s.accounts[0].Address + " occurs twice"},
		"another address":  {state(`"fee_rate":12`, `"testnet":true,"fee_rate":12`), `bitcoin 1, accounts 1: "` + s.accounts[2].Address + `" is not an address of bitcoin_testnet`},
		"not in the list":  {state(s.accounts[0].Address, addressOf(t, group.Secp256k1, 55, "ethereum")), "evm:1, " + addressOf(t, group.Secp256k1, 55, "ethereum") + ": not in the list of accounts"},
		"no destination":   {state(`"chain_id":1,`, `"chain_id":10,`), "evm:10, " + s.accounts[0].Address + ": no destination on this network"},
		"the account":      {s.state, "evm:1, " + s.accounts[0].Address + ": the destination is the account itself"},
		"too little":       {state(`"max_fee_per_gas":"20000000000"`, `"max_fee_per_gas":"2000000000000000"`), "the account has "},
		"a fee above":      {state(`"fee":12`, `"fee":5000001`), "above the cap of 5 XRP"},
		"a fee above ours": {state(`"fee":12`, `"fee":12,"max_fee":11`), "above the cap of 0.000011 XRP"},
	} {
		parsed, err := ReadState([]byte(c.state))
		if err == nil {
			to := s.to
			if name == "the account" {
				to = map[Network]Destination{}
				for network, d := range s.to {
					to[network] = d
				}
				to["evm:1"] = Destination{Address: s.accounts[0].Address}
			}
			_, err = Build(s.accounts, parsed, to)
		}
		var faults Faults
		if !errors.As(err, &faults) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

func TestLists(t *testing.T) {
	for text, want := range map[string]string{
		"a,b\n":                           "line 1: the column key_id is missing",
		"key_id,address,address\nk,a,a\n": "line 1: the column address occurs twice",
		"key_id,address\n":                "it lists no accounts",
		"key_id,address\nk,0x1\n,rrrrrrrrrrrrrrrrrrrrrhoLvTp\n":                          `line 2: "0x1" is not an address; line 3: no key ID`,
		"key_id,address\nk,rrrrrrrrrrrrrrrrrrrrrhoLvTp\nl,rrrrrrrrrrrrrrrrrrrrrhoLvTp\n": "line 3: the address rrrrrrrrrrrrrrrrrrrrrhoLvTp occurs twice",
	} {
		if _, err := ReadAccounts(rows(t, text)); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	const account = "rrrrrrrrrrrrrrrrrrrrrhoLvTp"
	for text, want := range map[string]string{
		"chain\nxrp\n":        "line 1: the column address is missing",
		"chain,address,tag\n": "it lists no destinations",
		"chain,address,tag\nxrp," + account + ",\n":                            "line 2: no destination tag: give the number that the receiver names, or the word none for an account of your own",
		"chain,address,tag\nxrp," + account + ",x\n":                           `line 2: the tag "x" is not a number of 32 bits`,
		"chain,address,tag\nxrp," + account + ",4294967296\n":                  `line 2: the tag "4294967296" is not a number of 32 bits`,
		"chain,address\ntron," + account + "\n":                                `line 2: "` + account + `" is not an address of tron: a character is wrong or missing (capital letters count), or it is of another chain`,
		"chain,address\npolygon,0x1\n":                                         `line 2: the chain "polygon" is not known: ethereum, evm:ID, bitcoin, bitcoin_testnet, tron, xrp or solana`,
		"chain,address,tag\nbitcoin,1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH,5\n":    "line 2: a tag for bitcoin, which has no tags",
		"chain,address,tag\nxrp," + account + ",1\nXRP," + account + ",none\n": "line 3: a second destination for xrp",
	} {
		if _, err := ReadDestinations(rows(t, text)); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// TestTokens: tokens go before the coins that pay for them, on every network that
// has them, and what is signed moves them to the last unit.
func TestTokens(t *testing.T) {
	s := newScene(t, 1)
	for before, more := range map[string]string{
		`"nonce":1`:       `"tokens":[{"contract":"0xdAC17F958D2ee523a2206206994597C13D831ec7","balance":"1500000"},{"contract":"0xdAC17F958D2ee523a2206206994597C13D831ec7","balance":0}]`,
		`"owner_count":0`: `"tickets":[5],"lines":[{"currency":"USD","issuer":"rPpnQJcwf7GtmvSbMwxcSf6B5gyFrdsftF","balance":"12.5"}]`,
		`"address":"` + addressOf(t, group.Secp256k1, 1, "tron") + `"`: `"tokens":[{"contract":"TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t","balance":"2500001"},{"contract":"TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t","balance":"0"}]`,
		`"address":"` + addressOf(t, group.Edwards25519, 1, "solana") + `"`: fmt.Sprintf(`"tokens":[{"account":%q,"mint":"EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v","amount":"3500002","decimals":6,"exists":true},`+
			`{"account":%q,"mint":"Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB","amount":"7","decimals":6,"exists":true}]`,
			addressOf(t, group.Edwards25519, 50, "solana"), addressOf(t, group.Edwards25519, 51, "solana")),
	} {
		if strings.Count(s.state, before) != 1 {
			t.Fatalf("%s is not there once", before)
		}
		s.state = strings.Replace(s.state, before, before+","+more, 1)
	}
	s.state = strings.Replace(s.state, `"owner_count":0`, `"owner_count":1`, 1)
	p, data := s.plan(t)
	again, err := ParsePlan(data)
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for i := range again.Transactions {
		e := &again.Transactions[i]
		signed, err := e.Sign(keyFor(t, e))
		if err != nil || signed.Text == "" {
			t.Errorf("transaction %d on %s: %v", i+1, e.Network, err)
		}
		for _, pay := range e.Transaction().Payments() {
			order = append(order, fmt.Sprintf("%s %s", e.Network, cmp.Or(pay.Token, "coin")))
		}
	}
	want := []string{
		"bitcoin coin", "evm:1 0xdAC17F958D2ee523a2206206994597C13D831ec7", "evm:1 coin",
		"solana EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v", "solana Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB", "solana coin",
		"tron TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", "tron coin", "xrp rPpnQJcwf7GtmvSbMwxcSf6B5gyFrdsftF", "xrp coin",
	}
	sorted := slices.Clone(order)
	slices.SortStableFunc(sorted, func(a, b string) int { return strings.Compare(strings.Fields(a)[0], strings.Fields(b)[0]) })
	if !slices.Equal(sorted, want) {
		t.Errorf("%q", order)
	}
	for _, want := range []Sum{
		{Network: "evm:1", Token: "0xdAC17F958D2ee523a2206206994597C13D831ec7", Amount: "1.5 USDT"},
		{Network: "tron", Token: "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", Amount: "2.500001 USDT"},
		{Network: "solana", Token: "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v", Amount: "3.500002 USDC"},
		{Network: "solana", Token: "Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB", Amount: "0.000007 USDT"},
		{Network: "xrp", Token: "rPpnQJcwf7GtmvSbMwxcSf6B5gyFrdsftF", Amount: "12.5 USD"},
	} {
		same := func(sum Sum) bool {
			return sum.Network == want.Network && sum.Token == want.Token && strings.HasPrefix(sum.Amount, want.Amount) && sum.Transactions == 1 && sum.To == s.to[sum.Network].Address
		}
		if !slices.ContainsFunc(p.Sums, same) {
			t.Errorf("no sum %v in %v", want, p.Sums)
		}
	}
}

// TestManyOutputs: an account with more outputs than a transaction takes gets
// several transactions.
func TestManyOutputs(t *testing.T) {
	s := newScene(t, 1)
	var utxos []string
	for i := range bitcoin.MaxInputs + 1 {
		utxos = append(utxos, fmt.Sprintf(`{"txid":"%064x","vout":0,"value":100000}`, i))
	}
	at := strings.Index(s.state, `"utxos":[`) + len(`"utxos":[`)
	s.state = s.state[:at] + strings.Join(utxos, ",") + s.state[at+strings.IndexByte(s.state[at:], ']'):]
	p, _ := s.plan(t)
	if len(p.Transactions) != 6 {
		t.Errorf("%d transactions", len(p.Transactions))
	}
}

// FuzzReadState holds that a state is read or refused as such.
func FuzzReadState(f *testing.F) {
	f.Add([]byte(newScene(f, 1).state))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ReadState(data)
		var faults Faults
		if err != nil && !errors.As(err, &faults) || err == nil && len(s.holdings) == 0 {
			t.Errorf("%v, %v", s, err)
		}
	})
}

// FuzzParsePlan holds that a plan that is taken is in its one form.
func FuzzParsePlan(f *testing.F) {
	_, data := newScene(f, 1).plan(f)
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ParsePlan(data)
		if err != nil {
			return
		}
		if again, err := p.Encode(); err != nil || !bytes.Equal(again, data) {
			t.Errorf("%v", err)
		}
	})
}
