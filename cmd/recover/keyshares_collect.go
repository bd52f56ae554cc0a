package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"filippo.io/age"

	"recover/internal/secret"
	"recover/internal/terminal"
	"recover/pkg/custody"
)

// collection is the gathering of shares at the terminal, one holder after the
// other. The screen is drawn anew for each answer, so that nothing that a
// holder typed is there when the next one comes.
type collection struct {
	*shareOpener
	log     *ceremony
	screen  *terminal.Screen
	sets    *shareSets
	message []string // about the last answer
	history []string // what was taken and refused, for when the screen is gone
	done    bool
}

// collectShares asks for shares until there are enough, and the people at the
// terminal say so.
func collectShares(sets *shareSets, o *shareOpener, c *ceremony) error {
	screen, err := o.ask.term.Screen()
	if err != nil {
		return err
	}
	g := &collection{shareOpener: o, log: c, screen: screen, sets: sets}
	defer g.close()
	o.identity = g.askIdentity
	for !g.done {
		screen.Show(g.lines()...)
		answer, err := o.ask.term.Ask("share")
		if err == nil {
			err = g.answer(strings.TrimSpace(answer))
		}
		if errors.Is(err, terminal.ErrTooLong) {
			g.message = []string{"that was too long"}
			continue
		}
		if err != nil {
			return err
		}
		if o.ask.ctx.Err() != nil {
			return terminal.ErrInterrupted
		}
	}
	return nil
}

// close leaves the screen, and a record of what was done on the one below.
func (g *collection) close() {
	g.screen.Close()
	for _, line := range g.history {
		g.ask.term.Note("%s", line)
	}
}

// lines are what the screen shows.
func (g *collection) lines() []string {
	set := g.sets.current
	given := set.Given()
	lines := []string{
		"Bringing back the recovery key",
		"    " + set.sealed.Key.String(),
		fmt.Sprintf("from set %s, made on %s: any %d of %d shares open it", set.sealed.ID, set.sealed.Created.Format(time.DateOnly), set.sealed.Threshold, set.sealed.Count()),
		"",
		fmt.Sprintf("Accepted: %d of %d", len(given), set.sealed.Threshold),
	}
	for _, index := range given {
		lines = append(lines, fmt.Sprintf("    share %d (%s)", index, set.sealed.Holder(index)))
	}
	lines = append(lines, "")
	if len(g.message) > 0 {
		lines = append(append(lines, g.message...), "")
	}
	lines = append(lines, "Name the file of a share, or answer")
	lines = append(lines, "    type      to type or scan a share, of which nothing is shown")
	if len(given) > 0 {
		lines = append(lines, fmt.Sprintf("    back %-4d to take share %d back", given[0], given[0]))
	}
	if set.Missing() == 0 {
		lines = append(lines, "    open      to open the recovery key; a further share is welcome, and checked too")
	}
	return append(lines, "Ctrl-C ends this and leaves nothing behind.", "")
}

// answer does what an answer says. An error ends the collecting.
func (g *collection) answer(answer string) error {
	g.message = nil
	word, rest, _ := strings.Cut(answer, " ")
	switch {
	case answer == "":
	case answer == "open":
		g.open()
	case answer == "type":
		return g.typed()
	case word == "back":
		g.back(strings.TrimSpace(rest))
	case exists(answer):
		share, err := g.file(answer)
		return g.take(answer+": ", share, err, custody.FromFile)
	case custody.LooksLikeShare([]byte(answer)):
		g.say("what was typed there was shown, and is taken away again: answer \"type\" first")
	default: // it is not repeated: it may be a part of a share
		g.log.refused(errNoSuchFile, "")
		g.say("refused: %v", errNoSuchFile)
		g.message = append(g.message, "next: "+hint(errNoSuchFile))
	}
	return nil
}

var errNoSuchFile = errors.New("there is no file of that name")

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// say says something here and now, and in the record.
func (g *collection) say(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	g.message = append(g.message, line)
	g.history = append(g.history, line)
}

func (g *collection) open() {
	if n := g.sets.current.Missing(); n > 0 {
		g.say("%v", custody.TooFewError(n))
		g.log.refused(custody.TooFewError(n), "")
		return
	}
	g.done = true
}

// back takes a share back: the one of that number, or the only one.
func (g *collection) back(number string) {
	given := g.sets.current.Given()
	index, err := strconv.Atoi(number)
	if number == "" && len(given) == 1 {
		index, err = given[0], nil
	}
	if err != nil || !slices.Contains(given, index) {
		g.message = []string{"no share of that number was accepted"}
		return
	}
	g.sets.current.Remove(index)
	g.say("share %d (%s) taken back", index, g.sets.current.sealed.Holder(index))
	g.log.record(custody.Event{Step: custody.StepRemoved, Share: index, Holder: g.sets.current.sealed.Holder(index)})
}

// take adds a share, or says what is wrong with it.
func (g *collection) take(from string, share *custody.Share, err error, source custody.Source) error {
	if err == nil {
		if err = g.sets.add(share); err != nil {
			share.Wipe()
		}
	}
	switch {
	case err == nil:
		g.say("%s", g.sets.acceptedText(share))
		g.log.record(acceptedEvent(g.sets.of(share), share.Index))
	case endsAsking(err):
		return err
	default:
		f := &fileError{strings.TrimSuffix(from, ": "), asShare, err}
		g.log.refused(err, source)
		g.say("refused: %s%s", from, f.problem())
		if odd := g.sets.odd(); odd != nil && g.sets.isStranger(err) {
			g.log.record(odd.event())
			g.say("%v", odd)
			f = &fileError{g.sets.copies[0].path, asSealedKey, odd}
		}
		g.message = append(g.message, "next: "+hint(f))
	}
	return nil
}

// typed takes a share that is typed, in as many lines as the holder likes, or
// scanned.
func (g *collection) typed() error {
	share, err := g.ask.typedShare()
	var damaged *custody.DamagedError
	if errors.As(err, &damaged) {
		if suggestion := damaged.Suggestion(); suggestion != nil {
			if err := g.suggest(damaged, suggestion); err != nil {
				return err
			}
		}
	}
	return g.take("", share, err, custody.Typed)
}

// suggest shows a holder the share as it very likely was meant, if the holder
// wants that: it is to be compared with the paper, and typed again.
func (g *collection) suggest(damaged error, corrected *secret.Bytes) error {
	defer corrected.Wipe()
	g.screen.Show(damaged.Error(), "",
		"The share can be shown here as it very likely was meant, to compare it with the paper.",
		"Nobody but its holder may look at the screen then. If the paper can be read, look there instead.", "")
	yes, err := g.ask.term.Confirm("show the corrected share?")
	if err != nil || !yes {
		return err
	}
	g.screen.Show("Compare this with the paper, and type it again afterwards:", "")
	g.screen.ShowSecret(corrected)
	answer, err := g.ask.term.Passphrase("Enter takes it off the screen")
	answer.Wipe()
	return err
}

// askIdentity asks for the file that opens a holder's share.
func (g *collection) askIdentity() ([]age.Identity, error) {
	path, err := g.ask.term.Ask("file of the age identity or SSH key that opens it")
	if err != nil {
		return nil, err
	}
	if path = strings.TrimSpace(path); !exists(path) {
		return nil, errNoSuchFile
	}
	return readShareIdentities(g.ask, []string{path})
}
