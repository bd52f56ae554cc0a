package record

import (
	"bytes"
	"io"

	"recover/internal/plaintext"
)

// recognize tells JSON from CSV by how the record begins, and says what
// other files look like that end up in its place.
func recognize(r io.Reader) (isJSON bool, err error) {
	head := make([]byte, 4096)
	n, err := io.ReadFull(r, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return false, err
	}
	head = head[:n]
	text := bytes.TrimSpace(plaintext.TrimMark(head))
	begins := func(prefix string) bool { return bytes.HasPrefix(text, []byte(prefix)) }
	switch {
	case len(text) == 0:
		return false, problem("empty")
	case begins("{"):
		return true, nil
	case begins("<"):
		return false, problem("HTML or XML, not a record")
	case begins("ey"), begins("ew"): // base64 of {" and of { with white space
		return false, problem("a shard (a backup file) by its looks, not a record")
	}
	first, _, _ := bytes.Cut(text, []byte("\n"))
	switch kind := plaintext.Identify(head); {
	case kind != plaintext.Unknown && kind != plaintext.Record:
		return false, &Error{Problem: string(kind) + ", not a record", err: &plaintext.KindError{Kind: kind}}
	case begins("["):
		return false, problem("a JSON list, as the service exports its wallets, not a record")
	case bytes.IndexByte(first, 0) >= 0:
		return false, problem(noRecord)
	}
	return false, nil
}

// IsTable tells whether a text begins like a record in CSV. Its first 4096 bytes
// are enough.
func IsTable(head []byte) bool {
	crOnly, _ := hasOnlyCR(io.NewSectionReader(bytes.NewReader(head), 0, int64(len(head))))
	t, err := openTable(bytes.NewReader(head), crOnly, required)
	return err == nil && t != nil
}
