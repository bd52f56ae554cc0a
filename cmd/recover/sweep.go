package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"recover/internal/output"
	"recover/pkg/report"
	"recover/pkg/sweep"
	"recover/pkg/transaction"
)

const sweepUsage = `
recover sweep plan --addresses FILE --state FILE --to FILE --out PLAN
recover sweep --plan PLAN --keys DIR --out DIR

Moves all funds of many accounts to a few destinations. The plan is made on
any machine, without a key: it holds every unsigned transaction, and describes
it in words. People approve it by its SHA-256. "recover sweep" signs that plan
and no other. If one transaction cannot be signed, none is.

recover sweep plan:
    --addresses FILE           your accounts: the output of "recover addresses
                               --csv"
    --state FILE               their balances, nonces, outputs and fees, as
                               JSON; docs/after-the-rebuild.md shows how to
                               collect it
    --to FILE                  the destinations: CSV with the columns chain,
                               address and tag, a line for each network
                               (ethereum or evm:ID, bitcoin, bitcoin_testnet,
                               tron, xrp, solana)
    --out PLAN                 a new file

recover sweep:
    --plan PLAN                the plan
    --plan-sha256 HASH         the approved SHA-256; without this flag, the
                               program asks for it
    --out DIR                  a directory that does not exist yet, for the
                               signed transactions: a file each, signed.ndjson
                               with all of them, and sums.txt
    --accept-unproved          accept keys that nothing proves to be right
` + keyringUsage

// runSweep is the verb: plan, or sign a plan.
func runSweep(p *program, args []string) error {
	if len(args) > 0 && args[0] == "plan" {
		return p.sweepPlan(args[1:])
	}
	return p.sweepSign(args)
}

// sweepPlan makes a plan of three lists.
func (p *program) sweepPlan(args []string) error {
	fs := newFlags("sweep")
	addresses, state := fs.String("addresses", "", ""), fs.String("state", "", "")
	to, out := fs.String("to", "", ""), fs.String("out", "", "")
	if err := parseFlags(fs, args, 0); err != nil {
		return err
	}
	if err := required("sweep", [2]string{"addresses", *addresses}, [2]string{"state", *state}, [2]string{"to", *to}, [2]string{"out", *out}); err != nil {
		return err
	}
	if err := checkNewFile(*out); err != nil {
		return err
	}
	plan, err := readAndPlan(*addresses, *state, *to)
	if err != nil {
		return err
	}
	data, err := plan.Encode()
	if err != nil {
		return err
	}
	if _, err := sweep.ParsePlan(data); err != nil { // as the one who signs reads it
		return &fileError{*out, asPlan, err}
	}
	if err := writeNewData(*out, data); err != nil {
		return err
	}
	if err := p.showSums(plan); err != nil {
		return err
	}
	if n := len(plan.NotMoved); n > 0 {
		p.term.Note("%d %s not in the state file and will not be moved; not_moved in the plan names them", n, plural(n, "address of the list is", "addresses of the list are"))
	}
	p.term.Note("the plan is in %s; read it, and write down its SHA-256:", *out)
	return p.term.Print("%s", sweep.Hash(data))
}

func readAndPlan(addresses, state, to string) (*sweep.Plan, error) {
	rows, err := readSheet(addresses)
	if err != nil {
		return nil, err
	}
	accounts, err := sweep.ReadAccounts(rows)
	if err != nil {
		return nil, &fileError{addresses, asList, err}
	}
	if rows, err = readSheet(to); err != nil {
		return nil, err
	}
	destinations, err := sweep.ReadDestinations(rows)
	if err != nil {
		return nil, &fileError{to, asList, err}
	}
	known, err := parseFile(state, asState, sweep.MaxStateSize, sweep.ReadState)
	if err != nil {
		return nil, err
	}
	plan, err := sweep.Build(accounts, known, destinations)
	if err != nil {
		return nil, &fileError{state, asState, err}
	}
	return plan, nil
}

// sumRows is the table of what each destination gets, for sums.txt.
func sumRows(plan *sweep.Plan) [][]string {
	rows := [][]string{{"NETWORK", "TO", "AMOUNT", "HIGHEST FEES", "TRANSACTIONS"}}
	for _, s := range plan.Sums {
		to, amount := s.To, s.Amount
		if s.Tag != "" {
			to += ", tag " + s.Tag
		}
		if s.Token != "" {
			amount += ", token " + s.Token
		}
		rows = append(rows, []string{string(s.Network), to, amount, s.HighestFees, fmt.Sprint(s.Transactions)})
	}
	return rows
}

// showSums shows what each destination gets, in lines that people compare with a
// paper on a terminal of 80 columns.
func (p *program) showSums(plan *sweep.Plan) error {
	var l listing
	for _, s := range plan.Sums {
		l.add("%s: %d %s", s.Network, s.Transactions, plural(s.Transactions, "transaction", "transactions"))
		to := s.To
		if s.Tag != "" {
			to += ", tag " + s.Tag
		}
		l.add("    to            %s", to)
		l.add("    amount        %s", s.Amount)
		if s.Token != "" {
			l.add("    token         %s", s.Token)
		}
		l.add("    highest fees  %s", s.HighestFees)
	}
	return printLines(p.term, l)
}

// sweepFlags are the flags of a sweep that signs.
type sweepFlags struct {
	ring      keyringFlags
	plan, sum string
	out       string
}

func parseSweep(args []string) (*sweepFlags, error) {
	f := new(sweepFlags)
	fs := newFlags("sweep")
	f.ring.registerUse(fs)
	fs.StringVar(&f.plan, "plan", "", "")
	fs.StringVar(&f.sum, "plan-sha256", "", "")
	fs.StringVar(&f.out, "out", "", "")
	if err := parseFlags(fs, args, 0); err != nil {
		return nil, err
	}
	if err := required("sweep", [2]string{"plan", f.plan}, [2]string{"keys", strings.Join(f.ring.dirs, "")}, [2]string{"out", f.out}); err != nil {
		return nil, err
	}
	f.out = filepath.Clean(f.out)
	if err := checkNewDir(f.out); err != nil {
		return nil, err
	}
	return f, checkNewDir(f.out + partialSuffix)
}

// sweepSign signs a plan, all of it or nothing.
func (p *program) sweepSign(args []string) error {
	f, err := parseSweep(args)
	if err != nil {
		return err
	}
	data, err := output.ReadFile(f.plan, sweep.MaxPlanSize)
	if err != nil {
		return &fileError{f.plan, asPlan, err}
	}
	plan, err := sweep.ParsePlan(data)
	if err != nil {
		return &fileError{f.plan, asPlan, err}
	}
	if err := p.showSums(plan); err != nil {
		return err
	}
	if err := p.checkHash(f, data); err != nil {
		return err
	}
	ring, err := f.ring.unlock(p)
	if err != nil {
		return err
	}
	signed, err := p.signAll(f, ring, plan)
	if err != nil {
		return err
	}
	if err := f.writeSigned(plan, signed); err != nil {
		return &fileError{f.out, asOutput, err}
	}
	p.term.Note("%d %s signed; signed.ndjson in %s lists what to send", len(signed), plural(len(signed), "transaction is", "transactions are"), f.out)
	p.term.Note("send one first, and wait until it has arrived: docs/after-the-rebuild.md")
	return nil
}

// checkHash compares the approved hash with that of the plan.
func (p *program) checkHash(f *sweepFlags, data []byte) error {
	for try := 1; ; try++ {
		typed := f.sum
		if typed == "" {
			var err error
			if typed, err = p.term.Ask("SHA-256 of the approved plan"); err != nil {
				return err
			}
		}
		group, ok := sweep.CompareHash(data, typed)
		if ok {
			return nil
		}
		if f.sum != "" || try == passphraseTries {
			return &fileError{f.plan, asPlan, errOtherPlan}
		}
		if group == 0 {
			p.term.Warn("a SHA-256 has 16 groups of four characters; try again")
		} else {
			p.term.Warn(fmt.Sprintf("group %d differs from the hash of this plan; try again", group))
		}
	}
}

// signAll signs every transaction, or returns an error.
func (p *program) signAll(f *sweepFlags, ring *keyring, plan *sweep.Plan) ([]*sweep.Signed, error) {
	entries := make(map[string][]*sweep.Entry)
	for i := range plan.Transactions {
		e := &plan.Transactions[i]
		entries[e.KeyID] = append(entries[e.KeyID], e)
	}
	signed := make([]*sweep.Signed, len(plan.Transactions))
	progress := p.term.Progress("signed", len(signed))
	defer progress.Done()
	err := ring.each(func(k *report.RebuiltKey) error {
		mine := entries[k.KeyID]
		if len(mine) == 0 {
			return nil
		}
		delete(entries, k.KeyID)
		if err := ring.usable(p, k); err != nil {
			return err
		}
		key, err := transaction.NewKey(k.Group, k.Private)
		if err != nil {
			return err
		}
		defer key.Wipe()
		for _, e := range mine {
			if p.ctx.Err() != nil {
				return errStopped
			}
			if signed[e.Number-1], err = e.Sign(key); err != nil {
				return &fileError{f.plan, asPlan, fmt.Errorf("transaction %d: %w", e.Number, err)}
			}
			progress.Step(false)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i := range plan.Transactions {
		if signed[i] == nil {
			return nil, &noKeyError{plan.Transactions[i].KeyID}
		}
	}
	return signed, nil
}
