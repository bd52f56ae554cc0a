package main

import (
	"fmt"
	"time"

	"recover/pkg/custody"
	"recover/pkg/record"
	"recover/pkg/recovery"
	"recover/pkg/shard"
	"recover/pkg/wallet"
)

// inspectShard parses a shard and proves as much of it as the IDs at hand
// allow.
func (in *inspector) inspectShard(r *fileResult) {
	r.Kind = "shard"
	data, err := in.read(r.Path, shard.MaxFileSize)
	s, ok := parsed(r, data, err, asShards, shard.Parse)
	if !ok {
		return
	}
	r.shardFacts(s)
	e, ids, found, err := in.entryFor(r.Path, s)
	switch {
	case err != nil:
	case found:
		r.fact("IDs", "quorum %s, key %s", ids.Quorum, ids.Key)
		if _, err = s.Verify(ids); err == nil {
			err = recovery.CheckClaims(s, e)
		}
	default:
		err = s.VerifyWithoutIDs()
	}
	switch {
	case err != nil:
		r.damaged(err, asShards)
	case found:
		r.Sound = isSound
	default:
		r.Detail = "nothing is wrong as far as it shows without the IDs; with --record, or --quorum-id and --key-id, the ciphertexts are proved too"
	}
}

func (r *fileResult) shardFacts(s *shard.Shard) {
	terms := s.Terms()
	r.fact("algorithm", "%s", s.Group().Algorithm())
	r.fact("recovery key", "number %d of the kit, %s", s.Index(), s.Fingerprint())
	r.fact("players", "%d, version %s, %s", s.Players(), terms.Version, sharingForPeople(terms))
	if public := recovery.WalletPublicKey(s); public != nil {
		for _, a := range wallet.Addresses(s.Group(), public) {
			r.fact(a.Chain, "%s", a.Text)
		}
	}
}

func sharingForPeople(t shard.Terms) string {
	if t.Sharing == shard.Shamir {
		return fmt.Sprintf("any %d make the key", t.Threshold+1)
	}
	return fmt.Sprintf("%s sharing, all make the key", t.Sharing)
}

// entryFor returns the IDs of a shard: those of the flags, or of the entry of the
// record that fits; the entry for the folder's name is tried first.
func (in *inspector) entryFor(path string, s *shard.Shard) (entry record.Entry, ids shard.IDs, found bool, err error) {
	if in.ids != nil {
		return entry, *in.ids, true, nil
	}
	if in.sel == nil {
		return entry, ids, false, nil
	}
	if folder, ok := folderID(path); ok {
		for e, err := range in.sel.record.Entries() {
			if err != nil {
				return entry, ids, false, err
			}
			if e.KeyID == folder {
				ids, err := recovery.CheckIDs(s, e)
				return e, ids, true, err
			}
		}
	}
	for e, err := range in.sel.record.Entries() {
		if err != nil {
			return entry, ids, false, err
		}
		if ids, err := recovery.CheckIDs(s, e); err == nil {
			return e, ids, true, nil
		}
	}
	return entry, ids, false, errNoEntryFits
}

// inspectRecord checks all of a record.
func (in *inspector) inspectRecord(r *fileResult) {
	r.Kind = "record"
	s := &selection{ctx: in.ctx}
	defer s.Close()
	if err := s.openRecord(r.Path); err != nil {
		r.damaged(err, asRecord)
		return
	}
	r.Sound = isSound
	r.fact("keys", "%d", s.record.Len())
	sum := s.record.SHA256()
	r.fact("SHA-256", "%x", sum)
	if s.record.Environment != "" {
		r.fact("environment", "%s", s.record.Environment)
	}
	if n := len(s.record.Events); n > 0 {
		r.fact("events", "%d, the last one of %s", n, s.record.Events[n-1].Date.Format(time.DateOnly))
	}
	for _, k := range s.record.RecoveryKeys {
		r.fact("recovery key", "%x", k.SHA256)
		if k.Set != [8]byte{} {
			r.fact("  its present set", "%s", custody.SetID(k.Set))
		}
	}
}
