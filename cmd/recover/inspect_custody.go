package main

import (
	"errors"
	"fmt"
	"time"

	"recover/internal/secret"
	"recover/pkg/custody"
	"recover/pkg/rsadecrypt"
)

// inspectShare says which share it is, and nothing of its content.
func (in *inspector) inspectShare(r *fileResult) {
	r.Kind = "share of a recovery key, NOT SEALED: a secret"
	data, err := in.read(r.Path, maxShareFile)
	if err != nil {
		r.damaged(err, asAny)
		return
	}
	defer secret.Wipe(data)
	s, err := custody.ParseShare(data)
	if err != nil {
		r.damaged(err, asShare)
		return
	}
	defer s.Wipe()
	r.Sound, r.Detail = isSound, "its checksum is right; whether it is the share that was made, \"recover custody check\" tells"
	r.fact("share", "%d of %d, of which %d are needed", s.Index, s.Count, s.Threshold)
	if s.Holder != "" {
		r.fact("holder", "%s", s.Holder)
		r.fact("recovery key", "%s", s.Key)
	}
	r.fact("set", "%s, made on %s", s.Set, s.Created.Format(time.DateOnly))
}

// inspectSealedKey tells the set of a sealed key, and opens it with --open and
// the shares.
func (in *inspector) inspectSealedKey(r *fileResult, data []byte) {
	r.Kind = "sealed recovery key, split among several holders"
	sealed, err := custody.ParseSealedKey(data)
	if err != nil {
		r.damaged(err, asSealedKey)
		return
	}
	r.fact("recovery key", "%s", sealed.Key)
	r.fact("set", "%s, made on %s", sealed.ID, sealed.Created.Format(time.DateOnly))
	if sealed.Replaces != (custody.SetID{}) {
		r.fact("replaces", "the set %s", sealed.Replaces)
	}
	r.fact("shares", "any %d of %d open it", sealed.Threshold, sealed.Count())
	for i, holder := range sealed.Holders {
		r.fact(fmt.Sprintf("holder of share %d", i+1), "%s", holder)
	}
	r.fact("SHA-256", "%x", custody.DigestOf(sealed.Bytes()))
	if !in.open || len(in.shares.shares) == 0 && !in.shares.atTerminal {
		r.Detail = "sealed; to open it: --open with --share or --collect-shares"
		return
	}
	in.shares.sealedKey = r.Path
	k := &keyShares{shareFlags: &in.shares, sealed: sealed, copies: []sealedCopy{{r.Path, sealed}}, identities: in.identities}
	key, err := k.open(in.ask)
	switch {
	case errors.Is(err, custody.ErrSealedKeyDamaged):
		r.damaged(err, asSealedKey)
		return
	case err != nil:
		r.unknown(err, asSealedKey)
		return
	}
	defer key.close()
	r.publicKey(key.public)
	if err := provePair(key); err != nil {
		r.damaged(err, asSealedKey)
		return
	}
	r.Sound = isSound
}

// isSealedKey tells a sealed key of a set from other age files, also where its
// description is damaged.
func isSealedKey(data []byte) bool {
	_, err := custody.ParseSealedKey(data)
	return !errors.Is(err, custody.ErrNotSealedKey) && len(data) <= rsadecrypt.MaxFileSize
}
