package owner

import (
	"fmt"
	"maps"
	"slices"

	"recover/internal/uuid"
	"recover/pkg/record"
	"recover/pkg/rsadecrypt"
)

// kitOf returns the recovery keys that a key has to be backed up to: those of the
// newest event that names its quorum, else those of the newest event that names
// none, else those that were given, else those of the record.
func (j *judge) kitOf(e record.Entry) (kit []rsadecrypt.Fingerprint) {
	var of, general *record.Event
	for i, event := range j.record.Events {
		if event.Type != record.NewKit {
			continue
		}
		at := &general
		if len(event.QuorumIDs) > 0 {
			if !isOf(event, e) {
				continue
			}
			at = &of
		}
		if *at == nil || !event.Date.Before((*at).Date) {
			*at = &j.record.Events[i]
		}
	}
	if of == nil {
		of = general
	}
	if of != nil {
		for _, sum := range of.RecoveryKeys {
			kit = append(kit, sum)
		}
		return kit
	}
	for _, k := range j.Kit {
		if !slices.Contains(kit, k.Fingerprint) {
			kit = append(kit, k.Fingerprint)
		}
	}
	if len(kit) == 0 {
		for _, k := range j.record.RecoveryKeys {
			kit = append(kit, k.SHA256)
		}
	}
	return kit
}

// kit judges whether the kit is recorded, and whether each key is backed up to
// all of it.
func (j *judge) kit(s *section) {
	j.kitRecorded(s)
	if j.Backups == nil {
		return
	}
	lacking := make(map[rsadecrypt.Fingerprint][]string)
	judged, kitless := 0, 0
	newest := make(map[uuid.ID]bool)
	j.each(func(e record.Entry, k *Key) {
		if k.Err != nil {
			return // its own line says so
		}
		kit := j.kitOf(e)
		if len(kit) == 0 {
			kitless++
			return
		}
		judged++
		for _, f := range kit {
			if _, ok := k.Written[f]; !ok {
				lacking[f] = append(lacking[f], nameOf(e))
				newest[e.QuorumID] = true
			}
		}
	})
	switch {
	case len(lacking) > 0:
		keys := slices.SortedFunc(maps.Keys(lacking), func(a, b rsadecrypt.Fingerprint) int { return len(lacking[b]) - len(lacking[a]) })
		f := keys[0]
		fact := fmt.Sprintf("%s none for recovery key %s: %s", count(len(lacking[f]), "key has", "keys have"), short(f), some(lacking[f]))
		if len(keys) > 1 {
			fact += fmt.Sprintf("; the same for %s", count(len(keys)-1, "other recovery key", "other recovery keys"))
		}
		s.red("kit-backups", fact,
			fmt.Sprintf("download again; if the bucket has none, ask the service to move the keys of %s to a quorum with this kit, and keep the old recovery key until then; or, if these quorums have another kit, record it with --type kit and --quorum-id", count(len(newest), "quorum", "quorums")),
			fmt.Sprintf("recover verify --record %s --shards %s --failed-only", quoted(j.record.Path), quoted(j.Backups.Path)))
	case judged+kitless == 0:
		s.notKnown("kit-backups", "there is no backup that can be opened", "see the lines of the backups", "")
	case kitless > 0:
		s.notKnown("kit-backups", "the recovery keys of the kit are not known", "give the public keys that are registered with the service: --recovery-public-key FILE", "")
	default:
		s.green("kit-backups", "%s", count(judged, "key", "keys"))
	}
}

// kitRecorded compares the public keys that were given with the records.
func (j *judge) kitRecorded(s *section) {
	given := j.kitKeys()
	var unknown []string
	for _, k := range given {
		if !j.isRecorded(k.Fingerprint) {
			unknown = append(unknown, fmt.Sprintf("%s (%s)", short(k.Fingerprint), k.Path))
		}
	}
	others := make(map[rsadecrypt.Fingerprint]int)
	if j.Backups != nil {
		j.each(func(_ record.Entry, k *Key) {
			for _, f := range k.Others {
				others[f]++
			}
		})
	}
	for f, n := range others {
		unknown = append(unknown, fmt.Sprintf("%s, which backups of %s are for", short(f), count(n, "key", "keys")))
	}
	slices.Sort(unknown)
	switch {
	case len(given) == 0 && len(others) == 0:
		s.notKnown("kit-recorded", "no public key of the kit was given",
			"give the public keys that are registered with the service: --recovery-public-key FILE; compare their fingerprints with those that it shows", "")
	case len(j.record.RecoveryKeys) == 0:
		s.notKnown("kit-recorded", "the record names no recovery key", "see the line record-recovery-keys", "")
	case len(unknown) > 0:
		s.red("kit-recorded", "not "+some(unknown), "if it is of the kit, record it, and when the kit got it; if not, find out who had backups made for it, or take the file away",
			fmt.Sprintf("recover record event --record %s --type kit --date DAY --recovery-public-key FILE --out NEW-RECORD", quoted(j.record.Path)))
	default:
		s.green("kit-recorded", "%s given", count(len(given), "public key was", "public keys were"))
	}
}

// isRecorded tells whether one of the records names a recovery key.
func (j *judge) isRecorded(f rsadecrypt.Fingerprint) bool {
	return slices.ContainsFunc(j.Records, func(r *Record) bool {
		return slices.ContainsFunc(r.RecoveryKeys, func(k record.RecoveryKey) bool { return k.SHA256 == f })
	})
}
