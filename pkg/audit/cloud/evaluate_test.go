package cloud

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestConditions: what AWS documents of each operator, with and without the key in
// the request.
func TestConditions(t *testing.T) {
	present := request{}.with("aws:SourceVpc", "vpc-1", "s3:max-keys", "10", "aws:SecureTransport", "false")
	for _, c := range []struct {
		condition       string // operator key values…
		present, absent certainty
	}{
		{"StringEquals aws:SourceVpc vpc-0 vpc-1", yes, no},
		{"StringEquals AWS:sourcevpc vpc-1", yes, no},
		{"StringEquals aws:SourceVpc VPC-1", no, no},
		{"StringEqualsIgnoreCase aws:SourceVpc VPC-1", yes, no},
		{"StringNotEquals aws:SourceVpc vpc-1", no, yes},
		{"StringNotEquals aws:SourceVpc vpc-2 vpc-3", yes, yes},
		{"StringNotEquals aws:SourceVpc vpc-1 vpc-3", no, yes},
		{"StringNotEqualsIgnoreCase aws:SourceVpc VPC-1", no, yes},
		{"StringEqualsIfExists aws:SourceVpc vpc-1", yes, yes},
		{"StringEqualsIfExists aws:SourceVpc vpc-2", no, yes},
		{"StringNotEqualsIfExists aws:SourceVpc vpc-1", no, yes},
		{"StringLike aws:SourceVpc vpc-?", yes, no},
		{"StringLike aws:SourceVpc *1", yes, no},
		{"StringNotLike aws:SourceVpc v*", no, yes},
		{"ArnLike aws:SourceVpc v*", yes, no},
		{"ArnNotEquals aws:SourceVpc vpc-1", no, yes},
		{"Null aws:SourceVpc true", no, yes},
		{"Null aws:SourceVpc false", yes, no},
		{"Bool aws:SecureTransport false", yes, no},
		{"Bool aws:SecureTransport true", no, no},
		{"BoolIfExists aws:SecureTransport false", yes, yes},
		{"NumericLessThan s3:max-keys 11", yes, no},
		{"NumericLessThan s3:max-keys 10", no, no},
		{"NumericLessThanEquals s3:max-keys 10.0", yes, no},
		{"NumericGreaterThan s3:max-keys 9", yes, no},
		{"NumericGreaterThanEquals s3:max-keys 11", no, no},
		{"NumericEquals s3:max-keys 1e1", yes, no},
		{"NumericNotEquals s3:max-keys 10", no, yes},
		{"ForAnyValue:StringEquals aws:SourceVpc vpc-1", yes, no},
		{"ForAnyValue:StringNotEquals aws:SourceVpc vpc-1", no, no},
		{"ForAllValues:StringEquals aws:SourceVpc vpc-1", yes, yes},
		{"ForAllValues:StringEquals aws:SourceVpc vpc-2", no, yes},
		{"StringEquals aws:SourceVpc ${aws:username}", unsure, no},
		{"IpAddress aws:SourceVpc 10.0.0.0/8", unsure, no},
		{"DateGreaterThan aws:SourceVpc 2026-01-01", unsure, no},
		{"StringEqual aws:SourceVpc vpc-1", no, no},
		{"Stringequals aws:SourceVpc vpc-1", no, no},
		{"ForSomeValues:StringEquals aws:SourceVpc vpc-1", no, no},
	} {
		f := strings.Fields(c.condition)
		condition := condition{f[0], f[1], f[2:]}
		if got := condition.holds(present); got != c.present {
			t.Errorf("%s: present: %d", c.condition, got)
		}
		if got := condition.holds(request{}); got != c.absent {
			t.Errorf("%s: absent: %d", c.condition, got)
		}
	}
}

func TestStatements(t *testing.T) {
	const role, root = "arn:aws:iam::123456789012:role/a", "arn:aws:iam::123456789012:root"
	for _, c := range []struct {
		statement string
		want      certainty
	}{
		{`{"Effect":"Deny","Action":"s3:GetObject"}`, yes},
		{`{"Effect":"Deny","Action":"S3:get*","Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"],"Principal":"*"}`, yes},
		{`{"Effect":"Deny","Action":"s3:GetObject","Resource":"arn:aws:s3:::B/*"}`, no},
		{`{"Effect":"Deny","Action":"s3:GetObjectVersion"}`, no},
		{`{"Effect":"Deny","NotAction":"s3:Get*"}`, no},
		{`{"Effect":"Deny","NotAction":["s3:Put*"]}`, yes},
		{`{"Effect":"Deny","Action":"*","NotResource":"arn:aws:s3:::b/*"}`, no},
		{`{"Effect":"Deny","Action":"*","NotResource":"arn:aws:s3:::c/*"}`, yes},
		{`{"Effect":"Deny","Action":"*","Principal":{"AWS":"` + role + `"}}`, yes},
		{`{"Effect":"Deny","Action":"*","Principal":{"AWS":["arn:aws:iam::123456789012:role/b","` + root + `"]}}`, yes},
		{`{"Effect":"Deny","Action":"*","Principal":{"AWS":"123456789012"}}`, yes},
		{`{"Effect":"Deny","Action":"*","Principal":{"AWS":"*"}}`, yes},
		{`{"Effect":"Deny","Action":"*","Principal":{"AWS":"arn:aws:iam::123456789012:role/b"}}`, no},
		{`{"Effect":"Deny","Action":"*","Principal":{"Service":"s3.amazonaws.com"}}`, no},
		{`{"Effect":"Deny","Action":"*","NotPrincipal":{"AWS":"` + role + `"}}`, unsure},
		{`{"Effect":"Deny","Action":"*","Condition":{"Bool":{"aws:SecureTransport":false}}}`, yes},
		{`{"Effect":"Deny","Action":"*","Condition":{"Bool":{"aws:SecureTransport":"false"},"Null":{"aws:SourceVpc":"false"}}}`, no},
		{`{"Effect":"Allow","Action":"*"}`, no},
	} {
		o, err := parseObject([]byte(`{"Statement":` + c.statement + `}`))
		if err != nil {
			t.Fatal(err)
		}
		p, err := parsePolicy("it", o)
		if err != nil {
			t.Fatal(c.statement, err)
		}
		if got := p.denies(request{role, "s3:GetObject", "arn:aws:s3:::b/c", nil}.with("aws:SecureTransport", "false")); got != c.want {
			t.Errorf("%s: %d", c.statement, got)
		}
	}
	for _, bad := range []string{`1`, `{}`, `{"Effect":"Deny"}`, `{"Effect":"Deny","Action":"*","NotAction":"*"}`, `{"Effect":"Deny","Action":{}}`,
		`{"Effect":"Deny","Action":"*","Principal":"all"}`, `{"Effect":"Deny","Action":"*","Principal":"*","NotPrincipal":"*"}`, `{"Effect":"Deny","Action":"*","Principal":1}`,
		`{"Effect":"Deny","Action":"*","Condition":[]}`, `{"Effect":"Deny","Action":"*","Condition":{"Bool":1}}`, `{"Effect":"Deny","Action":"*","Condition":{"Bool":{"a":{}}}}`,
		`{"Effect":"Deny","Action":"*","Resources":"*"}`, `{"Effect":"Deny","Action":[]}`} {
		o, err := parseObject([]byte(`{"Statement":[` + bad + `]}`))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parsePolicy("it", o); err == nil {
			t.Errorf("%s is taken for a statement", bad)
		}
	}
}

func TestNearest(t *testing.T) {
	for text, want := range map[string]string{
		"aws:securetranport": "aws:securetransport", "sts:externlid": "sts:externalid", "kms:viaservce": "kms:viaservice",
		"s3:x-amz-server-side-encription": "s3:x-amz-server-side-encryption", "aws:somethingnew": "", "": "",
	} {
		if got := nearest(text, conditionKeys); got != want {
			t.Errorf("%s: %q", text, got)
		}
	}
	for _, key := range []string{"aws:PrincipalTag/team", "kms:EncryptionContext:aws:s3:arn", "AWS:SECURETRANSPORT", "s3:TlsVersion"} {
		if !knownKey(key) {
			t.Errorf("%s is not known", key)
		}
	}
	for _, key := range []string{"aws:PrincipalTag/", "aws:PrincipalTag", "aws:", ""} {
		if knownKey(key) {
			t.Errorf("%s is known", key)
		}
	}
	if got := nearestOperator("StringEqual"); got != "StringEquals" {
		t.Error(got)
	}
}

// TestNewKey: a condition key that is new, or of a service that is not known here,
// is neither right nor wrong.
func TestNewKey(t *testing.T) {
	files := recorded(t, "production")
	replace(t, files, "s3api.get-bucket-policy", `"Statement":[`, `"Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"*","Condition":{"Bool":{"aws:QuantumTransport":"false"}}},`)
	r := mustJudge(t, files)
	if got := not(r.Lines, "not known"); !slices.Equal(got, []string{"policy-words"}) {
		t.Errorf("%q\n%s", got, show(r))
	}
}

func TestPatterns(t *testing.T) {
	event := map[string]string{"$.eventName": "PutObject", "$.errorCode": "AccessDenied", "$.a.b[0].c": "x y"}
	for pattern, want := range map[string]bool{
		`{ $.eventName = "PutObject" }`: true, `{$.eventName=PutObject}`: true, `{ $.eventName = Put* }`: true, `{ $.eventName = "*Object" }`: true,
		`{ $.eventName != "PutObject" }`: false, `{ $.eventName != "GetObject" }`: true, `{ $.missing != "x" }`: false, `{ $.missing = "*" }`: false,
		`{ $.errorCode = "*" }`: true, `{ $.a.b[0].c = "x y" }`: true, `{ $.missing NOT EXISTS }`: true, `{ $.errorCode EXISTS }`: true, `{ $.errorCode IS NULL }`: false,
		`{ ($.eventName = "GetObject") || ($.eventName = "PutObject") && ($.errorCode = "AccessDenied") }`: true,
		`{ (($.eventName = "GetObject") || ($.eventName = "PutObject")) && ($.errorCode = "SlowDown") }`:   false,
		`{ ($.eventName = "PutObject") || ($.eventName = "GetObject") && ($.errorCode = "SlowDown") }`:     true,
		`{ ($.eventName = "putobject") }`:   false,
		`{ ($.eventName = "PutObjec?") }`:   false,
		`{ $.eventName = "PutObject" } `:    true,
		` { ( ( $.eventName = "P*t" ) ) } `: true,
	} {
		p, err := parsePattern(pattern)
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
		} else if got := p(event); got != want {
			t.Errorf("%s: %v", pattern, got)
		}
	}
	for _, bad := range []string{"", "{", "{}", "PutObject", "[a, b]", `{ $.x = }`, `{ $.x > 5 }`, `{ $.x = %a.*% }`, `{ ($.x = "a" }`, `{ $.x = "a" ) }`, `{ $.x = "a }`, `{ x = "a" }`,
		`{ $.x = "a" && }`, `{ $.x = "a" $.y = "b" }`, `{ $.x NOT NULL }`, `{ $.x IS TRUE }`, `{ ` + strings.Repeat("(", 100) + `$.x = "a"` + strings.Repeat(")", 100) + ` }`, "{" + strings.Repeat(" ", maxPattern) + "}"} {
		if _, err := parsePattern(bad); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
}

// FuzzLike: the wildcards mean what they mean as a regular expression.
func FuzzLike(f *testing.F) {
	for _, s := range [][2]string{{"a*c", "abbc"}, {"*", ""}, {"a?", "ab"}, {"*a*b*", "xaxxb"}, {"arn:aws:s3:::b/*", "arn:aws:s3:::b/k"}, {"a**", "a"}, {"", "a"}} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 100 || len(text) > 100 {
			return
		}
		var expression strings.Builder
		for _, b := range []byte(pattern) {
			switch b {
			case '*':
				expression.WriteString(".*")
			case '?':
				expression.WriteString(".")
			default:
				expression.WriteString(regexp.QuoteMeta(string(rune(b))))
			}
		}
		latin := []rune{}
		for _, b := range []byte(text) {
			latin = append(latin, rune(b))
		}
		if got, want := like(pattern, text), regexp.MustCompile("(?s)^"+expression.String()+"$").MatchString(string(latin)); got != want {
			t.Errorf("%q %q: %v, %v", pattern, text, got, want)
		}
	})
}

// FuzzPattern: a pattern that can be read means the same in parentheses, and twice.
func FuzzPattern(f *testing.F) {
	for _, s := range []string{`$.eventName = "PutObject"`, `($.a = "*") && ($.b != c) || $.d NOT EXISTS`, `(($.a = x))`} {
		f.Add(s)
	}
	event := map[string]string{"$.a": "x", "$.b": "c", "$.eventName": "PutObject"}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parsePattern("{" + text + "}")
		if err != nil {
			return
		}
		for _, same := range []string{"{(" + text + ")}", "{(" + text + ")&&(" + text + ")}", "{ " + text + "||" + text + " }"} {
			if q, err := parsePattern(same); err == nil && q(event) != p(event) {
				t.Errorf("%q is %v, %q is %v", text, p(event), same, q(event))
			} else if err != nil && len(same) < maxPattern && strings.Count(text, "(") < maxPatternDepth-1 {
				t.Errorf("%q is read, and %q is not", text, same)
			}
		}
	})
}

// FuzzAnswer: whatever an answer is, only the lines that depend on it change, and
// none of them panics or takes long.
func FuzzAnswer(f *testing.F) {
	files := recorded(f, "production")
	calls := make([]string, 0, len(dependent))
	for call := range dependent {
		calls = append(calls, call)
	}
	slices.Sort(calls)
	for i, call := range calls {
		f.Add(i, files[call+".json"].Data)
	}
	right := mustJudge(f, files)
	f.Fuzz(func(t *testing.T, which int, body []byte) {
		call := calls[((which%len(calls))+len(calls))%len(calls)]
		if slices.Contains([]string{"iam.get-role", "kms.describe-key", "sts.get-caller-identity", "cloudtrail.describe-trails"}, call) {
			// Others take the names from these: only that they end is asked.
			files := recorded(t, "production")
			put(files, call, string(body))
			mustJudge(t, files)
			return
		}
		files := recorded(t, "production")
		put(files, call, string(body))
		for i, l := range mustJudge(t, files).Lines {
			if l != right.Lines[i] && !slices.Contains(strings.Fields(dependent[call]), l.Item) {
				t.Errorf("%s: the line %s changed: %+v", call, l.Item, l)
			}
		}
	})
}
