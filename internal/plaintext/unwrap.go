package plaintext

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"

	"recover/internal/secret"
)

// Unwrap is Decode, and where that leads to nothing that is known, undoes base64
// (of either alphabet, with or without padding) and hex too, one in the other.
// Blanks, quotes and invisible characters in them do not matter. Where nothing
// known is found at all, the result is that of Decode.
//
// known may be called several times; it neither keeps nor changes its argument.
// As with Decode, the result may be a slice of data.
func Unwrap(data []byte, max int, known func([]byte) bool) ([]byte, error) {
	decoded, err := Decode(data, max)
	if err != nil || known(decoded) {
		return decoded, err
	}
	inner := bytes.Clone(decoded)
	for range maxLayers {
		next, ok := undo(inner)
		secret.Wipe(inner)
		if !ok {
			return decoded, nil
		}
		if inner, err = Decode(next, max); err != nil {
			secret.Wipe(next)
			return decoded, nil
		}
		if known(inner) {
			return inner, nil
		}
	}
	secret.Wipe(inner)
	return decoded, nil
}

// undo takes one layer of hex or base64 off. It destroys text.
func undo(text []byte) ([]byte, bool) {
	packed := pack(Clean(text))
	if len(packed) < 16 {
		return nil, false
	}
	if out, err := hex.AppendDecode(nil, packed); err == nil {
		return out, true
	}
	packed = bytes.TrimRight(packed, "=")
	for i, c := range packed {
		switch c {
		case '-':
			packed[i] = '+'
		case '_':
			packed[i] = '/'
		}
	}
	out := make([]byte, base64.RawStdEncoding.DecodedLen(len(packed)))
	n, err := base64.RawStdEncoding.Decode(out, packed)
	if err != nil {
		secret.Wipe(out)
		return nil, false
	}
	return out[:n], true
}

// pack takes the blanks and line breaks out, in place, and the quotes, commas
// and signs that a program put around each of its lines. What stands within a
// line is left: it may be damage.
func pack(text []byte) []byte {
	out := text[:0]
	for line := range bytes.SplitSeq(text, []byte("\n")) {
		for _, c := range bytes.Trim(line, " \"',;\\>") {
			if c != ' ' {
				out = append(out, c)
			}
		}
	}
	return out
}
