// Package report is the memory of a rebuild: the journal that grows while it
// runs, the segments that its keys are written to, the report at its end, and
// what is read back from them to resume a run, to merge the reports of a
// divided one, and to check a file.
//
// There is one format for journal and report, docs/rebuilding.md describes it,
// one writer (Create, Run.Resume) and one reader (Scan). What the journal says
// is done is on the disk: a segment is written and synced before it is named
// in the journal, with its size and SHA-256, and its keys come after it. What
// the reader cannot hold against a hash, or against the record, it does not
// believe.
//
// Nothing here is authenticated: whoever can write to the directory of a run
// can write a journal and segments that agree. The record is what decides.
package report

import (
	"fmt"
	"regexp"
	"strings"

	"recover/internal/message"
	"recover/pkg/rsadecrypt"
	"recover/pkg/shard"
)

// Formats, in the first line of a journal and of a report.
const (
	Format = "recover-report/2"
	// Without segment lines: what was written before they came. It is read, and
	// resumed, but its segments cannot be checked.
	formatWithoutSegments = "recover-report/1"
)

// Verbs that write reports.
const (
	VerbRebuild = "rebuild"
	VerbVerify  = "verify" // its report has no segments
)

// Statuses of a key.
const (
	OK         = "ok"
	Failed     = "failed"
	Missing    = "missing"    // recorded, and there is no backup of it
	Unrecorded = "unrecorded" // there is a backup, and no record of it
	Unproved   = "unproved"   // written because --accept-unproved was given, and not ok
)

var runFile = regexp.MustCompile(`^((keys|masters)-[0-9]+\.ndjson(\.age)?|report(-[0-9]+)?\.json|journal\.ndjson|identity\.age)$`)

// IsRunFile tells whether a file in the directory of a run has a name that the run
// gives.
func IsRunFile(name string) bool { return runFile.MatchString(name) }

// Reasons that report merge gives.
const (
	ReasonReported      = shard.Reason("reported")      // not rebuilt, its report says why
	ReasonUnreported    = shard.Reason("unreported")    // in none of the reports
	ReasonContradiction = shard.Reason("contradiction") // a report disagrees with the record, or with another report
)

// Header is the first line of a journal and the head of a report: what was done
// with what. It holds no secret.
type Header struct {
	Type         string `json:"type"`   // "run"; in a journal also "resumed", once each time that it is
	Format       string `json:"format"` // see Format
	Verb         string `json:"verb"`   // VerbRebuild or VerbVerify
	Tool         Tool   `json:"tool"`
	Begun        string `json:"begun"` // RFC 3339, UTC
	Record       string `json:"record,omitempty"`
	RecordSHA256 string `json:"record_sha256,omitempty"` // hex
	// In a report: the record that the run was begun with, where another one
	// was given when it was resumed.
	BegunRecordSHA256 string   `json:"begun_record_sha256,omitempty"`
	Environment       string   `json:"environment,omitempty"`
	Shards            string   `json:"shards"`
	RecoveryKey       string   `json:"recovery_key,omitempty"` // fingerprint, hex; verify: of the key that the shards had to be for
	Sealed            string   `json:"sealed,omitempty"`       // rebuild: "recipients", "passphrase" or "no"
	Recipients        []string `json:"recipients,omitempty"`   // whom the keys are sealed to: public keys, or with a passphrase "sha256:" and the hash of one
	WithMaster        bool     `json:"with_master,omitempty"`
	Part              string   `json:"part,omitempty"`     // "2/5"
	Accepted          []string `json:"accepted,omitempty"` // what of the machine was unfit, and accepted: "network: …"
	Merged            int      `json:"merged,omitempty"`   // in a joined report: of how many
}

// Tool names the program that ran.
type Tool struct {
	Version string `json:"version"`
	Go      string `json:"go"`
	SHA256  string `json:"sha256"` // of the executable, hex
}

// Key is what became of one key: a line of NDJSON, of the journal and of the
// report. It holds no secret.
type Key struct {
	Type        string            `json:"type"` // "key"
	QuorumID    string            `json:"quorum_id"`
	KeyID       string            `json:"key_id"`
	Algorithm   string            `json:"algorithm"`
	Name        string            `json:"name,omitempty"`       // as recorded
	Blockchain  string            `json:"blockchain,omitempty"` // as recorded
	Status      string            `json:"status"`
	Reason      shard.Reason      `json:"reason,omitempty"`
	Detail      string            `json:"detail,omitempty"`
	Shard       string            `json:"shard,omitempty"`        // path below --shards
	ShardSHA256 string            `json:"shard_sha256,omitempty"` // of the file
	RecoveryKey string            `json:"recovery_key,omitempty"` // fingerprint, hex
	PublicKey   string            `json:"public_key,omitempty"`   // of the wallet, hex
	Addresses   map[string]string `json:"addresses,omitempty"`
	Anchor      string            `json:"anchor,omitempty"` // "service", "drill", "backup" or "none"
	Proved      *bool             `json:"proved,omitempty"` // false: with Unproved
	Warnings    []message.Warning `json:"warnings"`
	Shards      []Copy            `json:"shards,omitempty"`  // verify: where there are several
	Signed      bool              `json:"signed,omitempty"`  // drill: the rebuilt key signed, and the signature was checked
	Segment     string            `json:"segment,omitempty"` // rebuild: the file that the key is in
}

// Copy is what verify says of one of several shard files of a key.
type Copy struct {
	Shard       string       `json:"shard"`
	RecoveryKey string       `json:"recovery_key,omitempty"`
	Status      string       `json:"status"`
	Reason      shard.Reason `json:"reason,omitempty"`
	Detail      string       `json:"detail,omitempty"`
	Modified    string       `json:"modified,omitempty"`   // RFC 3339, UTC: as the download kept it
	Version     string       `json:"version_id,omitempty"` // of the bucket, where a listing tells it
	Used        bool         `json:"used,omitempty"`       // a rebuild with this recovery key uses this copy
}

// IsDone reports whether the key is in a segment of wallet keys: OK or Unproved.
// A run that is resumed does not rebuild it again.
func (k *Key) IsDone() bool { return k.Status == OK || k.Status == Unproved }

// The bounds of what is said of one key: a hostile shard has much to say.
const (
	maxText     = 4 << 10 // bytes of a detail or a warning
	maxWarnings = 50
)

// WarnMore is the code of the warning that says how many more there were.
const WarnMore = "more"

// Truncate cuts the texts of a result to what a line of a journal may hold.
func (k *Key) Truncate() {
	k.Detail = truncate(k.Detail)
	if more := len(k.Warnings) - maxWarnings; more > 0 {
		k.Warnings = append(k.Warnings[:maxWarnings], message.Warning{Code: WarnMore, Detail: fmt.Sprintf("and %d more", more)})
	}
	for i, w := range k.Warnings {
		k.Warnings[i].Detail = truncate(w.Detail)
	}
}

func truncate(text string) string {
	if len(text) <= maxText {
		return text
	}
	return strings.ToValidUTF8(text[:maxText], "") + "…"
}

// Segment is a file of rebuilt keys: a line of the journal before those of its
// keys, and an entry in the report.
type Segment struct {
	Type   string `json:"type"` // "segment"
	Name   string `json:"name"` // in the directory of the run
	Size   int64  `json:"size,omitempty"`
	SHA256 string `json:"sha256,omitempty"` // of the file, hex
	// Why the file is not believed any more: it is not the one that was written.
	// Its keys are rebuilt into another segment.
	Rejected string `json:"rejected,omitempty"`
	Report   string `json:"report,omitempty"` // in a joined report: the one that listed it
}

// Summary counts the results.
type Summary struct {
	Type         string             `json:"type"` // "summary"
	Keys         int                `json:"keys"`
	OK           int                `json:"ok"`
	Failed       int                `json:"failed"`
	Missing      int                `json:"missing"`
	Unrecorded   int                `json:"unrecorded"`
	Unproved     int                `json:"unproved"`
	Warnings     int                `json:"warnings"` // keys with one or more
	Seconds      float64            `json:"seconds"`
	Anchors      map[string]int     `json:"anchors,omitempty"`       // verify, rebuild and drill: keys by what the record knows them by
	RecoveryKeys []RecoveryKeyCount `json:"recovery_keys,omitempty"` // verify

	NewestBackup string `json:"newest_backup,omitempty"`  // verify: RFC 3339, UTC
	Stale        bool   `json:"stale,omitempty"`          // verify: it is older than --max-age
	Elsewhere    int    `json:"other_warnings,omitempty"` // that are of no key
}

// RecoveryKeyCount is how many of the keys one recovery key can open.
type RecoveryKeyCount struct {
	SHA256   string `json:"sha256"`
	Keys     int    `json:"keys"` // with a valid shard for it
	Recorded bool   `json:"recorded"`
	Custody  string `json:"custody,omitempty"` // as recorded
}

// String returns the count for people.
func (c RecoveryKeyCount) String() string {
	f, err := rsadecrypt.ParseFingerprint(c.SHA256)
	if err != nil {
		return c.SHA256
	}
	text := fmt.Sprintf("recovery key %s opens %d keys", f, c.Keys)
	if c.Keys == 1 {
		text = fmt.Sprintf("recovery key %s opens 1 key", f)
	}
	switch {
	case !c.Recorded:
		return text + "; it is not in the record"
	case c.Custody != "":
		return text + " (" + c.Custody + ")"
	}
	return text
}

// Count counts a result.
func (s *Summary) Count(k *Key) {
	s.add(k.Status, 1)
	if len(k.Warnings) > 0 {
		s.Warnings++
	}
	if k.Anchor != "" {
		if s.Anchors == nil {
			s.Anchors = make(map[string]int)
		}
		s.Anchors[k.Anchor]++
	}
}

func (s *Summary) add(status string, n int) {
	s.Keys += n
	switch status {
	case OK:
		s.OK += n
	case Missing:
		s.Missing += n
	case Unrecorded:
		s.Unrecorded += n
	case Unproved:
		s.Unproved += n
	default:
		s.Failed += n
	}
}

// String returns the counts for people: "3 keys: 1 ok, 2 failed".
func (s *Summary) String() string {
	text := fmt.Sprintf("%d keys: %d ok", s.Keys, s.OK)
	if s.Keys == 1 {
		text = fmt.Sprintf("1 key: %d ok", s.OK)
	}
	for _, c := range []struct {
		n    int
		what string
	}{{s.Unproved, "unproved"}, {s.Failed, "failed"}, {s.Missing, "missing"}, {s.Unrecorded, "unrecorded"}} {
		if c.n > 0 {
			text += fmt.Sprintf(", %d %s", c.n, c.what)
		}
	}
	if s.Warnings > 0 {
		text += fmt.Sprintf("; %d with a warning", s.Warnings)
	}
	return text
}

// sameCounts reports whether the summary of a report counts the same results as
// another. One that was written before warnings were counted has none.
func (s *Summary) sameCounts(o *Summary) bool {
	return s.Keys == o.Keys && s.OK == o.OK && s.Failed == o.Failed && s.Missing == o.Missing &&
		s.Unrecorded == o.Unrecorded && s.Unproved == o.Unproved && (s.Warnings == 0 || s.Warnings == o.Warnings)
}

// Tail is what is known of a run at its end: the last line of a report.
type Tail struct {
	Ended    string   `json:"ended"`    // RFC 3339, UTC
	Complete bool     `json:"complete"` // every key was worked on
	Summary  *Summary `json:"summary"`
}
