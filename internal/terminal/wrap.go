package terminal

import (
	"strings"
	"unicode/utf8"
)

// Text on a terminal is broken between words, so that no word is cut where the
// screen ends. What goes to a file or a pipe keeps its lines.

// programPrefix begins every line that is no result.
const programPrefix = "recover: "

// wrap breaks one line at blanks so that no part has more than width characters,
// but for words that are longer by themselves. The parts after the first are
// indented: below the text that follows "recover: ", or by two more than the line.
func wrap(line string, width int) string {
	if width <= 0 || utf8.RuneCountInString(line) <= width {
		return line
	}
	text := strings.TrimLeft(line, " ")
	indent := strings.Repeat(" ", len(line)-len(text)+2)
	if strings.HasPrefix(line, programPrefix) {
		indent = strings.Repeat(" ", len(programPrefix))
	}
	var out strings.Builder
	out.WriteString(line[:len(line)-len(text)])
	used := out.Len() // characters of the part
	gap, begun := "", false
	for text != "" {
		word, rest, _ := strings.Cut(text, " ")
		size := utf8.RuneCountInString(word)
		switch {
		case !begun:
		case used+len(gap)+size > width:
			out.WriteString("\n" + indent)
			used = len(indent)
		default:
			out.WriteString(gap)
			used += len(gap)
		}
		out.WriteString(word)
		used, begun = used+size, true
		text = strings.TrimLeft(rest, " ")
		gap = strings.Repeat(" ", 1+len(rest)-len(text))
	}
	return out.String()
}

// wrapAll wraps each line of a text, whose last one ends in a line break.
func wrapAll(text string, columns func() int) string {
	if columns == nil {
		return text
	}
	var out strings.Builder
	for line := range strings.Lines(text) {
		out.WriteString(wrap(strings.TrimSuffix(line, "\n"), columns()-1) + "\n")
	}
	return out.String()
}
