package custody

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"recover/fixtures/testkey"
)

// canaries are all the forms in which the secrets of a set could show.
func canaries(t *testing.T, q *Quorum, shares []*Share) []string {
	t.Helper()
	identity := string(q.Identity().Reveal())
	forms := []string{identity, identity[len(identityPrefix)+1:][:20], string(testkey.RecoveryPEM(0))[40:80], testkey.Small().D.String()[:30]}
	for _, s := range shares {
		value := s.value.Reveal()
		bare := string(s.encode("", "").Reveal())
		goSyntax := fmt.Sprintf("%#v", s.symbols()[40:50])
		forms = append(forms, string(value[:8]), hex.EncodeToString(value[:8]), fmt.Sprint(value[:8])[1:20],
			base64.StdEncoding.EncodeToString(value[:9]), bare[40:60], strings.ToLower(bare[40:60]), string(s.encode(" ", " ").Reveal())[50:65],
			goSyntax[len("[]byte{"):len(goSyntax)-1], fmt.Sprint(s.symbols()[40:50])[1:20])
	}
	return forms
}

// TestNothingShowsASecret prints all that this package gives out, and all the
// errors that can be made with one share.
func TestNothingShowsASecret(t *testing.T) {
	k, shares := newSet(t, 2, 3)
	set := NewSet(k)
	for _, s := range shares {
		if err := set.Add(s); err != nil {
			t.Fatal(err)
		}
	}
	q, err := set.Combine()
	if err != nil {
		t.Fatal(err)
	}
	var shown bytes.Buffer
	tr := NewTranscript(&shown, clock())
	show := func(v any) {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&shown, verb+"\n", v)
		}
		if err, ok := v.(error); ok {
			if err := tr.Record(Refused(err)); err != nil {
				t.Fatal(err)
			}
		}
		if text, err := json.Marshal(v); err == nil {
			shown.Write(text)
		}
	}
	for _, v := range []any{shares[0], *shares[0], shares, set, *set, q, *q, k.Description, shares[0].encode(" ", " "), shares[0].SVG(), shares[0].Blocks(), q.Identity()} {
		show(v)
	}
	bare := shares[0].encode("", "").Reveal()
	other, strangers := newSet(t, 2, 3)
	for _, err := range []error{set.Add(shares[0]), NewSet(other).Add(shares[0]), set.Add(strangers[0]), NewSet(k).try()} {
		show(err)
	}
	text := page(t, k, shares[0])
	for i := 0; i < len(text); i += 9 {
		_, err := ParseShare(text[i:])
		show(fmt.Sprint(err))
		_, err = ParseShare(text[:i])
		show(fmt.Sprint(err))
	}
	for i := range bare {
		typed := bytes.Clone(bare)
		typed[i] = '?'
		for _, typed := range [][]byte{typed, typed[:i], typed[i:], append(typed[:i:i], typed[i+1:]...)} {
			if _, err := ParseShare(typed); err != nil {
				show(err)
			}
		}
	}
	for i, c := range canaries(t, q, shares) {
		if bytes.Contains(shown.Bytes(), []byte(c)) {
			t.Errorf("canary %d is shown", i)
		}
	}
}

// TestSealedKeyHoldsNoSecret: neither shares nor identity stand in the header.
func TestSealedKeyHoldsNoSecret(t *testing.T) {
	k, shares := newSet(t, 2, 3)
	text := k.marshal()
	for _, s := range shares {
		value := s.value.Reveal()
		if bytes.Contains(text, value[:8]) || bytes.Contains(text, []byte(hex.EncodeToString(value[:8]))) {
			t.Errorf("%v stands in the description", s)
		}
	}
}

// TestWipe: nothing is left in what was wiped.
func TestWipe(t *testing.T) {
	k, shares := newSet(t, 2, 2)
	value := shares[0].value.Reveal()
	set := NewSet(k)
	for _, s := range shares {
		if err := set.Add(s); err != nil {
			t.Fatal(err)
		}
	}
	q, err := set.Combine()
	if err != nil {
		t.Fatal(err)
	}
	identity := q.identity.Reveal()
	q.Wipe()
	set.Wipe()
	if !bytes.Equal(value, make([]byte, valueLen)) || !bytes.Equal(identity, make([]byte, len(identity))) {
		t.Error("a secret is left")
	}
}
