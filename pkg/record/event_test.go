package record

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"recover/internal/uuid"
)

const otherSum = "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

// withEvents is sampleJSON with events.
func withEvents(events string) string {
	return strings.Replace(sampleJSON, `"keys": [`, `"events": [ `+events+` ], "keys": [`, 1)
}

const sampleEvents = `
	{ "type": "reshare", "date": "2026-03-02", "key_ids": ["` + keyA + `"], "quorum_ids": ["` + quorumB + `"], "note": "new phone" },
	{ "type": "restructure", "date": "2026-03-01", "quorum_ids": ["` + quorumA + `"] },
	{ "type": "personnel", "date": "2026-04-01", "holder": "bob", "change": "left" },
	{ "type": "personnel", "date": "2026-04-01", "holder": "dave", "change": "joined" },
	{ "type": "kit", "date": "2026-05-01", "recovery_keys": ["` + otherSum + `"], "quorum_ids": ["` + quorumA + `"] }`

func TestEvents(t *testing.T) {
	c := contents(t, withEvents(sampleEvents))
	if len(c.Events) != 5 {
		t.Fatalf("%d events", len(c.Events))
	}
	first := c.Events[0]
	if first.Type != Reshare || !slices.Equal(first.KeyIDs, []uuid.ID{id(keyA)}) || !slices.Equal(first.QuorumIDs, []uuid.ID{id(quorumB)}) ||
		first.Date.Format(time.DateOnly) != "2026-03-02" || first.Note != "new phone" {
		t.Errorf("%+v", first)
	}
	// What is written is what was read, and a draft has them too.
	var text strings.Builder
	if err := c.WriteJSON(&text); err != nil {
		t.Fatal(err)
	}
	again := contents(t, text.String())
	if fmt.Sprint(again.Events) != fmt.Sprint(c.Events) || !slices.EqualFunc(again.Entries, c.Entries, same) {
		t.Errorf("%v\n%v", again, c)
	}
	d, err := OpenDraft(strings.NewReader(text.String()), int64(text.Len()))
	if err != nil || fmt.Sprint(d.Events) != fmt.Sprint(c.Events) {
		t.Errorf("%v, %v", d, err)
	}
}

func TestEventsRefused(t *testing.T) {
	for events, want := range map[string]string{
		`{ "date": "2026-03-02", "key_ids": ["` + keyA + `"] }`:                                             "events: type: missing",
		`{ "type": "rehsare", "date": "2026-03-02", "key_ids": ["` + keyA + `"] }`:                          `events: type: "rehsare" is not reshare, restructure, personnel or kit`,
		`{ "type": "reshare", "key_ids": ["` + keyA + `"] }`:                                                "events: date: missing",
		`{ "type": "reshare", "date": "02.03.2026", "key_ids": ["` + keyA + `"] }`:                          `events: date: "02.03.2026" is not a day such as 2026-11-25`,
		`{ "type": "reshare", "date": "2026-02-30", "key_ids": ["` + keyA + `"] }`:                          `events: date: "2026-02-30" is not a day such as 2026-11-25`,
		`{ "type": "reshare", "date": "2026-03-02" }`:                                                       "events: an event of type reshare has key_ids or quorum_ids",
		`{ "type": "restructure", "date": "2026-03-02" }`:                                                   "events: an event of type restructure has quorum_ids",
		`{ "type": "restructure", "date": "2026-03-02", "key_ids": ["` + keyA + `"] }`:                      "events: key_ids: not of an event of type restructure",
		`{ "type": "personnel", "date": "2026-03-02", "holder": "bob" }`:                                    "events: an event of type personnel has holder and change",
		`{ "type": "personnel", "date": "2026-03-02", "holder": "bob", "change": "fired" }`:                 `events: change: "fired" is not left or joined`,
		`{ "type": "kit", "date": "2026-03-02", "quorum_ids": ["` + quorumA + `"] }`:                        "events: an event of type kit has recovery_keys",
		`{ "type": "kit", "date": "2026-03-02", "recovery_keys": ["ff"] }`:                                  "events: recovery_keys: not 64 hex digits",
		`{ "type": "kit", "date": "2026-03-02", "recovery_keys": ["` + otherSum + `", "` + otherSum + `"]}`: "events: recovery_keys: the same recovery key twice",
		`{ "type": "reshare", "date": "2026-03-02", "key_ids": ["` + keyA + `", "` + keyA + `"] }`:          "events: key_ids: the same ID twice",
		`{ "type": "reshare", "date": "2026-03-02", "key_ids": ["x"] }`:                                     `events: key_ids: "x" is not a UUID`,
		`{ "type": "reshare", "date": "2026-03-02", "keys": [] }`:                                           `events: unknown field "keys"`,
		sampleEvents + ", " + strings.TrimSpace(strings.Split(sampleEvents, ",\n")[1]):                      "events: the same event twice",
	} {
		_, err := open(withEvents(events))
		var fault *Error
		if !errors.As(err, &fault) || !strings.Contains(err.Error(), want) || fault.Line == 0 {
			t.Errorf("%s\n%v\nwanted: %s", events, err, want)
		}
	}
}

func TestManyEvents(t *testing.T) {
	event := func(i int) string {
		return fmt.Sprintf(`{ "type": "personnel", "date": "2026-03-02", "holder": "h%d", "change": "left" }`, i)
	}
	var all []string
	for i := range MaxEvents + 1 {
		all = append(all, event(i))
	}
	if _, err := open(withEvents(strings.Join(all[:MaxEvents], ","))); err != nil {
		t.Error(err)
	}
	if _, err := open(withEvents(strings.Join(all, ","))); err == nil || !strings.Contains(err.Error(), "more than 10000") {
		t.Error(err)
	}
	var ids []string
	for i := range maxEventIDs + 1 {
		ids = append(ids, fmt.Sprintf(`"aaaaaaaa-0000-4000-8000-%012x"`, i))
	}
	if _, err := open(withEvents(`{ "type": "reshare", "date": "2026-03-02", "key_ids": [` + strings.Join(ids, ",") + `] }`)); err == nil || !strings.Contains(err.Error(), "more than 100000 IDs") {
		t.Error(err)
	}
}

func TestAddAndMergeEvents(t *testing.T) {
	c := contents(t, withEvents(sampleEvents))
	day := func(text string) time.Time {
		d, err := ParseDate(text)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	early := Event{Type: Restructure, Date: day("2025-01-01"), QuorumIDs: []uuid.ID{id(quorumA)}}
	if err := c.AddEvent(early); err != nil {
		t.Fatal(err)
	}
	var dates []string
	for _, e := range c.Events {
		dates = append(dates, e.Date.Format(time.DateOnly))
	}
	if len(dates) != 6 || !slices.IsSorted(dates) {
		t.Errorf("%v", dates)
	}
	if err := c.AddEvent(early); err == nil || err.Error() != "events: the same event twice" {
		t.Error(err)
	}
	if err := c.AddEvent(Event{Type: Reshare, Date: early.Date}); err == nil {
		t.Error("an event of no key was added")
	}
	// Merging takes each event once, whichever record has it.
	plain := contents(t, sampleJSON)
	for _, pair := range [][2]*Contents{{c, plain}, {plain, c}, {c, c}} {
		merged, conflicts := Merge(pair[0], pair[1])
		if len(conflicts) > 0 || fmt.Sprint(merged.Events) != fmt.Sprint(c.Events) {
			t.Errorf("%v, %v", merged.Events, conflicts)
		}
	}
}

func TestStrayEvents(t *testing.T) {
	c := contents(t, withEvents(sampleEvents))
	strays := c.StrayEvents()
	if len(strays) != 1 || strays[0].String() != "the event kit of 2026-05-01: recovery_keys: "+otherSum+" is not in the record" {
		t.Errorf("%v", strays)
	}
	c = contents(t, withEvents(`{ "type": "reshare", "date": "2026-03-02", "key_ids": ["`+quorumA+`"], "quorum_ids": ["`+keyA+`"] }`))
	if strays := c.StrayEvents(); len(strays) != 2 || strays[0].Field != "key_ids" || strays[1].Field != "quorum_ids" {
		t.Errorf("%v", strays)
	}
	// A quorum may be named as it was called before.
	c = contents(t, withEvents(`{ "type": "restructure", "date": "2026-03-02", "quorum_ids": ["`+quorumB+`"] }`))
	for i := range c.Entries {
		c.Entries[i].QuorumID, c.Entries[i].PreviousQuorumIDs = id(quorumA), nil
	}
	if len(c.StrayEvents()) != 1 {
		t.Error("a quorum of no entry is in the record")
	}
	c.Entries[0].PreviousQuorumIDs = []uuid.ID{id(quorumB)}
	if len(c.StrayEvents()) != 0 {
		t.Error("the previous quorum of an entry is not in the record")
	}
}
