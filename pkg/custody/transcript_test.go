package custody

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"recover/fixtures/tier"
	"recover/pkg/rsadecrypt"
)

// clock gives a second more each time.
func clock() func() time.Time {
	now := made.In(time.FixedZone("", 7200))
	return func() time.Time {
		now = now.Add(1500 * time.Millisecond)
		return now
	}
}

var id = fixed().Set

// ceremony is a transcript with every step.
var ceremony = []Event{
	{Step: StepBegin, Verb: "reissue", Version: "v1.0.0+dirty", File: "recover", SHA256: Digest{1}},
	{Step: StepInput, File: SealedKeyName, SHA256: Digest{2}},
	{Step: StepSet, Set: id, Threshold: 2, Count: 3, Key: Digest{3}},
	{Step: StepAccepted, Share: 2, Holder: "bob", Set: id},
	Refused(&DuplicateError{2, "bob"}),
	Refused(&OtherSetError{Got: SetID{1}, Want: id}),
	Refused(&OtherKeyError{Got: rsadecrypt.Fingerprint{3}}),
	Refused(&WrongShareError{Index: 3}),
	Refused(ErrOneOfN),
	{Step: StepRemoved, Share: 2, Holder: "bob"},
	{Step: StepCombined, Set: id},
	{Step: StepOpened, Key: Digest{3}},
	{Step: StepSplit, Set: id, Threshold: 2, Count: 3, Key: Digest{3}},
	{Step: StepOutput, File: PageName, Holder: "alice", SHA256: Digest{4}},
	{Step: StepOutput, File: "transcript.txt", SHA256: Digest{4}},
	{Step: StepVerified, Set: id, Tried: 3, All: true},
	{Step: StepVerified, Set: id, Tried: 12},
	{Step: StepSplit, Set: id, Threshold: 2, Count: 3, Key: Digest{3}, Replaces: SetID{1}},
	{Step: StepRecipient, Share: 1, Holder: "alice", Recipient: Unsealed},
	{Step: StepRecipient, Share: 1, Holder: "alice", Recipient: WithPassphrase},
	{Step: StepRecipient, Share: 1, Holder: "alice", Recipient: recipientNames[0]},
	{Step: StepRecipient, Share: 1, Holder: "alice", Recipient: recipientNames[1]},
	{Step: StepAnnounced, File: "identity", SHA256: Digest{4}},
	{Step: StepVerified, Set: id, Tried: 3, All: true, ReadBack: FromMedium},
	{Step: StepVerified, Set: id, Tried: 3, All: true, ReadBack: FromCache},
	sourced(Refused(&WrongShareError{3, "carol", false}), FromFile),
	sourced(Refused(&WrongShareError{3, "carol", true}), Typed),
	RefusedSealedKey(ErrSealedKeyDamaged),
	RefusedSealedKey(&OtherKeyError{Got: rsadecrypt.Fingerprint{3}}),
	RefusedSealedKey(ErrInconsistent),
	{Step: StepEnd, Outcome: Done},
}

func sourced(e Event, source Source) Event {
	e.Source = source
	return e
}

// recipientNames are an age recipient, an SSH key, and the hash of a
// post-quantum recipient.
var recipientNames = []string{
	"age15rc366utcl8qzynttftl4cgtk2g5rcv8eaf5nsyelhq2mjpx3cjqdxuvg0",
	"ssh-ed25519 SHA256:" + strings.Repeat("A", 43),
	"age1pq1 SHA256:" + strings.Repeat("A", 43),
}

const (
	x30 = "000000000000000000000000000000000000000000000000000000000000"
	key = "SHA256:0300" + " 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000"
)

const ceremonyText = "2025-11-23 19:03:12Z  reissue begins, with recover v1.0.0+dirty, SHA-256 01" + x30 + `00
2025-11-23 19:03:14Z  read sealed-recovery-key.age, SHA-256 02` + x30 + `00
2025-11-23 19:03:15Z  set 7F3A 91C2 0B55 E1D0: 2 of 3 shares open the recovery key ` + key + `
2025-11-23 19:03:17Z  share 2 (bob) of set 7F3A 91C2 0B55 E1D0 accepted
2025-11-23 19:03:18Z  refused (already given): share 2 (bob)
2025-11-23 19:03:20Z  refused (a share of another set): set 0100 0000 0000 0000
2025-11-23 19:03:21Z  refused (not for this recovery key): recovery key ` + key + `
2025-11-23 19:03:23Z  refused (not the share that was made): share 3
2025-11-23 19:03:24Z  refused (for another reason)
2025-11-23 19:03:26Z  share 2 (bob) taken back
2025-11-23 19:03:27Z  the shares of set 7F3A 91C2 0B55 E1D0 were combined
2025-11-23 19:03:29Z  the recovery key ` + key + ` was opened
2025-11-23 19:03:30Z  new set 7F3A 91C2 0B55 E1D0: 2 of 3 shares open the recovery key ` + key + `
2025-11-23 19:03:32Z  wrote alice/share.txt, SHA-256 04` + x30 + `00
2025-11-23 19:03:33Z  wrote transcript.txt, SHA-256 04` + x30 + `00
2025-11-23 19:03:35Z  set 7F3A 91C2 0B55 E1D0: all 3 subsets brought the key back
2025-11-23 19:03:36Z  set 7F3A 91C2 0B55 E1D0: 12 subsets, a sample, and all shares together brought the key back
2025-11-23 19:03:38Z  new set 7F3A 91C2 0B55 E1D0: 2 of 3 shares open the recovery key ` + key + `; it replaces the set 0100 0000 0000 0000
2025-11-23 19:03:39Z  share 1 (alice) is not sealed
2025-11-23 19:03:41Z  share 1 (alice) is sealed with a passphrase
2025-11-23 19:03:42Z  share 1 (alice) is sealed to AGE
2025-11-23 19:03:44Z  share 1 (alice) is sealed to ssh-ed25519 SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
2025-11-23 19:03:45Z  next identity is written, SHA-256 04` + x30 + `00
2025-11-23 19:03:47Z  set 7F3A 91C2 0B55 E1D0: all 3 subsets brought the key back; all files were read again from the medium
2025-11-23 19:03:48Z  set 7F3A 91C2 0B55 E1D0: all 3 subsets brought the key back; the files were read again, perhaps from the system's memory
2025-11-23 19:03:50Z  refused (not the share that was made): it claims to be share 3 (carol); from a file
2025-11-23 19:03:51Z  refused (not the share that was made): it claims to be share 3 (carol), which was accepted before; typed or scanned
2025-11-23 19:03:53Z  refused (a sealed key that the right shares do not open)
2025-11-23 19:03:54Z  refused (a sealed key that holds another recovery key): recovery key ` + key + `
2025-11-23 19:03:56Z  refused (shares that do not fit together)
2025-11-23 19:03:57Z  end: done
`

func transcript(t *testing.T) ([]byte, Digest) {
	t.Helper()
	var b bytes.Buffer
	tr := NewTranscript(&b, clock())
	for _, e := range ceremony {
		if err := tr.Record(e); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes(), tr.Head()
}

func TestTranscript(t *testing.T) {
	data, head := transcript(t)
	events, got, err := ReadTranscript(bytes.NewReader(data))
	if err != nil || got != head || len(events) != len(ceremony) {
		t.Fatalf("%d events, head %x, %v", len(events), got, err)
	}
	var text strings.Builder
	for _, e := range events {
		text.WriteString(e.String() + "\n")
	}
	if text.String() != strings.ReplaceAll(ceremonyText, "AGE", recipientNames[0]) {
		t.Errorf("the text is\n%s", text.String())
	}
	first := `{"previous":"0000000000000000000000000000000000000000000000000000000000000000","time":"2025-11-23T19:03:12Z","step":"begin","verb":"reissue"`
	if !bytes.HasPrefix(data, []byte(first)) {
		t.Errorf("begins with %.200s", data)
	}
}

// TestChain changes characters, and takes out, doubles and swaps lines.
func TestChain(t *testing.T) {
	tier.Long(t)
	data, head := transcript(t)
	lines := bytes.SplitAfter(data, []byte("\n"))
	lines = lines[:len(lines)-1]
	broken := func(data []byte, what string, at int) {
		t.Helper()
		_, got, err := ReadTranscript(bytes.NewReader(data))
		var chain *ChainError
		if err == nil && got != head && at < 0 { // the end is what Head is for
			return
		}
		if !errors.As(err, &chain) || at >= 0 && chain.Line != at {
			t.Errorf("%s: %v", what, err)
		}
	}
	for i := range data {
		if i%3 != 0 && data[i] != '\n' {
			continue
		}
		changed := bytes.Clone(data)
		changed[i] ^= 1
		broken(changed, "a changed character", -1)
		if data[i] == '\n' {
			broken(data[:i], "no line feed at the end", bytes.Count(data[:i], []byte("\n"))+1)
		}
	}
	for i := range lines {
		out := bytes.Join(append(append([][]byte{}, lines[:i]...), lines[i+1:]...), nil)
		if i < len(lines)-1 {
			broken(out, "a line taken out", i+1)
		}
		twice := bytes.Join(append(append([][]byte{}, lines[:i+1]...), lines[i:]...), nil)
		broken(twice, "a line twice", i+2)
	}
	for _, c := range []struct{ text, want string }{
		{"{}\n", "line 1 of the transcript: not an event"},
		{"\n", "line 1 of the transcript: not an event"},
		{strings.Repeat("x", maxEventLen+1), "line 1 of the transcript: not a whole line"},
		{string(bytes.Replace(lines[0], []byte(`,"`), []byte(`, "`), 1)), "line 1 of the transcript: not written by this program"},
		{string(bytes.Replace(lines[0], []byte(`{`), []byte(`{"more":1,`), 1)), "line 1 of the transcript: not written by this program"},
		{string(bytes.Replace(lines[0], []byte(`12Z`), []byte(`12+00:00`), 1)), "line 1 of the transcript: not written by this program"},
		{string(bytes.Replace(lines[0], []byte(`19:03:12Z`), []byte(`21:03:12+02:00`), 1)), "line 1 of the transcript: not written by this program"},
		{string(bytes.Replace(lines[0], []byte(`12Z`), []byte(`12.5Z`), 1)), "line 1 of the transcript: not written by this program"},
		{string(lines[1]), "line 1 of the transcript: does not continue the line before"},
	} {
		_, _, err := ReadTranscript(strings.NewReader(c.text))
		wantError(t, err, c.want)
	}
	if events, head, err := ReadTranscript(strings.NewReader("")); len(events) != 0 || head != (Digest{}) || err != nil {
		t.Errorf("an empty transcript: %v, %v", events, err)
	}
}

// TestRefusedEvents: the reason of every error that a share is refused with.
func TestRefusedEvents(t *testing.T) {
	other := rsadecrypt.Fingerprint{9}
	for _, c := range []struct {
		err  error
		want Event
	}{
		{&DamagedError{}, Event{Reason: ReasonDamaged}},
		{LengthError(80), Event{Reason: ReasonDamaged}},
		{ErrNotShare, Event{Reason: ReasonNotShare}},
		{&PageError{3, "x"}, Event{Reason: ReasonPage}},
		{rsadecrypt.ErrWrongPassphrase, Event{Reason: ReasonNotOpened}},
		{rsadecrypt.ErrWrongIdentity, Event{Reason: ReasonNotOpened}},
		{&OtherKeyError{Got: other}, Event{Reason: ReasonOtherKey, Key: Digest(other)}},
		{&OtherSetError{Got: id}, Event{Reason: ReasonOtherSet, Set: id}},
		{&WrongShareError{Index: 3}, Event{Reason: ReasonWrongShare, Share: 3}},
		{&HolderError{3, "bob", "carol"}, Event{Reason: ReasonWrongHolder, Share: 3, Holder: "carol"}},
		{&DuplicateError{3, "carol"}, Event{Reason: ReasonDuplicate, Share: 3, Holder: "carol"}},
		{TooFewError(1), Event{Reason: ReasonTooFew}},
		{errors.New("x"), Event{Reason: ReasonOther}},
	} {
		c.want.Step = StepRefused
		if got := Refused(c.err); got != c.want || !got.valid() {
			t.Errorf("%v: %+v", c.err, got)
		}
	}
}

// TestEventsThatAreRefused: no event can carry a share string, an identity, or
// what is not plain.
func TestEventsThatAreRefused(t *testing.T) {
	bare := string(fixed().encode("", "").Reveal())
	var b bytes.Buffer
	tr := NewTranscript(&b, clock())
	for _, e := range []Event{
		{},
		{Step: "other"},
		{Step: StepInput, File: bare},
		{Step: StepBegin, Verb: fixedString[:24]},
		{Step: StepBegin, Version: "AGE-SECRET-KEY-1" + strings.Repeat("Q", 58)},
		{Step: StepAccepted, Holder: bare},
		{Step: StepAccepted, Holder: "a b"},
		{Step: StepInput, File: "../x"},
		{Step: StepRefused},
		{Step: StepRefused, Reason: Reason(bare)},
		{Step: StepInput, Reason: ReasonDamaged},
		{Step: StepEnd, Outcome: Outcome(bare)},
		{Step: StepRecipient, Share: 1, Holder: "alice"},
		{Step: StepRecipient, Share: 1, Recipient: Unsealed},
		{Step: StepRecipient, Share: 1, Holder: "alice", Recipient: bare},
		{Step: StepRecipient, Share: 1, Holder: "alice", Recipient: "AGE-SECRET-KEY-1" + strings.Repeat("Q", 58)},
		{Step: StepRecipient, Share: 1, Holder: "alice", Recipient: "ssh-ed25519 SHA256:" + bare},
		{Step: StepRecipient, Share: 1, Holder: "alice", Recipient: strings.ToUpper(recipientNames[0])},
		{Step: StepEnd, Outcome: Done, Recipient: Unsealed},
		{Step: StepRefused, Reason: ReasonDamaged, Source: Source(bare)},
		{Step: StepVerified, ReadBack: ReadBack(bare)},
	} {
		if err := tr.Record(e); !errors.Is(err, ErrEvent) {
			t.Errorf("%+v: %v", e, err)
		}
	}
	if b.Len() != 0 || tr.Head() != (Digest{}) {
		t.Errorf("written: %s", b.String())
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestRecordReportsTheWriter(t *testing.T) {
	tr := NewTranscript(fullDisk{}, clock())
	wantError(t, tr.Record(ceremony[0]), "no space left")
	if tr.Head() != (Digest{}) {
		t.Error("a line that was not written continues the chain")
	}
}

// FuzzReadTranscript holds that what is read is, written again, the same bytes.
func FuzzReadTranscript(f *testing.F) {
	var b bytes.Buffer
	tr := NewTranscript(&b, clock())
	for _, e := range append(ceremony[:8:8], ceremony[len(ceremony)-9:]...) {
		if err := tr.Record(e); err != nil {
			f.Fatal(err)
		}
	}
	f.Add(b.Bytes())
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		events, head, err := ReadTranscript(bytes.NewReader(data))
		if err != nil {
			return
		}
		var again bytes.Buffer
		at := 0
		tr := NewTranscript(&again, func() time.Time { at++; return events[at-1].Time })
		for _, e := range events {
			if err := tr.Record(e); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(again.Bytes(), data) || tr.Head() != head {
			t.Fatalf("%q\nwas written again as\n%q", data, again.Bytes())
		}
	})
}
