package custody

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"recover/fixtures/testkey"
	"recover/internal/secret"
	"recover/internal/uuid"
)

// quorums returns n quorum IDs.
func quorums(t testing.TB, n int) *QuorumIDs {
	t.Helper()
	ids := make([]uuid.ID, n)
	for i := range ids {
		sum := DigestOf(binary.BigEndian.AppendUint32(nil, uint32(i)))
		ids[i] = uuid.ID(sum[:])
	}
	q, err := NewQuorumIDs(SetID{0x7f, 0x3a}, DigestOf([]byte("a record")), ids)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func sameQuorums(a, b *QuorumIDs) bool {
	return a.Set == b.Set && a.Record == b.Record && slices.Equal(a.IDs, b.IDs)
}

func TestQuorumIDs(t *testing.T) {
	for _, n := range []int{1, 2, 21, 300, MaxQuorumIDs} {
		q := quorums(t, n)
		text := q.Text()
		for _, changed := range []string{string(text), strings.ReplaceAll(string(text), "\n", "\r\n"), "\ufeff" + string(text) + "\nseen 2027\n",
			strings.ReplaceAll(string(text), " "+q.IDs[n-1].String(), "\n"+q.IDs[n-1].String())} {
			read, err := ParseQuorumIDs([]byte(changed))
			if err != nil || !sameQuorums(read, q) {
				t.Fatalf("%d: %v, %v", n, read, err)
			}
		}
		for line := range strings.SplitSeq(string(text), "\n") {
			if len(line) > 80 {
				t.Errorf("%q is %d characters long", line, len(line))
			}
		}
	}
	twice, err := NewQuorumIDs(SetID{}, Digest{}, []uuid.ID{{2}, {1}, {2}})
	if err != nil || !slices.Equal(twice.IDs, []uuid.ID{{1}, {2}}) {
		t.Error(twice, err)
	}
	if _, err := NewQuorumIDs(SetID{}, Digest{}, nil); err != ErrNoQuorumIDs {
		t.Error(err)
	}
	if _, err := NewQuorumIDs(SetID{}, Digest{}, append(quorums(t, MaxQuorumIDs).IDs, uuid.ID{})); err != ErrTooManyQuorums {
		t.Error(err)
	}
}

func TestQuorumIDsRefused(t *testing.T) {
	q := quorums(t, 5)
	text := string(q.Text())
	id := q.IDs[2].String()
	for _, c := range []struct{ old, new, want string }{
		{id, id[:35] + "f", "the quorum IDs are not those that were written: one of them was changed"},
		{id, "", "the quorum IDs are 4, and should be 5"},
		{id, id[:30], "line 17: not a quorum ID: not a UUID (36 characters: 8-4-4-4-12 hex digits)"},
		{"Quorum IDs:  5", "Quorum IDs:  6", "the quorum IDs are 5, and should be 6"},
		{"Quorum IDs:", "Quorum IDs ", "line 15: not a quorum ID: not a UUID (36 characters: 8-4-4-4-12 hex digits)"},
		{"Set:", "Sot:", "line 13: not as it was written"},
		{"Record:      ", "Record:      0", "line 14: not as it was written"},
		{quorumsEnd, "", "the quorum IDs that begin here have no end: the sheet is cut off"},
		{text, text + text, "quorum IDs are in it more than once, and not the same ones"},
		{text, "a text", "no quorum IDs are in it"},
		{text, quorumsBegin + quorumsEnd, "the quorum IDs are missing between their marks"},
		{text, strings.Repeat(" ", MaxQuorumIDsSize) + text, "no quorum IDs are in it"},
	} {
		changed := strings.Replace(text, c.old, c.new, 1)
		if changed == text {
			t.Fatalf("%q is not in it", c.old)
		}
		_, err := ParseQuorumIDs([]byte(changed))
		wantError(t, err, c.want)
	}
}

// TestPageWithQuorumIDs: as many as fit are on the page of the share, which stays
// one page; of more, the page says where they are.
func TestPageWithQuorumIDs(t *testing.T) {
	k, shares := newSet(t, 2, 3)
	for _, n := range []int{1, 20, pageQuorums, pageQuorums + 1, 300} {
		q := quorums(t, n)
		p, err := k.Page(shares[0], q)
		if err != nil {
			t.Fatal(err)
		}
		text := p.Reveal()
		lines := strings.Split(string(text), "\n")
		if len(lines) > 60 {
			t.Errorf("%d quorum IDs: %d lines do not print on one page", n, len(lines))
		}
		for _, line := range lines {
			if len(line) > 80 {
				t.Errorf("%q does not print", line)
			}
		}
		if s, err := ParseShare(text); err != nil || !same(s, shares[0]) || s.Holder != "alice" {
			t.Errorf("%d quorum IDs: %v", n, err)
		}
		read, err := ParseQuorumIDs(text)
		if n > pageQuorums {
			if !errors.Is(err, ErrNoQuorumIDs) || !strings.Contains(string(text), fmt.Sprintf("THE %d QUORUM IDS, without which no backup opens, do not fit on this page:\n", n)) {
				t.Errorf("%d quorum IDs: %v\n%s", n, err, text)
			}
			continue
		}
		if err != nil || !slices.Equal(read.IDs, q.IDs) {
			t.Errorf("%d quorum IDs: %v", n, err)
		}
	}
	p, err := k.Page(shares[0], quorums(t, 2))
	if err != nil {
		t.Fatal(err)
	}
	passphrase, err := PassphraseRecipient(secret.New([]byte("pw")))
	if err != nil {
		t.Fatal(err)
	}
	sealed, _, err := SealTo(p, passphrase)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseQuorumIDs(sealed); err != ErrQuorumIDsSealed {
		t.Error(err)
	}
}

// TestQuorumCodes reads the codes with another program.
func TestQuorumCodes(t *testing.T) {
	for n, codes := range map[int]int{1: 1, codeQuorums: 1, codeQuorums + 1: 2, 300: 19} {
		q := quorums(t, n)
		svgs, err := q.SVGs()
		if err != nil || len(svgs) != codes || len(q.Codes()) != codes {
			t.Fatalf("%d quorum IDs: %d codes, %v", n, len(svgs), err)
		}
		var scanned []string
		for i, svg := range svgs {
			got := readSVG(t, svg)
			if got != q.Codes()[i] {
				t.Errorf("code %d is read as %q", i+1, got)
			}
			scanned = append([]string{strings.ToLower(got)}, scanned...) // scanners type as they are set, in any order
		}
		read, err := ParseQuorumIDs([]byte(strings.Join(scanned, "\n")))
		if err != nil || read.Set != q.Set || !slices.Equal(read.IDs, q.IDs) {
			t.Fatalf("%d quorum IDs: %v", n, err)
		}
		if codes > 1 {
			_, err := ParseQuorumIDs([]byte(strings.Join(scanned[1:], "\n")))
			wantError(t, err, fmt.Sprintf("the quorum IDs are not complete: code %d of %d is missing", codes, codes))
		}
	}
	if codes := quorums(t, MaxCodeQuorums).Codes(); len(codes) != maxCodes {
		t.Error(len(codes))
	}
	if codes := quorums(t, MaxCodeQuorums+1).Codes(); codes != nil {
		t.Error(len(codes))
	}
	one, other := quorums(t, 20), quorums(t, 21)
	for text, want := range map[string]string{
		one.Codes()[0] + "\n" + other.Codes()[1]:                                   "quorum IDs are in it more than once, and not the same ones",
		one.Codes()[0][:len(one.Codes()[0])-33] + "\n" + one.Codes()[1]:            "the quorum IDs are not those that were written: one of them was changed",
		one.Codes()[0][:len(one.Codes()[0])-3]:                                     "line 1: not a quorum ID of 32 hex digits",
		strings.Replace(one.Codes()[0], "1/2", "3/2", 1):                           "line 1: not the text of a code",
		strings.Replace(one.Codes()[0], "7F3A", "7F3B", 1) + "\n" + one.Codes()[1]: "quorum IDs are in it more than once, and not the same ones",
		"RQ1 1/1 7F3A000000000000 ABCDEF01":                                        "no quorum IDs are in it",
	} {
		_, err := ParseQuorumIDs([]byte(text))
		wantError(t, err, want)
	}
}

// readSVG draws the modules of an SVG, and has zbar read the code.
func readSVG(t *testing.T, svg []byte) string {
	t.Helper()
	const scale, size = 4, 100
	img := image.NewGray(image.Rect(0, 0, size*scale, size*scale))
	for i := range img.Pix {
		img.Pix[i] = 255
	}
	for part := range strings.SplitSeq(string(svg), "M") {
		var x, y int
		if n, _ := fmt.Sscanf(part, "%d %dh1v1h-1z", &x, &y); n != 2 {
			continue
		}
		for dy := range scale {
			for dx := range scale {
				img.SetGray(x*scale+dx, y*scale+dy, color.Gray{})
			}
		}
	}
	name := filepath.Join(t.TempDir(), "code.png")
	var file bytes.Buffer
	if err := errors.Join(png.Encode(&file, img), os.WriteFile(name, file.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("zbarimg", "--quiet", "--raw", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// TestDescriptionWithRecord: the hash of the record stands in the description,
// with and without a set that is replaced; every share names that description.
func TestDescriptionWithRecord(t *testing.T) {
	record := DigestOf([]byte("a record"))
	for _, replaces := range []SetID{{}, {1, 2}} {
		k, shares, err := Split(testkey.Small(), Plan{2, names(2)}, made, Related{Replaces: replaces, Record: record})
		if err != nil {
			t.Fatal(err)
		}
		read, err := ParseSealedKey(k.Bytes())
		if err != nil || read.Record != record || read.Replaces != replaces || !bytes.HasPrefix(read.marshal(), []byte("recover-custody-set/3\n")) {
			t.Fatalf("%v, %v", read, err)
		}
		for _, s := range shares {
			if err := read.Check(s); err != nil {
				t.Error(err)
			}
		}
		for _, change := range [][2]string{{"/3", "/1"}, {"/3", "/2"}, {fmt.Sprintf("record %x\n", record), ""}, {"record ", "record 0"}, {fmt.Sprintf("record %x", record), fmt.Sprintf("record %x", Digest{})}} {
			text := bytes.Replace(read.marshal(), []byte(change[0]), []byte(change[1]), 1)
			if _, err := parseDescription(text, idOf(text)); !errors.Is(err, ErrDescription) {
				t.Errorf("%s → %s: %v", change[0], change[1], err)
			}
		}
	}
	if k, _ := newSet(t, 2, 2); k.Record != (Digest{}) || !bytes.HasPrefix(k.marshal(), []byte("recover-custody-set/1\n")) {
		t.Errorf("%s", k.marshal())
	}
}

// FuzzParseQuorumIDs holds that what is read can be written, and is read as the
// same again.
func FuzzParseQuorumIDs(f *testing.F) {
	q := quorums(f, 30)
	f.Add(q.Text())
	f.Add([]byte(strings.Join(q.Codes(), "\n")))
	f.Add([]byte(quorumsBegin + "\nQuorum IDs:  0, check E3B0C442\n" + quorumsEnd))
	f.Add([]byte("RQ1 1/1 7F3A000000000000 ABCDEF01 00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		q, err := ParseQuorumIDs(data)
		if err != nil {
			if q != nil {
				t.Fatalf("%q: IDs and %v", data, err)
			}
			return
		}
		again, err := ParseQuorumIDs(q.Text())
		if err != nil || !sameQuorums(again, q) {
			t.Fatalf("%q: %v", data, err)
		}
	})
}
