package main

import (
	"slices"

	"recover/internal/output"
	"recover/pkg/record"
	"recover/pkg/report"
)

// inspectReport checks that a report or a journal is whole, that its counts are
// those of its keys, and that it contradicts neither itself nor, with --record,
// the record. More than that it cannot be trusted for: it is what its file says.
func (in *inspector) inspectReport(r *fileResult) {
	r.Kind = "report of a rebuild"
	f, err := output.OpenInput(r.Path, 1<<40)
	if err != nil {
		r.damaged(err, asAny)
		return
	}
	defer func() { _ = f.Close() }()
	var contradictions []error
	open := &openKeys{of: make(map[string]bool)}
	var head *report.Header
	file, err := report.Scan(f, report.Visitor{
		Head: func(h *report.Header) error { head = h; return nil },
		Key: func(k *report.Key, _ report.Line) error {
			if problem := k.Contradiction(head); problem != "" && len(contradictions) < maxContradictions {
				contradictions = append(contradictions, &report.ContradictionError{KeyID: k.KeyID, Problem: problem})
			}
			open.note(k)
			return in.ctx.Err()
		},
	})
	if file.IsJournal {
		r.Kind = "journal of a rebuild"
	}
	if err == nil && head.Verb == report.VerbVerify {
		in.verification(r, file, open)
		return
	}
	if err == nil && head.Verb != report.VerbRebuild {
		err = report.ErrNotRebuild
	}
	if err != nil {
		r.damaged(err, asAny)
		return
	}
	r.fact("begun", "%s", file.Header.Begun)
	for _, h := range file.Resumed {
		r.fact("resumed", "%s", h.Begun)
	}
	r.fact("recovery key", "%s", file.Header.RecoveryKey)
	for _, g := range file.Segments {
		if g.Rejected != "" {
			r.fact("not used", "%s: %s", g.Name, g.Rejected)
		}
	}
	r.fact("as the report says", "%s", &file.Counts)
	r.Keys, r.MoreKeys = open.first, len(open.of)-len(open.first)
	contradictions = append(contradictions, in.nearby(r, file)...)
	if in.sel != nil && !file.IsJournal {
		contradictions = append(contradictions, in.againstRecord(r)...)
	}
	for _, c := range contradictions {
		r.fact("contradiction", "%v", c)
	}
	switch {
	case len(contradictions) > 0:
		r.damaged(contradictions[0], asAny)
	case in.sel != nil && !file.IsJournal:
		r.Sound, r.Detail = isSound, "complete, and it contradicts neither itself nor the record; what the record does not tell rests on its word"
	default:
		r.Detail = "complete, and it does not contradict itself; --record compares a report with the record, and the rest is its word"
	}
}

// verification checks the report of a verification, or of a part of one.
func (in *inspector) verification(r *fileResult, file *report.File, open *openKeys) {
	r.Kind = "report of a verification"
	r.fact("begun", "%s", file.Header.Begun)
	if file.Header.Part != "" {
		r.fact("part", "%s", file.Header.Part)
	}
	r.fact("as the report says", "%s", &file.Counts)
	r.Keys, r.MoreKeys = open.first, len(open.of)-len(open.first)
	r.Detail = "complete; --record compares it with the record, and the rest is its word"
	if in.sel == nil {
		return
	}
	if err := in.verified(r.Path); err != nil {
		r.fact("contradiction", "%v", err)
		r.damaged(err, asAny)
		return
	}
	r.Sound, r.Detail = isSound, "complete, and it does not contradict the record; what it says of the backups rests on its word"
}

// verified compares the report of a verification with the record.
func (in *inspector) verified(path string) error {
	j, err := report.NewJoin(in.sel.record)
	if err != nil {
		return err
	}
	defer j.Close()
	if err := j.Add(path); err != nil {
		return err
	}
	return j.Each(func(*record.Entry, *report.Key) error { return nil })
}

// inspectDrill checks that the report of a drill is whole, and does not contradict
// itself.
func (in *inspector) inspectDrill(r *fileResult) {
	r.Kind = "report of a drill"
	f, err := output.OpenInput(r.Path, report.MaxDrill)
	if err != nil {
		r.damaged(err, asAny)
		return
	}
	defer func() { _ = f.Close() }()
	d, err := report.ReadDrill(f)
	if err != nil {
		r.damaged(err, asAny)
		return
	}
	open := &openKeys{of: make(map[string]bool)}
	var first error
	for _, k := range d.Keys {
		if problem := d.Contradiction(k); problem != "" && first == nil {
			first = &report.ContradictionError{KeyID: k.KeyID, Problem: problem}
		}
		open.note(k)
	}
	r.fact("begun", "%s", d.Header.Begun)
	r.fact("recovery key", "%s", d.Header.RecoveryKey)
	for _, who := range d.Present {
		r.fact("present", "%s", who)
	}
	r.fact("as the report says", "%s, of %d recorded", &d.Counts, d.Recorded)
	r.Keys, r.MoreKeys = open.first, len(open.of)-len(open.first)
	if first != nil {
		r.fact("contradiction", "%v", first)
		r.damaged(first, asAny)
		return
	}
	r.Detail = "complete, and it does not contradict itself; \"recover audit\" compares it with the record, and the rest is its word"
}

// openKeys are the keys of a report that are not ok, or have a warning. In a
// journal, the last line of a key counts.
type openKeys struct {
	of    map[string]bool // by key ID
	first []*report.Key   // at most maxOpenKeys of them
}

// maxOpenKeys is how many are shown.
const maxOpenKeys = 20

func (o *openKeys) note(k *report.Key) {
	if o.of[k.KeyID] {
		delete(o.of, k.KeyID)
		o.first = slices.DeleteFunc(o.first, func(earlier *report.Key) bool { return earlier.KeyID == k.KeyID })
	}
	if k.Status == report.OK && len(k.Warnings) == 0 {
		return
	}
	o.of[k.KeyID] = true
	if len(o.first) < maxOpenKeys {
		o.first = append(o.first, k)
	}
}

// openKeyLines names the keys of a report that need attention, as the run did:
// with name, reason and next step.
func (r *fileResult) openKeyLines() listing {
	if len(r.Keys) == 0 {
		return nil
	}
	l := listing{"    needs attention:"}
	for _, k := range r.Keys {
		l = append(l, (&reporter{}).lines(&keyResult{Key: *k})...)
	}
	if r.MoreKeys > 0 {
		l.add("    and %d more: each line of the report with a reason or a warning", r.MoreKeys)
	}
	return l
}

// maxContradictions is how many are shown.
const maxContradictions = 20

// nearby compares the segments that lie next to the report.
func (in *inspector) nearby(r *fileResult, file *report.File) []error {
	near, err := report.CheckNearby(r.Path, file.Segments)
	if err != nil {
		return []error{err}
	}
	if near.Listed > 0 {
		r.fact("files of rebuilt keys", "%d listed, %d of them next to it and unchanged", near.Listed, near.Compared)
	}
	var wrong []string
	for name := range near.Wrong {
		wrong = append(wrong, name)
	}
	slices.Sort(wrong)
	for _, name := range wrong[:min(len(wrong), maxContradictions)] {
		r.fact("changed", "%s: %s", name, near.Wrong[name])
	}
	if len(wrong) > 0 {
		return []error{errSegmentChanged}
	}
	return nil
}

// againstRecord compares the report with the record, as a merge does.
func (in *inspector) againstRecord(r *fileResult) []error {
	m, err := report.NewMerge(in.sel.record)
	if err != nil {
		return []error{err}
	}
	defer m.Close()
	if err := m.Add(r.Path); err != nil {
		return []error{err}
	}
	var all []error
	anchored, ok := 0, 0
	err = m.Each(func(e record.Entry, k *report.Key, _ []byte) error {
		if k.Reason == report.ReasonContradiction && len(all) < maxContradictions {
			all = append(all, &report.ContradictionError{KeyID: k.KeyID, Problem: k.Detail})
		}
		if k.Status == statusOK {
			if ok++; e.PublicKey != nil || e.Address != "" {
				anchored++
			}
		}
		return nil
	})
	if err != nil {
		return append(all, err)
	}
	r.fact("compared with the record", "%d of %d keys that are ok have its public key or address", anchored, ok)
	return all
}
