package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"iter"
	"slices"

	"recover/internal/bucket"
	"recover/internal/uuid"
	"recover/pkg/record"
	"recover/pkg/rsadecrypt"
	"recover/pkg/shard"
	"recover/pkg/wallet"
)

// harvest makes entries of a record from the shards of a bucket.
type harvest struct {
	*program
	flags    *recordFlags
	known    *known
	sel      *selection // the bucket, and the recovery keys that shards have to be for
	base     *record.Contents
	recorded map[uuid.ID]int // the place of a key in base
	report   *reporter
}

// recordNew makes a record from a download of the bucket.
func (p *program) recordNew(f *recordFlags) error {
	if f.environment != "production" && f.environment != "sandbox" {
		return &usageError{"--environment is not production or sandbox", "the two are kept in records of their own"}
	}
	return p.harvest(f, &record.Contents{Environment: f.environment})
}

// recordAdd adds the keys of the bucket that are not in the record.
func (p *program) recordAdd(f *recordFlags) error {
	path, err := f.oneRecord()
	if err != nil {
		return err
	}
	base, err := readContents(path)
	if err != nil {
		return err
	}
	return p.harvest(f, base)
}

func (p *program) harvest(f *recordFlags, base *record.Contents) error {
	if err := required(f.verb, [2]string{"shards", f.shards}, [2]string{"out", f.out}); err != nil {
		return err
	}
	h := &harvest{program: p, flags: f, base: base, sel: &selection{shardsPath: f.shards}, recorded: make(map[uuid.ID]int)}
	var err error
	if h.known, err = p.readKnown(f); err != nil {
		return err
	}
	if err := h.prepare(); err != nil {
		return err
	}
	defer h.sel.Close()
	if err := h.sel.openDownload(f.shards); err != nil {
		return err
	}
	return h.run()
}

// prepare collects what may be expected of the shards.
func (h *harvest) prepare() error {
	for i, e := range h.base.Entries {
		h.recorded[e.KeyID] = i
		h.known.addQuorum(e.QuorumID)
	}
	for _, path := range h.flags.publicKeys {
		pub, err := readPublicKey(path)
		if err != nil {
			return err
		}
		h.addRecoveryKey(rsadecrypt.FingerprintOf(pub))
	}
	for _, k := range h.base.RecoveryKeys {
		h.sel.expected = append(h.sel.expected, k.SHA256)
	}
	if len(h.known.quorums) == 0 {
		return &usageError{"no quorum ID is given", "it is not in the bucket: give it with --quorum-id, or a list of wallets with --from"}
	}
	return nil
}

func (h *harvest) addRecoveryKey(f rsadecrypt.Fingerprint) {
	if !slices.ContainsFunc(h.base.RecoveryKeys, func(k record.RecoveryKey) bool { return k.SHA256 == [sha256.Size]byte(f) }) {
		h.base.RecoveryKeys = append(h.base.RecoveryKeys, record.RecoveryKey{SHA256: f})
	}
}

// harvested is what one key of the bucket gives.
type harvested struct {
	result       *keyResult
	entry        record.Entry
	recoveryKeys []rsadecrypt.Fingerprint // of its sound shards
}

func (h *harvest) run() error {
	h.report = &reporter{Terminal: h.Terminal, selection: h.sel, json: h.flags.json, sum: newSummary()}
	var added []record.Entry
	for k, err := range inOrder(h.ctx, 0, h.keys(), h.key) {
		if err != nil {
			return err
		}
		if err := h.report.key(k.result); err != nil {
			return err
		}
		if k.result.Status != statusOK {
			continue
		}
		if i, ok := h.recorded[k.entry.KeyID]; ok {
			h.base.Entries[i] = k.entry
			continue
		}
		added = append(added, k.entry)
		for _, f := range k.recoveryKeys {
			h.addRecoveryKey(f)
		}
	}
	slices.SortFunc(added, func(a, b record.Entry) int { return bytes.Compare(a.KeyID[:], b.KeyID[:]) })
	h.base.Entries = append(h.base.Entries, added...)
	return h.finish()
}

// openDownload opens a bucket that has to be a directory.
func (s *selection) openDownload(path string) error {
	b, err := bucket.Open(path)
	if err != nil {
		return &fileError{path, asShards, err}
	}
	s.bucket = b
	s.close = append(s.close, b.Close)
	if b.IsFile() {
		return &usageError{"--shards is one file", "name the directory of the download"}
	}
	return nil
}

func (h *harvest) finish() error {
	if err := h.report.end(); err != nil {
		return err
	}
	if h.report.sum.OK > 0 || h.report.sum.Keys == 0 && len(h.base.Entries) > 0 {
		if err := h.writeRecord(h.flags.out, h.base); err != nil {
			return err
		}
		for _, k := range h.base.RecoveryKeys {
			h.Note("recovery key %s: compare it with the one that you registered", rsadecrypt.Fingerprint(k.SHA256))
		}
	}
	return h.report.outcome("recorded")
}

// keys yields the keys of the bucket, each once.
func (h *harvest) keys() iter.Seq2[uuid.ID, error] {
	return func(yield func(uuid.ID, error) bool) {
		seen := make(map[uuid.ID]bool)
		for id, err := range h.sel.bucket.Keys() {
			if err != nil {
				yield(id, &fileError{h.flags.shards, asShards, err})
				return
			}
			if !seen[id] && !yield(id, nil) {
				return
			}
			seen[id] = true
		}
	}
}

// key makes an entry of the newest sound shard of a key.
func (h *harvest) key(id uuid.ID) (*harvested, error) {
	k := &harvested{entry: h.start(id), result: resultOf(id.String())}
	var failure error
	found, err := h.sel.candidates(k.entry, func(c candidate) error {
		if c.shard == nil && c.err == nil {
			return nil
		}
		err := c.err
		if err == nil {
			err = h.take(k, c)
		}
		if failure == nil || shard.ReasonOf(failure) == shard.ReasonOtherRecoveryKey {
			failure = err
		}
		return nil
	})
	switch {
	case k.result.Status == statusOK:
		return k, nil
	case err != nil:
		k.result.fail(err)
	case found == 0:
		k.result.missing()
	default:
		k.result.fail(failure)
	}
	return k, nil
}

// start is what is known of a key beside its shards.
func (h *harvest) start(id uuid.ID) record.Entry {
	if i, ok := h.recorded[id]; ok {
		return h.base.Entries[i]
	}
	return record.Entry{KeyID: id}
}

// take makes the entry from a shard, unless an earlier one did; then it only
// notes for which recovery key the shard is.
func (h *harvest) take(k *harvested, c candidate) error {
	if !h.sel.isExpected(c.shard.Fingerprint()) {
		return otherRecoveryKey(c.shard)
	}
	quorum, err := h.quorumOf(c.shard, k.entry)
	if err != nil {
		return err
	}
	if _, err := c.shard.Verify(shard.IDs{Quorum: quorum, Key: k.entry.KeyID}); err != nil {
		return err
	}
	k.recoveryKeys = append(k.recoveryKeys, c.shard.Fingerprint())
	if k.result.Status == statusOK {
		return nil
	}
	e := &k.entry
	if !e.QuorumID.IsZero() && e.QuorumID != quorum && !slices.Contains(e.PreviousQuorumIDs, quorum) {
		k.warn("the backup is of quorum %s: the recorded %s is kept as a previous one", quorum, e.QuorumID)
		e.PreviousQuorumIDs = append([]uuid.ID{e.QuorumID}, e.PreviousQuorumIDs...)
		e.QuorumID = quorum
	}
	if e.Algorithm == nil {
		e.QuorumID, e.Algorithm = quorum, c.shard.Group()
		h.describe(k, c.shard)
	}
	if err := agreesWithRecord(c.shard, *e); err != nil {
		return err
	}
	k.result.QuorumID, k.result.Algorithm, k.result.Status = e.QuorumID.String(), e.Algorithm.Algorithm(), statusOK
	k.result.describe(c)
	return nil
}

func (k *harvested) warn(format string, args ...any) {
	k.result.Warnings = append(k.result.Warnings, fmt.Sprintf(format, args...))
}

// describe takes what the shard and the lists of wallets say of the key.
func (h *harvest) describe(k *harvested, s *shard.Shard) {
	e := &k.entry
	e.PublicKey = walletPublicKey(s)
	for _, w := range h.known.wallets {
		ofKey := w.KeyID == e.KeyID || w.KeyID.IsZero() && w.PublicKey != nil && e.PublicKey != nil && samePublicKey(w, *e)
		if !ofKey {
			continue
		}
		if w.PublicKey != nil && e.PublicKey != nil && !samePublicKey(w, *e) {
			k.warn("the list of wallets has another public key than the backup: find out which is right")
			continue
		}
		e.Name, e.Blockchain = w.Name, w.Blockchain
		if e.PublicKey == nil || w.Address == "" {
			return
		}
		if _, ok := wallet.FindAddress(s.Group(), e.PublicKey, w.Address); ok {
			e.Address = w.Address
		} else {
			k.warn("the address %s of the list of wallets is none of this key's that are known here: it is left out", w.Address)
		}
		return
	}
}

func samePublicKey(w record.Wallet, e record.Entry) bool {
	return bytes.Equal(w.PublicKey.Bytes(), e.PublicKey.Bytes())
}

// quorumOf finds the quorum ID that the backup opens with: the recorded one
// first, then those that are known.
func (h *harvest) quorumOf(s *shard.Shard, e record.Entry) (uuid.ID, error) {
	all := slices.Concat([]uuid.ID{e.QuorumID}, e.PreviousQuorumIDs, h.known.quorums)
	trials := s.Trials()
	for _, t := range trials {
		for _, quorum := range all {
			if !quorum.IsZero() && t.Fits(shard.IDs{Quorum: quorum, Key: e.KeyID}) {
				return quorum, nil
			}
		}
	}
	if len(trials) == 0 {
		return uuid.ID{}, s.CheckIDs(shard.IDs{Quorum: h.known.quorums[0], Key: e.KeyID})
	}
	return uuid.ID{}, &quorumError{len(h.known.quorums)}
}

// quorumError is a backup whose quorum ID is not known.
type quorumError struct{ tried int }

func (e *quorumError) Error() string {
	return fmt.Sprintf("none of the %d quorum IDs that are known is this key's", e.tried)
}
