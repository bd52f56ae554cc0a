package cloud

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// An alarm is judged from the event on: a metric filter has to find it, and an
// alarm on the filter's metric has to go off at the first one and tell somebody.

// event is an entry of CloudTrail, as far as the patterns of filters see it.
type event map[string]string

// bucketEvent is an event of the bucket of backups.
func (j *judge) bucketEvent(name string, more ...string) event {
	return j.newEvent("s3.amazonaws.com", name, append(more, "$.requestParameters.bucketName", j.bucket)...)
}

func (j *judge) newEvent(source, name string, more ...string) event {
	e := event{
		"$.eventSource": source, "$.eventName": name, "$.eventType": "AwsApiCall",
		"$.recipientAccountId": j.account(), "$.awsRegion": regionOf(j.keyARN()),
	}
	for i := 0; i+1 < len(more); i += 2 {
		e[more[i]] = more[i+1]
	}
	return e
}

func (j *judge) alarmFailedWrites() finding {
	return j.alarm("a failed write", j.bucketEvent("PutObject", "$.errorCode", "AccessDenied", "$.errorMessage", "Access Denied"))
}

func (j *judge) alarmDeletes() finding {
	return j.alarm("a delete", j.bucketEvent("DeleteObject"), j.bucketEvent("DeleteObjects"), j.bucketEvent("DeleteObject", "$.errorCode", "AccessDenied"))
}

func (j *judge) alarmReads() finding {
	return j.alarm("a read", j.bucketEvent("GetObject"), j.bucketEvent("GetObject", "$.errorCode", "AccessDenied"))
}

func (j *judge) alarmSettings() finding {
	var all []event
	for _, name := range []string{"PutBucketPolicy", "DeleteBucketPolicy", "PutBucketVersioning", "PutBucketLifecycle", "PutBucketEncryption"} {
		all = append(all, j.bucketEvent(name))
	}
	return j.alarm("a change of the bucket's settings", all...)
}

func (j *judge) alarmKey() finding {
	arn := j.keyARN()
	if arn == "" {
		return j.notKnown(fmt.Errorf("the key of the bucket is not known: %w", j.answer("kms.describe-key").unknown))
	}
	var all []event
	for _, name := range []string{"ScheduleKeyDeletion", "DisableKey", "PutKeyPolicy"} {
		all = append(all, j.newEvent("kms.amazonaws.com", name, "$.requestParameters.keyId", arn, "$.resources[0].ARN", arn))
	}
	return j.alarm("a change of the key", all...)
}

func (j *judge) alarmTrail() finding {
	var all []event
	for _, name := range []string{"StopLogging", "DeleteTrail", "PutEventSelectors"} {
		all = append(all, j.newEvent("cloudtrail.amazonaws.com", name))
	}
	return j.alarm("a change of the trail", all...)
}

// filter is a metric filter.
type filter struct {
	name              string
	finds             pattern // nil where it cannot be read
	metric, namespace string
}

// filters returns the metric filters of the log group of the trail.
func (j *judge) filters() ([]filter, error) {
	t, err := j.best()
	if err != nil {
		return nil, err
	}
	a := j.answer(fmt.Sprintf("logs.describe-metric-filters.%d", t.number))
	if a.unknown != nil {
		return nil, a.unknown
	}
	list, err := a.body.objects("metricFilters")
	if err != nil {
		return nil, fmt.Errorf("the answer %s.json: %w", a.call, err)
	}
	var all []filter
	for _, o := range list {
		group, found := strings.CutSuffix(t.about.text("CloudWatchLogsLogGroupArn"), ":*")
		if found && !strings.HasSuffix(group, ":log-group:"+o.text("logGroupName")) {
			continue // of another log group
		}
		f := filter{name: o.text("filterName")}
		if p, err := parsePattern(o.text("filterPattern")); err == nil {
			f.finds = p
		}
		metrics, err := o.objects("metricTransformations")
		if err != nil || len(metrics) != 1 {
			continue // AWS has one for each filter
		}
		f.metric, f.namespace = metrics[0].text("metricName"), metrics[0].text("metricNamespace")
		all = append(all, f)
	}
	return all, nil
}

// alarm is green if every one of the events makes an alarm go off.
func (j *judge) alarm(what string, events ...event) finding {
	filters, err := j.filters()
	if err != nil {
		return j.notKnown(err)
	}
	a := j.answer("cloudwatch.describe-alarms")
	if a.unknown != nil {
		return j.notKnown(a.unknown)
	}
	alarms, err := a.body.objects("MetricAlarms")
	if err != nil {
		return j.notKnown(fmt.Errorf("the answer %s.json: %w", a.call, err))
	}
	next, command := j.redeploy("add a metric filter and an alarm for it")
	used := ""
	for _, e := range events {
		name, problem, err := sounds(e, filters, alarms)
		if err != nil {
			return j.notKnown(err)
		}
		if problem != "" {
			return red(what+" ("+e["$.eventName"]+") makes no alarm go off: "+problem, next, command)
		}
		used = name
	}
	return green("%s", used)
}

// sounds returns the alarm that an event makes go off, or why there is none.
func sounds(e event, filters []filter, alarms []object) (name, problem string, err error) {
	problem = "no metric filter finds it"
	unread := false
	for _, f := range filters {
		switch {
		case f.finds == nil:
			unread = true
			continue
		case !f.finds(e):
			continue
		}
		problem = "no alarm is on the metric of the filter " + quote(f.name)
		for _, o := range alarms {
			if o.text("MetricName") != f.metric || o.text("Namespace") != f.namespace {
				continue
			}
			if problem = silent(o); problem == "" {
				return o.text("AlarmName"), "", nil
			}
		}
	}
	if unread {
		return "", "", errors.New("a metric filter has a pattern that this program cannot read")
	}
	return "", problem, nil
}

// silent says why an alarm does not go off at the first event, or tells nobody.
func silent(o object) string {
	name := "the alarm " + quote(o.text("AlarmName"))
	actions, _ := o["AlarmActions"].([]any)
	threshold, _ := o["Threshold"].(number)
	n, err := strconv.ParseFloat(string(threshold), 64)
	comparison := o.text("ComparisonOperator")
	periods := o.wholeNumber("DatapointsToAlarm")
	if periods == 0 {
		periods = o.wholeNumber("EvaluationPeriods")
	}
	switch {
	case !o.isTrue("ActionsEnabled"):
		return name + " has its actions switched off"
	case len(actions) == 0:
		return name + " tells nobody"
	case err != nil || (comparison != "GreaterThanOrEqualToThreshold" || n > 1) && (comparison != "GreaterThanThreshold" || n >= 1):
		return name + " does not go off at the first event"
	case periods != 1:
		return name + " waits for several periods"
	case o.text("Statistic") != "Sum" && o.text("Statistic") != "Maximum":
		return name + " counts by " + quote(o.text("Statistic"))
	}
	return ""
}
