package main

import (
	"os"
	"path/filepath"
	"strings"

	"recover/internal/output"
	"recover/pkg/custody"
)

// sigSuffix is put behind the name of what is signed, as ssh-keygen does it; with
// several signatures, a name comes before it.
const sigSuffix = ".sig"

// readSigners reads an allowed_signers file, if one is named.
func readSigners(path string) (custody.Signers, error) {
	if path == "" {
		return nil, nil
	}
	return parseFile(path, asAny, custody.MaxSignersSize, custody.ParseSigners)
}

// fileSignature is a signature that lies next to what it signs, and is right.
type fileSignature struct {
	path string
	key  string // type and fingerprint
	name string // of its owner, as the allowed signers have it; empty: not known
}

func (s *fileSignature) text() string {
	if s.name == "" {
		return s.key + ", whose key that is shows --signers"
	}
	return s.key + ", the key of " + s.name
}

// isSignatureOf tells the name of a signature: FILE.sig or FILE.NAME.sig.
func isSignatureOf(file, name string) bool {
	rest, ok := strings.CutPrefix(name, file+".")
	return ok && (rest == sigSuffix[1:] || strings.HasSuffix(rest, sigSuffix))
}

// maxSignatures is how many signatures of one file are read.
const maxSignatures = 100

// signaturesOf finds the signatures next to a file, FILE.sig and FILE.NAME.sig,
// and verifies them. One that is not right is an error.
func signaturesOf(path string, data []byte, purpose string, signers custody.Signers) ([]*fileSignature, error) {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return nil, &fileError{path, asAny, err}
	}
	var all []string
	base := filepath.Base(path)
	for _, e := range entries {
		if isSignatureOf(base, e.Name()) && len(all) < maxSignatures {
			all = append(all, filepath.Join(filepath.Dir(path), e.Name()))
		}
	}
	var right []*fileSignature
	for _, name := range all {
		signature, err := output.ReadFile(name, custody.MaxSignature)
		if err != nil {
			return nil, &fileError{name, asAny, err}
		}
		key, err := custody.VerifySignature(data, signature, purpose)
		if err != nil {
			return nil, &fileError{name, asAny, err}
		}
		right = append(right, &fileSignature{name, custody.KeyName(key), signers.Name(key, purpose)})
	}
	return right, nil
}
