package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"recover/pkg/report"
)

// How old the newest backup of a download is, and how old it may be: a download
// of last year must not be called good for ever.

const day = 24 * time.Hour

// parseAge reads "30d", "36h", or a number of days; 0 is no limit.
func parseAge(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	unit, digits := day, text
	if rest, ok := strings.CutSuffix(text, "d"); ok {
		digits = rest
	} else if rest, ok := strings.CutSuffix(text, "h"); ok {
		unit, digits = time.Hour, rest
	}
	n, err := strconv.ParseUint(digits, 10, 16)
	if err != nil || n == 0 {
		return 0, &usageError{"--max-age is not a number of days or hours", "give the age that the newest backup may have: --max-age 30d, or 36h"}
	}
	return time.Duration(n) * unit, nil
}

// ageText is an age for people.
func ageText(age time.Duration) string {
	switch {
	case age < 0:
		return "in the future"
	case age < 2*time.Hour:
		n := int(age / time.Minute)
		return fmt.Sprintf("%d %s", n, plural(n, "minute", "minutes"))
	case age < 2*day:
		return fmt.Sprintf("%d hours", int(age/time.Hour))
	}
	return fmt.Sprintf("%d days", int(age/day))
}

// newestText says when the newest backup was written, as far as the download
// tells; empty where it does not.
func (r *reporter) newestText() string {
	if r.newest.IsZero() {
		return ""
	}
	text := r.newest.UTC().Format("2 January 2006, 15:04 UTC")
	if age := time.Since(r.newest); age < 0 {
		return text + ", in the future: check the clock"
	} else {
		return text + ", " + ageText(age) + " old"
	}
}

// checkAge fails where no backup is as new as it has to be, or a date ahead of the
// clock hides how old they are.
func (r *reporter) checkAge(limit time.Duration) error {
	age := time.Since(r.newest)
	if limit == 0 || !r.newest.IsZero() && age <= limit && age > -day {
		return nil
	}
	r.sum.Stale = true
	if age < 0 {
		return &incompleteError{"the newest backup is of " + r.newest.UTC().Format("2 January 2006, 15:04 UTC") + ", in the future: its age is not known",
			"set the clock of this machine; if it is right, download the bucket again, or verify it with --listing, which has the dates of the bucket", exitFailed}
	}
	fact := fmt.Sprintf("the newest backup is %s old, and --max-age is %s", ageText(age), ageText(limit))
	if r.newest.IsZero() {
		fact = "no backup has a date, and --max-age is " + ageText(limit)
	}
	return &incompleteError{fact, "download the bucket again: aws s3 sync --exact-timestamps --delete; if the bucket has nothing newer, find out whether the service still writes backups", exitFailed}
}

// noteNewest says how old the newest backup is.
func (r *reporter) noteNewest() {
	if text := r.newestText(); text != "" && !r.json {
		r.term.Note("newest backup: %s", text)
	}
}

// joined takes what the parts of a verification know together. The error is that
// of backups that are older than they may be.
func (r *reporter) joined(sum report.Summary, limit time.Duration) error {
	r.sum.took(sum.Seconds)
	r.sum.RecoveryKeys, r.sum.NewestBackup, r.sum.Elsewhere = sum.RecoveryKeys, sum.NewestBackup, sum.Elsewhere
	r.newest, _ = time.Parse(time.RFC3339, sum.NewestBackup) // the Join has looked at it
	return r.checkAge(limit)
}
