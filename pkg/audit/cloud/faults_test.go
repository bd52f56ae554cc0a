package cloud

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"recover/pkg/audit"
)

// fault is one setting that is changed or missing alone.
type fault struct {
	name, item string // the line that turns red
	call       string // whose answer changes
	old, new   string // see replace; without old, new is the whole answer
	code       string // or the error in its place, which says that it was never set
}

const (
	keyARN     = "arn:aws:kms:eu-central-1:123456789012:key/21e36271-7814-4a72-b7db-457dfe49e4dd"
	emptyText  = " "
	denyTLS    = `"Condition":{"Bool":{"aws:SecureTransport":"false"}}`
	sidPut     = `"Effect":"Deny","Principal":"*","Action":"s3:PutObject"`
	viaS3      = `,"Condition":{"StringEquals":{"kms:ViaService":"s3.eu-central-1.amazonaws.com"}}`
	externalID = `"Condition":{"StringEquals":{"sts:ExternalId":"id-of-production"}}`
	noncurrent = `"NoncurrentVersionExpiration":{"NewerNoncurrentVersions":10,"NoncurrentDays":400}`
)

var faults = []fault{
	{"versioning suspended", "versioning", "s3api.get-bucket-versioning", `"Enabled"`, `"Suspended"`, ""},
	{"versioning never on", "versioning", "s3api.get-bucket-versioning", "", emptyText, ""},
	{"versioning without a status", "versioning", "s3api.get-bucket-versioning", "", `{"MFADelete":"Disabled"}`, ""},
	{"no object lock", "object-lock", "s3api.get-object-lock-configuration", "", "", "ObjectLockConfigurationNotFoundError"},
	{"object lock without a rule", "object-lock", "s3api.get-object-lock-configuration", "", `{"ObjectLockConfiguration":{"ObjectLockEnabled":"Enabled"}}`, ""},
	{"object lock with an empty rule", "object-lock", "s3api.get-object-lock-configuration", "", `{"ObjectLockConfiguration":{"ObjectLockEnabled":"Enabled","Rule":{}}}`, ""},
	{"governance mode", "object-lock", "s3api.get-object-lock-configuration", "COMPLIANCE", "GOVERNANCE", ""},
	{"a retention of 29 days", "object-lock", "s3api.get-object-lock-configuration", "365", "29", ""},
	{"no default encryption", "encryption", "s3api.get-bucket-encryption", "", "", "ServerSideEncryptionConfigurationNotFoundError"},
	{"AES256 by default", "encryption", "s3api.get-bucket-encryption", `"KMSMasterKeyID":"` + keyARN + `","SSEAlgorithm":"aws:kms"`, `"SSEAlgorithm":"AES256"`, ""},
	{"AWS's key by default", "encryption", "s3api.get-bucket-encryption", `"KMSMasterKeyID":"` + keyARN + `",`, ``, ""},
	{"another key by default", "encryption", "s3api.get-bucket-encryption", "457dfe49e4dd", "457dfe49e4de", ""},
	{"the key by its bare ID by default", "encryption", "s3api.get-bucket-encryption", "arn:aws:kms:eu-central-1:123456789012:key/", "", ""},
	{"the key by its alias by default", "encryption", "s3api.get-bucket-encryption", keyARN, "arn:aws:kms:eu-central-1:123456789012:alias/wallet-backups-production", ""},
	{"no public access block", "public-access", "s3api.get-public-access-block", "", "", "NoSuchPublicAccessBlockConfiguration"},
	{"public policies not blocked", "public-access", "s3api.get-public-access-block", `"BlockPublicPolicy":true`, `"BlockPublicPolicy":false`, ""},
	{"a public access setting missing", "public-access", "s3api.get-public-access-block", `"IgnorePublicAcls":true,`, ``, ""},
	{"no ownership controls", "ownership", "s3api.get-bucket-ownership-controls", "", "", "OwnershipControlsNotFoundError"},
	{"lists that give access", "ownership", "s3api.get-bucket-ownership-controls", "BucketOwnerEnforced", "ObjectWriter", ""},
	{"current versions expire", "lifecycle-current", "s3api.get-bucket-lifecycle-configuration", noncurrent, noncurrent + `,"Expiration":{"Days":30}`, ""},
	{"current versions expire on a date", "lifecycle-current", "s3api.get-bucket-lifecycle-configuration", noncurrent, noncurrent + `,"Expiration":{"Date":"2027-01-01T00:00:00+00:00"}`, ""},
	{"all older versions expire", "lifecycle-newest", "s3api.get-bucket-lifecycle-configuration", `"NewerNoncurrentVersions":10,`, ``, ""},
	{"an archive", "lifecycle-archive", "s3api.get-bucket-lifecycle-configuration", noncurrent, noncurrent + `,"Transitions":[{"Days":30,"StorageClass":"DEEP_ARCHIVE"}]`, ""},

	{"plain HTTP for objects alone", "tls", "s3api.get-bucket-policy", `["arn:aws:s3:::example-wallet-backups-production","arn:aws:s3:::example-wallet-backups-production/*"],` + denyTLS, `"arn:aws:s3:::example-wallet-backups-production/*",` + denyTLS, ""},
	{"no refusal of plain HTTP", "tls", "s3api.get-bucket-policy", denyTLS, `"Condition":{"Bool":{"aws:SecureTransport":"never"}}`, ""},
	{"plain HTTP: a misspelled condition key", "tls", "s3api.get-bucket-policy", "aws:SecureTransport", "aws:SecureTranport", ""},
	{"plain HTTP: a misspelled operator", "tls", "s3api.get-bucket-policy", `{"Bool":`, `{"Boool":`, ""},
	{"plain HTTP refused to the role alone", "tls", "s3api.get-bucket-policy", `"OnlyTLS","Effect":"Deny","Principal":"*"`, `"OnlyTLS","Effect":"Deny","Principal":{"AWS":"arn:aws:iam::123456789012:role/PalisadeS3BackupRole-production"}`, ""},
	{"AES256 not refused", "write-encryption", "s3api.get-bucket-policy", `"OnlyKMS",` + sidPut, `"OnlyKMS",` + strings.Replace(sidPut, "PutObject", "GetObjectAcl", 1), ""},
	{"another key not refused", "write-key", "s3api.get-bucket-policy", `"OnlyThisKey",` + sidPut, `"OnlyThisKey",` + strings.Replace(sidPut, "PutObject", "GetObjectAcl", 1), ""},
	{"another key: a misspelled condition key", "service-writes", "s3api.get-bucket-policy", `"StringNotEquals":{"s3:x-amz-server-side-encryption-aws-kms-key-id":`, `"StringNotEquals":{"s3:x-amz-server-side-encryption-aws-kms-keyid":`, ""},
	{"KMS without a key not refused", "write-default-key", "s3api.get-bucket-policy", `"KMSNamesTheKey",` + sidPut, `"KMSNamesTheKey",` + strings.Replace(sidPut, "PutObject", "GetObjectAcl", 1), ""},
	{"SSE-C not refused", "write-customer-key", "s3api.get-bucket-policy", `"NoKeyOfTheWriter",` + sidPut, `"NoKeyOfTheWriter",` + strings.Replace(sidPut, "PutObject", "GetObjectAcl", 1), ""},
	{"SSE-C: a misspelled condition key", "write-customer-key", "s3api.get-bucket-policy", "customer-algorithm", "customer-algoritm", ""},
	{"others may write", "write-others", "s3api.get-bucket-policy", `"OnlyTheServiceWrites",` + sidPut, `"OnlyTheServiceWrites",` + strings.Replace(sidPut, "PutObject", "GetObjectAcl", 1), ""},
	{"versions may be deleted", "deletes", "s3api.get-bucket-policy", `"s3:DeleteObjectVersion",`, ``, ""},
	{"another account in the bucket policy", "bucket-others", "s3api.get-bucket-policy", `"Statement":[`, `"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::555566667777:root"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::example-wallet-backups-production/*"},`, ""},
	{"everyone in the bucket policy", "bucket-others", "s3api.get-bucket-policy", `"Statement":[`, `"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::example-wallet-backups-production/*"},`, ""},
	{"the service is refused without headers", "service-writes", "s3api.get-bucket-policy", `"Null":{"s3:x-amz-server-side-encryption":"false"},"StringNotEquals"`, `"StringNotEqualsIfExists"`, ""},
	{"the service is refused with the key", "service-writes", "s3api.get-bucket-policy", "457dfe49e4dd", "457dfe49e4de", ""},

	{"everybody may assume the role", "role-principal", "iam.get-role", `{"AWS":"arn:aws:iam::999988887777:role/mpc-service"}`, `"*"`, ""},
	{"a second principal may assume the role", "role-principal", "iam.get-role", `"arn:aws:iam::999988887777:role/mpc-service"`, `["arn:aws:iam::999988887777:role/mpc-service","arn:aws:iam::123456789012:root"]`, ""},
	{"no external ID", "role-external-id", "iam.get-role", "," + externalID, ``, ""},
	{"any external ID", "role-external-id", "iam.get-role", externalID, `"Condition":{"StringLike":{"sts:ExternalId":"*"}}`, ""},
	{"the external ID only if there is one", "role-external-id", "iam.get-role", `"StringEquals":{"sts:`, `"StringEqualsIfExists":{"sts:`, ""},
	{"the external ID: a misspelled condition key", "policy-words", "iam.get-role", "sts:ExternalId", "sts:ExternlId", ""},
	{"a managed policy", "role-attached", "iam.list-attached-role-policies", `[]`, `[{"PolicyName":"AmazonS3FullAccess","PolicyArn":"arn:aws:iam::aws:policy/AmazonS3FullAccess"}]`, ""},
	{"s3:* in the role", "role-actions", "iam.get-role-policy.1", `"s3:PutObject"`, `"s3:*"`, ""},
	{"a wildcard in the role", "role-actions", "iam.get-role-policy.1", `"s3:PutObject"`, `"s3:Put*"`, ""},
	{"deletes in the role", "role-actions", "iam.get-role-policy.1", `"s3:PutObject"`, `["s3:PutObject","s3:DeleteObject"]`, ""},
	{"everything but in the role", "role-actions", "iam.get-role-policy.1", `"Action":"s3:PutObject"`, `"NotAction":"s3:DeleteObject"`, ""},
	{"every bucket in the role", "role-resources", "iam.get-role-policy.1", `"arn:aws:s3:::example-wallet-backups-production/*"`, `"*"`, ""},
	{"buckets of a like name in the role", "role-resources", "iam.get-role-policy.1", `production/*"`, `production*"`, ""},
	{"every key in the role", "role-resources", "iam.get-role-policy.1", `"` + keyARN + `"`, `"arn:aws:kms:eu-central-1:123456789012:key/*"`, ""},
	{"ViaService in the key policy alone", "key-through-s3", "iam.get-role-policy.1", viaS3, ``, ""},
	{"ViaService in the role alone", "key-through-s3", "kms.get-key-policy", `"kms:ViaService":"s3.eu-central-1.amazonaws.com",`, ``, ""},

	{"the key will be deleted", "key-state", "kms.describe-key", `"Enabled":true`, `"DeletionDate":"2026-12-25T14:17:29.100000+00:00","Enabled":false`, ""},
	{"the key is pending deletion", "key-state", "kms.describe-key", `"KeyState":"Enabled"`, `"KeyState":"PendingDeletion","DeletionDate":1798207000.1`, ""},
	{"the key is disabled", "key-state", "kms.describe-key", `"KeyState":"Enabled"`, `"KeyState":"Disabled"`, ""},
	{"the key is AWS's", "key-kind", "kms.describe-key", `"CUSTOMER"`, `"AWS"`, ""},
	{"the key's material is from outside", "key-kind", "kms.describe-key", `"AWS_KMS"`, `"EXTERNAL"`, ""},
	{"the key is not rotated", "key-rotation", "kms.get-key-rotation-status", `true`, `false`, ""},
	{"a grant", "key-grants", "kms.list-grants", `[]`, `[{"GrantId":"0c23","GranteePrincipal":"arn:aws:iam::555566667777:role/x","Operations":["Decrypt"]}]`, ""},
	{"another account in the key policy", "key-others", "kms.get-key-policy", `"Statement":[`, `"Statement":[{"Effect":"Allow","Principal":{"AWS":"555566667777"},"Action":"kms:Decrypt","Resource":"*"},`, ""},
	{"everyone in the key policy", "key-others", "kms.get-key-policy", `"Statement":[`, `"Statement":[{"Effect":"Allow","Principal":{"AWS":["*"]},"Action":"kms:Encrypt","Resource":"*"},`, ""},
	{"the key can be disabled without MFA", "key-deletion", "kms.get-key-policy", `["kms:ScheduleKeyDeletion","kms:DisableKey"]`, `"kms:ScheduleKeyDeletion"`, ""},
	{"MFA: a form that does not hold for access keys", "key-deletion", "kms.get-key-policy", `"BoolIfExists"`, `"Bool"`, ""},
	{"MFA: a misspelled condition key", "policy-words", "kms.get-key-policy", `aws:MultiFactorAuthPresent`, `aws:MultiFactorAuthPresnt`, ""},

	{"no data events", "trail", "cloudtrail.get-event-selectors.1", `["Data"]`, `["NetworkActivity"]`, ""},
	{"data events of another bucket", "trail", "cloudtrail.get-event-selectors.1", `production/"]`, `sandbox/"]`, ""},
	{"data events of writes alone", "trail", "cloudtrail.get-event-selectors.1", `{"Equals":["Data"]`, `{"Field":"readOnly","Equals":["false"]},{"Equals":["Data"]`, ""},
	{"the trail is stopped", "trail-logging", "cloudtrail.get-trail-status.1", `"IsLogging":true`, `"IsLogging":false`, ""},
	{"the trail cannot deliver", "trail-logging", "cloudtrail.get-trail-status.1", `"IsLogging":true`, `"IsLogging":true,"LatestDeliveryError":"AccessDenied"`, ""},
	{"the trail writes to the backups", "trail-bucket", "cloudtrail.describe-trails", `production-logs"`, `production"`, ""},
	{"no log file validation", "trail-validation", "cloudtrail.describe-trails", `"LogFileValidationEnabled":true`, `"LogFileValidationEnabled":false`, ""},
	{"no management events", "trail-management", "cloudtrail.get-event-selectors.1", `["Management"]`, `["NetworkActivity"]`, ""},
	{"no log group", "trail-logs", "cloudtrail.describe-trails", `"CloudWatchLogsLogGroupArn":"arn:aws:logs:eu-central-1:123456789012:log-group:wallet-backups-production:*",`, ``, ""},
	{"no filter for failed writes", "alarm-failed-writes", "logs.describe-metric-filters.1", `($.errorCode = \"*\")`, `($.errorCode = \"SlowDown\")`, ""},
	{"a filter of another bucket", "alarm-failed-writes", "logs.describe-metric-filters.1", `production\") && ($.eventName = \"PutObject\")`, `sandbox\") && ($.eventName = \"PutObject\")`, ""},
	{"deletes of several objects are not found", "alarm-deletes", "logs.describe-metric-filters.1", `DeleteObject*`, `DeleteObject`, ""},
	{"no alarm for reads", "alarm-reads", "cloudwatch.describe-alarms", `"MetricName":"Reads"`, `"MetricName":"Read"`, ""},
	{"an alarm that tells nobody", "alarm-settings", "cloudwatch.describe-alarms", `production-settings","ActionsEnabled":true`, `production-settings","ActionsEnabled":false`, ""},
	{"a filter for some settings", "alarm-settings", "logs.describe-metric-filters.1", `($.eventName = \"DeleteBucket*\") || `, ``, ""},
	{"key deletion is not found", "alarm-key", "logs.describe-metric-filters.1", `($.eventName = \"ScheduleKeyDeletion\") || `, ``, ""},
	{"a stopped trail is not found", "alarm-trail", "logs.describe-metric-filters.1", `($.eventName = \"StopLogging\") || `, ``, ""},
	{"a misspelled word that protects nothing", "policy-words", "s3api.get-bucket-policy", `"Statement":[`, `"Statement":[{"Sid":"More","Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"*","Condition":{"StringEqual":{"aws:SourceVpc":"vpc-1"}}},`, ""},
}

func (f fault) apply(t testing.TB, files fstest.MapFS) {
	t.Helper()
	switch {
	case f.code != "":
		fail(files, f.call, awsError(f.code), 255)
	case f.old != "":
		replace(t, files, f.call, f.old, f.new)
	default:
		put(files, f.call, f.new)
	}
}

// TestFaults: every setting that is changed or missing alone turns exactly its line
// red, and the line says what to do.
func TestFaults(t *testing.T) {
	items := make(map[string]bool)
	for _, f := range faults {
		files := recorded(t, "production")
		f.apply(t, files)
		r := mustJudge(t, files)
		items[f.item] = true
		if got := not(r.Lines, audit.Red); !slices.Equal(got, []string{f.item}) {
			t.Errorf("%s: red are %q, not %q alone:\n%s", f.name, got, f.item, show(r))
			continue
		}
		for _, l := range r.Lines {
			if l.Verdict == audit.Red && (l.Next == "" || l.Command == "" && l.Item != "policy-words") {
				t.Errorf("%s: nothing to do is said: %+v", f.name, l)
			}
			if strings.Contains(f.name, "misspelled") && l.Verdict == audit.Red && !strings.Contains(l.Fact, "AWS has no") {
				t.Errorf("%s: the misspelled word is not named: %s", f.name, l.Fact)
			}
		}
	}
	never := []string{"answers", "mfa-delete"} // green or not known
	for _, item := range mustJudge(t, recorded(t, "production")).Lines {
		if !items[item.Item] && !slices.Contains(never, item.Item) {
			t.Errorf("no fault turns the line %s red", item.Item)
		}
	}
}
