// Package cloud judges the settings of an AWS account that wallet backups are
// written to, from answers of the aws command that deploy/aws/collect.sh has
// saved. It makes no call itself.
//
// The form of the directory is in docs/formats.md, section 8.
package cloud

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"recover/internal/message"
)

// Limits of what is read.
const (
	MaxFile  = 4 << 20 // bytes of one file
	MaxFiles = 3000    // in the directory; collect.sh leaves three for each call
	MaxTotal = 64 << 20
)

// DescriptionName is the file of a collection that says what was asked about.
const DescriptionName = "collected.json"

const descriptionFormat = "recover-cloud/1"

// ErrNoCollection says that a directory is not what collect.sh leaves.
var ErrNoCollection = errors.New("it is not a directory of saved answers: " + DescriptionName + " is missing or damaged")

// ErrTooManyFiles says that a directory has more files than are read.
var ErrTooManyFiles = fmt.Errorf("more than %d files", MaxFiles)

// answer is what one call of the aws command came to.
type answer struct {
	call string
	body object
	// set is false where AWS says that the setting was never made.
	set bool
	// unknown says why there is no answer; nil where there is one.
	unknown error
}

// collection is a directory of answers.
type collection struct {
	files fs.FS
	names []string // of all files, sorted
	read  int64

	bucket, role string
	collected    time.Time
	answers      map[string]*answer
}

var (
	bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	roleName   = regexp.MustCompile(`^[A-Za-z0-9+=,.@_-]{1,64}$`)
)

func openCollection(files fs.FS) (*collection, error) {
	c := &collection{files: files, answers: make(map[string]*answer)}
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return nil, err
	}
	if len(entries) > MaxFiles {
		return nil, ErrTooManyFiles
	}
	for _, e := range entries {
		c.names = append(c.names, e.Name())
	}
	data, err := c.file(DescriptionName)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoCollection, err)
	}
	o, err := parseObject(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoCollection, err)
	}
	c.bucket, c.role = o.text("bucket"), o.text("role")
	if o.text("format") != descriptionFormat || !bucketName.MatchString(c.bucket) || !roleName.MatchString(c.role) {
		return nil, fmt.Errorf("%w: no format %s with a bucket and a role", ErrNoCollection, descriptionFormat)
	}
	c.collected, err = time.Parse(time.RFC3339, o.text("collected"))
	if err != nil {
		return nil, fmt.Errorf("%w: the time is not of the form 2026-11-25T14:00:00Z", ErrNoCollection)
	}
	return c, nil
}

// file reads a regular file.
func (c *collection) file(name string) ([]byte, error) {
	info, err := fs.Stat(c.files, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s is missing", name)
	case err != nil:
		return nil, fmt.Errorf("%s cannot be read", name)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a regular file", name)
	case info.Size() > MaxFile:
		return nil, fmt.Errorf("%s is larger than %d bytes", name, MaxFile)
	case c.read+info.Size() > MaxTotal:
		return nil, fmt.Errorf("the files are larger than %d bytes together", MaxTotal)
	}
	c.read += info.Size()
	data, err := fs.ReadFile(c.files, name)
	if err != nil || int64(len(data)) > info.Size() {
		return nil, fmt.Errorf("%s cannot be read", name)
	}
	return data, nil
}

// neverSet are the error codes that mean that a setting was not made. Every
// other error means that nothing is known.
var neverSet = map[string]string{
	"s3api.get-object-lock-configuration":      "ObjectLockConfigurationNotFoundError",
	"s3api.get-bucket-encryption":              "ServerSideEncryptionConfigurationNotFoundError",
	"s3api.get-bucket-policy":                  "NoSuchBucketPolicy",
	"s3api.get-public-access-block":            "NoSuchPublicAccessBlockConfiguration",
	"s3api.get-bucket-lifecycle-configuration": "NoSuchLifecycleConfiguration",
	"s3api.get-bucket-ownership-controls":      "OwnershipControlsNotFoundError",
}

// emptyIsUnset are the calls that answer with nothing at all where the setting
// was never made.
var emptyIsUnset = []string{"s3api.get-bucket-versioning"}

// errorCode is how the aws command names an error, in all its versions.
var errorCode = regexp.MustCompile(`An error occurred \(([A-Za-z0-9.]{1,80})\) when calling the`)

// answer returns what a call came to, such as "s3api.get-bucket-policy", or
// "iam.get-role-policy.2" for the second call of that kind.
func (c *collection) answer(call string) *answer {
	if a, ok := c.answers[call]; ok {
		return a
	}
	a := &answer{call: call}
	c.answers[call] = a
	a.unknown = c.load(a)
	return a
}

func (c *collection) load(a *answer) error {
	status, err := c.file(a.call + ".rc")
	if err != nil {
		return fmt.Errorf("there is no answer: %w", err)
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(status)))
	if err != nil {
		return fmt.Errorf("there is no answer: %s.rc has no exit status", a.call)
	}
	if n != 0 {
		return c.loadError(a)
	}
	data, err := c.file(a.call + ".json")
	if err != nil {
		return fmt.Errorf("there is no answer: %w", err)
	}
	if len(strings.TrimSpace(string(data))) == 0 {
		if slices.Contains(emptyIsUnset, a.call) {
			return nil
		}
		return fmt.Errorf("the answer %s.json is empty", a.call)
	}
	body, err := parseObject(data)
	if err != nil {
		return fmt.Errorf("the answer %s.json cannot be read: %w", a.call, err)
	}
	for _, more := range []string{"NextToken", "NextMarker", "Marker", "nextToken"} {
		if body.at(more) != nil {
			return fmt.Errorf("the answer %s.json is only a part: it has %s", a.call, more)
		}
	}
	if body.isTrue("IsTruncated") || body.isTrue("Truncated") && !strings.HasPrefix(a.call, "kms.get-key-policy") {
		return fmt.Errorf("the answer %s.json is only a part", a.call)
	}
	a.body, a.set = body, true
	return nil
}

// loadError finds out what an error means.
func (c *collection) loadError(a *answer) error {
	stderr, err := c.file(a.call + ".err")
	if err != nil {
		return fmt.Errorf("the call failed, and %w", err)
	}
	m := errorCode.FindSubmatch(stderr)
	if m == nil {
		return fmt.Errorf("the call failed: %s", message.QuoteLong(strings.TrimSpace(string(stderr))))
	}
	if code := string(m[1]); code != neverSet[a.call] {
		return fmt.Errorf("the call was refused or failed: %s", code)
	}
	return nil
}

// numbered returns the answers of the calls NAME.1, NAME.2 and so on.
func (c *collection) numbered(call string) []*answer {
	var all []*answer
	for i := 1; ; i++ {
		name := call + "." + strconv.Itoa(i)
		if _, found := slices.BinarySearch(c.names, name+".rc"); !found {
			return all
		}
		all = append(all, c.answer(name))
	}
}

// account is that of the caller, or "".
func (c *collection) account() string {
	if a := c.answer("sts.get-caller-identity"); a.unknown == nil {
		return a.body.text("Account")
	}
	return accountOf(c.roleARN())
}

func (c *collection) roleARN() string {
	if a := c.answer("iam.get-role"); a.unknown == nil {
		return a.body.text("Role", "Arn")
	}
	return ""
}

// keyARN is the full ARN of the key of the bucket, as KMS gives it.
func (c *collection) keyARN() string {
	if a := c.answer("kms.describe-key"); a.unknown == nil {
		return a.body.text("KeyMetadata", "Arn")
	}
	return ""
}

// partition is "aws", or that of China or a government.
func (c *collection) partition() string {
	for _, arn := range []string{c.roleARN(), c.keyARN()} {
		if parts := strings.Split(arn, ":"); len(parts) > 2 {
			return parts[1]
		}
	}
	return "aws"
}

func (c *collection) bucketARN() string { return "arn:" + c.partition() + ":s3:::" + c.bucket }

// accountOf returns the account in an ARN, or "".
func accountOf(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	return parts[4]
}

// regionOf returns the region in an ARN, or "".
func regionOf(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	return parts[3]
}
