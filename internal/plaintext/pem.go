package plaintext

import (
	"bytes"
	"regexp"

	"recover/internal/secret"
)

const maxBlocks = 64

var (
	// Word processors turn hyphens into dashes.
	boundary = regexp.MustCompile(`[-\x{2010}-\x{2015}\x{2212}]{2,}\s?(BEGIN|END) ([A-Z0-9][A-Z0-9 ]{0,60}[A-Z0-9])\s?[-\x{2010}-\x{2015}\x{2212}]{2,}`)
	procType = regexp.MustCompile(`^\s*Proc-Type:\s*4,\s*ENCRYPTED\s*DEK-Info:\s*([A-Z0-9-]{1,32}),\s*`)
)

// PEM returns the PEM blocks of a text as strict readers want them: line breaks
// after 64 characters, no blanks, no marks of a quoted mail, no \n in letters.
// What is around the blocks, and a block without an end, is left out. The result
// is empty where there is no block. It destroys text.
func PEM(text []byte) []byte {
	text = Clean(text)
	out := make([]byte, 0, len(text)+len(text)/32+256)
	for range maxBlocks {
		begin := boundary.FindSubmatchIndex(text)
		if begin == nil {
			break
		}
		label := bytes.Clone(text[begin[4]:begin[5]])
		isEnd := text[begin[2]] == 'E'
		text = text[begin[1]:]
		end := boundary.FindSubmatchIndex(text)
		if isEnd || end == nil || text[end[2]] != 'E' {
			continue
		}
		out = append(append(append(out, "-----BEGIN "...), label...), "-----\n"...)
		out = appendBody(out, text[:end[0]])
		out = append(append(append(out, "-----END "...), label...), "-----\n"...)
		text = text[end[1]:]
	}
	return out
}

// ivDigits are the hex digits of the IV that a cipher of RFC 1423 has, which
// tell it from the base64 that follows when the line break between is lost.
var ivDigits = map[string]int{"DES-CBC": 16, "DES-EDE3-CBC": 16, "AES-128-CBC": 32, "AES-192-CBC": 32, "AES-256-CBC": 32}

func appendBody(out, body []byte) []byte {
	body = breakLines(body)
	if at := procType.FindSubmatchIndex(body); at != nil {
		cipher, rest := string(body[at[2]:at[3]]), body[at[1]:]
		if n := ivDigits[cipher]; n > 0 && len(rest) > n {
			out = append(out, "Proc-Type: 4,ENCRYPTED\nDEK-Info: "+cipher+","...)
			out = append(append(out, rest[:n]...), "\n\n"...)
			body = rest[n:]
		}
	}
	packed := pack(bytes.Clone(body))
	defer secret.Wipe(packed)
	for rest := packed; len(rest) > 0; {
		n := min(64, len(rest))
		out = append(append(out, rest[:n]...), '\n')
		rest = rest[n:]
	}
	return out
}
