package custody

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"

	"recover/internal/secret"
)

// Signatures of transcripts and confirmations are those of "ssh-keygen -Y sign"
// (OpenSSH, PROTOCOL.sshsig): whoever has an SSH key has what it takes, also in
// a hardware token, and whoever has OpenSSH can check one without this program.

// What signatures are for, so that one that was made for a login, a commit or a
// mail is none.
const (
	SignatureNamespace = "recover-ceremony" // transcripts and confirmations
	ReleaseNamespace   = "recover-release"  // the checksums of a release
)

// MaxSignature is the size, in bytes, above which no signature is read.
const MaxSignature = 64 << 10

// Errors of signatures.
var (
	ErrNotSignature  = errors.New("not a signature of ssh-keygen -Y sign")
	ErrSignature     = errors.New("the signature is not of this file")
	ErrOtherPurpose  = errors.New("the signature was made for another purpose")
	ErrSignatureWeak = errors.New("the signature is of a kind that is not accepted: SHA-1, DSA, or RSA below 2048 bits")
)

const (
	sigMagic = "SSHSIG"
	sigBlock = "SSH SIGNATURE"
)

// signatureBlob is what the armor holds, after the magic.
type signatureBlob struct {
	Version   uint32
	PublicKey []byte
	Namespace string
	Reserved  []byte
	Hash      string
	Signature []byte
}

// signedBlob is what is signed, after the magic.
type signedBlob struct {
	Namespace string
	Reserved  []byte
	Hash      string
	Sum       []byte
}

func (b *signatureBlob) signed(message []byte) ([]byte, error) {
	s := signedBlob{Namespace: b.Namespace, Reserved: b.Reserved, Hash: b.Hash}
	switch b.Hash {
	case "sha512":
		sum := sha512.Sum512(message)
		s.Sum = sum[:]
	case "sha256":
		sum := sha256.Sum256(message)
		s.Sum = sum[:]
	default:
		return nil, ErrSignatureWeak
	}
	return append([]byte(sigMagic), ssh.Marshal(s)...), nil
}

// Sign signs a transcript, or a confirmation, with an SSH private key.
func Sign(key ssh.Signer, message []byte) ([]byte, error) {
	b := signatureBlob{Version: 1, PublicKey: key.PublicKey().Marshal(), Namespace: SignatureNamespace, Hash: "sha512"}
	data, err := b.signed(message)
	if err != nil {
		return nil, err
	}
	var sig *ssh.Signature
	if algorithms, ok := key.(ssh.AlgorithmSigner); ok && key.PublicKey().Type() == ssh.KeyAlgoRSA {
		sig, err = algorithms.SignWithAlgorithm(rand.Reader, data, ssh.KeyAlgoRSASHA512)
	} else {
		sig, err = key.Sign(rand.Reader, data)
	}
	if err != nil {
		return nil, err
	}
	b.Signature = ssh.Marshal(sig)
	return pem.EncodeToMemory(&pem.Block{Type: sigBlock, Bytes: append([]byte(sigMagic), ssh.Marshal(b)...)}), nil
}

// VerifySignature returns the key that a signature of message was made with, for a
// purpose: SignatureNamespace or ReleaseNamespace. Whose key that is, the caller
// has to know. The errors are ErrNotSignature, ErrSignature, ErrOtherPurpose and
// ErrSignatureWeak.
func VerifySignature(message, signature []byte, purpose string) (ssh.PublicKey, error) {
	if len(signature) > MaxSignature {
		return nil, ErrNotSignature
	}
	block, rest := pem.Decode(signature)
	if block == nil || block.Type != sigBlock || len(block.Headers) > 0 || len(bytes.TrimSpace(rest)) > 0 {
		return nil, ErrNotSignature
	}
	body, ok := bytes.CutPrefix(block.Bytes, []byte(sigMagic))
	var b signatureBlob
	if !ok || ssh.Unmarshal(body, &b) != nil || b.Version != 1 {
		return nil, ErrNotSignature
	}
	key, err := ssh.ParsePublicKey(b.PublicKey)
	if err != nil {
		return nil, ErrNotSignature
	}
	var sig ssh.Signature
	if ssh.Unmarshal(b.Signature, &sig) != nil {
		return nil, ErrNotSignature
	}
	if b.Namespace != purpose {
		return nil, fmt.Errorf("%w, not with -n %s", ErrOtherPurpose, purpose)
	}
	if weakSignature(key, &sig) {
		return nil, ErrSignatureWeak
	}
	data, err := b.signed(message)
	if err != nil {
		return nil, err
	}
	if key.Verify(data, &sig) != nil {
		return nil, ErrSignature
	}
	return key, nil
}

func weakSignature(key ssh.PublicKey, sig *ssh.Signature) bool {
	if sig.Format == ssh.KeyAlgoRSA || key.Type() == "ssh-dss" {
		return true
	}
	if c, ok := key.(ssh.CryptoPublicKey); ok {
		if k, ok := c.CryptoPublicKey().(*rsa.PublicKey); ok {
			return k.N.BitLen() < 2048
		}
	}
	return false
}

// ParseSigner reads an SSH private key to sign with. The errors are those of
// ParseSSHIdentity.
func ParseSigner(pem []byte, passphrase *secret.Bytes) (ssh.Signer, error) {
	key, _, err := parseSSHKey(pem, passphrase)
	if err != nil {
		return nil, err
	}
	return ssh.NewSignerFromKey(key)
}

// Signers are the keys whose owners are known: an allowed_signers file of
// ssh-keygen.
type Signers []signer

type signer struct {
	name     string
	key      []byte
	purposes []string // none: all
}

// The largest allowed_signers file that is read.
const (
	MaxSignersSize = 1 << 20
	maxSigners     = 1000
)

// SignersError is a line of an allowed_signers file that cannot be used.
type SignersError struct {
	Line    int
	Problem string
}

func (e *SignersError) Error() string {
	return fmt.Sprintf("line %d of the allowed signers: %s", e.Line, e.Problem)
}

// ParseSigners reads an allowed_signers file: on each line a name, perhaps
// namespaces="…", and a public key. The error is a *SignersError.
func ParseSigners(data []byte) (Signers, error) {
	var all Signers
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 64<<10)
	n := 0
	for lines.Scan() {
		n++
		text := strings.TrimSpace(lines.Text())
		if text == "" || text[0] == '#' {
			continue
		}
		s, problem := parseSigner(text)
		if problem == "" && len(all) == maxSigners {
			problem = "there are too many"
		}
		if problem != "" {
			return nil, &SignersError{n, problem}
		}
		all = append(all, s)
	}
	if lines.Err() != nil {
		return nil, &SignersError{n + 1, "it is too long"}
	}
	return all, nil
}

const namespaces = "namespaces="

func parseSigner(line string) (s signer, problem string) {
	fields := strings.Fields(line)
	name := fields[0]
	if len(name) > 100 || strings.ContainsFunc(name, func(r rune) bool { return r < '!' || r > '~' }) {
		return s, "the name is not plain ASCII of 100 characters at most"
	}
	rest := fields[1:]
	var purposes []string
	otherOption := false
	if len(rest) > 0 && len(rest[0]) > len(namespaces) && strings.EqualFold(rest[0][:len(namespaces)], namespaces) {
		list := strings.TrimPrefix(strings.TrimSuffix(rest[0][len(namespaces):], `"`), `"`)
		otherOption = strings.Contains(list, `"`) // as in namespaces="git",valid-before="20300101"
		purposes, rest = strings.Split(list, ","), rest[1:]
	}
	key, _, options, _, err := ssh.ParseAuthorizedKey([]byte(strings.Join(rest, " ")))
	switch {
	case err != nil:
		return s, "not NAME and an SSH public key"
	case otherOption || len(options) > 0:
		return s, `an option other than namespaces="…"`
	}
	return signer{name, key.Marshal(), purposes}, ""
}

// Name returns the name of the owner of a key that is allowed for a purpose, or ""
// if the file has none.
func (s Signers) Name(key ssh.PublicKey, purpose string) string {
	for _, known := range s {
		if bytes.Equal(known.key, key.Marshal()) && (known.purposes == nil || slices.Contains(known.purposes, purpose)) {
			return known.name
		}
	}
	return ""
}

// KeyName names an SSH public key by type and fingerprint.
func KeyName(key ssh.PublicKey) string { return key.Type() + " " + ssh.FingerprintSHA256(key) }
