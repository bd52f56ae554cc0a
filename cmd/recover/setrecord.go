package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"

	"recover/internal/output"
	"recover/internal/terminal"
	"recover/pkg/custody"
	"recover/pkg/record"
	"recover/pkg/rsadecrypt"
)

// setRecord is the record that goes with the shares of a set.
type setRecord struct {
	path     string
	data     []byte // as it is in the file, so that every copy has its hash
	sum      custody.Digest
	keys     int
	recorded []record.RecoveryKey
	quorums  *custody.QuorumIDs // without a set
}

// readSetRecord reads a record that is to go with shares; nil if none is named.
func readSetRecord(ctx context.Context, t *terminal.Terminal, path string) (*setRecord, error) {
	if path == "" {
		return nil, nil
	}
	s := &selection{ctx: ctx}
	defer s.Close()
	if err := s.openRecord(path); err != nil {
		return nil, err
	}
	warnOfRecord(t, s.recordPath, s.record.Warnings)
	s.warnOfCopy(t)
	if s.record.IsCSV {
		return nil, copyFaultAt(path, copyIsCSV, "a CSV file does not name the environment and the recovery keys: a copy for the holders has to be JSON")
	}
	r := &setRecord{path: s.recordPath, sum: s.record.SHA256(), keys: s.record.Len(), recorded: s.record.RecoveryKeys}
	var err error
	if r.quorums, err = quorumsOf(ctx, r.path, custody.SetID{}, r.sum); err != nil {
		return nil, err
	}
	if r.data, err = output.ReadFile(r.path, record.MaxJSONSize); err != nil {
		return nil, &fileError{r.path, asRecord, err}
	}
	if sha256.Sum256(r.data) != r.sum {
		return nil, &fileError{r.path, asRecord, record.ErrChanged}
	}
	return r, nil
}

// checkKey refuses a record that names recovery keys, and not this one.
func (r *setRecord) checkKey(key rsadecrypt.Fingerprint) error {
	if r == nil || len(r.recorded) == 0 || slices.ContainsFunc(r.recorded, func(k record.RecoveryKey) bool { return k.SHA256 == key }) {
		return nil
	}
	return &fileError{r.path, asRecord, fmt.Errorf("%w: %s", errNotRecorded, key)}
}

// hash is that of the record; zeros where there is none.
func (r *setRecord) hash() custody.Digest {
	if r == nil {
		return custody.Digest{}
	}
	return r.sum
}

// of returns the quorum IDs as they lie with a set; nil where there is no record.
func (r *setRecord) of(set custody.SetID) *custody.QuorumIDs {
	if r == nil {
		return nil
	}
	q := *r.quorums
	q.Set = set
	return &q
}

// namedFile is a file that is to be written.
type namedFile struct {
	name string
	data []byte
}

// files are copy n of the record, the codes and the sheet. The sheet comes last:
// where it is, the others are.
func (r *setRecord) files(set custody.SetID, n int) ([]namedFile, error) {
	if r == nil {
		return nil, nil
	}
	recordName, sheetName := copyNames(n)
	files := []namedFile{{recordName, r.data}}
	q := r.of(set)
	codes, err := q.SVGs()
	if err != nil {
		return nil, err
	}
	for i, code := range codes {
		files = append(files, namedFile{quorumCodeName(sheetName, i+1), code})
	}
	return append(files, namedFile{sheetName, q.Text()}), nil
}

// noteGivenUp says what it means that the record lies with the shares.
func (r *setRecord) noteGivenUp(t *terminal.Terminal, threshold int) {
	if r == nil {
		return
	}
	t.Note("each folder gets the record: whoever has %d of them, and the bucket, needs", threshold)
	t.Note("nothing else. Kept elsewhere, the record would be a second lock")
}

// readMe is what READ-ME-FIRST.txt says of these files.
func (r *setRecord) readMe() []byte {
	if r == nil {
		return nil
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `record.json               PRIVATE: the list of wallet keys and quorum IDs, which no
                          backup opens without. It opens nothing itself
quorum-ids.txt            PRIVATE: the %d quorum IDs that are in it, to print
`, len(r.quorums.IDs))
	if len(r.quorums.Codes()) > 0 {
		b.WriteString("quorum-ids-qr1.svg …      the same as codes to scan\n")
	} else {
		fmt.Fprintf(&b, "                          (no codes to scan are made of more than %d)\n", custody.MaxCodeQuorums)
	}
	return b.Bytes()
}
