// Package qrcode draws QR codes for terminals and for paper. The coder takes
// texts as strings, of which copies stay in memory until they are collected.
package qrcode

import (
	"errors"
	"fmt"
	"strings"

	"rsc.io/qr/coding"
)

// QuietZone is how many light modules are around a code.
const QuietZone = 4

// ErrTooLong is returned by Text.
var ErrTooLong = errors.New("too long for one QR code")

// maxVersion is 97 modules square, which a screen and a camera still manage.
const maxVersion = 20

// Text makes the smallest code at level M that holds a text.
func Text(text string) (*coding.Code, error) {
	for version := coding.Version(1); version <= maxVersion; version++ {
		if coding.String(text).Bits(version) <= version.DataBytes(coding.M)*8 {
			return Draw(version, coding.M, coding.String(text))
		}
	}
	return nil, ErrTooLong
}

// Upper is Text for the alphanumeric set of QR codes: capital letters, digits,
// blanks and a few signs, of which a code holds more.
func Upper(text string) (*coding.Code, error) {
	for version := coding.Version(1); version <= maxVersion; version++ {
		if coding.Alpha(text).Bits(version) <= version.DataBytes(coding.M)*8 {
			return Draw(version, coding.M, coding.Alpha(text))
		}
	}
	return nil, ErrTooLong
}

// Alphanumeric returns the largest code at level L that is drawn in so many rows
// of a terminal, and how many characters of the alphanumeric set it holds. It
// is 0 where not even the smallest fits.
func Alphanumeric(rows int) (version coding.Version, capacity int) {
	for v := coding.Version(1); v <= maxVersion && (17+4*int(v)+2*QuietZone+1)/2 <= rows; v++ {
		version = v
	}
	if version == 0 {
		return 0, 0
	}
	bits := version.DataBytes(coding.L) * 8
	for coding.Alpha(strings.Repeat("A", capacity+1)).Bits(version) <= bits {
		capacity++
	}
	return version, capacity
}

// Draw makes the code with the mask of least penalty.
func Draw(version coding.Version, level coding.Level, text coding.Encoding) (*coding.Code, error) {
	var best *coding.Code
	for mask := range coding.Mask(8) {
		plan, err := coding.NewPlan(version, level, mask)
		if err != nil {
			return nil, err
		}
		code, err := plan.Encode(text)
		if err != nil {
			return nil, err
		}
		if best == nil || penalty(code) < penalty(best) {
			best = code
		}
	}
	return best, nil
}

// Blocks draws a code for a terminal, two modules in the height of a character.
// What is light is drawn, what is dark is left blank, as it is right for light
// text on a dark ground.
func Blocks(code *coding.Code) []byte {
	b := make([]byte, 0, (code.Size+2*QuietZone)*(code.Size+2*QuietZone+2)*2)
	for y := -QuietZone; y < code.Size+QuietZone; y += 2 {
		for x := -QuietZone; x < code.Size+QuietZone; x++ {
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
	return b
}

// SVG draws a code for paper, 90 mm wide, with captions, which have to be free of
// what has a meaning in XML. The first one is the title, too.
func SVG(code *coding.Code, captions ...string) []byte {
	width, height := code.Size+2*QuietZone, code.Size+2*QuietZone+3*len(captions)
	b := fmt.Appendf(make([]byte, 0, 64<<10), `<svg xmlns="http://www.w3.org/2000/svg" width="90mm" viewBox="0 0 %d %d">
<title>%s</title>
<rect width="100%%" height="100%%" fill="#fff"/>
<path shape-rendering="crispEdges" d="`, width, height, strings.Join(captions[:min(1, len(captions))], ""))
	for y := range code.Size {
		for x := range code.Size {
			if code.Black(x, y) {
				b = fmt.Appendf(b, "M%d %dh1v1h-1z", x+QuietZone, y+QuietZone)
			}
		}
	}
	b = append(b, "\"/>\n<g font-family=\"monospace\" font-size=\"1.5\" text-anchor=\"middle\">\n"...)
	for i, caption := range captions {
		b = fmt.Appendf(b, "<text x=\"50%%\" y=\"%d\">%s</text>\n", code.Size+2*QuietZone+3*i, caption)
	}
	return append(b, "</g>\n</svg>\n"...)
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
