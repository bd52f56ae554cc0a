package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"recover/internal/output"
	"recover/internal/uuid"
	"recover/pkg/record"
)

const recordUsage = `
recover record new   --shards DIR --from FILE --out FILE
recover record add   --record FILE --shards DIR --out FILE
recover record check --record FILE [--shards DIR]
recover record find  --record FILE --shards DIR [--out FILE]
recover record merge --record FILE --record FILE --out FILE

Makes and checks the offline record: the list of quorum IDs, key IDs and
algorithms without which no backup can be opened. No secret is needed.

new     makes a record from a download of the bucket. The quorum IDs are not in
        the bucket: they come from --quorum-id or --from, and which of them is a
        key's is found out from the backup itself
add     adds the keys of the bucket that are not in the record. A recorded key
        whose backup opens with another of the given quorum IDs is moved to that
        quorum; the old ID is kept as a previous one
check   looks for double, mixed and incomplete entries, and with --shards for
        those that no longer have a shard
find    for backups whose recorded IDs do not fit: tries all IDs that are known,
        and the likely slips of one who copied them by hand
merge   makes one record of two, unless they contradict each other

Options:
    --record FILE              a record, JSON or CSV (check, merge: repeatable)
    --shards PATH              the downloaded bucket (find: or one shard file)
    --out FILE                 the new record: a file that does not exist yet
    --quorum-id UUID           a quorum ID that is known (repeatable)
    --from FILE                a list of wallets: the JSON that the service's wallets
                               API gives, or CSV with a column quorum_id (repeatable)
    --key-id UUID              find: the key ID of one backup, however it is spelled;
                               --quorum-id then may be misspelled too
    --environment NAME         new: production or sandbox (default production)
    --recovery-public-key FILE new, add: a recovery key that shards may be for
                               (repeatable); without it, any (new), or those that
                               are recorded (add)
    --json                     NDJSON: an object for each key, then a summary
`

// recordFlags are the flags of the verb record.
type recordFlags struct {
	verb        string
	records     []string
	shards, out string
	quorumIDs   []string
	keyID       string
	from        []string
	environment string
	publicKeys  []string
	json        bool
}

// offlineRecord is the verb: make and check the offline record.
func (p *program) offlineRecord(args []string) error {
	actions := []struct {
		name, flags string
		run         func(*program, *recordFlags) error
	}{
		{"new", "shards out quorum-id from environment recovery-public-key", (*program).recordNew},
		{"add", "record shards out quorum-id from recovery-public-key", (*program).recordAdd},
		{"check", "record shards", (*program).recordCheck},
		{"find", "record shards out quorum-id key-id from", (*program).recordFind},
		{"merge", "record out", (*program).recordMerge},
	}
	if len(args) > 0 && (args[0] == "--help" || args[0] == "-h") {
		return pflag.ErrHelp
	}
	for _, a := range actions {
		if len(args) > 0 && args[0] == a.name {
			f := &recordFlags{verb: "record " + a.name}
			if err := f.parse(args[1:], a.flags); err != nil {
				return err
			}
			return a.run(p, f)
		}
	}
	return &usageError{"record: what to do is not said", "recover record new, add, check, find or merge; --help explains them"}
}

// parse takes the flags that the action has.
func (f *recordFlags) parse(args []string, names string) error {
	all := newFlags(f.verb)
	all.StringArrayVar(&f.records, "record", nil, "")
	all.StringVar(&f.shards, "shards", "", "")
	all.StringVar(&f.out, "out", "", "")
	all.StringArrayVar(&f.quorumIDs, "quorum-id", nil, "")
	all.StringVar(&f.keyID, "key-id", "", "")
	all.StringArrayVar(&f.from, "from", nil, "")
	all.StringVar(&f.environment, "environment", "production", "")
	all.StringArrayVar(&f.publicKeys, "recovery-public-key", nil, "")
	fs := newFlags(f.verb)
	fs.BoolVar(&f.json, "json", false, "")
	for _, name := range strings.Fields(names) {
		fs.AddFlag(all.Lookup(name))
	}
	if err := parseFlags(fs, args, 0); err != nil {
		return err
	}
	if f.out != "" {
		if err := output.CheckNewFile(f.out); err != nil {
			return &fileError{f.out, asOutput, err}
		}
	}
	return nil
}

// oneRecord returns the path of the record where one is wanted.
func (f *recordFlags) oneRecord() (string, error) {
	switch len(f.records) {
	case 0:
		return "", required(f.verb, [2]string{"record", ""})
	case 1:
		return f.records[0], nil
	}
	return "", &usageError{"--record is given more than once", "\"recover record merge\" makes one record of two"}
}

// known are IDs and wallets that are known beside the record.
type known struct {
	quorums []uuid.ID
	wallets []record.Wallet
}

func (k *known) addQuorum(id uuid.ID) {
	if !id.IsZero() && !slices.Contains(k.quorums, id) {
		k.quorums = append(k.quorums, id)
	}
}

// readKnown reads --from, and --quorum-id where it has to be right.
func (p *program) readKnown(f *recordFlags) (*known, error) {
	k := new(known)
	for _, text := range f.quorumIDs {
		id, err := uuid.Parse(text)
		if err != nil && f.keyID == "" {
			return nil, &usageError{"--quorum-id: " + err.Error(), "copy it again from the service's console, or from a list with --from"}
		}
		k.addQuorum(id)
	}
	for _, path := range f.from {
		w, err := readWallets(path)
		if err != nil {
			return nil, err
		}
		if missing := w.MissingText(); missing != "" {
			p.Note("%s: wallets without a usable field: %s", path, missing)
		}
		k.wallets = append(k.wallets, w.List...)
		for _, wallet := range w.List {
			k.addQuorum(wallet.QuorumID)
		}
	}
	return k, nil
}

var errWallets = errors.New("no list of wallets")

func readWallets(path string) (*record.Wallets, error) {
	data, err := output.ReadFile(path, record.MaxWalletsSize)
	if err != nil {
		return nil, &fileError{path, asAny, err}
	}
	w, err := record.ParseWallets(data)
	if err != nil {
		return nil, &fileError{path, asAny, fmt.Errorf("%w: %s", errWallets, err.Error())}
	}
	return w, nil
}

// readContents opens a record and reads it into memory.
func readContents(path string) (*record.Contents, error) {
	s := new(selection)
	defer s.Close()
	if err := s.openRecord(path); err != nil {
		return nil, err
	}
	c, err := s.record.Contents()
	if err != nil {
		return nil, &fileError{path, asRecord, err}
	}
	return c, nil
}

// writeRecord writes a new record, after it was read back.
func (p *program) writeRecord(path string, c *record.Contents) error {
	var text bytes.Buffer
	if err := record.WriteJSON(&text, c.Environment, c.RecoveryKeys, slices.Values(c.Entries)); err != nil {
		return err
	}
	if _, err := record.Open(bytes.NewReader(text.Bytes()), int64(text.Len())); err != nil {
		return fmt.Errorf("the record is not written: %w", err)
	}
	err := output.WriteNewFile(path, func(w io.Writer) error {
		_, err := w.Write(text.Bytes())
		return err
	})
	if err != nil {
		return &fileError{path, asOutput, err}
	}
	p.Note("%s has %d %s", path, len(c.Entries), plural(len(c.Entries), "key", "keys"))
	return nil
}

// recordMerge makes one record of two.
func (p *program) recordMerge(f *recordFlags) error {
	if len(f.records) != 2 {
		return &usageError{"record merge takes two records", "give --record twice"}
	}
	if err := required(f.verb, [2]string{"out", f.out}); err != nil {
		return err
	}
	first, err := readContents(f.records[0])
	if err != nil {
		return err
	}
	second, err := readContents(f.records[1])
	if err != nil {
		return err
	}
	merged, conflicts := record.Merge(first, second)
	for _, c := range conflicts {
		if err := p.conflict(f, c); err != nil {
			return err
		}
	}
	if n := len(conflicts); n > 0 {
		return &incompleteError{fmt.Sprintf("the two records contradict each other in %d %s", n, plural(n, "place", "places")),
			"find out which is right, correct the other in a copy, and merge again", exitFailed}
	}
	return p.writeRecord(f.out, merged)
}

func (p *program) conflict(f *recordFlags, c record.Conflict) error {
	if !f.json {
		return p.Print("conflict: %s", c)
	}
	return p.JSON(map[string]string{"type": "conflict", "key_id": c.KeyID.String(), "field": c.Field, "first": c.First, "second": c.Second})
}
