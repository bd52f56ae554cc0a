// Package owner judges what the owner of the wallets keeps: the record, the
// download of the bucket, the kit, and the papers of drills and of the custody of
// the recovery key. All of it is public data.
//
// The caller looks: Look proves the backups of a key, ReadFiles recognises what
// lies in a directory. Judge makes the lines of the review from that, and says
// nothing of what it was not given.
package owner

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"recover/internal/message"
	"recover/internal/uuid"
	"recover/pkg/audit"
	"recover/pkg/record"
	"recover/pkg/rsadecrypt"
)

// Year is how long a drill, a confirmation and a review count: a year and a day.
const Year = 366 * 24 * time.Hour

// Record is a record that was read, and where.
type Record struct {
	Path string
	*record.Contents

	byID map[string]record.Entry // by key ID, once it is wanted
}

// PublicKey is a recovery key of the kit, and the file that it was read from.
type PublicKey struct {
	Path        string
	Fingerprint rsadecrypt.Fingerprint
}

// Input is what there is to judge. What is nil or empty was not given.
type Input struct {
	Now     time.Time
	Records []*Record // the first is reviewed; the others are of other environments
	Backups *Backups
	Files   *Files
	Kit     []PublicKey   // as registered with the service
	MaxAge  time.Duration // that the newest backup may have; 0: a year
}

// Names of the sections, in their order, and of what they take.
const (
	SectionRecord       = "record"
	SectionEvents       = "events"
	SectionBackups      = "backups"
	SectionListing      = "listing"
	SectionKit          = "kit"
	SectionDrill        = "drill"
	SectionCustody      = "custody"
	SectionEnvironments = "environments"
	SectionFiles        = "files"
)

// Missing is a part of the review that could not be done.
type Missing struct {
	Section string
	Give    string // the flag that would let it be done
}

// Judge returns the sections for which something was given, and the names of the
// others. There is one record at least.
func Judge(in *Input) (sections []audit.Section, missing []Missing) {
	j := &judge{Input: in, record: in.Records[0]}
	add := func(given bool, name, flag string, make func(s *section)) {
		if !given {
			missing = append(missing, Missing{name, flag})
			return
		}
		s := &section{audit.Section{Name: name, Source: j.source(name), Title: sectionTitles[name]}}
		if make(s); len(s.Lines) > 0 {
			sections = append(sections, s.Section)
		}
	}
	add(true, SectionRecord, "", j.records)
	add(true, SectionEvents, "", j.events)
	add(in.Backups != nil, SectionBackups, "--shards", j.backups)
	add(in.Backups != nil && in.Backups.Listing != nil, SectionListing, "--listing", j.listing)
	add(in.Backups != nil || len(j.kitKeys()) > 0, SectionKit, "--shards", j.kit)
	add(in.Files != nil, SectionDrill, "--files", j.drills)
	add(in.Files != nil, SectionCustody, "--files", j.custody)
	add(len(in.Records) > 1, SectionEnvironments, "a second --record, of the other environment", j.environments)
	if in.Files != nil {
		add(true, SectionFiles, "", j.files)
	}
	return sections, missing
}

var sectionTitles = map[string]string{
	SectionRecord:       "the offline record",
	SectionEvents:       "what the record says that happened",
	SectionBackups:      "the download of the bucket",
	SectionListing:      "the download against the listing of the bucket",
	SectionKit:          "the recovery keys of the kit",
	SectionDrill:        "rehearsals",
	SectionCustody:      "who holds the shares of the recovery keys",
	SectionEnvironments: "production and sandbox apart",
	SectionFiles:        "the files that lie with the review",
}

// judge is one run of Judge.
type judge struct {
	*Input
	record *Record
}

func (j *judge) source(name string) string {
	switch name {
	case SectionBackups:
		return j.Backups.Path
	case SectionListing:
		return j.Backups.Listing.Path
	case SectionDrill, SectionCustody, SectionFiles:
		return j.Files.Path
	}
	return j.record.Path
}

// section is a section that is being made.
type section struct{ audit.Section }

func (s *section) add(item string, v audit.Verdict, fact, next, command string) {
	s.Lines = append(s.Lines, audit.Line{Item: item, Title: titles[item], Verdict: v, Fact: fact, Next: next, Command: command})
}

func (s *section) green(item, format string, args ...any) {
	s.add(item, audit.Green, fmt.Sprintf(format, args...), "", "")
}

func (s *section) red(item, fact, next, command string) { s.add(item, audit.Red, fact, next, command) }

func (s *section) notKnown(item, fact, next, command string) {
	s.add(item, audit.NotKnown, fact, next, command)
}

// titles say of each line what has to be so.
var titles = map[string]string{
	"record-environment":   "the record names its environment",
	"record-recovery-keys": "the record names the recovery keys",
	"record-complete":      "every key of the bucket is in the record",
	"record-ids":           "no quorum ID is a key ID",
	"record-names":         "every key has a name",
	"record-wallets":       "every key has a public key or an address",
	"record-sources":       "the record says where those come from",

	"events-known":   "the events name what is in the record",
	"events-dates":   "no event is in the future",
	"events-quorums": "every quorum that changed has its event",

	"backups-present": "every key has a backup",
	"backups-proved":  "every backup is proved",
	"backups-current": "the newest backup of each key can be used",
	"backups-age":     "the newest backup is recent",
	"backups-events":  "every backup is newer than a reshare or restructure",

	"listing-current":  "the download has the newest versions",
	"listing-deleted":  "no backup was deleted in the bucket",
	"listing-bucket":   "the bucket has a backup of every key",
	"listing-versions": "it is known which version each backup is",
	"listing-dates":    "the last backup in the bucket has a date that was",

	"kit-recorded": "the record names every recovery key of the kit",
	"kit-backups":  "every key has a backup for each recovery key of its kit",

	"drill-date":    "there was a drill within a year",
	"drill-reports": "the reports are of this record, and do not contradict it",
	"drill-result":  "all keys of the last drills came out right",
	"drill-kit":     "every recovery key was used within a year",
	"drill-holders": "it is written down who was there",

	"custody-set":           "the record names the present set of shares",
	"custody-confirmed":     "every holder confirmed their share within a year",
	"custody-confirmations": "the confirmations are of the set that was made",
	"custody-left":          "no holder who left has a share of the present set",
	"custody-joined":        "every holder who joined has a share",

	"environment-names":         "the records are of different environments",
	"environment-recovery-keys": "no recovery key is in both",
	"environment-keys":          "no key and no quorum is in both",

	"files-intact":  "every file that was recognised is whole",
	"files-secrets": "no secret lies among the files",
	"files-read":    "all files were looked at",
}

// maxNamed is how many keys, holders or files a line names.
const maxNamed = 4

// some names a few of many.
func some(names []string) string { return message.Few(names, maxNamed) }

var count, quoted = message.Count, message.ShellQuote

// nameOf is what people call a key.
func nameOf(e record.Entry) string {
	if e.Name == "" {
		return e.KeyID.String()
	}
	return e.Name
}

// nameOfID is nameOf for the key of a report.
func (j *judge) nameOfID(id string) string {
	parsed, err := uuid.Parse(id)
	if err == nil {
		for _, e := range j.record.Entries {
			if e.KeyID == parsed {
				return nameOf(e)
			}
		}
	}
	return id
}

// short is a fingerprint by its first four groups.
func short(f rsadecrypt.Fingerprint) string {
	groups := strings.Fields(f.String())
	return strings.Join(groups[:min(4, len(groups))], " ") + "…"
}

// kitKeys are the public keys that were given or found.
func (j *judge) kitKeys() []PublicKey {
	all := slices.Clone(j.Kit)
	if j.Files != nil {
		all = append(all, j.Files.PublicKeys...)
	}
	return all
}

func date(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// ago is the age of something in days.
func (j *judge) ago(t time.Time) string {
	days := int(j.Now.Sub(t) / (24 * time.Hour))
	if days == 0 {
		return "today"
	}
	return count(days, "day", "days") + " ago"
}
