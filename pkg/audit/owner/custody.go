package owner

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"recover/pkg/custody"
	"recover/pkg/record"
	"recover/pkg/rsadecrypt"
)

// set is a set of shares, as a transcript or a sealed key describes it.
type set struct {
	id       custody.SetID
	key      rsadecrypt.Fingerprint
	created  time.Time
	replaces custody.SetID
	expected *custody.Expected
	paths    []string
}

// addSet adds a set, or what another file says of the same one.
func (r *reader) addSet(name string, x *set) {
	x.paths = []string{name}
	have := r.sets[x.id]
	switch {
	case have == nil:
		r.sets[x.id] = x
		return
	case have.expected.SealedKey != x.expected.SealedKey || !slices.Equal(have.expected.Holders, x.expected.Holders):
		r.bad(name, "its sealed key of set %s is not the one of %s", x.id, have.paths[0])
		return
	}
	have.paths = append(have.paths, name)
	if have.expected.Transcript == (custody.Digest{}) {
		have.expected = x.expected // which knows the transcript
	}
}

// ceremony is what a transcript says of the use of shares.
type ceremony struct {
	path         string
	verb         string
	begun, ended time.Time
	opened       []string // recovery keys, hex
	set          custody.SetID
	accepted     []string // holders
}

func newCeremony(path string, events []custody.Event) *ceremony {
	c := &ceremony{path: path, verb: events[0].Verb, begun: events[0].Time, ended: events[len(events)-1].Time}
	for _, e := range events {
		switch e.Step {
		case custody.StepSet:
			c.set = e.Set
		case custody.StepAccepted:
			c.accepted = append(c.accepted, e.Holder)
		case custody.StepRemoved:
			if i := slices.Index(c.accepted, e.Holder); i >= 0 {
				c.accepted = slices.Delete(c.accepted, i, i+1)
			}
		case custody.StepOpened:
			c.opened = append(c.opened, hex.EncodeToString(e.Key[:]))
		}
	}
	return c
}

// isOf tells whether a transcript is that of a drill or rebuild: of the same
// recovery key, and of the same time.
func (c *ceremony) isOf(u *use) bool {
	return c.verb == u.verb && slices.Contains(c.opened, u.key) && !u.begun.Before(c.begun.Add(-time.Hour)) && !u.begun.After(c.ended.Add(time.Hour))
}

// confirmation is one of a holder, and the file that it was read from.
type confirmation struct {
	path string
	*custody.Confirmation
}

// presentSet is the set that the record names for a recovery key, in hex; nil if
// it names none.
func (j *judge) presentSet(key string) *custody.SetID {
	for _, k := range j.record.RecoveryKeys {
		if hex.EncodeToString(k.SHA256[:]) == key && k.Set != [8]byte{} {
			id := custody.SetID(k.Set)
			return &id
		}
	}
	return nil
}

// custody judges who holds the shares of each recovery key. A recovery key that
// neither the record nor a file knows a set of is kept in another way.
func (j *judge) custody(s *section) {
	var present []*set
	undescribed, split := 0, 0
	for _, k := range j.record.RecoveryKeys {
		f := rsadecrypt.Fingerprint(k.SHA256)
		var known []*set
		for _, x := range j.Files.sortedSets() {
			if x.key == f {
				known = append(known, x)
			}
		}
		if k.Set == [8]byte{} && len(known) == 0 {
			continue
		}
		split++
		if x := j.presentOf(s, k, known); x != nil {
			present = append(present, x)
		} else {
			undescribed++
		}
	}
	if split == 0 && !slices.ContainsFunc(j.record.Events, func(e record.Event) bool { return e.Type == record.Personnel }) {
		return
	}
	j.confirmed(s, present, undescribed)
	j.personnel(s, present, undescribed)
}

// presentOf finds the present set of a recovery key among those that are known of
// it; nil if it is not described.
func (j *judge) presentOf(s *section, k record.RecoveryKey, known []*set) *set {
	id := custody.SetID(k.Set)
	confirm := fmt.Sprintf("recover custody confirm CONFIRMATION… --transcript FILE --record %s --record-out NEW-RECORD", quoted(j.record.Path))
	of := "recovery key " + short(k.SHA256) + ": "
	if k.Set == [8]byte{} {
		last := known[len(known)-1]
		s.red("custody-set", of+fmt.Sprintf("it names none, and %s is of set %s", last.paths[0], last.id), "have all holders confirm, and record the set", confirm)
		return last
	}
	i := slices.IndexFunc(known, func(x *set) bool { return x.id == id })
	for _, x := range known {
		if x.replaces == id {
			s.red("custody-set", of+fmt.Sprintf("it names set %s, which set %s replaced on %s (%s)", id, x.id, date(x.created), x.paths[0]),
				"have all holders of the new set confirm, and record it; then have the old shares and sealed keys destroyed", confirm)
			return x
		}
	}
	if i < 0 {
		s.notKnown("custody-set", of+fmt.Sprintf("nothing among the files describes set %s", id), "lay the transcript of its ceremony, or a copy of the sealed key, with the files", "")
		return nil
	}
	s.green("custody-set", "%sset %s, made on %s, %s", of, id, date(known[i].created), count(len(known[i].expected.Holders), "holder", "holders"))
	return known[i]
}

// confirmed asks every holder of the present sets for a confirmation.
func (j *judge) confirmed(s *section, present []*set, undescribed int) {
	last := make(map[string]time.Time) // by set and share
	at := func(x *set, share int) string { return fmt.Sprintf("%s/%d", x.id, share) }
	var wrong []string
	for _, c := range j.Files.confirmations {
		x := j.Files.sets[c.Set]
		if x == nil {
			continue // of a set that nothing describes: it confirms nothing here
		}
		if err := x.expected.Check(c.Confirmation); err != nil {
			wrong = append(wrong, fmt.Sprintf("%s: %v", c.path, err))
			continue
		}
		if c.Time.After(j.Now.Add(24 * time.Hour)) {
			wrong = append(wrong, c.path+": its date is in the future")
			continue
		}
		if t := c.Time; t.After(last[at(x, c.Share)]) {
			last[at(x, c.Share)] = t
		}
	}
	if len(wrong) > 0 {
		s.red("custody-confirmations", some(wrong), "ask the holder, by a way you trust, which folder was checked, and have it checked again", "recover custody check SHARE --transcript FILE --confirmation NEW-FILE")
	} else if len(j.Files.confirmations) > 0 {
		s.green("custody-confirmations", "%s", count(len(j.Files.confirmations), "confirmation", "confirmations"))
	}
	var silent []string
	holders := 0
	for _, x := range present {
		for i, name := range x.expected.Holders {
			holders++
			switch t, ok := last[at(x, i+1)]; {
			case !ok:
				silent = append(silent, name+" (never)")
			case j.Now.Sub(t) > Year:
				silent = append(silent, name+" ("+j.ago(t)+")")
			}
		}
	}
	switch {
	case len(silent) > 0:
		s.red("custody-confirmed", "not "+some(silent), "ask them to check their share, and to send the confirmation", "recover custody check SHARE --transcript FILE --confirmation NEW-FILE")
	case undescribed > 0:
		s.notKnown("custody-confirmed", "who holds the shares is not known", "see the line custody-set", "")
	case holders > 0:
		s.green("custody-confirmed", "%s", count(holders, "holder", "holders"))
	}
}

// personnel compares those who left or joined with the present sets.
func (j *judge) personnel(s *section, present []*set, undescribed int) {
	last := make(map[string]record.Event)
	for _, e := range j.record.Events {
		if e.Type == record.Personnel && (last[e.Holder].Holder == "" || !e.Date.Before(last[e.Holder].Date)) {
			last[e.Holder] = e
		}
	}
	holds := func(name string) bool {
		return slices.ContainsFunc(present, func(x *set) bool { return slices.Contains(x.expected.Holders, name) })
	}
	var left, joined []string
	leavers, joiners := 0, 0
	for _, e := range j.record.Events { // in their order
		if e.Type != record.Personnel || last[e.Holder].Date != e.Date || last[e.Holder].Change != e.Change {
			continue
		}
		text := fmt.Sprintf("%s (%s on %s)", e.Holder, e.Change, date(e.Date))
		switch {
		case e.Change == record.Left:
			if leavers++; holds(e.Holder) && !slices.Contains(left, text) {
				left = append(left, text)
			}
		default:
			if joiners++; !holds(e.Holder) && !slices.Contains(joined, text) {
				joined = append(joined, text)
			}
		}
	}
	const reissue = "recover custody reissue --sealed-key FILE --collect-shares --threshold K --custodian NAME … --out DIR --transcript FILE"
	unknown := undescribed > 0 || len(present) == 0
	switch {
	case len(left) > 0:
		s.red("custody-left", "not so: "+strings.Join(left[:min(len(left), maxNamed)], ", "), "make a new set without them, and destroy every copy of the old sealed key", reissue)
	case leavers > 0 && unknown:
		s.notKnown("custody-left", "who holds the shares is not known", "see the line custody-set; without shares, change what they knew (docs/lifecycle.md)", "")
	case leavers > 0:
		s.green("custody-left", "%s", count(leavers, "holder left", "holders left"))
	case len(present) > 0:
		s.green("custody-left", "the record says of nobody that they left")
	}
	switch {
	case joiners == 0:
	case unknown:
		s.notKnown("custody-joined", "who holds the shares is not known", "see the line custody-set", "")
	case len(joined) > 0:
		s.red("custody-joined", "not "+strings.Join(joined[:min(len(joined), maxNamed)], ", "), "make a new set with them", reissue)
	default:
		s.green("custody-joined", "%s", count(joiners, "holder joined", "holders joined"))
	}
}
