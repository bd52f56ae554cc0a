package main

import "github.com/spf13/pflag"

// shownFlags say how the results are shown, and which of them fail a run.
type shownFlags struct {
	json       bool
	failedOnly bool
	addresses  bool
	strict     bool
}

func (f *shownFlags) register(fs *pflag.FlagSet) {
	fs.BoolVar(&f.json, "json", false, "")
	fs.BoolVar(&f.failedOnly, "failed-only", false, "")
	fs.BoolVar(&f.addresses, "addresses", false, "")
	fs.BoolVar(&f.strict, "strict", false, "")
}

const shownUsage = `    --failed-only              show only keys that failed or have a warning
    --addresses                show the addresses of each key on all chains
    --strict                   a key with a warning fails too: exit status 3,
                               or 1 if all have one
    --json                     NDJSON: a line about the run, an object for each
                               key, then a summary
`
