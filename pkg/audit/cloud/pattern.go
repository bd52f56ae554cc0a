package cloud

import (
	"errors"
	"strings"
)

// A metric filter of CloudWatch Logs has a pattern such as
//
//	{ ($.eventName = "PutObject") && ($.errorCode = "*") }
//
// Whether it finds an event is judged by evaluating it on the event.

const (
	maxPattern      = 4096 // bytes; AWS allows 1024
	maxPatternDepth = 32
)

var errPattern = errors.New("the pattern of a metric filter cannot be read")

// pattern is one that was read: it tells whether it finds an event, which is given
// as field names, such as $.eventName, and their values.
type pattern func(event map[string]string) bool

// parsePattern reads the form for JSON events: comparisons of fields with = and
// !=, EXISTS, NOT EXISTS, IS NULL, && and ||, and parentheses. Others, such as
// numbers and regular expressions, are refused: errPattern.
func parsePattern(text string) (pattern, error) {
	text = strings.TrimSpace(text)
	if len(text) > maxPattern || !strings.HasPrefix(text, "{") || !strings.HasSuffix(text, "}") || len(text) < 2 {
		return nil, errPattern
	}
	p := &patternParser{rest: text[1 : len(text)-1]}
	found, err := p.either(0)
	if err == nil && p.peek() != "" {
		err = errPattern
	}
	if err != nil {
		return nil, err
	}
	return found, nil
}

type patternParser struct{ rest string }

// peek returns the next token without taking it: an operator, a parenthesis, a
// quoted text with its quotes, or a word; "" at the end.
func (p *patternParser) peek() string {
	p.rest = strings.TrimLeft(p.rest, " \t\r\n")
	for _, t := range []string{"&&", "||", "!=", "<=", ">=", "=", "<", ">", "(", ")"} {
		if strings.HasPrefix(p.rest, t) {
			return t
		}
	}
	if strings.HasPrefix(p.rest, `"`) {
		if end := strings.IndexByte(p.rest[1:], '"'); end >= 0 {
			return p.rest[:end+2]
		}
		return p.rest
	}
	if end := strings.IndexAny(p.rest, " \t\r\n()=!<>&|\""); end > 0 {
		return p.rest[:end]
	} else if end == 0 {
		return p.rest[:1]
	}
	return p.rest
}

func (p *patternParser) next() string {
	t := p.peek()
	p.rest = p.rest[len(t):]
	return t
}

func (p *patternParser) take(t string) bool {
	if p.peek() != t {
		return false
	}
	p.next()
	return true
}

// either reads alternatives, of which each is a list of conditions.
func (p *patternParser) either(depth int) (pattern, error) {
	if depth > maxPatternDepth {
		return nil, errPattern
	}
	var any []pattern
	for {
		var all []pattern
		for {
			one, err := p.one(depth)
			if err != nil {
				return nil, err
			}
			all = append(all, one)
			if !p.take("&&") {
				break
			}
		}
		any = append(any, func(e map[string]string) bool {
			for _, f := range all {
				if !f(e) {
					return false
				}
			}
			return true
		})
		if !p.take("||") {
			break
		}
	}
	return func(e map[string]string) bool {
		for _, f := range any {
			if f(e) {
				return true
			}
		}
		return false
	}, nil
}

// one reads a condition, or what is in parentheses.
func (p *patternParser) one(depth int) (pattern, error) {
	if p.take("(") {
		inner, err := p.either(depth + 1)
		if err == nil && !p.take(")") {
			err = errPattern
		}
		return inner, err
	}
	field := p.next()
	if !strings.HasPrefix(field, "$.") {
		return nil, errPattern
	}
	switch operator := p.next(); operator {
	case "=", "!=":
		value := p.next()
		if v, quoted := strings.CutPrefix(value, `"`); quoted {
			var closed bool
			if value, closed = strings.CutSuffix(v, `"`); !closed {
				return nil, errPattern
			}
		} else if value == "" || strings.ContainsAny(value, "()=!<>&|%$") {
			return nil, errPattern
		}
		return func(e map[string]string) bool {
			got, there := e[field]
			return there && starLike(value, got) == (operator == "=")
		}, nil
	case "EXISTS":
		return func(e map[string]string) bool { _, there := e[field]; return there }, nil
	case "NOT":
		if p.next() != "EXISTS" {
			return nil, errPattern
		}
		return func(e map[string]string) bool { _, there := e[field]; return !there }, nil
	case "IS":
		if p.next() != "NULL" {
			return nil, errPattern
		}
		return func(map[string]string) bool { return false }, nil // no field of our events is null
	}
	return nil, errPattern
}

// starLike is like without the question mark, which has no meaning here.
func starLike(pattern, text string) bool {
	if strings.Contains(pattern, "?") {
		return pattern == text
	}
	return like(pattern, text)
}
