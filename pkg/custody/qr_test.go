package custody

import (
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

const moduleSize = 4 // pixels

// paper is a white image of so many modules.
func paper(width, height int) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, width*moduleSize, height*moduleSize))
	for i := range img.Pix {
		img.Pix[i] = 0xff
	}
	return img
}

func ink(img *image.Gray, x, y int) {
	for dy := range moduleSize {
		for dx := range moduleSize {
			img.SetGray(x*moduleSize+dx, y*moduleSize+dy, color.Gray{})
		}
	}
}

// drawn draws the code that an SVG holds.
func drawn(t *testing.T, svg string) *image.Gray {
	t.Helper()
	modules := regexp.MustCompile(`M(\d+) (\d+)h1v1h-1z`).FindAllStringSubmatch(svg, -1)
	if len(modules) < 300 {
		t.Fatalf("%d dark modules", len(modules))
	}
	img := paper(45, 45)
	for _, m := range modules {
		x, _ := strconv.Atoi(m[1])
		y, _ := strconv.Atoi(m[2])
		ink(img, x, y)
	}
	return img
}

// shown draws the code that a terminal shows, light on dark.
func shown(t *testing.T, blocks string) *image.Gray {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(blocks, "\n"), "\n")
	if len(lines) != 23 {
		t.Fatalf("%d lines", len(lines))
	}
	img := paper(45, 46)
	for y, line := range lines {
		if n := len([]rune(line)); n != 45 {
			t.Fatalf("line %d has %d characters", y+1, n)
		}
		for x, r := range []rune(line) {
			if r == ' ' || r == '▄' {
				ink(img, x, 2*y)
			}
			if r == ' ' || r == '▀' {
				ink(img, x, 2*y+1)
			}
		}
	}
	return img
}

// scan reads a code without searching for it: of perfect pictures, the detector
// of this library does not find one in 200.
func scan(t *testing.T, img image.Image) string {
	t.Helper()
	bitmap, err := gozxing.NewBinaryBitmapFromImage(img)
	if err != nil {
		t.Fatal(err)
	}
	hints := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_PURE_BARCODE: true}
	result, err := qrcode.NewQRCodeReader().Decode(bitmap, hints)
	if err != nil {
		t.Fatal(err)
	}
	return result.GetText()
}

func TestQRIsRead(t *testing.T) {
	_, shares := newSet(t, 2, 5)
	for _, s := range append(shares, fixed()) {
		for name, img := range map[string]image.Image{
			"SVG":      drawn(t, string(s.SVG().Reveal())),
			"terminal": shown(t, string(s.Blocks().Reveal())),
		} {
			text := scan(t, img)
			if read, err := ParseShare([]byte(text)); err != nil || !same(read, s) || len(text) != stringLen {
				t.Errorf("%s: %v, %v", name, read, err)
			}
		}
	}
}

func TestQRIsReadByZbar(t *testing.T) {
	zbar, err := exec.LookPath("zbarimg")
	if err != nil {
		t.Skip("SKIPPED: zbarimg is not installed")
	}
	name := filepath.Join(t.TempDir(), "share.png")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(f, drawn(t, string(fixed().SVG().Reveal()))); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(zbar, "--quiet", "--raw", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	if read, err := ParseShare(out); err != nil || !same(read, fixed()) {
		t.Errorf("%v, %v", read, err)
	}
}

func TestCaption(t *testing.T) {
	svg := string(fixed().SVG().Reveal())
	for _, want := range []string{"SECRET: share 1 of 3, made 2025-11-23<", "set 7F3A 91C2 0B55 E1D0<", `width="90mm"`} {
		if !strings.Contains(svg, want) {
			t.Errorf("%q is not in the picture", want)
		}
	}
}
