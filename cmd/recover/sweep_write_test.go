package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"recover/internal/output"
	"recover/pkg/sweep"
)

// TestSweepIsWrittenWhole: where the medium fails at any step, no directory with
// some of the signed transactions is left, under either name.
func TestSweepIsWrittenWhole(t *testing.T) {
	t.Cleanup(func() { output.Fault = nil })
	full := errors.New("no space")
	for fail := range 30 {
		f := &sweepFlags{out: filepath.Join(t.TempDir(), "signed")}
		calls, synced := 0, false
		output.Fault = func(op, path string) error {
			if calls++; calls == fail+1 {
				synced = op == "syncdir" && filepath.Base(path) != "signed.partial" && calls > 2 // after the directory got its name
				return full
			}
			return nil
		}
		err := f.writeSigned(new(sweep.Plan), nil)
		output.Fault = nil
		entries, _ := os.ReadDir(filepath.Dir(f.out))
		if calls <= fail { // nothing failed
			if err != nil || len(entries) != 1 || entries[0].Name() != "signed" {
				t.Errorf("%v, %v", err, entries)
			}
			return
		}
		if !errors.Is(err, full) || len(entries) > 0 && !synced {
			t.Errorf("call %d: %v, and %v is left", fail+1, err, entries)
		}
		if synced && (len(entries) != 1 || strings.HasSuffix(entries[0].Name(), partialSuffix)) {
			t.Errorf("call %d: %v", fail+1, entries)
		}
	}
	t.Error("the writing does not end")
}
