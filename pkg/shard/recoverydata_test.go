package shard

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"testing"

	"recover/fixtures/vectors"
	"recover/internal/group"
)

// TestRecoveryData opens what real MPC nodes of an independent implementation
// wrote. Its RSA keys are small and its labels free text, so it goes in below
// Parse and the IDs.
func TestRecoveryData(t *testing.T) {
	t.Setenv("GODEBUG", "rsa1024min=0")
	opened := 0
	for _, d := range vectors.RecoveryData(t) {
		opened++
		t.Run(d.Name, func(t *testing.T) { openRecoveryData(t, d) })
	}
	if opened < 17 {
		t.Errorf("only %d files were opened", opened)
	}
}

func openRecoveryData(t *testing.T, d vectors.Data) {
	parsed, err := x509.ParsePKCS8PrivateKey(d.RecoveryKey)
	if err != nil {
		t.Fatal(err)
	}
	key := parsed.(*rsa.PrivateKey)
	b, err := parseBackup(d.RecoveryData)
	if err != nil {
		t.Fatal(err)
	}
	g, _ := group.ByName(d.Curve)
	raw, err := b.Players[0].PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	_, root, err := group.ParsePublicKey(raw)
	if err != nil {
		t.Fatal(err)
	}
	label := []byte(d.Label)
	s := &Shard{recoveryKey: &key.PublicKey, group: g, root: root, data: b}
	_, err = s.prove(label)
	if want := map[bool]Reason{true: ReasonNoProof}[d.Version == 1]; ReasonOf(err) != want || err != nil && want == "" {
		t.Errorf("verify: %v, want %q", err, want)
	}
	r := newRebuilder(t.Context(), s, key, label, Options{})
	m, err := r.master()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.chainCode(m, nil); err != nil || m.lost != nil {
		t.Fatal(err, m.lost)
	}
	if got := hex.EncodeToString(m.key.Bytes()); got != d.MasterPrivateKey {
		t.Errorf("master key %s, want %s", got, d.MasterPrivateKey)
	}
	if got := hex.EncodeToString(m.chainCode.Reveal()); got != d.MasterChainCode {
		t.Errorf("chain code %s, want %s", got, d.MasterChainCode)
	}
}
