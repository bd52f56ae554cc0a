package cloud

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// minRetention is how many days a backup has to be locked: time to notice.
const minRetention = 30

func (j *judge) versioning() finding {
	return j.ask("s3api.get-bucket-versioning", func(a *answer) finding {
		next, command := "switch it on: without versions, a reshare overwrites the last backup", "aws s3api put-bucket-versioning --bucket "+j.bucket+" --versioning-configuration Status=Enabled"
		switch status := a.body.text("Status"); {
		case !a.set || a.body["Status"] == nil:
			return red("it was never switched on", next, command)
		case status != "Enabled":
			return red("its status is "+quote(status), next, command)
		}
		return green("enabled")
	})
}

// complianceDays is the default retention in compliance mode; 0 is none.
func (j *judge) complianceDays() (days int64, problem string, err error) {
	a := j.answer("s3api.get-object-lock-configuration")
	switch {
	case a.unknown != nil:
		return 0, "", a.unknown
	case !a.set || a.body.text("ObjectLockConfiguration", "ObjectLockEnabled") != "Enabled":
		return 0, "it is off", nil
	}
	rule, _ := a.body.at("ObjectLockConfiguration", "Rule", "DefaultRetention").(object)
	days = rule.wholeNumber("Days") + 365*rule.wholeNumber("Years")
	switch mode := rule.text("Mode"); {
	case len(rule) == 0:
		return 0, "it is on, but without a default retention: nothing is locked", nil
	case mode != "COMPLIANCE":
		return 0, "its mode is " + quote(mode) + ": administrators can still delete", nil
	case days < minRetention:
		return 0, fmt.Sprintf("the retention is %d days, at least %d are needed", days, minRetention), nil
	}
	return days, "", nil
}

func (j *judge) objectLock() finding {
	days, problem, err := j.complianceDays()
	switch {
	case err != nil:
		return j.notKnown(err)
	case problem != "":
		return red(problem, "set a default retention in compliance mode; nobody can shorten it afterwards",
			"aws s3api put-object-lock-configuration --bucket "+j.bucket+` --object-lock-configuration '{"ObjectLockEnabled":"Enabled","Rule":{"DefaultRetention":{"Mode":"COMPLIANCE","Days":365}}}'`)
	}
	return green("compliance mode, %d days", days)
}

// mfaDelete is about two things that exclude each other: AWS takes no lifecycle
// configuration on a bucket with MFA Delete. Object Lock in compliance mode
// refuses what MFA Delete would ask a second factor for, and to root too, so it
// takes the place of MFA Delete where it is on.
func (j *judge) mfaDelete() finding {
	v := j.answer("s3api.get-bucket-versioning")
	if v.unknown != nil {
		return j.notKnown(v.unknown)
	}
	rules, err := j.lifecycleRules()
	if v.body.text("MFADelete") == "Enabled" {
		if err == nil && len(rules) > 0 {
			return j.notKnown(errors.New("it is on and there are lifecycle rules, which exclude each other: the answers are of different times"))
		}
		return green("MFA Delete is on; no lifecycle rule can be there with it")
	}
	days, _, err := j.complianceDays()
	if err != nil || days == 0 {
		return j.notKnown(errors.New("MFA Delete is off, and whether Object Lock takes its place is decided by the line object-lock"))
	}
	return green("off, because it and lifecycle rules exclude each other; Object Lock takes its place, and holds against root too")
}

func (j *judge) encryption() finding {
	return j.ask("s3api.get-bucket-encryption", func(a *answer) finding {
		key := j.keyARN()
		next, command := "make the bucket's own key the default, by its full ARN", "aws s3api put-bucket-encryption --bucket "+j.bucket+
			` --server-side-encryption-configuration '{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"aws:kms","KMSMasterKeyID":"KEY-ARN"}}]}'`
		if !a.set {
			return red("there is no default encryption", next, command)
		}
		rules, _ := a.body.at("ServerSideEncryptionConfiguration", "Rules").([]any)
		if len(rules) != 1 {
			return j.notKnown(fmt.Errorf("the answer %s.json has %d rules", a.call, len(rules)))
		}
		rule, _ := rules[0].(object)
		algorithm, id := rule.text("ApplyServerSideEncryptionByDefault", "SSEAlgorithm"), rule.text("ApplyServerSideEncryptionByDefault", "KMSMasterKeyID")
		switch {
		case algorithm != "aws:kms" && algorithm != "aws:kms:dsse":
			return red("the default is "+quote(algorithm)+", not aws:kms", next, command)
		case id == "":
			return red("the default is aws:kms with AWS's own key aws/s3, whose policy cannot be changed", next, command)
		case !strings.HasPrefix(id, "arn:") || strings.Contains(id, ":alias/"):
			return red("the default names the key by "+quote(id)+": who writes from another account would use a key of that account", next, command)
		case key == "":
			return j.notKnown(fmt.Errorf("the key of the bucket is not known: %w", j.answer("kms.describe-key").unknown))
		case id != key:
			return red("the default is the key "+quote(id)+", but the key that was looked at is "+quote(key), next, command)
		}
		return green("by default with %s", id)
	})
}

func (j *judge) publicAccess() finding {
	return j.ask("s3api.get-public-access-block", func(a *answer) finding {
		var off []string
		for _, name := range []string{"BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"} {
			if !a.body.isTrue("PublicAccessBlockConfiguration", name) {
				off = append(off, name)
			}
		}
		if len(off) > 0 {
			return red("off: "+strings.Join(off, ", "), "switch all four on", "aws s3api put-public-access-block --bucket "+j.bucket+
				" --public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true")
		}
		return green("all four settings are on")
	})
}

func (j *judge) ownership() finding {
	return j.ask("s3api.get-bucket-ownership-controls", func(a *answer) finding {
		rules, _ := a.body.at("OwnershipControls", "Rules").([]any)
		owner := "not set"
		if len(rules) == 1 {
			rule, _ := rules[0].(object)
			owner = rule.text("ObjectOwnership")
		}
		if owner != "BucketOwnerEnforced" {
			return red("object ownership is "+quote(owner), "let the bucket's owner own every object, so that lists in objects give no access",
				"aws s3api put-bucket-ownership-controls --bucket "+j.bucket+" --ownership-controls 'Rules=[{ObjectOwnership=BucketOwnerEnforced}]'")
		}
		return green("the bucket's owner owns every object")
	})
}

// lifecycleRules returns the rules that are switched on.
func (j *judge) lifecycleRules() ([]object, error) {
	a := j.answer("s3api.get-bucket-lifecycle-configuration")
	if a.unknown != nil || !a.set {
		return nil, a.unknown
	}
	rules, err := a.body.objects("Rules")
	if err != nil {
		return nil, fmt.Errorf("the answer %s.json: %w", a.call, err)
	}
	return slices.DeleteFunc(rules, func(r object) bool { return r.text("Status") == "Disabled" }), nil
}

// noRule is green if none of the rules that are on is bad.
func (j *judge) noRule(bad func(rule object) string, fine, next string) finding {
	rules, err := j.lifecycleRules()
	if err != nil {
		return j.notKnown(err)
	}
	for _, r := range rules {
		if problem := bad(r); problem != "" {
			return red("the rule "+quote(r.text("ID"))+" "+problem, next, "aws s3api put-bucket-lifecycle-configuration --bucket "+j.bucket+" --lifecycle-configuration file://lifecycle.json")
		}
	}
	if len(rules) == 0 {
		return green("there are no rules: everything is kept")
	}
	return green("%s", fine)
}

func (j *judge) lifecycleCurrent() finding {
	return j.noRule(func(r object) string {
		v, there := r["Expiration"]
		if e, ok := v.(object); !there || ok && len(e) == 1 && e["ExpiredObjectDeleteMarker"] != nil {
			return ""
		}
		return "expires current versions: the newest backup of a key gets a delete marker"
	}, "no rule expires them", "remove Expiration from the rule; NoncurrentVersionExpiration with NewerNoncurrentVersions limits the older versions")
}

func (j *judge) lifecycleNewest() finding {
	return j.noRule(func(r object) string {
		v, there := r["NoncurrentVersionExpiration"]
		if e, _ := v.(object); !there || e.wholeNumber("NewerNoncurrentVersions") >= 1 {
			return ""
		}
		return "removes all older versions: after a delete, or a write of something else, the last good backup is one of them"
	}, "the newest of the older versions are kept", "add NewerNoncurrentVersions to NoncurrentVersionExpiration, such as 10")
}

func (j *judge) lifecycleArchive() finding {
	return j.noRule(func(r object) string {
		for _, name := range []string{"Transitions", "NoncurrentVersionTransitions"} {
			list, _ := r[name].([]any)
			for _, v := range list {
				t, _ := v.(object)
				if class := t.text("StorageClass"); class == "GLACIER" || class == "DEEP_ARCHIVE" {
					return "moves backups to " + class + ": a download fails until they are restored, which takes hours"
				}
			}
		}
		return ""
	}, "none does", "remove the transition, or use a class that can be read at once, such as GLACIER_IR")
}
