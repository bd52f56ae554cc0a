package main

import (
	"context"
	"fmt"
	"strings"

	"recover/internal/message"
	"recover/internal/terminal"
	"recover/internal/uuid"
	"recover/pkg/record"
	"recover/pkg/recovery"
	"recover/pkg/rsadecrypt"
)

// finding is one thing that record check has to say.
type finding struct {
	Type    string `json:"type"` // "problem" or "warning"
	Record  string `json:"record"`
	KeyID   string `json:"key_id,omitempty"`
	Problem string `json:"problem"`
	Next    string `json:"next"`
}

// checker is one run of record check.
type checker struct {
	ctx      context.Context
	term     *terminal.Terminal
	flags    *recordFlags
	sel      *selection
	keys     int
	problems int
	anchors  map[record.Anchor]int
	err      error // the first failed write
}

// recordCheck makes sure that records are complete, and do not mix what has to
// be kept apart. That they are of the format, and have no key twice, shows when
// they are opened.
func recordCheck(p *program, f *recordFlags) error {
	if len(f.records) == 0 {
		return required(f.verb, [2]string{"record", ""})
	}
	c := &checker{ctx: p.ctx, term: p.term, flags: f, sel: &selection{ctx: p.ctx, shardsPath: f.shards}, anchors: make(map[record.Anchor]int)}
	defer c.sel.Close()
	var all []*record.Contents
	for _, path := range f.records {
		r, err := readContents(p.ctx, p.term, path)
		if err != nil {
			return err
		}
		all = append(all, r)
	}
	if f.shards != "" {
		hints := recovery.Hints{Labels: true, Quorums: make(map[uuid.ID]struct{})}
		for _, r := range all {
			for _, e := range r.Entries {
				hints.Quorums[e.QuorumID] = struct{}{}
			}
		}
		if err := c.sel.openDownload(f.shards, hints); err != nil {
			return err
		}
		if err := c.sel.addListing(p.ctx, f.listing); err != nil {
			return err
		}
	} else if f.listing != "" {
		return required(f.verb, [2]string{"shards", ""})
	}
	for i, r := range all {
		c.one(f.records[i], r)
	}
	c.mixed(all)
	return c.end()
}

func (c *checker) problem(path string, key uuid.ID, problem, next string) {
	c.problems++
	c.say("problem", path, key, problem, next)
}

func (c *checker) say(kind, path string, key uuid.ID, problem, next string) {
	f := finding{Type: kind, Record: path, Problem: problem, Next: next}
	if !key.IsZero() {
		f.KeyID = key.String()
	}
	c.finding(f)
}

func (c *checker) finding(f finding) {
	if c.ctx.Err() != nil {
		return // end says so
	}
	of := f.Record
	if f.KeyID != "" {
		of += ": key " + f.KeyID
	}
	var err error
	if c.flags.json {
		err = c.term.JSON(f)
	} else if err = c.term.Print("%s: %s: %s", f.Type, of, f.Problem); err == nil {
		err = c.term.Print("    next: %s", f.Next)
	}
	if c.err == nil {
		c.err = err
	}
}

// one checks a record by itself.
func (c *checker) one(path string, r *record.Contents) {
	none := uuid.ID{}
	if r.IsCSV {
		c.say("warning", path, none, "the record is CSV, which has no place for the environment and the recovery keys",
			"make a JSON record of it: recover record new --from "+message.ShellQuote(path)+" --shards BUCKET --out record.json")
	}
	if r.Environment == "" && !r.IsCSV {
		c.say("warning", path, none, "no environment is recorded", "add \"environment\": \"production\" or \"sandbox\", so that the two cannot be mixed up")
	}
	if len(r.RecoveryKeys) == 0 && !r.IsCSV {
		c.say("warning", path, none, "no recovery key is recorded", "add the fingerprints of the recovery keys: \"recover inspect\" shows that of a public key")
	}
	for _, s := range r.StrayEvents() {
		c.problem(path, none, s.String(), "correct the event in a copy of the record, or add what it names: recover record add")
	}
	keys := make(map[uuid.ID]bool, len(r.Entries))
	for _, e := range r.Entries {
		keys[e.KeyID] = true
	}
	var weak, unsaid sameWarning
	for _, e := range r.Entries {
		if c.ctx.Err() != nil {
			return
		}
		c.keys++
		if keys[e.QuorumID] {
			c.problem(path, e.KeyID, fmt.Sprintf("its quorum_id %s is the key_id of another entry", e.QuorumID), "look for the right one with \"recover record find\"")
		}
		a := e.Anchor()
		c.anchors[a]++
		switch {
		case a == record.AnchorNone, a == record.AnchorBackup:
			weak.add(e)
		case e.Recorded == "":
			unsaid.add(e)
		}
		c.shards(path, e)
	}
	c.sayAll(path, &weak, "no public key or address of the wallet is recorded", "copy it from the service's list, not from the bucket: it shows that the right key was rebuilt")
	c.sayAll(path, &unsaid, "the record does not say where the public key or address comes from", "if it is from the service's list, add \"anchor\": \"service\"; if it was taken from the bucket, remove it")
}

// sameWarning are the keys that one warning is about.
type sameWarning struct{ names, ids []string }

func (w *sameWarning) add(e record.Entry) {
	name := e.Name
	if name == "" {
		name = e.KeyID.String()
	}
	w.names, w.ids = append(w.names, name), append(w.ids, e.KeyID.String())
}

// sayAll says a warning that many keys may have: once for people, for each key to
// scripts.
func (c *checker) sayAll(path string, w *sameWarning, problem, next string) {
	switch n := len(w.names); {
	case n == 0:
	case c.flags.json || n == 1:
		for _, id := range w.ids {
			c.finding(finding{Type: "warning", Record: path, KeyID: id, Problem: problem, Next: next})
		}
	default:
		of := fmt.Sprintf("%d keys: ", n)
		if n > 3 {
			next += "; --json lists the keys"
		} else {
			problem += ": " + strings.Join(w.names, ", ")
		}
		c.finding(finding{Type: "warning", Record: path, Problem: of + problem, Next: next})
	}
}

// shards checks whether the key still has a shard, and whether all that it has
// name one key, the recorded one.
func (c *checker) shards(path string, e record.Entry) {
	if c.flags.shards == "" {
		return
	}
	found, err := recovery.Collect(c.ctx, c.sel.bucket, e)
	if err == nil {
		for _, w := range found.CompareListing() {
			c.say("warning", path, e.KeyID, w.Detail, listingNext[w.Code])
		}
		err = found.CheckRecord()
	}
	if err != nil && c.ctx.Err() == nil {
		c.problem(path, e.KeyID, err.Error(), reasonHint(reasonOf(err)))
	}
}

// mixed checks records against each other: what is of the sandbox must not be
// in a production record.
func (c *checker) mixed(all []*record.Contents) {
	for i, r := range all {
		for j, other := range all[:i] {
			if r.Environment != other.Environment {
				c.apart(c.flags.records[i], r, c.flags.records[j], other)
			} else {
				c.twice(c.flags.records[i], r, c.flags.records[j], other)
			}
		}
	}
}

const nextApart = "find out where it belongs, and take it out of the other record"

func (c *checker) apart(path string, r *record.Contents, otherPath string, other *record.Contents) {
	where := fmt.Sprintf("also in %s, which is of another environment", otherPath)
	keys, quorums, recoveryKeys := make(map[uuid.ID]bool), make(map[uuid.ID]bool), make(map[rsadecrypt.Fingerprint]bool)
	for _, e := range other.Entries {
		keys[e.KeyID], quorums[e.QuorumID] = true, true
	}
	for _, k := range other.RecoveryKeys {
		recoveryKeys[k.SHA256] = true
	}
	for _, e := range r.Entries {
		switch {
		case keys[e.KeyID]:
			c.problem(path, e.KeyID, "the key is "+where, nextApart)
		case quorums[e.QuorumID]:
			c.problem(path, e.KeyID, fmt.Sprintf("its quorum %s is %s", e.QuorumID, where), nextApart)
		}
	}
	for _, k := range r.RecoveryKeys {
		if recoveryKeys[k.SHA256] {
			c.problem(path, uuid.ID{}, fmt.Sprintf("recovery key %s is %s", rsadecrypt.Fingerprint(k.SHA256), where), nextApart)
		}
	}
}

// twice checks two records of one environment: they may have the same keys, but
// not say different things of them.
func (c *checker) twice(path string, r *record.Contents, otherPath string, other *record.Contents) {
	_, conflicts := record.Merge(other, r)
	for _, x := range conflicts {
		c.problem(path, x.KeyID, fmt.Sprintf("%s is %q, but %q in %s", x.Field, x.Second, x.First, otherPath), "find out which is right, and correct the other in a copy")
	}
}

func (c *checker) end() error {
	if c.ctx.Err() != nil {
		return terminal.ErrInterrupted
	}
	if c.err != nil {
		return c.err
	}
	if c.flags.json {
		if err := c.term.JSON(map[string]any{"type": "summary", "keys": c.keys, "problems": c.problems, "anchors": c.anchors}); err != nil {
			return err
		}
	} else if err := c.term.Print("%d %s, %d %s; anchors: %s", c.keys, plural(c.keys, "key", "keys"), c.problems, plural(c.problems, "problem", "problems"), anchorCounts(c.anchors)); err != nil {
		return err
	}
	if c.problems > 0 {
		return &incompleteError{fmt.Sprintf("the record has %d %s", c.problems, plural(c.problems, "problem", "problems")), "the line of each says what to do next", exitSome}
	}
	return nil
}

// anchorCounts says how many keys have which anchor.
func anchorCounts(n map[record.Anchor]int) string {
	var parts []string
	for _, a := range []record.Anchor{record.AnchorService, record.AnchorDrill, record.AnchorBackup, record.AnchorNone} {
		if n[a] > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", a, n[a]))
		}
	}
	return strings.Join(parts, ", ")
}
