package report

import (
	"io"
	"iter"
	"slices"
)

// VerificationMark is what the report of a verification begins with, and nothing
// else.
const VerificationMark = `{"type":"run","format":"` + Format + `","verb":"` + VerbVerify + `",`

// WriteVerification writes the report of a verification: a report as a rebuild
// writes it, without segments. The counts of keys and warnings are those of what
// is written; seconds, recovery keys and what else the whole run knows are those
// of sum. Of a key with so many backup files that its line would be too long, the
// first ones are listed. The error is one of out.
func WriteVerification(out io.Writer, h *Header, keys iter.Seq[*Key], sum Summary, ended string) error {
	head := *h
	head.Type, head.Format, head.Verb = "run", Format, VerbVerify
	w := newWriter(out)
	w.head(&head)
	total := Summary{Type: "summary"}
	for k := range keys {
		line := *k
		line.Warnings = slices.Clone(k.Warnings)
		line.Truncate()
		total.Count(&line)
		text := w.marshal(&line)
		for len(text) >= maxLine-2 && len(line.Shards) > 0 { // a comma and a line break come after it
			line.Shards = line.Shards[:len(line.Shards)/2]
			text = w.marshal(&line)
		}
		w.line(text)
	}
	total.Seconds, total.RecoveryKeys, total.NewestBackup, total.Stale, total.Elsewhere = sum.Seconds, sum.RecoveryKeys, sum.NewestBackup, sum.Stale, sum.Elsewhere
	return w.end(nil, nil, &Tail{Ended: ended, Complete: true, Summary: &total})
}
