package main

import (
	"fmt"

	"recover/pkg/custody"
)

// mend returns the share as it very likely was meant, if the sealed key proves that
// it is one of its set and the holder wants it taken; else nil. It is shown only if
// the holder asks for that, to mend the paper too. The error is one of asking.
func (g *collection) mend(damaged *custody.DamagedError) (*custody.Share, error) {
	corrected := damaged.Suggestion()
	if corrected == nil {
		return nil, nil
	}
	defer corrected.Wipe()
	share, err := custody.ParseShare(corrected.Reveal())
	if err != nil {
		return nil, nil // never: a suggestion is a whole share
	}
	sealed := g.sets.current.sealed
	if sealed.Check(share) != nil {
		share.Wipe()
		return nil, nil
	}
	lines := []string{
		damaged.Error(), "",
		fmt.Sprintf("Put right, it is share %d (%s) of this set: the sealed key proves it.", share.Index, sealed.Holder(share.Index)),
	}
	g.screen.Show(append(lines, "",
		"Answer \"yes\" to take it, or \"show\" to see it first and mend the paper too;",
		"nobody but its holder may look at the screen then.", "")...)
	answer, err := g.ask.term.Ask(takeIt)
	if err == nil && answer == "show" {
		g.screen.Show(append(lines, "", "It is, as on the paper:", "")...)
		g.screen.ShowSecret(corrected)
		g.screen.Add("")
		answer, err = g.ask.term.Ask(takeIt)
	}
	if err != nil || answer != "yes" {
		share.Wipe()
		return nil, err
	}
	return share, nil
}

const takeIt = `take it? (type "yes")`

// takeMended takes a share that was mended.
func (g *collection) takeMended(share *custody.Share) error {
	if err := g.sets.add(share); err != nil {
		return g.take("", share, err, custody.Typed)
	}
	g.say("%s, mended", g.sets.acceptedText(share))
	e := acceptedEvent(g.sets.of(share), share.Index)
	e.Mended = true
	g.log.record(e)
	return nil
}
