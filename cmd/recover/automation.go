package main

import (
	"encoding/hex"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"syscall"
	"time"

	"recover/internal/output"
	"recover/pkg/report"
)

// What scripts see besides the results: the first line of --json, an error as a
// line, and the exit status.

// runHead is the first line of --json: what runs, when, and on what.
type runHead struct {
	Type         string      `json:"type"` // "run"
	Verb         string      `json:"verb"`
	Tool         report.Tool `json:"tool"`
	Begun        string      `json:"begun"` // RFC 3339, UTC
	Record       string      `json:"record,omitempty"`
	RecordSHA256 string      `json:"record_sha256,omitempty"` // hex
	Environment  string      `json:"environment,omitempty"`
	Shards       string      `json:"shards,omitempty"`
}

// errorLine is an error that ended the run, for scripts.
type errorLine struct {
	Type   string `json:"type"` // "error"
	Code   string `json:"code"`
	Detail string `json:"detail"`
	Next   string `json:"next,omitempty"`
	Status int    `json:"status"` // the exit status
}

// announce prepares the first line of --json.
func (p *program) announce(verb string, args []string) {
	flags := args
	if i := slices.Index(args, "--"); i >= 0 {
		flags = args[:i]
	}
	p.json = slices.Contains(flags, "--json") || slices.Contains(flags, "--json=true")
	if len(args) > 0 && slices.Contains(withActions, verb) && isAction(args[0]) {
		verb += " " + args[0]
	}
	p.run = &runHead{Type: "run", Verb: verb, Begun: time.Now().UTC().Format(time.RFC3339)}
	p.term.JSONHead(func() any {
		p.run.Tool = thisTool()
		return p.run
	})
}

// isAction tells whether a word can be a subcommand. One that is longer may be a
// secret that went astray, and is not shown.
func isAction(word string) bool {
	return word == "attach-record" || len(word) < 12 && strings.Trim(word, "abcdefghijklmnopqrstuvwxyz") == ""
}

// withActions are the verbs that have subcommands.
var withActions = []string{"custody", "hsm", "record", "report", "sweep"}

// inputs adds to the first line what is worked on.
func (r *runHead) inputs(s *selection) {
	if r == nil { // a test
		return
	}
	r.Record, r.Shards = s.recordPath, s.shardsPath
	if s.record == nil {
		return
	}
	r.Environment = s.record.Environment
	if s.recordPath != "" {
		sum := s.record.SHA256()
		r.RecordSHA256 = hex.EncodeToString(sum[:])
	}
}

// fail shows an error that ended the run.
func (p *program) fail(fact string, a advice, status int) int {
	p.term.Error(fact, a.hint)
	if p.json {
		_ = p.term.JSON(&errorLine{"error", a.code, fact, a.hint, status}) // stdout may be what failed
	}
	return status
}

// statusOf is the exit status of an error: exitInput where an input could not be
// read, or an output not made, so that nothing was judged.
func statusOf(err error) int {
	var file *fileError
	switch {
	case !errors.As(err, &file):
		return exitFailed
	case errors.Is(err, errShardChanged), errors.Is(err, errForgedKey):
		return exitFailed
	case slices.Contains([]role{asRecord, asShards, asPublicKey, asListing}, file.role):
		return exitInput
	case file.role == asOutput, file.role == asTranscript, file.role == asNewSet:
		if errors.Is(err, output.ErrExists) || errors.Is(err, output.ErrForeign) || errors.Is(err, output.ErrNoParent) || errors.Is(err, output.ErrNotWritable) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) ||
			errors.Is(err, fs.ErrPermission) && !brokeOff(err) {
			return exitInput
		}
		return exitFailed
	case is[*fs.PathError](err), is[*output.PathError](err), is[*output.TooLargeError](err):
		return exitInput
	}
	return exitFailed
}
