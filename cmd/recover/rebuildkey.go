package main

import (
	"errors"
	"fmt"
	"slices"

	"recover/internal/group"
	"recover/pkg/record"
	"recover/pkg/shard"
	"recover/pkg/wallet"
)

// rebuiltKey is what became of one key. Where it was not rebuilt, wallet is
// nil; with --with-master there may be a master key all the same.
type rebuiltKey struct {
	result *keyResult
	wallet *wallet.Key
	master *shard.Master
}

func (k *rebuiltKey) wipe() {
	if k.wallet != nil {
		k.wallet.Wipe()
	}
	if k.master != nil {
		k.master.Wipe()
	}
}

// keyWork is the rebuilding of one key, from whichever of its shards gives it.
type keyWork struct {
	*rebuildJob
	entry    record.Entry
	out      *rebuiltKey
	ours     []candidate // for the recovery key at hand
	failures []candidate // with their errors
}

// rebuildKey rebuilds one key. An error is one of the recovery key itself and
// ends the run.
func (j *rebuildJob) rebuildKey(e record.Entry) (*rebuiltKey, error) {
	w := &keyWork{rebuildJob: j, entry: e, out: &rebuiltKey{result: newResult(e)}}
	found, err := j.selection.candidates(e, func(c candidate) error {
		w.sort(c)
		return nil
	})
	switch {
	case err != nil:
		w.out.result.fail(err)
		return w.out, nil
	case found == 0 && len(w.ours) == 0:
		w.out.result.missing()
		return w.out, nil
	}
	if err := w.tryAll(); err != nil {
		w.out.wipe()
		return nil, err
	}
	w.conclude()
	w.out.result.bound()
	return w.out, nil
}

// sort puts a file among those that may give the key, or that cannot.
func (w *keyWork) sort(c candidate) {
	nameless := c.err == nil && c.shard == nil // what the last copy may be saved as, or a note
	if c.shard == nil && w.flags.salvage {
		w.salvage(&c)
	}
	if nameless && c.shard == nil {
		w.warn("%s is not a shard", c.file.Path)
		return
	}
	if c.err == nil {
		c.err = c.shard.CheckRecoveryKey(w.key.public)
	}
	if c.err == nil {
		c.err = c.shard.CheckAlgorithm(w.entry.Algorithm)
	}
	if c.err != nil {
		w.failures = append(w.failures, c)
		return
	}
	w.ours = append(w.ours, c)
}

// salvage reads what can be read of a file that is not whole.
func (w *keyWork) salvage(c *candidate) {
	data, err := w.selection.bucket.Read(c.file, shard.MaxFileSize)
	if err != nil {
		return
	}
	s, lost, err := shard.ParseSalvage(data, w.key.public)
	if err != nil {
		return
	}
	if _, err := shard.Parse(data); err != nil {
		w.warn("%s: salvaged: %v", c.file.Path, err)
	}
	for _, f := range lost {
		w.warn("%s: %s", c.file.Path, f.Error())
	}
	c.shard, c.err = s, nil
}

func (w *keyWork) warn(format string, args ...any) {
	w.out.result.Warnings = append(w.out.result.Warnings, fmt.Sprintf(format, args...))
}

// tryAll tries the shards that public data proves first, where there is a
// choice; then what the copies of one backup make together, which costs less
// than one after the other; and at last each for itself.
func (w *keyWork) tryAll() error {
	sound := 0
	if len(w.ours) > 1 {
		var err error
		if sound, err = w.soundFirst(); err != nil {
			w.failures = append([]candidate{{file: w.ours[0].file, shard: w.ours[0].shard, sha256: w.ours[0].sha256, err: err}}, w.failures...)
			return nil
		}
	}
	for _, c := range w.ours[:sound] {
		if err := w.try(c); err != nil || w.out.wallet != nil {
			return err
		}
	}
	if err := w.tryJoined(); err != nil {
		return err
	}
	for _, c := range w.ours[sound:] {
		if w.out.wallet != nil {
			break
		}
		if err := w.try(c); err != nil {
			return err
		}
	}
	return nil
}

// maxJoined is how many copies of one backup are joined.
const maxJoined = 8

// tryJoined tries what the copies of each backup have together.
func (w *keyWork) tryJoined() error {
	joined := make([]bool, len(w.ours))
	for i, first := range w.ours {
		if joined[i] {
			continue
		}
		var copies []*shard.Shard
		for k, c := range w.ours[i:] {
			if c.shard.IsCopyOf(first.shard) && len(copies) < maxJoined {
				copies, joined[i+k] = append(copies, c.shard), true
			}
		}
		if len(copies) < 2 {
			continue
		}
		c := first
		var err error
		if c.shard, err = shard.Join(copies); err != nil {
			continue
		}
		if err := w.try(c); err != nil || w.out.wallet != nil {
			return err
		}
	}
	return nil
}

// soundFirst brings the shards that public data proves before the others, and
// returns how many they are. That costs less than one private operation in
// vain. Two of them may not be of different keys, unless the record tells which
// is meant: a reshare keeps the key, so one of them is somebody else's.
func (w *keyWork) soundFirst() (int, error) {
	sound := make(map[*shard.Shard]bool)
	var first *shard.Shard
	for _, c := range w.ours {
		ids, _ := likelyIDs(c.shard, w.entry)
		_, err := c.shard.Verify(ids)
		if err != nil {
			continue
		}
		sound[c.shard] = true
		if first == nil {
			first = c.shard
		}
		if !c.shard.MasterPublicKey().Equal(first.MasterPublicKey()) && w.entry.PublicKey == nil && w.entry.Address == "" {
			return 0, errSeveralKeys
		}
	}
	slices.SortStableFunc(w.ours, func(a, b candidate) int {
		switch {
		case sound[a.shard] == sound[b.shard]:
			return 0
		case sound[a.shard]:
			return -1
		}
		return 1
	})
	return len(sound), nil
}

var errSeveralKeys = errors.New("sound backups of different keys are in the key's folder, and the record has no public_key or address to tell which is right")

// try rebuilds the key from one shard. Its error is one of the recovery key
// itself; that the shard does not give the key is kept among the failures.
func (w *keyWork) try(c candidate) error {
	err := w.attempt(c)
	switch {
	case shard.ReasonOf(err) == shard.ReasonKeySource && w.ctx.Err() != nil: // a token was not waited for
		return errInterruptedRun
	case shard.ReasonOf(err) == shard.ReasonKeySource:
		return err
	}
	if err != nil {
		c.err = err
		w.failures = append(w.failures, c)
	}
	return nil
}

func (w *keyWork) attempt(c candidate) error {
	ids, warning := likelyIDs(c.shard, w.entry)
	m, err := c.shard.Rebuild(w.key, ids, shard.Options{ChainCode: w.flags.withMaster, Salvage: w.flags.salvage})
	if err != nil {
		return err
	}
	if err := w.vouched(m, c, ids); err != nil {
		w.keepMaster(m, c)
		return err
	}
	key, err := wallet.Derive(m, wallet.Expected{Backup: c.shard.WalletPublicKey(), Record: w.entry.PublicKey, Address: w.entry.Address})
	if err != nil {
		w.keepMaster(m, c)
		return err
	}
	if w.out.master != nil {
		w.out.master.Wipe()
	}
	w.out.wallet, w.out.master = key, m
	w.describe(c, m, warning)
	return nil
}

// vouched makes sure that something vouches for the chain code, which makes the
// wallet key: the wallet's public key or address, or else the proof, which binds
// the sealed chain code to the backup. In a salvage there may be neither, and
// that is told.
func (w *keyWork) vouched(m *shard.Master, c candidate, ids shard.IDs) error {
	if m.Group() != group.Secp256k1 || c.shard.WalletPublicKey() != nil || w.entry.PublicKey != nil || w.entry.Address != "" {
		return nil
	}
	_, err := c.shard.Verify(ids)
	if err != nil && w.flags.salvage {
		w.warn("nothing proves the wallet key: the shard and the record name no public key or address of it, and the proof does not hold; compare its addresses before it is used")
		return nil
	}
	return err
}

// keepMaster keeps a master key of which the wallet key cannot be derived, if
// master keys are asked for. It does not make the key a rebuilt one.
func (w *keyWork) keepMaster(m *shard.Master, c candidate) {
	if !w.flags.withMaster || w.out.master != nil {
		m.Wipe()
		return
	}
	w.out.master, w.out.result.master = m, true
	w.warn("%s: the master key is right and is kept; it is not the wallet key", c.file.Path)
}

func (w *keyWork) describe(c candidate, m *shard.Master, warning string) {
	r, key := w.out.result, w.out.wallet
	r.Status = statusOK
	r.Shard, r.ShardSHA256, r.RecoveryKey = c.file.Path, c.sha256, w.key.fingerprint.Hex()
	r.wallet(key.Group(), key.Public())
	if warning != "" {
		w.warn("%s", warning)
	}
	if !key.IsUsual() {
		w.warn("the wallet key is derived as %s, not in the usual way", key.Derivation())
	}
	for _, f := range m.Warnings() {
		w.warn("%s", f.Error())
	}
}

// conclude makes the result of what was tried: with a key, the copies that did
// not give it are warnings. Shards for other recovery keys of a kit are none.
func (w *keyWork) conclude() {
	var telling *candidate
	for i, f := range w.failures {
		other := shard.ReasonOf(f.err) == shard.ReasonOtherRecoveryKey
		if w.out.wallet != nil && !other {
			w.warn("%s: %s: %v", f.file.Path, reasonOf(f.err), f.err)
		}
		if telling == nil || !other && shard.ReasonOf(telling.err) == shard.ReasonOtherRecoveryKey {
			telling = &w.failures[i]
		}
	}
	if w.out.wallet == nil {
		w.out.result.describe(*telling)
		w.out.result.fail(telling.err)
	}
}
