package strictjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"recover/fixtures/tier"
)

// tree reads any value into the same shape that encoding/json makes.
func tree(s *Scanner) (any, error) {
	switch c := s.Peek(); {
	case c == '{':
		m := map[string]any{}
		err := s.Object(func(name string) (err error) { m[name], err = tree(s); return })
		return m, err
	case c == '[':
		a := []any{}
		err := s.Array(func(int) error { v, err := tree(s); a = append(a, v); return err })
		return a, err
	case c == '"':
		return s.Text()
	case s.Null():
		return nil, nil
	case c == '-' || c >= '0' && c <= '9':
		value, err := s.value('0')
		return json.Number(value), err
	default:
		err := s.Skip()
		return c == 't', err
	}
}

func read(data string) (any, error) {
	s := New([]byte(data))
	v, err := tree(s)
	if err == nil {
		err = s.End()
	}
	return v, err
}

func TestRefused(t *testing.T) {
	long := strings.Repeat("n", 60)
	for _, c := range []struct{ in, want string }{
		{"", `line 1: the text ends too early`},
		{"\n\n nul", `line 3: the text ends too early`},
		{"{\n\"a\":1,\n\"a\":2}", `line 3: the name "a" occurs twice`},
		{`{"` + long + `":1,"` + long + `":2}`, `line 1: the name "` + long[:40] + `"… occurs twice`},
		{`{"x":{"a":1,"\u0061":2}}`, `line 1: the name "a" occurs twice`},
		{`{"a" 1}`, `line 1: invalid character '1' after object name (expecting ':')`},
		{`{"a":1 "b":2}`, `line 1: invalid character '"' after object value (expecting ',' or '}')`},
		{`{"a":1,}`, `line 1: invalid character ',' at start of value`},
		{`[1,]`, `line 1: invalid character ',' at start of value`},
		{`[1 2]`, `line 1: invalid character '2' after array element (expecting ',' or ']')`},
		{`{1:2}`, `line 1: object member name must be a string`},
		{`{"a":1`, `line 1: the text ends too early`},
		{`["a`, `line 1: the text ends too early`},
		{`["a\`, `line 1: the text ends too early`},
		{"[\"a\nb\"]", `line 1: invalid character '\n' in string (expecting non-control character)`},
		{"[\"\xff\"]", `line 1: invalid UTF-8`},
		{`["\x"]`, "line 1: invalid escape sequence `\\x` in string"},
		{`["\u12g4"]`, "line 1: invalid escape sequence `\\u12g4` in string"},
		{`["\ud800"]`, "line 1: invalid surrogate pair `\\ud800\"]` in string"},
		{`["\ud800\u0061"]`, "line 1: invalid surrogate pair `\\ud800\\u0061` in string"},
		{`[01]`, `line 1: invalid character '1' after array element (expecting ',' or ']')`},
		{`[-]`, `line 1: invalid character ']' in number (expecting digit)`},
		{`[1.]`, `line 1: invalid character ']' in number (expecting digit)`},
		{`[1e+]`, `line 1: invalid character ']' in number (expecting digit)`},
		{`[1] x`, `line 1: something follows the end of the JSON text`},
		{"[1]\x00", `line 1: something follows the end of the JSON text`},
		{"\x00", `line 1: invalid character '\x00' at start of value`},
		{strings.Repeat("[", 100000), `line 1: nested more than 32 deep`},
		{strings.Repeat(`{"a":`, 100000), `line 1: nested more than 32 deep`},
	} {
		if _, err := read(c.in); err == nil || err.Error() != c.want {
			t.Errorf("%.40q: %v\nwant %s", c.in, err, c.want)
		}
	}
}

func TestInt(t *testing.T) {
	for _, c := range []struct {
		in   string
		want int64
		err  string
	}{
		{"-1", -1, ""},
		{"4000000000", 4000000000, ""},
		{"-9223372036854775808", -1 << 63, ""},
		{"9223372036854775808", 0, "line 1: not a whole number of 64 bits"},
		{"1.0", 0, "line 1: not a whole number of 64 bits"},
		{"1e3", 0, "line 1: not a whole number of 64 bits"},
		{`"1"`, 0, "line 1: a number expected, found a string"},
		{"true", 0, "line 1: a number expected, found true or false"},
	} {
		got, err := New([]byte(c.in)).Int()
		if got != c.want || fmt.Sprint(err) != c.err && c.err != "" || c.err == "" && err != nil {
			t.Errorf("Int of %s: %d, %v", c.in, got, err)
		}
	}
}

func TestStringsAreNotCopied(t *testing.T) {
	data := []byte(`"abcdefghijklmnop"`)
	b, err := New(data).Bytes()
	if err != nil || &b[0] != &data[1] || cap(b) != len(b) {
		t.Errorf("Bytes: %q, %v, cap %d", b, err, cap(b))
	}
}

func TestManyNames(t *testing.T) {
	tier.Long(t)
	var b strings.Builder
	for i := range 200000 {
		fmt.Fprintf(&b, `,"n%d":0`, i)
	}
	if _, err := read("{" + b.String()[1:] + "}"); err != nil {
		t.Fatal(err)
	}
	if _, err := read("{" + b.String()[1:] + `,"n199999":1}`); err == nil {
		t.Error("the last of 200000 names came twice, and nothing was said")
	}
}

// FuzzAgainstEncodingJSON holds that whatever is read here is read the same by
// encoding/json, and that what is refused here but taken there is refused for
// one of the stated reasons.
func FuzzAgainstEncodingJSON(f *testing.F) {
	for _, s := range []string{
		`{"a":[1,-2.5e3,"x\u00e9\ud83d\ude00\/",true,false,null],"b":{}}`, `"\\\"\n"`, "\xef\xbb\xbf[]", `{"a":1,"a":2}`, `["é"]`, ` 0 `,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := read(string(data))
		d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))))
		d.UseNumber()
		var want any
		wantErr := d.Decode(&want)
		if err == nil && (wantErr != nil || !reflect.DeepEqual(got, want)) {
			t.Fatalf("%q: read %#v; encoding/json: %#v, %v", data, got, want, wantErr)
		}
		if err != nil && wantErr == nil && !stated(err.Error()) && json.Valid(data) {
			t.Fatalf("%q: %v; encoding/json reads it", data, err)
		}
	})
}

func stated(problem string) bool {
	for _, reason := range []string{"occurs twice", "invalid UTF-8", "surrogate", "nested", "something follows"} {
		if strings.Contains(problem, reason) {
			return true
		}
	}
	return false
}

func BenchmarkSkip(b *testing.B) {
	text := strings.Repeat("QUJD", 171)
	data := []byte(`{"es":["` + strings.Repeat(text+`","`, 300) + `"]}`)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if err := New(data).Skip(); err != nil {
			b.Fatal(err)
		}
	}
}

func TestRaw(t *testing.T) {
	var got []string
	s := New([]byte("\xef\xbb\xbf{\"a\" : 1 , \"b\":[ 1, 2 ] ,\"c\":{\"d\":\"x\"}} "))
	err := s.Object(func(string) error {
		text, err := s.Raw()
		got = append(got, string(text))
		return err
	})
	if want := []string{"1", "[ 1, 2 ]", `{"d":"x"}`}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := New([]byte(`{"a":1,"a":2}`)).Raw(); err == nil {
		t.Error("a double name is passed over")
	}
}
