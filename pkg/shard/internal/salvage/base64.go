package salvage

import "bytes"

// window is how many characters of base64 tell at which of the four alignments
// they are to be read: the 24 bytes that they make are all of JSON by chance
// at a wrong one once in 10^12 cases.
const window = 32

// decodeLossyBase64 decodes base64 of JSON text of which parts are destroyed. A character
// that is none of base64 leaves zeros in the place of the bytes that it was
// part of, which no JSON has, so that no one takes them for valid. Where
// characters are missing, not overwritten, it goes on at the alignment at which
// JSON comes out again.
func decodeLossyBase64(text []byte) (decoded []byte, replaced int) {
	text = bytes.TrimRight(text, "=")
	decoded = make([]byte, 0, len(text)/4*3+3)
	for len(text) > 0 {
		switch skip := alignment(text); skip {
		case 0:
			decoded = appendQuads(decoded, text[:window])
			text = text[window:]
		case none:
			n := min(4, len(text))
			decoded = appendQuads(decoded, text[:n])
			for _, c := range text[:n] {
				if sextet[c] == bad {
					replaced++
				}
			}
			text = text[n:]
		default:
			replaced += skip
			text = text[skip:]
		}
	}
	return decoded, replaced
}

const none = -1

// alignment returns how many characters have to be skipped for the window to
// make JSON text; none where no number does.
func alignment(text []byte) int {
	for skip := range min(4, max(0, len(text)-window+1)) {
		if makesJSON(text[skip : skip+window]) {
			return skip
		}
	}
	return none
}

func makesJSON(text []byte) bool {
	for i := 0; i < len(text); i += 4 {
		a, b, c, d := sextet[text[i]], sextet[text[i+1]], sextet[text[i+2]], sextet[text[i+3]]
		if (a|b|c|d)&bad != 0 || !inJSON[a<<2|b>>4] || !inJSON[b<<4|c>>2] || !inJSON[c<<6|d] {
			return false
		}
	}
	return true
}

// appendQuads decodes text of any length; what is over at its end makes no byte.
func appendQuads(to, text []byte) []byte {
	for ; len(text) >= 2; text = text[min(4, len(text)):] {
		for k := 0; k < 3 && k+1 < len(text); k++ {
			a, b := sextet[text[k]], sextet[text[k+1]]
			if (a|b)&bad != 0 {
				to = append(to, 0)
				continue
			}
			to = append(to, a<<(2*k+2)|b>>(4-2*k))
		}
	}
	return to
}

// bad marks what is no character of base64.
const bad = 0x80

// sextet is what each character of base64 stands for; inJSON is which bytes a
// shard's JSON is made of.
var sextet, inJSON = func() (values [256]byte, plain [256]bool) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	for i := range values {
		values[i] = bad
	}
	for i, c := range []byte(alphabet) {
		values[c] = byte(i)
	}
	for _, c := range []byte(alphabet + "={}[]\":,_-. \r\n\t") {
		plain[c] = true
	}
	return values, plain
}()

func base64Size(bytes int) int { return (bytes + 2) / 3 * 4 }

// isBase64 tells whether a text is base64 of so many bytes and nothing else.
func isBase64(text []byte, size int) bool {
	if len(text) != base64Size(size) {
		return false
	}
	padding := (3 - size%3) % 3
	for _, c := range text[:len(text)-padding] {
		if sextet[c] == bad {
			return false
		}
	}
	return bytes.Count(text[len(text)-padding:], []byte{'='}) == padding
}
