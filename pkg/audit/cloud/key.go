package cloud

import (
	"fmt"
	"strings"

	"recover/pkg/audit"
)

func (j *judge) keyCommand(verb string) string {
	return "aws kms " + verb + " --key-id " + j.keyARN()
}

func (j *judge) keyState() finding {
	return j.ask("kms.describe-key", func(a *answer) finding {
		m, _ := a.body["KeyMetadata"].(object)
		switch state := m.text("KeyState"); {
		case state == "PendingDeletion" || state == "PendingReplicaDeletion":
			return red("it will be deleted, and with it every backup, locked or not: "+state, "cancel the deletion at once, enable the key, and find out who asked for it", j.keyCommand("cancel-key-deletion"))
		case state != "Enabled":
			return red("its state is "+quote(state)+": nothing can be read or written", "enable it", j.keyCommand("enable-key"))
		case m["DeletionDate"] != nil || m["ValidTo"] != nil:
			return red("it has an end: a date of deletion or of expiry", "find out why, and take the date away", j.keyCommand("describe-key"))
		}
		return green("enabled")
	})
}

func (j *judge) keyKind() finding {
	return j.ask("kms.describe-key", func(a *answer) finding {
		m, _ := a.body["KeyMetadata"].(object)
		next, command := "make a key of the account's own, and make it the bucket's default", "aws kms create-key --description 'wallet backups'"
		switch {
		case m.text("KeyManager") != "CUSTOMER":
			return red("its manager is "+quote(m.text("KeyManager"))+": its policy is not yours", next, command)
		case m.text("Origin") != "AWS_KMS":
			return red("its origin is "+quote(m.text("Origin"))+": who holds the material can end it", next, command)
		case m.text("KeySpec") != "SYMMETRIC_DEFAULT":
			return red("its kind is "+quote(m.text("KeySpec")), next, command)
		case accountOf(m.text("Arn")) != j.account():
			return red("it belongs to the account "+quote(accountOf(m.text("Arn"))), next, command)
		}
		return green("made in KMS, in the account %s", j.account())
	})
}

func (j *judge) keyRotation() finding {
	return j.ask("kms.get-key-rotation-status", func(a *answer) finding {
		if !a.body.isTrue("KeyRotationEnabled") {
			return red("it is not rotated", "switch rotation on; what was encrypted before stays readable", j.keyCommand("enable-key-rotation"))
		}
		return green("rotated by KMS")
	})
}

func (j *judge) keyGrants() finding {
	return j.ask("kms.list-grants", func(a *answer) finding {
		grants, err := a.body.objects("Grants")
		if err != nil {
			return j.notKnown(fmt.Errorf("the answer %s.json: %w", a.call, err))
		}
		if len(grants) == 0 {
			return green("none")
		}
		return red(fmt.Sprintf("%d, the first for %s: they permit what no policy shows", len(grants), quote(grants[0].text("GranteePrincipal"))),
			"find out what each is for, and revoke it", j.keyCommand("revoke-grant")+" --grant-id GRANT")
	})
}

func (j *judge) putKeyPolicy() string {
	return j.keyCommand("put-key-policy") + " --policy-name default --policy file://key-policy.json"
}

func (j *judge) keyOthers() finding {
	if j.keyErr != nil {
		return j.notKnown(j.keyErr)
	}
	return j.hold(func(ps policies) (certainty, string) { return j.closed(ps.key) },
		"it lets nobody in", "remove the statement, or name principals of this account", j.putKeyPolicy())
}

// keyThroughS3: with the condition kms:ViaService in one policy alone, the other
// still lets the role use the key directly.
func (j *judge) keyThroughS3() finding {
	for _, err := range []error{j.keyErr, j.rolePolicies()} {
		if err != nil {
			return j.notKnown(err)
		}
	}
	if j.keyARN() == "" {
		return j.notKnown(fmt.Errorf("the key of the bucket is not known: %w", j.answer("kms.describe-key").unknown))
	}
	c := func(ps policies) (certainty, string) {
		for _, action := range []string{"kms:Decrypt", "kms:GenerateDataKey"} {
			r := from(j.writer(), action, j.keyARN(), keyCaller, j.account())
			if may := ps.keyAllows(r); may != no {
				where := "the policy of the role, because the key policy leaves it to the account's policies"
				if (policies{key: ps.key}).keyAllows(r) != no {
					where = "the key policy"
				}
				return yes - may, action + " without S3 is permitted by " + where
			}
		}
		return yes, ""
	}
	f := j.hold(c, "both policies have the condition", "add the condition StringEquals kms:ViaService s3."+regionOf(j.keyARN())+".amazonaws.com in the policy of the role and in the key policy", j.putRole())
	if f.verdict == audit.Red && strings.HasSuffix(f.fact, "the key policy") {
		f.command = j.putKeyPolicy()
	}
	return f
}

// keyDeletion: a deleted key ends every backup, also those that are locked.
func (j *judge) keyDeletion() finding {
	if j.keyErr != nil {
		return j.notKnown(j.keyErr)
	}
	c := func(ps policies) (certainty, string) {
		so := yes
		for _, action := range []string{"kms:ScheduleKeyDeletion", "kms:DisableKey"} {
			r := from(j.administrator(), action, j.keyARN())
			so = min(so, ps.key.denies(r), ps.key.denies(r.with(keyMFA, "false")))
		}
		return so, "an administrator without MFA can delete or disable the key, and with it every backup, locked or not"
	}
	return j.hold(c, "refused without MFA", "add the statement KeyIsNotDeletedWithoutMFA of deploy/aws/template.yaml to the key policy", j.putKeyPolicy())
}
