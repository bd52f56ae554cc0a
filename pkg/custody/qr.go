package custody

import (
	"fmt"
	"strings"
	"time"

	"rsc.io/qr/coding"

	"recover/internal/secret"
)

// The QR code holds the share string without blanks. Version 5 at level M, 37
// modules square, is the smallest that does, and drawn in half blocks it fits on
// a terminal of 24 lines.
const (
	qrVersion = 5
	qrLevel   = coding.M
	quietZone = 4 // modules
)

// drawQR makes the code with the mask of least penalty. The coder takes the
// share as a string, of which a copy stays in memory until it is collected.
func (s *Share) drawQR() *coding.Code {
	text := s.encode("", "")
	defer text.Wipe()
	var best *coding.Code
	for mask := range coding.Mask(8) {
		plan, err := coding.NewPlan(qrVersion, qrLevel, mask)
		if err != nil { // cannot be: the version is one
			panic("custody: " + err.Error())
		}
		code, err := plan.Encode(coding.Alpha(text.Reveal()))
		if err != nil { // cannot be: it is 92 characters of the right kind
			panic("custody: a share does not fit in its QR code")
		}
		if best == nil || penalty(code) < penalty(best) {
			best = code
		}
	}
	return best
}

// SVG returns the QR code of the share string for paper, 90 mm wide, with a
// caption that says which share it is. The caller wipes it.
func (s *Share) SVG() *secret.Bytes {
	code := s.drawQR()
	defer secret.Wipe(code.Bitmap)
	width, height := code.Size+2*quietZone, code.Size+2*quietZone+4
	b := make([]byte, 0, 64<<10)
	b = fmt.Appendf(b, `<svg xmlns="http://www.w3.org/2000/svg" width="90mm" viewBox="0 0 %d %d">
<rect width="100%%" height="100%%" fill="#fff"/>
<path shape-rendering="crispEdges" d="`, width, height)
	for y := range code.Size {
		for x := range code.Size {
			if code.Black(x, y) {
				b = fmt.Appendf(b, "M%d %dh1v1h-1z", x+quietZone, y+quietZone)
			}
		}
	}
	b = fmt.Appendf(b, `"/>
<g font-family="monospace" font-size="1.7" text-anchor="middle">
<text x="50%%" y="%d">SECRET: share %d of %d, made %s</text>
<text x="50%%" y="%d">set %s</text>
</g>
</svg>
`, height-4, s.Index, s.Count, s.Created.Format(time.DateOnly), height-1, s.Set)
	return secret.New(b)
}

// Blocks returns the QR code of the share string for a terminal: 23 lines of 45
// characters. What is light is drawn, what is dark is left blank, as it is
// right for light text on a dark ground. The caller wipes it.
func (s *Share) Blocks() *secret.Bytes {
	code := s.drawQR()
	defer secret.Wipe(code.Bitmap)
	b := make([]byte, 0, 4<<10)
	for y := -quietZone; y < code.Size+quietZone; y += 2 {
		for x := -quietZone; x < code.Size+quietZone; x++ {
			switch upper, lower := code.Black(x, y), code.Black(x, y+1); {
			case upper && lower:
				b = append(b, ' ')
			case upper:
				b = append(b, "▄"...)
			case lower:
				b = append(b, "▀"...)
			default:
				b = append(b, "█"...)
			}
		}
		b = append(b, '\n')
	}
	return secret.New(b)
}

// penalty rates what makes a code hard to read (ISO/IEC 18004, 7.8.3.1).
func penalty(code *coding.Code) (sum int) {
	dark := 0
	for i := range code.Size {
		row, column := line(code, i, false), line(code, i, true)
		sum += linePenalty(row) + linePenalty(column)
		dark += strings.Count(row, "1")
	}
	for y := range code.Size - 1 {
		for x := range code.Size - 1 {
			c := code.Black(x, y)
			if c == code.Black(x+1, y) && c == code.Black(x, y+1) && c == code.Black(x+1, y+1) {
				sum += 3
			}
		}
	}
	percent := 100 * dark / (code.Size * code.Size)
	return sum + 10*(max(percent-50, 50-percent)/5)
}

// line returns a row or column, "1" for dark and "0" for light.
func line(code *coding.Code, i int, column bool) string {
	b := make([]byte, code.Size)
	for j := range b {
		x, y := j, i
		if column {
			x, y = i, j
		}
		b[j] = '0'
		if code.Black(x, y) {
			b[j] = '1'
		}
	}
	return string(b)
}

// linePenalty rates runs of five and more, and what looks like a finder pattern.
func linePenalty(line string) (sum int) {
	for i := range len(line) {
		rest := line[i:]
		if strings.HasPrefix(rest, "10111010000") || strings.HasPrefix(rest, "00001011101") {
			sum += 40
		}
		run := len(rest) - len(strings.TrimLeft(rest, rest[:1]))
		if begins := i == 0 || line[i-1] != line[i]; begins && run >= 5 {
			sum += run - 2
		}
	}
	return sum
}
