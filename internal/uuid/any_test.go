package uuid

import (
	"strings"
	"testing"
)

const anyID = "0830144c-4771-49fd-9ff5-9a4ee1a4e97a"

func TestParseAny(t *testing.T) {
	want, err := Parse(anyID)
	if err != nil {
		t.Fatal(err)
	}
	bare := strings.ReplaceAll(anyID, "-", "")
	for _, s := range []string{
		anyID, strings.ToUpper(anyID), bare, strings.ToUpper(bare), "{" + anyID + "}", "{" + strings.ToUpper(bare) + "}", "(" + anyID + ")", "[" + anyID + "]",
		"<" + anyID + ">", `"` + anyID + `"`, `"{` + anyID + `}"`, "'" + bare + "'", "“" + anyID + "”", "urn:uuid:" + anyID, "URN:UUID:" + bare, "<urn:uuid:" + anyID + ">",
		" " + anyID + "\t", "\u00a0" + anyID + "\u202f", "\ufeff" + anyID, anyID + "\u200b", anyID[:10] + "\u200b" + anyID[10:], anyID[:10] + "\u00ad" + anyID[10:],
		strings.ReplaceAll(anyID, "-", "\u2013"), strings.ReplaceAll(anyID, "-", "\u2011"), strings.ReplaceAll(anyID, "-", "\u2212"), anyID + "\r\n",
	} {
		if got, err := ParseAny(s); err != nil || got != want {
			t.Errorf("%+q: %s, %v", s, got, err)
		}
	}
	for _, s := range []string{
		"", "{}", anyID[1:], anyID + "0", "{" + anyID, anyID + "}", "(" + anyID + "}", strings.Replace(anyID, "-", "", 1), strings.Replace(anyID, "0", "o", 1),
		anyID[:4] + "-" + anyID[4:8] + anyID[9:], anyID + " " + anyID, strings.ReplaceAll(anyID, "-", " "), "0x" + bare, "\u0660830144c-4771-49fd-9ff5-9a4ee1a4e97a",
		strings.Repeat(" ", 200) + anyID, strings.Repeat("\u200b", 1<<20), strings.ReplaceAll(anyID, "-", "--"), "urn:" + anyID, "-" + bare,
	} {
		if got, err := ParseAny(s); err != ErrSyntax || got != (ID{}) {
			t.Errorf("%.80q: %s, %v", s, got, err)
		}
	}
}

// FuzzParseAny: what is read has the digits of the text, in their order, and no
// others; and what Parse reads, ParseAny reads alike.
func FuzzParseAny(f *testing.F) {
	for _, s := range []string{anyID, "{" + anyID + "}", "\ufeff\u00a0urn:uuid:" + strings.ToUpper(anyID), strings.ReplaceAll(anyID, "-", ""), "x" + anyID} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		strict, strictErr := Parse(s)
		id, err := ParseAny(s)
		if strictErr == nil && (err != nil || id != strict) {
			t.Fatalf("%q: %v, %v", s, id, err)
		}
		if err != nil {
			return
		}
		digits := strings.Map(func(r rune) rune {
			if strings.ContainsRune("0123456789abcdef", r) {
				return r
			}
			return -1
		}, strings.ToLower(s))
		digits = strings.TrimLeft(digits[:len(digits)-32], "d") + digits[len(digits)-32:] // of urn:uuid:
		if want := strings.ReplaceAll(id.String(), "-", ""); digits != want {
			t.Fatalf("%q: digits %s, read %s", s, digits, want)
		}
	})
}
