package transaction

import "fmt"

// Lines is a description that is being written.
type Lines []Line

// Add adds a line.
func (l *Lines) Add(label, value string) { l.add(label, value, false) }

// Addf adds a line whose value is formatted as by fmt.
func (l *Lines) Addf(label, format string, args ...any) {
	l.add(label, fmt.Sprintf(format, args...), false)
}

// Mark adds a line that must not be overlooked.
func (l *Lines) Mark(label, value string) { l.add(label, value, true) }

// Warn adds a warning.
func (l *Lines) Warn(format string, args ...any) {
	l.add("Warning", fmt.Sprintf(format, args...), true)
}

//go:noinline
func (l *Lines) add(label, value string, warning bool) { *l = append(*l, Line{label, value, warning}) }
