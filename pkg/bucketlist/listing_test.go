package bucketlist

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
)

const (
	keyA = "0ab0ab00-0000-4000-8000-00000000000a"
	keyB = "0ab0ab00-0000-4000-8000-00000000000b"
	md5A = "d41d8cd98f00b204e9800998ecf8427e"
)

// ver is a version as the aws command prints it.
func ver(key, id, modified string, size int, etag string, latest bool) string {
	return fmt.Sprintf(`{"ETag": "\"%s\"", "Size": %d, "StorageClass": "STANDARD", "Key": %q, "VersionId": %q, "IsLatest": %t, "LastModified": %q, "Owner": {"ID": "x"}}`,
		etag, size, key, id, latest, modified)
}

func marker(key, id, modified string, latest bool) string {
	return fmt.Sprintf(`{"Owner": {}, "Key": %q, "VersionId": %q, "IsLatest": %t, "LastModified": %q}`, key, id, latest, modified)
}

func all(versions, markers []string) string {
	return fmt.Sprintf("{\n    \"Versions\": [%s],\n    \"DeleteMarkers\": [%s],\n    \"RequestCharged\": null\n}\n", strings.Join(versions, ",\n"), strings.Join(markers, ",\n"))
}

// paged is one page of --no-paginate.
func paged(marker, versionMarker string, next []string, versions ...string) string {
	more := `"IsTruncated": false`
	if next != nil {
		more = fmt.Sprintf(`"IsTruncated": true, "NextKeyMarker": %q, "NextVersionIdMarker": %q`, next[0], next[1])
	}
	return fmt.Sprintf(`{%s, "KeyMarker": %q, "VersionIdMarker": %q, "Versions": [%s], "Name": "bucket", "Prefix": "", "MaxKeys": 2, "EncodingType": "url"}`,
		more, marker, versionMarker, strings.Join(versions, ","))
}

var (
	a2 = ver("in/"+keyA+"/recovery_shard-0.txt", "a2", "2026-11-25T14:32:16+00:00", 20, md5A, true)
	a1 = ver("in/"+keyA+"/recovery_shard-0.txt", "a1", "2026-11-18T10:00:00.000Z", 10, strings.ToUpper(md5A), false)
	a3 = ver("in/"+keyA+"/recovery_shard-1.txt", "null", "2026-11-18T10:00:00Z", 30, md5A+"-2", true)
	b1 = ver(strings.ToUpper(keyB)+"/recovery_shard-0.txt", "b1", "2026-11-18T12:00:00+02:00", 10, "", false)
	b2 = marker(strings.ToUpper(keyB)+"/recovery_shard-0.txt", "b2", "2026-11-20T12:00:00+00:00", true)
	c1 = ver("logs/one.txt", "c1", "2027-01-01T00:00:00Z", 5, "", true)
)

func TestParse(t *testing.T) {
	whole := all([]string{a2, a1, a3, b1, c1}, []string{b2})
	page1 := paged("", "", []string{"in/A", "a2"}, a2)
	page2 := paged("in/A", "a2", []string{"in/A", "a1"}, a1, a3)
	page3 := strings.Replace(paged("in/A", "a1", nil, b1, c1), `"Name"`, `"DeleteMarkers": [`+b2+`], "Name"`, 1)
	var wide []byte
	for _, u := range append([]uint16{0xfeff}, utf16.Encode([]rune(whole))...) {
		wide = append(wide, byte(u), byte(u>>8))
	}
	for name, text := range map[string]string{
		"as aws joins it":                        whole,
		"with a byte order mark":                 "\ufeff" + whole,
		"as PowerShell writes it":                string(wide),
		"pages one after the other":              page1 + "\n" + page2 + "\n" + page3 + "\n",
		"pages in the order of their names":      page1 + page3 + page2,
		"the last of a page again":               page1 + strings.Replace(page2, a1, a2+","+a1, 1) + page3,
		"pages in an array":                      "[" + page3 + "," + page1 + ", " + page2 + "]",
		"null in the place of what there is not": strings.Replace(whole, `"RequestCharged"`, `"CommonPrefixes": null, "NextToken": null, "RequestCharged"`, 1),
	} {
		l, err := Parse([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if l.Versions != 5 || l.Markers != 1 || l.Others != 1 || len(slices.Collect(l.Keys())) != 2 {
			t.Errorf("%s: %d versions, %d markers, %d others, %d keys", name, l.Versions, l.Markers, l.Others, len(slices.Collect(l.Keys())))
		}
		var got []string
		for id := range l.Keys() {
			for _, o := range l.Objects(id) {
				got = append(got, fmt.Sprintf("%s/%d", id, o.Index))
				for _, v := range o.Versions {
					got = append(got, fmt.Sprintf("%s %s %d %q %t", v.ID, v.Modified.Format(time.RFC3339), v.Size, v.MD5, v.Deleted))
				}
			}
		}
		want := []string{
			keyA + "/0", `a2 2026-11-25T14:32:16Z 20 "` + md5A + `" false`, `a1 2026-11-18T10:00:00Z 10 "` + md5A + `" false`,
			keyA + "/1", `null 2026-11-18T10:00:00Z 30 "" false`,
			keyB + "/0", `b2 2026-11-20T12:00:00Z 0 "" true`, `b1 2026-11-18T10:00:00Z 10 "" false`,
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n%s", name, strings.Join(got, "\n"))
		}
		if newest := l.Newest().Format(time.DateOnly); newest != "2026-11-25" {
			t.Errorf("%s: newest %s", name, newest)
		}
	}
}

func TestRefused(t *testing.T) {
	page1 := paged("", "", []string{"in/A", "a2"}, a2)
	page2 := paged("in/A", "a2", nil, a1, a3)
	whole := all([]string{a2, a1}, nil)
	for _, c := range []struct {
		name, text, want string
		incomplete       bool
	}{
		{"nothing", " \n", "empty: the command failed, or nothing was ever in the bucket", false},
		{"cut off", whole[:len(whole)-3], "the text ends too early", false},
		{"an error page", "<Error/>", "line 1: ", false},
		{"another JSON", `{"Contents": []}`, "neither Versions nor DeleteMarkers is in it", false},
		{"versions without markers", "[" + a2 + "]", "neither Versions nor DeleteMarkers is in it", false},
		{"the first page alone", page1, `the listing is not complete: the page after "in/A" is missing`, true},
		{"the last page alone", page2, "the listing is not complete: its first page is missing", true},
		{"a page twice", page1 + page1 + page2, "the same page is in it twice", false},
		{"a page too many", paged("", "", nil, a2, a1) + page2, "it has pages after its last one", false},
		{"two listings", whole + whole, "several listings are in it", false},
		{"two prefixes", page1 + strings.Replace(page2, `"Prefix": ""`, `"Prefix": "in/"`, 1), "different prefixes", false},
		{"--max-items", strings.Replace(whole, `"RequestCharged"`, `"NextToken": "eyJ", "RequestCharged"`, 1), "the listing is not complete: it was made with --max-items", true},
		{"--delimiter", strings.Replace(whole, `"RequestCharged"`, `"CommonPrefixes": [{"Prefix": "in/"}], "RequestCharged"`, 1), "the listing is not complete: it was made with --delimiter", true},
		{"--prefix of a key", strings.Replace(whole, `"RequestCharged"`, `"Prefix": "in/0", "RequestCharged"`, 1), "the listing is not complete: it was made with --prefix", true},
		{"the latest is missing", all([]string{a1}, nil), "the listing is not complete: the latest version of", true},
		{"two latest", all([]string{a2, strings.Replace(a1, "false", "true", 1)}, nil), "it has two latest versions of", false},
		{"a version twice", all([]string{a2, a1, strings.Replace(a1, "10,", "11,", 1)}, nil), `it has two versions "a1" of`, false},
		{"no date", all([]string{strings.Replace(a2, "2026-11-25T14:32:16+00:00", "yesterday", 1)}, nil), `LastModified "yesterday" is not of the form`, false},
		{"no size", all([]string{strings.Replace(a2, `"Size"`, `"Sise"`, 1)}, nil), "a version without its Size", false},
		{"a negative size", all([]string{strings.Replace(a2, `"Size": 20`, `"Size": -1`, 1)}, nil), "a version without its Size", false},
		{"no version ID", all([]string{strings.Replace(a2, `"a2"`, `null`, 1)}, nil), "a version without Key, VersionId", false},
		{"latest or not", all([]string{strings.Replace(a2, `true`, `"yes"`, 1)}, nil), "true or false expected", false},
		{"a name twice", strings.Replace(whole, `"DeleteMarkers"`, `"Versions"`, 1), "occurs twice", false},
		{"a long name", all([]string{ver(strings.Repeat("x", 1025), "v", "2026-11-18T10:00:00Z", 1, "", true)}, nil), "a text of more than 1024 bytes", false},
		{"something after it", "[" + page1 + "," + page2 + "] x", "something follows the end", false},
	} {
		_, err := Parse([]byte(c.text))
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), c.want) || e.Incomplete != c.incomplete {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := Parse(make([]byte, MaxSize+1)); err == nil || !strings.Contains(err.Error(), "larger than 256 MiB") {
		t.Error(err)
	}
}

// TestRecorded: listings that servers gave, by way of the aws command.
func TestRecorded(t *testing.T) {
	for name, want := range map[string]string{
		"versitygw.json":       "1: 01M8AFRGYX6G18KG6DP5Y4TPSY 13, 01M8AFR35RDD2V15XQSC92NVXH 9; 2: deleted, 01M8AFR795V57AVGCQEN4D5K9Y 9; 3: 01M8AFRB33AP66SQX6VZNE3GVN 9; 1 others",
		"versitygw-pages.json": "1: 01M8AFRGYX6G18KG6DP5Y4TPSY 13, 01M8AFR35RDD2V15XQSC92NVXH 9; 2: deleted, 01M8AFR795V57AVGCQEN4D5K9Y 9; 3: 01M8AFRB33AP66SQX6VZNE3GVN 9; 1 others",
		"moto.json":            "b: 324ae65d-7475-443b-a06b-2de3a59af912 150000, ad3491e2-eb1a-465d-9790-f531ce0eb230 150000; 1 others",
	} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		l, err := Parse(data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []string
		for id := range l.Keys() {
			for _, o := range l.Objects(id) {
				var versions []string
				for _, v := range o.Versions {
					text := fmt.Sprintf("%s %d", v.ID, v.Size)
					if v.Deleted {
						text = "deleted"
					} else if len(v.MD5) != 32 {
						t.Errorf("%s: %+v", name, v)
					}
					versions = append(versions, text)
				}
				got = append(got, id.String()[35:]+": "+strings.Join(versions, ", "))
			}
		}
		got = append(got, fmt.Sprintf("%d others", l.Others))
		if text := strings.Join(got, "; "); text != want {
			t.Errorf("%s:\n%s\n%s", name, text, want)
		}
	}
}

// again writes a listing as pages of n versions.
func (l *Listing) again(t testing.TB, n int) []byte {
	type record struct {
		Key, VersionId, LastModified string
		Size                         *int64 `json:",omitempty"`
		ETag                         string `json:",omitempty"`
		IsLatest                     bool
	}
	type answer struct {
		IsTruncated             bool
		KeyMarker               string
		VersionIdMarker         string
		NextKeyMarker           string   `json:",omitempty"`
		NextVersionIdMarker     string   `json:",omitempty"`
		Versions, DeleteMarkers []record `json:",omitempty"`
		Prefix                  string
	}
	page := &answer{Prefix: l.Prefix}
	pages := []*answer{page}
	for id := range l.Keys() {
		for _, o := range l.Objects(id) {
			for _, v := range o.Versions {
				if len(page.Versions)+len(page.DeleteMarkers) == n {
					page.IsTruncated, page.NextKeyMarker, page.NextVersionIdMarker = true, o.Key, v.ID
					page = &answer{KeyMarker: o.Key, VersionIdMarker: v.ID, Prefix: l.Prefix}
					pages = append(pages, page)
				}
				r := record{Key: o.Key, VersionId: v.ID, LastModified: v.Modified.Format(time.RFC3339Nano), IsLatest: v.Latest}
				if v.Deleted {
					page.DeleteMarkers = append(page.DeleteMarkers, r)
					continue
				}
				r.Size, r.ETag = &v.Size, `"`+v.MD5+`"`
				page.Versions = append(page.Versions, r)
			}
		}
	}
	var out bytes.Buffer
	for _, p := range pages {
		if err := json.NewEncoder(&out).Encode(p); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

// FuzzParse: what is accepted has one latest version of each object, which comes
// first; it says the same when it is written again in pages, and no part of these
// that ends early is accepted.
func FuzzParse(f *testing.F) {
	f.Add([]byte(all([]string{a2, a1, a3, b1, c1}, []string{b2})), uint8(2), uint16(100))
	f.Add([]byte(paged("", "", []string{"in/A", "a2"}, a2)+paged("in/A", "a2", nil, a1, a3)), uint8(1), uint16(7))
	f.Add([]byte(`{"IsTruncated": false}`), uint8(1), uint16(0))
	f.Fuzz(func(t *testing.T, data []byte, n uint8, cut uint16) {
		l, err := Parse(data)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		for id := range l.Keys() {
			for _, o := range l.Objects(id) {
				for i, v := range o.Versions {
					if v.Latest != (i == 0) || v.Size < 0 || i > 1 && v.Modified.After(o.Versions[i-1].Modified) {
						t.Fatalf("%s: %+v", o.Key, o.Versions)
					}
				}
			}
		}
		for id := range l.Keys() {
			for _, o := range l.Objects(id) {
				if !json.Valid([]byte(fmt.Sprintf("%q", o.Key))) { // names that %q or JSON would change
					return
				}
			}
		}
		text := l.again(t, 1+int(n)%5)
		same, err := Parse(text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if again := same.again(t, 1+int(n)%5); !bytes.Equal(again, text) {
			t.Fatalf("%s\nis read as\n%s", text, again)
		}
		trimmed := bytes.TrimSpace(text)
		{
			end := int(cut) % len(trimmed)
			if _, err := Parse(trimmed[:end]); err == nil {
				t.Fatalf("a listing that is cut off is taken:\n%s", trimmed[:end])
			}
		}
	})
}
