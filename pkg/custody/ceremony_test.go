package custody

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"
)

// chained writes events as one transcript with a chain that holds, whatever they
// say, as somebody does who writes it all anew.
func chained(t *testing.T, events ...Event) []Event {
	t.Helper()
	var b bytes.Buffer
	var now time.Time
	tr := NewTranscript(&b, func() time.Time { return now })
	for i, e := range events {
		if now = e.Time; now.IsZero() {
			now = made.Add(time.Duration(i) * time.Second)
		}
		if err := tr.Record(e); err != nil {
			t.Fatal(err)
		}
	}
	read, _, err := ReadTranscript(&b)
	if err != nil {
		t.Fatal(err)
	}
	return read
}

// TestCheckCeremony: chains that hold, and are not one whole ceremony.
func TestCheckCeremony(t *testing.T) {
	begin, end := Event{Step: StepBegin, Verb: "split", File: "recover"}, Event{Step: StepEnd, Outcome: Done}
	combined := Event{Step: StepCombined, Set: id}
	early := combined
	early.Time = made.Add(-time.Hour)
	for _, c := range []struct {
		name, want string
		events     []Event
	}{
		{"whole", "", []Event{begin, combined, end}},
		{"shortest", "", []Event{begin, end}},
		{"empty", ErrUnended.Error(), nil},
		{"no begin", "line 1 of the transcript: not the beginning of a ceremony", []Event{combined, end}},
		{"only an end", "line 1 of the transcript: not the beginning of a ceremony", []Event{end}},
		{"begin in the middle", "line 1 of the transcript: not the beginning of a ceremony", []Event{combined, begin, end}},
		{"two begins", "line 2 of the transcript: another ceremony begins", []Event{begin, begin, end}},
		{"two ceremonies", "line 3 of the transcript: another ceremony begins", []Event{begin, end, begin, end}},
		{"after the end", "line 3 of the transcript: it comes after the end", []Event{begin, end, combined}},
		{"two ends", "line 3 of the transcript: it comes after the end", []Event{begin, end, end}},
		{"backwards", "line 2 of the transcript: its time is before that of the line before", []Event{begin, early, end}},
		{"no end", ErrUnended.Error(), []Event{begin, combined}},
	} {
		err := CheckCeremony(chained(t, c.events...))
		if (err == nil) != (c.want == "") || err != nil && err.Error() != c.want {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func TestCheckText(t *testing.T) {
	data, head := transcript(t)
	events, _, err := ReadTranscript(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	var lines strings.Builder
	for _, e := range events {
		lines.WriteString(e.String() + "\n")
	}
	digits, _ := head.MarshalText()
	hash := string(digits)
	last := "The last line of x has the SHA-256 " + hash + "\n"
	for _, c := range []struct{ name, text, want string }{
		{"as written", lines.String() + last, ""},
		{"groups of four", lines.String() + "The last line has the SHA-256\n" + hash[:4] + " " + hash[4:8] + "\n" + hash[8:], ""},
		{"lines of Windows", strings.ReplaceAll(lines.String()+last, "\n", "\r\n"), ""},
		{"another threshold", strings.Replace(lines.String(), "2 of 3", "3 of 3", 1) + last, ErrText.Error() + ": line 3"},
		{"a line removed", strings.Replace(lines.String(), events[4].String()+"\n", "", 1) + last, ErrText.Error() + ": line 5"},
		{"another hash", lines.String() + strings.Replace(last, hash[:8], "00000000", 1), ErrText.Error() + ": the SHA-256 at its end"},
		{"cut", lines.String(), ErrText.Error() + ": the SHA-256 at its end"},
		{"empty", "", ErrText.Error() + ": line 1"},
	} {
		err := CheckText([]byte(c.text), events, head)
		if (err == nil) != (c.want == "") || err != nil && (err.Error() != c.want || !errors.Is(err, ErrText)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func TestParseDigestAndSetID(t *testing.T) {
	want := Digest{0xab, 31: 0x01}
	text, _ := want.MarshalText()
	hash := string(text)
	for _, good := range []string{hash, strings.ToUpper(hash), " " + hash[:4] + " " + hash[4:] + "\n"} {
		if d, err := ParseDigest(good); d != want || err != nil {
			t.Errorf("%q: %x, %v", good, d, err)
		}
	}
	for _, bad := range []string{"", hash[1:], hash + "0", "g" + hash[1:]} {
		if _, err := ParseDigest(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	for _, good := range []string{id.String(), "7f3a91c20b55e1d0", "7F3A91C20B55E1D0"} {
		if got, err := ParseSetID(good); got != id || err != nil {
			t.Errorf("%q: %v, %v", good, got, err)
		}
	}
	for _, bad := range []string{"", "7F3A", "7F3A 91C2 0B55 E1D0 0"} {
		if _, err := ParseSetID(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestNewCeremony(t *testing.T) {
	split := Event{Step: StepSplit, Set: id, Threshold: 2, Count: 2, Key: Digest{3}, Replaces: SetID{9}}
	file := func(holder, name string, sum byte) Event {
		return Event{Step: StepOutput, Holder: holder, File: name, SHA256: Digest{sum}}
	}
	events := []Event{
		split, {Step: StepRecipient, Share: 1, Holder: "alice", Recipient: WithPassphrase},
		file("alice", SealedKeyName, 1), file("bob", SealedKeyName, 1), file("bob", PageName, 2), {Step: StepEnd, Outcome: Done},
	}
	c, ok := NewCeremony(events)
	sealed, one := c.SealedKey()
	page, there := c.File("bob", PageName)
	_, none := c.File("alice", PageName)
	if !ok || !one || sealed != (Digest{1}) || !there || page != (Digest{2}) || none || c.Set != id || c.Replaces != (SetID{9}) ||
		c.Outcome != Done || len(c.Recipients("alice")) != 1 || c.Recipients("bob") != nil {
		t.Errorf("%+v", c)
	}
	events[3].SHA256 = Digest{7}
	if c, _ = NewCeremony(events); c == nil {
		t.Fatal("no ceremony")
	}
	if _, one := c.SealedKey(); one {
		t.Error("two sealed keys count as one")
	}
	if _, ok := NewCeremony(append(events, split)); ok {
		t.Error("two sets count as one")
	}
	if _, ok := NewCeremony(events[1:]); ok {
		t.Error("no set counts as one")
	}
}
