package main

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"filippo.io/age"

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
	key := set.sealed.Key.String()
	half := len(key)/2 + len("SHA256:")/2 // a line holds no more
	lines := []string{
		"Bringing back the recovery key",
		"    " + key[:half],
		"           " + key[half+1:],
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
		lines = append(lines, "    open      to open the recovery key; further shares are checked too")
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
	default:
		return g.named(answer)
	}
	return nil
}

// named takes the share in the file that an answer names. What names none is
// repeated only if it can be no part of a share, and only on this screen.
func (g *collection) named(answer string) error {
	path, found := droppedPath(answer)
	switch text := []byte(answer); {
	case found:
		file, err := shareIn(path)
		var share *custody.Share
		if err == nil {
			if path = file; g.before != nil {
				err = g.before(file)
			}
			if named := new(fileError); errors.As(err, &named) {
				path = named.path // not the share is wrong, but what lies next to it
			}
		}
		if err == nil {
			share, err = g.file(file)
		}
		return g.take(path+": ", share, err, custody.FromFile)
	case custody.LooksLikeShare(text) || custody.LooksLikeLine(text) && !isPath(answer):
		g.exposed(text)
	default:
		g.log.refused(errNoSuchFile, "")
		g.say("refused: %v", errNoSuchFile)
		if isPath(answer) {
			g.message = append(g.message, "    "+answer)
		}
		g.message = append(g.message, "next: "+hint(errNoSuchFile))
	}
	return nil
}

var errNoSuchFile = &noFileError{}

// noFileError is an answer that names no file. What was answered may be a secret,
// and is no part of it.
type noFileError struct{}

func (*noFileError) Error() string        { return "there is no file of that name" }
func (*noFileError) Is(target error) bool { return target == fs.ErrNotExist }

// exposed is about a share that was typed at a question whose answer is shown. It
// is not taken, and whose it was is recorded as far as it can be told.
func (g *collection) exposed(text []byte) {
	e := custody.Event{Step: custody.StepExposed}
	if share, err := custody.ParseShare(text); err == nil {
		if sealed := g.sets.current.sealed; sealed.Check(share) == nil {
			e.Set, e.Share, e.Holder = sealed.ID, share.Index, sealed.Holder(share.Index)
		}
		share.Wipe()
	}
	g.log.record(e)
	g.say("a share was visible on the screen, and has been cleared")
	g.message = append(g.message, "next: answer \"type\" first, then type it")
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
		_ = errors.As(err, &f) // of a file that its opener named
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
// scanned. One that is damaged, and can be mended, is taken if the holder says so.
func (g *collection) typed() error {
	share, err := g.ask.typedShare()
	if damaged, ok := errors.AsType[*custody.DamagedError](err); ok {
		mended, failed := g.mend(damaged)
		if failed != nil {
			return failed
		}
		if mended != nil {
			g.log.refused(err, custody.Typed)
			return g.takeMended(mended)
		}
	}
	return g.take("", share, err, custody.Typed)
}

// askIdentity asks for the file that opens a holder's share.
func (g *collection) askIdentity() ([]age.Identity, error) {
	answer, err := g.ask.term.Ask("file of the age identity or SSH key that opens it")
	if err != nil {
		return nil, err
	}
	path, found := droppedPath(strings.TrimSpace(answer))
	if !found {
		return nil, errNoSuchFile
	}
	return readIdentities(g.ask, []string{path})
}
