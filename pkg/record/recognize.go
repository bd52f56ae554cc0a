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
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return false, problem("UTF-16 text, not UTF-8")
	case len(text) == 0:
		return false, problem("empty")
	case begins("{"):
		return true, nil
	case begins("<"):
		return false, problem("HTML or XML, not a record")
	case begins("ey"), begins("ew"): // base64 of {" and of { with white space
		return false, problem("a shard (a backup file) by its looks, not a record")
	}
	if first, _, _ := bytes.Cut(text, []byte("\n")); !bytes.Contains(first, []byte("key_id")) {
		return false, problem("neither a JSON object nor CSV with the header quorum_id,key_id,algorithm")
	}
	return false, nil
}
