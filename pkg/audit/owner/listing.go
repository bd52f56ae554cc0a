package owner

import (
	"fmt"
	"time"

	"recover/pkg/record"
	"recover/pkg/recovery"
)

// Listing is the listing of the bucket that the download was compared with.
type Listing struct {
	Path   string
	Newest time.Time // when the last backup was written or deleted
}

const (
	syncNext    = "download the bucket again, as it is listed: of the same day"
	syncCommand = "aws s3 sync --exact-timestamps --delete s3://BUCKET DIRECTORY"
	listCommand = "aws s3api list-object-versions --bucket BUCKET > NEW-LISTING"
)

// listing judges whether the download is what the bucket has now. What is wrong
// with a key that cannot be rebuilt, its line in the section of the backups says.
func (j *judge) listing(s *section) {
	var stale, deleted, gone, unclear []string
	n := 0
	j.each(func(e record.Entry, k *Key) {
		if k.Err != nil {
			return
		}
		n++
		switch {
		case k.has(recovery.WarnDeleted):
			deleted = append(deleted, nameOf(e))
		case k.has(recovery.WarnNotInBucket):
			gone = append(gone, nameOf(e))
		case k.has(recovery.WarnStale, recovery.WarnNotDownloaded):
			stale = append(stale, nameOf(e))
		case k.has(recovery.WarnUnlisted, recovery.WarnVersionUnknown):
			unclear = append(unclear, nameOf(e))
		}
	})
	l := j.Backups.Listing
	line := func(item string, bad []string, fact, next, command string) {
		if len(bad) > 0 {
			s.red(item, fmt.Sprintf(fact, count(len(bad), "key", "keys"))+": "+some(bad), next, command)
			return
		}
		s.green(item, "%s", count(n, "key", "keys"))
	}
	line("listing-current", stale, "the newest version is not in the download for %s", syncNext, syncCommand)
	line("listing-deleted", deleted, "the backup of %s was deleted", "find out who deleted it, keep the copy that is here, and have the service write the backup again",
		"aws s3api list-object-versions --bucket BUCKET --prefix KEY-ID/")
	line("listing-bucket", gone, "the bucket has no version of %s", "keep the copy that is here, and have the service write the backup again", j.verify())
	if len(unclear) > 0 {
		s.notKnown("listing-versions", fmt.Sprintf("not for %s: %s", count(len(unclear), "key", "keys"), some(unclear)),
			"list the bucket and download it again: the two have to be of the same day", listCommand)
	} else {
		s.green("listing-versions", "%s", count(n, "key", "keys"))
	}
	if age := j.Now.Sub(l.Newest); age < -24*time.Hour {
		s.red("listing-dates", "it is of "+date(l.Newest)+", which is in the future", "set the clock of this machine", "")
		return
	}
	s.green("listing-dates", "%s", date(l.Newest))
}
