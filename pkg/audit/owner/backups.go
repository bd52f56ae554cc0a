package owner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"recover/internal/uuid"
	"recover/pkg/record"
	"recover/pkg/recovery"
	"recover/pkg/rsadecrypt"
)

// Backups are what public data says of a download.
type Backups struct {
	Path       string
	Keys       map[uuid.ID]*Key // by key ID, the recorded ones
	Unrecorded []uuid.ID
	Listing    *Listing // nil: the download was not compared with one
	PassedOver int      // folders and files of no key that could not be read
}

// Key is what public data says of the backups of one key.
type Key struct {
	Err      error // see recovery.Verdict
	Warnings []recovery.Warning
	// Written is when the newest valid backup for each recovery key was written;
	// zero where the download does not tell.
	Written map[rsadecrypt.Fingerprint]time.Time
	// Others are the recovery keys of backups that are for none that was expected.
	Others []rsadecrypt.Fingerprint
}

// Look proves the backups of a key. expected are the recovery keys that they may
// be for; none means any. The error is that of ctx.
func Look(ctx context.Context, d *recovery.Download, e record.Entry, expected []rsadecrypt.Fingerprint) (*Key, error) {
	k := &Key{Written: make(map[rsadecrypt.Fingerprint]time.Time)}
	backups, err := recovery.Collect(ctx, d, e)
	if err != nil {
		k.Err = err
		return k, ctx.Err()
	}
	v, err := backups.Verify(ctx, expected)
	if err != nil {
		return nil, err
	}
	k.Err, k.Warnings = v.Err, v.Warnings
	for _, c := range v.Copies {
		if c.Err == nil && !c.Modified.Before(k.Written[c.RecoveryKey]) {
			k.Written[c.RecoveryKey] = c.Modified
		}
		if c.HasKey() && len(expected) > 0 && !slices.Contains(expected, c.RecoveryKey) && !slices.Contains(k.Others, c.RecoveryKey) {
			k.Others = append(k.Others, c.RecoveryKey)
		}
	}
	return k, nil
}

func (k *Key) isMissing() bool { return errors.Is(k.Err, recovery.ErrMissing) }

// newest is when its newest backup was written.
func (k *Key) newest() (newest time.Time) {
	for _, t := range k.Written {
		if t.After(newest) {
			newest = t
		}
	}
	return newest
}

// has reports whether the key has a warning of one of these codes.
func (k *Key) has(codes ...string) bool {
	return slices.ContainsFunc(k.Warnings, func(w recovery.Warning) bool { return slices.Contains(codes, w.Code) })
}

// verify is the command that shows more of the backups.
func (j *judge) verify() string {
	return fmt.Sprintf("recover verify --record %s --shards %s --failed-only", quoted(j.record.Path), quoted(j.Backups.Path))
}

// each calls visit for the keys of the record, in its order, with what was seen.
func (j *judge) each(visit func(e record.Entry, k *Key)) {
	for _, e := range j.record.Entries {
		if k := j.Backups.Keys[e.KeyID]; k != nil {
			visit(e, k)
		}
	}
}

// backups judges the download.
func (j *judge) backups(s *section) {
	var missing, failed, older []string
	var newest time.Time
	warned, why := 0, ""
	j.each(func(e record.Entry, k *Key) {
		switch {
		case k.isMissing():
			missing = append(missing, nameOf(e))
		case k.Err != nil:
			if failed = append(failed, nameOf(e)); why == "" {
				why = string(recovery.ReasonOf(k.Err))
			}
		case k.has(recovery.WarnNewerDamaged, recovery.WarnNewestDamaged, recovery.WarnNoCurrent):
			older = append(older, nameOf(e))
		case len(k.Warnings) > 0:
			warned++
		}
		if t := k.newest(); t.After(newest) {
			newest = t
		}
	})
	n := len(j.record.Entries)
	if len(missing) > 0 {
		s.red("backups-present", count(len(missing), "key has none: ", "keys have none: ")+some(missing),
			"download these folders again; if they are not in the bucket, look for older versions, and ask the service for its own copy",
			"aws s3api list-object-versions --bucket BUCKET --prefix KEY-ID/")
	} else {
		s.green("backups-present", "%s", count(n, "key", "keys"))
	}
	switch {
	case len(failed) > 0:
		s.red("backups-proved", fmt.Sprintf("%s: %s (%s)", count(len(failed), "key is not", "keys are not"), some(failed), why),
			"each line of the command says why, and what to do next", j.verify())
	case len(missing) == n:
		s.notKnown("backups-proved", "there is no backup", "see the line above", "")
	case warned > 0:
		s.green("backups-proved", "%s, %d of them with a warning: \"recover verify\" explains it", count(n-len(missing), "key", "keys"), warned)
	default:
		s.green("backups-proved", "%s", count(n-len(missing), "key", "keys"))
	}
	if len(older) > 0 {
		s.red("backups-current", fmt.Sprintf("of %s only an older one: %s", count(len(older), "key", "keys"), some(older)),
			"download them again; if the newest version in the bucket is damaged, have the service write the backup again", j.verify())
	} else if len(missing)+len(failed) < n {
		s.green("backups-current", "no newer one is damaged")
	}
	j.age(s, newest)
	j.olderThanEvents(s)
}

// age judges when the newest backup of all was written: an old one means an old
// download, or a service that no longer writes.
func (j *judge) age(s *section, newest time.Time) {
	limit := j.MaxAge
	if limit == 0 {
		limit = Year
	}
	days := count(int(limit/(24*time.Hour)), "day", "days")
	if limit < 48*time.Hour {
		days = count(int(limit/time.Hour), "hour", "hours")
	}
	const next = "download the bucket again; if it has nothing newer, find out whether the service still writes backups"
	const command = "aws s3 sync --exact-timestamps --delete s3://BUCKET DIRECTORY"
	switch age := j.Now.Sub(newest); {
	case newest.IsZero():
		s.notKnown("backups-age", "no backup has a date", "keep the times of the bucket when you download", command)
	case age < -24*time.Hour:
		s.red("backups-age", "it was written on "+date(newest)+", which is in the future", "set the clock of this machine, and of the one that downloaded", command)
	case age > limit:
		s.red("backups-age", fmt.Sprintf("it was written on %s, %s; it may be %s old", date(newest), j.ago(newest), days), next, command)
	default:
		s.green("backups-age", "it was written on %s, %s; it may be %s old", date(newest), j.ago(newest), days)
	}
}

// dayTolerance is how much earlier than its date, in UTC, an event may have been:
// a date is that of a place, and the easternmost is 14 hours ahead.
const dayTolerance = 14 * time.Hour

// olderThanEvents finds the keys whose backup is older than a reshare or
// restructure that concerns them.
func (j *judge) olderThanEvents(s *section) {
	concerned := 0
	var older, undated []string
	var reasons []string
	j.each(func(e record.Entry, k *Key) {
		event, ok := j.lastChange(e)
		if !ok || k.Err != nil {
			return
		}
		concerned++
		since := event.Date.Add(-dayTolerance)
		kit := j.kitOf(e)
		isOlder, isUndated := false, false
		for f, written := range k.Written {
			switch {
			case len(kit) > 0 && !slices.Contains(kit, f): // of a recovery key that does not count any more
			case written.IsZero():
				isUndated = true
			case written.Before(since):
				isOlder = true
			}
		}
		switch {
		case isOlder:
			older = append(older, nameOf(e))
			reasons = append(reasons, fmt.Sprintf("%s of %s", event.Type, date(event.Date)))
		case isUndated:
			undated = append(undated, nameOf(e))
		}
	})
	switch {
	case len(older) > 0:
		slices.Sort(reasons)
		reasons = slices.Compact(reasons)
		s.red("backups-events", fmt.Sprintf("%s: %s (%s)", count(len(older), "key has an older one", "keys have an older one"), some(older), some(reasons)),
			"download the bucket again with --exact-timestamps; if the backup there is older too, have the service write it again: it treats the old one as invalid",
			"aws s3 sync --exact-timestamps --delete s3://BUCKET DIRECTORY")
	case len(undated) > 0:
		s.notKnown("backups-events", fmt.Sprintf("the download has no date of %s", some(undated)), "keep the times of the bucket when you download",
			"aws s3 sync --exact-timestamps --delete s3://BUCKET DIRECTORY")
	case concerned == 0:
		s.green("backups-events", "the record has no such event")
	default:
		s.green("backups-events", "%s", count(concerned, "key was changed", "keys were changed"))
	}
}

// lastChange is the last reshare or restructure of a key.
func (j *judge) lastChange(e record.Entry) (last record.Event, ok bool) {
	for _, event := range j.record.Events {
		if event.Type != record.Reshare && event.Type != record.Restructure {
			continue
		}
		if !slices.Contains(event.KeyIDs, e.KeyID) && !isOf(event, e) {
			continue
		}
		if !ok || !event.Date.Before(last.Date) {
			last, ok = event, true
		}
	}
	return last, ok
}

// isOf tells whether an event names the quorum of a key, as it is called now or
// was before.
func isOf(event record.Event, e record.Entry) bool {
	return slices.ContainsFunc(event.QuorumIDs, func(id uuid.ID) bool {
		return id == e.QuorumID || slices.Contains(e.PreviousQuorumIDs, id)
	})
}

// Expected are the recovery keys that the backups of the reviewed record may be
// for: those that it names, and those that were given; none means any.
func (in *Input) Expected() []rsadecrypt.Fingerprint {
	var all []rsadecrypt.Fingerprint
	for _, k := range in.Records[0].RecoveryKeys {
		all = append(all, k.SHA256)
	}
	for _, k := range in.Kit {
		if !slices.Contains(all, k.Fingerprint) {
			all = append(all, k.Fingerprint)
		}
	}
	return all
}
