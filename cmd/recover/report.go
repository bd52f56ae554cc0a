package main

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"recover/pkg/report"
)

// header is what the journal and the report of a rebuild begin with.
func (j *rebuildJob) header() *report.Header {
	h := &report.Header{
		Type: "run", Format: report.Format, Verb: "rebuild", Tool: thisTool(), Begun: time.Now().UTC().Format(time.RFC3339),
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
var thisTool = sync.OnceValue(func() report.Tool {
	t := report.Tool{Version: version}
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
})
