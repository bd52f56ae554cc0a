package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"recover/internal/output"
	"recover/internal/secret"
	"recover/pkg/shard"
)

// A segment is closed when it holds so many keys, or when its first key is so
// old: what a crash costs is at most one of them.
var segmentKeys = 256 // tests take fewer

const segmentAge = 2 * time.Second

// keyStore writes the rebuilt keys, sealed, and the journal of what was done.
// A key is in the journal only when its segment is on the disk.
type keyStore struct {
	dir     *output.Dir
	journal *output.Journal
	sealer  *output.Sealer
	job     *rebuildJob
	keys    segments
	masters segments // master keys without their wallet key

	waiting []*keyResult // for their segment
	since   time.Time    // when the first key came that waits
	failed  error        // of a flush: nothing is written after it
}

// segments are files of one kind, one after the other.
type segments struct {
	prefix string
	count  int    // files that are on the disk
	lines  []byte // of the next one: secret
	keys   int    // in lines
}

// createStore makes the output directory and its journal.
func createStore(j *rebuildJob) (*keyStore, error) {
	dir, err := output.CreateDir(j.flags.out)
	if err != nil {
		return nil, &fileError{j.flags.out, asOutput, err}
	}
	s := newStore(j, dir)
	if len(j.identity) > 0 {
		err = dir.WriteFile("identity.age", j.identity)
	}
	if err == nil {
		s.journal, err = dir.OpenJournal(journalName)
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

func newStore(j *rebuildJob, dir *output.Dir) *keyStore {
	return &keyStore{dir: dir, sealer: j.sealer, job: j, keys: segments{prefix: "keys"}, masters: segments{prefix: "masters"}}
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
	Proved           *bool             `json:"proved,omitempty"` // false: see Doubt
	Doubt            string            `json:"doubt,omitempty"`
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

// masterLine is a line of a segment of master keys without their wallet key.
type masterLine struct {
	QuorumID         string    `json:"quorum_id"`
	KeyID            string    `json:"key_id"`
	Algorithm        string    `json:"algorithm"`
	MasterPrivateKey hexSecret `json:"master_private_key"`
	MasterChainCode  hexSecret `json:"master_chain_code,omitempty"`
	MasterPublicKey  string    `json:"master_public_key"`
}

// add takes a key into the open segment, and closes the segment when it is
// time. Results without a key wait in their place among the others.
func (s *keyStore) add(k *rebuiltKey) error {
	var err error
	switch {
	case k.wallet != nil:
		err = s.keys.add(s.keyLine(k))
	case k.master != nil:
		err = s.masters.add(s.masterLine(k))
	}
	if err != nil {
		return err
	}
	if s.keys.keys+s.masters.keys == 1 {
		s.since = time.Now()
	}
	s.waiting = append(s.waiting, k.result)
	keys := s.keys.keys + s.masters.keys
	if keys >= segmentKeys || keys > 0 && time.Since(s.since) > segmentAge || len(s.waiting) > 4*segmentKeys {
		return s.flush()
	}
	return nil
}

func (s *keyStore) keyLine(k *rebuiltKey) any {
	l := &keyLine{
		QuorumID: k.result.QuorumID, KeyID: k.result.KeyID, Algorithm: k.result.Algorithm, Derivation: k.wallet.Derivation(),
		PrivateKey: k.wallet.Private().Bytes(), PublicKey: k.result.PublicKey, Addresses: k.result.Addresses,
	}
	if k.result.Status == statusUnproved {
		l.Proved, l.Doubt = k.result.Proved, string(k.result.Reason)+": "+k.result.Detail
	}
	if s.job.flags.withMaster {
		l.MasterPrivateKey = k.master.Key().Bytes()
		l.MasterChainCode = chainCode(k.master)
	}
	return l
}

func (s *keyStore) masterLine(k *rebuiltKey) any {
	return &masterLine{
		QuorumID: k.result.QuorumID, KeyID: k.result.KeyID, Algorithm: k.result.Algorithm,
		MasterPrivateKey: k.master.Key().Bytes(), MasterChainCode: chainCode(k.master),
		MasterPublicKey: hex.EncodeToString(k.master.PublicKey().Bytes()),
	}
}

// chainCode returns a copy of the chain code, or nil where it is lost.
func chainCode(m *shard.Master) []byte {
	code, err := m.ChainCode()
	if err != nil {
		return nil
	}
	return bytes.Clone(code.Reveal())
}

// wipe overwrites the secrets of a line.
func (l *keyLine) wipe() {
	secret.Wipe(l.PrivateKey)
	secret.Wipe(l.MasterPrivateKey)
	secret.Wipe(l.MasterChainCode)
}

func (l *masterLine) wipe() {
	secret.Wipe(l.MasterPrivateKey)
	secret.Wipe(l.MasterChainCode)
}

// add appends a line, and leaves no copy of it or of the others behind.
func (g *segments) add(line any) error {
	text, err := json.Marshal(line)
	line.(interface{ wipe() }).wipe()
	if err != nil {
		return err
	}
	defer secret.Wipe(text)
	if need := len(g.lines) + len(text) + 1; need > cap(g.lines) {
		larger := make([]byte, len(g.lines), 2*need+4096)
		copy(larger, g.lines)
		secret.Wipe(g.lines)
		g.lines = larger
	}
	g.lines = append(append(g.lines, text...), '\n')
	g.keys++
	return nil
}

// write seals the lines to the next file and syncs it.
func (g *segments) write(dir *output.Dir, sealer *output.Sealer) error {
	if g.keys == 0 {
		return nil
	}
	name := g.name(g.count+1, sealer)
	var sealed bytes.Buffer
	err := sealer.Seal(&sealed, g.lines)
	if err == nil {
		err = dir.WriteFile(name, sealed.Bytes())
	}
	if !sealer.Sealed() {
		secret.Wipe(sealed.Bytes())
	}
	if err != nil {
		return err
	}
	secret.Wipe(g.lines)
	g.lines, g.keys = g.lines[:0], 0
	g.count++
	return nil
}

func (g *segments) name(number int, sealer *output.Sealer) string {
	return fmt.Sprintf("%s-%04d.ndjson%s", g.prefix, number, sealer.Suffix())
}

// flush closes the open segments, and then enters their keys in the journal. In
// between, a list of what is pending lies in the directory: should the run break
// off right there, the list tells which keys the segment holds, and none is
// rebuilt twice.
func (s *keyStore) flush() error {
	if s.failed == nil {
		s.failed = s.write()
	}
	return s.failed
}

func (s *keyStore) write() error {
	pending, err := s.pending()
	if err != nil {
		return err
	}
	hasSegment := s.keys.keys+s.masters.keys > 0
	if hasSegment {
		err = s.dir.WriteFile(pendingName, pending)
	}
	if err == nil {
		err = s.keys.write(s.dir, s.sealer)
	}
	if err == nil {
		err = s.masters.write(s.dir, s.sealer)
	}
	if err != nil {
		return err
	}
	for line := range bytes.Lines(pending) {
		if err := s.journal.Append(bytes.TrimSuffix(line, []byte("\n"))); err != nil {
			return err
		}
	}
	s.waiting = s.waiting[:0]
	if err := s.journal.Sync(); err != nil || !hasSegment {
		return err
	}
	return s.dir.Remove(pendingName)
}

// pending returns the journal lines of the results that wait, each with the
// segment that its key will be in.
func (s *keyStore) pending() ([]byte, error) {
	var text []byte
	for _, r := range s.waiting {
		switch {
		case r.Status == statusOK, r.Status == statusUnproved:
			r.Segment = s.keys.name(s.keys.count+1, s.sealer)
		case r.master:
			r.Segment = s.masters.name(s.masters.count+1, s.sealer)
		}
		line, err := json.Marshal(r)
		if err != nil {
			return nil, err
		}
		text = append(append(text, line...), '\n')
	}
	return text, nil
}

func (s *keyStore) log(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return s.journal.Append(line)
}

// path is where the first segment of keys is.
func (s *keyStore) path() string { return filepath.Join(s.dir.Path(), s.keys.name(1, s.sealer)) }

func (s *keyStore) describe() string {
	if s.keys.count == 1 {
		return s.path()
	}
	return fmt.Sprintf("%s to %s", s.path(), s.keys.name(s.keys.count, s.sealer))
}

func (s *keyStore) isEmpty() bool { return s.keys.count+s.masters.count == 0 }

// finish closes the last segment and, when every key was worked on, writes the
// report; else the journal is there to go on from. A directory into which no
// key came is removed again: each key's line has said why.
func (s *keyStore) finish(complete bool) error {
	err := s.flush()
	if s.isEmpty() && s.job.earlier == nil {
		s.remove()
		return err
	}
	if err == nil && complete {
		err = s.writeReport()
	}
	if closing := s.journal.Close(); err == nil {
		err = closing
	}
	return err
}

// remove takes away a directory that holds no key: only the files that this
// run made, and only if nothing else is there.
func (s *keyStore) remove() {
	if names, err := s.dir.Names(); err != nil || slices.ContainsFunc(names, func(name string) bool {
		return strings.HasPrefix(name, "keys-") || strings.HasPrefix(name, "masters-")
	}) {
		return
	}
	if s.journal != nil {
		_ = s.journal.Close()
	}
	for _, name := range []string{"identity.age", journalName, pendingName} {
		_ = os.Remove(filepath.Join(s.dir.Path(), name))
	}
	_ = os.Remove(s.dir.Path())
}
