package plaintext

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"unicode/utf16"
)

const limit = 1 << 16

func gzipped(parts ...[]byte) []byte {
	var out bytes.Buffer
	for _, part := range parts {
		w := gzip.NewWriter(&out)
		_, _ = w.Write(part)
		_ = w.Close()
	}
	return out.Bytes()
}

func utf16Text(order binary.AppendByteOrder, mark bool, text string) (b []byte) {
	if mark {
		b = order.AppendUint16(b, 0xfeff)
	}
	for _, unit := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, unit)
	}
	return b
}

func TestDecode(t *testing.T) {
	const text = "quorum_id,key_id,name\r\n1,2,Größe 𝔘\r\n"
	const ascii = "-----BEGIN PRIVATE KEY-----\n"
	for _, test := range []struct {
		name string
		data []byte
		want string
	}{
		{"plain", []byte(text), text},
		{"empty", nil, ""},
		{"mark", []byte("\ufeff" + text), text},
		{"UTF-16, little endian", utf16Text(binary.LittleEndian, true, text), text},
		{"UTF-16, big endian", utf16Text(binary.BigEndian, true, text), text},
		{"UTF-16 without a mark, little endian", utf16Text(binary.LittleEndian, false, ascii), ascii},
		{"UTF-16 without a mark, big endian", utf16Text(binary.BigEndian, false, ascii), ascii},
		{"UTF-16 and half a unit", append(utf16Text(binary.LittleEndian, true, ascii), '\n'), ascii},
		{"gzip", gzipped([]byte(text)), text},
		{"gzip of gzip", gzipped(gzipped([]byte(text))), text},
		{"gzip of two members", gzipped([]byte(text), []byte(text)), text + text},
		{"gzip and zeros", append(gzipped([]byte(text)), 0, 0, 0, 0), text},
		{"gzip of UTF-16", gzipped(utf16Text(binary.BigEndian, true, text)), text},
		{"UTF-16 with half a character", []byte("\xff\xfea\x00\x00\xd8b\x00c\x00"), "a\ufffdbc"},
		{"a mark, but no text", []byte("\xff\xfe\x00\xd8\x00\x00\x01\x00"), "\xff\xfe\x00\xd8\x00\x00\x01\x00"},
		{"binary", []byte("\x30\x82\x01\x00\x00\x01\x00\x02"), "\x30\x82\x01\x00\x00\x01\x00\x02"},
	} {
		t.Run(test.name, func(t *testing.T) {
			own := bytes.Clone(test.data)
			got, err := Decode(test.data, limit)
			if err != nil || string(got) != test.want {
				t.Errorf("%q, %v, want %q", got, err, test.want)
			}
			if !bytes.Equal(own, test.data) {
				t.Error("the input was changed")
			}
		})
	}
}

func TestDecodeHostile(t *testing.T) {
	var tooLarge *LimitError
	bomb := gzipped(make([]byte, 64<<20))
	bombs := map[string][]byte{
		"large":             make([]byte, limit+1),
		"bomb":              bomb,
		"bomb in a bomb":    gzipped(bomb),
		"many small ones":   bytes.Repeat(gzipped(make([]byte, 4000)), 17),
		"UTF-16 that grows": utf16Text(binary.LittleEndian, true, strings.Repeat("漢", limit/2-1)),
	}
	// The last four bytes lie about the size.
	small := bytes.Clone(bomb)
	copy(small[len(small)-4:], "\x01\x00\x00\x00")
	bombs["bomb that says it is small"] = small
	for name, data := range bombs {
		if got, err := Decode(data, limit); !errors.As(err, &tooLarge) || got != nil {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
	packed := gzipped([]byte(strings.Repeat("a line of text that goes on\n", 1000) + "end"))
	if got, err := Decode(packed[:len(packed)-9], limit); !errors.Is(err, ErrDamagedGzip) || !bytes.HasPrefix(got, []byte("a line")) {
		t.Errorf("cut off: %.20q, %v", got, err)
	}
	if got, err := Decode([]byte("\x1f\x8b\x08 no gzip at all"), limit); !errors.Is(err, ErrDamagedGzip) || len(got) == 0 {
		t.Errorf("only the first bytes: %q, %v", got, err)
	}
}

func TestUnwrap(t *testing.T) {
	const key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
	known := func(b []byte) bool { return bytes.Contains(b, []byte("-----BEGIN ")) }
	text := base64.StdEncoding.EncodeToString([]byte(key + "??>>"))
	lines := text[:40] + "\r\n" + text[40:]
	for name, data := range map[string]string{
		"plain":                    key,
		"base64":                   text,
		"base64 in lines":          lines,
		"base64, quoted in a mail": "> " + text[:40] + "\n> " + text[40:],
		"base64, each line quoted": "\"" + text[:40] + "\",\n\"" + text[40:] + "\"\n",
		"base64, lines as letters": text[:40] + `\n` + text[40:] + `\n`,
		"base64 of URLs":           base64.RawURLEncoding.EncodeToString([]byte(key + "??>>")),
		"base64, no padding":       strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(key)), "="),
		"base64 of base64":         base64.StdEncoding.EncodeToString([]byte(text)),
		"base64 with blanks":       "\u00a0" + text + "\u200b \ufeff",
		"hex":                      hex.EncodeToString([]byte(key)),
		"HEX":                      strings.ToUpper(hex.EncodeToString([]byte(key))),
		"base64 of gzip":           base64.StdEncoding.EncodeToString(gzipped([]byte(key))),
		"gzip of base64":           string(gzipped([]byte(text))),
		"UTF-16 of base64":         string(utf16Text(binary.LittleEndian, true, text)),
	} {
		if got, err := Unwrap([]byte(data), limit, known); err != nil || !bytes.HasPrefix(got, []byte(key)) {
			t.Errorf("%s: %.60q, %v", name, got, err)
		}
	}
	for _, data := range []string{"", "no key", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", strings.Repeat("00", 40), base64.StdEncoding.EncodeToString(gzipped(make([]byte, 10*limit)))} {
		if got, err := Unwrap([]byte(data), limit, known); err != nil || string(got) != data {
			t.Errorf("%q became %.60q, %v", data, got, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("\ufeffa,b\r\n"))
	f.Add(utf16Text(binary.BigEndian, true, "a\u200bb"))
	f.Add(gzipped([]byte("TFMwdExTMUNSVWRKVGlC")))
	f.Add([]byte(base64.StdEncoding.EncodeToString(gzipped([]byte("key")))))
	f.Fuzz(func(t *testing.T, data []byte) {
		own := bytes.Clone(data)
		never := func([]byte) bool { return false }
		for _, undo := range []func() ([]byte, error){
			func() ([]byte, error) { return Decode(data, limit) },
			func() ([]byte, error) { return Unwrap(data, limit, never) },
		} {
			got, err := undo()
			if len(got) > limit || err == nil && len(data) > 0 && got == nil {
				t.Fatalf("%d bytes, %v", len(got), err)
			}
			// What is decoded once stays as it is, unless a mark stood before a mark.
			if again, err := Decode(bytes.Clone(got), limit); err == nil && len(again) > len(got) && !bytes.HasPrefix(got, []byte(gzipMagic)) {
				t.Fatalf("%q grew to %q", got, again)
			}
		}
		if !bytes.Equal(own, data) {
			t.Fatal("the input was changed")
		}
	})
}
