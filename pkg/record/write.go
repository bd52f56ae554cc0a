package record

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"io"
	"iter"
	"slices"
	"strings"

	"recover/internal/group"
)

// WriteJSON writes a record as JSON, each key in a line of its own. Fields that
// are empty are left out. It writes what it is given: that this is a valid
// record, with no key ID twice, shows when it is opened.
func WriteJSON(w io.Writer, environment string, keys []RecoveryKey, entries iter.Seq[Entry]) error {
	return writeJSON(w, environment, keys, nil, entries)
}

// WriteJSON writes all of the contents, as the function of that name does.
func (c *Contents) WriteJSON(w io.Writer) error {
	return writeJSON(w, c.Environment, c.RecoveryKeys, c.Events, slices.Values(c.Entries))
}

func writeJSON(w io.Writer, environment string, keys []RecoveryKey, events []Event, entries iter.Seq[Entry]) error {
	b := bufio.NewWriter(w) // keeps its first error until Flush
	put := func(s string) { _, _ = b.WriteString(s) }
	put("{ " + member("format", formatName))
	if environment != "" {
		put(",\n  " + member("environment", environment))
	}
	if len(keys) > 0 {
		put(",\n  \"recovery_keys\": [")
		putList(put, slices.Values(keys), RecoveryKey.json)
		put(" ]")
	}
	if len(events) > 0 {
		put(",\n  \"events\": [")
		putList(put, slices.Values(events), Event.json)
		put(" ]")
	}
	put(",\n  \"keys\": [")
	putList(put, entries, Entry.json)
	put(" ] }\n")
	return b.Flush()
}

func putList[T any](put func(string), items iter.Seq[T], text func(T) string) {
	between := "\n    "
	for item := range items {
		put(between + text(item))
		between = ",\n    "
	}
}

func (k RecoveryKey) json() string {
	return object(
		member("sha256", hex.EncodeToString(k.SHA256[:])),
		member("custody", k.Custody),
		member("set", k.setText()),
		member("note", k.Note))
}

// setText is the set ID in 16 upper-case hex digits, or empty.
func (k RecoveryKey) setText() string {
	if k.Set == [8]byte{} {
		return ""
	}
	return strings.ToUpper(hex.EncodeToString(k.Set[:]))
}

func (e Entry) json() string {
	var previous []string
	for _, id := range e.PreviousQuorumIDs {
		previous = append(previous, id.String())
	}
	return object(
		member(fieldNames[fieldQuorumID], e.QuorumID.String()),
		member(fieldNames[fieldKeyID], e.KeyID.String()),
		member(fieldNames[fieldAlgorithm], e.Algorithm.Algorithm()),
		member(fieldNames[fieldName], e.Name),
		member(fieldNames[fieldPublicKey], publicKeyText(e.PublicKey)),
		member(fieldNames[fieldAddress], e.Address),
		member(fieldNames[fieldBlockchain], e.Blockchain),
		member(fieldNames[fieldNote], e.Note),
		member(fieldNames[fieldAnchor], string(e.Recorded)),
		member(fieldNames[fieldMasterPublicKey], publicKeyText(e.MasterPublicKey)),
		member(fieldNames[fieldPreviousQuorumIDs], previous))
}

func publicKeyText(p group.Point) string {
	if p == nil {
		return ""
	}
	return hex.EncodeToString(p.Bytes())
}

func object(members ...string) string {
	there := slices.DeleteFunc(members, func(m string) bool { return m == "" })
	return "{ " + strings.Join(there, ", ") + " }"
}

// member returns a name and a value that is not empty, else an empty string.
func member[T string | []string](name string, value T) string {
	if len(value) == 0 {
		return ""
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(err) // strings can always be encoded
	}
	return `"` + name + `": ` + strings.TrimSuffix(text.String(), "\n")
}
