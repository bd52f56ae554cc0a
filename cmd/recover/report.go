package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"
)

// runHeader is the first line of a journal and the head of a report: what was
// done with what. It holds no secret.
type runHeader struct {
	Type         string   `json:"type"`   // "run"
	Format       string   `json:"format"` // "recover-report/1"
	Verb         string   `json:"verb"`
	Tool         tool     `json:"tool"`
	Begun        string   `json:"begun"` // RFC 3339, UTC
	Record       string   `json:"record,omitempty"`
	RecordSHA256 string   `json:"record_sha256,omitempty"`
	Environment  string   `json:"environment,omitempty"`
	Shards       string   `json:"shards"`
	RecoveryKey  string   `json:"recovery_key"`         // fingerprint, hex
	Sealed       string   `json:"sealed"`               // "recipients", "passphrase" or "no"
	Recipients   []string `json:"recipients,omitempty"` // whom the keys are sealed to: public keys
	WithMaster   bool     `json:"with_master,omitempty"`
	Part         string   `json:"part,omitempty"` // "2/5"
}

// tool names the program that ran.
type tool struct {
	Version string `json:"version"`
	Go      string `json:"go"`
	SHA256  string `json:"sha256"` // of the executable
}

const reportFormat = "recover-report/1"

func (j *rebuildJob) header() *runHeader {
	h := &runHeader{
		Type: "run", Format: reportFormat, Verb: "rebuild", Tool: thisTool(), Begun: time.Now().UTC().Format(time.RFC3339),
		Record: j.selection.recordPath, Environment: j.selection.record.Environment, Shards: j.selection.shardsPath,
		RecoveryKey: j.key.fingerprint.Hex(), Sealed: "recipients", Recipients: j.sealer.Recipients(),
		WithMaster: j.flags.withMaster, Part: j.flags.part.String(),
	}
	if h.Record != "" {
		sum := j.selection.record.SHA256()
		h.RecordSHA256 = hex.EncodeToString(sum[:])
	}
	switch {
	case len(j.identity) > 0:
		h.Sealed = "passphrase"
	case !j.sealer.Sealed():
		h.Sealed = "no"
	}
	return h
}

// thisTool hashes the running executable. What cannot be found out is empty.
func thisTool() tool {
	t := tool{Version: version}
	if info, ok := debug.ReadBuildInfo(); ok {
		t.Go = info.GoVersion
	}
	path, err := os.Executable()
	if err != nil {
		return t
	}
	f, err := os.Open(path)
	if err != nil {
		return t
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err == nil {
		t.SHA256 = hex.EncodeToString(h.Sum(nil))
	}
	return t
}

// reportTail is what is known of a run at its end.
type reportTail struct {
	Ended    string   `json:"ended"`
	Complete bool     `json:"complete"` // true: every key was worked on
	Summary  *summary `json:"summary"`
}

// writeReport makes report.json: the head, the keys as the journal has them,
// and the counts. The keys are copied from the journal line by line, so that
// the report of a million keys takes no more memory than that of one.
func (s *keyStore) writeReport() error {
	s.job.report.sum.end()
	return s.dir.WriteTo(reportName, func(w io.Writer) error {
		journal, err := os.Open(filepath.Join(s.dir.Path(), journalName))
		if err != nil {
			return err
		}
		defer func() { _ = journal.Close() }()
		return assembleReport(w, journal, &reportTail{
			Ended: time.Now().UTC().Format(time.RFC3339), Complete: true, Summary: s.job.report.sum,
		})
	})
}

func assembleReport(w io.Writer, journal io.Reader, tail *reportTail) error {
	out := bufio.NewWriter(w)
	lines := bufio.NewScanner(journal)
	lines.Buffer(nil, maxJournalLine)
	for n := 0; lines.Scan(); n++ {
		switch n {
		case 0: // the object of the run, left open
			head := lines.Bytes()
			_, _ = out.Write(head[:len(head)-1])
			_, _ = out.WriteString(`,"keys":[`)
		case 1:
			_, _ = out.WriteString("\n")
			_, _ = out.Write(lines.Bytes())
		default:
			_, _ = out.WriteString(",\n")
			_, _ = out.Write(lines.Bytes())
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	end, err := json.Marshal(tail)
	if err != nil {
		return err
	}
	_, _ = out.WriteString("\n],\n")
	_, _ = out.Write(end[1:])
	_, _ = out.WriteString("\n")
	return out.Flush() // the first failed write is kept until here
}

// maxJournalLine is the longest line of a journal, in bytes.
const maxJournalLine = 1 << 20
