package shard_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"strings"
	"testing"

	sandbox "recover/fixtures"
	"recover/internal/group"
	"recover/pkg/shard"
)

func encode(s string) []byte { return base64.StdEncoding.AppendEncode(nil, []byte(s)) }

// TestParseRefuses holds the texts of what is not a shard.
func TestParseRefuses(t *testing.T) {
	k := backup(t, sandbox.Spec{Group: group.Edwards25519, Players: 2, Threshold: 1})
	valid, err := k.Shards[0].Encode()
	if err != nil {
		t.Fatal(err)
	}
	// with replaces a field of the envelope; nil removes it.
	with := func(field string, value any) []byte {
		var env map[string]any
		text, _ := base64.StdEncoding.DecodeString(string(valid))
		if err := json.Unmarshal(text, &env); err != nil {
			t.Fatal(err)
		}
		env[field] = value
		if value == nil {
			delete(env, field)
		}
		text, err := json.Marshal(env)
		if err != nil {
			t.Fatal(err)
		}
		return encode(string(text))
	}
	data := func(text string) []byte { return with("partialRecoveryDataHex", string(encode(text))) }
	for _, c := range []struct {
		name string
		file []byte
		want string
	}{
		{"empty", nil, "the file is empty"},
		{"blank", []byte(" \r\n"), "the file is empty"},
		{"huge", make([]byte, shard.MaxFileSize+1), "the file is larger than 8 MiB"},
		{"error page", []byte("<?xml?><Error><Code>NoSuchKey</Code></Error>"), `the file is an error page of the storage service, code "NoSuchKey", not a shard`},
		{"hostile error page", []byte("<Error><Code>\x1b[2J</Code></Error>"), `the file is an error page of the storage service, code "\x1b[2J", not a shard`},
		{"web page", []byte("<!DOCTYPE html>"), "the file is a web page or XML, not a shard"},
		{"JSON", []byte(`{"index":0}`), "the file is JSON, but not a shard"},
		{"noise", []byte("\x00\x01\x02"), "the file is not base64"},
		{"cut off", valid[:101], "the base64 text ends or is damaged after 100 of 101 characters"},
		{"not JSON", encode("hello"), "the JSON of the shard: line 1: invalid character 'h' at start of value"},
		{"double field", encode(`{"index":0,"index":1}`), `the JSON of the shard: line 1: the name "index" occurs twice`},
		{"another kind", encode(`{"keys":[]}`), "index: the field is missing: the file is JSON, but not a shard"},
		{"no recovery key", with("recoveryPublicKeyHex", nil), "recoveryPublicKeyHex: the field is missing: the file is JSON, but not a shard"},
		{"null recovery key", encode(`{"index":0,"recoveryPublicKeyHex":null}`), "recoveryPublicKeyHex: the field is missing: the file is JSON, but not a shard"},
		{"no data", with("partialRecoveryDataHex", nil), "partialRecoveryDataHex: the field is missing: the file is JSON, but not a shard"},
		{"no root key", with("walletRootPublicKeyPkixBase64", nil), "walletRootPublicKeyPkixBase64: the field is missing: the file is JSON, but not a shard"},
		{"index", with("index", -1), "index: -1 is not the number of a recovery key"},
		{"index type", with("index", "0"), "the JSON of the shard: line 1: a number expected, found a string"},
		{"bad recovery key", with("recoveryPublicKeyHex", "3082"), "recoveryPublicKeyHex: not a key file of a known form"},
		{"bad root key", with("walletRootPublicKeyPkixBase64", "!"), "walletRootPublicKeyPkixBase64: not base64"},
		{"bad wallet key", with("walletPublicKeyBase64", "AAAA"), "walletPublicKeyBase64: bad public key: neither a point nor a DER SubjectPublicKeyInfo"},
		{"wallet key of another curve", with("walletPublicKeyBase64", secpKey()), "walletPublicKeyBase64: a key of SECP256K1, but the master key is of ED25519"},
		{"unknown algorithm", with("keyAlgorithm", "P256"), `keyAlgorithm: the algorithm "P256" is not supported`},
		{"other algorithm", with("keyType", "SECP256K1"), "keyType: the shard says SECP256K1, but its master public key is of ED25519"},
		{"pdkls23", with("mpcAlgorithm", "pdkls23"), `mpcAlgorithm: "pdkls23" backups cannot be opened by this version`},
		{"data not base64", with("partialRecoveryDataHex", "{}"), "partialRecoveryDataHex: not base64"},
		{"data not JSON", data("[]"), "partialRecoveryDataHex: the JSON of the recovery data: line 1: an object expected, found an array"},
		{"no version", data(`{"recovery_data":[]}`), "version: the recovery data has no version"},
		{"version", data(`{"version":"4","recovery_data":[]}`), `version: recovery data of version "4" cannot be opened by this version`},
		{"no players field", data(`{"version":"3"}`), "recovery_data: the field is missing"},
		{"no players", data(`{"version":"3","recovery_data":[]}`), "recovery_data: no player's part is there"},
		{"many players", data(`{"version":"3","recovery_data":[` + strings.Repeat("{},", 64) + "{}]}"), "partialRecoveryDataHex: the JSON of the recovery data: line 1: more than 64 players"},
		{"double player field", data(`{"version":"3","recovery_data":[{"curve":"a","curve":"b"}]}`), `partialRecoveryDataHex: the JSON of the recovery data: line 1: the name "curve" occurs twice`},
	} {
		_, err := shard.Parse(c.file)
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: %v\nwant %s", c.name, err, c.want)
		}
		if shard.ReasonOf(err) == "" {
			t.Errorf("%s: the error has no reason", c.name)
		}
	}
}

func secpKey() string {
	g := group.Secp256k1
	return base64.StdEncoding.EncodeToString(g.NewPoint().BaseMul(g.NewScalar().SetUint64(7)).Bytes())
}

// TestParseTolerates holds what has to be read all the same.
func TestParseTolerates(t *testing.T) {
	k := backup(t, sandbox.Spec{Group: group.Edwards25519, Players: 2, Threshold: 1})
	valid, err := k.Shards[0].Encode()
	if err != nil {
		t.Fatal(err)
	}
	var wrapped, blanks []byte
	for i := 0; i < len(valid); i += 60 {
		line := valid[i:min(i+60, len(valid))]
		wrapped = append(append(wrapped, line...), "\r\n"...)
		blanks = append(append(blanks, line...), "  \t\n"...)
	}
	for name, file := range map[string][]byte{
		"byte order mark": append([]byte("\xef\xbb\xbf"), valid...), "wrapped": wrapped, "blanks": blanks,
		"around": append([]byte("\n \t"), append(bytes.Clone(valid), "\r\n\n"...)...),
	} {
		s, err := shard.Parse(file)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, err := s.Verify(k.IDs); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestGoldenShard opens the file that pins the format.
func TestGoldenShard(t *testing.T) {
	file, err := os.ReadFile("../../fixtures/golden/ed25519-additive-2.txt")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../../fixtures/golden/ed25519-additive-2.json")
	if err != nil {
		t.Fatal(err)
	}
	var want sandbox.Expected
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	s, err := shard.Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	m, err := s.Rebuild(t.Context(), small, ids(t, want.QuorumID, want.KeyID), shard.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := hexOf(m.Key().Bytes()); got != want.MasterPrivateKey {
		t.Errorf("%s, want %s", got, want.MasterPrivateKey)
	}
}

// FuzzParse holds that what Parse takes can be verified and rebuilt without a
// panic, and that a shard says the same of itself with a line break after it.
func FuzzParse(f *testing.F) {
	golden, err := os.ReadFile("../../fixtures/golden/ed25519-additive-2.txt")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(golden)
	f.Add([]byte("<Error><Code>AccessDenied</Code></Error>"))
	f.Add(encode(`{"index":0,"recoveryPublicKeyHex":"","partialRecoveryDataHex":"e30=","walletRootPublicKeyPkixBase64":""}`))
	f.Fuzz(func(t *testing.T, file []byte) {
		s, err := shard.Parse(file)
		if err != nil {
			if shard.ReasonOf(err) == "" || strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Errorf("error %q", err)
			}
			return
		}
		again, err := shard.Parse(append(bytes.Clone(file), "\r\n"...))
		if err != nil || again.Fingerprint() != s.Fingerprint() || !again.MasterPublicKey().Equal(s.MasterPublicKey()) {
			t.Errorf("with a line break after it, it is another shard: %v", err)
		}
		_ = s.VerifyWithoutIDs()
	})
}

// FuzzRecoveryData changes the recovery data of a valid backup at one place. A
// backup that verifies can be rebuilt, and whatever is rebuilt is the right key.
func FuzzRecoveryData(f *testing.F) {
	text, err := os.ReadFile("../../fixtures/golden/ed25519-additive-2.txt")
	if err != nil {
		f.Fatal(err)
	}
	var env map[string]any
	decoded, err := base64.StdEncoding.DecodeString(string(text))
	if err == nil {
		err = json.Unmarshal(decoded, &env)
	}
	if err != nil {
		f.Fatal(err)
	}
	inner, err := base64.StdEncoding.DecodeString(env["partialRecoveryDataHex"].(string))
	if err != nil {
		f.Fatal(err)
	}
	id := ids(f, "aabbccdd-eeff-4011-8000-000000000000", "11223344-5566-4077-9000-000000000000")
	f.Add(uint32(0), uint16(0), []byte(nil))
	f.Add(uint32(20), uint16(3), []byte(`"4"`))
	for i := uint32(100); i < uint32(len(inner)); i += 5000 {
		f.Add(i, uint16(1), []byte("A"))
	}
	f.Fuzz(func(t *testing.T, at uint32, cut uint16, insert []byte) {
		at %= uint32(len(inner))
		end := min(int(at)+int(cut), len(inner))
		changed := append(append(bytes.Clone(inner[:at]), insert...), inner[end:]...)
		env["partialRecoveryDataHex"] = base64.StdEncoding.EncodeToString(changed)
		file, err := json.Marshal(env)
		if err != nil {
			t.Fatal(err)
		}
		s, err := shard.Parse(encode(string(file)))
		if err != nil {
			return
		}
		_, verify := s.Verify(id)
		key := counting()
		m, rebuild := s.Rebuild(t.Context(), key, id, shard.Options{})
		if verify == nil && rebuild != nil {
			t.Errorf("it verifies, and is not rebuilt: %v", rebuild)
		}
		if rebuild == nil && !m.PublicKey().Equal(s.MasterPublicKey()) {
			t.Error("A WRONG KEY CAME OUT")
		}
		if key.operations > 2*80+2 {
			t.Errorf("%d private operations", key.operations)
		}
	})
}
