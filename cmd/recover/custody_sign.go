package main

import (
	"errors"

	"recover/internal/output"
	"recover/internal/secret"
	"recover/pkg/custody"
	"recover/pkg/rsadecrypt"
)

// custodySign signs a transcript, or a confirmation, with an SSH key.
func custodySign(p *program, args []string) error {
	const verb = "custody sign"
	var key keyFlags
	var out string
	fs := newFlags(verb)
	fs.StringArrayVar(&key.identities, "identity", nil, "")
	key.registerPassphrase(fs)
	fs.StringVar(&out, "out", "", "")
	if err := parseFlags(fs, args, 1); err != nil {
		return err
	}
	switch {
	case fs.NArg() != 1:
		return &usageError{"what is to be signed is not given", "recover custody sign FILE --identity SSH-KEY --out FILE.sig"}
	case len(key.identities) != 1:
		return &usageError{"the SSH key to sign with is not given", "name the private key file with --identity, once"}
	}
	path := fs.Arg(0)
	if err := required(verb, [2]string{"out", out}); err != nil {
		return err
	}
	if err := checkNewFile(out); err != nil {
		return err
	}
	data, err := output.ReadFile(path, custody.MaxTranscript)
	if err != nil {
		return &fileError{path, asAny, err}
	}
	if err := signable(path, data); err != nil {
		return err
	}
	a, err := newPrompter(p, key.passphraseFlags)
	if err != nil {
		return err
	}
	signature, who, err := signWith(a, key.identities[0], data)
	if err != nil {
		return err
	}
	if err := a.used(); err != nil {
		return err
	}
	if err := writeNewData(out, signature); err != nil {
		return err
	}
	return p.term.Print("signed with %s: %s", who, out)
}

// signable keeps people from signing what is damaged, or anything else.
func signable(path string, data []byte) error {
	if _, err := custody.ParseConfirmations(data); err == nil {
		return nil
	}
	if !isTranscript(data) {
		return &fileError{path, asAny, errNotSigned}
	}
	if _, _, err := readWholeTranscript(path); err != nil {
		return &fileError{path, asAny, err}
	}
	return nil
}

// signWith signs with the SSH key in a file.
func signWith(a *secretPrompter, path string, data []byte) (signature []byte, who string, err error) {
	private, err := output.ReadFile(path, rsadecrypt.MaxFileSize)
	if err != nil {
		return nil, "", &fileError{path, asIdentity, err}
	}
	defer secret.Wipe(private)
	signer, err := custody.ParseSigner(private, nil)
	if errors.Is(err, custody.ErrSSHSealed) {
		err = a.untilRight(path, asIdentity, "Passphrase of the SSH key "+path, func(passphrase *secret.Bytes) (err error) {
			signer, err = custody.ParseSigner(private, passphrase)
			return err
		})
		if err != nil {
			return nil, "", err
		}
	}
	if err != nil {
		return nil, "", &fileError{path, asIdentity, err}
	}
	signature, err = custody.Sign(signer, data)
	return signature, custody.KeyName(signer.PublicKey()), err
}
