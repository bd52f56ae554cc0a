package cloud

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// trailAnswers is what is known of one trail.
type trailAnswers struct {
	about          object // of describe-trails
	arn            string
	number         int // of its other answers, from 1
	reads, writes  bool
	managed        bool // changes of settings are recorded
	selectorsKnown error
}

// trails returns all trails, those that record every access to the backups
// first.
func (j *judge) trails() ([]trailAnswers, error) {
	a := j.answer("cloudtrail.describe-trails")
	if a.unknown != nil {
		return nil, a.unknown
	}
	list, err := a.body.objects("trailList")
	if err != nil {
		return nil, fmt.Errorf("the answer %s.json: %w", a.call, err)
	}
	selectors := j.numbered("cloudtrail.get-event-selectors")
	var all []trailAnswers
	for _, o := range list {
		t := trailAnswers{about: o, arn: o.text("TrailARN"), selectorsKnown: fmt.Errorf("there is no answer about what the trail %s records", quote(o.text("TrailARN")))}
		for i, s := range selectors {
			if s.unknown == nil && s.body.text("TrailARN") == t.arn {
				t.number, t.selectorsKnown = i+1, nil
				j.readSelectors(&t, s.body)
			}
		}
		all = append(all, t)
	}
	slices.SortStableFunc(all, func(a, b trailAnswers) int { return b.rank() - a.rank() })
	return all, nil
}

func (t trailAnswers) rank() int {
	n := 0
	for _, b := range []bool{t.reads, t.writes, t.reads && t.writes && t.about.text("CloudWatchLogsLogGroupArn") != ""} {
		if b {
			n++
		}
	}
	return n
}

// readSelectors reads both forms of what a trail records.
func (j *judge) readSelectors(t *trailAnswers, o object) {
	objects := j.bucketARN() + "/"
	basic, _ := o["EventSelectors"].([]any)
	for _, v := range basic {
		s, _ := v.(object)
		kind := s.text("ReadWriteType")
		if kind != "ReadOnly" && s.isTrue("IncludeManagementEvents") {
			t.managed = true
		}
		resources, _ := s["DataResources"].([]any)
		for _, v := range resources {
			r, _ := v.(object)
			values, err := texts(r["Values"])
			if err != nil || r.text("Type") != "AWS::S3::Object" || !slices.ContainsFunc(values, func(p string) bool {
				return p == objects || p == "arn:"+j.partition()+":s3" || p == "arn:"+j.partition()+":s3:::"
			}) {
				continue
			}
			t.reads = t.reads || kind == "All" || kind == "ReadOnly"
			t.writes = t.writes || kind == "All" || kind == "WriteOnly"
		}
	}
	advanced, _ := o["AdvancedEventSelectors"].([]any)
	for _, v := range advanced {
		s, _ := v.(object)
		t.readAdvanced(s, objects)
	}
}

// readAdvanced reads a selector of fields, all of which have to fit an event. One
// with a field or an operator that is not known here counts for nothing.
func (t *trailAnswers) readAdvanced(s object, objects string) {
	fields, _ := s["FieldSelectors"].([]any)
	category, kind, reads, writes := "", "", true, true
	for _, v := range fields {
		f, _ := v.(object)
		equals, _ := texts(f["Equals"])
		starts, _ := texts(f["StartsWith"])
		if len(f) != 2 {
			return
		}
		switch field := f.text("Field"); {
		case field == "eventCategory" && len(equals) == 1:
			category = equals[0]
		case field == "resources.type" && len(equals) == 1:
			kind = equals[0]
		case field == "readOnly" && len(equals) == 1:
			reads, writes = equals[0] == "true", equals[0] == "false"
		case field == "resources.ARN" && slices.ContainsFunc(starts, func(p string) bool { return p != "" && strings.HasPrefix(objects, p) }):
		default:
			return
		}
	}
	switch {
	case category == "Management" && kind == "" && writes:
		t.managed = true
	case category == "Data" && kind == "AWS::S3::Object":
		t.reads, t.writes = t.reads || reads, t.writes || writes
	}
}

// best returns the trail that the backups depend on.
func (j *judge) best() (*trailAnswers, error) {
	all, err := j.trails()
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, errors.New("there is no trail: see the line trail")
	}
	if all[0].selectorsKnown != nil {
		return nil, all[0].selectorsKnown
	}
	return &all[0], nil
}

func (j *judge) trail() finding {
	all, err := j.trails()
	if err != nil {
		return j.notKnown(err)
	}
	next, command := j.redeploy("have a trail record the data events of the bucket, reads and writes")
	if len(all) == 0 {
		return red("there is no trail", next, command)
	}
	if t := all[0]; t.reads && t.writes {
		return green("%s", t.arn)
	}
	for _, t := range all {
		if t.selectorsKnown != nil {
			return j.notKnown(t.selectorsKnown)
		}
	}
	if t := all[0]; t.reads || t.writes {
		return red("only reads, or only writes, are recorded", next, command)
	}
	return red("no trail records what happens to the objects", next, command)
}

func (j *judge) trailLogging() finding {
	t, err := j.best()
	if err != nil {
		return j.notKnown(err)
	}
	return j.ask(fmt.Sprintf("cloudtrail.get-trail-status.%d", t.number), func(a *answer) finding {
		if !a.body.isTrue("IsLogging") {
			return red("it is stopped", "start it, and find out who stopped it", "aws cloudtrail start-logging --name "+t.arn)
		}
		if problem := a.body.text("LatestDeliveryError"); problem != "" {
			return red("its last delivery failed: "+quote(problem), "mend the policy of the bucket that it writes to", "aws cloudtrail get-trail-status --name "+t.arn)
		}
		return green("running")
	})
}

func (j *judge) trailBucket() finding {
	t, err := j.best()
	if err != nil {
		return j.notKnown(err)
	}
	switch bucket := t.about.text("S3BucketName"); bucket {
	case "":
		return j.notKnown(errors.New("the answer cloudtrail.describe-trails.json has no S3BucketName"))
	case j.bucket:
		next, command := j.redeploy("let the trail write to a bucket of its own, best in another account")
		return red("it writes to the bucket of the backups: every entry makes another", next, command)
	default:
		return green("%s", bucket)
	}
}

func (j *judge) trailValidation() finding {
	t, err := j.best()
	if err != nil {
		return j.notKnown(err)
	}
	if !t.about.isTrue("LogFileValidationEnabled") {
		return red("log file validation is off", "switch it on", "aws cloudtrail update-trail --name "+t.arn+" --enable-log-file-validation")
	}
	return green("log file validation is on")
}

func (j *judge) trailManagement() finding {
	all, err := j.trails()
	if err != nil {
		return j.notKnown(err)
	}
	var unknown error
	for _, t := range all {
		if t.managed {
			return green("%s", t.arn)
		}
		if t.selectorsKnown != nil {
			unknown = t.selectorsKnown
		}
	}
	if unknown != nil {
		return j.notKnown(unknown)
	}
	if len(all) == 0 {
		return j.notKnown(errors.New("there is no trail: see the line trail"))
	}
	next, command := j.redeploy("have the trail record management events too")
	return red("no trail records changes of policies, versioning, lifecycle and keys", next, command)
}

func (j *judge) trailLogs() finding {
	t, err := j.best()
	if err != nil {
		return j.notKnown(err)
	}
	if group := t.about.text("CloudWatchLogsLogGroupArn"); group != "" {
		return green("%s", group)
	}
	next, command := j.redeploy("have the trail send its events to CloudWatch Logs, where the alarms look")
	return red("the trail sends nothing to CloudWatch Logs", next, command)
}
