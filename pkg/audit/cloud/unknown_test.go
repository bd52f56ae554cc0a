package cloud

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"recover/fixtures/tier"
	"recover/pkg/audit"
)

// dependent are the lines that nobody can judge without the answer of a call.
// The account is in the role's ARN too, and the region in the key's.
var dependent = map[string]string{
	"sts.get-caller-identity":                  "",
	"s3api.get-bucket-location":                "",
	"s3api.get-bucket-versioning":              "versioning mfa-delete",
	"s3api.get-object-lock-configuration":      "object-lock mfa-delete",
	"s3api.get-bucket-encryption":              "encryption",
	"s3api.get-public-access-block":            "public-access",
	"s3api.get-bucket-ownership-controls":      "ownership",
	"s3api.get-bucket-lifecycle-configuration": "lifecycle-current lifecycle-newest lifecycle-archive",
	"s3api.get-bucket-policy":                  "tls write-encryption write-key write-default-key write-customer-key write-others deletes bucket-others service-writes policy-words",
	"iam.get-role":                             "role-principal role-external-id policy-words",
	"iam.list-role-policies":                   "role-actions role-resources service-writes key-through-s3 policy-words",
	"iam.get-role-policy.1":                    "role-actions role-resources service-writes key-through-s3 policy-words",
	"iam.list-attached-role-policies":          "role-attached role-actions role-resources service-writes key-through-s3 policy-words",
	"kms.describe-key":                         "encryption role-resources service-writes key-state key-kind key-through-s3 alarm-key",
	"kms.get-key-policy":                       "service-writes key-others key-through-s3 key-deletion policy-words",
	"kms.get-key-rotation-status":              "key-rotation",
	"kms.list-grants":                          "key-grants",
	"cloudtrail.describe-trails":               "trail trail-logging trail-bucket trail-validation trail-management trail-logs alarm-failed-writes alarm-deletes alarm-reads alarm-settings alarm-key alarm-trail",
	"cloudtrail.get-event-selectors.1":         "trail trail-logging trail-bucket trail-validation trail-management trail-logs alarm-failed-writes alarm-deletes alarm-reads alarm-settings alarm-key alarm-trail",
	"cloudtrail.get-trail-status.1":            "trail-logging",
	"logs.describe-metric-filters.1":           "alarm-failed-writes alarm-deletes alarm-reads alarm-settings alarm-key alarm-trail",
	"cloudwatch.describe-alarms":               "alarm-failed-writes alarm-deletes alarm-reads alarm-settings alarm-key alarm-trail",
}

// TestNotKnown: whatever goes wrong with a call, its lines are not known, and no
// other line changes.
func TestNotKnown(t *testing.T) {
	tier.Long(t)
	kinds := []struct {
		name string
		make func(files fstest.MapFS, call string)
	}{
		{"refused", func(f fstest.MapFS, call string) { fail(f, call, awsError("AccessDenied"), 254) }},
		{"refused, version 1", func(f fstest.MapFS, call string) { fail(f, call, awsError("AccessDeniedException"), 255) }},
		{"no such bucket", func(f fstest.MapFS, call string) { fail(f, call, awsError("NoSuchBucket"), 255) }},
		{"no such role, key or trail", func(f fstest.MapFS, call string) { fail(f, call, awsError("NoSuchEntity"), 255) }},
		{"not implemented", func(f fstest.MapFS, call string) { fail(f, call, awsError("NotImplemented"), 255) }},
		{"no server", func(f fstest.MapFS, call string) {
			fail(f, call, "\nCould not connect to the endpoint URL: \"http://127.0.0.1:1/x?NoSuchBucketPolicy\"\n", 255)
		}},
		{"killed", func(f fstest.MapFS, call string) { fail(f, call, "", 137) }},
		{"not called", func(f fstest.MapFS, call string) {
			delete(f, call+".rc")
			delete(f, call+".json")
			delete(f, call+".err")
		}},
		{"broken off", func(f fstest.MapFS, call string) { delete(f, call+".rc") }},
		{"no output", func(f fstest.MapFS, call string) { delete(f, call+".json") }},
		{"no exit status", func(f fstest.MapFS, call string) { f[call+".rc"].Data = []byte("\n") }},
		{"cut off", func(f fstest.MapFS, call string) {
			f[call+".json"].Data = f[call+".json"].Data[:len(f[call+".json"].Data)-3]
		}},
		{"not JSON", func(f fstest.MapFS, call string) { f[call+".json"].Data = []byte("table | text\n") }},
		{"a list", func(f fstest.MapFS, call string) { f[call+".json"].Data = []byte("[]") }},
		{"a name twice", func(f fstest.MapFS, call string) {
			f[call+".json"].Data = []byte(strings.Replace(string(f[call+".json"].Data), "{", `{"X":1,"X":2,`, 1))
		}},
		{"one page", func(f fstest.MapFS, call string) {
			f[call+".json"].Data = []byte(strings.Replace(string(f[call+".json"].Data), "{", `{"NextToken":"more",`, 1))
		}},
		{"too large", func(f fstest.MapFS, call string) {
			f[call+".json"].Data = append(f[call+".json"].Data, make([]byte, MaxFile)...)
		}},
		{"a directory", func(f fstest.MapFS, call string) { f[call+".json"] = &fstest.MapFile{Mode: 0o755 | 1<<31} }},
	}
	all := recorded(t, "production")
	var calls []string
	for name := range all {
		if call, ok := strings.CutSuffix(name, ".rc"); ok {
			calls = append(calls, call)
		}
	}
	slices.Sort(calls)
	if known := slices.Sorted(maps.Keys(dependent)); !slices.Equal(calls, known) {
		t.Fatalf("the calls are %q, not %q", calls, known)
	}
	for _, kind := range kinds {
		for _, call := range calls {
			files := recorded(t, "production")
			kind.make(files, call)
			r := mustJudge(t, files)
			want := strings.Fields(dependent[call])
			if got := not(r.Lines, audit.NotKnown); !slices.Equal(got, want) {
				t.Errorf("%s, %s: not known are %q, not %q", call, kind.name, got, want)
			}
			if red := not(r.Lines, audit.Red); len(red) > 0 {
				t.Errorf("%s, %s: red are %q", call, kind.name, red)
			}
			for _, l := range r.Lines {
				if l.Verdict == audit.NotKnown && l.Next == "" {
					t.Errorf("%s, %s: nothing to do is said: %+v", call, kind.name, l)
				}
			}
		}
	}
}

// TestNothingKnown: without any answer, no line is green but that of the date.
func TestNothingKnown(t *testing.T) {
	files := fstest.MapFS{}
	put(files, "collected", string(recorded(t, "production")["collected.json"].Data))
	r := mustJudge(t, files)
	for _, l := range r.Lines {
		if (l.Verdict == audit.NotKnown) == (l.Item == "answers") {
			t.Errorf("%s is %s: %s", l.Item, l.Verdict, l.Fact)
		}
	}
}

// TestWrongTypes: an answer that has something else in the place of a list or a
// policy is not taken for one with nothing in it.
func TestWrongTypes(t *testing.T) {
	for call, bodies := range map[string][]string{
		"kms.list-grants":                          {`{}`, `{"grants":[]}`, `{"Grants":{}}`, `{"Grants":["x"]}`, `{"Grants":null}`},
		"iam.list-attached-role-policies":          {`{}`, `{"AttachedPolicies":"none"}`, `{"AttachedPolicies":[{}]}`},
		"iam.list-role-policies":                   {`{}`, `{"PolicyNames":"none"}`, `{"PolicyNames":[1]}`, `{"PolicyNames":["write-backups","another"]}`},
		"iam.get-role-policy.1":                    {`{}`, `{"PolicyName":"write-backups","RoleName":"another","PolicyDocument":{"Statement":[]}}`},
		"s3api.get-bucket-lifecycle-configuration": {`{}`, `{"Rules":"none"}`, `{"Rules":[[]]}`},
		"s3api.get-bucket-policy":                  {`{}`, `{"Policy":1}`, `{"Policy":"{"}`, `{"Policy":"{\"Statement\":[{\"Effect\":\"deny\",\"Action\":\"*\"}]}"}`, `{"Policy":"{\"Statement\":[{\"Effect\":\"Deny\",\"Action\":\"*\",\"Conditions\":{}}]}"}`},
		"iam.get-role":                             {`{}`, `{"Role":{"RoleName":"another","Arn":"arn:aws:iam::123456789012:role/another","AssumeRolePolicyDocument":{"Statement":[]}}}`},
		"cloudtrail.describe-trails":               {`{}`, `{"trailList":0}`},
		"logs.describe-metric-filters.1":           {`{}`, `{"metricFilters":null}`},
		"cloudwatch.describe-alarms":               {`{}`, `{"CompositeAlarms":[]}`},
	} {
		for _, body := range bodies {
			files := recorded(t, "production")
			put(files, call, body)
			r := mustJudge(t, files)
			for _, l := range r.Lines {
				if l.Verdict != audit.NotKnown && slices.Contains(strings.Fields(dependent[call]), l.Item) {
					t.Errorf("%s: %s: the line %s is %s: %s", call, body, l.Item, l.Verdict, l.Fact)
				}
			}
		}
	}
}

func TestNoCollection(t *testing.T) {
	good := recorded(t, "production")["collected.json"].Data
	for _, body := range []string{"", "{}", "x", strings.Replace(string(good), "recover-cloud/1", "recover-cloud/2", 1),
		strings.Replace(string(good), "example-", "../", 1), strings.Replace(string(good), "Palisade", "; rm ", 1), strings.Replace(string(good), "2026-11-25T", "25 Nov ", 1)} {
		if _, err := Judge(fstest.MapFS{"collected.json": {Data: []byte(body)}}, today); !errors.Is(err, ErrNoCollection) {
			t.Errorf("%s: %v", body, err)
		}
	}
	if _, err := Judge(fstest.MapFS{}, today); !errors.Is(err, ErrNoCollection) {
		t.Error(err)
	}
	many := recorded(t, "production")
	for i := range MaxFiles {
		many[fmt.Sprintf("x%d", i)] = &fstest.MapFile{}
	}
	if _, err := Judge(many, today); !errors.Is(err, ErrTooManyFiles) {
		t.Error(err)
	}
	// A word of what failed goes no further than 300 bytes and ASCII.
	files := recorded(t, "production")
	fail(files, "kms.list-grants", "\x1b[31m"+strings.Repeat("é", 1000), 255)
	for _, l := range mustJudge(t, files).Lines {
		if l.Item == "key-grants" && (strings.ContainsAny(l.Fact, "\x1bé") || len(l.Fact) > 2000) {
			t.Errorf("%q", l.Fact)
		}
	}
}

func TestAge(t *testing.T) {
	for _, c := range []struct {
		now  string
		want audit.Verdict
	}{{"2026-11-25T14:00:00Z", audit.Green}, {"2026-12-26T00:00:00Z", audit.Green}, {"2026-12-27T00:00:00Z", audit.NotKnown}, {"2026-11-23T00:00:00Z", audit.NotKnown}} {
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Judge(recorded(t, "production"), now)
		if err != nil || r.Lines[0].Item != "answers" || r.Lines[0].Verdict != c.want {
			t.Errorf("%s: %v, %+v", c.now, err, r.Lines[0])
		}
	}
}

// TestMFADelete: the two ways, and answers that contradict each other.
func TestMFADelete(t *testing.T) {
	line := func(files fstest.MapFS) audit.Line {
		r := mustJudge(t, files)
		return r.Lines[slices.IndexFunc(r.Lines, func(l audit.Line) bool { return l.Item == "mfa-delete" })]
	}
	files := recorded(t, "production")
	if l := line(files); l.Verdict != audit.Green || !strings.HasPrefix(l.Fact, "off, because") {
		t.Errorf("%+v", l)
	}
	put(files, "s3api.get-bucket-versioning", `{"Status":"Enabled","MFADelete":"Enabled"}`)
	if l := line(files); l.Verdict != audit.NotKnown {
		t.Errorf("with lifecycle rules: %+v", l)
	}
	fail(files, "s3api.get-bucket-lifecycle-configuration", awsError("NoSuchLifecycleConfiguration"), 254)
	if l := line(files); l.Verdict != audit.Green || !strings.HasPrefix(l.Fact, "MFA Delete is on") {
		t.Errorf("without lifecycle rules: %+v", l)
	}
	if text := show(mustJudge(t, files)); text != "" {
		t.Errorf("with MFA Delete:\n%s", text)
	}
	put(files, "s3api.get-bucket-versioning", `{"Status":"Enabled"}`)
	fail(files, "s3api.get-object-lock-configuration", awsError("ObjectLockConfigurationNotFoundError"), 254)
	if l := line(files); l.Verdict != audit.NotKnown {
		t.Errorf("without both: %+v", l)
	}
}

// TestApart: what two environments share is named.
func TestApart(t *testing.T) {
	production := mustJudge(t, recorded(t, "production"))
	if l := Apart(production, mustJudge(t, recorded(t, "sandbox"))); l.Verdict != audit.Green || l.Next != "" {
		t.Errorf("%+v", l)
	}
	for _, c := range []struct{ call, old, new, fact string }{
		{"collected", "backups-sandbox", "backups-production", `the bucket "example-wallet-backups-production" is the same`},
		{"iam.get-role", "role/PalisadeS3BackupRole-sandbox", "role/PalisadeS3BackupRole-production", `the role "arn:aws:iam::123456789012:role/PalisadeS`},
		{"iam.get-role", "id-of-sandbox", "id-of-production", "an external ID is the same"},
		{"kms.describe-key", "key/5a5a6271", "key/21e36271", `the key "arn:aws:kms:eu-central-1:123456789012:key/21e36271`},
	} {
		files := recorded(t, "sandbox")
		replace(t, files, c.call, c.old, c.new)
		for _, pair := range [][2]*Review{{production, mustJudge(t, files)}, {mustJudge(t, files), production}} {
			if l := Apart(pair[0], pair[1]); l.Verdict != audit.Red || !strings.HasPrefix(l.Fact, c.fact) || l.Next == "" {
				t.Errorf("%s: %+v", c.old, l)
			}
		}
	}
	for _, call := range []string{"iam.get-role", "kms.describe-key"} {
		files := recorded(t, "sandbox")
		fail(files, call, awsError("AccessDenied"), 255)
		if l := Apart(production, mustJudge(t, files)); l.Verdict != audit.NotKnown || l.Next == "" {
			t.Errorf("%s: %+v", call, l)
		}
	}
}
