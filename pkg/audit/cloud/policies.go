package cloud

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// policies are those that decide who can do what.
type policies struct {
	bucket, key, trust *policy   // nil where not known; the bucket may have none
	role               []*policy // in the role, and attached to it
}

func (ps policies) all() []*policy {
	var all []*policy
	for _, p := range append([]*policy{ps.bucket, ps.key, ps.trust}, ps.role...) {
		if p != nil {
			all = append(all, p)
		}
	}
	return all
}

// with returns the policies with a word as it was probably meant.
func (ps policies) with(w word) policies {
	put := func(p *policy) *policy {
		if p == w.policy {
			return w.repaired()
		}
		return p
	}
	repaired := policies{bucket: put(ps.bucket), key: put(ps.key), trust: put(ps.trust)}
	for _, p := range ps.role {
		repaired.role = append(repaired.role, put(p))
	}
	return repaired
}

func (j *judge) readPolicies() {
	j.ps.bucket, j.bucketErr = j.readPolicy("the bucket policy", "s3api.get-bucket-policy", "Policy")
	j.ps.key, j.keyErr = j.readPolicy("the key policy", "kms.get-key-policy", "Policy")
	j.ps.trust, j.trustErr = j.readPolicy("the trust policy of the role", "iam.get-role", "Role", "AssumeRolePolicyDocument")
	if a := j.answer("iam.get-role"); a.unknown == nil && a.body.text("Role", "RoleName") != j.role {
		j.ps.trust, j.trustErr = nil, errors.New("the answer iam.get-role.json is about another role")
	}
	j.roleErr = j.readInline()
	j.attErr = j.readAttached()
}

func (j *judge) readPolicy(name, call string, path ...string) (*policy, error) {
	a := j.answer(call)
	if a.unknown != nil {
		return nil, a.unknown
	}
	if !a.set {
		return &policy{name: name}, nil
	}
	return parsePolicy(name, a.body.at(path...))
}

// readInline reads the policies in the role: as many as were listed.
func (j *judge) readInline() error {
	list := j.answer("iam.list-role-policies")
	if list.unknown != nil {
		return list.unknown
	}
	names, isList := list.body["PolicyNames"].([]any)
	if !isList {
		return errors.New("the answer iam.list-role-policies.json has no list PolicyNames")
	}
	answers := j.numbered("iam.get-role-policy")
	for _, v := range names {
		name, _ := v.(string)
		i := slices.IndexFunc(answers, func(a *answer) bool {
			return a.unknown == nil && a.body.text("PolicyName") == name && a.body.text("RoleName") == j.role
		})
		if i < 0 {
			return fmt.Errorf("there is no answer for the policy %s of the role", quote(name))
		}
		p, err := parsePolicy("the policy "+quote(name)+" of the role", answers[i].body["PolicyDocument"])
		if err != nil {
			return err
		}
		j.ps.role = append(j.ps.role, p)
	}
	return nil
}

// readAttached reads the account's own policies that are attached to the role.
// Those of AWS have a line of their own: role-attached.
func (j *judge) readAttached() error {
	attached, err := j.attached()
	if err != nil {
		return err
	}
	policies, versions := j.numbered("iam.get-policy"), j.numbered("iam.get-policy-version")
	for _, arn := range attached {
		if accountOf(arn) == "aws" {
			continue
		}
		i := slices.IndexFunc(policies, func(a *answer) bool { return a.unknown == nil && a.body.text("Policy", "Arn") == arn })
		if i < 0 || i >= len(versions) || versions[i].unknown != nil ||
			versions[i].body.text("PolicyVersion", "VersionId") != policies[i].body.text("Policy", "DefaultVersionId") {
			return fmt.Errorf("there is no answer for the attached policy %s", quote(arn))
		}
		p, err := parsePolicy("the attached policy "+quote(arn), versions[i].body.at("PolicyVersion", "Document"))
		if err != nil {
			return err
		}
		j.ps.role = append(j.ps.role, p)
	}
	return nil
}

// attached returns the ARNs of the policies that are attached to the role.
func (j *judge) attached() ([]string, error) {
	a := j.answer("iam.list-attached-role-policies")
	if a.unknown != nil {
		return nil, a.unknown
	}
	list, err := a.body.objects("AttachedPolicies")
	if err != nil {
		return nil, fmt.Errorf("the answer %s.json: %w", a.call, err)
	}
	var arns []string
	for _, o := range list {
		arn := o.text("PolicyArn")
		if !strings.HasPrefix(arn, "arn:") {
			return nil, fmt.Errorf("the answer %s.json has a policy without an ARN", a.call)
		}
		arns = append(arns, arn)
	}
	return arns, nil
}

// rolePolicies is nil if all policies of the role are known.
func (j *judge) rolePolicies() error {
	if j.roleErr != nil {
		return j.roleErr
	}
	return j.attErr
}

// wordID names a word of a policy.
type wordID struct {
	statement *statement
	index     int
	isKey     bool
}

func (w word) id() wordID { return wordID{w.statement, w.index, w.isKey} }

// A check is whether policies are as they should be; problem says what is not.
type check func(ps policies) (so certainty, problem string)

// hold makes a finding of a check. Where a misspelled word is the only reason
// that the check fails, the finding names it.
func (j *judge) hold(c check, fine, next, command string) finding {
	so, problem := c(j.ps)
	switch so {
	case yes:
		return green("%s", fine)
	case unsure:
		return finding{verdict: "not known", fact: problem + ": this depends on a condition that this program cannot evaluate", next: "read the policy's conditions, and compare it with that of deploy/aws/template.yaml", command: command}
	}
	for _, p := range j.ps.all() {
		for _, w := range p.unknownWords() {
			if w.meant == "" {
				continue
			}
			if repaired, _ := c(j.ps.with(w)); repaired == yes {
				j.reported[w.id()] = true
				return red(problem+", because of a misspelled word: "+w.String(), "correct the word", command)
			}
		}
	}
	return red(problem, next, command)
}

// policyWords names misspelled words that no other line has named.
func (j *judge) policyWords() finding {
	for _, err := range []error{j.bucketErr, j.keyErr, j.trustErr, j.rolePolicies()} {
		if err != nil {
			return j.notKnown(err)
		}
	}
	var unsureOf *word
	for _, p := range j.ps.all() {
		for _, w := range p.unknownWords() {
			switch {
			case j.reported[w.id()]:
			case w.isKey && w.meant == "":
				unsureOf = &w
			default:
				return red(w.String(), "correct the word: a condition with it is never met, or always", "")
			}
		}
	}
	if unsureOf != nil {
		return finding{verdict: "not known", fact: unsureOf.String(), next: "look it up in the service authorization reference of AWS"}
	}
	return green("all operators and condition keys exist")
}
