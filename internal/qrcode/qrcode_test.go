package qrcode

import (
	"bytes"
	"image"
	"image/color"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"rsc.io/qr/coding"
)

// read has another program's library read a code.
func read(t *testing.T, code *coding.Code) string {
	t.Helper()
	const scale = 4
	size := (code.Size + 2*QuietZone) * scale
	img := image.NewGray(image.Rect(0, 0, size, size))
	for y := range size {
		for x := range size {
			if !code.Black(x/scale-QuietZone, y/scale-QuietZone) {
				img.SetGray(x, y, color.Gray{255})
			}
		}
	}
	bitmap, err := gozxing.NewBinaryBitmapFromImage(img)
	if err != nil {
		t.Fatal(err)
	}
	result, err := qrcode.NewQRCodeReader().Decode(bitmap, nil)
	if err != nil {
		t.Fatal(err)
	}
	return result.GetText()
}

func TestText(t *testing.T) {
	for _, text := range []string{"a", strings.Repeat("0123456789abcdef", 4), "-----BEGIN X-----\n" + strings.Repeat("Aa+/", 60), strings.Repeat("x", 600)} {
		code, err := Text(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, code); got != text {
			t.Errorf("%q is read as %q", text, got)
		}
	}
	if _, err := Text(strings.Repeat("x", 1000)); err != ErrTooLong {
		t.Error(err)
	}
}

func TestDrawings(t *testing.T) {
	code, err := Text("text")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(strings.TrimSuffix(string(Blocks(code)), "\n"), "\n")
	if len(blocks) != (code.Size+2*QuietZone+1)/2 || len([]rune(blocks[0])) != code.Size+2*QuietZone {
		t.Errorf("%d lines of %d", len(blocks), len([]rune(blocks[0])))
	}
	for y, line := range blocks {
		for x, r := range []rune(line) {
			upper, lower := code.Black(x-QuietZone, 2*y-QuietZone), code.Black(x-QuietZone, 2*y-QuietZone+1)
			if (r == ' ' || r == '▄') != upper || (r == ' ' || r == '▀') != lower {
				t.Errorf("%d, %d: %c", x, y, r)
			}
		}
	}
	svg := SVG(code, "a caption")
	if bytes.Count(svg, []byte("h1v1h-1z")) != strings.Count(dark(code), "1") || !bytes.Contains(svg, []byte(">a caption<")) {
		t.Errorf("%s", svg)
	}
}

func dark(code *coding.Code) (all string) {
	for y := range code.Size {
		all += line(code, y, false)
	}
	return all
}

func TestLinePenalty(t *testing.T) {
	for line, want := range map[string]int{
		"0101010101010": 0, "0111110101010": 3, "0000000101010": 5, "1111111111111": 11,
		"1011101000010": 40, "0100001011101": 40, "0000000000000": 11,
	} {
		if got := linePenalty(line); got != want {
			t.Errorf("%s: %d, want %d", line, got, want)
		}
	}
}

// TestAlphanumeric: what a code of a terminal holds can be read, and one more
// character does not fit (ISO/IEC 18004, table 7).
func TestAlphanumeric(t *testing.T) {
	for rows, want := range map[int]struct {
		version  coding.Version
		capacity int
	}{0: {0, 0}, 14: {0, 0}, 15: {1, 25}, 21: {4, 114}, 22: {4, 114}, 23: {5, 154}, 40: {13, 619}, 200: {20, 1249}} {
		version, capacity := Alphanumeric(rows)
		if version != want.version || capacity != want.capacity {
			t.Errorf("%d rows: version %d with %d characters, want %v", rows, version, capacity, want)
		}
		if version == 0 {
			continue
		}
		text := strings.Repeat("B$2", capacity)[:capacity]
		code, err := Draw(version, coding.L, coding.Alpha(text))
		if err != nil {
			t.Fatal(err)
		}
		if lines := bytes.Count(Blocks(code), []byte{'\n'}); lines > rows {
			t.Errorf("%d lines for %d rows", lines, rows)
		}
		if got := read(t, code); got != text {
			t.Errorf("%d rows: read as %q", rows, got)
		}
		if _, err := Draw(version, coding.L, coding.Alpha(text+"A")); err == nil {
			t.Errorf("%d rows: one more character fits", rows)
		}
	}
}
