package record

import (
	"cmp"
	"slices"

	"recover/internal/group"
	"recover/internal/message"
)

// Anchor says where that comes from which a wallet key is known by. Whoever can
// write to the bucket can put any key there; an anchor is what they cannot have
// made.
type Anchor string

// The anchors, the strongest first.
const (
	AnchorService Anchor = "service" // public key or address from the service's own list, never from the bucket
	AnchorDrill   Anchor = "drill"   // public key that a drill rebuilt from a proved backup
	AnchorBackup  Anchor = "backup"  // master public key of a proved backup: pins it against later change
	AnchorNone    Anchor = "none"
)

var anchors = []Anchor{AnchorService, AnchorDrill, AnchorBackup, AnchorNone}

// Anchor returns the anchor of the entry. A public key or an address of which
// the record does not say where it comes from was put there by people, and is
// taken to be from the service's list.
func (e Entry) Anchor() Anchor {
	switch {
	case e.Recorded != "":
		return e.Recorded
	case e.PublicKey != nil || e.Address != "":
		return AnchorService
	case e.MasterPublicKey != nil:
		return AnchorBackup
	}
	return AnchorNone
}

// NamesWallet tells whether the entry has an anchor that names the wallet key
// itself, by its public key or an address.
func (e Entry) NamesWallet() bool {
	a := e.Anchor()
	return a == AnchorService || a == AnchorDrill
}

// checkAnchor holds the anchor against what else is recorded.
func (e Entry) checkAnchor() error {
	hasWallet := e.PublicKey != nil || e.Address != ""
	switch {
	case e.Recorded != "" && !slices.Contains(anchors, e.Recorded):
		return fieldProblem("anchor", "%s is not service, drill, backup or none", message.Quote(string(e.Recorded)))
	case (e.Recorded == AnchorService || e.Recorded == AnchorDrill) && !hasWallet:
		return fieldProblem("anchor", "%s, but neither public_key nor address is recorded", e.Recorded)
	case e.Recorded == AnchorBackup && e.MasterPublicKey == nil:
		return fieldProblem("anchor", "backup, but no master_public_key is recorded")
	case (e.Recorded == AnchorBackup || e.Recorded == AnchorNone) && hasWallet:
		return fieldProblem("anchor", "%s, but public_key or address is recorded: these are an anchor of the service's list or of a drill", e.Recorded)
	case e.Recorded == AnchorNone && e.MasterPublicKey != nil:
		return fieldProblem("anchor", "none, but master_public_key is recorded")
	case e.Algorithm == group.Edwards25519 && e.PublicKey != nil && e.MasterPublicKey != nil && !e.PublicKey.Equal(e.MasterPublicKey):
		return fieldProblem("master_public_key", "not the public_key, which is the same for ED25519")
	}
	return nil
}

// anchor joins the anchors of two entries: of two that do not contradict each
// other, the stronger one is taken.
func (m *merger) anchor(e *Entry, a, b Entry) {
	m.text(a.KeyID, fieldNames[fieldPublicKey], publicKeyText(a.PublicKey), publicKeyText(b.PublicKey))
	m.text(a.KeyID, fieldNames[fieldMasterPublicKey], publicKeyText(a.MasterPublicKey), publicKeyText(b.MasterPublicKey))
	if e.PublicKey == nil {
		e.PublicKey = b.PublicKey
	}
	if e.MasterPublicKey == nil {
		e.MasterPublicKey = b.MasterPublicKey
	}
	if a.Recorded == "" && b.Recorded == "" {
		return
	}
	e.Recorded = slices.MinFunc([]Anchor{a.Anchor(), b.Anchor()}, func(x, y Anchor) int {
		return cmp.Compare(slices.Index(anchors, x), slices.Index(anchors, y))
	})
}
