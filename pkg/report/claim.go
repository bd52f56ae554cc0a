package report

import (
	"encoding/hex"
	"path/filepath"

	"recover/internal/group"
	"recover/pkg/record"
)

// A report is what somebody's file says. What can be held against it without the
// keys: the report itself, the record, other reports, and the segments, where
// they lie next to it. All else rests on the report's word.

// Contradiction says in what a key of a report contradicts itself, or the head of
// its report; empty if in nothing.
func (k *Key) Contradiction(h *Header) (problem string) {
	if !k.IsDone() {
		return ""
	}
	switch {
	case k.Status == OK && k.Reason != "":
		return "it is ok, and has the reason of a failure"
	case k.Status == OK && k.Proved != nil && !*k.Proved:
		return "it is ok, and not proved"
	case k.RecoveryKey != "" && k.RecoveryKey != h.RecoveryKey:
		return "its recovery key is not that of the report"
	}
	g, known := group.ByAlgorithm(k.Algorithm)
	if !known {
		return "its algorithm is not known"
	}
	public, err := parsePublicKey(g, k.PublicKey)
	if err != nil {
		return "its public key is not one"
	}
	return k.addressProblem(g, public)
}

// checkRecord tells whether the head of a report can be of a run with this
// record. The errors are ErrOtherRecord, ErrOtherEnvironment and ErrUnrecordedKey.
func checkRecord(h *Header, rec *record.Record) error {
	sum := rec.SHA256()
	switch {
	case h.RecordSHA256 != hex.EncodeToString(sum[:]):
		return ErrOtherRecord
	case h.Environment != rec.Environment:
		return ErrOtherEnvironment
	case h.RecoveryKey == "" && h.Verb == VerbVerify:
		return nil
	}
	return CheckCompany(h, rec.Environment, rec.RecoveryKeys)
}

// Nearby are the segments of a report, compared with what it says of them.
type Nearby struct {
	Listed   int               // that count, and have a hash
	Compared int               // that lie next to the report, and are as it says
	Wrong    map[string]string // name → what is wrong
}

// CheckNearby compares the segments that lie next to a report, by size and
// SHA-256. The error is one of the system.
func CheckNearby(path string, segments []Segment) (Nearby, error) {
	n := Nearby{Wrong: make(map[string]string)}
	for i := range segments {
		g := &segments[i]
		if kind, _ := parseSegmentName(g.Name); g.Rejected != "" || g.SHA256 == "" || kind == "" {
			continue
		}
		n.Listed++
		if g.Report != "" {
			continue // of a report that was joined: where it lay is not known here
		}
		if g.Size > MaxSegmentSize {
			n.Wrong[g.Name] = "it is larger than any segment"
			continue
		}
		problem, err := checkSegment(filepath.Join(filepath.Dir(path), g.Name), g)
		switch {
		case err != nil:
			return n, err
		case problem == isMissing:
		case problem != "":
			n.Wrong[g.Name] = problem
		default:
			n.Compared++
		}
	}
	return n, nil
}
