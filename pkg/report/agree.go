package report

import (
	"bytes"
	"encoding/hex"
	"io"
	"slices"

	"recover/internal/group"
	"recover/internal/uuid"
	"recover/pkg/record"
	"recover/pkg/wallet"
)

// Disagreement says in what a result contradicts the record's entry of its key, or
// itself; empty if in nothing.
func (k *Key) Disagreement(e record.Entry) (problem string) {
	quorum, err := uuid.Parse(k.QuorumID)
	switch {
	case err != nil || quorum != e.QuorumID && !slices.Contains(e.PreviousQuorumIDs, quorum):
		return "its quorum ID is not that of the record"
	case k.Algorithm != e.Algorithm.Algorithm():
		return "its algorithm is not that of the record"
	case !k.IsDone():
		return ""
	}
	public, err := parsePublicKey(e.Algorithm, k.PublicKey)
	if err != nil {
		return "its public key is not one"
	}
	if e.PublicKey != nil && !e.PublicKey.Equal(public) {
		return "its public key is not that of the record"
	}
	if (wallet.Anchor{PublicKey: e.PublicKey, Address: e.Address}).Check(e.Algorithm, public) != nil {
		return "its address is not that of the record"
	}
	if e.Algorithm == group.Edwards25519 && e.MasterPublicKey != nil && !e.MasterPublicKey.Equal(public) {
		return "its public key is not the master_public_key of the record"
	}
	return k.addressProblem(e.Algorithm, public)
}

// addressProblem says whether the addresses of a key are not those of its public
// key.
func (k *Key) addressProblem(g group.Group, public group.Point) string {
	addresses := wallet.Addresses(g, public)
	if len(k.Addresses) != len(addresses) {
		return "its addresses are not those of its public key"
	}
	for _, a := range addresses {
		if k.Addresses[a.Chain] != a.Text {
			return "its addresses are not those of its public key"
		}
	}
	return ""
}

func parsePublicKey(g group.Group, text string) (group.Point, error) {
	b, err := hex.DecodeString(text)
	if err != nil {
		return nil, err
	}
	return g.ParsePoint(b)
}

// readKeyAt reads the line of a key again, and returns it without the comma of a
// report. One that is another now is ErrChanged.
func readKeyAt(r io.ReaderAt, offset int64) (*Key, []byte, error) {
	line, err := readLine(r, offset)
	if err != nil {
		return nil, nil, err
	}
	line = bytes.TrimSuffix(line, []byte(","))
	k, err := parseKey(line)
	if err != nil {
		return nil, nil, ErrChanged
	}
	return k, line, nil
}

// readLine reads the line that begins at an offset, without its line break. Past
// the end the error is io.EOF.
func readLine(r io.ReaderAt, offset int64) ([]byte, error) {
	var line []byte
	for size := 4 << 10; ; size *= 4 {
		line = append(line, make([]byte, size)...)
		from := len(line) - size
		n, err := r.ReadAt(line[from:], offset+int64(from))
		line = line[:from+n]
		if i := bytes.IndexByte(line[from:], '\n'); i >= 0 {
			return line[:from+i], nil
		}
		if err == io.EOF && len(line) > 0 {
			return line, nil
		}
		if err != nil {
			return nil, err
		}
		if len(line) > maxLine {
			return nil, ErrChanged
		}
	}
}
