package record

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"runtime"
	"testing"

	"recover/fixtures/tier"
)

// longRecord is a CSV record that is made as it is read.
type longRecord struct {
	lines int64  // without the header
	last  string // instead of the last line, if not empty
	read  func() // called for each read, if not nil
}

const longLine = "11111111-aaaa-4111-8111-111111111111,aaaaaaaa-1111-4aaa-8aaa-aaaaaaaaaaaa,SECP256K1\n"

func (l *longRecord) size() int64 { return int64(len(csvHeader)) + l.lines*int64(len(longLine)) }

func (l *longRecord) ReadAt(b []byte, at int64) (n int, err error) {
	if l.read != nil {
		l.read()
	}
	for n < len(b) && at < l.size() {
		text, skip := []byte(csvHeader), at
		if from := at - int64(len(csvHeader)); from >= 0 {
			text, skip = l.line(from/int64(len(longLine))), from%int64(len(longLine))
		}
		copied := copy(b[n:], text[skip:])
		n, at = n+copied, at+int64(copied)
	}
	if n < len(b) {
		err = io.EOF
	}
	return n, err
}

// line returns line i, with a key ID that no other has, in no order.
func (l *longRecord) line(i int64) []byte {
	if i == l.lines-1 && l.last != "" {
		return []byte(l.last)
	}
	text := []byte(longLine)
	var scattered [4]byte
	binary.BigEndian.PutUint32(scattered[:], uint32(i)*0x9E3779B1) // odd: one to one
	hex.Encode(text[37:], scattered[:])
	return text
}

// many is how many lines the long records have.
func many() int64 {
	if underRace || testing.Short() {
		return 100_000
	}
	return 1_000_000
}

// TestLargeRecord reads a record of many lines twice, and looks at the heap in
// between.
func TestLargeRecord(t *testing.T) {
	tier.Long(t)
	var peak uint64
	reads := 0
	watch := func() {
		if reads++; reads%64 == 0 {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapInuse)
		}
	}
	l := &longRecord{lines: many(), read: watch}
	r, err := Open(l, l.size())
	if err != nil {
		t.Fatal(err)
	}
	n := int64(0)
	for e, err := range r.Entries() {
		if err != nil {
			t.Fatal(err)
		}
		if n++; int64(e.Index) != n || int64(e.Line) != n+1 {
			t.Fatalf("entry %d in line %d, want %d in %d", e.Index, e.Line, n, n+1)
		}
	}
	if n != l.lines || int64(r.Len()) != n {
		t.Errorf("%d entries, Len is %d, want %d", n, r.Len(), l.lines)
	}
	t.Logf("%d entries, heap at most %d KiB", n, peak>>10)
	if peak == 0 || peak > 64<<20 {
		t.Errorf("heap at most %d KiB, want 1 to 65536", peak>>10)
	}
}

func TestDoubleInLargeRecord(t *testing.T) {
	l := &longRecord{lines: 100_000}
	l.last = string(l.line(l.lines / 2))
	_, err := Open(l, l.size())
	want := fmt.Sprintf("line %d, entry %d: key_id: the same as in line %d, entry %d", l.lines+1, l.lines, l.lines/2+2, l.lines/2+1)
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// BenchmarkOpen opens 100000 entries in both forms.
func BenchmarkOpen(b *testing.B) {
	l := &longRecord{lines: 100_000}
	r, err := Open(l, l.size())
	if err != nil {
		b.Fatal(err)
	}
	csv := make([]byte, l.size())
	if _, err := l.ReadAt(csv, 0); err != nil {
		b.Fatal(err)
	}
	var json bytes.Buffer
	err = WriteJSON(&json, "", nil, func(yield func(Entry) bool) {
		for e, err := range r.Entries() {
			if err != nil || !yield(e) {
				return
			}
		}
	})
	if err != nil {
		b.Fatal(err)
	}
	for name, text := range map[string][]byte{"CSV": csv, "JSON": json.Bytes()} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if _, err := Open(bytes.NewReader(text), int64(len(text))); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
