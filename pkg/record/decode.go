package record

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"

	"recover/internal/plaintext"
)

// maxPacked is the largest record that is read in UTF-16 or in gzip, in bytes,
// packed and unpacked: it is held in memory.
const maxPacked = 64 << 20

// text is a record as it is meant.
type text struct {
	*io.SectionReader
	packed bool              // it was not plain UTF-8, and is in memory
	sum    [sha256.Size]byte // of the bytes as they were, where packed
}

// decode undoes UTF-16 and gzip around a record. One in plain UTF-8 is read where
// it lies.
func decode(r io.ReaderAt, size int64) (*text, error) {
	plain := &text{SectionReader: io.NewSectionReader(r, 0, size)}
	head := make([]byte, min(size, 4096))
	n, err := r.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	head = head[:n]
	decoded, err := plaintext.Decode(head, 64<<10)
	if err == nil && bytes.HasSuffix(head, decoded) {
		return plain, nil
	}
	if size > maxPacked {
		return nil, problem("larger than %d MiB, and not in plain UTF-8", maxPacked>>20)
	}
	all := make([]byte, size)
	if _, err := io.ReadFull(plain, all); err != nil {
		return nil, err
	}
	decoded, err = plaintext.Decode(all, maxPacked)
	var large *plaintext.LimitError
	switch {
	case errors.As(err, &large):
		return nil, problem("larger than %d MiB when it is unpacked", maxPacked>>20)
	case err != nil:
		return nil, problem("%v", err)
	}
	return &text{io.NewSectionReader(bytes.NewReader(decoded), 0, int64(len(decoded))), true, sha256.Sum256(all)}, nil
}
