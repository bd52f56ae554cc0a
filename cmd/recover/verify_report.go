package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"recover/pkg/record"
	"recover/pkg/recovery"
	"recover/pkg/rsadecrypt"
)

// listCopies tells what each of several copies is worth.
func (r *keyResult) listCopies(copies []recovery.Copy) {
	for _, c := range copies {
		l := copyResult{Shard: c.Path, Status: statusOK, Used: c.Used}
		if !c.Modified.IsZero() {
			l.Modified = c.Modified.UTC().Format(time.RFC3339)
		}
		if c.HasKey() {
			l.RecoveryKey = c.RecoveryKey.Hex()
		}
		if c.Err != nil {
			l.Status, l.Reason, l.Detail = statusFailed, reasonOf(c.Err), c.Err.Error()
		}
		r.Shards = append(r.Shards, l)
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

// noteAnchors says of how many keys public data cannot tell everything.
func (r *reporter) noteAnchors() {
	weak := r.sum.Anchors[string(record.AnchorBackup)] + r.sum.Anchors[string(record.AnchorNone)]
	if weak == 0 || r.json {
		return
	}
	r.Note("%d of %d %s no public key or address of the service's list in the record: public data cannot tell whether their backups are the service's own, nor which SECP256K1 wallet key comes out",
		weak, r.sum.Keys, plural(weak, "key has", "keys have"))
}
