package main

import (
	"strings"

	"github.com/spf13/pflag"
)

const recordUsage = `
recover record new   --shards DIR --from FILE --out FILE
recover record add   --record FILE --shards DIR --out FILE
recover record check --record FILE [--shards DIR]
recover record find  --record FILE --shards DIR [--out FILE]
recover record merge --record FILE --record FILE --out FILE
recover record event --record FILE --type TYPE --date DAY … --out FILE

Makes and checks the offline record: the list of quorum IDs, key IDs and
algorithms without which no backup can be opened. No secret is needed.

new     makes a record from a download of the bucket. The quorum IDs are not in
        the bucket: they come from --quorum-id or --from, and each backup shows
        which of them is its own
add     adds the keys of the bucket that are not in the record. A recorded key
        whose backup opens with another of the given quorum IDs is moved to
        that quorum; the old ID is kept as a previous one
check   looks for double, mixed and incomplete entries, and with --shards for
        those that no longer have a shard
find    for backups whose recorded IDs do not fit: tries all known IDs, and
        the likely mistakes of somebody who copied them by hand
merge   makes one record of two, unless they contradict each other
event   writes the record again with something that happened: "recover audit"
        then knows which backups, shares and kits have to be newer

Options:
    --record FILE              a record, JSON or CSV (check, merge:
                               repeatable), or a holder's folder that has one;
                               new: only such a folder, to begin with its copy
    --shards PATH              the downloaded bucket (find: or one shard file)
    --out FILE                 the new record: a file that does not exist yet
    --quorum-id UUID           a quorum ID that is known (repeatable)
    --from FILE                a list of the service: the JSON that its API
                               gives for wallets (all pages), for quorums, or
                               for backup kits; or CSV with a column quorum_id.
                               new and add name wallets that have no backup
                               first, and recovery keys of a kit that are not
                               yours. Or what lies with a share: the holder's
                               folder, quorum-ids.txt, or the page share.txt
                               (repeatable: they have to agree)
    --key-id UUID              find: the key ID of one backup, however it is
                               spelled; --quorum-id then may be misspelled too
    --type TYPE                event: reshare (of keys, or of all keys of a
                               quorum), restructure (of a quorum), personnel
                               (a holder of a share left or joined), or kit (a
                               new one; with --quorum-id for that quorum only)
    --date DAY                 event: when, such as 2026-11-25
    --holder NAME              event: as the set of shares names the holder
    --change left|joined       event: what became of the holder
    --note TEXT                event: for people
    --environment NAME         new: production or sandbox (default production)
    --recovery-public-key FILE new, add: a recovery key that shards may be for
                               (repeatable); without it, any (new), or those
                               that are recorded (add). event: one of the kit
` + recordListingUsage + `    --json                     NDJSON: an object for each key, then a summary
`

// runRecord is the verb: make and check the offline record.
func runRecord(p *program, args []string) error {
	actions := []struct {
		name, flags string
		run         func(*program, *recordFlags) error
	}{
		{"new", "record shards out quorum-id from environment recovery-public-key listing", recordNew},
		{"add", "record shards out quorum-id from recovery-public-key listing", recordAdd},
		{"check", "record shards listing", recordCheck},
		{"find", "record shards out quorum-id key-id from", recordFind},
		{"merge", "record out", recordMerge},
	}
	if len(args) > 0 && (args[0] == "--help" || args[0] == "-h") {
		return pflag.ErrHelp
	}
	if len(args) > 0 && args[0] == "event" {
		return recordEvent(p, args[1:])
	}
	for _, a := range actions {
		if len(args) > 0 && args[0] == a.name {
			f := &recordFlags{verb: "record " + a.name}
			if err := f.parse(args[1:], a.flags); err != nil {
				return err
			}
			return a.run(p, f)
		}
	}
	return unknownAction("record", strings.Join(args[:min(1, len(args))], ""), []string{"new", "add", "check", "find", "merge", "event"})
}
