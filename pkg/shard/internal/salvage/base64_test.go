package salvage

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
)

// TestDecodeLossyBase64 overwrites characters, and takes some away: what is far
// enough from the damage comes out as it was.
func TestDecodeLossyBase64(t *testing.T) {
	json := []byte(`{"text":"` + strings.Repeat("abcdefghijkl", 30) + `"}`)
	encoded := base64.StdEncoding.EncodeToString(json)
	whole, replaced := decodeLossyBase64([]byte(encoded))
	if !bytes.Equal(whole, json) || replaced != 0 {
		t.Errorf("an intact text is changed: %d, %s", replaced, whole)
	}
	for at := 100; at < 110; at++ {
		overwritten := encoded[:at] + "!" + encoded[at+1:]
		got, replaced := decodeLossyBase64([]byte(overwritten))
		if replaced != 1 || len(got) != len(json) {
			t.Errorf("at %d: %d replaced, %d bytes", at, replaced, len(got))
		}
		for i := range json {
			if hit := i >= at*6/8-1 && i <= at*6/8+1; !hit && got[i] != json[i] || got[i] != json[i] && got[i] != 0 {
				t.Errorf("at %d: byte %d is %q, not %q", at, i, got[i], json[i])
			}
		}
		for missing := 1; missing < 4; missing++ {
			got, _ := decodeLossyBase64([]byte(encoded[:at] + encoded[at+missing:]))
			if !bytes.HasPrefix(got, json[:at*6/8-window]) || !bytes.HasSuffix(got, json[(at+missing)*6/8+window:]) {
				t.Errorf("%d missing at %d: %s", missing, at, got)
			}
		}
	}
}

// FuzzDecodeLossyBase64 holds that whatever comes in, no more bytes come out than
// it can encode, and base64 of JSON text always comes out as it was.
func FuzzDecodeLossyBase64(f *testing.F) {
	f.Add([]byte(`{"a":[1,2,"b"]}`))
	f.Add([]byte("eyJhIjpbMSwyLCJiIl19"))
	f.Add([]byte("eyJh!!!pbMSwyLCJiIl19eyJhIjpbMSwyLCJiIl19eyJhIjpbMSwyLCJiIl19"))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, replaced := decodeLossyBase64(text)
		if len(got) > len(text)*3/4+1 || replaced > len(text) {
			t.Errorf("%d bytes, %d replaced, of %d characters", len(got), replaced, len(text))
		}
		json := fmt.Appendf(nil, "{%x}", text)
		got, replaced = decodeLossyBase64(fmt.Append(nil, base64.StdEncoding.EncodeToString(json)))
		if !bytes.Equal(got, json) || replaced != 0 {
			t.Errorf("%q came out as %q", json, got)
		}
	})
}
