package main

import (
	"fmt"

	"recover/internal/uuid"
	"recover/pkg/record"
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
	*program
	flags    *recordFlags
	sel      *selection
	keys     int
	problems int
	err      error // the first failed write
}

// recordCheck makes sure that records are complete, and do not mix what has to
// be kept apart. That they are of the format, and have no key twice, shows when
// they are opened.
func (p *program) recordCheck(f *recordFlags) error {
	if len(f.records) == 0 {
		return required(f.verb, [2]string{"record", ""})
	}
	c := &checker{program: p, flags: f, sel: &selection{shardsPath: f.shards}}
	defer c.sel.Close()
	var all []*record.Contents
	for _, path := range f.records {
		r, err := readContents(path)
		if err != nil {
			return err
		}
		all = append(all, r)
	}
	if f.shards != "" {
		if err := c.sel.openDownload(f.shards); err != nil {
			return err
		}
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
	of := path
	if !key.IsZero() {
		f.KeyID = key.String()
		of += ": key " + f.KeyID
	}
	var err error
	if c.flags.json {
		err = c.JSON(f)
	} else if err = c.Print("%s: %s: %s", kind, of, problem); err == nil {
		err = c.Print("    next: %s", next)
	}
	if c.err == nil {
		c.err = err
	}
}

// one checks a record by itself.
func (c *checker) one(path string, r *record.Contents) {
	none := uuid.ID{}
	if r.Environment == "" {
		c.say("warning", path, none, "no environment is recorded", "add \"environment\": \"production\" or \"sandbox\", so that the two cannot be mixed up")
	}
	if len(r.RecoveryKeys) == 0 {
		c.say("warning", path, none, "no recovery key is recorded", "add the fingerprints of the recovery keys: \"recover inspect\" shows that of a public key")
	}
	keys := make(map[uuid.ID]bool, len(r.Entries))
	for _, e := range r.Entries {
		keys[e.KeyID] = true
	}
	for _, e := range r.Entries {
		c.keys++
		if keys[e.QuorumID] {
			c.problem(path, e.KeyID, fmt.Sprintf("its quorum_id %s is the key_id of another entry", e.QuorumID), "look for the right one with \"recover record find\"")
		}
		if e.PublicKey == nil {
			c.say("warning", path, e.KeyID, "no public key is recorded", "copy it from the service's console: it proves that the right key was rebuilt")
		}
		c.shards(path, e)
	}
}

// shards checks whether the key still has a shard.
func (c *checker) shards(path string, e record.Entry) {
	if c.flags.shards == "" {
		return
	}
	found, err := c.sel.candidates(e, func(candidate) error { return nil })
	switch {
	case err != nil:
		c.problem(path, e.KeyID, err.Error(), reasonHint(reasonUnreadable))
	case found == 0:
		c.problem(path, e.KeyID, "no shard of this key is in the download", reasonHint(reasonMissing))
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
	if c.err != nil {
		return c.err
	}
	if c.flags.json {
		if err := c.JSON(map[string]any{"type": "summary", "keys": c.keys, "problems": c.problems}); err != nil {
			return err
		}
	} else if err := c.Print("%d %s, %d %s", c.keys, plural(c.keys, "key", "keys"), c.problems, plural(c.problems, "problem", "problems")); err != nil {
		return err
	}
	if c.problems > 0 {
		return &incompleteError{fmt.Sprintf("the record has %d %s", c.problems, plural(c.problems, "problem", "problems")), "the line of each says what to do next", exitSome}
	}
	return nil
}
