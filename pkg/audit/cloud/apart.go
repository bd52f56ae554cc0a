package cloud

import (
	"slices"

	"recover/pkg/audit"
)

// Apart judges whether two environments, such as production and sandbox, have
// nothing in common: bucket, role, key and external ID.
func Apart(a, b *Review) audit.Line {
	l := audit.Line{Item: "apart", Title: "the environments have nothing in common", Verdict: audit.Green,
		Fact: "bucket, role, key and external ID are different ones",
		Next: "deploy each environment from its own parameters", Command: "deploy/aws/deploy.sh ENVIRONMENT DIRECTORY"}
	shared := func(what string) {
		l.Verdict, l.Fact = audit.Red, what+" is the same in both"
	}
	switch {
	case a.Bucket == b.Bucket:
		shared("the bucket " + quote(a.Bucket))
	case a.roleARN != "" && a.roleARN == b.roleARN:
		shared("the role " + quote(a.roleARN))
	case a.keyARN != "" && a.keyARN == b.keyARN:
		shared("the key " + quote(a.keyARN))
	case slices.ContainsFunc(a.externalIDs, func(id string) bool { return slices.Contains(b.externalIDs, id) }):
		shared("an external ID")
	case a.roleARN == "" || b.roleARN == "" || a.keyARN == "" || b.keyARN == "" || len(a.externalIDs) == 0 || len(b.externalIDs) == 0:
		l.Verdict, l.Fact = audit.NotKnown, "the role, the key or the external ID of one of them is not known"
		l.Next, l.Command = "collect the answers of both again", ""
	default:
		if a.account == b.account {
			l.Fact += "; both are in the account " + a.account + ", an account for each is better"
		}
		l.Next, l.Command = "", ""
	}
	return l
}
