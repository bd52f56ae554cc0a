package main

import (
	"crypto/rsa"
	"encoding/hex"
	"encoding/pem"
	"path/filepath"

	"recover/internal/output"
	"recover/pkg/rsadecrypt"
)

// keygenFlags are the flags of the verb keygen: those of all ways to make a
// pair, those of a split, and those of a token.
type keygenFlags struct {
	out        string
	format     string
	key        keyFlags // of which only a token and the descriptor are used
	split      splitFlags
	unsealed   bool
	transcript string
	existing   bool // a key that is in the token already
}

func parseKeygen(args []string) (*keygenFlags, error) {
	f := new(keygenFlags)
	fs := newFlags("keygen")
	f.split.register(fs)
	fs.StringVar(&f.format, "format", "der", "")
	fs.BoolVar(&f.unsealed, "unsealed", false, "")
	fs.StringVar(&f.transcript, "transcript", "", "")
	f.key.registerPassphrase(fs)
	f.key.registerNewPassphrase(fs)
	f.key.token.register(fs)
	fs.BoolVar(&f.existing, "existing", false, "")
	if err := parseFlags(fs, args, 0); err != nil {
		return nil, err
	}
	f.out = f.split.out
	if publicFormats[f.format] == nil {
		return nil, &usageError{"--format is not der, hex or pem", "the service's upload takes der"}
	}
	if err := required("keygen", [2]string{"out", f.out}); err != nil {
		return nil, err
	}
	return f, f.checkWay()
}

// isSplit reports whether the pair is to be split at once.
func (f *keygenFlags) isSplit() bool { return f.split.threshold != 0 || len(f.split.custodians) > 0 }

// checkWay makes sure that the pair is to be made in one way.
func (f *keygenFlags) checkWay() error {
	token, seals := f.key.token.uri.text != "", len(f.split.recipients) > 0 || f.split.passphrases
	switch {
	case f.existing && !token:
		return &usageError{"--existing is given without --hsm", "it is for a key that is in a token already"}
	case token && (f.isSplit() || seals || f.unsealed || f.split.json || f.key.passphraseFD != ""):
		return &usageError{"--hsm is given with a flag that is for keys in files", "remove it: a key in a token is not sealed, split or written to a file"}
	case f.unsealed && (f.isSplit() || seals):
		return &usageError{"--unsealed is given with a flag that seals", "give one or the other"}
	case !f.isSplit() && (f.split.passphrases || f.split.showQR || f.transcript != ""):
		return &usageError{"--passphrases, --show-qr and --transcript are for a split", "add --threshold, and --custodian for each holder"}
	}
	return nil
}

// publicFormats are the forms of the public half, by the suffix of its file.
var publicFormats = map[string]func(*rsa.PublicKey) []byte{
	"der": rsadecrypt.MarshalPublicKey,
	"hex": func(public *rsa.PublicKey) []byte {
		return append(hex.AppendEncode(nil, rsadecrypt.MarshalPublicKey(public)), '\n')
	},
	"pem": func(public *rsa.PublicKey) []byte {
		return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: rsadecrypt.MarshalPublicKey(public)})
	},
}

// runKeygen is the verb: make a recovery key pair, in a token, split at once, or
// in a file.
func runKeygen(p *program, args []string) error {
	f, err := parseKeygen(args)
	if err != nil {
		return err
	}
	if f.key.token.uri.text != "" {
		return keygenHSM(p, f)
	}
	a, err := begin(p, &f.key)
	switch {
	case err != nil:
		return err
	case f.isSplit():
		return keygenSplit(f, a.secretPrompter)
	}
	return keygenFile(f, a.secretPrompter)
}

// writePublicKey writes the public half into the output directory.
func (f *keygenFlags) writePublicKey(dir *output.Dir, public *rsa.PublicKey) error {
	return dir.WriteFile(f.publicName(), publicFormats[f.format](public))
}

func (f *keygenFlags) publicName() string { return "recovery-public-key." + f.format }

func (f *keygenFlags) publicPath() string { return filepath.Join(f.out, f.publicName()) }
