package record

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"recover/fixtures/tier"
	"recover/internal/group"
	"recover/internal/plaintext"
	"recover/internal/uuid"
)

func inUTF16(text string, bigEndian bool) string {
	var out strings.Builder
	for _, c := range utf16.Encode([]rune("\ufeff" + text)) {
		if bigEndian {
			out.Write([]byte{byte(c >> 8), byte(c)})
		} else {
			out.Write([]byte{byte(c), byte(c >> 8)})
		}
	}
	return out.String()
}

func gzipped(t testing.TB, text []byte) string {
	t.Helper()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := w.Write(text)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return packed.String()
}

// TestSpreadsheets: a record is read in every form in which it can be read in one
// way only.
func TestSpreadsheets(t *testing.T) {
	const header, first, second = "quorum_id,key_id,algorithm", quorumA + "," + keyA + ",SECP256K1", quorumB + "," + keyB + ",ED25519"
	plain := header + "\n" + first + "\n" + second + "\n"
	with := func(old, new string) string { return strings.ReplaceAll(plain, old, new) }
	rows := func(change func(string) string) string {
		return header + "\n" + change(first) + "\n" + change(second) + "\n"
	}
	each := func(change func(string) string) func(string) string {
		return func(row string) string {
			cells := strings.Split(row, ",")
			for i := range cells {
				cells[i] = change(cells[i])
			}
			return strings.Join(cells, ",")
		}
	}
	for name, text := range map[string]string{
		"plain": plain, "semicolons": with(",", ";"), "tabs": with(",", "\t"), "bars": with(",", "|"), "blanks after commas": with(",", ", "),
		"sep=;": "sep=;\n" + with(",", ";"), "SEP=, in quotes": "\"SEP=,\"\r\n" + plain, "sep=; saved again": "sep=;,,\n" + plain, "sep=\\t": "sep=\t\n" + with(",", "\t"),
		"words":     strings.Replace(plain, header, "Quorum ID,Key ID,Algorithm", 1),
		"capitals":  strings.Replace(plain, header, "QUORUM-ID,KeyId, ALGORITHM ", 1),
		"no blanks": strings.Replace(plain, header, "quorumid;keyid;algorithm", 1) + "", "parentheses": strings.Replace(plain, header, "Quorum ID (UUID),Key ID [MPC],Curve", 1),
		"quotes": rows(each(func(c string) string { return `"` + c + `"` })), "quotes after blanks": rows(each(func(c string) string { return ` "` + c + `"` })),
		"header in quotes": strings.Replace(plain, header, `"quorum_id","key_id","algorithm"`, 1), "an open quote": strings.Replace(plain, header, `quorum_id,key_id,"algorithm`, 1),
		"empty columns": with("\n", ",,\n"), "an empty column first": rows(func(r string) string { return "," + r })[len(header)+1:],
		"empty rows": plain + ",,\n\n , ,\n\t\n" + ";;\n", "two tables": strings.Replace(plain, second, header+"\n"+second, 1), "empty rows first": "\n,,\n" + plain, "no line end": strings.TrimSuffix(plain, "\n"),
		"CRLF": with("\n", "\r\n"), "CR": with("\n", "\r"), "mark": "\xef\xbb\xbf" + plain, "UTF-16": inUTF16(plain, false), "UTF-16, big-endian, CRLF": inUTF16(with("\n", "\r\n"), true), "UTF-16, tabs": inUTF16(with(",", "\t"), false),
		"gzip": gzipped(t, []byte(plain)), "a title": "Wallets of 2026,,\n,,\n" + plain, "no-break spaces": rows(each(func(c string) string { return "\u00a0" + c + "\u202f" })),
		"zero width": rows(each(func(c string) string { return c[:3] + "\u200b" + c[3:] + "\ufeff" })), "formulas": rows(each(func(c string) string { return `"=""` + c + `"""` })),
		"apostrophes": rows(each(func(c string) string { return "'" + c })), "curly quotes": rows(each(func(c string) string { return "\u201c" + c + "\u201d" })),
		"IDs in capitals": rows(strings.ToUpper), "IDs in braces": with(quorumA, "{"+quorumA+"}"), "IDs without dashes": rows(func(r string) string { return strings.ReplaceAll(r, "-", "") }),
		"IDs as URNs": with(keyA, "urn:uuid:"+keyA), "other dashes": rows(func(r string) string { return strings.ReplaceAll(r, "-", "\u2011") }),
		"algorithms in lower case": with("SECP256K1", "secp256k1"), "other names": strings.ReplaceAll(with("SECP256K1", "ECDSA"), "ED25519", "EdDSA"),
		"names with signs": strings.ReplaceAll(with("SECP256K1", "ECDSA_SECP256K1"), "ED25519", "Ed-25519"), "names in parentheses": strings.ReplaceAll(with("SECP256K1", "ECDSA (secp256k1)"), "ED25519", "EdDSA (Ed25519)"),
		"short rows": strings.Replace(plain, header, header+",name,note", 1), "a table": "| " + strings.ReplaceAll(header, ",", " | ") + " |\n|---|:--|--:|\n| " + strings.ReplaceAll(first, ",", " | ") + " |\n| " + strings.ReplaceAll(second, ",", " | ") + " |\n",
	} {
		if name == "no blanks" {
			text = strings.Replace(with(",", ";"), strings.ReplaceAll(header, ",", ";"), "quorumid;keyid;algorithm", 1)
		}
		if name == "an empty column first" {
			text = "," + header + "\n" + text
		}
		r, err := open(text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := entries(t, text)
		if len(got) != 2 || got[0].QuorumID != id(quorumA) || got[0].KeyID != id(keyA) || got[0].Algorithm != group.Secp256k1 ||
			got[1].QuorumID != id(quorumB) || got[1].KeyID != id(keyB) || got[1].Algorithm != group.Edwards25519 {
			t.Errorf("%s: %+v", name, got)
		}
		if r.SHA256() != sha256.Sum256([]byte(text)) || !r.IsCSV || len(r.Warnings) > 0 != (name == "a title") {
			t.Errorf("%s: SHA-256 %x, CSV %v, warnings %q", name, r.SHA256(), r.IsCSV, r.Warnings)
		}
	}
	packed := gzipped(t, []byte(sampleJSON))
	if r, err := open(packed); err != nil || r.Len() != 3 || r.SHA256() != sha256.Sum256([]byte(packed)) || r.IsCSV {
		t.Errorf("JSON in gzip: %v", err)
	}
	if r, err := open(inUTF16(sampleJSON, false)); err != nil || r.Len() != 3 || len(entries(t, inUTF16(sampleJSON, true))) != 3 {
		t.Errorf("JSON in UTF-16: %v", err)
	}
}

// TestCells: what belongs to the text of a cell stays, and what a program reads
// loses what has no meaning there.
func TestCells(t *testing.T) {
	text := "Key ID;Quorum ID;Algorithm;Wallet name;Notes;Pubkey;Wallet address;Previous quorum IDs;Owner;\n" +
		strings.ToUpper(keyA) + ";" + quorumA + ";secp256k1;\"the \"\"old\"\" one;\nof 2019\";\" a\r\nb \";0x" + secpPoint + "; 0xabc\u200b ;\"" + quorumB + ";\n" + keyC + "\";Ann;x\n" +
		keyB + ";" + quorumA + ";ed25519;O'Brien;'tis;;;\"" + quorumB + ", " + keyC + "\";Bob;\n"
	r, err := open(text)
	if err != nil {
		t.Fatal(err)
	}
	got := entries(t, text)
	want := []Entry{
		{QuorumID: id(quorumA), KeyID: id(keyA), Algorithm: group.Secp256k1, Name: `the "old" one; of 2019`, Note: "a b", PublicKey: point(secpPoint), Address: "0xabc", PreviousQuorumIDs: []uuid.ID{id(quorumB), id(keyC)}, Index: 1},
		{QuorumID: id(quorumA), KeyID: id(keyB), Algorithm: group.Edwards25519, Name: "O'Brien", Note: "'tis", PreviousQuorumIDs: []uuid.ID{id(quorumB), id(keyC)}, Index: 2},
	}
	for i := range want {
		if !same(got[i], want[i]) {
			t.Errorf("entry %d: %+v, want %+v", i, got[i], want[i])
		}
	}
	if got[1].Line != 6 {
		t.Errorf("the second begins in line %d", got[1].Line)
	}
	if want := []string{`line 1, column 9: unknown column "Owner": not read`, "column 10: the column has no name: what is in it is not read"}; !slices.Equal(r.Warnings, want) {
		t.Errorf("warnings %q, want %q", r.Warnings, want)
	}
}

// TestAllFaults: all that is wrong is told at once, in the order of the lines, and
// a quote that is not closed takes no other row with it.
func TestAllFaults(t *testing.T) {
	text := "quorum_id;key_id;algorithm;name\n" +
		quorumA + ";" + keyA + ";RSA;a\n" +
		"\u00a0" + quorumA[1:] + ";" + keyB[:30] + "\u200b;ed25519;b\n" +
		quorumA + ";" + keyB + ";ed25519;\"open\n" +
		quorumA + ";" + keyC + ";ed25519;Z\xfcrich\n" +
		quorumA + ";" + keyC + ";ed25519;\"closed\"\n" +
		quorumA + ";" + keyC + ";ed25519;again\n"
	want := []string{
		`line 2, column 3: algorithm: "RSA" is not SECP256K1 or ED25519`,
		`line 3, column 1: quorum_id: "` + quorumA[1:] + `" is not a UUID (36 characters: 8-4-4-4-12 hex digits)`,
		`line 3, column 2: key_id: "` + keyB[:30] + `" is not a UUID (36 characters: 8-4-4-4-12 hex digits)`,
		`line 4, entry 3: a quote that is out of place or not closed in its line`,
		`line 5, column 4: name: "Z\xfcrich" is not UTF-8`,
		`line 7, entry 6: key_id: the same as in line 6, entry 5`,
	}
	_, err := open(text)
	var faults *Faults
	if !errors.As(err, &faults) || err.Error() != strings.Join(want, "; ") {
		t.Fatalf("%v\nwant\n%s", err, strings.Join(want, "\n"))
	}
	var first *Error
	if !errors.As(err, &first) || first.Error() != want[0] {
		t.Errorf("the first is %v", first)
	}
	var many strings.Builder
	many.WriteString(csvHeader)
	for i := range 150 {
		fmt.Fprintf(&many, "x%d,%s,ED25519\n", i, keyA)
	}
	if _, err := open(many.String()); !errors.As(err, &faults) || len(faults.List) != 100 || faults.More != 50 || !strings.HasSuffix(err.Error(), "; and 50 more") {
		t.Errorf("%.200v", err)
	}
	bad := strings.NewReplacer(keyB, keyB[1:], "SECP256K1", "RSA").Replace(sampleJSON)
	if _, err := open(bad); !errors.As(err, &faults) || len(faults.List) != 3 || faults.List[1].Line != 7 || faults.List[1].Column != 0 {
		t.Errorf("JSON: %v", err)
	}
}

// TestHostileTables: limits hold, and what is packed cannot grow beyond them.
func TestHostileTables(t *testing.T) {
	tier.Long(t)
	for name, c := range map[string]struct{ text, want string }{
		"gzip bomb":            {gzipped(t, make([]byte, maxPacked+1)), "larger than 64 MiB when it is unpacked"},
		"gzip, cut off":        {gzipped(t, []byte(sampleCSV))[:60], "the gzip data in it is damaged or cut off"},
		"an endless cell":      {csvHeader + quorumA + "," + keyA + ",\"" + strings.Repeat("x\n", 100_000), "line 2, entry 1: a quote that is out of place or not closed in its line; "},
		"nothing but commas":   {csvHeader + strings.Repeat(strings.Repeat(",", 60_000)+"\n", 20), "the record has no keys"},
		"nothing but quotes":   {csvHeader + strings.Repeat("\"\n", 10_000), "the record has no keys"},
		"a long line, and on":  {csvHeader + strings.Repeat("x", 200_000) + "\nx,y,ED25519\n", "line 2, entry 1: a line of more than 64 KiB; line 3, column 1: quorum_id: \"x\" is not a UUID"},
		"columns, each unread": {"quorum_id,key_id,algorithm" + strings.Repeat(",x", 20_000) + "\n", "the record has no keys"},
	} {
		if _, err := open(c.text); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %.200v, want %s", name, err, c.want)
		}
	}
	var kind *plaintext.KindError
	if _, err := open("%PDF-1.7\n"); !errors.As(err, &kind) || kind.Kind != plaintext.PDF {
		t.Errorf("a PDF: %v", err)
	}
	r, err := open("quorum_id,key_id,algorithm" + strings.Repeat(",x", 100) + "\n" + csvRow)
	if err != nil || len(r.Warnings) != maxTableWarnings {
		t.Errorf("many unknown columns: %v", err)
	}
}

// TestWalletForms: a list of wallets is read in the forms of a record, and lacks
// only what it has a column for.
func TestWalletForms(t *testing.T) {
	tier.Long(t)
	for name, text := range map[string]string{
		"blanks":      "quorum_id\n" + quorumA + " \n" + quorumB + "\u00a0\n",
		"UTF-16":      inUTF16("quorum_id\r\n"+quorumA+"\r\n"+quorumB+"\r\n", false),
		"a title":     "sep=;\nWallets;\nQuorum ID;\n{" + strings.ToUpper(quorumA) + "};\n;;\n" + quorumB + ";\n",
		"IDs alone":   quorumA + "\r\n\r\n{" + quorumB + "}\n",
		"CR":          "Quorum\r" + quorumA + "\r" + quorumB,
		"gzip":        gzipped(t, []byte("quorum_id\n"+quorumA+"\n"+quorumB+"\n")),
		"UTF-16 JSON": inUTF16(`[{"quorumId":"`+quorumA+`"},{"quorumId":"`+quorumB+`"}]`, true),
	} {
		w, err := ParseWallets([]byte(text))
		if err != nil || len(w.List) != 2 || w.List[0].QuorumID != id(quorumA) || w.List[1].QuorumID != id(quorumB) {
			t.Errorf("%s: %v, %v", name, w, err)
			continue
		}
		if len(w.Unread) > 0 {
			t.Errorf("%s: %+v, not read %q", name, w.List[0], w.Unread)
		}
		if w.MissingText() != "" && name != "UTF-16 JSON" {
			t.Errorf("%s: missing %q", name, w.MissingText())
		}
	}
	w, err := ParseWallets([]byte("quorum_id,name\n" + quorumA[1:] + ",a\n" + quorumB + ",b\n,c\n"))
	if err != nil || w.MissingText() != "quorum_id in 2 of 3" || len(w.Faults.List) != 1 || !strings.HasPrefix(w.Faults.Error(), `line 2, column 1: quorum_id: "`+quorumA[1:]+`" is not a UUID`) {
		t.Errorf("%v, %v, %v", w, w.Faults, err)
	}
	if _, err := ParseWallets([]byte(gzipped(t, make([]byte, MaxWalletsSize+1)))); err == nil || !strings.HasPrefix(err.Error(), "what is packed in it is larger") {
		t.Errorf("a gzip bomb: %v", err)
	}
}

// FuzzTable: the separator and what a spreadsheet puts around a table do not
// change what is read, and no row gets lost without a fault.
func FuzzTable(f *testing.F) {
	f.Add("treasury", "note", byte(0), byte(0))
	f.Add("a \"b\"", "two\nlines", byte(1), byte(7))
	f.Add("'", "\u00a0;|,\t", byte(2), byte(3))
	f.Fuzz(func(t *testing.T, name, note string, separator, form byte) {
		sep := string(separators[int(separator)%len(separators)])
		cell := func(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
		row := func(cells ...string) string { return strings.Join(cells, sep) + "\n" }
		text := row("Quorum ID", "KEY_ID", "algorithm", "name", "note") +
			row(quorumA, keyA, "SECP256K1", cell(name), cell(note)) + row(quorumB, keyB, "ED25519", cell(note), cell(name))
		if form&1 != 0 {
			text = "sep=" + sep + "\r\n" + text
		}
		if form&2 != 0 {
			text = "\ufeff" + text + sep + sep + "\n"
		}
		r, err := open(text)
		var fault *Error
		if err != nil {
			if !errors.As(err, &fault) {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		if r.Len() != 2 {
			t.Fatalf("%q: %d entries", text, r.Len())
		}
		if got := entries(t, text); got[0].KeyID != id(keyA) || got[1].QuorumID != id(quorumB) || got[0].Name != got[1].Note {
			t.Fatalf("%q: %+v", text, got)
		}
	})
}
