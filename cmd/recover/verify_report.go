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

// recoveryKeyCount is how many of the keys one recovery key can open.
type recoveryKeyCount struct {
	SHA256   string `json:"sha256"`
	Keys     int    `json:"keys"` // with a sound shard for it
	Recorded bool   `json:"recorded"`
	Custody  string `json:"custody,omitempty"` // as recorded
}

// countRecoveryKeys sums up which recovery keys open how many of the keys, and
// which of them the record knows.
func (r *reporter) countRecoveryKeys() {
	var all []recoveryKeyCount
	for _, k := range r.selection.record.RecoveryKeys {
		hex := rsadecrypt.Fingerprint(k.SHA256).Hex()
		all = append(all, recoveryKeyCount{hex, r.sound[hex], true, k.Custody})
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

// String says it for people.
func (k recoveryKeyCount) String() string {
	f, err := rsadecrypt.ParseFingerprint(k.SHA256)
	if err != nil {
		return k.SHA256
	}
	text := fmt.Sprintf("recovery key %s opens %d %s", f, k.Keys, plural(k.Keys, "key", "keys"))
	switch {
	case !k.Recorded:
		return text + "; it is not in the record"
	case k.Custody != "":
		return text + " (" + k.Custody + ")"
	}
	return text
}

// noteAnchors says of how many keys public data cannot tell everything.
func (r *reporter) noteAnchors() {
	weak := r.sum.Anchors[record.AnchorBackup] + r.sum.Anchors[record.AnchorNone]
	if weak == 0 || r.json {
		return
	}
	r.Note("%d of %d %s no public key or address of the service's list in the record: public data cannot tell whether their backups are the service's own, nor which SECP256K1 wallet key comes out",
		weak, r.sum.Keys, plural(weak, "key has", "keys have"))
}
