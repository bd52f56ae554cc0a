package recovery

import "testing"

// SetLimits gives what is kept of the backups of one key other limits, until the
// test ends; 0 leaves one as it is.
func SetLimits(t testing.TB, parsed int64, distinct int, examined int64, one int) {
	a, b, c, d := maxParsed, maxDistinct, maxExamined, maxOne
	t.Cleanup(func() { maxParsed, maxDistinct, maxExamined, maxOne = a, b, c, d })
	if parsed > 0 {
		maxParsed = parsed
	}
	if distinct > 0 {
		maxDistinct = distinct
	}
	if examined > 0 {
		maxExamined = examined
	}
	if one > 0 {
		maxOne = one
	}
}

// SetMaxJoined has fewer copies joined, until the test ends.
func SetMaxJoined(t testing.TB, n int) {
	was := maxJoined
	t.Cleanup(func() { maxJoined = was })
	maxJoined = n
}

// IsKept tells whether the parsed form of a backup is held.
func (b *Backup) IsKept() bool { return b.shard != nil }

// SetMaxTrials has fewer labels tried, until the test ends.
func SetMaxTrials(t testing.TB, n int) {
	was := maxTrials
	t.Cleanup(func() { maxTrials = was })
	maxTrials = n
}
