package main

import (
	"bytes"
	"io"
	"os"

	"recover/internal/output"
	"recover/internal/plaintext"
	"recover/pkg/record"
	"recover/pkg/shard"
)

// readHead reads the beginning of a file, enough to tell what it is, without what
// is around a text. A pipe is read whole. The caller wipes it.
func (in *inspector) readHead(path string) (head []byte, size int64, err error) {
	in.piped = nil
	if isPipe(path) {
		in.piped, err = readInput(in.ask.ctx, path, shard.MaxFileSize)
		return decodeHead(in.piped[:min(len(in.piped), plaintext.HeadSize)]), int64(len(in.piped)), err
	}
	f, err := output.OpenInput(path, 1<<40)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = f.Close() }()
	head = make([]byte, plaintext.HeadSize)
	n, err := io.ReadFull(f, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return head[:n], 0, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, err
	}
	return decodeHead(head[:n]), info.Size(), nil
}

// decodeHead undoes what is around a text, of which this is the beginning.
func decodeHead(head []byte) []byte {
	decoded, err := plaintext.Decode(head, 1<<20)
	if err != nil && len(decoded) == 0 {
		return head
	}
	return bytes.TrimSpace(decoded[:min(len(decoded), plaintext.HeadSize)])
}

// read reads a file, or takes what came out of a pipe.
func (in *inspector) read(path string, max int64) ([]byte, error) {
	if in.piped == nil {
		return output.ReadFile(path, max)
	}
	if int64(len(in.piped)) > max {
		return nil, &output.TooLargeError{Path: path, Size: int64(len(in.piped)), Max: max}
	}
	return bytes.Clone(in.piped), nil
}

func isRecord(head []byte) bool {
	if bytes.HasPrefix(head, []byte("{")) {
		return bytes.Contains(head, []byte(`"recover-record/`))
	}
	return record.IsTable(head)
}

func isReport(head []byte) bool {
	return bytes.HasPrefix(head, []byte("{")) && bytes.Contains(head, []byte(`"recover-report/`))
}

// isShard takes for a shard what is base64 of JSON, and what lies in its place
// after a failed download.
func isShard(head []byte) bool {
	return bytes.HasPrefix(head, []byte("eyJ")) || bytes.HasPrefix(head, []byte("eyAi")) || bytes.HasPrefix(head, []byte("ewo")) ||
		bytes.HasPrefix(head, []byte("<")) || bytes.HasPrefix(head, []byte("{")) && bytes.Contains(head, []byte("recoveryPublicKeyHex"))
}

// isRebuilt takes what rebuild writes with --unsealed.
func isRebuilt(head []byte) bool {
	return bytes.HasPrefix(head, []byte(`{"quorum_id":`)) && bytes.Contains(head, []byte(`"private_key":`))
}

func isIdentity(head []byte) bool {
	return bytes.HasPrefix(head, []byte("AGE-SECRET-KEY-1")) || bytes.Contains(head, []byte("\nAGE-SECRET-KEY-1"))
}

func isAge(head []byte) bool {
	return bytes.HasPrefix(head, []byte("age-encryption.org/v1\n")) || bytes.HasPrefix(head, []byte("-----BEGIN AGE ENCRYPTED FILE-----"))
}
