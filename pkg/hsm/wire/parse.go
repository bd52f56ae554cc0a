package wire

import "golang.org/x/crypto/cryptobyte"

// parse reads a body. The strings of the message lie in it.
func parse(body []byte) (m *Message, ok bool) {
	s := cryptobyte.String(body)
	var kind, op uint8
	m = new(Message)
	if !s.ReadUint8(&kind) || !s.ReadUint8(&op) || !s.ReadUint32(&m.ID) ||
		!readNumbers(&s, m) || !readStrings(&s, m) {
		return nil, false
	}
	m.Kind, m.Op = Kind(kind), Op(op)
	return m, s.Empty()
}

func readNumbers(s *cryptobyte.String, m *Message) bool {
	var count uint16
	if !s.ReadUint16(&count) || len(*s) < 8*int(count) {
		return false
	}
	for range count {
		var n uint64
		if !s.ReadUint64(&n) {
			return false
		}
		m.Numbers = append(m.Numbers, n)
	}
	return true
}

func readStrings(s *cryptobyte.String, m *Message) bool {
	var count uint16
	if !s.ReadUint16(&count) || len(*s) < 4*int(count) {
		return false
	}
	for range count {
		var length uint32
		var value []byte
		if !s.ReadUint32(&length) || uint64(length) > uint64(len(*s)) || !s.ReadBytes(&value, int(length)) {
			return false
		}
		m.Strings = append(m.Strings, value)
	}
	return true
}
