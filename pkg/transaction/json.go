package transaction

import (
	"bytes"
	"math/big"
	"slices"
	"strings"

	"recover/internal/strictjson"
)

// Fields are the members of a JSON object: the text of each value as it was
// written. Members that are null are left out.
type Fields map[string][]byte

// ReadObject reads one JSON object, and nothing after it. Double names are
// refused, and so are texts above MaxSize.
func ReadObject(data []byte) (Fields, error) {
	if len(data) > MaxSize {
		return nil, ErrSize
	}
	fields := Fields{}
	s := strictjson.New(data)
	err := s.Object(func(name string) error {
		value, err := s.Raw()
		if err == nil && string(value) != "null" {
			fields[name] = value
		}
		return err
	})
	if err == nil {
		err = s.End()
	}
	return fields, err
}

// ReadArray returns the text of each element of a JSON array of at most limit.
func ReadArray(data []byte, limit int) (elements [][]byte, err error) {
	s := strictjson.New(data)
	err = s.Array(func(i int) error {
		if i == limit {
			return s.Fail("more than %d elements", limit)
		}
		element, err := s.Raw()
		elements = append(elements, element)
		return err
	})
	if err == nil {
		err = s.End()
	}
	return elements, err
}

// Only returns an error that names the first member that is not in names.
func (f Fields) Only(names ...string) error {
	var others []string
	for name := range f {
		if !slices.Contains(names, name) {
			others = append(others, name)
		}
	}
	if len(others) == 0 {
		return nil
	}
	slices.Sort(others)
	return Syntax("", "the member %s is not known here", Quote(others[0]))
}

// Text reads a member that is a string.
func (f Fields) Text(name string) (string, error) {
	value, ok := f[name]
	if !ok {
		return "", Syntax(name, "is missing")
	}
	text, err := strictjson.New(value).Text()
	if err != nil {
		return "", Syntax(name, "has to be a string")
	}
	return text, nil
}

// Number reads a member that is a whole number, not negative, below 2^bits: as a
// JSON number without fraction and exponent, or a string of decimal digits, or a
// string of 0x and hex digits.
func (f Fields) Number(name string, bits int) (*big.Int, error) {
	value, ok := f[name]
	if !ok {
		return nil, Syntax(name, "is missing")
	}
	text := string(value)
	if value[0] == '"' {
		var err error
		if text, err = f.Text(name); err != nil {
			return nil, err
		}
	}
	base, digits := 10, text
	if hex, found := strings.CutPrefix(text, "0x"); found && value[0] == '"' {
		base, digits = 16, strings.ToLower(hex)
	}
	allowed := "0123456789abcdef"[:base]
	if digits == "" || len(digits) > 80 || strings.Trim(digits, allowed) != "" {
		return nil, Syntax(name, "has to be a whole number: decimal digits, or 0x and hex digits")
	}
	n, _ := new(big.Int).SetString(digits, base)
	if n.BitLen() > bits {
		return nil, Syntax(name, "is too large")
	}
	return n, nil
}

// Uint64 reads a Number of 64 bits.
func (f Fields) Uint64(name string) (uint64, error) {
	n, err := f.Number(name, 64)
	if err != nil {
		return 0, err
	}
	return n.Uint64(), nil
}

// IsObject tells whether data begins like a JSON object.
func IsObject(data []byte) bool {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	return bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{"))
}
