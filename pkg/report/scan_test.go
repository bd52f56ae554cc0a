package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"recover/internal/message"
	"recover/internal/uuid"
)

var (
	oneSegment = `{"type":"segment","name":"keys-0001.ndjson","size":9,"sha256":"` + strings.Repeat("0", 64) + `"}`
	twoSegment = strings.Replace(oneSegment, "0001", "0002", 1)
	rejection  = `{"type":"segment","name":"keys-0001.ndjson","rejected":"it is empty"}`
	resumption = `{"type":"resumed","format":"recover-report/2","verb":"rebuild","tool":{"version":"","go":"","sha256":""},"begun":"","shards":"","recovery_key":"","sealed":"no"}`
)

func keyText(n int, status, segment string) string {
	text := fmt.Sprintf(`{"type":"key","quorum_id":"","key_id":"%s","algorithm":"","status":"%s","warnings":[]`, id(n), status)
	if segment != "" {
		text += `,"segment":"` + segment + `"`
	}
	return text + "}"
}

// TestJournalLines holds what lines may follow each other in a journal, and what
// they add up to.
func TestJournalLines(t *testing.T) {
	const first, second, masters = "keys-0001.ndjson", "keys-0002.ndjson", "masters-0001.ndjson"
	warned := func(line string) string {
		return strings.Replace(line, `"warnings":[]`, `"warnings":[{"code":"bad-copy","detail":"x"},"as it was written before"]`, 1)
	}
	mastersLine := strings.Replace(oneSegment, "keys", "masters", 1)
	for name, c := range map[string]struct {
		lines string
		want  string // the counts, or a problem
	}{
		"nothing":                 {"", "0 keys: 0 ok"},
		"one":                     {oneSegment + "\n" + keyText(1, OK, first), "1 key: 1 ok"},
		"all statuses":            {oneSegment + "\n" + keyText(1, OK, first) + "\n" + keyText(2, Unproved, first) + "\n" + keyText(3, Failed, "") + "\n" + keyText(4, Missing, "") + "\n" + keyText(5, Unrecorded, ""), "5 keys: 1 ok, 1 unproved, 1 failed, 1 missing, 1 unrecorded"},
		"tried again":             {keyText(1, Failed, "") + "\n" + keyText(1, Missing, "") + "\n" + resumption + "\n" + oneSegment + "\n" + keyText(1, OK, first), "1 key: 1 ok"},
		"tried in vain":           {keyText(1, Missing, "") + "\n" + keyText(1, Failed, ""), "1 key: 0 ok, 1 failed"},
		"rejected":                {oneSegment + "\n" + keyText(1, OK, first) + "\n" + keyText(2, Unproved, first) + "\n" + keyText(3, Failed, "") + "\n" + rejection, "1 key: 0 ok, 1 failed"},
		"rejected, rebuilt":       {oneSegment + "\n" + keyText(1, OK, first) + "\n" + rejection + "\n" + twoSegment + "\n" + keyText(1, OK, second), "1 key: 1 ok"},
		"rejected, failed":        {oneSegment + "\n" + keyText(1, OK, first) + "\n" + rejection + "\n" + keyText(1, Failed, ""), "1 key: 0 ok, 1 failed"},
		"rejected, failed, done":  {oneSegment + "\n" + keyText(1, OK, first) + "\n" + rejection + "\n" + keyText(1, Failed, "") + "\n" + twoSegment + "\n" + keyText(1, Unproved, second), "1 key: 0 ok, 1 unproved"},
		"a master key":            {mastersLine + "\n" + keyText(1, Failed, masters), "1 key: 0 ok, 1 failed"},
		"warned":                  {oneSegment + "\n" + warned(keyText(1, OK, first)) + "\n" + warned(keyText(2, Failed, "")), "2 keys: 1 ok, 1 failed; 2 with a warning"},
		"warned, tried again":     {warned(keyText(1, Failed, "")) + "\n" + oneSegment + "\n" + keyText(1, OK, first), "1 key: 1 ok"},
		"warned, rejected":        {oneSegment + "\n" + warned(keyText(1, OK, first)) + "\n" + rejection + "\n" + warned(keyText(1, Failed, "")), "1 key: 0 ok, 1 failed; 1 with a warning"},
		"no warning":              {strings.Replace(keyText(1, Failed, ""), "[]", "[7]", 1), "line 2: not the line of a key"},
		"twice":                   {oneSegment + "\n" + keyText(1, OK, first) + "\n" + keyText(1, OK, first), "line 4: a key comes twice"},
		"done, failed":            {oneSegment + "\n" + keyText(1, OK, first) + "\n" + keyText(1, Failed, ""), "line 4: a key comes twice"},
		"no segment line":         {keyText(1, OK, first), "line 2: a key is in a segment that has no line"},
		"segment too late":        {keyText(1, OK, first) + "\n" + oneSegment, "line 2: a key is in a segment that has no line"},
		"in a rejected one":       {oneSegment + "\n" + rejection + "\n" + keyText(1, OK, first), "line 4: a key is in a segment that is rejected"},
		"done in no segment":      {keyText(1, OK, ""), "line 2: a key that is done is in a segment of keys, and no other is"},
		"done in masters":         {mastersLine + "\n" + keyText(1, OK, masters), "line 3: a key that is done is in a segment of keys, and no other is"},
		"failed in keys":          {oneSegment + "\n" + keyText(1, Failed, first), "line 3: a key that is done is in a segment of keys, and no other is"},
		"not a segment":           {keyText(1, OK, "../keys-0001.ndjson"), "line 2: segment: not the name of one"},
		"segment twice":           {oneSegment + "\n" + oneSegment, "line 3: a segment comes twice"},
		"rejected twice":          {oneSegment + "\n" + rejection + "\n" + rejection, "line 4: a segment comes twice"},
		"rejected, there again":   {oneSegment + "\n" + rejection + "\n" + oneSegment, "line 4: a segment comes twice"},
		"rejected before it came": {rejection, "line 2: a segment that was not there is rejected"},
		"no hash":                 {strings.Replace(oneSegment, strings.Repeat("0", 64), "", 1), "line 2: a segment without its size, or without its SHA-256"},
		"capital hash":            {strings.Replace(oneSegment, strings.Repeat("0", 64), strings.Repeat("A", 64), 1), "line 2: a segment without its size, or without its SHA-256"},
		"short hash":              {strings.Replace(oneSegment, strings.Repeat("0", 64), "00", 1), "line 2: a segment without its size, or without its SHA-256"},
		"no size":                 {strings.Replace(oneSegment, `"size":9,`, "", 1), "line 2: a segment without its size, or without its SHA-256"},
		"neither":                 {`{"type":"segment","name":"keys-0001.ndjson"}`, "line 2: a segment without size and SHA-256"},
		"segment's name":          {strings.Replace(oneSegment, "keys-0001", "junk", 1), "line 2: name: not that of a segment"},
		"segment's field":         {strings.Replace(oneSegment, `"size"`, `"length"`, 1), "line 2: not the line of a segment"},
		"status":                  {keyText(1, "fine", ""), "line 2: an unknown status"},
		"key ID":                  {strings.Replace(keyText(1, Failed, ""), id(1).String(), "1", 1), "line 2: key_id: not a UUID (36 characters: 8-4-4-4-12 hex digits)"},
		"field":                   {strings.Replace(keyText(1, Failed, ""), "warnings", "warning", 1), "line 2: not the line of a key"},
		"type":                    {strings.Replace(keyText(1, Failed, ""), `"key"`, `"kez"`, 1), "line 2: not the line of a key"},
		"two on a line":           {keyText(1, Failed, "") + keyText(2, Failed, ""), "line 2: not the line of a key"},
		"empty line":              {"\n" + keyText(1, Failed, ""), "line 2: not the line of a key"},
		"resumed by":              {strings.Replace(resumption, "rebuild", "drill", 1), "line 2: resumed by something else"},
		"resumed format":          {strings.Replace(resumption, "report/2", "report/9", 1), "line 2: resumed by something else"},
		"resumed field":           {strings.Replace(resumption, `"begun"`, `"began"`, 1), "line 2: not the line of a run that was resumed"},
		"resumed too often":       {strings.Repeat(resumption+"\n", maxResumed) + resumption, fmt.Sprintf("line %d: resumed more than %d times", maxResumed+2, maxResumed)},
	} {
		text := jsonOf(t, newSample(t, 1).head()) + "\n" + c.lines
		if c.lines != "" {
			text += "\n"
		}
		file, err := Scan(strings.NewReader(text), Visitor{})
		if !file.IsJournal {
			t.Errorf("%s: not a journal", name)
		}
		got := file.Counts.String()
		if err != nil {
			got = strings.TrimPrefix(err.Error(), "not as the program writes it: ")
			if !errors.Is(err, ErrFormat) {
				t.Errorf("%s: %v is no ErrFormat", name, err)
			}
		}
		if got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
		if _, err := Scan(strings.NewReader(text[:len(text)-1]), Visitor{}); err == nil {
			t.Errorf("%s: right without its last line break", name)
		}
	}
}

// reportOf makes the report of a run of keys with all statuses.
func reportOf(t testing.TB) string {
	s := newSample(t, 5)
	journal := jsonOf(t, s.head()) + "\n" + oneSegment + "\n" + keyText(1, OK, "keys-0001.ndjson") + "\n" + resumption + "\n" + rejection + "\n" + twoSegment + "\n" +
		keyText(1, OK, "keys-0002.ndjson") + "\n" + keyText(2, Failed, "") + "\n" + keyText(3, Missing, "") + "\n"
	var out bytes.Buffer
	if err := writeReport(&out, strings.NewReader(journal), func(uuid.ID) bool { return false }, 1.25, "2026-01-02T03:04:06Z"); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestReportLines changes a report in each way that a reader has to notice.
func TestReportLines(t *testing.T) {
	whole := reportOf(t)
	file, err := Scan(strings.NewReader(whole), Visitor{})
	if err != nil || file.IsJournal || file.Counts.String() != "3 keys: 1 ok, 1 failed, 1 missing" || len(file.Segments) != 2 ||
		file.Segments[0].Rejected != "it is empty" || file.Segments[0].Size != 9 || len(file.Resumed) != 1 || file.Tail.Summary.Seconds != 1.25 {
		t.Fatalf("%v, %+v\n%s", err, file, whole)
	}
	for _, c := range []struct{ was, is, want string }{
		{`"ok":1`, `"ok":2`, "its summary does not count its keys"},
		{`"keys":3`, `"keys":4`, "its summary does not count its keys"},
		{`"missing":1`, `"missing":0`, "its summary does not count its keys"},
		{`"failed":1,`, ``, "its summary does not count its keys"},
		{twoSegment, strings.Replace(twoSegment, "0002", "0003", 1), "a key is in a segment that is not listed"},
		{twoSegment, strings.Replace(oneSegment, "keys", "keyz", 1), "line 7: name: not that of a segment"},
		{`"size":9,`, `"size":-9,`, "line 6: a segment without its size, or without its SHA-256"},
		{twoSegment, strings.Replace(oneSegment, "}", `,"rejected":"x"}`, 1), "line 7: a segment comes twice"},
		{twoSegment, strings.Replace(twoSegment, "}", `,"rejected":"x"}`, 1), "line 7: keys are in a segment that is rejected"},
		{"},\n{\"type\":\"key\"", "}\n{\"type\":\"key\"", "line 3: a comma is missing"},
		{"}\n],\"segments\"", "},\n],\"segments\"", "line 5: a comma too many"},
		{`],"segments":[`, `],"other":[`, "line 5: the keys end without the segments"},
		{`],"resumed":[`, `],"other":[`, "line 8: the segments end without what was resumed"},
		{"],\n\"ended\"", "],[\n\"ended\"", "line 10: not the end of a list"},
		{`"ended"`, `ended`, "line 11: not the end of a report"},
		{`"summary":{"type"`, `"sum":{"type"`, "line 11: not the end of a report"},
		{id(2).String(), id(1).String(), "line 3: a key comes twice"},
		{Format, "recover-report/9", "line 1: not the head of a run"},
		{`"type":"run"`, `"type":"ran"`, "line 1: not the head of a run"},
	} {
		text := strings.Replace(whole, c.was, c.is, 1)
		if text == whole {
			t.Errorf("%s is not in the report", c.was)
		}
		_, err := Scan(strings.NewReader(text), Visitor{})
		if err == nil || err.Error() != "not as the program writes it: "+c.want {
			t.Errorf("%s for %s: got %v, want %s", c.is, c.was, err, c.want)
		}
	}
	if _, err := Scan(strings.NewReader(whole+"{}\n"), Visitor{}); err == nil {
		t.Error("something more is taken")
	}
	for n := range len(whole) - 1 {
		if _, err := Scan(strings.NewReader(whole[:n]), Visitor{}); err == nil {
			t.Fatalf("%d of %d bytes are taken for a report", n, len(whole))
		}
	}
}

// endless is a reader of one text again and again, for as many bytes as anybody
// wants.
type endless struct {
	text string
	read int
}

func (e *endless) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		n += copy(p[n:], e.text[(e.read+n)%len(e.text):])
	}
	e.read += n
	return n, nil
}

// TestScanIsBounded reads what never ends.
func TestScanIsBounded(t *testing.T) {
	head := jsonOf(t, newSample(t, 1).head()) + "\n"
	for name, c := range map[string]struct {
		reader io.Reader
		want   string
	}{
		"a line":          {&endless{text: "x"}, "not as the program writes it: line 1: longer than 1048576 bytes"},
		"a later line":    {io.MultiReader(strings.NewReader(head), &endless{text: "x"}), "not as the program writes it: line 2: longer than 1048576 bytes"},
		"runs resumed":    {io.MultiReader(strings.NewReader(head), &endless{text: resumption + "\n"}), "not as the program writes it: line 4098: resumed more than 4096 times"},
		"a failing disk":  {io.MultiReader(strings.NewReader(head), failing{}), "played fault"},
		"failing at once": {failing{}, "played fault"},
		"nothing":         {strings.NewReader(""), "not as the program writes it: empty"},
	} {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		_, err := Scan(c.reader, Visitor{})
		runtime.ReadMemStats(&after)
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: %v", name, err)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 32<<20 {
			t.Errorf("%s: took %d bytes", name, used)
		}
	}
	l := newLedger()
	l.header.Format = Format
	l.segments, l.tallies = make([]Segment, maxSegments), make([]tally, maxSegments)
	if problem := l.addSegment(&Segment{Type: "segment", Name: "keys-0001.ndjson", Size: 1, SHA256: strings.Repeat("0", 64)}); !strings.HasPrefix(problem, "more than") {
		t.Errorf("one segment too many: %q", problem)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errPlayed }

// TestVisitorEndsScan holds that the errors of a visitor come back as they are.
func TestVisitorEndsScan(t *testing.T) {
	text := reportOf(t)
	for _, v := range []Visitor{
		{Head: func(*Header) error { return errPlayed }},
		{Key: func(*Key, Line) error { return errPlayed }},
	} {
		if _, err := Scan(strings.NewReader(text), v); err != errPlayed {
			t.Errorf("got %v", err)
		}
	}
	_, err := Scan(strings.NewReader(text), Visitor{Key: func(k *Key, l Line) error {
		line, err := readLine(strings.NewReader(text), l.Offset)
		if err != nil || string(bytes.TrimSuffix(line, []byte(","))) != string(l.Text) {
			t.Errorf("at %d there is %s, %v", l.Offset, line, err)
		}
		return nil
	}})
	if err != nil {
		t.Error(err)
	}
}

// TestReadLine reads lines of all lengths at an offset.
func TestReadLine(t *testing.T) {
	for _, n := range []int{0, 1, 4<<10 - 1, 4 << 10, 4<<10 + 1, 100 << 10, maxLine} {
		line := strings.Repeat("x", n)
		got, err := readLine(strings.NewReader("ab\n"+line+"\nc"), 3)
		if err != nil || string(got) != line {
			t.Errorf("%d bytes: got %d, %v", n, len(got), err)
		}
		if n > 0 {
			if got, err = readLine(strings.NewReader(line), 0); err != nil || string(got) != line {
				t.Errorf("%d bytes at the end: got %d, %v", n, len(got), err)
			}
		}
	}
	if _, err := readLine(strings.NewReader("abc"), 3); err != io.EOF {
		t.Errorf("past the end: %v", err)
	}
	if _, err := readLine(strings.NewReader(strings.Repeat("x", 8*maxLine)), 0); err != ErrChanged {
		t.Errorf("without end: %v", err)
	}
}

func TestTruncate(t *testing.T) {
	k := &Key{Detail: strings.Repeat("é", maxText), Warnings: make([]message.Warning, maxWarnings+7)}
	k.Warnings[0].Detail = strings.Repeat("x", maxText+1)
	k.Truncate()
	if len(k.Detail) != maxText+len("…") || len(k.Warnings) != maxWarnings+1 || k.Warnings[maxWarnings] != (message.Warning{Code: WarnMore, Detail: "and 7 more"}) || k.Warnings[0].Detail != strings.Repeat("x", maxText)+"…" {
		t.Errorf("%d bytes, %d warnings, the last %q", len(k.Detail), len(k.Warnings), k.Warnings[len(k.Warnings)-1])
	}
	k = &Key{Detail: strings.Repeat("x", maxText), Warnings: make([]message.Warning, maxWarnings)}
	k.Truncate()
	if len(k.Detail) != maxText || len(k.Warnings) != maxWarnings {
		t.Errorf("what fits was cut: %d bytes, %d warnings", len(k.Detail), len(k.Warnings))
	}
}

func TestRecoveryKeyCount(t *testing.T) {
	hex := strings.Repeat("ab", 32)
	for _, c := range []struct {
		count RecoveryKeyCount
		want  string
	}{
		{RecoveryKeyCount{SHA256: "x"}, "x"},
		{RecoveryKeyCount{SHA256: hex, Keys: 1}, "opens 1 key; it is not in the record"},
		{RecoveryKeyCount{SHA256: hex, Keys: 2, Recorded: true}, "opens 2 keys"},
		{RecoveryKeyCount{SHA256: hex, Keys: 2, Recorded: true, Custody: "2 of 3"}, "opens 2 keys (2 of 3)"},
	} {
		if got := c.count.String(); !strings.HasSuffix(got, c.want) {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

// FuzzScan holds that no text makes Scan panic, that what it takes for a report
// is one when its parts are written again, and that they are then the same.
func FuzzScan(f *testing.F) {
	f.Add([]byte(reportOf(f)))
	f.Add([]byte(jsonOf(f, newSample(f, 1).head()) + "\n" + oneSegment + "\n" + keyText(1, OK, "keys-0001.ndjson") + "\n" + rejection + "\n" + resumption + "\n" + keyText(1, Failed, "") + "\n"))
	f.Add([]byte(strings.Replace(jsonOf(f, newSample(f, 1).head()), Format, formatWithoutSegments, 1) + "\n" + keyText(1, OK, "keys-0001.ndjson") + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var keys []Key
		file, err := Scan(bytes.NewReader(data), Visitor{Key: func(k *Key, _ Line) error {
			keys = append(keys, *k)
			return nil
		}})
		if err != nil {
			return
		}
		if file.IsJournal {
			var out bytes.Buffer
			if err := writeReport(&out, bytes.NewReader(data), func(uuid.ID) bool { return false }, 0, ""); err != nil {
				t.Fatal(err)
			}
			if file.Header.Merged > 0 {
				return // no journal that is written: its segments have no names of their own
			}
			again, err := Scan(bytes.NewReader(out.Bytes()), Visitor{})
			for _, g := range file.Segments { // a key whose segment was rejected has to be rebuilt before there is a report
				if g.Rejected != "" {
					return
				}
			}
			if err != nil || !again.Counts.sameCounts(&file.Counts) || len(again.Segments) != len(file.Segments) {
				t.Fatalf("%v\n%s", err, out.Bytes())
			}
			return
		}
		var out bytes.Buffer
		w := newWriter(&out)
		file.Header.Format = Format
		w.head(&file.Header)
		for i := range keys {
			w.line(w.marshal(&keys[i]))
		}
		if err := w.end(file.Segments, file.Resumed, file.Tail); err != nil {
			t.Fatal(err)
		}
		var same []Key
		again, err := Scan(bytes.NewReader(out.Bytes()), Visitor{Key: func(k *Key, _ Line) error {
			same = append(same, *k)
			return nil
		}})
		if err != nil || jsonOf(t, same) != jsonOf(t, keys) || !reflect.DeepEqual(again.Segments, file.Segments) || jsonOf(t, again.Tail) != jsonOf(t, file.Tail) {
			t.Fatalf("%v\n%s", err, out.Bytes())
		}
	})
}
