package recovery

import (
	"context"
	"fmt"
	"slices"

	"recover/internal/await"
	"recover/internal/group"
	"recover/internal/uuid"
	"recover/pkg/record"
	"recover/pkg/rsadecrypt"
	"recover/pkg/shard"
	"recover/pkg/wallet"
)

// Enrolled is the entry of a record that a key gives.
type Enrolled struct {
	// Entry is complete where Usable is true, even with an error: an anchor of
	// the service's list is recorded whatever the bucket says.
	Entry        record.Entry
	Usable       bool
	Err          error // why the key is not in order
	Backup       *Backup
	RecoveryKeys []rsadecrypt.Fingerprint // of its proved backups
	Warnings     []Warning
	Listed       []int // the wallets of Known that are this key's: the first is its anchor
}

// Enroll makes the entry of a record, or completes the one that Collect was
// given, of which nothing but the key ID has to be known. The anchor is that of
// the service's list, if it has one; else the master public key of a proved
// backup, provided that all backups name the same. What the bucket says of the
// wallet is never recorded. An error is that of ctx.
func (s *Backups) Enroll(ctx context.Context, known Known) (*Enrolled, error) {
	known.index()
	e := &enrollment{Backups: s, known: known, out: &Enrolled{Entry: s.Entry, Warnings: slices.Clone(s.Warnings)}, wrongs: make(map[*Backup]error)}
	if s.Found() == 0 {
		e.out.Err = e.missing()
		e.out.Warnings = append(e.out.Warnings, s.CompareListing()...)
		return e.out, nil
	}
	distinct := 0
	for _, b := range s.All() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if b.SameAs != nil {
			continue
		}
		if distinct++; distinct > maxDistinct {
			e.wrongs[b] = errNotRead
			continue
		}
		var quorum uuid.ID
		var err error
		if stopped := await.Do(ctx, func() { quorum, err = e.verify(b) }); stopped != nil {
			return nil, stopped
		}
		e.take(b, quorum, err)
	}
	e.conclude()
	e.out.Warnings = append(e.out.Warnings, s.listingWarnings(e.wrong)...)
	return e.out, nil
}

type enrollment struct {
	*Backups
	known   Known
	out     *Enrolled
	proved  []*Backup
	quorums []uuid.ID // of the proved ones
	failure error     // the first that tells something
	wrongs  map[*Backup]error
}

// wrong returns why a backup was not proved, or nil.
func (e *enrollment) wrong(b *Backup) error {
	if b.SameAs != nil {
		b = b.SameAs
	}
	return e.wrongs[b]
}

// take sorts one backup, by whether it was proved.
func (e *enrollment) take(b *Backup, quorum uuid.ID, err error) {
	if err != nil {
		e.wrongs[b] = err
		if e.failure == nil || shard.ReasonOf(e.failure) == shard.ReasonOtherRecoveryKey {
			e.failure = err
		}
		return
	}
	e.proved, e.quorums = append(e.proved, b), append(e.quorums, quorum)
	if !slices.Contains(e.out.RecoveryKeys, b.RecoveryKey) {
		e.out.RecoveryKeys = append(e.out.RecoveryKeys, b.RecoveryKey)
	}
}

// verify proves a backup under the quorum ID that it opens with.
func (e *enrollment) verify(b *Backup) (quorum uuid.ID, err error) {
	if b.HasKey() && len(e.known.RecoveryKeys) > 0 && !slices.Contains(e.known.RecoveryKeys, b.RecoveryKey) {
		return quorum, notExpected(b.RecoveryKey)
	}
	if b.Err != nil {
		return quorum, b.Err
	}
	sh, err := e.Load(b)
	if err != nil {
		return quorum, err
	}
	if quorum, err = e.quorumOf(sh); err != nil {
		return quorum, err
	}
	_, err = sh.Verify(shard.IDs{Quorum: quorum, Key: e.Entry.KeyID})
	return quorum, err
}

// QuorumError is a backup whose quorum ID is not known.
type QuorumError struct{ Tried int }

func (e *QuorumError) Error() string {
	return fmt.Sprintf("none of the %d quorum IDs that are known is this key's", e.Tried)
}

// quorumOf finds the quorum ID that the backup opens with: the recorded one
// first, then those that are known.
func (e *enrollment) quorumOf(s *shard.Shard) (uuid.ID, error) {
	all := slices.Concat([]uuid.ID{e.Entry.QuorumID}, e.Entry.PreviousQuorumIDs, e.known.Quorums)
	trials := s.Trials()
	for _, t := range trials {
		for _, quorum := range all {
			if !quorum.IsZero() && t.Fits(shard.IDs{Quorum: quorum, Key: e.Entry.KeyID}) {
				return quorum, nil
			}
		}
	}
	if len(trials) == 0 && len(e.known.Quorums) > 0 {
		return uuid.ID{}, s.CheckIDs(shard.IDs{Quorum: e.known.Quorums[0], Key: e.Entry.KeyID})
	}
	return uuid.ID{}, &QuorumError{len(e.known.Quorums)}
}

// conclude makes the entry of what was proved and of what is known.
func (e *enrollment) conclude() {
	entry := &e.out.Entry
	listed := e.listed()
	e.anchor(listed)
	if len(e.proved) == 0 {
		e.out.Err = e.failure
		e.fromList(listed)
		return
	}
	e.out.Backup = e.proved[0]
	if !entry.NamesWallet() {
		if err := e.conflict(); err != nil {
			e.out.Err = err
			return
		}
	}
	use := slices.IndexFunc(e.proved, func(b *Backup) bool { return e.disagreement(b) == nil })
	if use < 0 { // no proved backup is of the wallet that the list or the record names
		use, e.out.Err = 0, e.disagreement(e.proved[0])
		if e.fromList(listed); e.out.Usable {
			return // nothing is taken from a backup that disagrees
		}
	}
	e.identify(use)
	e.out.Usable = e.out.Err == nil || entry.NamesWallet()
	if e.out.Err != nil {
		return
	}
	if isUnknown(*entry) {
		if err := e.checkExponent(e.proved[use]); err != nil {
			e.out.Err, e.out.Usable = err, false
			return
		}
		entry.Recorded, entry.MasterPublicKey = record.AnchorBackup, e.proved[use].MasterPublicKey
	}
	e.out.Warnings = append(e.out.Warnings, e.foreign(e.proved[use].MasterPublicKey)...)
}

func (e *enrollment) disagreement(b *Backup) error {
	sh, err := e.Load(b)
	if err != nil {
		return err
	}
	return CheckClaims(sh, e.out.Entry)
}

// checkExponent refuses to make an anchor of a backup that others can have made.
func (e *enrollment) checkExponent(b *Backup) error {
	sh, err := e.Load(b)
	if err == nil {
		err = sh.CheckExponent()
	}
	if err != nil {
		return &UnprovedError{err}
	}
	return nil
}

// identify takes IDs and algorithm from a proved backup.
func (e *enrollment) identify(use int) {
	entry, quorum := &e.out.Entry, e.quorums[use]
	e.out.Backup = e.proved[use]
	if !entry.QuorumID.IsZero() && entry.QuorumID != quorum && !slices.Contains(entry.PreviousQuorumIDs, quorum) {
		warnf(&e.out.Warnings, WarnPreviousQuorum, "the backup is of quorum %s: the recorded %s is kept as a previous one", quorum, entry.QuorumID)
		entry.PreviousQuorumIDs = append([]uuid.ID{entry.QuorumID}, entry.PreviousQuorumIDs...)
		entry.QuorumID = quorum
	}
	if entry.QuorumID.IsZero() {
		entry.QuorumID = quorum
	}
	if entry.Algorithm == nil {
		if sh, err := e.Load(e.proved[use]); err == nil {
			entry.Algorithm = sh.Group()
		}
	}
}

// listed returns the wallet of the list that is the key's, if there is one: of
// several, as of one key on several chains, the first that names a public key.
// Where they name different ones, the list does not say which wallet it is.
func (e *enrollment) listed() (w *record.Wallet) {
	e.out.Listed = e.known.walletsOf(e.Entry.KeyID, e.proved)
	for _, i := range e.out.Listed {
		switch other := &e.known.Wallets[i]; {
		case w == nil || w.PublicKey == nil && other.PublicKey != nil:
			w = other
		case w.PublicKey != nil && other.PublicKey != nil && !shard.SamePublicKey(w.PublicKey, other.PublicKey):
			e.failure = &RecordError{"public_key", "the list has this key ID twice, with different public keys: find out which is right"}
			e.out.Err = e.failure
			return nil
		}
	}
	return w
}

// anchor takes what the list says of the wallet. What the record has already is
// not overruled: where the two differ, that is named.
func (e *enrollment) anchor(w *record.Wallet) {
	if w == nil {
		return
	}
	entry := &e.out.Entry
	if entry.Name == "" {
		entry.Name = w.Name
	}
	if entry.Blockchain == "" {
		entry.Blockchain = w.Blockchain
	}
	if w.PublicKey == nil && w.Address == "" {
		return
	}
	if entry.NamesWallet() {
		e.compareWithList(w)
		return
	}
	entry.Recorded, entry.PublicKey, entry.Address = record.AnchorService, w.PublicKey, w.Address
	if w.PublicKey != nil && w.Address != "" && !wallet.IsAddress(w.Address) {
		warnf(&e.out.Warnings, WarnAddressForm, "the address %s of the list is of a form that is not known here: only the public key is compared", w.Address)
	}
}

// compareWithList notes where the list says otherwise than the record.
func (e *enrollment) compareWithList(w *record.Wallet) {
	entry := &e.out.Entry
	switch {
	case w.PublicKey != nil && entry.PublicKey != nil && !shard.SamePublicKey(w.PublicKey, entry.PublicKey):
		e.failure = &RecordError{"public_key", "the list of wallets has another public key than the record, which is kept: find out which is right"}
	case w.Address != "" && entry.Address != "" && w.Address != entry.Address:
		e.failure = &RecordError{"address", "the list of wallets has another address than the record, which is kept: find out which is right"}
	default:
		if entry.PublicKey == nil {
			entry.PublicKey = w.PublicKey
		}
		if entry.Address == "" {
			entry.Address = w.Address
		}
		return
	}
	e.out.Err = e.failure
}

// fromList makes an entry usable that no backup agrees with, if the list has all
// that it takes: the list's word stands against the bucket's.
func (e *enrollment) fromList(w *record.Wallet) {
	entry := &e.out.Entry
	if w == nil || !entry.NamesWallet() {
		return
	}
	if entry.QuorumID.IsZero() && w.KeyID == entry.KeyID {
		entry.QuorumID = w.QuorumID
	}
	if entry.Algorithm == nil && entry.PublicKey != nil {
		entry.Algorithm = groupOf(entry.PublicKey)
	}
	e.out.Usable = !entry.QuorumID.IsZero() && entry.Algorithm != nil
}

func groupOf(p group.Point) group.Group {
	if len(p.Bytes()) == group.Edwards25519.PointSize() {
		return group.Edwards25519
	}
	return group.Secp256k1
}
