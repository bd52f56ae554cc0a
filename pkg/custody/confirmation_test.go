package custody

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"
)

func confirmation() *Confirmation {
	return &Confirmation{Time: made, Share: 2, Holder: "bob", Set: id, SealedKey: Digest{1}, Against: AgainstTranscript, Transcript: Digest{2}, Version: "v1.0.0", Tool: Digest{3}}
}

func TestConfirmation(t *testing.T) {
	line, err := confirmation().Line()
	if err != nil {
		t.Fatal(err)
	}
	two := append(bytes.Clone(line), line...)
	for _, text := range [][]byte{two, bytes.ReplaceAll(two, []byte("\n"), []byte("\r\n")), append([]byte("\n"), two...), two[:len(two)-1]} {
		all, err := ParseConfirmations(text)
		if err != nil || len(all) != 2 || *all[1] != *confirmationRead(t, line) {
			t.Errorf("%q: %d, %v", text, len(all), err)
		}
	}
	for name, bad := range map[string]string{
		"empty":         "",
		"blank lines":   "\n\n",
		"more":          strings.Replace(string(line), `{`, `{"more":1,`, 1),
		"another type":  strings.Replace(string(line), `"confirmation"`, `"share"`, 1),
		"blanks":        strings.Replace(string(line), `,"`, `, "`, 1),
		"no transcript": strings.Replace(string(line), `"against":"transcript"`, `"against":"set-and-sha256"`, 1),
		"name":          strings.Replace(string(line), `"bob"`, `"b b"`, 1),
		"escape":        strings.Replace(string(line), `"bob"`, "\"b\x1bb\"", 1),
		"share 0":       strings.Replace(string(line), `"share":2`, `"share":0`, 1),
		"twice":         string(line[:len(line)-1]) + string(line),
		"too large":     strings.Repeat(string(line), 1+MaxConfirmations/len(line)),
	} {
		if _, err := ParseConfirmations([]byte(bad)); !errors.Is(err, ErrConfirmation) {
			t.Errorf("%s: %v", name, err)
		}
	}
	wrong := confirmation()
	wrong.Holder = string(fixed().encode("", "").Reveal()) // a share has no place in it
	if _, err := wrong.Line(); !errors.Is(err, ErrConfirmation) {
		t.Errorf("a share as name: %v", err)
	}
}

func confirmationRead(t *testing.T, line []byte) *Confirmation {
	t.Helper()
	all, err := ParseConfirmations(line)
	if err != nil {
		t.Fatal(err)
	}
	return all[0]
}

func TestExpected(t *testing.T) {
	x := &Expected{Set: id, SealedKey: Digest{1}, Holders: []string{"alice", "bob"}, Transcript: Digest{2}}
	for want, change := range map[string]func(*Confirmation){
		"":                                    func(*Confirmation) {},
		"is of set 0900 0000 0000 0000":       func(c *Confirmation) { c.Set = SetID{9} },
		"is of share 1":                       func(c *Confirmation) { c.Share = 1 },
		"is of share 3":                       func(c *Confirmation) { c.Share = 3 },
		"is of a sealed key with the SHA-256": func(c *Confirmation) { c.SealedKey = Digest{} },
		"was compared with another":           func(c *Confirmation) { c.Transcript = Digest{9} },
	} {
		c := confirmation()
		change(c)
		err := x.Check(c)
		if (want == "") != (err == nil) || err != nil && !strings.HasPrefix(err.Error(), "the confirmation of bob "+want) {
			t.Errorf("%q: %v", want, err)
		}
	}
	c := confirmation()
	c.Against, c.Transcript = AgainstNumbers, Digest{}
	if err := x.Check(c); err != nil {
		t.Errorf("with the numbers: %v", err)
	}
	k, _ := newSet(t, 2, 2)
	if e := k.Expect(); e.Set != k.ID || e.SealedKey != DigestOf(k.Bytes()) || len(e.Holders) != 2 {
		t.Errorf("%+v", e)
	}
}

// FuzzParseConfirmations holds that what is read is, written again, the same line,
// and shows nothing that was not checked.
func FuzzParseConfirmations(f *testing.F) {
	line, err := confirmation().Line()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(line)
	f.Add(bytes.Repeat(line, 3))
	f.Fuzz(func(t *testing.T, data []byte) {
		all, err := ParseConfirmations(data)
		if err != nil {
			return
		}
		for _, c := range all {
			again, err := c.Line()
			if err != nil || !bytes.Contains(data, bytes.TrimSpace(again)) {
				t.Fatalf("%q became %q, %v", data, again, err)
			}
			if !validName(c.Holder) || !c.Time.Equal(c.Time.Truncate(time.Second)) {
				t.Fatalf("%+v", c)
			}
		}
	})
}

// FuzzOpenersOf holds that whatever is in the header of an age file, what is said
// of it is plain text, and bounded.
func FuzzOpenersOf(f *testing.F) {
	k, _ := newSet(f, 2, 2)
	f.Add(k.Bytes())
	f.Add([]byte("age-encryption.org/v1\n-> ssh-ed25519 AAAAAA AAAA\nAAAA\n--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		openers := OpenersOf(data)
		if len(openers) > maxOpeners {
			t.Fatal(len(openers))
		}
		for _, o := range openers {
			if text := o.String(); len(text) > 100 || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Fatalf("%q", text)
			}
		}
		OpenersFit(openers, []string{WithPassphrase, "age1x"})
	})
}
