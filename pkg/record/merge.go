package record

import (
	"cmp"
	"fmt"
	"slices"

	"recover/internal/uuid"
)

// Contents are a record in memory, to be changed and written again.
type Contents struct {
	Environment  string
	RecoveryKeys []RecoveryKey
	Events       []Event
	Entries      []Entry

	IsCSV    bool     // it was read from CSV
	Warnings []string // what was not read
}

// Contents reads the whole record into memory.
func (r *Record) Contents() (*Contents, error) {
	c := &Contents{Environment: r.Environment, RecoveryKeys: slices.Clone(r.RecoveryKeys), Events: slices.Clone(r.Events), IsCSV: r.IsCSV, Warnings: r.Warnings}
	for e, err := range r.Entries() {
		if err != nil {
			return nil, err
		}
		c.Entries = append(c.Entries, e)
	}
	return c, nil
}

// Conflict is a field in which two records do not agree.
type Conflict struct {
	KeyID         uuid.ID // zero for what is not of one key
	Field         string
	First, Second string // what either record has
}

// String tells who has what.
func (c Conflict) String() string {
	text := fmt.Sprintf("%s: the first record has %q, the second %q", c.Field, c.First, c.Second)
	if c.KeyID.IsZero() {
		return text
	}
	return fmt.Sprintf("key %s: %s", c.KeyID, text)
}

// Merge makes one record of two: what only one of them says is taken, and what
// they say differently is a conflict. A quorum ID that the other record knows
// as a previous one is no conflict: the newer one is taken. With conflicts, the
// contents are of no use.
func Merge(first, second *Contents) (*Contents, []Conflict) {
	m := &merger{}
	c := &Contents{Environment: m.text(uuid.ID{}, "environment", first.Environment, second.Environment)}
	c.RecoveryKeys = m.recoveryKeys(first.RecoveryKeys, second.RecoveryKeys)
	c.Events = mergeEvents(first.Events, second.Events)
	in := make(map[uuid.ID]int, len(first.Entries)) // the place in c.Entries
	for _, e := range first.Entries {
		in[e.KeyID] = len(c.Entries)
		c.Entries = append(c.Entries, e)
	}
	for _, e := range second.Entries {
		if i, both := in[e.KeyID]; both {
			c.Entries[i] = m.entry(c.Entries[i], e)
		} else {
			c.Entries = append(c.Entries, e)
		}
	}
	return c, m.conflicts
}

type merger struct{ conflicts []Conflict }

// text is what one of the two says, where they do not contradict each other.
func (m *merger) text(key uuid.ID, field, first, second string) string {
	if first != "" && second != "" && first != second {
		m.conflicts = append(m.conflicts, Conflict{key, field, first, second})
	}
	return cmp.Or(first, second)
}

func (m *merger) recoveryKeys(first, second []RecoveryKey) []RecoveryKey {
	all := slices.Clone(first)
	for _, k := range second {
		i := slices.IndexFunc(all, func(have RecoveryKey) bool { return have.SHA256 == k.SHA256 })
		if i < 0 {
			all = append(all, k)
			continue
		}
		of := fmt.Sprintf("recovery key %x: ", k.SHA256)
		all[i].Custody = m.text(uuid.ID{}, of+"custody", all[i].Custody, k.Custody)
		if set := m.text(uuid.ID{}, of+"set", all[i].setText(), k.setText()); all[i].setText() == "" && set != "" {
			all[i].Set = k.Set
		}
		all[i].Note = m.text(uuid.ID{}, of+"note", all[i].Note, k.Note)
	}
	return all
}

func (m *merger) entry(a, b Entry) Entry {
	e := a
	e.PreviousQuorumIDs = union(a.PreviousQuorumIDs, b.PreviousQuorumIDs)
	switch {
	case a.QuorumID == b.QuorumID || slices.Contains(a.PreviousQuorumIDs, b.QuorumID):
	case slices.Contains(b.PreviousQuorumIDs, a.QuorumID):
		e.QuorumID = b.QuorumID
	default:
		m.text(a.KeyID, fieldNames[fieldQuorumID], a.QuorumID.String(), b.QuorumID.String())
	}
	m.text(a.KeyID, fieldNames[fieldAlgorithm], a.Algorithm.Algorithm(), b.Algorithm.Algorithm())
	e.Name = m.text(a.KeyID, fieldNames[fieldName], a.Name, b.Name)
	e.Address = m.text(a.KeyID, fieldNames[fieldAddress], a.Address, b.Address)
	e.Blockchain = m.text(a.KeyID, fieldNames[fieldBlockchain], a.Blockchain, b.Blockchain)
	e.Note = m.text(a.KeyID, fieldNames[fieldNote], a.Note, b.Note)
	m.anchor(&e, a, b)
	return e
}

func union(a, b []uuid.ID) []uuid.ID {
	all := slices.Clone(a)
	for _, id := range b {
		if !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	return all
}
