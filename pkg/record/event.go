package record

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"recover/internal/message"
	"recover/internal/uuid"
)

// EventType is a kind of change that backups, shares or kits have to follow.
type EventType string

// The types. The comments name the fields of an Event that belong to it.
const (
	Reshare     EventType = "reshare"     // KeyIDs, QuorumIDs: the keys, or all keys of the quorums
	Restructure EventType = "restructure" // QuorumIDs: as the quorums are called since then, or were before
	Personnel   EventType = "personnel"   // Holder, Change
	NewKit      EventType = "kit"         // RecoveryKeys; QuorumIDs: it is the kit of these only
)

// Change is what became of a holder.
type Change string

// The changes.
const (
	Left   Change = "left"
	Joined Change = "joined"
)

// The bounds of what a record may have of events.
const (
	MaxEvents   = 10_000
	maxEventIDs = 100_000 // in all events together, and recovery keys
)

// Event is something that happened, after which backups are made again, shares
// are given out again, or a new kit counts.
type Event struct {
	Type EventType
	Date time.Time // the day, at 00:00 UTC

	KeyIDs, QuorumIDs []uuid.ID
	RecoveryKeys      [][32]byte // SHA-256 of the DER SubjectPublicKeyInfo: the whole kit
	Holder            string     // as the sets of shares name them
	Change            Change
	Note              string // for people
}

// Check tells whether an event has what belongs to its type, and nothing else. The
// error is an *Error.
func (e *Event) Check() error {
	about := map[string]bool{
		"key_ids": len(e.KeyIDs) > 0, "quorum_ids": len(e.QuorumIDs) > 0, "recovery_keys": len(e.RecoveryKeys) > 0,
		"holder": e.Holder != "", "change": e.Change != "",
	}
	fields, known := eventFields[e.Type]
	switch {
	case e.Type == "":
		return fieldProblem("events: type", "missing")
	case !known:
		return fieldProblem("events: type", "%s is not reshare, restructure, personnel or kit", message.Quote(string(e.Type)))
	case e.Date.IsZero():
		return fieldProblem("events: date", "missing")
	case e.Change != "" && e.Change != Left && e.Change != Joined:
		return fieldProblem("events: change", "%s is not left or joined", message.Quote(string(e.Change)))
	case textProblem(e.Holder) != "":
		return fieldProblem("events: holder", "%s", textProblem(e.Holder))
	case textProblem(e.Note) != "":
		return fieldProblem("events: note", "%s", textProblem(e.Note))
	}
	for _, name := range []string{"key_ids", "quorum_ids", "recovery_keys", "holder", "change"} {
		if about[name] && !slices.Contains(fields.may, name) {
			return fieldProblem("events: "+name, "not of an event of type %s", e.Type)
		}
	}
	missing := fields.oneOf != nil && !slices.ContainsFunc(fields.oneOf, func(name string) bool { return about[name] })
	for _, name := range fields.all {
		if !about[name] {
			missing = true
		}
	}
	if missing {
		return fieldProblem("events", "an event of type %s has %s", e.Type, fields.text)
	}
	return nil
}

// eventFields are the fields of each type.
var eventFields = map[EventType]struct {
	may, all, oneOf []string
	text            string
}{
	Reshare:     {may: []string{"key_ids", "quorum_ids"}, oneOf: []string{"key_ids", "quorum_ids"}, text: "key_ids or quorum_ids"},
	Restructure: {may: []string{"quorum_ids"}, all: []string{"quorum_ids"}, text: "quorum_ids"},
	Personnel:   {may: []string{"holder", "change"}, all: []string{"holder", "change"}, text: "holder and change"},
	NewKit:      {may: []string{"recovery_keys", "quorum_ids"}, all: []string{"recovery_keys"}, text: "recovery_keys"},
}

// ParseDate reads a day, such as 2026-11-25.
func ParseDate(text string) (time.Time, error) {
	day, err := time.Parse(time.DateOnly, text)
	if err != nil || day.Year() < 1970 {
		return time.Time{}, fieldProblem("events: date", "%s is not a day such as 2026-11-25", message.Quote(text))
	}
	return day, nil
}

// event reads one event.
func (j *jsonScan) event(i int) error {
	if i == MaxEvents {
		return j.Fail("more than %d", MaxEvents)
	}
	var e Event
	line := j.nextLine()
	err := j.Object(func(name string) error {
		var err error
		switch name {
		case "type":
			err = j.textTo((*string)(&e.Type))
		case "date":
			err = j.date(&e.Date)
		case "key_ids":
			err = j.ids(&e.KeyIDs)
		case "quorum_ids":
			err = j.ids(&e.QuorumIDs)
		case "recovery_keys":
			err = j.kit(&e.RecoveryKeys)
		case "holder":
			err = j.freeText(&e.Holder)
		case "change":
			err = j.textTo((*string)(&e.Change))
		case "note":
			err = j.freeText(&e.Note)
		default:
			return j.Fail("unknown field %s", message.Quote(name))
		}
		return in("events: "+name, 0, err)
	})
	if err == nil {
		err = at(e.Check(), line, 0)
	}
	if err != nil {
		return err
	}
	text := e.json()
	if j.eventTexts[text] {
		return j.Fail("the same event twice")
	}
	if j.eventTexts == nil {
		j.eventTexts = make(map[string]bool)
	}
	j.eventTexts[text] = true
	j.events = append(j.events, e)
	return nil
}

func (j *jsonScan) textTo(text *string) (err error) {
	*text, err = j.Text()
	return err
}

func (j *jsonScan) date(day *time.Time) error {
	text, err := j.Text()
	if err != nil || text == "" {
		return err
	}
	if *day, err = ParseDate(text); err != nil {
		return j.Fail("%s", err.(*Error).Problem)
	}
	return nil
}

// ids reads a list of UUIDs.
func (j *jsonScan) ids(all *[]uuid.ID) error {
	seen := make(map[uuid.ID]bool)
	return j.Array(func(int) error {
		text, err := j.Text()
		if err != nil {
			return err
		}
		id, err := uuid.ParseAny(text)
		switch {
		case err != nil:
			return j.Fail("%s is %v", message.QuoteLong(text), err)
		case seen[id]:
			return j.Fail("the same ID twice")
		}
		seen[id] = true
		*all = append(*all, id)
		return j.countEventID()
	})
}

func (j *jsonScan) kit(all *[][32]byte) error {
	return j.Array(func(int) error {
		text, err := j.Text()
		if err != nil {
			return err
		}
		sum, err := hex.DecodeString(text)
		switch {
		case err != nil || len(sum) != 32:
			return j.Fail("not 64 hex digits")
		case slices.Contains(*all, [32]byte(sum)):
			return j.Fail("the same recovery key twice")
		case len(*all) == maxRecoveryKeys:
			return j.Fail("more than %d", maxRecoveryKeys)
		}
		*all = append(*all, [32]byte(sum))
		return j.countEventID()
	})
}

func (j *jsonScan) countEventID() error {
	if j.eventIDs++; j.eventIDs > maxEventIDs {
		return j.Fail("more than %d IDs in all events", maxEventIDs)
	}
	return nil
}

func (e Event) json() string {
	var keys, quorums, kit []string
	for _, id := range e.KeyIDs {
		keys = append(keys, id.String())
	}
	for _, id := range e.QuorumIDs {
		quorums = append(quorums, id.String())
	}
	for _, sum := range e.RecoveryKeys {
		kit = append(kit, hex.EncodeToString(sum[:]))
	}
	return object(
		member("type", string(e.Type)),
		member("date", e.Date.Format(time.DateOnly)),
		member("key_ids", keys),
		member("quorum_ids", quorums),
		member("recovery_keys", kit),
		member("holder", e.Holder),
		member("change", string(e.Change)),
		member("note", e.Note))
}

// AddEvent adds an event, in the order of the dates. The error is an *Error: the
// event is not one, or it is there already.
func (c *Contents) AddEvent(e Event) error {
	if err := e.Check(); err != nil {
		return err
	}
	if len(c.Events) == MaxEvents {
		return fieldProblem("events", "more than %d", MaxEvents)
	}
	if slices.ContainsFunc(c.Events, func(other Event) bool { return other.json() == e.json() }) {
		return fieldProblem("events", "the same event twice")
	}
	c.Events = append(slices.Clone(c.Events), e)
	slices.SortStableFunc(c.Events, byDate)
	return nil
}

func byDate(a, b Event) int { return cmp.Compare(a.Date.Unix(), b.Date.Unix()) }

// mergeEvents are the events of two records, each once, in the order of the dates.
func mergeEvents(first, second []Event) []Event {
	all := slices.Clone(first)
	have := make(map[string]bool, len(first))
	for _, e := range first {
		have[e.json()] = true
	}
	for _, e := range second {
		if !have[e.json()] {
			all = append(all, e)
		}
	}
	slices.SortStableFunc(all, byDate)
	return all
}

// Stray is something that an event names, and the record does not have.
type Stray struct {
	Event Event
	Field string // "key_ids", "quorum_ids" or "recovery_keys"
	Value string
}

// String is such as "the reshare of 2026-11-25: key_ids: … is not in the record".
func (s Stray) String() string {
	return fmt.Sprintf("the event %s of %s: %s: %s is not in the record", s.Event.Type, s.Event.Date.Format(time.DateOnly), s.Field, s.Value)
}

// StrayEvents returns what the events name and the record does not have: keys,
// quorums, as they are called now or were before, and recovery keys.
func (c *Contents) StrayEvents() []Stray {
	if len(c.Events) == 0 {
		return nil
	}
	keys, quorums := make(map[uuid.ID]bool, len(c.Entries)), make(map[uuid.ID]bool)
	for _, e := range c.Entries {
		keys[e.KeyID], quorums[e.QuorumID] = true, true
		for _, id := range e.PreviousQuorumIDs {
			quorums[id] = true
		}
	}
	var all []Stray
	for _, e := range c.Events {
		for _, id := range e.KeyIDs {
			if !keys[id] {
				all = append(all, Stray{e, "key_ids", id.String()})
			}
		}
		for _, id := range e.QuorumIDs {
			if !quorums[id] {
				all = append(all, Stray{e, "quorum_ids", id.String()})
			}
		}
		for _, sum := range e.RecoveryKeys {
			if !slices.ContainsFunc(c.RecoveryKeys, func(k RecoveryKey) bool { return k.SHA256 == sum }) {
				all = append(all, Stray{e, "recovery_keys", hex.EncodeToString(sum[:])})
			}
		}
	}
	return all
}
