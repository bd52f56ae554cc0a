package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"recover/internal/uuid"
	"recover/pkg/record"
	"recover/pkg/rsadecrypt"
)

// eventFlags are the flags of record event.
type eventFlags struct {
	record, out           string
	kind, date            string
	keyIDs, quorumIDs     []string
	publicKeys            []string
	holder, change, notes string
}

func (f *eventFlags) parse(args []string) error {
	fs := newFlags("record event")
	fs.StringVar(&f.record, "record", "", "")
	fs.StringVar(&f.out, "out", "", "")
	fs.StringVar(&f.kind, "type", "", "")
	fs.StringVar(&f.date, "date", "", "")
	fs.StringArrayVar(&f.keyIDs, "key-id", nil, "")
	fs.StringArrayVar(&f.quorumIDs, "quorum-id", nil, "")
	fs.StringArrayVar(&f.publicKeys, "recovery-public-key", nil, "")
	fs.StringVar(&f.holder, "holder", "", "")
	fs.StringVar(&f.change, "change", "", "")
	fs.StringVar(&f.notes, "note", "", "")
	if err := parseFlags(fs, args, 0); err != nil {
		return err
	}
	if err := required("record", [2]string{"record", f.record}, [2]string{"type", f.kind}, [2]string{"date", f.date}, [2]string{"out", f.out}); err != nil {
		return err
	}
	return checkNewFile(f.out)
}

// recordEvent writes the record again, with one more event.
func recordEvent(p *program, args []string) error {
	var f eventFlags
	if err := f.parse(args); err != nil {
		return err
	}
	e, err := f.event(p)
	if err != nil {
		return err
	}
	c, err := readContents(p.ctx, p.term, f.record)
	if err != nil {
		return err
	}
	for _, sum := range e.RecoveryKeys {
		if !slices.ContainsFunc(c.RecoveryKeys, func(k record.RecoveryKey) bool { return k.SHA256 == sum }) {
			c.RecoveryKeys = append(c.RecoveryKeys, record.RecoveryKey{SHA256: sum})
		}
	}
	if len(c.Events) >= record.MaxEvents {
		return &usageError{fmt.Sprintf("the record has %d events already, and no more are read", len(c.Events)), "write the record again without its oldest events, those that all backups, shares and kits have followed since, and add this one to that"}
	}
	if err := c.AddEvent(*e); err != nil { // it was checked: only this one is left
		return &usageError{"the record has this event already", "leave it as it is; an event that differs has another date, other IDs or another --note"}
	}
	for _, s := range c.StrayEvents() {
		if s.Event.Type == e.Type && s.Event.Date.Equal(e.Date) && (f.names(s.Value)) {
			return &usageError{s.Value + " is not in the record", "copy the ID from the record; a key or quorum that it lacks is added first: recover record add"}
		}
	}
	if err := writeRecord(p.ctx, p.term, f.out, c); err != nil {
		return err
	}
	if e.Date.After(time.Now().Add(24 * time.Hour)) {
		p.term.Warn("--date " + e.Date.Format(time.DateOnly) + " is in the future: if it is a mistake, write the record again from " + f.record)
	}
	return nil
}

// names tells whether one of the flags is this ID.
func (f *eventFlags) names(id string) bool {
	return slices.ContainsFunc(slices.Concat(f.keyIDs, f.quorumIDs), func(text string) bool {
		given, err := uuid.ParseAny(text)
		return err == nil && given.String() == id
	})
}

// event makes the event of the flags.
func (f *eventFlags) event(p *program) (*record.Event, error) {
	e := &record.Event{Type: record.EventType(f.kind), Holder: f.holder, Change: record.Change(f.change), Note: f.notes}
	var err error
	if e.Date, err = record.ParseDate(f.date); err != nil {
		return nil, &usageError{"--date is not a day such as 2026-11-25", "give the day on which it happened: year, month, day"}
	}
	if e.KeyIDs, err = parseIDs("key-id", f.keyIDs); err != nil {
		return nil, err
	}
	if e.QuorumIDs, err = parseIDs("quorum-id", f.quorumIDs); err != nil {
		return nil, err
	}
	for _, path := range f.publicKeys {
		pub, err := readPublicKey(p.ctx, path)
		if err != nil {
			return nil, err
		}
		if sum := [32]byte(rsadecrypt.FingerprintOf(pub)); !slices.Contains(e.RecoveryKeys, sum) {
			e.RecoveryKeys = append(e.RecoveryKeys, sum)
		}
	}
	if err := e.Check(); err != nil {
		return nil, eventUsage(err)
	}
	return e, nil
}

func parseIDs(flag string, texts []string) (all []uuid.ID, err error) {
	for _, text := range texts {
		id, err := uuid.ParseAny(text)
		if err != nil {
			return nil, &usageError{"--" + flag + ": " + err.Error(), "copy it from the record"}
		}
		if !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	return all, nil
}

// eventUsage says what an event lacks, by the names of the flags.
func eventUsage(err error) error {
	var fault *record.Error
	if !errors.As(err, &fault) {
		return err
	}
	text := fault.Problem
	if field, found := strings.CutPrefix(fault.Field, "events: "); found {
		text = fmt.Sprintf("--%s: %s", flagOfField(field), text)
	} else {
		for _, name := range []string{"key_ids", "quorum_ids", "recovery_keys", "holder", "change"} {
			text = strings.ReplaceAll(text, name, "--"+flagOfField(name))
		}
	}
	return &usageError{text, "reshare: --key-id or --quorum-id; restructure: --quorum-id; personnel: --holder, and --change left or joined; kit: --recovery-public-key"}
}

func flagOfField(name string) string {
	switch name {
	case "key_ids":
		return "key-id"
	case "quorum_ids":
		return "quorum-id"
	case "recovery_keys":
		return "recovery-public-key"
	}
	return name
}
