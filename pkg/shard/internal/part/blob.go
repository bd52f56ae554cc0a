package part

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"

	"recover/internal/group"
)

// Blob is the base64 text of a []byte field; it is decoded where it is used,
// because a rebuild uses few of them.
type Blob []byte

var (
	errNotBase64 = errors.New("not base64")
	errMissing   = errors.New("missing")
)

// Bytes decodes the field.
func (b Blob) Bytes() ([]byte, error) {
	out, err := base64.StdEncoding.AppendDecode(nil, b)
	if err != nil {
		return nil, errNotBase64
	}
	return out, nil
}

// Point decodes a point in the format's own encoding.
func (b Blob) Point(g group.Group) (group.Point, error) {
	raw, err := b.Bytes()
	if err != nil {
		return nil, err
	}
	return g.ParsePoint(raw)
}

// DecodeText decodes standard padded base64, line breaks and blanks ignored.
// With an error it returns what came before the fault.
func DecodeText(text []byte) ([]byte, error) {
	out, err := base64.StdEncoding.AppendDecode(nil, text)
	if err != nil && bytes.ContainsAny(text, " \t") {
		packed := bytes.Join(bytes.Fields(text), nil)
		out, err = base64.StdEncoding.AppendDecode(out[:0], packed)
	}
	return out, err
}

// ParsePublicKey decodes a public key field of the envelope.
func ParsePublicKey(text string) (group.Group, group.Point, error) {
	b, err := DecodeText([]byte(text))
	if err != nil {
		return nil, nil, errNotBase64
	}
	return group.ParsePublicKey(b)
}

// Blobs is a list of such fields. Of a list that is longer than any of the
// format only the length is kept beyond its end.
type Blobs struct {
	Items []Blob
	Count int
}

// Bytes decodes item i; an item that is not there is as damaged as one that is
// not base64.
func (b Blobs) Bytes(i int) ([]byte, error) {
	if i < 0 || i >= len(b.Items) {
		return nil, errMissing
	}
	return b.Items[i].Bytes()
}

// All decodes the whole list. The error names the element.
func (b Blobs) All(field string) ([][]byte, error) {
	decoded := make([][]byte, len(b.Items))
	for i := range b.Items {
		var err error
		if decoded[i], err = b.Bytes(i); err != nil {
			return nil, InItem(field, i, err)
		}
	}
	return decoded, nil
}

// The parts of a player's opened ciphertexts, decoded. Each is available
// without the others: a rebuild gets along without the seeds, and a proof
// names the one that is damaged.

// Position returns which of the ciphertexts opened value i is in: 0 … 79.
func (p *Player) Position(i int) (int, error) {
	if i >= len(p.Combination) {
		return 0, errMissing
	}
	c := p.Combination[i]
	if c < 0 || c >= Ciphertexts {
		return 0, fmt.Errorf("%d is not one of the %d ciphertexts", c, Ciphertexts)
	}
	return int(c), nil
}

// Value returns opened value i.
func (p *Player) Value(g group.Group, i int) (group.Scalar, error) {
	b, err := p.Vs.Bytes(i)
	if err != nil {
		return nil, err
	}
	return g.ParseScalar(b)
}

// OpenedAt returns opened value i and its x: 1 … 80. The error names the field.
func (p *Player) OpenedAt(g group.Group, i int) (x int, value group.Scalar, err error) {
	c, err := p.Position(i)
	if err != nil {
		return 0, nil, InItem("combination", i, err)
	}
	if value, err = p.Value(g, i); err != nil {
		return 0, nil, InItem("vs", i, err)
	}
	return c + 1, value, nil
}

// Seed returns the OAEP seed of opened value i.
func (p *Player) Seed(i int) ([]byte, error) {
	b, err := p.Rs.Bytes(i)
	if err != nil {
		return nil, err
	}
	if len(b) != SeedSize {
		return nil, fmt.Errorf("%d bytes, not %d", len(b), SeedSize)
	}
	return b, nil
}
