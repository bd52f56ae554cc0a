package recovery_test

import (
	"testing"

	sandbox "recover/fixtures"
	"recover/internal/group"
	"recover/internal/uuid"
	"recover/pkg/record"
	"recover/pkg/recovery"
	"recover/pkg/shard"
)

// TestPreviousQuorum: a backup from before the quorum changed is opened with the
// previous quorum ID, and that is said; no other ID is made up.
func TestPreviousQuorum(t *testing.T) {
	for _, g := range groups {
		k := makeKey(t, 21, sandbox.Spec{Group: g})
		d := folder(t, k, map[string][]byte{"recovery_shard-0.txt": encode(t, k.Shards[0])})
		e := entry(k, record.AnchorNone)
		now := uuid.ID{7, 7}
		e.QuorumID, e.PreviousQuorumIDs = now, []uuid.ID{{8, 8}, k.IDs.Quorum}
		s := collect(t, d, e)
		sh, err := s.Load(s.All()[0])
		if err != nil {
			t.Fatal(err)
		}
		const text = "the backup is from before the quorum changed: it opens with the previous quorum ID "
		ids, warning, err := recovery.IDs(sh, e)
		if err != nil || ids != k.IDs || warning != text+k.IDs.Quorum.String() {
			t.Errorf("IDs: %v, %q, %v", ids, warning, err)
		}
		if ids, err := recovery.CheckIDs(sh, e); err != nil || ids != k.IDs {
			t.Errorf("CheckIDs: %v, %v", ids, err)
		}
		o := try(t, d, e, recovery.RebuildOptions{})
		if o.rebuildReason() != ok || o.verifyReason() != ok || !has(o.rebuilt.Warnings, text) || !has(o.verdict.Warnings, text) {
			t.Errorf("%v, %v, %q, %q", o.rebuilt.Err, o.verdict.Err, o.rebuilt.Warnings, o.verdict.Warnings)
		}
		anchored := entry(k, record.AnchorService)
		anchored.QuorumID, anchored.PreviousQuorumIDs = now, e.PreviousQuorumIDs
		if o = try(t, d, anchored, recovery.RebuildOptions{}); o.rebuildReason() != ok || !has(o.rebuilt.Warnings, text) {
			t.Errorf("with an anchor: %v, %q", o.rebuilt.Err, o.rebuilt.Warnings)
		}
		for _, previous := range [][]uuid.ID{nil, {{8, 8}}} {
			e.PreviousQuorumIDs = previous
			if o = try(t, d, e, recovery.RebuildOptions{}); o.rebuildReason() != shard.ReasonWrongIDs || o.verifyReason() != shard.ReasonWrongIDs {
				t.Errorf("%v: %v, %v", previous, o.rebuilt.Err, o.verdict.Err)
			}
			if _, err := recovery.CheckIDs(sh, e); shard.ReasonOf(err) != shard.ReasonWrongIDs {
				t.Errorf("CheckIDs, %v: %v", previous, err)
			}
		}
		e.QuorumID, e.PreviousQuorumIDs = k.IDs.Quorum, []uuid.ID{{8, 8}}
		if ids, warning, err := recovery.IDs(sh, e); err != nil || ids != k.IDs || warning != "" {
			t.Errorf("the present one: %v, %q, %v", ids, warning, err)
		}
	}
	old := makeKey(t, 22, sandbox.Spec{Group: group.Secp256k1, Version: "1.0.0"})
	e := entry(old, record.AnchorService)
	e.PreviousQuorumIDs = []uuid.ID{{8, 8}}
	d := folder(t, old, map[string][]byte{"recovery_shard-0.txt": encode(t, old.Shards[0])})
	s := collect(t, d, e)
	sh, err := s.Load(s.All()[0])
	if err != nil {
		t.Fatal(err)
	}
	if ids, err := recovery.CheckIDs(sh, e); err != nil || ids != old.IDs {
		t.Errorf("what public data cannot tell: %v, %v", ids, err)
	}
	if o := try(t, d, e, recovery.RebuildOptions{}); o.rebuildReason() != ok {
		t.Errorf("version 1.0.0: %v", o.rebuilt.Err)
	}
}
