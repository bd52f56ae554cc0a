package cloud

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Limits of a policy; AWS allows less.
const (
	maxStatements = 500
	maxConditions = 2000 // of all statements together
)

// policy is a document of IAM.
type policy struct {
	name       string // for people, such as "the bucket policy"
	statements []*statement
}

type statement struct {
	sid        string
	deny       bool
	principals principals
	actions    []string // in lower case
	notActions []string
	resources  []string
	notRes     []string
	conditions []condition
}

// principals are those that a statement is about; one in a policy of a role has
// none.
type principals struct {
	there    bool
	not      bool // it is about all others
	everyone bool
	aws      []string // ARNs and account numbers
	other    []string // services and federated identities, as kind:name
}

// condition is one key of one operator.
type condition struct {
	operator string // as it is written
	key      string
	values   []string
}

// parsePolicy reads a policy, which is an object in some answers, and in others
// JSON text within JSON.
func parsePolicy(name string, v any) (*policy, error) {
	o, ok := v.(object)
	if text, isText := v.(string); isText {
		var err error
		if o, err = parseObject([]byte(text)); err != nil {
			return nil, fmt.Errorf("%s cannot be read: %w", name, err)
		}
		ok = true
	}
	if !ok {
		return nil, fmt.Errorf("%s is missing in the answer", name)
	}
	list, isList := o["Statement"].([]any)
	if !isList {
		list = []any{o["Statement"]}
	}
	if len(list) > maxStatements {
		return nil, fmt.Errorf("%s has more than %d statements", name, maxStatements)
	}
	p := &policy{name: name}
	total := 0
	for i, v := range list {
		st, err := parseStatement(v)
		if err != nil {
			return nil, fmt.Errorf("%s, statement %d: %w", name, i+1, err)
		}
		if st.sid == "" {
			st.sid = fmt.Sprintf("number %d", i+1)
		}
		if total += len(st.conditions); total > maxConditions {
			return nil, fmt.Errorf("%s has more than %d conditions", name, maxConditions)
		}
		p.statements = append(p.statements, st)
	}
	return p, nil
}

// elements are all that a statement may have.
var elements = map[string]bool{
	"Sid": true, "Effect": true, "Principal": true, "NotPrincipal": true, "Action": true, "NotAction": true,
	"Resource": true, "NotResource": true, "Condition": true,
}

func parseStatement(v any) (*statement, error) {
	o, ok := v.(object)
	if !ok {
		return nil, errors.New("not an object")
	}
	for _, name := range slices.Sorted(maps.Keys(o)) {
		if !elements[name] {
			return nil, fmt.Errorf("the element %s is not known", quote(name))
		}
	}
	st := &statement{sid: o.text("Sid")}
	switch effect := o.text("Effect"); effect {
	case "Deny":
		st.deny = true
	case "Allow":
	default:
		return nil, fmt.Errorf("the effect is %s", quote(effect))
	}
	for _, part := range []struct {
		name string
		to   *[]string
	}{{"Action", &st.actions}, {"NotAction", &st.notActions}, {"Resource", &st.resources}, {"NotResource", &st.notRes}} {
		v, there := o[part.name]
		if !there {
			continue
		}
		list, err := texts(v)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", part.name, err)
		}
		*part.to = list
	}
	if (len(st.actions) == 0) == (len(st.notActions) == 0) {
		return nil, errors.New("neither Action nor NotAction, or both")
	}
	for _, list := range [][]string{st.actions, st.notActions} {
		for i, a := range list {
			list[i] = strings.ToLower(a)
		}
	}
	if err := st.parsePrincipals(o); err != nil {
		return nil, err
	}
	return st, st.parseConditions(o["Condition"])
}

func (st *statement) parsePrincipals(o object) error {
	p := &st.principals
	v, is := o["Principal"]
	if not, there := o["NotPrincipal"]; there {
		if is {
			return errors.New("both Principal and NotPrincipal")
		}
		v, is, p.not = not, true, true
	}
	if !is {
		return nil
	}
	p.there = true
	if text, isText := v.(string); isText {
		if text != "*" {
			return errors.New("the principal is a text other than *")
		}
		p.everyone = true
		return nil
	}
	kinds, ok := v.(object)
	if !ok {
		return errors.New("the principal is neither * nor an object")
	}
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		list, err := texts(kinds[kind])
		if err != nil {
			return fmt.Errorf("the principal: %w", err)
		}
		for _, name := range list {
			switch {
			case kind == "AWS" && name == "*":
				p.everyone = true
			case kind == "AWS":
				p.aws = append(p.aws, name)
			default:
				p.other = append(p.other, kind+":"+name)
			}
		}
	}
	return nil
}

func (st *statement) parseConditions(v any) error {
	if v == nil {
		return nil
	}
	operators, ok := v.(object)
	if !ok {
		return errors.New("the condition is not an object")
	}
	for _, operator := range slices.Sorted(maps.Keys(operators)) {
		keys, ok := operators[operator].(object)
		if !ok {
			return errors.New("the condition is not an object of objects")
		}
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			values, err := texts(keys[key])
			if err != nil {
				return fmt.Errorf("the condition: %w", err)
			}
			st.conditions = append(st.conditions, condition{operator, key, values})
		}
	}
	return nil
}
