package custody

import (
	"fmt"
	"time"

	"rsc.io/qr/coding"

	"recover/internal/qrcode"
	"recover/internal/secret"
)

// The QR code holds the share string without blanks. Version 5 at level M, 37
// modules square, is the smallest that does, and drawn in half blocks it fits on
// a terminal of 24 lines.
const (
	qrVersion = 5
	qrLevel   = coding.M
	quietZone = qrcode.QuietZone
)

// drawQR makes the code with the mask of least penalty. The coder takes the
// share as a string, of which a copy stays in memory until it is collected.
func (s *Share) drawQR() *coding.Code {
	text := s.encode("", "")
	defer text.Wipe()
	code, err := qrcode.Draw(qrVersion, qrLevel, coding.Alpha(text.Reveal()))
	if err != nil { // cannot be: it is 92 characters of the right kind
		panic("custody: a share does not fit in its QR code: " + err.Error())
	}
	return code
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
	return secret.New(qrcode.Blocks(code))
}
