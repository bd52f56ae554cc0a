package terminal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"recover/internal/secret"
)

// Errors of a Descriptor. They are wrapped: "descriptor 3 is not open".
var (
	ErrStandard    = errors.New("is stdin, stdout or stderr")
	ErrNotOpen     = errors.New("is not open")
	ErrNoMoreLines = errors.New("holds no further line")
)

// Descriptor is a file descriptor, named by whoever started the program, that
// holds secrets: a line each, in the order in which they are asked.
type Descriptor struct {
	fd int
	f  *os.File
}

// OpenDescriptor takes over descriptor fd, which must be 3 or more and have
// been open when the program was started. It can be taken over once, and is
// not handed on to helper programs. Errors are ErrStandard and ErrNotOpen.
func OpenDescriptor(fd int) (*Descriptor, error) {
	d := &Descriptor{fd: fd}
	if fd >= 0 && fd <= 2 {
		return nil, d.wrap(ErrStandard)
	}
	if !inherit(fd) {
		return nil, d.wrap(ErrNotOpen)
	}
	d.f = os.NewFile(uintptr(fd), fmt.Sprintf("descriptor %d", fd))
	return d, nil
}

// Line returns the next line without its LF or CRLF, at most 1024 bytes; it
// may be empty. Errors are ErrNoMoreLines, ErrTooLong, after which the
// descriptor is of no more use, and those of reading.
func (d *Descriptor) Line() (*secret.Bytes, error) {
	buf := make([]byte, 0, maxAnswer+len("\r\n"))
	for !bytes.HasSuffix(buf, []byte("\n")) && len(buf) < cap(buf) {
		// Byte by byte: what was read ahead would be a secret without an owner.
		next := buf[:len(buf)+1]
		_, err := io.ReadFull(d.f, next[len(buf):])
		if err == io.EOF && len(buf) > 0 {
			break
		}
		if err == io.EOF {
			return nil, d.wrap(ErrNoMoreLines)
		}
		if err != nil {
			secret.Wipe(buf)
			return nil, err
		}
		buf = next
	}
	line, err := trimLine(buf)
	if err != nil {
		return nil, fmt.Errorf("descriptor %d holds a line %w", d.fd, err)
	}
	return secret.New(line), nil
}

func (d *Descriptor) wrap(err error) error { return fmt.Errorf("descriptor %d %w", d.fd, err) }
