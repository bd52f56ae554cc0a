package cloud

import (
	"fmt"
	"slices"
	"strings"
)

func (j *judge) putTrust() string {
	return "aws iam update-assume-role-policy --role-name " + j.role + " --policy-document file://trust-policy.json"
}

func (j *judge) putRole() string {
	return "aws iam put-role-policy --role-name " + j.role + " --policy-name write-backups --policy-document file://role-policy.json"
}

func (j *judge) rolePrincipal() finding {
	if j.trustErr != nil {
		return j.notKnown(j.trustErr)
	}
	next := "name the service's principal alone, as the service gives it"
	var who []string
	for _, st := range j.ps.trust.statements {
		p := st.principals
		switch {
		case st.deny:
		case p.everyone || p.not || !p.there:
			return red("everybody can assume the role who knows the external ID", next, j.putTrust())
		case len(p.other) > 0:
			return red(quote(p.other[0])+" can assume the role", next, j.putTrust())
		case slices.ContainsFunc(st.actions, func(a string) bool { return a != "sts:assumerole" && a != "sts:tagsession" }) || len(st.notActions) > 0:
			return red("the statement "+quote(st.sid)+" permits more than sts:AssumeRole", "permit sts:AssumeRole alone", j.putTrust())
		default:
			who = append(who, p.aws...)
		}
	}
	if len(who) != 1 {
		return red(fmt.Sprintf("%d principals can assume the role", len(who)), next, j.putTrust())
	}
	return green("%s alone", who[0])
}

func (j *judge) roleExternalID() finding {
	if j.trustErr != nil {
		return j.notKnown(j.trustErr)
	}
	c := func(ps policies) (certainty, string) {
		for _, st := range ps.trust.statements {
			for _, who := range append(slices.Clone(st.principals.aws), j.stranger()) {
				r := from(who, "sts:AssumeRole", j.roleARN())
				if open := ps.trust.allows(r); open != no {
					return yes - open, "the role can be assumed without an external ID"
				}
				if open := ps.trust.allows(r.with(keyExternalID, "an ID that nobody gave out")); open != no {
					return yes - open, "the role can be assumed with any external ID"
				}
			}
		}
		return yes, ""
	}
	return j.hold(c, "without the right one, the role cannot be assumed",
		"add the condition StringEquals sts:ExternalId with the ID that the service gives: without it, another customer of the service can have it write, or be written to, in your name", j.putTrust())
}

// externalIDs returns the external IDs that a trust policy asks for.
func (p *policy) externalIDs() []string {
	var all []string
	for _, st := range p.statements {
		for _, c := range st.conditions {
			if strings.EqualFold(c.key, keyExternalID) {
				all = append(all, c.values...)
			}
		}
	}
	return all
}

func (j *judge) roleAttached() finding {
	attached, err := j.attached()
	if err != nil {
		return j.notKnown(err)
	}
	for _, arn := range attached {
		if accountOf(arn) == "aws" {
			return red("it has "+quote(arn), "detach it: what it permits comes on top of the role's own policy", "aws iam detach-role-policy --role-name "+j.role+" --policy-arn "+arn)
		}
	}
	return green("none is attached")
}

// writerActions are what the role needs.
var writerActions = []string{"s3:putobject", "s3:abortmultipartupload", "kms:generatedatakey", "kms:decrypt"}

// grants calls bad for every statement that permits the role something, and is
// green if it finds nothing.
func (j *judge) grants(bad func(st *statement) string, fine, next string) finding {
	if err := j.rolePolicies(); err != nil {
		return j.notKnown(err)
	}
	for _, p := range j.ps.role {
		for _, st := range p.statements {
			if st.deny {
				continue
			}
			if problem := bad(st); problem != "" {
				return red(p.name+" permits "+problem, next, j.putRole())
			}
		}
	}
	return green("%s", fine)
}

func (j *judge) roleActions() finding {
	return j.grants(func(st *statement) string {
		if len(st.notActions) > 0 {
			return "everything but some actions"
		}
		for _, a := range st.actions {
			if !slices.Contains(writerActions, a) {
				return quote(a)
			}
		}
		return ""
	}, "nothing but s3:PutObject, s3:AbortMultipartUpload, kms:GenerateDataKey and kms:Decrypt", "permit the role s3:PutObject, kms:GenerateDataKey and kms:Decrypt, and no wildcard")
}

func (j *judge) roleResources() finding {
	key := j.keyARN()
	if key == "" {
		return j.notKnown(fmt.Errorf("the key of the bucket is not known: %w", j.answer("kms.describe-key").unknown))
	}
	return j.grants(func(st *statement) string {
		if len(st.notRes) > 0 || len(st.resources) == 0 {
			return "its actions on everything but some resources"
		}
		for _, r := range st.resources {
			if r != key && !strings.HasPrefix(r, j.bucketARN()+"/") {
				return "its actions on " + quote(r)
			}
		}
		return ""
	}, "objects of this bucket, and this key", "name "+j.bucketARN()+"/* and the ARN of the key alone")
}

// serviceWrites is the other side of all that is refused: the form of a Deny
// that is too wide keeps the service out, and then there are no backups.
func (j *judge) serviceWrites() finding {
	for _, err := range []error{j.bucketErr, j.keyErr, j.rolePolicies()} {
		if err != nil {
			return j.notKnown(err)
		}
	}
	key := j.keyARN()
	if key == "" {
		return j.notKnown(fmt.Errorf("the key of the bucket is not known: %w", j.answer("kms.describe-key").unknown))
	}
	c := func(ps policies) (certainty, string) {
		forms := []struct {
			name string
			r    request
		}{
			{"with aws:kms and the ARN of the key", j.write(keySSE, "aws:kms", keySSEKey, key)},
			{"that leaves the encryption to the bucket's default", j.write()},
		}
		for _, f := range forms {
			if refused := ps.bucket.denies(f.r); refused != no {
				return yes - refused, "the bucket policy refuses a write " + f.name
			}
			if may := ps.roleAllows(f.r); may != yes {
				return may, "the role may not write to the bucket"
			}
		}
		for _, action := range []string{"kms:GenerateDataKey", "kms:Decrypt"} {
			r := from(j.writer(), action, key, keyVia, "s3."+regionOf(key)+".amazonaws.com", keyCaller, j.account())
			if may := ps.keyAllows(r); may != yes {
				return may, "the role may not use the key: " + action + " through S3"
			}
		}
		return yes, ""
	}
	return j.hold(c, "with the key named in full, and without naming one", "compare the policies with those of deploy/aws/template.yaml, and have the service write a first backup", j.putPolicy())
}

// roleAllows tells whether the role's own policies permit a request.
func (ps policies) roleAllows(r request) certainty {
	so := no
	for _, p := range ps.role {
		if refused := p.denies(r); refused != no {
			return yes - refused
		}
		so = max(so, p.allows(r))
	}
	return so
}

// keyAllows tells whether the role can use the key: the key policy names it, or
// leaves it to the policies of the account, and those permit it.
func (ps policies) keyAllows(r request) certainty {
	if refused := ps.key.denies(r); refused != no {
		return yes - refused
	}
	so := no
	for _, st := range ps.key.statements {
		if st.deny {
			continue
		}
		may := st.matches(r)
		if !st.principals.everyone && !slices.Contains(st.principals.aws, r.principal) {
			may = min(may, ps.roleAllows(r))
		}
		so = max(so, may)
	}
	for _, p := range ps.role {
		if refused := p.denies(r); refused != no {
			so = min(so, yes-refused)
		}
	}
	return so
}
