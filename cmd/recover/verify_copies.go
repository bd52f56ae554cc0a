package main

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"recover/pkg/rsadecrypt"
	"recover/pkg/shard"
)

// judge makes one result of all copies of a key.
func (r *keyResult) judge(copies []verifiedCopy) {
	sound := make(map[string]bool) // by recovery key
	for _, c := range copies {
		if c.err == nil {
			sound[c.shard.Fingerprint().Hex()] = true
		}
	}
	r.Status = statusOK
	for _, c := range copies {
		switch {
		case c.err == nil:
			if r.Shard == "" {
				r.describe(c.candidate)
				r.Warnings = append(r.Warnings, c.warnings...)
			}
		case c.isExcused(sound):
			r.Warnings = append(r.Warnings, fmt.Sprintf("%s: %s: %v", c.file.Path, reasonOf(c.err), c.err))
		case r.Status == statusOK:
			r.fail(c.err)
			if len(copies) > 1 {
				r.Detail = c.file.Path + ": " + r.Detail
			}
		}
	}
	if r.Shard == "" {
		r.describe(copies[0].candidate)
	}
	if differ(copies) {
		r.fail(errSeveralKeys)
	}
	for key := range sound {
		r.sound = append(r.sound, key)
	}
	if len(copies) > 1 {
		r.listCopies(copies)
	}
}

// differ tells whether sound copies are of different keys. Those that are not the
// record's are not sound, where the record has a public key or an address.
func differ(copies []verifiedCopy) bool {
	var first *shard.Shard
	for _, c := range copies {
		switch {
		case c.err != nil:
		case first == nil:
			first = c.shard
		case !c.shard.MasterPublicKey().Equal(first.MasterPublicKey()):
			return true
		}
	}
	return false
}

// isExcused tells whether a bad copy does no harm, because a sound one for the
// same recovery key is there, or for the unreadable, any sound one.
func (c *verifiedCopy) isExcused(sound map[string]bool) bool {
	if c.shard == nil || shard.ReasonOf(c.err) == shard.ReasonOtherRecoveryKey {
		return len(sound) > 0
	}
	return sound[c.shard.Fingerprint().Hex()]
}

// listCopies tells what each copy is worth. Of the sound ones for a recovery
// key, a rebuild uses the first.
func (r *keyResult) listCopies(copies []verifiedCopy) {
	used := make(map[string]*verifiedCopy) // by recovery key
	for i, c := range copies {
		l := copyResult{Shard: c.file.Path, Status: statusOK}
		if !c.file.Modified.IsZero() {
			l.Modified = c.file.Modified.UTC().Format(time.RFC3339)
		}
		if c.shard != nil {
			l.RecoveryKey = c.shard.Fingerprint().Hex()
		}
		if c.err != nil {
			l.Status, l.Reason, l.Detail = statusFailed, reasonOf(c.err), c.err.Error()
		} else if used[l.RecoveryKey] == nil {
			used[l.RecoveryKey] = &copies[i]
			l.Used = true
		}
		r.Shards = append(r.Shards, l)
	}
	for _, use := range used {
		r.warnOfAge(use, copies)
	}
}

// versions shows what each copy is worth, where there are several for one
// recovery key.
func (r *reporter) versions(k *keyResult) error {
	keys := make(map[string]bool)
	for _, c := range k.Shards {
		if c.RecoveryKey != "" {
			keys[c.RecoveryKey] = true
		}
	}
	if len(k.Shards) == len(keys) {
		return nil
	}
	for _, c := range k.Shards {
		date, _, _ := strings.Cut(c.Modified, "T")
		text := fmt.Sprintf("%s, %s: %s", c.Shard, date, c.Status)
		if c.Used {
			text += ", a rebuild uses this one"
		}
		if err := r.Print("            copy %s", text); err != nil {
			return err
		}
	}
	return nil
}

// warnOfAge says so when nothing is sound but older than what is not.
func (r *keyResult) warnOfAge(use *verifiedCopy, copies []verifiedCopy) {
	for _, c := range copies {
		same := c.shard == nil || c.shard.Fingerprint() == use.shard.Fingerprint()
		if same && c.err == nil && c.file.Modified.After(use.file.Modified) {
			return // the other sound copy is newer
		}
	}
	for _, c := range copies {
		same := c.shard == nil && path.Base(c.file.Path) == path.Base(use.file.Path) ||
			c.shard != nil && c.shard.Fingerprint() == use.shard.Fingerprint()
		if same && c.err != nil && c.file.Modified.After(use.file.Modified) {
			r.Warnings = append(r.Warnings, fmt.Sprintf("nothing is sound but old: %s is of %s, and %s of %s is not sound",
				use.file.Path, day(use.file.Modified), c.file.Path, day(c.file.Modified)))
			return
		}
	}
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// kitIsWhole warns of the recorded recovery keys for which the key has no shard
// at all, though it has some for others.
func (s *selection) kitIsWhole(r *keyResult, copies []verifiedCopy) {
	for _, want := range s.expected {
		there := slices.ContainsFunc(copies, func(c verifiedCopy) bool { return c.shard != nil && c.shard.Fingerprint() == want })
		if !there && r.Status == statusOK {
			r.Warnings = append(r.Warnings, fmt.Sprintf("no shard for the recorded recovery key %s is there", want))
		}
	}
}

// countRecoveryKeys sums up which recovery keys open how many of the keys, and
// which of them the record knows.
func (r *reporter) countRecoveryKeys() {
	var all []recoveryKeyCount
	for _, k := range r.selection.record.RecoveryKeys {
		hex := rsadecrypt.Fingerprint(k.SHA256).Hex()
		all = append(all, recoveryKeyCount{SHA256: hex, Keys: r.sound[hex], Recorded: true, Custody: k.Custody})
		delete(r.sound, hex)
	}
	for _, hex := range slices.Sorted(maps.Keys(r.sound)) {
		all = append(all, recoveryKeyCount{SHA256: hex, Keys: r.sound[hex]})
	}
	r.sum.RecoveryKeys = all
	if len(all) < 2 || r.json {
		return
	}
	for _, k := range all {
		r.Note("%s", k)
	}
}
