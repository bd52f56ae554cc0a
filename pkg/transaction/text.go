package transaction

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// maxShown is how many bytes of data of unknown meaning a description shows.
const maxShown = 64

// Quote writes text of unknown origin as printable ASCII in quotes, cut where it
// is long.
func Quote(text string) string {
	if len(text) > maxShown {
		return strconv.QuoteToASCII(text[:maxShown]) + fmt.Sprintf("... (%d bytes)", len(text))
	}
	return strconv.QuoteToASCII(text)
}

// Printable is Quote without the quotes, for names that a caller gives.
func Printable(text string) string {
	quoted := Quote(text)
	return quoted[1:strings.LastIndexByte(quoted, '"')]
}

// Hex writes bytes as 0x and hex digits, cut where they are many.
func Hex(b []byte) string {
	if len(b) > maxShown {
		return fmt.Sprintf("0x%x... (%d bytes)", b[:maxShown], len(b))
	}
	return fmt.Sprintf("0x%x (%d bytes)", b, len(b))
}

// DecodeHex reads hex digits in either case, with or without 0x in front and with
// white space around them; ok is false for anything else.
func DecodeHex(data []byte) (b []byte, ok bool) {
	text := strings.TrimPrefix(string(bytes.TrimSpace(data)), "0x")
	b, err := hex.DecodeString(text)
	return b, err == nil && len(b) > 0
}
