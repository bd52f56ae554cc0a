package rsadecrypt

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"recover/internal/plaintext"
	"recover/internal/secret"
)

var (
	pemBegin = []byte("-----BEGIN ")
	pemEnd   = []byte("-----END ")
)

// identifyPEM works on b in place. Text around the blocks is ignored. Blocks that
// cannot be decoded as they are, are tried as plaintext.PEM mends them.
func identifyPEM(b []byte) (*File, error) {
	mended := plaintext.PEM(bytes.Clone(b))
	defer secret.Wipe(mended)
	f, err := identifyBlocks(squeezeLines(b))
	if len(mended) > 0 && (errors.Is(err, ErrBadPEM) || errors.Is(err, ErrTruncated) || errors.Is(err, ErrBadStructure)) {
		if f, mendedErr := identifyBlocks(mended); mendedErr == nil || !errors.Is(mendedErr, ErrBadPEM) {
			return f, mendedErr
		}
	}
	return f, err
}

func identifyBlocks(b []byte) (*File, error) {
	blocks, err := decodePEM(b)
	defer func() {
		for _, block := range blocks {
			secret.Wipe(block.Bytes)
		}
	}()
	if err != nil {
		return nil, err
	}
	block, err := pickBlock(blocks)
	if err != nil {
		return nil, err
	}
	return identifyBlock(block)
}

// squeezeLines ends lines with LF and removes the white space around them, and
// empty lines, in place. PEM needs none of it: headers are told from base64 by
// their colon.
func squeezeLines(b []byte) []byte {
	out := b[:0]
	for _, line := range bytes.FieldsFunc(b, func(r rune) bool { return r == '\r' || r == '\n' }) {
		if line = bytes.TrimSpace(line); len(line) > 0 {
			out = append(append(out, line...), '\n')
		}
	}
	return out
}

// decodePEM returns all blocks, at least one; with an error, those that can be
// decoded.
func decodePEM(b []byte) ([]*pem.Block, error) {
	var blocks []*pem.Block
	begins, ends := bytes.Count(b, pemBegin), bytes.Count(b, pemEnd)
	for block, rest := pem.Decode(b); block != nil; block, rest = pem.Decode(rest) {
		blocks = append(blocks, block)
	}
	switch {
	case ends < begins:
		return blocks, ErrTruncated
	case len(blocks) == 0 || len(blocks) < begins:
		return blocks, ErrBadPEM
	}
	return blocks, nil
}

// pickBlock chooses the one private key, else the one public key, else the
// first block: a key may come with its certificate or its curve's parameters.
func pickBlock(blocks []*pem.Block) (*pem.Block, error) {
	var private, public []*pem.Block
	for _, block := range blocks {
		switch {
		case strings.HasSuffix(block.Type, "PRIVATE KEY") || block.Type == ageArmor:
			private = append(private, block)
		case strings.HasSuffix(block.Type, "PUBLIC KEY"):
			public = append(public, block)
		}
	}
	keys := private
	if len(keys) == 0 {
		keys = public
	}
	switch len(keys) {
	case 0:
		return blocks[0], nil
	case 1:
		return keys[0], nil
	}
	return nil, ErrSeveralKeys
}

// identifyBlock believes the label only where the content cannot tell.
func identifyBlock(block *pem.Block) (*File, error) {
	switch {
	case block.Type == ageArmor:
		return identifyAge(block.Bytes, "armored age file")
	case block.Type == "OPENSSH PRIVATE KEY":
		return identifyOpenSSH(block.Bytes)
	case strings.HasSuffix(block.Type, "CERTIFICATE"): // some have an appendix
		return nil, ErrCertificate
	case strings.HasSuffix(block.Type, "PARAMETERS"): // DH's are two numbers, too
		return nil, ErrUnknownForm
	case block.Headers["DEK-Info"] != "":
		return identifyEncryptedPEM(block)
	}
	return identifyDER(block.Bytes, "PEM")
}

// pemSeal is the encryption of RFC 1423, as openssl wrote it before PKCS#8: the
// key is one MD5 of passphrase and salt.
type pemSeal struct{ block *pem.Block }

func identifyEncryptedPEM(block *pem.Block) (*File, error) {
	switch block.Type {
	case "EC PRIVATE KEY":
		return nil, &KeyKindError{Kind: "EC", Private: true}
	case "DSA PRIVATE KEY":
		return nil, &KeyKindError{Kind: "DSA", Private: true}
	}
	s := &pemSeal{&pem.Block{Headers: block.Headers, Bytes: bytes.Clone(block.Bytes)}}
	// A trial shows here, before anyone is asked for the passphrase, whether
	// the cipher is known and the lengths are right.
	plaintext, err := s.decrypt(nil)
	secret.Wipe(plaintext)
	if err != nil && !errors.Is(err, ErrWrongPassphrase) {
		return nil, err
	}
	return &File{form: "encrypted PEM (Proc-Type)", private: true, seal: s}, nil
}

func (s *pemSeal) decrypt(passphrase []byte) ([]byte, error) {
	//lint:ignore SA1019 the format is weak, but such files exist and hold real keys
	plaintext, err := x509.DecryptPEMBlock(s.block, passphrase)
	if err == nil {
		return plaintext, nil
	}
	if errors.Is(err, x509.IncorrectPasswordError) {
		return nil, ErrWrongPassphrase
	}
	switch name, _, _ := strings.Cut(s.block.Headers["DEK-Info"], ","); name {
	case "DES-CBC", "DES-EDE3-CBC", "AES-128-CBC", "AES-192-CBC", "AES-256-CBC":
		return nil, ErrSealDamaged
	default:
		return nil, &UnsupportedError{What: fmt.Sprintf("PEM cipher %.32q", name)}
	}
}

func (s *pemSeal) open(passphrase []byte) (*rsa.PrivateKey, error) {
	plaintext, err := s.decrypt(passphrase)
	if err != nil {
		return nil, err
	}
	return openUnproved(plaintext)
}
