package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"recover/internal/terminal"
	"recover/pkg/report"
)

// TestKeyringInterrupted: reading the keys of a large run takes minutes, and an
// interrupt ends it at the next key.
func TestKeyringInterrupted(t *testing.T) {
	dir := t.TempDir()
	const line = `{"quorum_id":"10000000-0000-4000-8000-000000000001","key_id":"a0000000-0000-4000-8000-000000000001","algorithm":"ED25519",` +
		`"private_key":"0000000000000000000000000000000000000000000000000000000000000001","public_key":"5866666666666666666666666666666666666666666666666666666666666666"}` + "\n"
	if err := os.WriteFile(filepath.Join(dir, "keys-0001.ndjson"), []byte(line+line+line), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ask := &secretPrompter{ctx: ctx}
	f := &keyringFlags{dirs: []string{dir}}
	ring, err := f.open(ask)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	err = ring.each(func(*report.RebuiltKey) error {
		if seen++; seen == 2 {
			cancel()
		}
		return nil
	})
	if err != terminal.ErrInterrupted || seen != 2 {
		t.Errorf("%d keys, %v", seen, err)
	}
}
