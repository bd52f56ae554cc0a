//go:build linux

package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"recover/fixtures/tier"
	"recover/pkg/sweep"
)

// rebuiltInto rebuilds the keys of the small practice bucket in the clear.
func rebuiltInto(t *testing.T) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "keys")
	if o := start(t, exec.Command("recover", small().rebuild(dir, "--unsealed")...)); o.status != exitOK {
		t.Fatal(o.stderr)
	}
	return dir
}

// privateKeys returns the wallet keys of the small practice bucket, in hex.
func privateKeys() (all []string) {
	for _, k := range small().keys {
		all = append(all, hex.EncodeToString(k.Wallet.Bytes()))
	}
	return all
}

func writeInput(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "input")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestSignAtTerminal: what is signed is shown, and only "yes" signs it.
func TestSignAtTerminal(t *testing.T) {
	t.Parallel()
	keys := rebuiltInto(t)
	e := small().keys[0].Expected()
	in := writeInput(t, fmt.Sprintf(`{"TransactionType":"Payment","Account":%q,"Destination":"rPpnQJcwf7GtmvSbMwxcSf6B5gyFrdsftF","DestinationTag":5,"Amount":"12500000","Fee":"12","Sequence":7}`, e.Addresses["xrp"]))
	for answer, want := range map[string]int{"yes": exitOK, "y": exitFailed, "": exitFailed} {
		out := filepath.Join(t.TempDir(), "signed")
		s := sit(t, exec.Command("recover", "sign", "--keys", keys, "--key-id", e.KeyID, "--in", in, "--out", out))
		s.expect("12.5 XRP (12500000 drops)")
		s.answer(`Sign this transaction on XRP Ledger? (type "yes")`, answer)
		if o := s.end(privateKeys()...); o.status != want {
			t.Errorf("%q: status %d", answer, o.status)
		}
		if _, err := os.Stat(out); (err == nil) != (want == exitOK) {
			t.Errorf("%q: %v", answer, err)
		}
	}
}

// TestSignBlindAtTerminal: what nobody understands is signed for who says so.
func TestSignBlindAtTerminal(t *testing.T) {
	t.Parallel()
	keys := rebuiltInto(t)
	for i, bytes := range []string{strings.Repeat("ab", 32), "00ff"} {
		out := filepath.Join(t.TempDir(), "signed")
		s := sit(t, exec.Command("recover", "sign", "--keys", keys, "--key-id", small().keys[i].Expected().KeyID, "--in", writeInput(t, bytes), "--out", out, "--blind"))
		s.expect("0x" + bytes)
		s.expect("these bytes can mean anything")
		s.answer(`Sign these bytes, whatever they mean? (type "yes")`, "yes")
		if o := s.end(privateKeys()...); o.status != exitOK {
			t.Errorf("status %d", o.status)
		}
		if text, err := os.ReadFile(out); err != nil || !strings.Contains(string(text), `"recover-blind-signature/1"`) || !strings.Contains(string(text), bytes) {
			t.Errorf("%s, %v", text, err)
		}
	}
}

// TestExportShown: a key that is shown is erased, and not on the screen after it.
func TestExportShown(t *testing.T) {
	t.Parallel()
	keys := rebuiltInto(t)
	e := small().keys[0].Expected()
	for _, more := range [][]string{nil, {"--qr"}} {
		s := sit(t, exec.Command("recover", append([]string{"export", "--keys", keys, "--key-id", e.KeyID, "--format", "hex", "--show"}, more...)...))
		s.answer("Press Enter to show it", "")
		if more == nil {
			s.expect(e.WalletPrivateKey)
		} else {
			s.expect("█")
		}
		s.answer("Press Enter to erase it", "")
		if o := s.end(); o.status != exitOK {
			t.Errorf("status %d", o.status)
		}
		shown := s.screen.String()
		if i := strings.LastIndex(shown, "\x1b[?1049l"); i < 0 || strings.Contains(shown[i:], e.WalletPrivateKey) || !strings.HasSuffix(shown[:i], clearing+"\x1b[3J") {
			t.Errorf("the key is not erased: %q", shown[max(0, len(shown)-100):])
		}
	}
}

// TestExportSmallWindow: the code of a PEM key does not fit into 24 lines, and a part
// of it would be shown for nothing; one of a WIF does.
func TestExportSmallWindow(t *testing.T) {
	t.Parallel()
	keys := rebuiltInto(t)
	e := small().keys[0].Expected()
	export := func(format string) *exec.Cmd {
		return exec.Command("recover", "export", "--keys", keys, "--key-id", e.KeyID, "--show", "--qr", "--format", format)
	}
	s := sit80(t, export("pem"))
	o := s.end()
	if o.status != exitFailed || !strings.Contains(o.stderr, "recover: error: the window has too few lines for this QR code: it needs 36, and\n         there are 24\nrecover: hint: make the window larger") {
		t.Errorf("status %d\n%s", o.status, o.stderr)
	}
	if strings.Contains(s.screen.String(), "█") {
		t.Error("a part of the code was shown")
	}
	s = sit80(t, export("descriptor"))
	s.answer("Press Enter to show it", "")
	s.expect("Press Enter to erase it")
	if shown := strings.Split(showing(s.screen.String()), "\n"); len(shown) > displayHeight || strings.Trim(shown[0], "█") != "" || !strings.HasPrefix(shown[0], "█") {
		t.Errorf("the code is not shown whole: %d lines, the first is %q", len(shown), shown[0])
	}
	s.press("\r")
	if o := s.end(); o.status != exitOK {
		t.Errorf("status %d", o.status)
	}
}

const clearing = "\x1b[H\x1b[2J"

// TestLastMileCanaries: no verb but export has a private key in what it says or
// writes, and none at all has one in its arguments.
func TestLastMileCanaries(t *testing.T) {
	tier.Long(t)
	t.Parallel()
	keys := rebuiltInto(t)
	dir := t.TempDir()
	e := small().keys[0].Expected()
	list := writeInput(t, e.Addresses["ethereum"]+"\n")
	in := writeInput(t, fmt.Sprintf(`{"TransactionType":"SetRegularKey","Account":%q,"Fee":"12","Sequence":7}`, e.Addresses["xrp"]))
	secrets := newCanaries(small().secrets())
	for _, args := range [][]string{
		{"addresses", "--json", "--expect", list, "--watch-only", filepath.Join(dir, "watch")},
		{"addresses", "--csv"},
		{"export", "--key-id", e.KeyID, "--format", "wif", "--recipient", "age1kj4m89p5k5j9tysqrhagr6uk2n4zdjvm9s9pmw5xer44s3cesqtsg49m0n", "--out", filepath.Join(dir, "sealed")},
		{"sign", "--key-id", e.KeyID, "--in", in, "--out", filepath.Join(dir, "signed"), "--yes"},
		{"sign", "--key-id", e.KeyID, "--in", list, "--out", filepath.Join(dir, "refused"), "--yes"},
	} {
		var stdout bytes.Buffer
		cmd := exec.Command("recover", append(args, "--keys", keys)...)
		cmd.Stdout = &stdout
		o := start(t, cmd)
		secrets.look(t, args[0]+" stdout", stdout.Bytes())
		secrets.look(t, args[0]+" stderr", []byte(o.stderr))
		if refused := args[0] == "sign" && args[4] == list; (o.status == exitOK) == refused {
			t.Errorf("%s: status %d\n%s", args[0], o.status, o.stderr)
		}
	}
	secrets.lookBelow(t, dir)
}

// TestSweepAtTerminal: the approved hash is typed, and a typing error
// can be corrected.
func TestSweepAtTerminal(t *testing.T) {
	t.Parallel()
	keys, dir := rebuiltInto(t), t.TempDir()
	e := small().keys[0].Expected()
	accounts := writeInput(t, fmt.Sprintf("key_id,address\n%s,%s\n", e.KeyID, e.Addresses["xrp"]))
	to := writeInput(t, "chain,address,tag\nxrp,rrrrrrrrrrrrrrrrrrrrrhoLvTp,none\n")
	state := writeInput(t, fmt.Sprintf(`{"format":"recover-sweep-state/1","xrp":[{"base_reserve":1000000,"owner_reserve":200000,"fee":12,"accounts":[{"address":%q,"balance":50000000,"sequence":7,"owner_count":0}]}]}`, e.Addresses["xrp"]))
	plan := filepath.Join(dir, "plan.json")
	if o := start(t, exec.Command("recover", "sweep", "plan", "--addresses", accounts, "--state", state, "--to", to, "--out", plan)); o.status != exitOK {
		t.Fatal(o.stderr)
	}
	data, err := os.ReadFile(plan)
	if err != nil {
		t.Fatal(err)
	}
	hash := sweep.Hash(data)
	wrong := hash[:len(hash)-1] + "g"
	for name, c := range map[string]struct {
		typed  []string
		status int
	}{
		"right":       {[]string{strings.ToLower(hash)}, exitOK},
		"corrected":   {[]string{"x", wrong, hash}, exitOK},
		"three times": {[]string{wrong, wrong, wrong}, exitFailed},
	} {
		out := filepath.Join(dir, name)
		s := sit(t, exec.Command("recover", "sweep", "--plan", plan, "--keys", keys, "--out", out))
		s.expect("48.999988 XRP")
		for _, line := range c.typed {
			s.answer("SHA-256 of the approved plan", line)
		}
		if o := s.end(privateKeys()...); o.status != c.status {
			t.Errorf("%s: status %d", name, o.status)
		}
		if _, err := os.Stat(filepath.Join(out, "signed.ndjson")); (err == nil) != (c.status == exitOK) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
