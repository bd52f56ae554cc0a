// Package page writes the report of a run as one HTML page for people: it loads
// nothing, sends nothing, and reads the same on paper, on a phone and in the
// dark. On paper it is a table, with lines to sign on. Without scripts it is complete; they only sort and filter the table.
package page

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
)

// Page is what is shown. All texts are shown as they are: characters that are
// not visible have to be escaped before.
type Page struct {
	Verb    string // of the program, a plain word; see Mark
	Title   string // of the document, such as "Verification of the backups"
	Verdict string // a sentence for a manager
	OK      bool   // the verdict is good
	Meaning string // what the verdict means, a sentence or two
	Facts   []Fact // what was done with what
	Counts  []Count
	Notes   []string // about the keys as a whole
	Steps   []Step   // what took how long; may be empty
	Rows    []Row
}

// Fact is a name and a value.
type Fact struct{ Name, Value string }

// Count is how many rows have a status.
type Count struct {
	Status string
	N      int
}

// Step is a part of a run, and how long it took.
type Step struct{ Name, Took, Result string }

// Row is one key. A bad one says what is wrong, and what to do next.
type Row struct {
	Status, Name, KeyID, QuorumID, Algorithm, Address string
	Reason, Detail, Next                              string
	Shard, RecoveryKey                                string // empty where they are the usual ones
	Warnings                                          []string
	Copies                                            []Copy // where there are several shards
}

// Copy is one of several shards of a key.
type Copy struct {
	Path, Time, Status, Detail string
	Used                       bool // a rebuild uses this one
}

// Bad tells whether the row needs attention.
func (r Row) Bad() bool { return r.Status != "ok" }

// Attention returns the rows that need attention.
func (p Page) Attention() []Row {
	var bad []Row
	for _, r := range p.Rows {
		if r.Bad() {
			bad = append(bad, r)
		}
	}
	return bad
}

//go:embed page.css
var style string

//go:embed page.js
var script string

// policy lets the page's own style and script run, by their hashes, and nothing
// else: what slipped through the escaping could load or run nothing.
var policy = "default-src 'none'; style-src '" + sourceHash(style) + "'; script-src '" + sourceHash(script) +
	"'; base-uri 'none'; form-action 'none'"

func sourceHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
