// Package bbqr splits what is too long for one QR code into a series of them, in
// the form of BBQr 1.0, which hardware wallets and their companions read. The
// texts are of the alphanumeric set of QR codes, and can be read in any order.
package bbqr

import (
	"encoding/base32"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// FileType says what a series holds.
type FileType byte

// The file types of BBQr that are written here.
const (
	Transaction FileType = 'T' // a signed Bitcoin transaction, in its bytes
	Text        FileType = 'U' // a text in UTF-8
)

const (
	headerSize = 8         // "B$", encoding, file type, total, index
	maxParts   = 36*36 - 1 // two digits of base 36
	group      = 8         // characters of base32 that are whole bytes
	encoding   = byte('2') // base32 without padding, not compressed

)

// ErrTooLong is returned by Split.
var ErrTooLong = errors.New("too long for a series of QR codes")

// Split returns the texts of the codes. Each has at most capacity characters, of
// which 8 are its header; a capacity below 16 is an ErrTooLong.
func Split(fileType FileType, data []byte, capacity int) ([]string, error) {
	text := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(data)
	each := (capacity - headerSize) / group * group
	if each <= 0 {
		return nil, ErrTooLong
	}
	total := max(1, (len(text)+each-1)/each)
	if total > maxParts {
		return nil, ErrTooLong
	}
	each = (len(text) + total*group - 1) / (total * group) * group // as even as they can be
	parts := make([]string, total)
	for i := range parts {
		part := text[min(i*each, len(text)):min((i+1)*each, len(text))]
		parts[i] = fmt.Sprintf("B$%c%c%s%s%s", encoding, fileType, base36(total), base36(i), part)
	}
	return parts, nil
}

// base36 writes n in two digits.
func base36(n int) string {
	return fmt.Sprintf("%02s", strings.ToUpper(strconv.FormatInt(int64(n), 36)))
}
