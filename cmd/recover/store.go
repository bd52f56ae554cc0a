package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"recover/internal/output"
	"recover/internal/secret"
	"recover/pkg/wallet"
)

// A segment is closed when it holds so many keys, or when its first key is so
// old: what a crash costs is at most one of them.
const (
	segmentKeys = 256
	segmentAge  = 10 * time.Second
)

// keyStore writes the rebuilt keys, sealed, and the journal of what was done.
// A key is in the journal only when its segment is on the disk.
type keyStore struct {
	dir      *output.Dir
	journal  *output.Journal
	sealer   *output.Sealer
	master   bool // master keys are written too
	job      *rebuildJob
	segments int

	lines  []byte       // of the open segment: secret
	keys   int          // in the open segment
	open   []*keyResult // results that wait for the segment
	opened time.Time
}

// createStore makes the output directory and its journal.
func createStore(j *rebuildJob) (*keyStore, error) {
	dir, err := output.CreateDir(j.flags.out)
	if err != nil {
		return nil, &fileError{j.flags.out, asOutput, err}
	}
	s := &keyStore{dir: dir, sealer: j.sealer, master: j.flags.withMaster, job: j}
	if len(j.identity) > 0 {
		err = dir.WriteFile("identity.age", j.identity)
	}
	if err == nil {
		s.journal, err = dir.OpenJournal("journal.ndjson")
	}
	if err == nil {
		err = s.log(j.header())
	}
	if err != nil {
		s.remove()
		return nil, err
	}
	return s, nil
}

// keyLine is a line of a segment (design, section 4).
type keyLine struct {
	QuorumID         string            `json:"quorum_id"`
	KeyID            string            `json:"key_id"`
	Algorithm        string            `json:"algorithm"`
	Derivation       string            `json:"derivation"`
	PrivateKey       hexSecret         `json:"private_key"`
	PublicKey        string            `json:"public_key"`
	Addresses        map[string]string `json:"addresses"`
	MasterPrivateKey hexSecret         `json:"master_private_key,omitempty"`
	MasterChainCode  hexSecret         `json:"master_chain_code,omitempty"`
}

// hexSecret is written as a JSON string of hex digits.
type hexSecret []byte

// MarshalJSON writes the digits.
func (h hexSecret) MarshalJSON() ([]byte, error) {
	out := make([]byte, 0, 2*len(h)+2)
	out = append(out, '"')
	out = hex.AppendEncode(out, h)
	return append(out, '"'), nil
}

// add takes a key into the open segment, and closes the segment when it is
// time. Results without a key wait in their place among the others.
func (s *keyStore) add(k *rebuiltKey) error {
	if k.wallet != nil {
		line, err := s.line(k)
		if err != nil {
			return err
		}
		s.grow(len(line) + 1)
		s.lines = append(append(s.lines, line...), '\n')
		secret.Wipe(line)
		if s.keys++; s.keys == 1 {
			s.opened = time.Now()
		}
	}
	s.open = append(s.open, k.result)
	if s.keys >= segmentKeys || s.keys > 0 && time.Since(s.opened) > segmentAge || len(s.open) > 4*segmentKeys {
		return s.flush()
	}
	return nil
}

// grow makes room without leaving a copy of the lines behind.
func (s *keyStore) grow(n int) {
	if len(s.lines)+n <= cap(s.lines) {
		return
	}
	larger := make([]byte, len(s.lines), 2*cap(s.lines)+n+4096)
	copy(larger, s.lines)
	secret.Wipe(s.lines)
	s.lines = larger
}

func (s *keyStore) line(k *rebuiltKey) ([]byte, error) {
	private := k.wallet.Private().Bytes()
	defer secret.Wipe(private)
	l := keyLine{
		QuorumID: k.result.QuorumID, KeyID: k.result.KeyID, Algorithm: k.result.Algorithm, Derivation: k.wallet.Derivation(),
		PrivateKey: private, PublicKey: k.result.PublicKey, Addresses: k.result.Addresses,
	}
	if s.master {
		master := k.master.Key().Bytes()
		defer secret.Wipe(master)
		l.MasterPrivateKey = master
		if code, err := k.master.ChainCode(); err == nil {
			l.MasterChainCode = code.Reveal()
		} else if l.Derivation == wallet.DerivationChild {
			return nil, err
		}
	}
	return json.Marshal(l)
}

// flush closes the open segment: seals it, syncs it, and then enters its keys
// in the journal.
func (s *keyStore) flush() error {
	if s.keys > 0 {
		name := s.name(s.segments + 1)
		var sealed bytes.Buffer
		if err := s.sealer.Seal(&sealed, s.lines); err != nil {
			return err
		}
		err := s.dir.WriteFile(name, sealed.Bytes())
		if !s.sealer.Sealed() {
			secret.Wipe(sealed.Bytes())
		}
		if err != nil {
			return err
		}
		s.segments++
		for _, r := range s.open {
			if r.Status == statusOK {
				r.Segment = name
			}
		}
	}
	secret.Wipe(s.lines)
	s.lines, s.keys = s.lines[:0], 0
	for _, r := range s.open {
		if err := s.log(r); err != nil {
			return err
		}
	}
	s.open = s.open[:0]
	return s.journal.Sync()
}

func (s *keyStore) log(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return s.journal.Append(line)
}

func (s *keyStore) name(segment int) string {
	return fmt.Sprintf("keys-%04d.ndjson%s", segment, s.sealer.Suffix())
}

func (s *keyStore) path(segment int) string { return filepath.Join(s.dir.Path(), s.name(segment)) }

func (s *keyStore) describe() string {
	if s.segments == 1 {
		return s.path(1)
	}
	return fmt.Sprintf("%s to %s", s.path(1), s.name(s.segments))
}

// finish closes the last segment and writes the report. A directory into which
// no key came is removed again: each key's line has said why.
func (s *keyStore) finish(complete bool) error {
	err := s.flush()
	if s.segments == 0 {
		s.remove()
		return err
	}
	if err == nil {
		err = s.writeReport(complete)
	}
	if closing := s.journal.Close(); err == nil {
		err = closing
	}
	return err
}

// remove takes away a directory that holds no key: only the files that this
// run made, and only if nothing else is there.
func (s *keyStore) remove() {
	if s.journal != nil {
		_ = s.journal.Close()
	}
	for _, name := range []string{"identity.age", "journal.ndjson"} {
		_ = os.Remove(filepath.Join(s.dir.Path(), name))
	}
	_ = os.Remove(s.dir.Path())
}
