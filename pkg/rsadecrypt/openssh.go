package rsadecrypt

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/ssh"

	"recover/internal/secret"
)

var (
	sshMagic        = []byte("openssh-key-v1\x00")
	sshPublicPrefix = []byte("ssh-")
)

// maxBcryptRounds bounds the work of an SSH key's passphrase. ssh-keygen writes
// 24, and takes any number with -a; 1000 take some 10 seconds.
const maxBcryptRounds = 1000

var sshKinds = map[string]string{
	"ssh-rsa": "RSA", "ssh-ed25519": "Ed25519", "ssh-dss": "DSA",
	"ecdsa-sha2-nistp256": "EC", "ecdsa-sha2-nistp384": "EC", "ecdsa-sha2-nistp521": "EC",
}

// sshSeal is a private key in OpenSSH's own form (PROTOCOL.key of OpenSSH) that
// takes a passphrase.
type sshSeal struct{ pem []byte }

// identifyOpenSSH takes the content of the PEM block.
func identifyOpenSSH(b []byte) (*File, error) {
	sealed, kind, err := readOpenSSH(b)
	if err != nil {
		return nil, err
	}
	if kind != "RSA" {
		return nil, &KeyKindError{Kind: kind, Private: true}
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "OPENSSH PRIVATE KEY", Bytes: b})
	if sealed {
		return &File{form: "encrypted OpenSSH private key", private: true, seal: &sshSeal{block}}, nil
	}
	defer secret.Wipe(block)
	key, err := ssh.ParseRawPrivateKey(block)
	private, ok := key.(*rsa.PrivateKey)
	if err != nil || !ok {
		return nil, ErrBadStructure
	}
	der := x509.MarshalPKCS1PrivateKey(private)
	Wipe(private)
	return &File{form: "OpenSSH private key", private: true, pkcs1: secret.New(der)}, nil
}

// readOpenSSH reads what is not encrypted: whether the rest is, what its work
// is, and the kind of the one key.
func readOpenSSH(b []byte) (sealed bool, kind string, err error) {
	in := cryptobyte.String(bytes.TrimPrefix(b, sshMagic))
	var cipher, kdf, options, public []byte
	var keys uint32
	if len(in) == len(b) {
		return false, "", ErrBadStructure
	}
	if !readSSHString(&in, &cipher) || !readSSHString(&in, &kdf) || !readSSHString(&in, &options) || !in.ReadUint32(&keys) || keys != 1 || !readSSHString(&in, &public) {
		return false, "", ErrTruncated
	}
	var private []byte
	if !readSSHString(&in, &private) {
		return false, "", ErrTruncated
	}
	if err := checkBcrypt(kdf, options); err != nil {
		return false, "", err
	}
	var name []byte
	blob := cryptobyte.String(public)
	if !readSSHString(&blob, &name) {
		return false, "", ErrBadStructure
	}
	kind, known := sshKinds[string(name)]
	if !known {
		kind = "unknown"
	}
	return string(cipher) != "none", kind, nil
}

// checkBcrypt reads the options of the key derivation: salt and rounds.
func checkBcrypt(kdf, options []byte) error {
	if string(kdf) == "none" {
		return nil
	}
	if string(kdf) != "bcrypt" {
		return &UnsupportedError{What: "key derivation of OpenSSH"}
	}
	in := cryptobyte.String(options)
	var salt []byte
	var rounds uint32
	switch {
	case !readSSHString(&in, &salt) || !in.ReadUint32(&rounds) || !in.Empty():
		return ErrBadStructure
	case rounds > maxBcryptRounds:
		return &WorkError{What: "bcrypt rounds", Got: uint64(rounds), Max: maxBcryptRounds}
	}
	return nil
}

// CheckSSHWork returns a *WorkError for an SSH private key, in PEM, that asks for
// more work than any honest one; whatever else is wrong with it is not judged.
func CheckSSHWork(data []byte) error {
	block, _ := pem.Decode(data)
	if block == nil || !bytes.HasPrefix(block.Bytes, sshMagic) {
		return nil
	}
	defer secret.Wipe(block.Bytes)
	var work *WorkError
	if _, _, err := readOpenSSH(block.Bytes); errors.As(err, &work) {
		return err
	}
	return nil
}

func readSSHString(in *cryptobyte.String, out *[]byte) bool {
	var size uint32
	return in.ReadUint32(&size) && uint64(size) <= uint64(len(*in)) && in.ReadBytes(out, int(size))
}

func (s *sshSeal) open(passphrase []byte) (*rsa.PrivateKey, error) {
	key, err := ssh.ParseRawPrivateKeyWithPassphrase(s.pem, passphrase)
	if errors.Is(err, x509.IncorrectPasswordError) || len(passphrase) == 0 {
		return nil, ErrWrongPassphrase
	}
	private, ok := key.(*rsa.PrivateKey)
	if err != nil || !ok {
		return nil, ErrSealDamaged
	}
	der := x509.MarshalPKCS1PrivateKey(private)
	defer secret.Wipe(der)
	Wipe(private)
	return parsePrivate(der)
}

// identifySSHPublic reads a line of an authorized_keys file.
func identifySSHPublic(b []byte) (*File, error) {
	key, _, _, _, err := ssh.ParseAuthorizedKey(bytes.TrimSpace(b))
	if err != nil {
		return nil, ErrTruncated
	}
	if kind := sshKinds[key.Type()]; kind != "RSA" {
		return nil, &KeyKindError{Kind: kind}
	}
	crypto, ok := key.(ssh.CryptoPublicKey)
	if !ok {
		return nil, ErrBadStructure
	}
	public, ok := crypto.CryptoPublicKey().(*rsa.PublicKey)
	if !ok {
		return nil, ErrBadStructure
	}
	return &File{form: "SSH public key", pkcs1: secret.New(x509.MarshalPKCS1PublicKey(public))}, nil
}
