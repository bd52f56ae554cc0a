package main

import (
	"bytes"
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"filippo.io/age"

	"recover/internal/output"
	"recover/internal/secret"
	"recover/internal/terminal"
	"recover/pkg/custody"
	"recover/pkg/record"
	"recover/pkg/rsadecrypt"
)

// The names of the files that a split leaves for each holder, beside
// custody.PageName and custody.SealedKeyName.
const (
	sealedPageName = "share.age"
	codeName       = "share.svg"
	publicKeyName  = "recovery-public-key.der"
	readMeName     = "READ-ME-FIRST.txt"
)

// partialSuffix marks a set that is not whole.
const partialSuffix = ".partial"

// setWriter writes a new set of shares.
//
// All is made in a directory whose name says that it is partial: the shares
// first, and the sealed key, without which they are worth nothing, when every
// share is on the disk. The directory gets its own name when all was read again
// and has brought the key back. An error removes it; what a crash leaves bears
// the other name, and is refused by the next attempt.
type setWriter struct {
	ctx    context.Context
	narrow func(dir string, renamed bool)
	*newSet
	log     *ceremony
	dir     *output.Dir
	sealed  *custody.SealedKey
	shares  []*custody.Share
	public  *rsa.PublicKey
	folders []holderFolder // by share
	held    []namedFile    // the record and its quorum IDs, the same for all holders

	readBack custody.ReadBack
}

// holderFolder is what was written for one holder.
type holderFolder struct {
	dir     *output.Dir
	witness age.Identity // opens the share; nil: it is not sealed
	files   []writtenFile
}

type writtenFile struct {
	name   string
	sha256 custody.Digest
}

// writeSet writes the shares of a set and proves that they bring the key back.
func writeSet(a *secretPrompter, n *newSet, log *ceremony, sealed *custody.SealedKey, shares []*custody.Share, public *rsa.PublicKey) (custody.Coverage, custody.ReadBack, error) {
	log.set(custody.StepSplit, &sealed.Description)
	for i, holder := range sealed.Holders {
		for _, opener := range n.openersOf(holder) {
			log.record(custody.Event{Step: custody.StepRecipient, Share: i + 1, Holder: holder, Recipient: opener})
		}
	}
	w := &setWriter{ctx: a.ctx, narrow: a.narrow, newSet: n, log: log, sealed: sealed, shares: shares, public: public}
	coverage, err := w.write()
	if err != nil && w.dir != nil {
		// Only what this run made is there: it made the directory.
		if removing := os.RemoveAll(w.dir.Path()); removing != nil {
			a.term.Warn(fmt.Sprintf("%s could not be removed, and may hold shares: destroy it", w.dir.Path()))
		}
	}
	return coverage, w.readBack, err
}

func (w *setWriter) write() (coverage custody.Coverage, err error) {
	if w.dir, err = output.CreateDir(filepath.Clean(w.out) + partialSuffix); err != nil {
		return coverage, &fileError{w.out + partialSuffix, asNewSet, err}
	}
	w.narrow(w.dir.Path(), true)
	if w.held, err = w.record.files(w.sealed.ID, 1); err != nil {
		return coverage, w.named(err)
	}
	for _, share := range w.shares {
		if err := w.holder(share); err != nil {
			return coverage, w.named(err)
		}
	}
	for i := range w.folders {
		if err := w.folders[i].write(custody.SealedKeyName, w.sealed.Bytes()); err != nil {
			return coverage, w.named(err)
		}
	}
	if coverage, err = w.verify(); err != nil {
		return coverage, w.named(err)
	}
	if w.publicKey != nil {
		if err := w.publicKey(w.dir, w.public); err != nil {
			return coverage, w.named(err)
		}
	}
	if err := w.recordFiles(coverage); err != nil {
		return coverage, w.named(err)
	}
	if err := w.interruptedOrFailed(); err != nil {
		return coverage, err
	}
	if err := w.dir.Rename(w.out); err != nil {
		return coverage, &fileError{w.out, asNewSet, err}
	}
	return coverage, nil
}

func (w *setWriter) named(err error) error {
	if errors.Is(err, terminal.ErrInterrupted) {
		return err
	}
	return &fileError{w.out, asNewSet, err}
}

// holder writes all that a holder gets but the sealed key.
func (w *setWriter) holder(share *custody.Share) error {
	if err := w.interruptedOrFailed(); err != nil {
		return err
	}
	name := w.sealed.Holder(share.Index)
	dir, err := w.dir.CreateDir(name)
	if err != nil {
		return err
	}
	w.folders = append(w.folders, holderFolder{dir: dir})
	f := &w.folders[len(w.folders)-1]
	page, err := w.sealed.Page(share, w.record.of(w.sealed.ID))
	if err != nil {
		return err
	}
	defer page.Wipe()
	shareFile := custody.PageName
	if recipients := w.recipients[name]; len(recipients) > 0 {
		shareFile = sealedPageName
		err = f.seal(page, recipients)
	} else {
		err = f.unsealed(page, share)
	}
	if err == nil {
		err = f.write(publicKeyName, rsadecrypt.MarshalPublicKey(w.public))
	}
	if err != nil {
		return err
	}
	for _, file := range w.held {
		if err := f.write(file.name, file.data); err != nil {
			return err
		}
	}
	return f.write(readMeName, readMe(w.sealed, share, shareFile, w.openersOf(name), w.record))
}

func (f *holderFolder) seal(page *secret.Bytes, recipients []age.Recipient) error {
	file, witness, err := custody.SealTo(page, recipients...)
	if err != nil {
		return err
	}
	f.witness = witness
	return f.write(sealedPageName, file)
}

func (f *holderFolder) unsealed(page *secret.Bytes, share *custody.Share) error {
	if err := f.write(custody.PageName, page.Reveal()); err != nil {
		return err
	}
	code := share.SVG()
	defer code.Wipe()
	return f.write(codeName, code.Reveal())
}

func (f *holderFolder) write(name string, data []byte) error {
	f.files = append(f.files, writtenFile{name, custody.DigestOf(data)})
	return f.dir.WriteFile(name, data)
}

// interruptedOrFailed stops the work when somebody pressed Ctrl-C, or when the
// transcript cannot be written.
func (w *setWriter) interruptedOrFailed() error {
	if w.ctx.Err() != nil {
		return terminal.ErrInterrupted
	}
	return w.log.failed()
}

// verify reads every file again, and brings the key back from every subset of
// the shares.
func (w *setWriter) verify() (coverage custody.Coverage, err error) {
	shares := make([]*custody.Share, 0, len(w.folders))
	defer func() {
		for _, s := range shares {
			s.Wipe()
		}
	}()
	var sealedKey []byte
	w.readBack = custody.FromMedium
	for i := range w.folders {
		f := &w.folders[i]
		for _, file := range f.files {
			if !output.DropCache(filepath.Join(f.dir.Path(), file.name)) {
				w.readBack = custody.FromCache
			}
			data, err := f.readBack(file)
			if err != nil {
				return coverage, err
			}
			switch file.name {
			case custody.PageName, sealedPageName:
				share, err := f.share(data)
				secret.Wipe(data)
				if err != nil {
					return coverage, err
				}
				shares = append(shares, share)
			case custody.SealedKeyName:
				sealedKey = data
			}
		}
	}
	return custody.Verify(sealedKey, shares, w.public)
}

func (f *holderFolder) readBack(file writtenFile) ([]byte, error) {
	limit := int64(rsadecrypt.MaxFileSize)
	if isCopyFile(file.name) {
		limit = record.MaxJSONSize
	}
	data, err := output.ReadFile(filepath.Join(f.dir.Path(), file.name), limit)
	if err == nil && custody.DigestOf(data) != file.sha256 {
		err = errReadBack
	}
	return data, err
}

func (f *holderFolder) share(data []byte) (*custody.Share, error) {
	if f.witness == nil {
		return custody.ParseShare(data)
	}
	return custody.OpenPage(data, f.witness)
}

// recordFiles records what was written, the public half of a new pair too.
func (w *setWriter) recordFiles(c custody.Coverage) error {
	for i, f := range w.folders {
		for _, file := range f.files {
			w.log.record(custody.Event{Step: custody.StepOutput, Holder: w.sealed.Holder(i + 1), File: file.name, SHA256: file.sha256})
		}
	}
	entries, err := os.ReadDir(w.dir.Path())
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() {
			continue
		}
		sum, err := hashFile(filepath.Join(w.dir.Path(), e.Name()))
		if err != nil {
			return err
		}
		w.log.record(custody.Event{Step: custody.StepOutput, File: e.Name(), SHA256: sum})
	}
	w.log.record(custody.Event{Step: custody.StepVerified, Set: w.sealed.ID, Tried: c.Tried, All: c.All(), ReadBack: w.readBack})
	return nil
}

// readMe is what a holder reads first. There is no secret in it.
func readMe(k *custody.SealedKey, s *custody.Share, shareFile string, openers []string, record *setRecord) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `This folder is for %s, who holds share %d of %d of a recovery key.
Any %d of the shares open it; fewer open nothing.

    Recovery key  %s
    Set           %s, made on %s

`, k.Holder(s.Index), s.Index, s.Count, s.Threshold, k.Key, k.ID, k.Created.Format("2006-01-02"))
	switch {
	case shareFile == custody.PageName:
		b.WriteString(`share.txt                 SECRET: your share. Print it, or keep it on a medium of
                          its own. What to do with it is written in it
share.svg                 SECRET: the same share as a code to print and scan
`)
	case len(openers) == 1 && openers[0] == custody.WithPassphrase:
		b.WriteString(`share.age                 your share. It is sealed: your passphrase opens it.
                          Without that it is lost
`)
	case len(openers) == 1:
		fmt.Fprintf(&b, `share.age                 your share. It is sealed: your identity opens it.
                          Without that it is lost. It is sealed to
    %s
`, openers[0])
	default:
		fmt.Fprintf(&b, `share.age                 your share. It is sealed to %d recipients, and EACH OF THEM
                          ALONE opens it. If one of them is not yours, say so
                          at once: another person has your share.
`, len(openers))
		for _, o := range openers {
			fmt.Fprintf(&b, "    %s\n", o)
		}
	}
	fmt.Fprintf(&b, `sealed-recovery-key.age   the recovery key, sealed. All holders have the same file. Alone
                          it opens nothing, and without it the shares open nothing:
                          keep a copy with your share
recovery-public-key.der   the public half, no secret
%s
Now, and every year, on a machine without a network and alone:

    recover custody check %s --transcript FILE

FILE is the transcript of the ceremony. Without one, take --set and --sha256 with
the set ID and the SHA-256 that the ceremony showed. Get them by another way than
this folder: whoever made the folder can have written anything into it.
`, record.readMe(), shareFile)
	return b.Bytes()
}
