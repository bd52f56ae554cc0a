// Package audit holds the lines of an annual review: what was looked at, whether
// it is in order, and what to do next. Packages below it judge one section each
// and neither print nor use a network.
package audit

// Verdict is what a line comes to.
type Verdict string

// The verdicts. A line is green only if what it says was seen. What could not be
// seen, because an answer is missing, was refused or cannot be read, is NotKnown.
const (
	Green    Verdict = "green"
	Red      Verdict = "red"
	NotKnown Verdict = "not known"
)

// Line is one line of the review.
type Line struct {
	Item    string // a stable code, such as "object-lock"
	Title   string // what has to be so, for people
	Verdict Verdict
	Fact    string // what was seen
	Next    string // what to do; empty where the line is green
	Command string // the command that does it, if there is one
}

// Section is a group of lines about one subject.
type Section struct {
	Name   string // a stable code, such as "cloud"
	Source string // the path that was judged
	Title  string // for people: what the lines are about
	Lines  []Line
}

// Count is how many lines have which verdict.
type Count struct{ Green, Red, NotKnown int }

// Add counts the lines of a section.
func (c *Count) Add(s Section) {
	for _, l := range s.Lines {
		switch l.Verdict {
		case Green:
			c.Green++
		case Red:
			c.Red++
		default:
			c.NotKnown++
		}
	}
}

// Lines is how many lines there are.
func (c Count) Lines() int { return c.Green + c.Red + c.NotKnown }
