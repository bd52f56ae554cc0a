package main

import (
	"crypto/rsa"
	"errors"

	"recover/internal/output"
	"recover/internal/plaintext"
	"recover/internal/secret"
	"recover/pkg/custody"
	"recover/pkg/rsadecrypt"
	"recover/pkg/shard"
)

const sealedFile = "sealed file, as recovery private keys and shares are"

// inspectKey says what a key file is. What is sealed is opened only with --open.
func (in *inspector) inspectKey(r *fileResult, kind plaintext.Kind) {
	data, err := in.read(r.Path, rsadecrypt.MaxFileSize)
	switch {
	case is[*output.TooLargeError](err) && kind != plaintext.Unknown:
		r.foreign(kind)
		return
	case is[*output.TooLargeError](err):
		r.unknown(errUnknownFile, asAny)
		return
	case err != nil:
		r.unknown(err, asAny)
		return
	}
	defer secret.Wipe(data)
	if isSealedKey(data) {
		in.inspectSealedKey(r, data)
		return
	}
	identify := rsadecrypt.Identify
	if in.oldSealedKey {
		identify = rsadecrypt.IdentifyUnmarked
	}
	file, err := identify(data)
	var foreign *plaintext.KindError
	switch {
	case errors.As(err, &foreign):
		r.foreign(foreign.Kind)
		return
	case errors.Is(err, rsadecrypt.ErrUnmarked):
		r.unknown(err, asAny)
		return
	case errors.Is(err, rsadecrypt.ErrUnknownForm):
		r.unknown(errUnknownFile, asAny)
		return
	case isDamage(err):
		r.damaged(err, asKey)
		return
	case err != nil:
		if isAge(data) {
			r.Kind = sealedFile
		}
		r.unknown(err, asKey)
		return
	}
	defer file.Wipe()
	r.fact("form", "%s", file.Form())
	switch {
	case !file.Private():
		r.Kind = "recovery public key"
	case file.NeedsPassphrase() || file.NeedsIdentity():
		r.Kind = sealedFile
		r.openers(data)
		in.inspectSealed(r, file)
		return
	default:
		r.Kind = "recovery private key, NOT SEALED"
	}
	pub, err := file.PublicKey()
	if err != nil {
		r.damaged(err, asKey)
		return
	}
	r.Sound = isSound
	r.publicKey(pub)
}

// openers says who can open a sealed file, as far as it tells.
func (r *fileResult) openers(data []byte) {
	openers := custody.OpenersOf(data)
	if len(openers) > 1 {
		r.fact("opened by", "%d, each of them alone:", len(openers))
	}
	for _, o := range openers {
		r.fact("opened by", "%s", o)
	}
}

func (r *fileResult) publicKey(pub *rsa.PublicKey) {
	r.fact("size", "RSA-%d", pub.N.BitLen())
	r.fact("fingerprint", "%s", rsadecrypt.FingerprintOf(pub))
	if pub.E < shard.MinExponent {
		r.fact("exponent", "%d: others may be able to make backups for this key; use one with %d, which \"recover keygen\" makes", pub.E, shard.MinExponent)
	}
}

func (in *inspector) inspectSealed(r *fileResult, file *rsadecrypt.File) {
	if !in.open {
		r.Detail = "sealed: --open asks for what opens it"
		return
	}
	if file.NeedsIdentity() && len(in.opens) == 0 {
		r.unknown(errNeedsIdentity, asKey)
		return
	}
	k := &keyFile{path: r.Path, file: file, identities: []*identityFile{{ids: in.opens}}}
	key, err := k.open(in.ask)
	switch {
	case isDamage(err):
		r.damaged(err, asKey)
		return
	case err != nil:
		r.unknown(err, asKey)
		return
	}
	defer key.close()
	r.Kind = "recovery private key, sealed"
	r.publicKey(key.public)
	if err := provePair(key); err != nil {
		r.damaged(err, asKey)
		return
	}
	r.Sound = isSound
}

// isDamage tells damage of a sealed file from what did not open it.
func isDamage(err error) bool {
	for _, damage := range []error{rsadecrypt.ErrSealDamaged, rsadecrypt.ErrTruncated, rsadecrypt.ErrDamagedKey, rsadecrypt.ErrBadStructure,
		rsadecrypt.ErrBadPEM, rsadecrypt.ErrBadHex, rsadecrypt.ErrTrailing, plaintext.ErrDamagedGzip} {
		if errors.Is(err, damage) {
			return true
		}
	}
	return false
}
