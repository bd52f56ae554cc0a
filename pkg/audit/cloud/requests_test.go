package cloud

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tableRequest is a request of fixtures/aws/requests.json, which another simulator
// evaluates too: make test-aws.
type tableRequest struct {
	Name, Want, Who, Action, On, SSE, Key, Customer string
	TLS                                             json.RawMessage
	Context                                         map[string]string
}

// TestRequests: this package comes to the same verdicts as the simulator that
// evaluates the same table.
func TestRequests(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "..", "fixtures", "aws", "requests.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all []tableRequest
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	j := judgeOf(t, "production")
	verdicts := make(map[string]int)
	for _, r := range all {
		if strings.HasPrefix(r.On, "log") {
			continue // its policy is in no answer
		}
		if got := j.tableVerdict(t, r); got != r.Want {
			t.Errorf("%s: %s, not %s", r.Name, got, r.Want)
		}
		verdicts[r.Want]++
	}
	if len(all) < 60 || len(verdicts) != 3 {
		t.Errorf("%d requests, verdicts %v", len(all), verdicts)
	}
}

func judgeOf(t *testing.T, environment string) *judge {
	t.Helper()
	c, err := openCollection(recorded(t, environment))
	if err != nil {
		t.Fatal(err)
	}
	j := &judge{collection: c, now: today, reported: make(map[wordID]bool)}
	j.readPolicies()
	return j
}

func (j *judge) tableVerdict(t *testing.T, r tableRequest) string {
	t.Helper()
	const account = "arn:aws:iam::123456789012:"
	who, known := map[string]string{
		"service": j.writer(), "sandbox-service": account + "role/PalisadeS3BackupRole-sandbox", "admin": account + "role/Admin",
		"stranger": "arn:aws:iam::555566667777:role/Stranger", "vendor": "arn:aws:iam::999988887777:role/mpc-service", "anonymous": "",
	}[r.Who]
	if !known {
		t.Fatalf("%s: who is %s?", r.Name, r.Who)
	}
	object := strings.Replace(j.objectARN(), "00000000-0000-4000-8000-000000000000", "0dc609c1-f073-4e33-b794-a10a32eb4c6b", 1)
	resource := map[string]string{
		"object": object, "object2": strings.Replace(object, "-0.txt", "-1.txt", 1), "bucket": j.bucketARN(), "key": j.keyARN(), "role": j.roleARN(),
		"sandbox": strings.Replace(object, "production", "sandbox", 1), "longer": strings.Replace(object, "production", "production-old", 1),
	}[r.On]
	key := map[string]string{
		"": "", "arn": j.keyARN(), "id": j.keyARN()[strings.Index(j.keyARN(), "/")+1:], "alias": "arn:aws:kms:eu-central-1:123456789012:alias/x", "alias-name": "alias/x",
		"other": j.keyARN()[:len(j.keyARN())-1] + "0", "foreign": strings.Replace(j.keyARN(), "123456789012", "555566667777", 1), "sandbox": strings.Replace(j.keyARN(), "21e36271", "5a5a6271", 1),
	}[r.Key]
	request := request{principal: who, action: r.Action, resource: resource}.with("aws:PrincipalArn", who)
	if tls := string(r.TLS); tls != "null" && strings.HasPrefix(r.Action, "s3:") {
		request = request.with(keyTLS, map[string]string{"": "true", "true": "true", "false": "false"}[tls])
	}
	for name, value := range map[string]string{keySSE: r.SSE, keySSEKey: key, keySSECustomer: r.Customer} {
		if value != "" {
			request = request.with(name, value)
		}
	}
	for name, value := range r.Context {
		request = request.with(name, value)
	}
	resourcePolicy := map[string]*policy{"key": j.ps.key, "role": j.ps.trust, "bucket": j.ps.bucket, "object": j.ps.bucket, "object2": j.ps.bucket}[r.On]
	return verdictOf(request, resourcePolicy, j.identity(t, r.Who), r.On)
}

// identity returns the policies of a principal itself.
func (j *judge) identity(t *testing.T, who string) []*policy {
	t.Helper()
	switch who {
	case "service":
		return j.ps.role
	case "sandbox-service":
		return judgeOf(t, "sandbox").ps.role
	case "anonymous":
		return nil
	}
	return []*policy{{statements: []*statement{{actions: []string{"*"}, resources: []string{"*"}}}}}
}

// verdictOf combines the policies as AWS does: within an account either side may
// permit, but of a key's and a role's policy it has to be that; between accounts
// both have to.
func verdictOf(r request, resource *policy, identity []*policy, on string) string {
	if resource == nil {
		resource = &policy{}
	}
	for _, p := range append(slices.Clone(identity), resource) {
		if p.denies(r) == yes {
			return "ExplicitlyDenied"
		}
	}
	ps := policies{key: resource, role: identity}
	allowed := ps.roleAllows(r) == yes
	switch same := accountOf(r.principal) == "123456789012"; {
	case on == "key" && same:
		allowed = ps.keyAllows(r) == yes
	case same:
		allowed = allowed || resource.allows(r) == yes
	default:
		allowed = resource.allows(r) == yes && (allowed || r.principal == "")
	}
	if allowed {
		return "Allowed"
	}
	return "ImplicitlyDenied"
}
