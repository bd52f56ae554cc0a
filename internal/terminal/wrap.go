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
// indented: below the text that follows "recover: ", below the last column of a
// row, or by two more than the line; but by two only where a word has no other room.
func wrap(line string, width int) string {
	if width <= 0 || utf8.RuneCountInString(line) <= width {
		return line
	}
	text := strings.TrimLeft(line, " ")
	indent := strings.Repeat(" ", len(line)-len(text)+2)
	if strings.HasPrefix(line, programPrefix) {
		indent = strings.Repeat(" ", len(programPrefix))
	} else if column := lastColumn(line, width); column > 0 {
		indent = strings.Repeat(" ", column)
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
			below := indent
			if len(indent)+size > width && 2+size <= width { // a path: better whole than below the others
				below = "  "
			}
			out.WriteString("\n" + below)
			used = len(below)
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

// lastColumn returns where the last column of a row begins: behind two blanks or
// more, in the left half of the width. It is 0 if the line is no row, or if a word
// would not fit below the column.
func lastColumn(line string, width int) int {
	column, blanks, seen := 0, 0, 0
	text, begun := "", false
	for i, r := range line {
		if r == ' ' {
			blanks++
		} else {
			if begun && blanks > 1 && seen <= width/2 {
				column, text = seen, line[i:]
			}
			blanks, begun = 0, true
		}
		seen++
	}
	for word := range strings.FieldsSeq(text) {
		if column+utf8.RuneCountInString(word) > width {
			return 0
		}
	}
	return column
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
