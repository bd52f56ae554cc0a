package cloud

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// AWS takes a policy with a misspelled condition key of IAM or KMS, and then a
// condition is never met, or always: what looks like a protection is none. So
// every operator and key of the policies is compared with those that exist.

// conditionKeys are the keys that policies for buckets, keys and roles use, in
// lower case. One that ends in / takes a name of the user's after it.
var conditionKeys = strings.Fields(`
aws:calledvia aws:calledviafirst aws:calledvialast aws:currenttime aws:ec2instancesourceprivateipv4 aws:ec2instancesourcevpc
aws:epochtime aws:federatedprovider aws:multifactorauthage aws:multifactorauthpresent aws:principalaccount aws:principalarn
aws:principalisawsservice aws:principalorgid aws:principalorgpaths aws:principalservicename aws:principalservicenameslist
aws:principaltag/ aws:principaltype aws:referer aws:requestedregion aws:requesttag/ aws:resourceaccount aws:resourceorgid
aws:resourceorgpaths aws:resourcetag/ aws:securetransport aws:sourceaccount aws:sourcearn aws:sourceidentity aws:sourceip
aws:sourceorgid aws:sourceorgpaths aws:sourcevpc aws:sourcevpce aws:tagkeys aws:tokenissuetime aws:useragent aws:userid
aws:username aws:viaawsservice aws:vpcsourceip aws:vpceaccount aws:vpceorgid aws:vpceorgpaths
s3:accesspointnetworkorigin s3:authtype s3:buckettag/ s3:dataaccesspointaccount s3:dataaccesspointarn s3:delimiter
s3:existingobjecttag/ s3:if-match s3:if-none-match s3:inventoryaccessibleoptionalfields s3:jobsuspendedcause s3:locationconstraint
s3:max-keys s3:object-lock-legal-hold s3:object-lock-mode s3:object-lock-remaining-retention-days
s3:object-lock-retain-until-date s3:objectcreationoperation s3:prefix s3:requestobjecttag/ s3:requestobjecttagkeys
s3:resourceaccount s3:signatureage s3:signatureversion s3:tlsversion s3:versionid s3:x-amz-acl s3:x-amz-content-sha256
s3:x-amz-copy-source s3:x-amz-grant-full-control s3:x-amz-grant-read s3:x-amz-grant-read-acp s3:x-amz-grant-write
s3:x-amz-grant-write-acp s3:x-amz-metadata-directive s3:x-amz-object-ownership s3:x-amz-server-side-encryption
s3:x-amz-server-side-encryption-aws-kms-key-id s3:x-amz-server-side-encryption-customer-algorithm s3:x-amz-storage-class
s3:x-amz-website-redirect-location
kms:bypasspolicylockoutsafetycheck kms:calleraccount kms:encryptionalgorithm kms:encryptioncontext: kms:encryptioncontextkeys
kms:expirationmodel kms:grantconstrainttype kms:grantisforawsresource kms:granteeprincipal kms:grantoperations kms:keyagreementalgorithm
kms:keyorigin kms:keyspec kms:keyusage kms:macalgorithm kms:messagetype kms:multiregion kms:multiregionkeytype kms:primaryregion
kms:reencryptonsamekey kms:replicaregion kms:requestalias kms:resourcealiases kms:retiringprincipal kms:rotationperiodindays
kms:schedulekeydeletionpendingwindowindays kms:signingalgorithm kms:validto kms:viaservice kms:wrappingalgorithm kms:wrappingkeyspec
sts:awsservicename sts:durationseconds sts:externalid sts:requestcontext/ sts:requestcontextproviders sts:rolesessionname
sts:sourceidentity sts:taskpolicyarn sts:transitivetagkeys
iam:associatedresourcearn iam:awsservicename iam:passedtoservice iam:permissionsboundary iam:policyarn iam:resourcetag/
`)

// word is an operator or a key that AWS does not have, in a condition of a
// statement.
type word struct {
	policy    *policy
	statement *statement
	index     int // of the condition
	isKey     bool
	meant     string // what exists and is nearly the same, or ""
}

func (w word) String() string {
	c := w.statement.conditions[w.index]
	kind, text := "operator", c.operator
	if w.isKey {
		kind, text = "condition key", c.key
	}
	s := fmt.Sprintf("%s, statement %s: AWS has no %s %s", w.policy.name, quote(w.statement.sid), kind, quote(text))
	if w.isKey && w.meant == "" {
		return fmt.Sprintf("%s, statement %s: this program does not know the %s %s", w.policy.name, quote(w.statement.sid), kind, quote(text))
	}
	if w.meant != "" {
		s += ", is it " + w.meant + "?"
	}
	return s
}

// unknownWords returns them in the order of the policy.
func (p *policy) unknownWords() []word {
	var all []word
	for _, st := range p.statements {
		for i, c := range st.conditions {
			set, base, ifExists := splitOperator(c.operator)
			if _, known := operators[base]; !known || !knownSet(set) || ifExists && base == "Null" {
				all = append(all, word{p, st, i, false, nearestOperator(base)})
			}
			if !knownKey(c.key) {
				all = append(all, word{p, st, i, true, nearest(strings.ToLower(c.key), conditionKeys)})
			}
		}
	}
	return all
}

func knownKey(key string) bool {
	key = strings.ToLower(key)
	return slices.ContainsFunc(conditionKeys, func(k string) bool {
		if strings.HasSuffix(k, "/") || strings.HasSuffix(k, ":") {
			return strings.HasPrefix(key, k) && len(key) > len(k)
		}
		return k == key
	})
}

func nearestOperator(text string) string {
	return nearest(text, slices.Sorted(maps.Keys(operators)))
}

// nearest returns the word that differs in the fewest characters, and in 3 at
// most, or "".
func nearest(text string, words []string) string {
	best, found := 4, ""
	for _, w := range words {
		if abs(len(w)-len(text)) < best {
			if d := distance(text, w); d < best {
				best, found = d, w
			}
		}
	}
	return found
}

func abs(n int) int { return max(n, -n) }

// distance is how many characters have to be put in, left out or changed.
func distance(a, b string) int {
	if len(a) > 100 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		last := row[0]
		row[0] = i + 1
		for j := range b {
			change := last
			if a[i] != b[j] {
				change++
			}
			last = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// repaired returns the policy with the word as it was probably meant.
func (w word) repaired() *policy {
	p := &policy{name: w.policy.name}
	for _, st := range w.policy.statements {
		if st == w.statement {
			c := *st
			c.conditions = slices.Clone(st.conditions)
			if w.isKey {
				c.conditions[w.index].key = w.meant
			} else {
				set, _, ifExists := splitOperator(c.conditions[w.index].operator)
				c.conditions[w.index].operator = w.meant
				if ifExists && w.meant != "Null" {
					c.conditions[w.index].operator += "IfExists"
				}
				if set != "" && knownSet(set) {
					c.conditions[w.index].operator = set + ":" + c.conditions[w.index].operator
				}
			}
			st = &c
		}
		p.statements = append(p.statements, st)
	}
	return p
}
