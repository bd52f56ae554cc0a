package cloud

import (
	"slices"
	"strings"
)

// Condition keys of a write.
const (
	keySSE         = "s3:x-amz-server-side-encryption"
	keySSEKey      = "s3:x-amz-server-side-encryption-aws-kms-key-id"
	keySSECustomer = "s3:x-amz-server-side-encryption-customer-algorithm"
	keyTLS         = "aws:securetransport"
	keyVia         = "kms:viaservice"
	keyCaller      = "kms:calleraccount"
	keyMFA         = "aws:multifactorauthpresent"
	keyExternalID  = "sts:externalid"
)

// otherAccount is one that nobody has.
const otherAccount = "000000000000"

func (j *judge) objectARN() string {
	return j.bucketARN() + "/00000000-0000-4000-8000-000000000000/recovery_shard-0.txt"
}

// writer is the principal of the role, administrator any other of the account,
// and stranger one of another account.
func (j *judge) writer() string {
	if arn := j.roleARN(); arn != "" {
		return arn
	}
	return "arn:" + j.partition() + ":iam::" + j.account() + ":role/" + j.role
}

func (j *judge) administrator() string {
	return "arn:" + j.partition() + ":iam::" + j.account() + ":role/any-administrator"
}

func (j *judge) stranger() string {
	return "arn:" + j.partition() + ":iam::" + otherAccount + ":role/stranger"
}

// from makes a request of a principal over TLS.
func from(principal, action, resource string, pairs ...string) request {
	r := request{principal: principal, action: action, resource: resource}
	return r.with(keyTLS, "true", "s3:tlsversion", "1.3", "aws:principalarn", principal, "aws:principalaccount", accountOf(principal)).with(pairs...)
}

// write is a write by the role.
func (j *judge) write(pairs ...string) request {
	return from(j.writer(), "s3:PutObject", j.objectARN(), pairs...)
}

// refusesAll is green if the bucket policy refuses every one of the requests.
func (j *judge) refusesAll(sid, problem, fine string, requests ...request) finding {
	if j.bucketErr != nil {
		return j.notKnown(j.bucketErr)
	}
	c := func(ps policies) (certainty, string) {
		so := yes
		for _, r := range requests {
			so = min(so, ps.bucket.denies(r))
		}
		return so, problem
	}
	return j.hold(c, fine, "add the statement "+sid+" of deploy/aws/template.yaml to the bucket policy", j.putPolicy())
}

func (j *judge) putPolicy() string {
	return "aws s3api put-bucket-policy --bucket " + j.bucket + " --policy file://bucket-policy.json"
}

func (j *judge) tls() finding {
	var all []request
	for _, who := range []string{j.writer(), j.administrator(), ""} {
		for _, action := range []string{"s3:PutObject", "s3:GetObject", "s3:GetObjectVersion", "s3:DeleteObjectVersion"} {
			all = append(all, from(who, action, j.objectARN(), keyTLS, "false"))
		}
		all = append(all, from(who, "s3:ListBucket", j.bucketARN(), keyTLS, "false"), from(who, "s3:PutBucketPolicy", j.bucketARN(), keyTLS, "false"))
	}
	return j.refusesAll("OnlyTLS", "the bucket policy does not refuse plain HTTP", "for everyone and every action", all...)
}

func (j *judge) writeEncryption() finding {
	return j.refusesAll("OnlyKMS", "a write with x-amz-server-side-encryption: AES256 is not refused", "AES256 is refused",
		j.write(keySSE, "AES256"))
}

func (j *judge) writeKey() finding {
	other := "arn:" + j.partition() + ":kms:" + regionOf(j.keyARN()) + ":" + j.account() + ":key/00000000-0000-4000-8000-000000000000"
	foreign := strings.Replace(other, ":"+j.account()+":", ":"+otherAccount+":", 1)
	return j.refusesAll("OnlyThisKey", "a write with another KMS key is not refused: its owner decides who can ever read it", "keys other than the bucket's are refused",
		j.write(keySSE, "aws:kms", keySSEKey, other), j.write(keySSE, "aws:kms", keySSEKey, foreign))
}

func (j *judge) writeDefaultKey() finding {
	return j.refusesAll("KMSNamesTheKey", "a write with aws:kms that names no key is not refused: it uses AWS's own key aws/s3", "it would use AWS's own key aws/s3",
		j.write(keySSE, "aws:kms"))
}

func (j *judge) writeCustomerKey() finding {
	if a := j.answer("s3api.get-bucket-encryption"); a.unknown == nil && blocksCustomerKeys(a.body) {
		return green("the bucket's encryption settings block SSE-C")
	}
	return j.refusesAll("NoKeyOfTheWriter", "a write with SSE-C is not refused: only who wrote it could read it", "SSE-C is refused",
		j.write(keySSECustomer, "AES256"))
}

// writeOthers: who can write can plant a backup of another key.
func (j *judge) writeOthers() finding {
	key := j.keyARN()
	return j.refusesAll("OnlyTheServiceWrites", "an administrator may write too: who can write can plant the backup of another key", "refused to all but the role",
		from(j.administrator(), "s3:PutObject", j.objectARN(), keySSE, "aws:kms", keySSEKey, key), from(j.administrator(), "s3:PutObject", j.objectARN()))
}

// blocksCustomerKeys tells whether the encryption settings themselves block
// SSE-C.
func blocksCustomerKeys(o object) bool {
	rules, _ := o.at("ServerSideEncryptionConfiguration", "Rules").([]any)
	for _, v := range rules {
		rule, _ := v.(object)
		list, _ := rule.at("BlockedEncryptionTypes", "EncryptionType").([]any)
		for _, kind := range list {
			if kind == "SSE-C" {
				return true
			}
		}
	}
	return false
}

func (j *judge) deletes() finding {
	var all []request
	for _, who := range []string{j.writer(), j.administrator()} {
		for _, action := range []string{"s3:DeleteObject", "s3:DeleteObjectVersion"} {
			all = append(all, from(who, action, j.objectARN(), keyMFA, "true"))
		}
	}
	return j.refusesAll("NobodyDeletes", "the bucket policy does not refuse deletes to everyone, administrators included", "deletes are refused to everyone", all...)
}

// bucketOthers looks for a statement that lets somebody of another account in,
// whatever for.
func (j *judge) bucketOthers() finding {
	if j.bucketErr != nil {
		return j.notKnown(j.bucketErr)
	}
	return j.hold(func(ps policies) (certainty, string) { return j.closed(ps.bucket) },
		"it lets nobody in", "remove the statement, or name principals of this account", j.putPolicy())
}

// accountKeys are the condition keys that tie a statement to an account.
var accountKeys = []string{"aws:principalaccount", "aws:principalarn", "aws:sourceaccount", keyCaller}

// closed tells whether no statement of a policy lets somebody of another account
// in.
func (j *judge) closed(p *policy) (certainty, string) {
	so, problem := yes, ""
	for _, st := range p.statements {
		if st.deny {
			continue
		}
		for _, name := range slices.Concat(st.principals.aws, st.principals.other) {
			if name != j.account() && accountOf(name) != j.account() {
				return no, "the statement " + quote(st.sid) + " of " + p.name + " lets " + quote(name) + " in"
			}
		}
		tied, others := *st, 0
		tied.conditions = nil
		for _, c := range st.conditions {
			if slices.Contains(accountKeys, strings.ToLower(c.key)) {
				tied.conditions = append(tied.conditions, c)
			} else {
				others++
			}
		}
		who := j.stranger()
		open := min(st.principals.include(who), tied.holds(from(who, "", "", keyCaller, otherAccount, "aws:sourceaccount", otherAccount)))
		if open == yes && others > 0 {
			open = unsure
		}
		if yes-open < so {
			so, problem = yes-open, "the statement "+quote(st.sid)+" of "+p.name+" lets everyone in"
		}
	}
	return so, problem
}
