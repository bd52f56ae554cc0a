//go:build linux

package main

import (
	"encoding/base32"
	"fmt"
	"image"
	"image/color"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/creack/pty"
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"recover/fixtures/tier"
)

// TestSignSeries: a camera that sees every screen of a terminal of 80 x 24 has
// what the file has.
func TestSignSeries(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	keys := rebuiltInto(t)
	e := small().keys[0].Expected()
	in := writeInput(t, fmt.Sprintf(`{"TransactionType":"Payment","Account":%q,"Destination":"rPpnQJcwf7GtmvSbMwxcSf6B5gyFrdsftF","DestinationTag":5,"Amount":"12500000","Fee":"12","Sequence":7}`, e.Addresses["xrp"]))
	out := filepath.Join(t.TempDir(), "signed")
	s := sit(t, exec.Command("recover", "sign", "--keys", keys, "--key-id", e.KeyID, "--in", in, "--out", out, "--qr"))
	if err := pty.Setsize(s.custody, &pty.Winsize{Cols: 80, Rows: 24}); err != nil {
		t.Fatal(err)
	}
	s.answer(`Sign this transaction on XRP Ledger? (type "yes")`, "yes")
	s.expect("QR code 1 of ")
	var total int
	if _, err := fmt.Sscanf(s.rest(), "%d (BBQr)", &total); err != nil || total < 2 {
		t.Fatalf("%d codes, %v", total, err)
	}
	for i := 1; i < total; i++ {
		s.answer("Press Enter for the next code, or q to finish", "")
		s.expect(fmt.Sprintf("QR code %d of %d", i+1, total))
	}
	s.answer("Press Enter for the next code, or q to finish", "") // the first again
	s.expect("QR code 1 of ")
	s.answer("Press Enter for the next code, or q to finish", "q")
	if o := s.end(privateKeys()...); o.status != exitOK {
		t.Errorf("status %d", o.status)
	}
	parts := make([]string, total)
	for i, text := range strings.Split(s.screen.String(), "The signed transaction, QR code ")[1:] {
		code := scanScreen(t, text)
		if want := fmt.Sprintf("B$2U%02d%02d", total, i%total); !strings.HasPrefix(code, want) {
			t.Errorf("code %d is %q", i, code)
		}
		parts[i%total] = code[8:]
	}
	text, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.Join(parts, ""))
	if file, fileErr := os.ReadFile(out); err != nil || fileErr != nil || string(text)+"\n" != string(file) {
		t.Errorf("the codes say %q, the file %q (%v, %v)", text, file, err, fileErr)
	}
}

// rest returns what is on the screen after what was read, when there is enough
// of it for a number of codes.
func (s *session) rest() string {
	s.t.Helper()
	read := s.read
	s.expect("(BBQr)")
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.screen.String()[read:]
}

// scanScreen reads the code below a title; no line of its screen is wider or
// further down than a terminal shows.
func scanScreen(t *testing.T, text string) string {
	t.Helper()
	var lines [][]rune
	for _, line := range strings.Split(text, "\r\n")[1:] {
		if line == "" || !strings.ContainsRune("█▀▄ ", []rune(line)[0]) {
			break
		}
		lines = append(lines, []rune(line))
	}
	if len(lines) == 0 || len(lines) > 21 || len(lines[0]) > 80 {
		t.Fatalf("%d lines:\n%s", len(lines), text)
	}
	const scale = 4
	img := image.NewGray(image.Rect(0, 0, scale*len(lines[0]), 2*scale*len(lines)))
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			r := lines[y/(2*scale)][x/scale]
			if upper := y/scale%2 == 0; r == '█' || r == '▀' && upper || r == '▄' && !upper {
				img.SetGray(x, y, color.Gray{255})
			}
		}
	}
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
