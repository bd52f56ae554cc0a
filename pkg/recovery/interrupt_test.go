package recovery_test

import (
	"context"
	"crypto"
	"crypto/rsa"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	sandbox "recover/fixtures"
	"recover/fixtures/testkey"
	"recover/fixtures/tier"
	"recover/internal/group"
	"recover/internal/uuid"
	"recover/pkg/record"
	"recover/pkg/recovery"
	"recover/pkg/shard"
)

// counting counts private operations, and calls each before one is done.
type counting struct {
	*rsa.PrivateKey
	done int
	each func(done int)
}

func (c *counting) Decrypt(random io.Reader, text []byte, opts crypto.DecrypterOpts) ([]byte, error) {
	if c.done++; c.each != nil {
		c.each(c.done)
	}
	return c.PrivateKey.Decrypt(random, text, opts)
}

// hostile is a shard of 64 players whose ciphertexts do not open.
func hostile(t testing.TB, k *sandbox.Key) []byte {
	return changed(t, k, func(s *sandbox.Shard) {
		for _, p := range s.Data.Players {
			for i := range p.Es {
				p.Es[i] = slices.Clone(p.Es[i])
				p.Es[i][9] ^= 0xff
			}
			p.Vs, p.Rs, p.Combination = nil, nil, nil
		}
	})
}

// TestOperationLimit: however many players and copies, a key takes no more
// private operations than is stated.
func TestOperationLimit(t *testing.T) {
	tier.Long(t)
	k := makeKey(t, 16, sandbox.Spec{Group: group.Edwards25519, Players: 64, Threshold: 63, Sharing: shard.Shamir})
	d := folder(t, k, map[string][]byte{"recovery_shard-0.txt": hostile(t, k), "recovery_shard-1.txt": hostile(t, makeKey(t, 17, sandbox.Spec{Group: k.Group, IDs: k.IDs, Players: 64, Threshold: 63, Sharing: shard.Shamir}))})
	key := &counting{PrivateKey: testkey.Small()}
	e := entry(k, record.AnchorNone)
	r, err := collect(t, d, e).Rebuild(t.Context(), key, recovery.RebuildOptions{AcceptUnproved: true})
	if err != nil || recovery.ReasonOf(r.Err) != shard.ReasonOperations {
		t.Fatalf("%v, %v", r.Err, err)
	}
	if key.done != shard.MaxOperations || r.Operations != key.done {
		t.Errorf("%d operations, counted %d, the limit is %d", key.done, r.Operations, shard.MaxOperations)
	}
}

// TestInterrupt: an interrupt is heard between two private operations, whatever
// the backup.
func TestInterrupt(t *testing.T) {
	k := makeKey(t, 18, sandbox.Spec{Group: group.Edwards25519, Players: 16, Threshold: 15, Sharing: shard.Shamir})
	d := folder(t, k, map[string][]byte{"recovery_shard-0.txt": hostile(t, k)})
	for _, salvage := range []bool{false, true} {
		ctx, cancel := context.WithCancel(t.Context())
		key := &counting{PrivateKey: testkey.Small(), each: func(done int) {
			if done == 5 {
				cancel()
			}
		}}
		_, err := collect(t, d, entry(k, record.AnchorNone)).Rebuild(ctx, key, recovery.RebuildOptions{AcceptUnproved: true, Salvage: salvage})
		if !errors.Is(err, context.Canceled) || key.done != 5 {
			t.Errorf("salvage %v: %v after %d operations", salvage, err, key.done)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := recovery.Collect(ctx, d, entry(k, record.AnchorNone)); !errors.Is(err, context.Canceled) {
		t.Errorf("collect: %v", err)
	}
	b := collect(t, d, entry(k, record.AnchorNone))
	if _, err := b.Verify(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("verify: %v", err)
	}
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, k.IDs.Key.String()), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", filepath.Join(dir, k.IDs.Key.String(), "recovery_shard-0.txt")); err != nil {
		t.Fatal(err)
	}
	if _, err := recovery.Collect(ctx, openDownload(t, dir), entry(k, record.AnchorNone)); !errors.Is(err, context.Canceled) {
		t.Errorf("collect what cannot be read: %v", err)
	}
	junk := collect(t, folder(t, k, map[string][]byte{"recovery_shard-0.txt": []byte("junk")}), entry(k, record.AnchorNone)) // of which nothing is proved
	if _, err := junk.Verify(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("verify junk: %v", err)
	}
	if _, err := junk.Rebuild(ctx, testkey.Small(), recovery.RebuildOptions{Salvage: true}); !errors.Is(err, context.Canceled) {
		t.Errorf("rebuild junk: %v", err)
	}
	if _, err := b.Enroll(ctx, recovery.Known{}); !errors.Is(err, context.Canceled) {
		t.Errorf("enroll: %v", err)
	}
}

// late is a context that ends when it is asked a second time.
type late struct {
	context.Context
	asked int
}

func (l *late) Done() <-chan struct{} {
	done := make(chan struct{})
	close(done)
	return done
}

func (l *late) Err() error {
	if l.asked++; l.asked > 1 {
		return context.Canceled
	}
	return nil
}

// TestInterruptOfProof: an interrupt is heard while a backup is proved.
func TestInterruptOfProof(t *testing.T) {
	k := makeKey(t, 19, sandbox.Spec{Group: group.Edwards25519})
	b := collect(t, folder(t, k, map[string][]byte{"recovery_shard-0.txt": encode(t, k.Shards[0])}), entry(k, record.AnchorNone))
	if v, err := b.Verify(&late{Context: t.Context()}, nil); !errors.Is(err, context.Canceled) || v != nil {
		t.Errorf("verify: %v", err)
	}
	if v, err := b.Verify(t.Context(), nil); err != nil || v.Err != nil {
		t.Errorf("verify again: %v, %v", v, err)
	}
	if r, err := b.Rebuild(&late{Context: t.Context()}, testkey.Small(), recovery.RebuildOptions{}); !errors.Is(err, context.Canceled) || r != nil {
		t.Errorf("rebuild: %v", err)
	}
	if en, err := b.Enroll(&late{Context: t.Context()}, recovery.Known{Quorums: []uuid.ID{k.IDs.Quorum}}); !errors.Is(err, context.Canceled) || en != nil {
		t.Errorf("enroll: %v", err)
	}
}
