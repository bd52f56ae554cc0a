package owner

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"recover/internal/group"
	"recover/internal/uuid"
	"recover/pkg/audit"
	"recover/pkg/custody"
	"recover/pkg/record"
	"recover/pkg/recovery"
	"recover/pkg/rsadecrypt"
)

var (
	now        = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	key1, key2 = rsadecrypt.Fingerprint{1}, rsadecrypt.Fingerprint{2}
)

func testID(kind, i byte) uuid.ID { return uuid.ID{0: kind, 6: 0x40, 8: 0x80, 15: i} }

// keptWell is a record of two keys in two quorums, with backups of a week ago for
// two recovery keys.
func keptWell() *Input {
	in := &Input{Now: now, Backups: &Backups{Path: "bucket", Keys: make(map[uuid.ID]*Key)}, Records: []*Record{{Path: "record.json", Contents: &record.Contents{
		Environment: "production", RecoveryKeys: []record.RecoveryKey{{SHA256: key1}, {SHA256: key2}},
	}}}}
	for i := range byte(2) {
		e := record.Entry{QuorumID: testID(1, i), KeyID: testID(2, i), Algorithm: group.Edwards25519, Name: fmt.Sprint("wallet ", i), Address: "a", Recorded: record.AnchorService}
		in.Records[0].Entries = append(in.Records[0].Entries, e)
		week := now.Add(-7 * 24 * time.Hour)
		in.Backups.Keys[e.KeyID] = &Key{Written: map[rsadecrypt.Fingerprint]time.Time{key1: week, key2: week}}
	}
	return in
}

// line returns the line of an item: its verdict and its fact.
func line(t *testing.T, in *Input, item string) string {
	t.Helper()
	sections, _ := Judge(in)
	for _, s := range sections {
		for _, l := range s.Lines {
			if l.Item == item {
				if (l.Verdict == audit.Green) != (l.Next == "") {
					t.Errorf("%+v", l)
				}
				return fmt.Sprintf("%s: %s", l.Verdict, l.Fact)
			}
		}
	}
	return ""
}

func on(day string) time.Time {
	d, err := record.ParseDate(day)
	if err != nil {
		panic(err)
	}
	return d
}

func TestKitOf(t *testing.T) {
	kit := func(keys ...rsadecrypt.Fingerprint) (all [][32]byte) {
		for _, k := range keys {
			all = append(all, k)
		}
		return all
	}
	for _, c := range []struct {
		events []record.Event
		given  []rsadecrypt.Fingerprint
		want   [2][]rsadecrypt.Fingerprint
	}{
		{nil, nil, [2][]rsadecrypt.Fingerprint{{key1, key2}, {key1, key2}}},
		{nil, []rsadecrypt.Fingerprint{key2, key2}, [2][]rsadecrypt.Fingerprint{{key2}, {key2}}},
		{[]record.Event{{Type: record.NewKit, Date: on("2026-01-01"), RecoveryKeys: kit(key2)}}, []rsadecrypt.Fingerprint{key1}, [2][]rsadecrypt.Fingerprint{{key2}, {key2}}},
		{[]record.Event{
			{Type: record.NewKit, Date: on("2026-02-01"), RecoveryKeys: kit(key1), QuorumIDs: []uuid.ID{testID(1, 0)}},
			{Type: record.NewKit, Date: on("2026-03-01"), RecoveryKeys: kit(key2)},
		}, nil, [2][]rsadecrypt.Fingerprint{{key1}, {key2}}},
		{[]record.Event{
			{Type: record.NewKit, Date: on("2026-03-01"), RecoveryKeys: kit(key2), QuorumIDs: []uuid.ID{testID(1, 1)}},
			{Type: record.NewKit, Date: on("2026-02-01"), RecoveryKeys: kit(key1), QuorumIDs: []uuid.ID{testID(1, 1)}},
			{Type: record.Reshare, Date: on("2026-04-01"), QuorumIDs: []uuid.ID{testID(1, 1)}},
		}, nil, [2][]rsadecrypt.Fingerprint{{key1, key2}, {key2}}},
	} {
		in := keptWell()
		in.Records[0].Events = c.events
		for _, f := range c.given {
			in.Kit = append(in.Kit, PublicKey{"kit.der", f})
		}
		j := &judge{Input: in, record: in.Records[0]}
		for i, want := range c.want {
			if got := j.kitOf(in.Records[0].Entries[i]); !slices.Equal(got, want) {
				t.Errorf("%+v: key %d: %v, want %v", c.events, i, got, want)
			}
		}
	}
}

func TestKitLines(t *testing.T) {
	in := keptWell()
	delete(in.Backups.Keys[testID(2, 1)].Written, key2)
	if got := line(t, in, "kit-backups"); got != "red: 1 key has none for recovery key "+short(key2)+": wallet 1" {
		t.Error(got)
	}
	// It is no fault where its quorum has another kit.
	in.Records[0].Events = []record.Event{{Type: record.NewKit, Date: on("2026-03-01"), RecoveryKeys: [][32]byte{key1}, QuorumIDs: []uuid.ID{testID(1, 1)}}}
	if got := line(t, in, "kit-backups"); got != "green: 2 keys" {
		t.Error(got)
	}
	if got := line(t, in, "kit-recorded"); got != "not known: no public key of the kit was given" {
		t.Error(got)
	}
	in.Kit = []PublicKey{{"kit.der", rsadecrypt.Fingerprint{9}}}
	if got := line(t, in, "kit-recorded"); !strings.HasPrefix(got, "red: not ") || !strings.HasSuffix(got, "(kit.der)") {
		t.Error(got)
	}
}

// TestOlderThanEvents: the date of an event is a day of any place, so what was
// written up to 14 hours before it in UTC counts as written after it.
func TestOlderThanEvents(t *testing.T) {
	day := on("2026-11-10")
	for _, c := range []struct {
		written time.Time
		event   record.Event
		want    string
	}{
		{day.Add(-14 * time.Hour), record.Event{Type: record.Reshare, KeyIDs: []uuid.ID{testID(2, 1)}}, "green: 1 key was changed"},
		{day.Add(-14*time.Hour - time.Second), record.Event{Type: record.Reshare, KeyIDs: []uuid.ID{testID(2, 1)}}, "red: 1 key has an older one: wallet 1 (reshare of 2026-11-10)"},
		{day.Add(-24 * time.Hour), record.Event{Type: record.Restructure, QuorumIDs: []uuid.ID{testID(1, 1)}}, "red: 1 key has an older one: wallet 1 (restructure of 2026-11-10)"},
		{day.Add(-24 * time.Hour), record.Event{Type: record.Restructure, QuorumIDs: []uuid.ID{testID(7, 7)}}, "red: 1 key has an older one: wallet 1 (restructure of 2026-11-10)"},
		{day.Add(-24 * time.Hour), record.Event{Type: record.Restructure, QuorumIDs: []uuid.ID{testID(1, 0)}}, "green: 1 key was changed"},
		{day.Add(-24 * time.Hour), record.Event{Type: record.NewKit, QuorumIDs: []uuid.ID{testID(1, 1)}, RecoveryKeys: [][32]byte{key1, key2}}, "green: the record has no such event"},
		{time.Time{}, record.Event{Type: record.Reshare, KeyIDs: []uuid.ID{testID(2, 1)}}, "not known: the download has no date of wallet 1"},
	} {
		in := keptWell()
		c.event.Date = day
		in.Records[0].Events = []record.Event{c.event}
		in.Records[0].Entries[1].PreviousQuorumIDs = []uuid.ID{testID(7, 7)}
		in.Backups.Keys[testID(2, 1)].Written[key2] = c.written
		if got := line(t, in, "backups-events"); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
	// Of two backups one of which has no date, the one that is known to be older tells.
	in := keptWell()
	in.Records[0].Events = []record.Event{{Type: record.Reshare, Date: day, KeyIDs: []uuid.ID{testID(2, 1)}}}
	in.Backups.Keys[testID(2, 1)].Written = map[rsadecrypt.Fingerprint]time.Time{key1: {}, key2: day.Add(-24 * time.Hour)}
	for range 20 { // a map has no order
		if got, want := line(t, in, "backups-events"), "red: 1 key has an older one: wallet 1 (reshare of 2026-11-10)"; got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	}
}

func TestNothingToProve(t *testing.T) {
	in := keptWell()
	for _, k := range in.Backups.Keys {
		*k = Key{Err: recovery.ErrMissing}
	}
	if got := line(t, in, "backups-present"); got != "red: 2 keys have none: wallet 0, wallet 1" {
		t.Error(got)
	}
	for item, want := range map[string]string{
		"backups-proved": "not known: there is no backup", "backups-age": "not known: no backup has a date",
		"kit-backups": "not known: there is no backup that can be opened", "backups-current": "",
	} {
		if got := line(t, in, item); got != want {
			t.Errorf("%s: %s", item, got)
		}
	}
	in = keptWell()
	in.Backups.Keys[testID(2, 0)].Err = errors.New("it is damaged")
	if got := line(t, in, "backups-proved"); !strings.HasPrefix(got, "red: 1 key is not: wallet 0") {
		t.Error(got)
	}
	in.Backups.PassedOver = 1
	if got := line(t, in, "record-complete"); got != "not known: 1 folder or file of the download was not read" {
		t.Error(got)
	}
}

// TestNotGiven: what was not given is named, and has no green line.
func TestNotGiven(t *testing.T) {
	in := keptWell()
	in.Backups = nil
	sections, missing := Judge(in)
	var names []string
	for _, m := range missing {
		names = append(names, m.Section)
	}
	if !slices.Equal(names, []string{SectionBackups, SectionListing, SectionKit, SectionDrill, SectionCustody, SectionEnvironments}) || len(sections) != 2 {
		t.Errorf("%v, %d sections", names, len(sections))
	}
	if got := line(t, in, "record-complete"); got != "not known: no download was given" {
		t.Error(got)
	}
	in.Records[0].IsCSV, in.Records[0].Environment = true, ""
	if got := line(t, in, "record-environment"); got != "red: the record is CSV, which has no place for it" {
		t.Error(got)
	}
}

func TestSetNotDescribed(t *testing.T) {
	in := keptWell()
	in.Files = &Files{Path: "papers", sets: make(map[custody.SetID]*set)}
	if got := line(t, in, "custody-set"); got != "" { // nothing says that a recovery key is split
		t.Error(got)
	}
	in.Records[0].Events = []record.Event{{Type: record.Personnel, Date: on("2026-03-01"), Holder: "bob", Change: record.Left}}
	if got := line(t, in, "custody-left"); got != "not known: who holds the shares is not known" {
		t.Error(got)
	}
	in.Records[0].RecoveryKeys[0].Set = [8]byte{5}
	for _, item := range []string{"custody-set", "custody-confirmed", "custody-left"} {
		if got := line(t, in, item); !strings.HasPrefix(got, "not known: ") {
			t.Errorf("%s: %s", item, got)
		}
	}
	if got := line(t, in, "drill-date"); got != "red: no report of one is among the files" {
		t.Error(got)
	}
}

// TestPersonnel: of a holder who left and joined again, the last counts.
func TestPersonnel(t *testing.T) {
	in := keptWell()
	id := custody.SetID{5}
	in.Records[0].RecoveryKeys[0].Set = id
	in.Files = &Files{Path: "papers", sets: map[custody.SetID]*set{
		id: {id: id, key: key1, created: on("2026-01-01"), paths: []string{"split.ndjson"}, expected: &custody.Expected{Set: id, Holders: []string{"alice", "bob"}}},
	}}
	at := func(day, holder string, change record.Change) record.Event {
		return record.Event{Type: record.Personnel, Date: on(day), Holder: holder, Change: change}
	}
	for _, c := range []struct {
		events       []record.Event
		left, joined string
	}{
		{nil, "green: the record says of nobody that they left", ""},
		{[]record.Event{at("2026-02-01", "bob", record.Left)}, "red: not so: bob (left on 2026-02-01)", ""},
		{[]record.Event{at("2025-02-01", "bob", record.Left), at("2026-02-01", "bob", record.Joined)}, "green: the record says of nobody that they left", "green: 1 holder joined"},
		{[]record.Event{at("2026-02-01", "carol", record.Joined), at("2026-03-01", "carol", record.Left)}, "green: 1 holder left", ""},
		{[]record.Event{at("2026-02-01", "carol", record.Joined)}, "green: the record says of nobody that they left", "red: not carol (joined on 2026-02-01)"},
	} {
		in.Records[0].Events = c.events
		if got := line(t, in, "custody-left"); got != c.left {
			t.Errorf("%s, want %s", got, c.left)
		}
		if got := line(t, in, "custody-joined"); got != c.joined {
			t.Errorf("%s, want %s", got, c.joined)
		}
	}
	if got := line(t, in, "custody-confirmed"); got != "red: not alice (never), bob (never)" {
		t.Error(got)
	}
}

func TestEnvironmentsUnknown(t *testing.T) {
	in := keptWell()
	in.Records = append(in.Records, &Record{Path: "sandbox.csv", Contents: &record.Contents{IsCSV: true, Entries: []record.Entry{{KeyID: testID(3, 1), QuorumID: testID(1, 1)}}}})
	if got := line(t, in, "environment-names"); got != "not known: production and none" {
		t.Error(got)
	}
	if got := line(t, in, "environment-recovery-keys"); !strings.HasPrefix(got, "not known: ") {
		t.Error(got)
	}
	if got := line(t, in, "environment-keys"); got != "red: 1 key is also in sandbox.csv, or their quorum is: wallet 1" {
		t.Error(got)
	}
}
