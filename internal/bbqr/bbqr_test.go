package bbqr

import (
	"bytes"
	"encoding/base32"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

// join reads a series as a wallet does, in whatever order it is seen.
func join(t *testing.T, parts []string) (FileType, []byte) {
	t.Helper()
	all := make([][]byte, len(parts))
	for _, p := range parts {
		if p[:2] != "B$" || p[2] != '2' || p[3] != parts[0][3] {
			t.Fatalf("the header of %q", p)
		}
		total, err := strconv.ParseInt(p[4:6], 36, 32)
		if err != nil || int(total) != len(parts) {
			t.Fatalf("%q says %d of %d parts (%v)", p[:8], total, len(parts), err)
		}
		i, err := strconv.ParseInt(p[6:8], 36, 32)
		if err != nil || all[i] != nil {
			t.Fatalf("%q is a part that was there (%v)", p[:8], err)
		}
		part, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(p[8:])
		if err != nil {
			t.Fatalf("%q is not base32 by itself: %v", p, err)
		}
		all[i] = append([]byte{}, part...)
	}
	return FileType(parts[0][3]), bytes.Join(all, nil)
}

func TestSplit(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{0, 1, 4, 5, 6, 64, 65, 66, 190, 225, 1000, 1644, 3001} {
		data := make([]byte, size)
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		for _, capacity := range []int{16, 17, 24, 114, 154, 4296} {
			parts, err := Split(Transaction, data, capacity)
			if err != nil {
				t.Fatal(err)
			}
			rng.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
			for _, p := range parts {
				if len(p) > capacity || len(p) == headerSize && size > 0 || strings.Trim(p, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ$") != "" {
					t.Errorf("%d bytes by %d characters: a part %q", size, capacity, p)
				}
			}
			if fileType, got := join(t, parts); fileType != Transaction || !bytes.Equal(got, data) {
				t.Errorf("%d bytes by %d characters are read as %c %x", size, capacity, fileType, got)
			}
		}
	}
}

// TestExample is worked out by hand: "hi" is NBUQ in base32.
func TestExample(t *testing.T) {
	parts, err := Split(Text, []byte("hi"), 100)
	if err != nil || len(parts) != 1 || parts[0] != "B$2U0100NBUQ" {
		t.Errorf("%q, %v", parts, err)
	}
}

func TestTooLong(t *testing.T) {
	for _, capacity := range []int{-1, 0, 8, 15} {
		if _, err := Split(Text, []byte("x"), capacity); err != ErrTooLong {
			t.Errorf("by %d characters: %v", capacity, err)
		}
	}
	if parts, err := Split(Text, make([]byte, 5*maxParts), 16); err != nil || len(parts) != maxParts || parts[maxParts-1][:8] != "B$2UZZZY" {
		t.Errorf("%d parts, %v", len(parts), err)
	}
	if _, err := Split(Text, make([]byte, 5*maxParts+1), 16); err != ErrTooLong {
		t.Error(err)
	}
}
