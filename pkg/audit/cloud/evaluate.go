package cloud

import (
	"slices"
	"strconv"
	"strings"
)

// A certainty is whether something is so. What this package cannot evaluate, such
// as dates and networks, is neither yes nor no.
type certainty int

const (
	no certainty = iota
	unsure
	yes
)

func certain(b bool) certainty {
	if b {
		return yes
	}
	return no
}

// request is one that a policy is asked about.
type request struct {
	principal string // an ARN; "" is one without credentials
	action    string
	resource  string
	context   map[string]string // condition keys in lower case; absent ones are not in the request
}

// with returns the request with more in its context.
func (r request) with(pairs ...string) request {
	context := make(map[string]string, len(r.context)+len(pairs)/2)
	for k, v := range r.context {
		context[k] = v
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		context[strings.ToLower(pairs[i])] = pairs[i+1]
	}
	r.context = context
	return r
}

// denies tells whether a statement of the policy refuses the request.
func (p *policy) denies(r request) certainty { return p.applies(r, true) }

// allows tells whether a statement of the policy permits the request, as long as
// none refuses it.
func (p *policy) allows(r request) certainty { return p.applies(r, false) }

func (p *policy) applies(r request, deny bool) certainty {
	result := no
	for _, st := range p.statements {
		if st.deny == deny {
			result = max(result, st.matches(r))
		}
	}
	return result
}

// matches tells whether the statement is about the request.
func (st *statement) matches(r request) certainty {
	action := strings.ToLower(r.action)
	if !covers(st.actions, action) && (len(st.notActions) == 0 || covers(st.notActions, action)) {
		return no
	}
	switch {
	case len(st.resources) > 0 && !covers(st.resources, r.resource), len(st.notRes) > 0 && covers(st.notRes, r.resource):
		return no
	}
	return min(st.principals.include(r.principal), st.holds(r))
}

// holds tells whether all conditions of the statement are met.
func (st *statement) holds(r request) certainty {
	result := yes
	for _, c := range st.conditions {
		result = min(result, c.holds(r))
	}
	return result
}

// include tells whether a principal is among those of a statement. Every
// principal of an account is among those that its root stands for.
func (p *principals) include(arn string) certainty {
	if !p.there || p.everyone && !p.not {
		return yes
	}
	if p.not {
		return unsure
	}
	account := accountOf(arn)
	for _, name := range p.aws {
		if name == arn || account != "" && (name == account || accountOf(name) == account && strings.HasSuffix(name, ":root")) {
			return yes
		}
	}
	return no
}

func covers(patterns []string, text string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return like(p, text) })
}

// like matches a pattern in which * is any text and ? any character.
func like(pattern, text string) bool {
	star, from := -1, 0
	p, t := 0, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			from++
			p, t = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// An operator is how a condition compares the value of a request with one of its
// own; nil where this package cannot.
type operator struct {
	compare func(value, own string) bool
	negated bool
}

func numeric(compare func(a, b float64) bool) func(string, string) bool {
	return func(value, own string) bool {
		a, err := strconv.ParseFloat(value, 64)
		b, err2 := strconv.ParseFloat(own, 64)
		return err == nil && err2 == nil && compare(a, b)
	}
}

func equal(value, own string) bool    { return value == own }
func likeOwn(value, own string) bool  { return like(own, value) }
func sameFold(value, own string) bool { return strings.EqualFold(value, own) }
func sameNumber(a, b float64) bool    { return a == b }

// operators are all that AWS has.
var operators = map[string]operator{
	"StringEquals": {equal, false}, "StringNotEquals": {equal, true},
	"StringEqualsIgnoreCase": {sameFold, false}, "StringNotEqualsIgnoreCase": {sameFold, true},
	"StringLike": {likeOwn, false}, "StringNotLike": {likeOwn, true},
	"ArnEquals": {likeOwn, false}, "ArnNotEquals": {likeOwn, true}, "ArnLike": {likeOwn, false}, "ArnNotLike": {likeOwn, true},
	"Bool": {sameFold, false}, "Null": {},
	"NumericEquals": {numeric(sameNumber), false}, "NumericNotEquals": {numeric(sameNumber), true},
	"NumericLessThan":          {numeric(func(a, b float64) bool { return a < b }), false},
	"NumericLessThanEquals":    {numeric(func(a, b float64) bool { return a <= b }), false},
	"NumericGreaterThan":       {numeric(func(a, b float64) bool { return a > b }), false},
	"NumericGreaterThanEquals": {numeric(func(a, b float64) bool { return a >= b }), false},
	"DateEquals":               {}, "DateNotEquals": {}, "DateLessThan": {}, "DateLessThanEquals": {}, "DateGreaterThan": {}, "DateGreaterThanEquals": {},
	"IpAddress": {}, "NotIpAddress": {}, "BinaryEquals": {},
}

// splitOperator takes a written operator apart.
func splitOperator(written string) (set, base string, ifExists bool) {
	base = written
	if before, after, found := strings.Cut(written, ":"); found {
		set, base = before, after
	}
	if cut, found := strings.CutSuffix(base, "IfExists"); found {
		return set, cut, true
	}
	return set, base, false
}

// holds tells whether a condition is met. A condition with an operator or a key
// that AWS does not have is never met.
func (c *condition) holds(r request) certainty {
	set, base, ifExists := splitOperator(c.operator)
	op, known := operators[base]
	if !known || !knownSet(set) {
		return no
	}
	value, present := r.context[strings.ToLower(c.key)]
	if base == "Null" {
		return certain(slices.ContainsFunc(c.values, func(own string) bool { return strings.EqualFold(own, strconv.FormatBool(!present)) }))
	}
	if !present {
		return certain(ifExists || set == "ForAllValues" || op.negated && set == "")
	}
	if op.compare == nil || slices.ContainsFunc(c.values, func(own string) bool { return strings.Contains(own, "${") }) {
		return unsure
	}
	found := slices.ContainsFunc(c.values, func(own string) bool { return op.compare(value, own) })
	return certain(found != op.negated)
}

func knownSet(set string) bool { return set == "" || set == "ForAllValues" || set == "ForAnyValue" }
