package record

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"recover/internal/message"
	"recover/internal/plaintext"
)

// synonyms are the names of columns that people use besides a record's own. Of
// all names only letters and digits count, in any case, and not what is in
// parentheses.
var synonyms = map[string]int{
	"quorum": fieldQuorumID, "quorumuuid": fieldQuorumID, "quorumidentifier": fieldQuorumID,
	"keyuuid": fieldKeyID, "mpckeyid": fieldKeyID, "keyidentifier": fieldKeyID,
	"algo": fieldAlgorithm, "alg": fieldAlgorithm, "keyalgorithm": fieldAlgorithm, "curve": fieldAlgorithm, "keytype": fieldAlgorithm,
	"wallet": fieldName, "walletname": fieldName, "label": fieldName, "keyname": fieldName,
	"pubkey": fieldPublicKey, "walletpublickey": fieldPublicKey, "publickeyhex": fieldPublicKey,
	"walletaddress": fieldAddress, "addr": fieldAddress,
	"chain": fieldBlockchain, "network": fieldBlockchain,
	"notes": fieldNote, "comment": fieldNote, "comments": fieldNote, "remark": fieldNote, "remarks": fieldNote, "description": fieldNote,
	"previousquorumid": fieldPreviousQuorumIDs, "previousquorums": fieldPreviousQuorumIDs, "previousquorum": fieldPreviousQuorumIDs,
	"oldquorumid": fieldPreviousQuorumIDs, "oldquorumids": fieldPreviousQuorumIDs,
}

var openParentheses = strings.NewReplacer("(", " ", ")", " ", "[", " ", "]", " ")

var parentheses = regexp.MustCompile(`\([^)]*\)|\[[^]]*\]`)

// columnName is what of a column's name counts.
func columnName(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, parentheses.ReplaceAllString(name, ""))
}

const (
	columnIgnored = -1 // its name is unknown
	columnUnnamed = -2
)

// columns say which field each cell of a row is.
type columns struct {
	names    []string // as they are written
	field    []int    // of each column, or columnIgnored, columnUnnamed
	of       [fieldCount]int
	twice    error // a field that two columns are
	wanted   []int // fields that every row has to reach
	warnings []string
	unnamed  bool // something was passed over in a column without a name
}

// columnsOf reads the header. A name of the record's own goes before a synonym.
func columnsOf(names []string, line int) columns {
	c := columns{names: names}
	own := func(name string) int {
		return slices.IndexFunc(fieldNames[:], func(f string) bool { return columnName(f) == columnName(name) })
	}
	for i, name := range names {
		field := own(name)
		if synonym, known := synonyms[columnName(name)]; field < 0 && known && !slices.ContainsFunc(names, func(n string) bool { return own(n) == synonym }) {
			field = synonym
		}
		switch {
		case plaintext.Trim(name) == "":
			field = columnUnnamed
		case field < 0:
			field = columnIgnored
			c.warn(line, i+1, "unknown column %s: not read", message.Quote(name))
		case c.of[field] > 0 && c.twice == nil:
			c.twice = &Error{Line: line, Column: i + 1, Problem: fmt.Sprintf("%s is the column %s, as column %d is", message.Quote(name), fieldNames[field], c.of[field])}
		default:
			c.of[field] = i + 1
		}
		c.field = append(c.field, field)
	}
	return c
}

// found counts which of the fields have a column.
func (c *columns) found(fields []int) (n int) {
	for _, f := range fields {
		if c.of[f] > 0 {
			n++
		}
	}
	return n
}

// unread returns the names of the columns that are not known.
func (c *columns) unread() (names []string) {
	for i, field := range c.field {
		if field == columnIgnored && len(names) < maxTableWarnings {
			names = append(names, c.names[i])
		}
	}
	return names
}

// maxTableWarnings is how many warnings are kept of a table.
const maxTableWarnings = 20

func (c *columns) warn(line, column int, format string, args ...any) {
	if len(c.warnings) < maxTableWarnings {
		c.warnings = append(c.warnings, (&Error{Line: line, Column: column, Problem: fmt.Sprintf(format, args...)}).Error())
	}
}

// fields returns the cells of a row by field. The error is an *Error.
func (c *columns) fields(cells []string) (texts [fieldCount]string, err error) {
	for _, field := range c.wanted {
		if c.of[field] > len(cells) {
			return texts, problem("the number of fields is %d, in the header %d", len(cells), len(c.field))
		}
	}
	for i, cell := range cells {
		if i < len(c.field) && c.field[i] >= 0 && isPlain(cell) {
			texts[c.field[i]] = cell
			continue
		}
		cell = strings.TrimFunc(cell, isBlankRune)
		switch {
		case cell == "":
		case i >= len(c.field):
			return texts, &Error{Column: i + 1, Problem: fmt.Sprintf("%s is in a column more than the header has (%d)", message.Quote(cell), len(c.field))}
		case c.field[i] >= 0:
			texts[c.field[i]] = tidy(c.field[i], cell)
		case c.field[i] == columnUnnamed && !c.unnamed:
			c.unnamed = true
			c.warn(0, i+1, "the column has no name: what is in it is not read")
		}
	}
	return texts, nil
}

// isPlain tells whether a cell has nothing around or in it that tidy looks for.
func isPlain(cell string) bool {
	for i := range len(cell) {
		b := cell[i]
		if (b < '0' || b > '9') && (b|0x20 < 'a' || b|0x20 > 'z') && b != '-' && b != '_' {
			return false
		}
	}
	return true
}

// tidy takes from a cell what a spreadsheet puts around its text. In what people
// wrote for people, a line break becomes a blank; in what programs read, quotes
// and characters without a width have no meaning.
func tidy(field int, cell string) string {
	free := field == fieldName || field == fieldNote
	if strings.Contains(cell, "\n") && (free || field == fieldPreviousQuorumIDs) {
		cell = strings.Join(strings.Fields(cell), " ")
	}
	if free {
		return cell
	}
	if inner, ok := strings.CutPrefix(cell, `="`); ok && strings.HasSuffix(inner, `"`) {
		cell = strings.TrimSuffix(inner, `"`)
	}
	cell = plaintext.Trim(cell)
	if rest := strings.TrimLeft(cell, "'’`"); !strings.ContainsAny(rest, "'’`") {
		cell = rest // that keeps a spreadsheet from taking a text for a number
	}
	if !strings.ContainsFunc(cell, func(r rune) bool { return unicode.Is(unicode.Cf, r) }) {
		return cell
	}
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, cell)
}

// isBlankRune tells whether a character shows as nothing. Other control
// characters are signs of damage, which has to be seen.
func isBlankRune(r rune) bool {
	return plaintext.IsInvisible(r) && (unicode.IsSpace(r) || !unicode.IsControl(r))
}
