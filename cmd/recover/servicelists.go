package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"recover/internal/message"
	"recover/internal/terminal"
	"recover/internal/uuid"
	"recover/pkg/record"
	"recover/pkg/rsadecrypt"
	"recover/pkg/shard"
)

// What the service's own lists say of wallets that have no backup, and of the
// recovery keys that backups are encrypted to.

// walletLine is a wallet that has no backup.
type walletLine struct {
	Type       string       `json:"type"`   // "wallet"
	Status     string       `json:"status"` // "no-backup"
	WalletID   string       `json:"wallet_id,omitempty"`
	Name       string       `json:"name,omitempty"`
	QuorumID   string       `json:"quorum_id,omitempty"`
	Blockchain string       `json:"blockchain,omitempty"`
	Address    string       `json:"address,omitempty"`
	PublicKey  string       `json:"public_key,omitempty"`
	Reason     shard.Reason `json:"reason"`
	Detail     string       `json:"detail"`
	Next       string       `json:"next"`
}

func (w *walletLine) lines() []string {
	name := w.Name
	if name == "" {
		name = "wallet " + w.WalletID
	}
	address := w.Address
	if address == "" {
		address = w.PublicKey
	}
	var l listing
	l.addKey("NO BACKUP", name, strings.TrimSpace(w.Blockchain+" "+address))
	l.add(keyIndent+"%s: %s", w.Reason, w.Detail)
	l.add(keyIndent+"next: %s", w.Next)
	return l
}

// kitLine is a recovery key of a kit.
type kitLine struct {
	Type        string       `json:"type"`   // "kit"
	Status      string       `json:"status"` // "ok" or "failed"
	KitID       string       `json:"kit_id,omitempty"`
	Name        string       `json:"name,omitempty"`
	RecoveryKey string       `json:"recovery_key,omitempty"`
	KeyName     string       `json:"key_name,omitempty"`
	Reason      shard.Reason `json:"reason,omitempty"`
	Detail      string       `json:"detail"`
	Next        string       `json:"next,omitempty"`
}

func (k *kitLine) lines() []string {
	name := k.Name
	if name == "" {
		name = k.KitID
	}
	l := listing{fmt.Sprintf("%-7s kit %s", k.Status, name)}
	if k.Status == statusOK {
		l.add(keyIndent+"%s", k.Detail)
		return l
	}
	l.add(keyIndent+"%s: %s", k.Reason, k.Detail)
	l.add(keyIndent+"next: %s", k.Next)
	return l
}

// serviceReview judges the service's lists by what was found in the bucket.
type serviceReview struct {
	term  *terminal.Terminal
	json  bool
	known *known
	ours  []rsadecrypt.Fingerprint // recovery keys that were given, or are recorded already

	quorums map[uuid.ID]*record.Quorum // of the list
	inUse   map[string]bool            // kits that a quorum of the list has

	noBackup, kitProblems int
}

// index makes the quorums of the list to be found: there may be very many.
func (v *serviceReview) index() {
	v.quorums, v.inUse = make(map[uuid.ID]*record.Quorum), make(map[string]bool)
	for i := range v.known.serviceQuorums {
		q := &v.known.serviceQuorums[i]
		v.inUse[q.Kit] = true
		if v.quorums[q.ID] == nil {
			v.quorums[q.ID] = q
		}
	}
}

// alarms names what has no backup, and what is wrong with a kit. found tells of
// each wallet of the list whether a key of the bucket is its key.
func (v *serviceReview) alarms(ctx context.Context, found []bool) error {
	v.index()
	for i := range v.known.wallets {
		if ctx.Err() != nil {
			return terminal.ErrInterrupted
		}
		if found[i] {
			continue
		}
		line := v.withoutBackup(&v.known.wallets[i])
		if line == nil {
			continue
		}
		v.noBackup++
		if err := show(v.term, v.json, line); err != nil {
			return err
		}
	}
	for _, line := range v.kitLines() {
		if ctx.Err() != nil {
			return terminal.ErrInterrupted
		}
		if line.Status != statusOK {
			v.kitProblems++
		}
		if err := show(v.term, v.json, line); err != nil {
			return err
		}
	}
	v.warnOfQuorums()
	return nil
}

// withoutBackup says why a wallet that no key of the bucket is of has no backup; nil
// where the list does not say which wallet it is.
func (v *serviceReview) withoutBackup(w *record.Wallet) *walletLine {
	if w.PublicKey == nil && w.Address == "" && w.KeyID.IsZero() && !w.IsHSM() {
		return nil // it was listed for its quorum ID
	}
	line := &walletLine{Type: "wallet", Status: "no-backup", WalletID: w.ID, Name: w.Name, Blockchain: w.Blockchain, Address: w.Address}
	if w.PublicKey != nil {
		line.PublicKey = hex.EncodeToString(w.PublicKey.Bytes())
	}
	if !w.QuorumID.IsZero() {
		line.QuorumID = w.QuorumID.String()
	}
	quorum := v.quorums[w.QuorumID]
	switch {
	case w.IsHSM():
		line.Reason, line.Detail = reasonHSM, "its key is in the HSM of the service, which writes no backup of it"
	case quorum != nil && quorum.Kit == "":
		line.Reason, line.Detail = reasonNoKit, fmt.Sprintf("its quorum %s%s has no backup kit: no key of it is ever backed up", quorum.ID, kindOf(quorum))
	default:
		line.Reason, line.Detail = reasonNoBackup, "no verified backup in the download names its "+namedBy(w)
	}
	line.Next = reasonHint(line.Reason)
	return line
}

// namedBy is what a wallet is found by.
func namedBy(w *record.Wallet) string {
	switch {
	case !w.KeyID.IsZero():
		return "key ID " + w.KeyID.String()
	case w.PublicKey != nil:
		return "public key"
	}
	return "address"
}

func kindOf(q *record.Quorum) string {
	if q.Type == "" {
		return ""
	}
	return " (" + strings.ToLower(strings.TrimPrefix(q.Type, "QUORUM_TYPE_")) + ")"
}

// kitLines compare the kits that are in use with our recovery keys.
func (v *serviceReview) kitLines() (all []*kitLine) {
	registered := make(map[rsadecrypt.Fingerprint]bool)
	kits := v.kitsInUse()
	for _, kit := range kits {
		for _, k := range kit.Keys {
			line := &kitLine{Type: "kit", Status: statusFailed, KitID: kit.ID, Name: kit.Name, KeyName: k.Name}
			f, err := kitFingerprint(k)
			if err != nil {
				line.Reason, line.Detail = reasonKitUnreadable, fmt.Sprintf("its recovery key %s cannot be read: %v", quotedName(k.Name), err)
			} else if registered[f], line.RecoveryKey = true, f.Hex(); len(v.ours) == 0 {
				line.Status, line.Detail = statusOK, fmt.Sprintf("recovery key %s %s: compare it with yours, or give yours with --recovery-public-key", quotedName(k.Name), f)
			} else if slices.Contains(v.ours, f) {
				line.Status, line.Detail = statusOK, fmt.Sprintf("recovery key %s is yours: %s", quotedName(k.Name), f)
			} else {
				line.Reason, line.Detail = reasonKitForeign, fmt.Sprintf("recovery key %s is none of yours: %s", quotedName(k.Name), f)
			}
			all = append(all, line)
		}
		if len(kit.Keys) == 0 {
			all = append(all, &kitLine{Type: "kit", Status: statusFailed, KitID: kit.ID, Name: kit.Name, Reason: reasonKitUnreadable, Detail: "the list names no recovery key of it"})
		}
	}
	for _, f := range v.ours {
		if len(kits) > 0 && !registered[f] {
			all = append(all, &kitLine{Type: "kit", Status: statusFailed, Name: "of your quorums", RecoveryKey: f.Hex(), Reason: reasonKitLacks,
				Detail: fmt.Sprintf("your recovery key %s is in no kit that a quorum uses", f)})
		}
	}
	for _, line := range all {
		line.Next = reasonHint(line.Reason)
	}
	return all
}

// kitsInUse are the kits that a quorum of the list has, or all where no quorums are
// listed.
func (v *serviceReview) kitsInUse() []record.Kit {
	return slices.DeleteFunc(slices.Clone(v.known.kits), func(k record.Kit) bool {
		return len(v.quorums) > 0 && !v.inUse[k.ID]
	})
}

var errKitNotHex = errors.New("not hex")

func kitFingerprint(k record.KitKey) (f rsadecrypt.Fingerprint, err error) {
	der, err := hex.DecodeString(strings.TrimPrefix(strings.TrimSpace(k.PublicKey), "0x"))
	if err != nil {
		return f, errKitNotHex
	}
	public, err := rsadecrypt.ParsePublicKey(der)
	if err != nil {
		return f, err
	}
	return rsadecrypt.FingerprintOf(public), nil
}

func quotedName(name string) string {
	if name == "" {
		return "without a name"
	}
	return fmt.Sprintf("%q", name)
}

// warnOfQuorums names the quorums without a kit, and those whose kit is not listed.
func (v *serviceReview) warnOfQuorums() {
	var bare, unlisted []string
	listed := make(map[string]bool, len(v.known.kits))
	for _, k := range v.known.kits {
		listed[k.ID] = true
	}
	for _, q := range v.known.serviceQuorums {
		switch {
		case q.Kit == "":
			bare = append(bare, q.ID.String()+kindOf(&q))
		case len(v.known.kits) > 0 && !listed[q.Kit]:
			unlisted = append(unlisted, q.ID.String())
		}
	}
	if len(bare) > 0 {
		v.term.Warn(fmt.Sprintf("%d of %d %s no backup kit, so no wallet that is made in them is ever backed up: %s",
			len(bare), len(v.known.serviceQuorums), plural(len(bare), "quorums has", "quorums have"), message.Few(bare, 3)))
	}
	if len(unlisted) > 0 {
		v.term.Warn(fmt.Sprintf("the kit of %s is not in the list of kits: its recovery keys were not compared", message.Few(unlisted, 3)))
	}
}

// outcome is the outcome of the keys, together with that of the lists.
func (v *serviceReview) outcome(keys error) error {
	var facts []string
	if n := v.noBackup; n > 0 {
		facts = append(facts, fmt.Sprintf("%d of %d wallets %s no backup", n, len(v.known.wallets), plural(n, "has", "have")))
	}
	if n := v.kitProblems; n > 0 {
		facts = append(facts, fmt.Sprintf("%d %s with the kits", n, plural(n, "problem", "problems")))
	}
	var incomplete *incompleteError
	switch {
	case len(facts) == 0:
		return keys
	case errors.As(keys, &incomplete):
		return &incompleteError{strings.Join(append(facts, incomplete.fact), "; "), hintEachLine, incomplete.status}
	case keys != nil:
		return keys
	}
	return &incompleteError{strings.Join(facts, "; "), hintEachLine, exitSome}
}

const hintEachLine = "each line above says why, and what to do next; wallets without a backup come first"
