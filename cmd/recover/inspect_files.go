package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"recover/internal/output"
	"recover/pkg/record"
	"recover/pkg/recovery"
	"recover/pkg/shard"
	"recover/pkg/wallet"
)

// inspectShard parses a shard and proves as much of it as the IDs at hand
// allow.
func (in *inspector) inspectShard(r *fileResult) {
	r.Kind = "shard"
	data, err := output.ReadFile(r.Path, shard.MaxFileSize)
	if err != nil {
		r.damaged(err, asAny)
		return
	}
	s, err := shard.Parse(data)
	if err != nil {
		r.damaged(err, asShards)
		return
	}
	r.shardFacts(s)
	e, ids, found, err := in.entryFor(r.Path, s)
	switch {
	case err != nil:
	case found:
		r.fact("IDs", "quorum %s, key %s", ids.Quorum, ids.Key)
		if _, err = s.Verify(ids); err == nil {
			err = recovery.CheckClaims(s, e)
		}
	default:
		err = s.VerifyWithoutIDs()
	}
	switch {
	case err != nil:
		r.damaged(err, asShards)
	case found:
		r.Sound = isSound
	default:
		r.Detail = "nothing is wrong as far as it shows without the IDs; with --record, or --quorum-id and --key-id, the ciphertexts are proved too"
	}
}

func (r *fileResult) shardFacts(s *shard.Shard) {
	terms := s.Terms()
	r.fact("algorithm", "%s", s.Group().Algorithm())
	r.fact("recovery key", "number %d of the kit, %s", s.Index(), s.Fingerprint())
	r.fact("players", "%d, version %s, %s", s.Players(), terms.Version, sharingForPeople(terms))
	if public := recovery.WalletPublicKey(s); public != nil {
		for _, a := range wallet.Addresses(s.Group(), public) {
			r.fact(a.Chain, "%s", a.Text)
		}
	}
}

func sharingForPeople(t shard.Terms) string {
	if t.Sharing == shard.Shamir {
		return fmt.Sprintf("any %d make the key", t.Threshold+1)
	}
	return fmt.Sprintf("%s sharing, all make the key", t.Sharing)
}

// entryFor returns the IDs of a shard: those of the flags, or of the entry of the
// record that fits; the entry for the folder's name is tried first.
func (in *inspector) entryFor(path string, s *shard.Shard) (entry record.Entry, ids shard.IDs, found bool, err error) {
	if in.ids != nil {
		return entry, *in.ids, true, nil
	}
	if in.sel == nil {
		return entry, ids, false, nil
	}
	if folder, ok := folderID(path); ok {
		for e, err := range in.sel.record.Entries() {
			if err != nil {
				return entry, ids, false, err
			}
			if e.KeyID == folder {
				ids, err := recovery.CheckIDs(s, e)
				return e, ids, true, err
			}
		}
	}
	for e, err := range in.sel.record.Entries() {
		if err != nil {
			return entry, ids, false, err
		}
		if ids, err := recovery.CheckIDs(s, e); err == nil {
			return e, ids, true, nil
		}
	}
	return entry, ids, false, errNoEntryFits
}

var errNoEntryFits = errors.New("no entry of the record fits this shard")

// inspectRecord checks all of a record.
func (in *inspector) inspectRecord(r *fileResult) {
	r.Kind = "record"
	s := new(selection)
	defer s.Close()
	if err := s.openRecord(r.Path); err != nil {
		r.damaged(err, asRecord)
		return
	}
	r.Sound = isSound
	r.fact("keys", "%d", s.record.Len())
	if s.record.Environment != "" {
		r.fact("environment", "%s", s.record.Environment)
	}
	for _, k := range s.record.RecoveryKeys {
		r.fact("recovery key", "%x", k.SHA256)
	}
}

// inspectReport checks that a report or a journal is whole, and that its counts
// are those of its keys.
func (in *inspector) inspectReport(r *fileResult) {
	r.Kind = "report of a rebuild"
	f, err := output.OpenInput(r.Path, 1<<40)
	if err != nil {
		r.damaged(err, asAny)
		return
	}
	defer func() { _ = f.Close() }()
	c := reportCheck{lines: bufio.NewScanner(f)}
	c.lines.Buffer(nil, maxJournalLine)
	err = c.run()
	if c.isJournal {
		r.Kind = "journal of a rebuild"
	}
	if err != nil {
		r.damaged(err, asAny)
		return
	}
	r.Sound = isSound
	r.fact("begun", "%s", c.head.Begun)
	r.fact("recovery key", "%s", c.head.RecoveryKey)
	r.fact("result", "%s", c.sum)
}

// reportCheck reads a report or journal line by line, as it was written.
type reportCheck struct {
	lines     *bufio.Scanner
	isJournal bool
	head      runHeader
	tail      reportTail
	sum       *summary
	onHead    func(*runHeader) error                // nil: nothing more to check
	each      func(k *keyResult, line []byte) error // nil: nothing more to do
}

var errReport = errors.New("not as a rebuild writes it")

func (c *reportCheck) run() error {
	c.sum = &summary{begun: time.Now()}
	if !c.lines.Scan() {
		return errors.Join(errReport, c.lines.Err())
	}
	head, isReport := bytes.CutSuffix(c.lines.Bytes(), []byte(`,"keys":[`))
	c.isJournal = !isReport
	if isReport {
		head = append(bytes.Clone(head), '}')
	}
	if err := json.Unmarshal(head, &c.head); err != nil || c.head.Format != reportFormat {
		return fmt.Errorf("%w: line 1", errReport)
	}
	if c.onHead != nil {
		if err := c.onHead(&c.head); err != nil {
			return err
		}
	}
	for n := 2; c.lines.Scan(); n++ {
		if isReport && bytes.Equal(c.lines.Bytes(), []byte("],")) {
			return c.end(n)
		}
		err := c.key(bytes.TrimSuffix(c.lines.Bytes(), []byte(",")))
		if errors.Is(err, errReport) {
			return fmt.Errorf("%w: line %d", errReport, n)
		}
		if err != nil {
			return err
		}
	}
	if err := c.lines.Err(); err != nil {
		return err
	}
	if isReport {
		return fmt.Errorf("%w: it breaks off", errReport)
	}
	return nil
}

func (c *reportCheck) key(line []byte) error {
	var k keyResult
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&k); err != nil || k.Type != "key" {
		return errReport
	}
	if _, err := d.Token(); err != io.EOF {
		return errReport
	}
	c.sum.count(&k)
	if c.each != nil {
		return c.each(&k, line)
	}
	return nil
}

// end reads the last line of a report and compares the counts.
func (c *reportCheck) end(n int) error {
	if !c.lines.Scan() {
		return fmt.Errorf("%w: it breaks off", errReport)
	}
	if err := json.Unmarshal(append([]byte("{"), c.lines.Bytes()...), &c.tail); err != nil || c.tail.Summary == nil {
		return fmt.Errorf("%w: line %d", errReport, n+1)
	}
	s := c.tail.Summary
	if s.Keys != c.sum.Keys || s.OK != c.sum.OK || s.Failed != c.sum.Failed || s.Missing != c.sum.Missing {
		return fmt.Errorf("%w: its summary does not count its keys", errReport)
	}
	return nil
}
