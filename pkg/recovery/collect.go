package recovery

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"

	"recover/internal/bucket"
	"recover/internal/group"
	"recover/internal/uuid"
	"recover/pkg/record"
	"recover/pkg/rsadecrypt"
	"recover/pkg/shard"
)

// Download is a download of the bucket, or one shard file.
type Download = bucket.Bucket

// Open opens a download: a directory that is searched for folders named by a
// key ID, or one shard file. The caller closes it.
func Open(path string) (*Download, error) { return bucket.Open(path) }

// What is kept of the backups of one key, at the most. Tests take less.
var (
	maxParsed   = int64(24 << 20) // bytes of files whose parsed form is held; others are read again
	maxDistinct = 100             // backups that are not the same byte for byte
	maxExamined = int64(6 << 20)  // bytes of damaged files that are searched for the key they name
	maxOne      = 2 << 20         // of one of them: a backup of 16 players
)

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
	claimed         group.Point // walletPublicKeyBase64
	masters         []group.Point

	shard   *shard.Shard // nil: read it again
	proof   *proof       // nil: not looked at yet
	salvage bool         // shard is what could be read of a damaged file
	ignored bool         // neither named like a shard nor one
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

// Collect reads all files of the entry's key. What cannot be read or is not a
// backup is kept with the reason; files with the same bytes are parsed once. An
// error is that of ctx, or of the file that the download is.
func Collect(ctx context.Context, d *Download, e record.Entry) (*Backups, error) {
	s := &Backups{Entry: e, download: d}
	files, passed, err := d.Files(e.KeyID)
	if err != nil {
		return nil, &UnreadableError{err}
	}
	for _, w := range passed {
		s.warn(WarnNotRead, "%s: %s", w.Path, systemError(w.Err))
	}
	seen := make(map[string]*Backup)
	held, examined, distinct := int64(0), int64(0), 0
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		b := &Backup{File: f}
		s.all = append(s.all, b)
		data, err := d.Read(f, shard.MaxFileSize)
		if err != nil {
			b.Err = &UnreadableError{err}
			continue
		}
		sum := sha256.Sum256(data)
		b.SHA256 = hex.EncodeToString(sum[:])
		if same, ok := seen[b.SHA256]; ok {
			b.SameAs, b.Err = same, same.Err
			b.ignored = same.ignored || s.isForeign(b)
			continue
		}
		seen[b.SHA256] = b
		if distinct++; distinct > maxDistinct && !f.Named {
			b.Err, b.ignored = errNotRead, true
			continue
		}
		var parsed *shard.Shard
		if stopped := await(ctx, func() { parsed, err = shard.Parse(data) }); stopped != nil {
			return nil, stopped
		}
		switch {
		case err == nil:
			b.describe(parsed)
			if held += f.Size; held <= maxParsed {
				b.shard = parsed
			}
			if e.Algorithm != nil {
				b.Err = parsed.CheckAlgorithm(e.Algorithm)
			}
		case len(data) <= maxOne && examined+int64(len(data)) <= maxExamined:
			examined += int64(len(data))
			b.Err = err
			if stopped := await(ctx, func() { b.masters = shard.DamagedMasterKeys(data) }); stopped != nil {
				return nil, stopped
			}
		default:
			b.Err = err
			if f.Named {
				s.warn(WarnNotRead, "%s: damaged, and too large to be searched for the key that it names", f.Path)
			}
		}
		b.ignored = s.isForeign(b)
	}
	s.passOver(distinct)
	return s, nil
}

// await runs f, which works on public data only, and returns the error of ctx
// without waiting for f if that ends before: a large file takes some seconds. f
// then goes on alone, and what it writes may not be used.
func await(ctx context.Context, f func()) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

var errNotRead = errors.New("not read: there are too many other files")

// isForeign tells whether a file is neither named like a shard nor one.
func (s *Backups) isForeign(b *Backup) bool {
	return !b.Named && !b.HasKey() && !s.download.IsFile() && shard.ReasonOf(b.Err) == shard.ReasonMalformed
}

// passOver warns of files that are no backups.
func (s *Backups) passOver(distinct int) {
	for _, b := range s.all {
		if b.ignored && b.Err != errNotRead {
			s.warn(WarnNotShard, "%s is not a shard", b.Path)
		}
	}
	if distinct > maxDistinct {
		s.warn(WarnNotRead, "%d different files are in the key's folder: of those that are not named recovery_shard-N.txt, only the first were read", distinct)
	}
}

// describe notes what the shard says of itself.
func (b *Backup) describe(s *shard.Shard) {
	b.RecoveryKey, b.MasterPublicKey = s.Fingerprint(), s.MasterPublicKey()
	b.claimed, b.WalletPublicKey = s.WalletPublicKey(), WalletPublicKey(s)
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

// load returns the parsed shard, which is read again if it was not kept.
func (s *Backups) load(b *Backup) (*shard.Shard, error) {
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
	err := await(ctx, func() {
		var sh *shard.Shard
		if sh, p.err = s.load(b); p.err != nil {
			return
		}
		if p.ids, p.warning, p.err = IDs(sh, s.Entry); p.err == nil {
			p.proof, p.err = sh.Verify(p.ids)
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

// Keys yields the IDs of the key folders of a download, each once.
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
	}
}
