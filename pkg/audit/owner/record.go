package owner

import (
	"fmt"

	"recover/internal/uuid"
	"recover/pkg/record"
)

// records judges the record by itself, and whether it is complete.
func (j *judge) records(s *section) {
	r := j.record
	path := quoted(r.Path)
	switch {
	case r.IsCSV:
		s.red("record-environment", "the record is CSV, which has no place for it", "make a JSON record of it",
			fmt.Sprintf("recover record new --from %s --shards DOWNLOAD --out NEW-RECORD", path))
	case r.Environment == "":
		s.red("record-environment", "it does not", `add "environment": "production" or "sandbox" in a copy, so that the two cannot be mixed up`, "")
	default:
		s.green("record-environment", "%s", r.Environment)
	}
	if len(r.RecoveryKeys) == 0 {
		s.red("record-recovery-keys", "it names none", "add the recovery keys of the kit",
			fmt.Sprintf("recover record add --record %s --shards DOWNLOAD --recovery-public-key FILE --out NEW-RECORD", path))
	} else {
		s.green("record-recovery-keys", "%s", count(len(r.RecoveryKeys), "recovery key", "recovery keys"))
	}
	j.complete(s)
	j.entries(s)
}

// complete compares the record with the download.
func (j *judge) complete(s *section) {
	switch b := j.Backups; {
	case b == nil:
		s.notKnown("record-complete", "no download was given", "give the download of the bucket with --shards", "")
	case len(b.Unrecorded) > 0:
		var ids []string
		for _, id := range b.Unrecorded {
			ids = append(ids, id.String())
		}
		s.red("record-complete", count(len(ids), "key is not: ", "keys are not: ")+some(ids),
			"add them, with the quorum IDs and public keys of the service's list of wallets",
			fmt.Sprintf("recover record add --record %s --shards %s --from WALLETS --out NEW-RECORD", quoted(j.record.Path), quoted(b.Path)))
	case b.PassedOver > 0:
		s.notKnown("record-complete", count(b.PassedOver, "folder or file of the download was", "folders or files of the download were")+" not read",
			"the warnings of this command name them", j.verify())
	default:
		s.green("record-complete", "%s, as many as the download has", count(len(j.record.Entries), "key", "keys"))
	}
}

// entries judges what the record says of its keys.
func (j *judge) entries(s *section) {
	keys := make(map[uuid.ID]bool, len(j.record.Entries))
	for _, e := range j.record.Entries {
		keys[e.KeyID] = true
	}
	var swapped, nameless, weak, unsaid []string
	for _, e := range j.record.Entries {
		if keys[e.QuorumID] {
			swapped = append(swapped, nameOf(e))
		}
		if e.Name == "" {
			nameless = append(nameless, e.KeyID.String())
		}
		switch {
		case !e.NamesWallet():
			weak = append(weak, nameOf(e))
		case e.Recorded == "":
			unsaid = append(unsaid, nameOf(e))
		}
	}
	all := count(len(j.record.Entries), "key", "keys")
	add := fmt.Sprintf("recover record add --record %s --shards DOWNLOAD --from WALLETS --out NEW-RECORD", quoted(j.record.Path))
	line := func(item string, bad []string, next, command string) {
		if len(bad) == 0 {
			s.green(item, "%s", all)
			return
		}
		s.red(item, fmt.Sprintf("not so for %s: %s", count(len(bad), "key", "keys"), some(bad)), next, command)
	}
	line("record-ids", swapped, "look for the right quorum ID",
		fmt.Sprintf("recover record find --record %s --shards DOWNLOAD --out NEW-RECORD", quoted(j.record.Path)))
	line("record-names", nameless, "name them as the service's list of wallets does, so that people know on the day what a key is for", add)
	line("record-wallets", weak, "copy them from the service's list, never from the bucket: only they tell the right backup from a planted one", add)
	if len(unsaid) == 0 {
		s.green("record-sources", "%s", all)
		return
	}
	s.notKnown("record-sources", fmt.Sprintf("not so for %s: %s", count(len(unsaid), "key", "keys"), some(unsaid)),
		`if it is from the service's list, add "anchor": "service" to the entry in a copy; if it was taken from the bucket, remove it`,
		"recover record check --record "+quoted(j.record.Path))
}

// events judges what the record says that happened.
func (j *judge) events(s *section) {
	const next = "correct the event in a copy of the record"
	n := count(len(j.record.Events), "event", "events")
	if len(j.record.Events) == 0 {
		n = "none is recorded: compare with what happened since the last review"
	}
	var strays, future []string
	for _, x := range j.record.StrayEvents() {
		strays = append(strays, fmt.Sprintf("%s of %s: %s", x.Event.Type, date(x.Event.Date), x.Value))
	}
	for _, e := range j.record.Events {
		if e.Date.Add(-dayTolerance).After(j.Now) {
			future = append(future, fmt.Sprintf("%s of %s", e.Type, date(e.Date)))
		}
	}
	if len(strays) > 0 {
		s.red("events-known", some(strays), next+", or add the key or quorum that it names", "recover record check --record "+quoted(j.record.Path))
	} else {
		s.green("events-known", "%s", n)
	}
	if len(future) > 0 {
		s.red("events-dates", some(future), next, "")
	} else {
		s.green("events-dates", "%s", n)
	}
	j.quorumEvents(s)
}

// quorumEvents asks for a restructure where keys have a previous quorum: without
// its date nobody can tell whether their backups are from before it.
func (j *judge) quorumEvents(s *section) {
	var moved []string
	n := 0
	for _, e := range j.record.Entries {
		if len(e.PreviousQuorumIDs) == 0 {
			continue
		}
		n++
		found := false
		for _, event := range j.record.Events {
			found = found || event.Type == record.Restructure && isOf(event, e)
		}
		if !found {
			moved = append(moved, nameOf(e))
		}
	}
	if len(moved) > 0 {
		s.red("events-quorums", fmt.Sprintf("%s a previous quorum ID, and no restructure is recorded: %s", count(len(moved), "key has", "keys have"), some(moved)),
			"record when the quorum was restructured", fmt.Sprintf("recover record event --record %s --type restructure --date DAY --quorum-id ID --out NEW-RECORD", quoted(j.record.Path)))
		return
	}
	if n == 0 {
		s.green("events-quorums", "no key has a previous quorum ID")
		return
	}
	s.green("events-quorums", "%s a previous quorum ID", count(n, "key has", "keys have"))
}
