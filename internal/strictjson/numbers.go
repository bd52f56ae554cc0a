package strictjson

import "strconv"

// Int reads a whole number that fits in 64 bits; a fraction or an exponent is
// refused, even where its value would be whole.
func (s *Scanner) Int() (int64, error) {
	c := s.Peek()
	if c != '-' && (c < '0' || c > '9') {
		return 0, s.unexpected("a number")
	}
	text, whole, err := s.number()
	if err != nil {
		return 0, err
	}
	n, parseErr := strconv.ParseInt(string(text), 10, 64)
	if !whole || parseErr != nil {
		return 0, s.Fail("not a whole number of 64 bits")
	}
	return n, nil
}

// number reads a number of any form and tells whether it is whole as written.
func (s *Scanner) number() (text []byte, whole bool, err error) {
	start := s.pos
	if s.data[s.pos] == '-' {
		s.pos++
	}
	digits := s.digits()
	if digits == 0 || digits > 1 && s.data[s.pos-digits] == '0' {
		return nil, false, s.failAt(start, "a malformed number")
	}
	whole = true
	if s.pos < len(s.data) && s.data[s.pos] == '.' {
		s.pos++
		whole = false
		if s.digits() == 0 {
			return nil, false, s.failAt(start, "a malformed number")
		}
	}
	if s.pos < len(s.data) && s.data[s.pos]|0x20 == 'e' {
		s.pos++
		whole = false
		if s.pos < len(s.data) && (s.data[s.pos] == '+' || s.data[s.pos] == '-') {
			s.pos++
		}
		if s.digits() == 0 {
			return nil, false, s.failAt(start, "a malformed number")
		}
	}
	return s.data[start:s.pos], whole, nil
}

func (s *Scanner) digits() int {
	start := s.pos
	for s.pos < len(s.data) && s.data[s.pos] >= '0' && s.data[s.pos] <= '9' {
		s.pos++
	}
	return s.pos - start
}
