package main

import (
	"context"
	"crypto/rsa"
	"fmt"
	"slices"

	"github.com/spf13/pflag"

	"recover/pkg/hsm"
	"recover/pkg/rsadecrypt"
)

// runHSM is the verb hsm: list tokens and their keys, or check that one holds
// the recovery key and can decrypt with it.
func runHSM(p *program, args []string) error {
	actions := []string{"list", "check"}
	if len(args) == 0 {
		return unknownAction("hsm", "", actions)
	}
	switch args[0] {
	case "list":
		return listTokens(p, args[1:])
	case "check":
		return checkToken(p, args[1:])
	case "-h", "--help":
		return pflag.ErrHelp
	}
	return unknownAction("hsm", args[0], actions)
}

// checkFlags are those of hsm check.
type checkFlags struct {
	key       keyFlags
	publicKey string
	record    string
	json      bool
}

func parseCheck(args []string) (*checkFlags, error) {
	f := new(checkFlags)
	fs := newFlags("hsm check")
	f.key.token.register(fs)
	fs.StringVar(&f.publicKey, "recovery-public-key", "", "")
	fs.StringVar(&f.record, "record", "", "")
	fs.BoolVar(&f.json, "json", false, "")
	if err := parseFlags(fs, args, 0); err != nil {
		return nil, err
	}
	switch {
	case f.publicKey != "" && f.record != "":
		return nil, &usageError{"--recovery-public-key and --record are both given", "give one or the other"}
	case f.publicKey == "" && f.record == "":
		return nil, &usageError{"neither --recovery-public-key nor --record is given", "one of them has to say which key the recovery key is"}
	}
	return f, required("hsm check", [2]string{"hsm", f.key.token.uri.text})
}

// checkToken is the yearly review of a token: everything that a rebuild does
// with it, up to the self-test.
func checkToken(p *program, args []string) error {
	f, err := parseCheck(args)
	if err != nil {
		return err
	}
	a, err := begin(p, &f.key)
	if err != nil {
		return err
	}
	defer a.close()
	wanted, err := f.wanted(p.ctx)
	if err != nil {
		return err
	}
	key, d, err := f.key.token.decrypter(a, wanted, nil)
	if err != nil {
		return err
	}
	if err := a.used(); err != nil {
		return err
	}
	return show(p.term, f.json, describeCheck(key, d))
}

// wanted returns the recovery key that is recorded.
func (f *checkFlags) wanted(ctx context.Context) (hsm.KeyFilter, error) {
	if f.publicKey != "" {
		public, err := readPublicKey(ctx, f.publicKey)
		if err != nil {
			return hsm.KeyFilter{}, err
		}
		return hsm.Exactly(public), nil
	}
	s := &selection{ctx: ctx}
	defer s.Close()
	if err := s.openRecord(f.record); err != nil {
		return hsm.KeyFilter{}, err
	}
	var recorded []rsadecrypt.Fingerprint
	for _, k := range s.record.RecoveryKeys {
		recorded = append(recorded, k.SHA256)
	}
	if len(recorded) == 0 {
		return hsm.KeyFilter{}, &fileError{f.record, asRecord, errNoRecoveryKey}
	}
	return hsm.KeyFilter{Match: func(public *rsa.PublicKey) bool {
		return slices.Contains(recorded, rsadecrypt.FingerprintOf(public))
	}}, nil
}

// checkResult is what hsm check comes to.
type checkResult struct {
	Type               string `json:"type"` // "hsm-check"
	Status             string `json:"status"`
	Fingerprint        string `json:"fingerprint"`
	Bits               int    `json:"bits"`
	Mode               string `json:"mode"`
	Sessions           int    `json:"sessions"`
	AlwaysAuthenticate bool   `json:"always_authenticate"`
	forPeople          string
}

func (r checkResult) lines() []string {
	return []string{fmt.Sprintf("the token holds the recovery key, RSA-%d, %s, and decrypts with it: mode %s", r.Bits, r.forPeople, r.Mode)}
}

func describeCheck(key *hsm.Key, d *hsm.Decrypter) checkResult {
	f := rsadecrypt.FingerprintOf(key.Public)
	return checkResult{
		Type: "hsm-check", Status: statusOK, Fingerprint: f.Hex(), Bits: key.Public.N.BitLen(),
		Mode: string(d.Mode()), Sessions: d.Sessions(), AlwaysAuthenticate: key.AlwaysAuthenticate,
		forPeople: f.String(),
	}
}
