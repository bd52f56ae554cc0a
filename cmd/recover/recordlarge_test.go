package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"recover/internal/terminal"
	"recover/pkg/record"
)

// TestInterruptedAlarms: Ctrl-C ends the naming of very many wallets.
func TestInterruptedAlarms(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var shown strings.Builder
	term := terminal.New(&shown, io.Discard)
	for name, k := range map[string]*known{
		"wallets": {wallets: []record.Wallet{{Address: "0x1"}}},
		"kits":    {kits: []record.Kit{{ID: "k"}}},
	} {
		v := &serviceReview{term: term, known: k}
		if err := v.alarms(ctx, make([]bool, len(k.wallets))); !errors.Is(err, terminal.ErrInterrupted) || shown.Len() > 0 {
			t.Errorf("%s: %v, %q", name, err, shown.String())
		}
	}
	list := filepath.Join(t.TempDir(), "list.json")
	write(t, list, `[`+strings.Repeat(`{"address":"0x1"},`, 200_000)+`{"address":"0x2"}]`)
	if _, err := readKnown(ctx, term, &recordFlags{from: []string{list}}); !errors.Is(err, terminal.ErrInterrupted) {
		t.Error(err)
	}
}

// TestEventTooMany: a full record is named as such, not as a wrong flag; and a day
// that has not come yet is written with a warning.
func TestEventTooMany(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var events []string
	for i := range record.MaxEvents {
		events = append(events, fmt.Sprintf(`{"type":"personnel","date":"2026-03-02","holder":"h%d","change":"left"}`, i))
	}
	full, few := filepath.Join(dir, "full.json"), filepath.Join(dir, "few.json")
	const key = `{"quorum_id":"19000000-0000-4000-8000-000000000001","key_id":"19000000-0000-4000-8000-000000000002","algorithm":"SECP256K1"}`
	for path, events := range map[string][]string{full: events, few: events[:1]} {
		write(t, path, `{"format":"recover-record/1","events":[`+strings.Join(events, ",")+`],"keys":[`+key+`]}`)
	}
	event := func(record, day string) outcome {
		return execute(t, "record", "event", "--record", record, "--type", "personnel", "--holder", "x", "--change", "left", "--date", day, "--out", filepath.Join(dir, "out.json"))
	}
	event(full, "2026-03-02").refused(t, exitUsage, "the record has 10000 events already, and no more are read",
		"write the record again without its oldest events, those that all backups, shares and kits have followed since, and add this one to that")
	o := event(few, "2062-03-02")
	if warned := strings.Join(strings.Fields(o.stderr), " "); o.status != exitOK || !strings.Contains(warned, "--date 2062-03-02 is in the future") {
		t.Errorf("status %d: %s", o.status, o.stderr)
	}
}
