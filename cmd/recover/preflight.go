package main

import (
	"recover/internal/workstation"
)

const preflightUsage = `
recover preflight [--key FILE] [--shards PATH] [--out DIR] …

Is this machine fit for a ceremony? It looks at the network, radios, swap,
other users, remote sessions, the clock and more, and with flags of a rebuild
also at the files: who may read them, and on which medium they are.

rebuild, drill, custody, keygen, sign and sweep run it first; what is unfit
stops them.

Options, and all flags of rebuild that name files:
    --sha256 HEX               the SHA-256 that this program should have, or a
                               file with it, as sha256sum writes it
    --json                     NDJSON: an object a finding, then a summary
` + fitnessUsage

// runPreflight is the verb: is this workstation fit for a ceremony?
func runPreflight(p *program, args []string) error {
	fs := newFlags("preflight")
	var ignored string
	var many []string
	for _, name := range []string{"record", "shards", "key", "sealed-key", "out", "resume", "html", "transcript"} {
		fs.StringVar(&ignored, name, "", "") // p.paths has them
	}
	for _, name := range []string{"share", "identity"} {
		fs.StringArrayVar(&many, name, nil, "")
	}
	sha256 := fs.String("sha256", "", "")
	json := fs.Bool("json", false, "")
	if err := parseFlags(fs, args, 0); err != nil {
		return err
	}
	subject := p.paths.subject()
	subject.Compare = true
	if *sha256 != "" {
		var err error
		if subject.Program, err = publishedHash(*sha256); err != nil {
			return err
		}
	}
	found := lookAround().Look(subject)
	if err := p.confine(); err != nil {
		return err
	}
	counts := make(map[workstation.Verdict]int)
	for _, f := range found {
		counts[f.Verdict]++
		if err := showFinding(p.term, f, *json); err != nil {
			return err
		}
	}
	if *json {
		err := p.term.JSON(&preflightSummary{"summary", len(found), counts[workstation.Fit], counts[workstation.Doubtful], counts[workstation.Unfit]})
		if err != nil {
			return err
		}
	}
	if n := counts[workstation.Unfit]; n > 0 {
		return &incompleteError{"this machine is not fit for a ceremony", "correct what is unfit, and run it again, or accept it by name with --accept ITEM", exitFailed}
	}
	return nil
}

type preflightSummary struct {
	Type     string `json:"type"` // "summary"
	Findings int    `json:"findings"`
	Fit      int    `json:"fit"`
	Doubtful int    `json:"doubtful"`
	Unfit    int    `json:"unfit"`
}
