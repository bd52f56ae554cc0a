package main

import (
	"fmt"
	"slices"
	"strings"

	"recover/pkg/custody"
)

// compareTranscripts compares transcripts with each other, if there are several:
// the sealed key that one ceremony read has to be the file that another one
// wrote. It returns nil where there is nothing to compare.
func (in *inspector) compareTranscripts() *fileResult {
	if len(in.transcripts) < 2 {
		return nil
	}
	all := slices.Clone(in.transcripts)
	slices.SortStableFunc(all, func(a, b *readTranscript) int { return a.events[0].Time.Compare(b.events[0].Time) })
	var paths []string
	for _, t := range all {
		paths = append(paths, t.path)
	}
	r := &fileResult{Type: "file", Path: strings.Join(paths, ", "), Kind: "ceremonies, one after the other", Sound: isSound}
	for _, t := range all {
		t.compare(r, all)
	}
	if r.bad {
		r.Sound = isDamaged
		r.hint = "find out which sealed key was used there, and where it came from"
	}
	return r
}

// compare looks for the ceremony that made the set that this one used.
func (t *readTranscript) compare(r *fileResult, all []*readTranscript) {
	for _, e := range t.events {
		switch e.Step {
		case custody.StepSplit:
			text := fmt.Sprintf("made the set %s", e.Set)
			if e.Replaces != (custody.SetID{}) {
				text += fmt.Sprintf(", which replaces the set %s", e.Replaces)
			}
			r.fact(t.path, "%s", text)
		case custody.StepSet:
			t.compareSet(r, e.Set, all)
		}
	}
	for _, other := range all {
		if replaced := other.replaced(); replaced != (custody.SetID{}) && t.uses(replaced) && other.events[0].Time.Before(t.events[0].Time) {
			r.fact("not the present set", "%s used the set %s after %s had replaced it", t.path, replaced, other.path)
		}
	}
}

func (t *readTranscript) compareSet(r *fileResult, set custody.SetID, all []*readTranscript) {
	for _, maker := range all {
		made, ok := custody.NewCeremony(maker.events)
		if !ok || made.Set != set || maker == t {
			continue
		}
		sealed, _ := made.SealedKey()
		for _, e := range t.events {
			if e.Step == custody.StepInput && e.File == custody.SealedKeyName && e.SHA256 == sealed {
				r.fact(t.path, "used the sealed key of set %s that %s wrote", set, maker.path)
				return
			}
		}
		r.bad = true
		r.fact(t.path, "used a sealed key of set %s that is NOT the one that %s wrote", set, maker.path)
		return
	}
	r.fact(t.path, "used the set %s, which was made in none of these ceremonies", set)
}

// replaced returns the set that a ceremony replaced; zeros: none.
func (t *readTranscript) replaced() (id custody.SetID) {
	for _, e := range t.events {
		if e.Step == custody.StepSplit {
			id = e.Replaces
		}
	}
	return id
}

func (t *readTranscript) uses(set custody.SetID) bool {
	return slices.ContainsFunc(t.events, func(e custody.Event) bool { return e.Step == custody.StepSet && e.Set == set })
}
