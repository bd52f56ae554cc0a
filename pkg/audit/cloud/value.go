package cloud

import (
	"errors"
	"fmt"
	"strconv"

	"recover/internal/message"
	"recover/internal/strictjson"
)

// object is a JSON object. The values are object, []any, string, number, bool
// and nil.
type object map[string]any

// number is a JSON number as it was written.
type number string

// parseObject reads a text that is one JSON object. Names that come twice are
// refused; names that are not known here are kept: AWS adds to its answers.
func parseObject(data []byte) (object, error) {
	s := strictjson.New(data)
	v, err := parseValue(s)
	if err == nil {
		err = s.End()
	}
	if err != nil {
		return nil, err
	}
	o, ok := v.(object)
	if !ok {
		return nil, errors.New("not a JSON object")
	}
	return o, nil
}

func parseValue(s *strictjson.Scanner) (any, error) {
	switch s.Peek() {
	case '{':
		o := make(object)
		err := s.Object(func(name string) (err error) { o[name], err = parseValue(s); return err })
		return o, err
	case '[':
		list := []any{}
		err := s.Array(func(int) error {
			v, err := parseValue(s)
			list = append(list, v)
			return err
		})
		return list, err
	case '"':
		return s.Text()
	case '0':
		text, err := s.Raw()
		return number(text), err
	case 'n':
		return nil, s.Skip()
	}
	text, err := s.Raw()
	return string(text) == "true", err
}

// at returns the value below the names, or nil.
func (o object) at(names ...string) any {
	var v any = o
	for _, name := range names {
		inner, ok := v.(object)
		if !ok {
			return nil
		}
		v = inner[name]
	}
	return v
}

// text returns a string below the names, or "".
func (o object) text(names ...string) string {
	s, _ := o.at(names...).(string)
	return s
}

// isTrue tells whether the value is true, and not for instance "true".
func (o object) isTrue(names ...string) bool {
	b, _ := o.at(names...).(bool)
	return b
}

// objects returns a list of objects, which has to be there: a list that is
// missing is not an empty one.
func (o object) objects(name string) ([]object, error) {
	list, ok := o[name].([]any)
	if !ok {
		return nil, fmt.Errorf("it has no list %s", name)
	}
	all := make([]object, len(list))
	for i, v := range list {
		if all[i], ok = v.(object); !ok {
			return nil, fmt.Errorf("the list %s has something else than objects", name)
		}
	}
	return all, nil
}

// texts returns one text or a list of texts, as policies have them. Numbers and
// truth values count as their text: AWS takes "false" and false alike.
func texts(v any) ([]string, error) {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	all := make([]string, len(list))
	for i, v := range list {
		switch v := v.(type) {
		case string:
			all[i] = v
		case number:
			all[i] = string(v)
		case bool:
			all[i] = strconv.FormatBool(v)
		default:
			return nil, errors.New("neither a text nor a list of texts")
		}
	}
	return all, nil
}

// wholeNumber returns a number that is a whole one, or 0.
func (o object) wholeNumber(names ...string) int64 {
	n, _ := o.at(names...).(number)
	i, err := strconv.ParseInt(string(n), 10, 64)
	if err != nil {
		return 0
	}
	return i
}

// quote makes a text of an answer safe to show.
var quote = message.QuoteLong
