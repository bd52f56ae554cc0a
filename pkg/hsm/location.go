package hsm

import (
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// Location says where a key is: a PKCS#11 URI (RFC 7512) with the attributes
// that matter here. An empty field says nothing. The values are bytes as the
// token has them; tokens should have UTF-8, but nothing is refused for that.
type Location struct {
	Token        string // label, at most 32 bytes
	Manufacturer string // at most 32 bytes
	Model        string // at most 16 bytes
	Serial       string // at most 16 bytes
	Object       string // label of the key, at most 255 bytes
	ID           string // CKA_ID of the key, raw, at most 255 bytes
	Module       string // absolute path of the module
}

// What is wrong with an attribute of a location; always within a
// LocationError.
var (
	ErrScheme    = errors.New(`a location begins with "pkcs11:"`)
	ErrLength    = errors.New("too long")
	ErrAttribute = errors.New("not a name=value with characters that RFC 7512 allows")
	ErrUnknown   = errors.New("not one of the attributes that are used here")
	ErrRepeated  = errors.New("given twice")
	ErrEmpty     = errors.New("without a value")
	ErrPIN       = errors.New("a PIN does not belong into a location")
	ErrType      = errors.New("only type=private is used here")
	ErrRelative  = errors.New("not an absolute path")
)

// LocationError is a location that cannot be used. Its text never holds a
// value, which may be a PIN.
type LocationError struct {
	Attribute string // name, or what stands in its place; empty for ErrScheme and the whole
	Err       error
}

func (e *LocationError) Error() string {
	if e.Attribute == "" {
		return "PKCS#11 location: " + e.Err.Error()
	}
	return fmt.Sprintf("PKCS#11 location: attribute %s: %v", quoted(e.Attribute), e.Err)
}

func (e *LocationError) Unwrap() error { return e.Err }

const (
	scheme      = "pkcs11:"
	maxLocation = 8192 // bytes
	maxPath     = 4096
)

// attribute is one that a location may have, in the order that String keeps.
type attribute struct {
	name    string
	inQuery bool
	max     int // bytes of the value
	field   func(*Location) *string
}

var attributes = []attribute{
	{"token", false, 32, func(l *Location) *string { return &l.Token }},
	{"manufacturer", false, 32, func(l *Location) *string { return &l.Manufacturer }},
	{"model", false, 16, func(l *Location) *string { return &l.Model }},
	{"serial", false, 16, func(l *Location) *string { return &l.Serial }},
	{"object", false, 255, func(l *Location) *string { return &l.Object }},
	{"id", false, 255, func(l *Location) *string { return &l.ID }},
	{"module-path", true, maxPath, func(l *Location) *string { return &l.Module }},
}

// The characters that stand for themselves in values, beside letters and
// digits (RFC 7512, 2.3).
const (
	pathCharacters  = "-._~:[]@!$'()*+,=&"
	queryCharacters = "-._~:[]@!$'()*+,=/?|"
)

// ParseLocation reads a PKCS#11 URI, of at most 8192 bytes. It is strict: what
// is not known is refused, and so is a PIN. The attribute type is allowed where
// it says private. All errors are LocationErrors.
func ParseLocation(s string) (Location, error) {
	if len(s) > maxLocation {
		return Location{}, &LocationError{Err: ErrLength}
	}
	rest, ok := strings.CutPrefix(s, scheme)
	if !ok {
		return Location{}, &LocationError{Err: ErrScheme}
	}
	p := locationParser{seen: make(map[string]bool)}
	path, query, hasQuery := strings.Cut(rest, "?")
	if path != "" {
		p.readAll(strings.Split(path, ";"), false)
	}
	if hasQuery {
		p.readAll(strings.Split(query, "&"), true)
	}
	if p.err != nil {
		return Location{}, p.err
	}
	return p.location, nil
}

type locationParser struct {
	location Location
	seen     map[string]bool
	err      error // the first one
}

func (p *locationParser) readAll(parts []string, inQuery bool) {
	for _, part := range parts {
		name, raw, ok := strings.Cut(part, "=")
		if !ok {
			name = "" // do not show it: it may be the end of a PIN
		}
		if err := p.read(name, raw, inQuery); err != nil && p.err == nil {
			p.err = &LocationError{name, err}
		}
	}
}

func (p *locationParser) read(name, raw string, inQuery bool) error {
	allowed := pathCharacters
	if inQuery {
		allowed = queryCharacters
	}
	value, ok := unescape(raw, allowed)
	switch {
	case name == "pin-value" || name == "pin-source":
		return ErrPIN
	case name == "" || !ok:
		return ErrAttribute
	case p.seen[name]:
		return ErrRepeated
	case value == "":
		return ErrEmpty
	}
	p.seen[name] = true
	return p.set(name, value, inQuery)
}

func (p *locationParser) set(name, value string, inQuery bool) error {
	for _, a := range attributes {
		if a.name == name && a.inQuery == inQuery {
			*a.field(&p.location) = value
			return a.check(value)
		}
	}
	switch {
	case name != "type" || inQuery:
		return ErrUnknown
	case value != "private":
		return ErrType
	}
	return nil
}

func (a *attribute) check(value string) error {
	switch {
	case len(value) > a.max:
		return ErrLength
	case a.name != "module-path":
		return nil
	case strings.Contains(value, "\x00"):
		return ErrAttribute
	case !filepath.IsAbs(value):
		return ErrRelative
	}
	return nil
}

// unescape decodes a percent-encoded value.
func unescape(raw, allowed string) (value string, ok bool) {
	var b []byte
	for i := 0; i < len(raw); i++ {
		switch {
		case raw[i] != '%':
			if !isAlphanumeric(raw[i]) && strings.IndexByte(allowed, raw[i]) < 0 {
				return "", false
			}
			b = append(b, raw[i])
		default:
			c, err := hex.DecodeString(raw[i+1 : min(i+3, len(raw))])
			if err != nil || len(c) != 1 {
				return "", false
			}
			b = append(b, c[0])
			i += 2
		}
	}
	return string(b), true
}

// escape percent-encodes all but letters, digits and the plain characters.
func escape(value, plain string) string {
	var b strings.Builder
	for i := range len(value) {
		if c := value[i]; isAlphanumeric(c) || strings.IndexByte(plain, c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// escapeID percent-encodes every byte, for an ID is binary.
func escapeID(id string) string {
	var b strings.Builder
	for i := range len(id) {
		fmt.Fprintf(&b, "%%%02X", id[i])
	}
	return b.String()
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// String returns the URI. ParseLocation gives the same Location for it.
func (l Location) String() string {
	text, separator := scheme, ""
	for _, a := range attributes {
		value := *a.field(&l)
		switch {
		case value == "":
			continue
		case a.name == "id":
			value = escapeID(value)
		case a.inQuery:
			separator = "?"
			value = escape(value, "-._~/")
		default:
			value = escape(value, "-._~")
		}
		text += separator + a.name + "=" + value
		separator = ";"
	}
	return text
}

// Encoded returns the location that is meant by one with characters in it that
// have to be percent-encoded, such as blanks and umlauts; or nothing.
func Encoded(s string) string {
	rest, ok := strings.CutPrefix(s, scheme)
	if !ok || len(s) > maxLocation {
		return ""
	}
	path, query, _ := strings.Cut(rest, "?")
	encoded, separator := scheme, ""
	for _, part := range append(strings.Split(path, ";"), strings.Split(query, "&")...) {
		name, value, _ := strings.Cut(part, "=")
		if part == "" {
			continue
		}
		if name == "module-path" {
			separator = "?"
		}
		encoded += separator + name + "=" + escape(lenient(value), "-._~/")
		separator = ";"
	}
	l, err := ParseLocation(strings.ReplaceAll(encoded, "/", "%2F"))
	if err != nil {
		return ""
	}
	return l.String()
}

// lenient decodes a value in which some characters may be encoded already.
func lenient(value string) string {
	for i := 0; i < len(value); i++ {
		if value[i] == '%' {
			if c, ok := unescape(value[i:min(i+3, len(value))], ""); ok {
				value = value[:i] + c + value[i+3:]
			}
		}
	}
	return value
}

// hexID returns, as a location has it, the ID that is meant by an ID of hex
// digits, as other tools show it; or nothing.
func (l Location) hexID() string {
	// Other tools write colons or blanks between the digits, 0x in front of them, and
	// some versions of pkcs11-tool a percent sign in front of the first pair only.
	text := strings.NewReplacer(":", "", "-", "", " ", "").Replace(strings.TrimPrefix(l.ID, "0x"))
	var id []byte
	pairs := 0
	for len(text) > 0 {
		if text[0] >= 0x80 { // it was encoded
			id, text = append(id, text[0]), text[1:]
			continue
		}
		b, err := hex.DecodeString(text[:min(2, len(text))])
		if err != nil {
			return ""
		}
		id, text = append(id, b...), text[2:]
		pairs++
	}
	if pairs == 0 {
		return ""
	}
	return escapeID(string(id))
}
