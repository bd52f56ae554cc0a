package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/pflag"

	"recover/internal/await"
	"recover/internal/output"
	"recover/internal/terminal"
	"recover/internal/uuid"
	"recover/pkg/record"
	"recover/pkg/recovery"
	"recover/pkg/rsadecrypt"
	"recover/pkg/shard"
	"recover/pkg/wallet"
)

// selectionFlags name the keys to work on.
type selectionFlags struct {
	verb                       string
	record, shards             string
	quorumID, keyID, algorithm string
	publicKey, address         string
}

func (f *selectionFlags) register(fs *pflag.FlagSet) {
	f.verb = fs.Name()
	fs.StringVar(&f.record, "record", "", "")
	fs.StringVar(&f.shards, "shards", "", "")
	fs.StringVar(&f.quorumID, "quorum-id", "", "")
	fs.StringVar(&f.keyID, "key-id", "", "")
	fs.StringVar(&f.algorithm, "algorithm", "", "")
	fs.StringVar(&f.publicKey, "public-key", "", "")
	fs.StringVar(&f.address, "address", "", "")
}

// selection is what is worked on: the recorded keys and the bucket.
type selection struct {
	ctx        context.Context
	record     *record.Record
	recordPath string      // empty where one key was named by flags
	copy       *recordCopy // of the record, in a holder's folder; nil where a file was named
	bucket     *recovery.Download
	shardsPath string
	expected   []rsadecrypt.Fingerprint // recovery keys that shards have to be for; empty: any
	close      []func() error
}

// open opens the record and the bucket, and checks them.
func (f *selectionFlags) open(ctx context.Context) (*selection, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	s := &selection{ctx: ctx, recordPath: f.record, shardsPath: f.shards}
	var err error
	if f.record != "" {
		err = s.openRecord(f.record)
	} else {
		s.record, err = f.single()
	}
	if err == nil {
		err = s.openBucket(f.shards, s.hints(f.record == ""))
	}
	if err == nil && s.bucket.IsFile() && s.record.Len() > 1 {
		err = &usageError{"--shards is one file, but the record has several keys",
			"name the directory of the download, or the one key with --quorum-id, --key-id and --algorithm"}
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	for _, k := range s.record.RecoveryKeys {
		s.expected = append(s.expected, k.SHA256)
	}
	return s, nil
}

func (f *selectionFlags) check() error {
	single := f.quorumID != "" || f.keyID != "" || f.algorithm != ""
	switch {
	case f.record != "" && single:
		return &usageError{"--record and the flags for a single key are both given", "give one or the other"}
	case f.record != "" && (f.publicKey != "" || f.address != ""):
		return &usageError{"--public-key and --address are for a single key", "put them into the record, as public_key and address of the key"}
	case f.record == "" && !single:
		return &usageError{"--record is missing", "give the offline record, or for a single key --quorum-id, --key-id and --algorithm"}
	case single:
		if err := required(f.verb, [2]string{"quorum-id", f.quorumID}, [2]string{"key-id", f.keyID}, [2]string{"algorithm", f.algorithm}); err != nil {
			return err
		}
	}
	return required(f.verb, [2]string{"shards", f.shards})
}

// ids reads the IDs that are named by flags.
func (f *selectionFlags) ids() (ids shard.IDs, err error) {
	if ids.Quorum, err = uuid.ParseAny(f.quorumID); err != nil {
		return ids, &usageError{"--quorum-id: " + err.Error(), "it is in your offline record"}
	}
	if ids.Key, err = uuid.ParseAny(f.keyID); err != nil {
		return ids, &usageError{"--key-id: " + err.Error(), "it is the name of the folder of the shard in the bucket"}
	}
	return ids, nil
}

// single makes a record of the one key that is named by flags.
func (f *selectionFlags) single() (*record.Record, error) {
	ids, err := f.ids()
	if err != nil {
		return nil, err
	}
	g, known := record.ParseAlgorithm(f.algorithm)
	if !known {
		return nil, &usageError{"--algorithm: not SECP256K1 or ED25519", "it is in your offline record"}
	}
	e := record.Entry{QuorumID: ids.Quorum, KeyID: ids.Key, Algorithm: g, Address: f.address}
	if e.PublicKey, err = record.ParsePublicKey(g, f.publicKey); err != nil {
		return nil, &usageError{"--public-key: " + err.Error(), "give it in hex or base64, as the service's list has it"}
	}
	if e.Address != "" && !wallet.IsAddress(e.Address) {
		return nil, &usageError{"--address: not an address of a form that is known here", "give one of Ethereum, Tron, XRP Ledger, Bitcoin (bc1q…) or Solana, or the public key with --public-key"}
	}
	r, err := record.Single(e)
	if err != nil {
		return nil, &usageError{err.Error(), "the quorum ID is not in the bucket: it has to come from your offline record"}
	}
	return r, nil
}

// openRecord opens the record, or the copy of it in a holder's folder.
func (s *selection) openRecord(path string) error {
	info, err := os.Stat(path)
	if err == nil && info.IsDir() && isHolderFolder(path) {
		if s.copy, err = recordIn(s.ctx, path); err != nil {
			return err
		}
		path = s.copy.path
		info, err = os.Stat(path)
	}
	s.recordPath = path
	if err == nil && !info.Mode().IsRegular() {
		err = output.ErrNotRegular // a pipe would be waited for without end
	}
	if err != nil {
		return &fileError{path, asRecord, err}
	}
	f, err := os.Open(path)
	if err != nil {
		return &fileError{path, asRecord, err}
	}
	s.close = append(s.close, f.Close)
	s.record, err = readRecord(s.ctx, path, func() (*record.Record, error) { return record.Open(f, info.Size()) })
	if err != nil {
		return err
	}
	if s.copy != nil && s.record.SHA256() != s.copy.sum {
		return &fileError{path, asRecord, record.ErrChanged}
	}
	return nil
}

// contents opens the record as openRecord does, and reads all of it into memory.
func (s *selection) contents(path string) (*record.Contents, error) {
	if err := s.openRecord(path); err != nil {
		return nil, err
	}
	return readRecord(s.ctx, s.recordPath, s.record.Contents)
}

// readRecord reads a record in one go, which takes some seconds for a large one.
func readRecord[T any](ctx context.Context, path string, read func() (T, error)) (T, error) {
	var all, none T
	var err error
	if await.Do(ctx, func() { all, err = read() }) != nil {
		return none, terminal.ErrInterrupted // no fault of the file
	}
	if err != nil {
		return none, &fileError{path, asRecord, err}
	}
	return all, nil
}

// maxQuorums is how many quorum IDs of the record are held, so that folders
// named by them can be told from key folders.
const maxQuorums = 10_000

// hints are what the record tells of the download; single is for a key that was
// named by flags. A record that cannot be read again gives none: whatever reads
// it next says so.
func (s *selection) hints(single bool) recovery.Hints {
	h := recovery.Hints{Labels: true, Quorums: make(map[uuid.ID]struct{})}
	for e, err := range s.record.Entries() {
		if err != nil || len(h.Quorums) >= maxQuorums {
			break
		}
		h.Quorums[e.QuorumID] = struct{}{}
		if single {
			h.Key = e.KeyID
		}
	}
	return h
}

func (s *selection) openBucket(path string, hints recovery.Hints) error {
	b, err := recovery.Open(path, hints)
	if err != nil {
		return &fileError{path, asShards, err}
	}
	s.bucket = b
	s.close = append(s.close, b.Close)
	return nil
}

// expect narrows the recovery keys that the shards may be for to one, which has
// to be in the record where that names any.
func (s *selection) expect(f rsadecrypt.Fingerprint) error {
	if len(s.expected) > 0 && !slices.Contains(s.expected, f) {
		return &fileError{s.recordPath, asRecord, fmt.Errorf("%w: %s", errNotRecorded, f)}
	}
	s.expected = []rsadecrypt.Fingerprint{f}
	return nil
}

// isExpected tells whether shards for this recovery key are wanted.
func (s *selection) isExpected(f rsadecrypt.Fingerprint) bool {
	return len(s.expected) == 0 || slices.Contains(s.expected, f)
}

// Close closes the files of the selection.
func (s *selection) Close() {
	for _, c := range s.close {
		_ = c() // they were only read
	}
}

// openDownload opens a bucket that has to be a directory.
func (s *selection) openDownload(path string, hints recovery.Hints) error {
	err := s.openBucket(path, hints)
	if err == nil && s.bucket.IsFile() {
		err = &usageError{"--shards is one file", "name the directory of the download"}
	}
	return err
}

// folderID returns the key ID that the folder of a shard is named by.
func folderID(path string) (uuid.ID, bool) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return uuid.ID{}, false
	}
	for dir := filepath.Dir(abs); dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if id, err := uuid.Parse(filepath.Base(dir)); err == nil {
			return id, true
		}
	}
	return uuid.ID{}, false
}

const selectionUsage = `
What to work on:
    --record FILE              the offline record, JSON or CSV with the header
                               quorum_id,key_id,algorithm; or a holder's
                               folder that has a copy of it
    --shards PATH              the downloaded bucket, or one shard file
    --quorum-id UUID           instead of --record, for a single key:
    --key-id UUID                all three are needed
    --algorithm NAME           SECP256K1 or ED25519
    --public-key KEY           for a single key: the public key or the address
    --address ADDRESS            of its wallet, from the service's own list;
                                 never from the bucket
`
