package main

import (
	"cmp"
	"io"
	"maps"
	"math"
	"slices"
	"time"

	"recover/internal/metrics"
	"recover/internal/output"
	"recover/internal/terminal"
	"recover/pkg/report"
)

// What a monitoring system is told of a verification: numbers, and no names or
// IDs of keys.

// metricsMark is the first line of the file, by which a later run knows it.
const metricsMark = "# recover verify: metrics/1\n"

// metricsFile is the file of --metrics. Others may read it: the exporter that
// collects such files runs as a user of its own.
func metricsFile(path string, replace bool) output.File {
	return output.File{Path: path, Mark: metricsMark, Public: true, Replace: replace}
}

// maxMetricsFile is far more than such a file has, in bytes.
const maxMetricsFile = 1 << 20

const successMetric = "recover_verify_last_success_timestamp_seconds"

// maxReasons is how many reasons of one status have a figure of their own: those
// of a report can be any text.
const maxReasons = 50

// reasonCount is what keys are counted by.
type reasonCount struct{ status, reason string }

// countReason counts why a key is not ok.
func (r *reporter) countReason(k *keyResult) {
	if k.Status == statusOK {
		return
	}
	if r.reasons == nil {
		r.reasons = make(map[reasonCount]int)
	}
	c := reasonCount{k.Status, string(k.Reason)}
	if _, known := r.reasons[c]; !known && len(r.reasons) >= maxReasons {
		c.reason = "other"
	}
	r.reasons[c]++
}

// writeMetrics writes the file, if one is wanted. When the run was in order, the
// last success is now; else it is what the file of before says.
func (r *reporter) writeMetrics(f output.File, part string, inOrder bool) error {
	if f.Path == "" {
		return nil
	}
	now := time.Now().Truncate(time.Second)
	labels := r.metricLabels(part)
	success, known := float64(now.Unix()), inOrder
	if !inOrder && f.Replace {
		success, known = earlierSuccess(f.Path, labels, now)
	}
	all := r.metrics(labels, now, inOrder)
	if known {
		all = append(all, figure(successMetric, "When a run last found everything in order.", labels, success))
	}
	return outputError(f.Path, f.Write(func(w io.Writer) error { return metrics.Write(w, metricsMark, all) }))
}

// metricLabels tell the figures of one run from those of another.
func (r *reporter) metricLabels(part string) []metrics.Label {
	labels := []metrics.Label{
		{Name: "environment", Value: terminal.Escape(r.selection.record.Environment)},
		{Name: "record", Value: terminal.Escape(r.selection.recordPath)},
	}
	if part != "" {
		labels = append(labels, metrics.Label{Name: "part", Value: part})
	}
	return labels
}

// earlierSuccess is the last success that the file of an earlier run tells of.
func earlierSuccess(path string, labels []metrics.Label, now time.Time) (at float64, known bool) {
	text, err := output.ReadFile(path, maxMetricsFile)
	if err != nil {
		return 0, false // there is none, or none that can be read: it is replaced anyway
	}
	at, known = metrics.Find(string(text), metrics.Series(successMetric, labels))
	return at, known && at >= 0 && at <= float64(now.Unix()) && at == math.Trunc(at)
}

// figure is a metric with one value.
func figure(name, help string, labels []metrics.Label, n float64) metrics.Metric {
	return metrics.Metric{Name: name, Help: help, Values: []metrics.Value{{Labels: labels, Number: n}}}
}

// metrics are the figures of a run, but for the last success.
func (r *reporter) metrics(labels []metrics.Label, now time.Time, inOrder bool) []metrics.Metric {
	with := func(n int, more ...string) metrics.Value {
		all := slices.Clone(labels)
		for i := 0; i < len(more); i += 2 {
			all = append(all, metrics.Label{Name: more[i], Value: terminal.Escape(more[i+1])})
		}
		return metrics.Value{Labels: all, Number: float64(n)}
	}
	s := r.sum
	status := metrics.Metric{Name: "recover_verify_keys", Help: "Keys, by status.", Values: []metrics.Value{
		with(s.OK, "status", statusOK), with(s.Failed, "status", statusFailed),
		with(s.Missing, "status", statusMissing), with(s.Unrecorded, "status", statusUnrecorded),
	}}
	reason := metrics.Metric{Name: "recover_verify_keys_not_ok", Help: "Keys that are not ok, by status and reason."}
	for _, c := range slices.SortedFunc(maps.Keys(r.reasons), func(a, b reasonCount) int {
		return cmp.Or(cmp.Compare(a.status, b.status), cmp.Compare(a.reason, b.reason))
	}) {
		reason.Values = append(reason.Values, with(r.reasons[c], "status", c.status, "reason", c.reason))
	}
	anchor := metrics.Metric{Name: "recover_verify_keys_by_anchor", Help: "Keys, by what the record knows their wallet by."}
	for _, a := range slices.Sorted(maps.Keys(s.Anchors)) {
		anchor.Values = append(anchor.Values, with(s.Anchors[a], "anchor", a))
	}
	opened := metrics.Metric{Name: "recover_verify_keys_by_recovery_key", Help: "Keys that a recovery key can open, by its SHA-256."}
	for _, k := range s.RecoveryKeys[:min(len(s.RecoveryKeys), maxReasons)] {
		opened.Values = append(opened.Values, with(k.Keys, "sha256", k.SHA256, "recorded", map[bool]string{true: "true", false: "false"}[k.Recorded]))
	}
	success := 0.0
	if inOrder {
		success = 1
	}
	all := []metrics.Metric{
		status, reason, anchor, opened,
		figure("recover_verify_keys_with_warning", "Keys that have a warning.", labels, float64(s.Warnings)),
		figure("recover_verify_other_warnings", "Warnings that are of no key.", labels, float64(s.Elsewhere)),
		figure("recover_verify_success", "1 if the run found everything in order.", labels, success),
		figure("recover_verify_seconds", "How long the run took.", labels, s.Seconds),
		figure("recover_verify_last_run_timestamp_seconds", "When the run ended.", labels, float64(now.Unix())),
		{Name: "recover_build_info", Help: "The program that ran.", Values: []metrics.Value{programInfo(labels)}},
	}
	if !r.newest.IsZero() {
		all = append(all,
			figure("recover_verify_newest_backup_timestamp_seconds", "When the newest backup was written.", labels, float64(r.newest.Unix())),
			figure("recover_verify_newest_backup_age_seconds", "How old the newest backup was when the run ended.", labels, float64(now.Unix()-r.newest.Unix())))
	}
	return all
}

// programInfo is the program as a figure.
func programInfo(labels []metrics.Label) metrics.Value {
	t := thisTool()
	return metrics.Value{Number: 1, Labels: append(slices.Clone(labels),
		metrics.Label{Name: "version", Value: terminal.Escape(t.Version)}, metrics.Label{Name: "goversion", Value: t.Go},
		metrics.Label{Name: "sha256", Value: t.SHA256})}
}

// checkFiles refuses files for output that could not be written; those without a
// path are not wanted.
func checkFiles(files ...output.File) error {
	for _, f := range files {
		if f.Path == "" {
			continue
		}
		if err := outputError(f.Path, f.Check()); err != nil {
			return err
		}
	}
	return nil
}

// verificationReport is the file of --report, or of the joined report.
func verificationReport(path string, replace bool) output.File {
	return output.File{Path: path, Mark: report.VerificationMark, Replace: replace}
}
