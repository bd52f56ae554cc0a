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
	defer secret.Wipe(data)
	s, ok := parsed(r, data, err, asShare, custody.ParseShare)
	if !ok {
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
	sealed, ok := parsed(r, data, nil, asSealedKey, custody.ParseSealedKey)
	if !ok {
		return
	}
	r.fact("recovery key", "%s", sealed.Key)
	r.fact("set", "%s, made on %s", sealed.ID, sealed.Created.Format(time.DateOnly))
	if sealed.Replaces != (custody.SetID{}) {
		r.fact("replaces", "the set %s", sealed.Replaces)
	}
	if sealed.Record != (custody.Digest{}) {
		r.fact("record with the shares, SHA-256", "%x", sealed.Record)
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

// isQuorumIDs takes a sheet of quorum IDs; those on the page of a share come with
// the share.
func isQuorumIDs(head []byte) bool {
	_, err := custody.ParseQuorumIDs(head)
	return (err == nil || is[*custody.QuorumLineError](err)) && !custody.LooksLikeShare(head)
}

// inspectQuorumIDs tells which quorum IDs lie with a set.
func (in *inspector) inspectQuorumIDs(r *fileResult) {
	r.Kind = "quorum IDs of the backups"
	data, err := in.read(r.Path, custody.MaxQuorumIDsSize)
	q, ok := parsed(r, data, err, asAny, custody.ParseQuorumIDs)
	if !ok {
		return
	}
	r.Sound, r.Detail = isSound, "make the record again with: recover record new --shards BUCKET --from FILE --out FILE"
	r.fact("quorum IDs", "%d", len(q.IDs))
	if q.Set != (custody.SetID{}) {
		r.fact("with the shares of", "set %s", q.Set)
	}
	if q.Record != (custody.Digest{}) {
		r.fact("of the record with the SHA-256", "%x", q.Record)
	}
}

// isSealedKey tells a sealed key of a set from other age files, also where its
// description is damaged.
func isSealedKey(data []byte) bool {
	_, err := custody.ParseSealedKey(data)
	return !errors.Is(err, custody.ErrNotSealedKey) && len(data) <= rsadecrypt.MaxFileSize
}
