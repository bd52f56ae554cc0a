package recovery

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"

	"recover/internal/await"
	"recover/internal/bucket"
	"recover/internal/group"
	"recover/internal/uuid"
	"recover/pkg/bucketlist"
	"recover/pkg/record"
	"recover/pkg/rsadecrypt"
	"recover/pkg/shard"
)

// Download is a download of the bucket, or one shard file. It is safe for
// concurrent use.
type Download struct {
	*bucket.Bucket
	// Listing is what the bucket says of itself; nil where that is not known. It
	// is set before the download is used.
	Listing *bucketlist.Listing
	strays  strays
}

// Hints are what is known before a download is opened. All may be empty.
type Hints = bucket.Hints

// Open opens a download: a directory that is searched for folders named by a
// key ID, or one shard file. With hints, it also opens one whose shards are in no
// folder named by a key ID. The caller closes it.
func Open(path string, hints Hints) (*Download, error) {
	b, err := bucket.Open(path, hints)
	if err != nil {
		return nil, err
	}
	return &Download{Bucket: b}, nil
}

// Backup is one file of a key's folder that is, or may have been, a backup.
type Backup struct {
	bucket.File
	SHA256 string // of the file, hex; empty where it cannot be read

	// Err says why the file cannot be used: it cannot be read, it is not a
	// shard, or it is one of another algorithm than the record says. It is nil
	// for a backup that parses.
	Err error
	// SameAs is an earlier file with the same bytes, which stands for this one.
	SameAs *Backup

	// What the file says of itself; zero where it cannot be parsed.
	RecoveryKey     rsadecrypt.Fingerprint
	MasterPublicKey group.Point
	WalletPublicKey group.Point // as an ED25519 wallet's, its master public key
	masters         []group.Point

	shard   *shard.Shard // nil: read it again
	proof   *proof       // nil: not looked at yet
	ignored bool         // neither named like a shard nor one
	archive string       // which kind of archive it is, if it is one
	listed  *listed      // what the listing says of it; nil: there is none
}

// Group returns the group of the key that the backup names; nil where HasKey is
// false.
func (b *Backup) Group() group.Group {
	if b.MasterPublicKey == nil {
		return nil
	}
	return groupOf(b.MasterPublicKey)
}

// HasKey tells whether the file says which recovery key and wallet it is of.
func (b *Backup) HasKey() bool { return b.MasterPublicKey != nil }

// Backups are all backups of one key.
type Backups struct {
	Entry    record.Entry
	Warnings []Warning // about files and folders that were passed over

	all      []*Backup // in the order in which they are tried
	download *Download
	unlisted error // why a folder of the key cannot be listed
}

// Found returns how many files are, or may have been, backups.
func (s *Backups) Found() int {
	n := 0
	for _, b := range s.all {
		if !b.ignored {
			n++
		}
	}
	return n
}

// All returns the files, in the order in which they are tried: those with the
// proper name first, and of equals the newest. Files that are not backups and
// do not have the name of one are not among them.
func (s *Backups) All() []*Backup {
	return slices.DeleteFunc(slices.Clone(s.all), func(b *Backup) bool { return b.ignored })
}

// describe notes what the shard says of itself.
func (b *Backup) describe(s *shard.Shard) {
	b.RecoveryKey, b.MasterPublicKey, b.WalletPublicKey = s.Fingerprint(), s.MasterPublicKey(), WalletPublicKey(s)
	b.masters = s.NamedMasterKeys()
}

// WalletPublicKey is what the shard says that the wallet's public key is. That
// of an ED25519 wallet is its master public key.
func WalletPublicKey(s *shard.Shard) group.Point {
	if s.WalletPublicKey() == nil && s.Group() == group.Edwards25519 {
		return s.MasterPublicKey()
	}
	return s.WalletPublicKey()
}

// Load returns the parsed shard of a backup, which is read again if it was not kept.
func (s *Backups) Load(b *Backup) (*shard.Shard, error) {
	if b.shard != nil {
		return b.shard, nil
	}
	data, err := s.read(b)
	if err != nil {
		return nil, err
	}
	return shard.Parse(data)
}

// read reads the bytes of a file again.
func (s *Backups) read(b *Backup) ([]byte, error) {
	data, err := s.download.Read(b.File, shard.MaxFileSize)
	if err != nil {
		return nil, &UnreadableError{err}
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != b.SHA256 {
		return nil, &UnreadableError{errChanged}
	}
	return data, nil
}

var errChanged = errors.New("the file changed while the program was running")

// proof is what public data says of a backup.
type proof struct {
	ids     shard.IDs
	proof   *shard.Proof
	warning string // about the IDs
	err     error
}

// prove verifies a backup, once. The error is that of ctx.
func (s *Backups) prove(ctx context.Context, b *Backup) (*proof, error) {
	if b.proof != nil {
		return b.proof, nil
	}
	p := new(proof)
	err := await.Do(ctx, func() {
		var sh *shard.Shard
		if sh, p.err = s.Load(b); p.err != nil {
			return
		}
		if p.ids, p.warning, p.err = IDs(sh, s.Entry); p.err == nil {
			p.proof, p.err = sh.Verify(p.ids)
		}
		if p.err == nil && isUnknown(s.Entry) {
			p.err = sh.CheckExponent()
		}
	})
	if err != nil {
		return nil, err
	}
	b.proof = p
	return p, nil
}

// IDs returns the IDs that fit the backup: those of the record, or the key ID
// with a previous quorum ID, which the warning tells. The error is about the
// first; where public data cannot tell, there is none.
func IDs(s *shard.Shard, e record.Entry) (ids shard.IDs, warning string, err error) {
	ids = shard.IDs{Quorum: e.QuorumID, Key: e.KeyID}
	if len(e.PreviousQuorumIDs) == 0 {
		return ids, "", nil // Verify and Rebuild check them
	}
	err = s.CheckIDs(ids)
	if errors.Is(err, shard.ErrUncheckable) {
		return ids, "", nil // the recovery key will tell
	}
	if shard.ReasonOf(err) != shard.ReasonWrongIDs {
		return ids, "", err
	}
	for _, previous := range e.PreviousQuorumIDs {
		older := shard.IDs{Quorum: previous, Key: e.KeyID}
		if s.CheckIDs(older) == nil {
			return older, "the backup is from before the quorum changed: it opens with the previous quorum ID " + previous.String(), nil
		}
	}
	return ids, "", err
}

// CheckIDs is IDs, and makes sure that they are the backup's, as far as public
// data tells.
func CheckIDs(s *shard.Shard, e record.Entry) (shard.IDs, error) {
	ids, _, err := IDs(s, e)
	if err == nil {
		if err = s.CheckIDs(ids); errors.Is(err, shard.ErrUncheckable) {
			err = nil
		}
	}
	return ids, err
}

// Read reads one file of a download as a backup, whatever key it is of.
func Read(d *Download, f bucket.File) (*Backup, *shard.Shard) {
	b := &Backup{File: f}
	data, err := d.Read(f, shard.MaxFileSize)
	if err != nil {
		b.Err = &UnreadableError{err}
		return b, nil
	}
	sum := sha256.Sum256(data)
	b.SHA256 = hex.EncodeToString(sum[:])
	s, err := shard.Parse(data)
	if err != nil {
		b.Err = err
		return b, nil
	}
	b.describe(s)
	return b, s
}

// Keys yields the IDs of the key folders of a download, and then those that only
// its listing has, each once.
func Keys(d *Download, warn func(path string, err error)) func(yield func(uuid.ID) bool) {
	return func(yield func(uuid.ID) bool) {
		seen := make(map[uuid.ID]struct{})
		for id := range d.Keys(func(w bucket.Warning) { warn(w.Path, w.Err) }) {
			if _, twice := seen[id]; twice {
				continue
			}
			seen[id] = struct{}{}
			if !yield(id) {
				return
			}
		}
		if d.Listing == nil {
			return
		}
		for id := range d.Listing.Keys() {
			if _, twice := seen[id]; !twice && !yield(id) {
				return
			}
		}
	}
}
