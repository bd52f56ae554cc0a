package main

import (
	"bytes"
	"context"
	"fmt"

	"github.com/spf13/pflag"

	"recover/internal/output"
	"recover/pkg/custody"
	"recover/pkg/record"
)

// evidenceFlags name what the ceremony said of a set, by another way than a
// holder's folder: its transcript, or the numbers that it showed.
type evidenceFlags struct {
	transcript, head string
	set, sha256      string
	record           string
}

func (f *evidenceFlags) register(fs *pflag.FlagSet) {
	fs.StringVar(&f.transcript, "transcript", "", "")
	fs.StringVar(&f.head, "head", "", "")
	fs.StringVar(&f.set, "set", "", "")
	fs.StringVar(&f.sha256, "sha256", "", "")
	fs.StringVar(&f.record, "record", "", "")
}

// evidence is what a folder is compared with.
type evidence struct {
	path      string            // of the transcript; empty: there is none
	ceremony  *custody.Ceremony // nil without a transcript
	head      custody.Digest    // of the transcript
	headGiven bool              // and it is the one that the witness wrote down
	set       *custody.SetID    // nil: nothing to compare the set with
	sealedKey *custody.Digest   // nil: nothing to compare the sealed key with
	recorded  []record.RecoveryKey
	record    string         // the path of the record; empty: none was given
	recordSum custody.Digest // of it
}

// load reads what the flags name. All of it is optional.
func (f *evidenceFlags) load(ctx context.Context) (*evidence, error) {
	e := new(evidence)
	switch {
	case f.transcript != "" && (f.set != "" || f.sha256 != ""):
		return nil, &usageError{"--transcript is given with --set or --sha256", "give one or the other: both are in the transcript"}
	case f.head != "" && f.transcript == "":
		return nil, &usageError{"--head is given without --transcript", "it is the SHA-256 of the last line of a transcript"}
	}
	if f.set != "" {
		id, err := custody.ParseSetID(f.set)
		if err != nil {
			return nil, &usageError{"--set is not a set ID", "give its 16 hex digits as the ceremony showed them, in quotation marks if with blanks"}
		}
		e.set = &id
	}
	var err error
	if e.sealedKey, err = parseDigestFlag("sha256", f.sha256); err != nil {
		return nil, err
	}
	if f.transcript != "" {
		if err := e.readTranscript(f.transcript, f.head); err != nil {
			return nil, err
		}
	}
	if f.record != "" {
		s := &selection{ctx: ctx}
		defer s.Close()
		if err := s.openRecord(f.record); err != nil {
			return nil, err
		}
		e.recorded, e.record, e.recordSum = s.record.RecoveryKeys, s.recordPath, s.record.SHA256()
	}
	return e, nil
}

func parseDigestFlag(flag, text string) (*custody.Digest, error) {
	if text == "" {
		return nil, nil
	}
	d, err := custody.ParseDigest(text)
	if err != nil {
		return nil, &usageError{"--" + flag + " is not a SHA-256", "give its 64 hex digits, in quotation marks if with blanks"}
	}
	return &d, nil
}

// readTranscript takes the transcript of the ceremony in which the set was made:
// whole, ended well, and where it is given with the hash that was written down.
func (e *evidence) readTranscript(path, head string) error {
	want, err := parseDigestFlag("head", head)
	if err != nil {
		return err
	}
	events, got, err := readWholeTranscript(path)
	if err != nil {
		return &fileError{path, asAny, err}
	}
	if want != nil && *want != got {
		return &fileError{path, asAny, fmt.Errorf("%w: %x", errOtherHead, got)}
	}
	made, ok := custody.NewCeremony(events)
	switch {
	case !ok:
		return &fileError{path, asAny, errNoSet}
	case made.Outcome != custody.Done:
		return &fileError{path, asAny, errNotDone}
	}
	sealed, ok := made.SealedKey()
	if !ok {
		return &fileError{path, asAny, errNoOutcomes}
	}
	e.path, e.ceremony, e.head, e.headGiven = path, made, got, want != nil
	e.set, e.sealedKey = &made.Set, &sealed
	return nil
}

// isTranscript takes what a ceremony writes.
func isTranscript(head []byte) bool { return bytes.HasPrefix(head, []byte(`{"previous":"`)) }

// readWholeTranscript reads a transcript whose chain holds, and that is one
// ceremony.
func readWholeTranscript(path string) (events []custody.Event, head custody.Digest, err error) {
	data, err := output.ReadFile(path, custody.MaxTranscript)
	if err != nil {
		return nil, head, err
	}
	if events, head, err = custody.ReadTranscript(bytes.NewReader(data)); err != nil {
		return events, head, err
	}
	return events, head, custody.CheckCeremony(events)
}

// complete reports whether both the set and the sealed key can be compared.
func (e *evidence) complete() bool { return e.set != nil && e.sealedKey != nil }

// lines say what was compared, or what could not be.
func (e *evidence) lines() []string {
	switch {
	case e.ceremony != nil && e.headGiven:
		return []string{"compared with: " + e.path + ", whose last line has the SHA-256 that was given"}
	case e.ceremony != nil:
		lines := []string{"compared with: " + e.path + ", whose last line has the SHA-256",
			"  (compare that with what the witness wrote down, or give it with --head)"}
		for _, half := range inGroups(e.head) {
			lines = append(lines, "  "+half[4:])
		}
		return lines
	case e.complete():
		return []string{"compared with: the set ID and the SHA-256 that were given"}
	case e.set != nil:
		return []string{"compared with: the set ID that was given",
			"NOT COMPARED: the sealed key; give its SHA-256 with --sha256"}
	case e.sealedKey != nil:
		return []string{"compared with: the SHA-256 of the sealed key that was given"}
	}
	return []string{"NOT COMPARED with the ceremony: whoever knows the recovery key's public half can make a folder that looks the same. Give --transcript FILE, or --set and --sha256 with what the ceremony showed, got by another way than this folder"}
}

// warnOtherSet returns a warning where the record names another set as the
// present one of this recovery key, else "". Which of the two is out of date, the
// record or the set, is not known: nobody is told to destroy the present one.
func warnOtherSet(recorded []record.RecoveryKey, k *custody.SealedKey) string {
	for _, r := range recorded {
		switch named := custody.SetID(r.Set); {
		case r.SHA256 != k.Key || named == (custody.SetID{}) || named == k.ID:
			continue
		case k.Replaces == named:
			return fmt.Sprintf("set %s says that it replaces set %s, which the record names as the present one: the record is out of date, or this set was never confirmed; keep both until \"recover custody confirm\" has brought the record up to date",
				k.ID, named)
		default:
			return fmt.Sprintf("set %s is not the present one: the record names set %s; if the record is up to date, the shares and sealed keys of set %[1]s should be destroyed",
				k.ID, named)
		}
	}
	return ""
}
