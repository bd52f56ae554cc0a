package record

import (
	"errors"
	"strings"
	"testing"
)

const (
	csvHeader = "quorum_id,key_id,algorithm\n"
	csvRow    = quorumA + "," + keyA + ",SECP256K1\n"
	jsonIDs   = `"quorum_id": "` + quorumA + `", "key_id": "` + keyA + `"`
)

// checkRefused opens text and compares the error with want.
func checkRefused(t *testing.T, text, want string) {
	t.Helper()
	_, err := open(text)
	var bad *Error
	if !errors.As(err, &bad) || err.Error() != want {
		t.Errorf("%.120q:\n%v, want\n%s", text, err, want)
	}
}

func TestNoRecord(t *testing.T) {
	for text, want := range map[string]string{
		"":             "empty",
		"\xef\xbb\xbf": "empty",
		" \r\n\n":      "empty",
		"<!doctype html>\n<title>403 Forbidden</title>":                                 "HTML or XML, not a record",
		`<?xml version="1.0"?><Error>`:                                                  "HTML or XML, not a record",
		"\n eyJpbmRleCI6MCwicmVjb3ZlcnlQdWJsaWNLZXlIZXgi" + strings.Repeat("A", 100000): "a shard (a backup file) by its looks, not a record",
		"ewogICJpbmRleCI6IDAs":                                                          "a shard (a backup file) by its looks, not a record",
		"\xff\xfeq\x00u\x00o\x00r\x00u\x00m\x00":                                        "neither a JSON object nor CSV with the header quorum_id,key_id,algorithm",
		"\xfe\xff\x00q\x00u\x00o\x00r\x00u\x00m":                                        "neither a JSON object nor CSV with the header quorum_id,key_id,algorithm",
		`[{"quorum_id": ""}]`:                                                           "a JSON list, as the service exports its wallets, not a record",
		"-----BEGIN PRIVATE KEY-----\n":                                                 "a private key, not a record",
		"PK\x03\x04" + strings.Repeat("\x00", 26) + "[Content_Types].xml":               "an office document, not a record",
		csvRow:                 "line 1: IDs, but no line above them names the columns quorum_id,key_id,algorithm",
		"My keys\n\n" + csvRow: "line 3: IDs, but no line above them names the columns quorum_id,key_id,algorithm",
		"quorum_id,key_id,algorithm,chain,address,public_key,proved,name\n": "a list of addresses of this program, not a record: what is in it was made from backups",
		strings.Repeat("title\n", 12):                                       "neither a JSON object nor CSV with the header quorum_id,key_id,algorithm",
		strings.Repeat("\x00", 100000):                                      "neither a JSON object nor CSV with the header quorum_id,key_id,algorithm",
	} {
		checkRefused(t, text, want)
	}
}

func TestRefusedSize(t *testing.T) {
	for _, c := range []struct {
		text string
		size int64
		want string
	}{
		{sampleJSON, MaxJSONSize + 1, "larger than 256 MiB"},
		{sampleCSV, MaxCSVSize + 1, "larger than 512 MiB"},
	} {
		if _, err := Open(strings.NewReader(c.text), c.size); err == nil || err.Error() != c.want {
			t.Errorf("size %d: %v, want %s", c.size, err, c.want)
		}
	}
}

func TestRefusedCSV(t *testing.T) {
	with := func(column, value string) string {
		return "quorum_id,key_id,algorithm," + column + "\n" + quorumA + "," + keyA + ",SECP256K1," + value + "\n"
	}
	long := strings.Repeat("x", 1025)
	for _, c := range []struct{ text, want string }{
		{csvHeader, "the record has no keys"},
		{"quorum_id,key_id\n", "line 1: no column algorithm"},
		{"\n\nkey_id,algorithm\n", "line 3: no column quorum_id"},
		{"quorum_id,algorithm,my_key_id\n", `line 1: no column key_id; not known are "my_key_id"`},
		{"Quorum ID;Curve;\x1b[2J" + long + "\n", `line 1: no column key_id; not known are "\x1b[2J` + long[:36] + `"…`},
		{"quorum_id,key_id,key_id\n", `line 1: no column algorithm; line 1, column 3: "key_id" is the column key_id, as column 2 is`},
		{"quorum_id,key_id,algorithm,Key ID\n", `line 1, column 4: "Key ID" is the column key_id, as column 2 is`},
		{"quorum_id,key_id,algorithm,label,wallet\n", `line 1, column 5: "wallet" is the column name, as column 4 is`},
		{"quorum_id,key_id,algorithm" + strings.Repeat(",", 70000) + "\n", "line 1: a line of more than 64 KiB"},

		{csvHeader + quorumA + "," + keyA + "\n", "line 2, entry 1: the number of fields is 2, in the header 3"},
		{csvHeader + csvRow + "\n" + quorumA + "," + keyB + ",ED25519,x\n", `line 4, column 4: "x" is in a column more than the header has (3)`},
		{csvHeader + csvRow + "# the old ones\n", "line 3, entry 2: the number of fields is 1, in the header 3"},
		{csvHeader + "#" + csvRow, "line 2, column 1: quorum_id: \"#" + quorumA + "\" is not a UUID (36 characters: 8-4-4-4-12 hex digits)"},
		{csvHeader + csvRow + strings.Repeat("x", 65536) + "\n", "line 3, entry 2: a line of more than 64 KiB"},
		{with("note", `a "b" c`), "line 2, entry 1: a quote that is out of place or not closed in its line"},

		{csvHeader + quorumA + "," + keyA[1:] + ",ED25519\n", "line 2, column 2: key_id: \"" + keyA[1:] + "\" is not a UUID (36 characters: 8-4-4-4-12 hex digits)"},
		{csvHeader + quorumA + "," + keyA[1:] + "\u00a0\u0430,ED25519\n", "line 2, column 2: key_id: \"" + keyA[1:] + "\\u00a0\\u0430\" is not a UUID (36 characters: 8-4-4-4-12 hex digits)"},
		{csvHeader + "," + keyA + ",ED25519\n", "line 2, column 1: quorum_id: missing"},
		{csvHeader + quorumA + ",\u00a0,ED25519\n", "line 2, column 2: key_id: missing"},
		{csvHeader + quorumA + "," + keyA + ",\n", "line 2, column 3: algorithm: missing"},
		{csvHeader + quorumA + "," + keyA + ",secp256r1\n", `line 2, column 3: algorithm: "secp256r1" is not SECP256K1 or ED25519`},
		{csvHeader + quorumA + "," + keyA + ",SECP256\u041a1\n", `line 2, column 3: algorithm: "SECP256\u041a1" is not SECP256K1 or ED25519`},
		{csvHeader + quorumA + "," + keyA + ",X25519\n", `line 2, column 3: algorithm: "X25519" is not SECP256K1 or ED25519`},
		{csvHeader + keyA + "," + strings.ToUpper(keyA) + ",ED25519\n", "line 2, column 1: quorum_id: the same as key_id"},

		{with("name", "a\tb"), `line 2, column 4: name: "a\tb" has a control character`},
		{with("name", "a\rb"), `line 2, column 4: name: "a\rb" has a control character`},
		{with("name", "a\u0085b"), `line 2, column 4: name: "a\u0085b" has a control character`},
		{with("address", "a\xffb"), `line 2, column 4: address: "a\xffb" is not UTF-8`},
		{with("blockchain", long), "line 2, column 4: blockchain: longer than 1024 bytes"},
		{with("note", "\x00"), `line 2, column 4: note: "\x00" has a control character`},
		{with("public_key", "0x2"), "line 2, column 4: public_key: neither hex nor base64"},
		{with("public_key", "0279"), "line 2, column 4: public_key: bad public key: neither a point nor a DER SubjectPublicKeyInfo"},
		{with("public_key", "05"+secpPoint[2:]), "line 2, column 4: public_key: bad point: first byte 0x05, want 0x02 or 0x03"},
		{with("public_key", edPoint), "line 2, column 4: public_key: a key for ED25519, but algorithm is SECP256K1"},
		{with("public_key", "ED"+edPoint), "line 2, column 4: public_key: bad point: first byte 0xed, want 0x02 or 0x03"},
		{with("previous_quorum_ids", quorumB+","+quorumA), "line 2, column 5: \"" + quorumA + "\" is in a column more than the header has (4)"},
		{with("previous_quorum_ids", quorumB+" "+quorumA[1:]), "line 2, column 4: previous_quorum_ids: \"" + quorumA[1:] + "\" is not a UUID (36 characters: 8-4-4-4-12 hex digits)"},
		{with("previous_quorum_ids", quorumB+" "+keyA), "line 2, column 4: previous_quorum_ids: the same as key_id"},

		{csvHeader + csvRow + csvRow, "line 3, entry 2: key_id: the same as in line 2, entry 1"},
		{
			csvHeader + quorumA + "," + keyC + ",ED25519\n" + csvRow + quorumA + "," + keyB + ",ED25519\n\n" +
				quorumB + "," + strings.ToUpper(keyA) + ",ED25519\n" + csvRow + quorumA + "," + keyC + ",ED25519\n",
			"line 6, entry 4: key_id: the same as in line 3, entry 2; line 7, entry 5: key_id: the same as in line 3, entry 2; line 8, entry 6: key_id: the same as in line 2, entry 1",
		},
	} {
		checkRefused(t, c.text, c.want)
	}
}

func TestRefusedJSON(t *testing.T) {
	const top = "{ \"format\": \"recover-record/1\",\n"
	entry := func(fields string) string { return top + "\"keys\": [\n{ " + fields + " } ] }" }
	full := entry(jsonIDs + `, "algorithm": "SECP256K1"`)
	hash := strings.Repeat("0f", 32)
	for _, c := range []struct{ text, want string }{
		{`{}`, "format: missing"},
		{`{"format": "", "keys": []}`, "format: missing"},
		{`{"format": "recover-record/1"}`, "keys: missing"},
		{`{"format": "recover-record/1", "keys": []}`, "the record has no keys"},
		{"{\n\"format\": \"recover-record/2\"}", `line 2: format: "recover-record/2" is not recover-record/1`},
		{`{"format": 1}`, "line 1: format: a string expected, found a number"},
		{`{"version": "3", "recovery_data": []}`, `line 1: unknown field "version"`},
		{top + `"Keys": []}`, `line 2: unknown field "Keys"`},
		{top + `"keys": [], "keys": []}`, `line 2: the name "keys" occurs twice`},
		{top + `"keys": {}}`, "line 2: keys: an array expected, found an object"},
		{top + `"keys": [` + "\n" + `"` + keyA + `"]}`, "line 3, entry 1: an object expected, found a string"},
		{full + "\n{}", "line 4: something follows the end of the JSON text"},
		{full[:len(full)-1], "line 3: the text ends too early"},

		{top + `"environment": "test", "keys": []}`, `line 2: environment: "test" is not production or sandbox`},
		{top + `"environment": null, "keys": []}`, "line 2: environment: a string expected, found null"},

		{top + `"recovery_keys": {}}`, "line 2: recovery_keys: an array expected, found an object"},
		{top + `"recovery_keys": [{"sha255": ""}]}`, `line 2: recovery_keys: unknown field "sha255"`},
		{top + `"recovery_keys": [{"set": "F3BD 6AA8 2126 05"}]}`, "line 2: recovery_keys: set: not 16 hex digits"},
		{top + `"recovery_keys": [{"set": 7}]}`, "line 2: recovery_keys: set: a string expected, found a number"},
		{top + `"recovery_keys": [{"custody": "x"}]}`, "line 2: recovery_keys: sha256 is missing"},
		{top + `"recovery_keys": [{"sha256": 12}]}`, "line 2: recovery_keys: sha256: a string expected, found a number"},
		{top + `"recovery_keys": [{"sha256": "` + hash[1:] + `"}]}`, "line 2: recovery_keys: sha256: not 64 hex digits"},
		{top + `"recovery_keys": [{"sha256": "` + hash + `00"}]}`, "line 2: recovery_keys: sha256: not 64 hex digits"},
		{top + `"recovery_keys": [{"sha256": "SHA256:0f0f"}]}`, "line 2: recovery_keys: sha256: not 64 hex digits"},
		{top + `"recovery_keys": [{"sha256": "` + hash + "\"},\n" + `{"sha256": "` + strings.ToUpper(hash) + `"}]}`, "line 3: recovery_keys: sha256: the same recovery key twice"},
		{top + `"recovery_keys": [{"note": "\u001b[2J"}]}`, `line 2: recovery_keys: note: "\x1b[2J" has a control character`},
		{top + `"recovery_keys": [{"custody": "` + strings.Repeat("x", 1025) + `"}]}`, "line 2: recovery_keys: custody: longer than 1024 bytes"},
		{top + `"recovery_keys": [` + manyRecoveryKeys(101) + `]}`, "line 2: recovery_keys: more than 100"},

		{entry(`"quorumid": ""`), `line 3, entry 1: unknown field "quorumid"`},
		{entry(`"\u001b]0;x": ""`), `line 3, entry 1: unknown field "\x1b]0;x"`},
		{entry(jsonIDs + `, "key_id": ""`), `line 3, entry 1: the name "key_id" occurs twice`},
		{entry(jsonIDs), "line 3, entry 1: algorithm: missing"},
		{entry(`"algorithm": "ED25519", "key_id": "` + keyA + `"`), "line 3, entry 1: quorum_id: missing"},
		{entry(jsonIDs + `, "algorithm": "P-256"`), `line 3, entry 1: algorithm: "P-256" is not SECP256K1 or ED25519`},
		{entry(jsonIDs + `, "algorithm": ["ED25519"]`), "line 3, entry 1: algorithm: a string expected, found an array"},
		{entry(jsonIDs + `, "name": null`), "line 3, entry 1: name: a string expected, found null"},
		{entry(jsonIDs + ",\n" + `"name": 1`), "line 4, entry 1: name: a string expected, found a number"},
		{entry(jsonIDs + `, "algorithm": "ED25519", "note": "a\nb"`), `line 3, entry 1: note: "a\nb" has a control character`},
		{entry(jsonIDs + `, "algorithm": "ED25519", "public_key": "` + secpPoint + `"`), "line 3, entry 1: public_key: a key for SECP256K1, but algorithm is ED25519"},
		{entry(jsonIDs + `, "previous_quorum_ids": "` + quorumB + `"`), "line 3, entry 1: previous_quorum_ids: an array expected, found a string"},
		{entry(jsonIDs + `, "previous_quorum_ids": [1]`), "line 3, entry 1: previous_quorum_ids: a string expected, found a number"},
		{entry(jsonIDs + `, "algorithm": "ED25519", "previous_quorum_ids": [""]`), `line 3, entry 1: previous_quorum_ids: "" is not a UUID (36 characters: 8-4-4-4-12 hex digits)`},
		{entry(jsonIDs + `, "previous_quorum_ids": [""` + strings.Repeat(`,""`, 27) + `]`), "line 3, entry 1: previous_quorum_ids: more than 27"},

		{
			top + `"keys": [{` + jsonIDs + `, "algorithm": "ED25519"},{` + jsonIDs + `, "algorithm": "SECP256K1"}]}`,
			"line 2, entry 2: key_id: the same as in line 2, entry 1",
		},
		{
			top + "\"keys\": [\n{\n" + jsonIDs + ",\n\"algorithm\": \"ED25519\"},\n\n{" + jsonIDs + `, "algorithm": "ED25519"}]}`,
			"line 7, entry 2: key_id: the same as in line 3, entry 1",
		},
	} {
		checkRefused(t, c.text, c.want)
	}
}

func manyRecoveryKeys(n int) string {
	var texts []string
	for i := range n {
		k := RecoveryKey{SHA256: [32]byte{byte(i + 1)}}
		texts = append(texts, k.json())
	}
	return strings.Join(texts, ",")
}
