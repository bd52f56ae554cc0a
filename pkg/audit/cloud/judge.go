package cloud

import (
	"fmt"
	"io/fs"
	"time"

	"recover/pkg/audit"
)

// MaxAge is how old answers may be: what was right then may have been changed.
const MaxAge = 31 * 24 * time.Hour

// Review is what the answers of one directory come to.
type Review struct {
	Bucket, Role string
	Collected    time.Time
	Lines        []audit.Line // each item once, always in the same order

	keyARN, roleARN, account string
	externalIDs              []string
}

// Judge judges the answers in a directory as of now. It returns
// ErrNoCollection or ErrTooManyFiles if it is not what collect.sh leaves; an
// answer that is missing or damaged makes its lines NotKnown instead.
func Judge(files fs.FS, now time.Time) (*Review, error) {
	c, err := openCollection(files)
	if err != nil {
		return nil, err
	}
	j := &judge{collection: c, now: now, reported: make(map[wordID]bool)}
	j.readPolicies()
	r := &Review{Bucket: c.bucket, Role: c.role, Collected: c.collected, keyARN: c.keyARN(), roleARN: c.roleARN(), account: c.account()}
	if j.ps.trust != nil {
		r.externalIDs = j.ps.trust.externalIDs()
	}
	for _, item := range items {
		v := item.judge(j)
		r.Lines = append(r.Lines, audit.Line{Item: item.code, Title: item.title, Verdict: v.verdict, Fact: v.fact, Next: v.next, Command: v.command})
	}
	return r, nil
}

// judge is one run of Judge.
type judge struct {
	*collection
	now time.Time

	ps                                           policies
	bucketErr, keyErr, trustErr, roleErr, attErr error // why a policy is not known

	reported map[wordID]bool // words that a line has named
}

// finding is what a line comes to.
type finding struct {
	verdict             audit.Verdict
	fact, next, command string
}

func green(format string, args ...any) finding {
	return finding{verdict: audit.Green, fact: fmt.Sprintf(format, args...)}
}

func red(fact, next, command string) finding { return finding{audit.Red, fact, next, command} }

// notKnown is the finding where there is no answer.
func (j *judge) notKnown(err error) finding {
	return finding{audit.NotKnown, err.Error(),
		"make sure that the caller may make this call, and that the bucket and the role are the right ones; then collect the answers again",
		fmt.Sprintf("deploy/aws/collect.sh %s %s NEW-DIRECTORY", j.bucket, j.role)}
}

// ask gives the answer of a call to judged, unless there is none.
func (j *judge) ask(call string, judged func(a *answer) finding) finding {
	a := j.answer(call)
	if a.unknown != nil {
		return j.notKnown(a.unknown)
	}
	return judged(a)
}

// items are all lines, in the order of the hardening checklist: the bucket, who
// may write, the key, the trail and the alarms.
var items = []struct {
	code, title string
	judge       func(*judge) finding
}{
	{"answers", "the answers are recent", (*judge).age},
	{"versioning", "versioning is on", (*judge).versioning},
	{"object-lock", "Object Lock is in compliance mode", (*judge).objectLock},
	{"mfa-delete", "MFA Delete, or what takes its place", (*judge).mfaDelete},
	{"encryption", "what is written is encrypted with the bucket's own key", (*judge).encryption},
	{"public-access", "public access is blocked", (*judge).publicAccess},
	{"ownership", "access control lists are switched off", (*judge).ownership},
	{"lifecycle-current", "no lifecycle rule removes the current version", (*judge).lifecycleCurrent},
	{"lifecycle-newest", "no lifecycle rule removes the newest of the older versions", (*judge).lifecycleNewest},
	{"lifecycle-archive", "no lifecycle rule moves backups to an archive", (*judge).lifecycleArchive},
	{"tls", "plain HTTP is refused", (*judge).tls},
	{"write-encryption", "a write with another encryption than KMS is refused", (*judge).writeEncryption},
	{"write-key", "a write with another key is refused", (*judge).writeKey},
	{"write-default-key", "a write with KMS that names no key is refused", (*judge).writeDefaultKey},
	{"write-customer-key", "a write with a key of the writer's own (SSE-C) is refused", (*judge).writeCustomerKey},
	{"write-others", "nobody but the service writes", (*judge).writeOthers},
	{"deletes", "nobody may delete backups", (*judge).deletes},
	{"bucket-others", "the bucket policy lets nobody else in", (*judge).bucketOthers},
	{"role-principal", "only the service can assume the role", (*judge).rolePrincipal},
	{"role-external-id", "the role asks for the external ID", (*judge).roleExternalID},
	{"role-attached", "the role has no policy of AWS's own", (*judge).roleAttached},
	{"role-actions", "the role may only write", (*judge).roleActions},
	{"role-resources", "the role is for this bucket and this key only", (*judge).roleResources},
	{"service-writes", "the service can write", (*judge).serviceWrites},
	{"key-state", "the key is in use", (*judge).keyState},
	{"key-kind", "the key is the account's own", (*judge).keyKind},
	{"key-rotation", "the key is rotated", (*judge).keyRotation},
	{"key-grants", "the key has no grants", (*judge).keyGrants},
	{"key-others", "the key policy lets nobody else in", (*judge).keyOthers},
	{"key-through-s3", "the role can use the key through S3 only", (*judge).keyThroughS3},
	{"key-deletion", "the key cannot be deleted without MFA", (*judge).keyDeletion},
	{"trail", "CloudTrail records every access to the backups", (*judge).trail},
	{"trail-logging", "the trail is running", (*judge).trailLogging},
	{"trail-bucket", "the trail writes to another bucket", (*judge).trailBucket},
	{"trail-validation", "changes to the trail's files can be detected", (*judge).trailValidation},
	{"trail-management", "a trail records changes of the settings", (*judge).trailManagement},
	{"trail-logs", "the trail reaches the alarms", (*judge).trailLogs},
	{"alarm-failed-writes", "an alarm for failed writes", (*judge).alarmFailedWrites},
	{"alarm-deletes", "an alarm for deletes", (*judge).alarmDeletes},
	{"alarm-reads", "an alarm for reads", (*judge).alarmReads},
	{"alarm-settings", "an alarm for changes of the bucket's settings", (*judge).alarmSettings},
	{"alarm-key", "an alarm for changes of the key", (*judge).alarmKey},
	{"alarm-trail", "an alarm for changes of the trail", (*judge).alarmTrail},
	// Last: it names the words that no other line has named.
	{"policy-words", "the conditions of the policies have no misspelled words", (*judge).policyWords},
}

func (j *judge) age() finding {
	age := j.now.Sub(j.collected)
	date := j.collected.UTC().Format("2006-01-02")
	if age > MaxAge || age < -24*time.Hour {
		return j.notKnown(fmt.Errorf("the answers are of %s: the settings may be others today", date))
	}
	return green("collected on %s", date)
}

// redeploy is the next step for what the template makes.
func (j *judge) redeploy(what string) (next, command string) {
	return what + "; the template does it", "deploy/aws/deploy.sh ENVIRONMENT DIRECTORY"
}
