package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"recover/fixtures/softtoken"
	"recover/fixtures/tier"
)

func TestHSMUsage(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	rebuild := func(args string) []string {
		return vault().rebuildArgs(filepath.Join(shared, "never"), append([]string{"--unsealed"}, strings.Fields(args)...)...)
	}
	const (
		uri      = "--hsm pkcs11:token=x "
		withURI  = "add where the key is: --hsm 'pkcs11:token=…;object=…'"
		root     = "give the path from the root: neither PATH nor the working directory is searched"
		location = "a location looks like 'pkcs11:token=…;object=…;id=%A1%B2'; \"recover hsm list\" shows those of a token's keys"
	)
	for _, c := range []struct{ args, fact, hint string }{
		{uri + "--key k.pem", "--key and --hsm are both given", "give one or the other"},
		{uri + "--sealed-key k.age", "--hsm and --sealed-key are both given", "give one or the other"},
		{uri + "--identity id", "--hsm and --identity are both given", "leave --identity out: it is for sealed files"},
		{uri, "--hsm-module is missing", "give the PKCS#11 module of the token's maker; \"recover hsm list\" searches the usual places"},
		{uri + "--hsm-module m.so", "--hsm-module is not an absolute path", root},
		{uri + "--hsm-module /m.so --hsm-helper h", "--hsm-helper is not an absolute path", root},
		{"--hsm pkcs11:?module-path=/m.so --hsm-module /m.so", "--hsm-module and module-path in --hsm are both given", "give one or the other"},
		{"--hsm pkcs11:?module-path=m.so", "--hsm: PKCS#11 location: attribute \"module-path\": not an absolute path", root},
		{"--hsm vault", "--hsm: PKCS#11 location: a location begins with \"pkcs11:\"", location},
		{"--hsm pkcs11:?pin-value=" + softtoken.PIN, "--hsm: PKCS#11 location: attribute \"pin-value\": a PIN does not belong into a location",
			"leave it out: the PIN is asked at the terminal, or read with --pin-fd. Others can see an argument: change that PIN"},
		{uri + "--hsm-module /m.so --hsm-mode RAW", "--hsm-mode: not one of the modes auto, oaep, raw", "auto finds out which of the others works"},
		{uri + "--hsm-module /m.so --hsm-no-self-test", "--hsm-no-self-test needs --hsm-mode",
			"give oaep or raw: without a self-test, nothing finds out which of them works"},
		{uri + "--hsm-module /m.so --hsm-sessions 65", "--hsm-sessions is not a number of 0 to 64", "0 means as many as suit the token"},
		{uri + "--hsm-module /m.so --pin-fd " + softtoken.PIN, "--pin-fd is not the number of a descriptor", "open one in the shell: --pin-fd 3 3< FILE"},
		{uri + uri + "--hsm-module /m.so", "--hsm is given twice", "a run uses one token: give one location"},
		{"--hsm pkcs11:token=Schlüssel?module-path=/m.so", "--hsm: PKCS#11 location: attribute \"token\": not a name=value with characters that RFC 7512 allows",
			"write it as 'pkcs11:token=Schl%C3%BCssel?module-path=/m.so'"},
		{uri + "--hsm-module /m.so --pin-fd 3", "--pin-fd: descriptor 3 is not open", "open one in the shell: --pin-fd 3 3< FILE"},
		{"--key k.pem --hsm-module /m.so", "--hsm-module is given without --hsm", withURI},
		{"--key k.pem --hsm-init-args x", "--hsm-init-args is given without --hsm", withURI},
		{"--key k.pem --hsm-helper /h", "--hsm-helper is given without --hsm", withURI},
		{"--key k.pem --hsm-network", "--hsm-network is given without --hsm", withURI},
		{"--key k.pem --hsm-mode raw", "--hsm-mode is given without --hsm", withURI},
		{"--key k.pem --hsm-sessions 2", "--hsm-sessions is given without --hsm", withURI},
		{"--key k.pem --pin-fd 3", "--pin-fd is given without --hsm", withURI},
		{"--key k.pem --hsm-allow-few-pin-tries", "--hsm-allow-few-pin-tries is given without --hsm", withURI},
		{"--key k.pem --hsm-no-self-test", "--hsm-no-self-test is given without --hsm", withURI},
	} {
		o := execute(t, rebuild(c.args)...)
		o.refused(t, exitUsage, c.fact, c.hint)
		if strings.Contains(o.stdout+o.stderr, softtoken.PIN) {
			t.Errorf("%s: the value is shown", c.args)
		}
	}
	for args, fact := range map[string]string{
		"":      "hsm needs a subcommand: list or check",
		"look":  "hsm has no subcommand look",
		"check": "neither --recovery-public-key nor --record is given",
		"check --record a --recovery-public-key b": "--recovery-public-key and --record are both given",
		"check --record a":                         "--hsm is missing",
		"check --hsm-sessions 2":                   "unknown flag --hsm-sessions",
		"list --hsm-helper /h":                     "--hsm-init-args, --hsm-helper and --hsm-network are given without --hsm-module",
		"list --hsm-module m":                      "--hsm-module is not an absolute path",
		"list --hsm pkcs11:token=a":                "--hsm is given without --hsm-module",
		"list --hsm pkcs11:token=a --hsm pkcs11:":  "--hsm is given twice",
	} {
		o := execute(t, append([]string{"hsm"}, strings.Fields(args)...)...)
		if facts := o.lines("recover: error: "); o.status != exitUsage || len(facts) != 1 || facts[0] != fact {
			t.Errorf("hsm %s: status %d, %q, want %q", args, o.status, facts, fact)
		}
	}
	for args, fact := range map[string]string{
		"--existing": "--existing is given without --hsm",
		"--existing --hsm pkcs11:token=x?module-path=/m.so": "--hsm names no object and no id",
		"--hsm pkcs11:token=x?module-path=/m.so":            "--hsm names no object",
	} {
		o := execute(t, append([]string{"keygen", "--out", filepath.Join(shared, "never")}, strings.Fields(args)...)...)
		if facts := o.lines("recover: error: "); o.status != exitUsage || len(facts) != 1 || facts[0] != fact {
			t.Errorf("keygen %s: status %d, %q, want %q", args, o.status, facts, fact)
		}
	}
	// A --pin-fd that is not needed was meant for something else.
	cmd := withFake(t, nil, append(fifty().rebuildArgs(filepath.Join(shared, "never"), "--unsealed"), "--pin-fd", "3")...)
	cmd.ExtraFiles = []*os.File{lines(t, softtoken.PIN)}
	start(t, cmd).refused(t, exitUsage, "--pin-fd is given, but the token asks for no PIN", "leave it out")
	absent(t, filepath.Join(shared, "never"))
}
