// Package metrics writes figures in the text format of Prometheus, version 0.0.4,
// as its node exporter reads it from a file.
package metrics

import (
	"bufio"
	"io"
	"strconv"
	"strings"
)

// Metric is a gauge: a name, what it is, and its values.
type Metric struct {
	Name, Help string
	Values     []Value
}

// Value is a figure of a metric, by its labels.
type Value struct {
	Labels []Label
	Number float64
}

// Label is a name, of letters and underscores, and a value of any text.
type Label struct{ Name, Value string }

// Write writes metrics after a first line of comment, which is the mark of the
// file. A metric without values is left out. The error is one of w.
func Write(w io.Writer, mark string, all []Metric) error {
	out := bufio.NewWriter(w)
	_, _ = out.WriteString(mark)
	for _, m := range all {
		if len(m.Values) == 0 {
			continue
		}
		_, _ = out.WriteString("# HELP " + m.Name + " " + help.Replace(m.Help) + "\n# TYPE " + m.Name + " gauge\n")
		for _, v := range m.Values {
			_, _ = out.WriteString(Series(m.Name, v.Labels) + " " + strconv.FormatFloat(v.Number, 'f', -1, 64) + "\n")
		}
	}
	return out.Flush() // the first failed write is kept until here
}

var (
	help  = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
	value = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
)

// Series is the name of a metric with its labels, as a line begins with it. Bytes
// that are not UTF-8 are replaced.
func Series(name string, labels []Label) string {
	var b strings.Builder
	b.WriteString(name)
	before := "{"
	for _, l := range labels {
		b.WriteString(before)
		before = ","
		b.WriteString(l.Name + `="` + value.Replace(strings.ToValidUTF8(l.Value, "\ufffd")) + `"`)
	}
	if len(labels) > 0 {
		b.WriteString("}")
	}
	return b.String()
}

// Find returns the figure of a series in a file that Write wrote.
func Find(text, series string) (number float64, ok bool) {
	for line := range strings.Lines(text) {
		rest, found := strings.CutPrefix(strings.TrimSuffix(line, "\n"), series+" ")
		if !found {
			continue
		}
		n, err := strconv.ParseFloat(rest, 64)
		return n, err == nil
	}
	return 0, false
}
