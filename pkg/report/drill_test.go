package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// drilled is the report of a drill of a few keys.
func drilled(t testing.TB, n int, edit func(k *Key)) string {
	t.Helper()
	s := newSample(t, n)
	key := strings.Repeat("cd", 32)
	lines := []string{`{"type":"run","verb":"drill","tool":{"version":"1","go":"go1","sha256":""},"begun":"2026-11-20T10:00:00Z","record":"record.json","record_sha256":"` +
		strings.Repeat("00", 32) + `","environment":"sandbox","shards":"bucket"}`}
	var counts Summary
	for i := range s.keys {
		k := s.keys[i]
		k.RecoveryKey, k.Signed = key, true
		if edit != nil {
			edit(&k)
		}
		counts.Count(&k)
		line, err := json.Marshal(&k)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, string(line))
	}
	counts.Type = "summary"
	end, err := json.Marshal(struct {
		Summary
		Recorded    int      `json:"recorded"`
		RecoveryKey string   `json:"recovery_key"`
		Present     []string `json:"present"`
		Steps       []string `json:"steps"`
	}{counts, n + 1, key, []string{"the owner"}, nil})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(append(lines, string(end)), "\n") + "\n"
}

func TestReadDrill(t *testing.T) {
	text := drilled(t, 4, nil)
	if !IsDrill([]byte(text)) || IsDrill([]byte(`{"type":"run","verb":"verify",`)) {
		t.Error("a drill is not told by its beginning")
	}
	d, err := ReadDrill(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Keys) != 4 || d.Counts.OK != 4 || d.Recorded != 5 || d.Begun.Day() != 20 || d.Header.RecoveryKey != strings.Repeat("cd", 32) || d.Present[0] != "the owner" {
		t.Errorf("%+v", d)
	}
	for _, k := range d.Keys {
		if problem := d.Contradiction(k); problem != "" {
			t.Error(problem)
		}
	}
	long := drilled(t, 2, func(k *Key) { k.Detail = strings.Repeat("x", maxLine/2) })
	if d, err := ReadDrill(strings.NewReader(long)); err != nil || len(d.Keys) != 2 || len(d.Keys[1].Detail) != maxLine/2 {
		t.Errorf("long lines: %v", err)
	}
	for want, edit := range map[string]func(k *Key){
		"it is ok, and has not signed":                  func(k *Key) { k.Signed = false },
		"its recovery key is not that of the report":    func(k *Key) { k.RecoveryKey = strings.Repeat("ee", 32) },
		"its addresses are not those of its public key": func(k *Key) { k.Addresses = nil },
		"it is ok, and has the reason of a failure":     func(k *Key) { k.Reason = "missing" },
		"its public key is not one":                     func(k *Key) { k.PublicKey = "00" },
		"its algorithm is not known":                    func(k *Key) { k.Algorithm = "RSA" },
		"":                                              func(k *Key) { *k = Key{Type: "key", KeyID: k.KeyID, Status: Failed, Reason: "missing"} },
	} {
		d, err := ReadDrill(strings.NewReader(drilled(t, 1, edit)))
		if err != nil {
			t.Fatal(err)
		}
		if problem := d.Contradiction(d.Keys[0]); problem != want {
			t.Errorf("%q, want %q", problem, want)
		}
	}
}

func TestReadDrillRefused(t *testing.T) {
	whole := drilled(t, 2, nil)
	lines := strings.SplitAfter(whole, "\n")
	for want, text := range map[string]string{
		"not as the program writes it: empty":                                              "",
		"not as the program writes it: line 1: not the head of a drill":                    "{}\n",
		"not as the program writes it: line 1: not the head of a drill ":                   "\n" + whole,
		"not as the program writes it: line 1: not the head of a drill  ":                  strings.Replace(whole, `"verb":"drill"`, `"verb":"verify"`, 1),
		"not as the program writes it: line 1: not the head of a drill   ":                 strings.Replace(whole, `"type":"run"`, `"type":"key"`, 1),
		"not as the program writes it: line 1: its beginning has no time":                  strings.Replace(whole, "2026-11-20T10:00:00Z", "today", 1),
		"not as the program writes it: it breaks off":                                      strings.Join(lines[:3], ""),
		"not as the program writes it: its summary does not count its keys":                lines[0] + lines[1] + lines[3],
		"not as the program writes it: line 3: the key is there twice":                     lines[0] + lines[1] + lines[1] + lines[3],
		"not as the program writes it: line 5: something comes after the end":              whole + lines[1],
		"not as the program writes it: line 2: not a line that a drill writes":             lines[0] + "{}\n",
		"not as the program writes it: line 2: not the line of a key":                      lines[0] + `{"type":"key","secret":1}` + "\n",
		"not as the program writes it: line 2: not the end of a report":                    lines[0] + `{"type":"summary","keys":"x"}` + "\n",
		fmt.Sprintf("not as the program writes it: line 2: longer than %d bytes", maxLine): lines[0] + strings.Repeat("x", maxLine+1),
	} {
		if _, err := ReadDrill(strings.NewReader(text)); err == nil || err.Error() != strings.TrimSpace(want) || !errors.Is(err, ErrFormat) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// FuzzReadDrill holds that what is taken counts its keys, each once, and is read
// again from what was read.
func FuzzReadDrill(f *testing.F) {
	f.Add([]byte(drilled(f, 2, nil)))
	f.Add([]byte(drilled(f, 1, func(k *Key) { k.Status, k.Reason = Failed, "missing" })))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := ReadDrill(bytes.NewReader(data))
		if err != nil {
			return
		}
		ids := make(map[string]bool)
		for _, k := range d.Keys {
			ids[k.KeyID] = true
			_ = d.Contradiction(k)
		}
		if d.Counts.Keys != len(d.Keys) || len(ids) != len(d.Keys) || d.Header.Verb != "drill" || d.Begun.IsZero() && !strings.HasPrefix(d.Header.Begun, "0001-01-01T00:00:00") {
			t.Errorf("%+v", d)
		}
	})
}
