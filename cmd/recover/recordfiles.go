package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"recover/internal/await"
	"recover/internal/message"
	"recover/internal/terminal"
	"recover/internal/uuid"
	"recover/pkg/record"
)

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
	listing     string
	json        bool
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
	all.StringVar(&f.environment, "environment", "", "")
	all.StringVar(&f.listing, "listing", "", "")
	all.StringArrayVar(&f.publicKeys, "recovery-public-key", nil, "")
	fs := newFlags(f.verb)
	fs.BoolVar(&f.json, "json", false, "")
	for _, name := range strings.Fields(names) {
		fs.AddFlag(all.Lookup(name))
	}
	if err := parseFlags(fs, args, 0); err != nil {
		return err
	}
	return checkNewFile(f.out)
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
	quorums        []uuid.ID // each once
	isQuorum       map[uuid.ID]struct{}
	wallets        []record.Wallet
	serviceQuorums []record.Quorum
	kits           []record.Kit
	pages          record.Pages // of the lists of wallets
	lists          error        // that no list has a quorum ID; nil where none is given

	// What lies with shares.
	held   []heldQuorums
	copy   *recordCopy // nil: none
	copied *record.Contents
}

func (k *known) addQuorum(id uuid.ID) {
	if _, have := k.isQuorum[id]; have || id.IsZero() {
		return
	}
	if k.isQuorum == nil {
		k.isQuorum = make(map[uuid.ID]struct{})
	}
	k.isQuorum[id] = struct{}{}
	k.quorums = append(k.quorums, id)
}

// quotedEach quotes names that come from a file.
func quotedEach(names []string) (all []string) {
	for _, name := range names {
		all = append(all, message.Quote(name))
	}
	return all
}

// readKnown reads --from, and --quorum-id where it has to be right.
func readKnown(ctx context.Context, t *terminal.Terminal, f *recordFlags) (*known, error) {
	k := new(known)
	for _, text := range f.quorumIDs {
		id, err := uuid.ParseAny(text)
		if err != nil && f.keyID == "" {
			return nil, &usageError{"--quorum-id: " + err.Error(), "copy it again from the service's console, or from a list with --from"}
		}
		k.addQuorum(id)
	}
	for _, path := range f.from {
		if held, err := k.takeHeld(ctx, t, path); held || err != nil {
			if err != nil {
				return nil, err
			}
			continue
		}
		w, err := readWallets(ctx, path)
		if err != nil {
			return nil, err
		}
		if missing := w.MissingText(); missing != "" {
			t.Note("%s: wallets without a usable field: %s", path, missing)
		}
		if len(w.Unread) > 0 {
			t.Note("%s: columns that are not known, and were not read: %s", path, strings.Join(quotedEach(w.Unread), ", "))
		}
		for _, fault := range w.Faults.List[:min(len(w.Faults.List), maxListFaults)] {
			t.Warn(path + ": " + fault.Error())
		}
		k.serviceQuorums, k.kits = append(k.serviceQuorums, w.Quorums...), append(k.kits, w.Kits...)
		for _, q := range w.Quorums {
			k.addQuorum(q.ID)
		}
		if len(w.List) == 0 {
			continue
		}
		k.pages.Add(w.Pages)
		if k.lists == nil {
			k.lists = &fileError{path, asAny, fmt.Errorf("%w: none of the %d wallets in it has a usable quorum ID", errWallets, len(w.List))}
		}
		k.wallets = append(k.wallets, w.List...)
		for _, wallet := range w.List {
			k.addQuorum(wallet.QuorumID)
		}
	}
	k.warnOfPages(t)
	return k, nil
}

// warnOfPages says so where a list of wallets may have more than what was given.
func (k *known) warnOfPages(t *terminal.Terminal) {
	n := len(k.wallets)
	switch {
	case k.pages.Total > n:
		t.Warn(fmt.Sprintf("the service's list says that there are %d wallets, and %d were given: give its other pages too, with --from", k.pages.Total, n))
	case k.pages.IsIncomplete(n):
		t.Warn("the service's list says that another page follows: give its other pages too, with --from")
	case k.pages.IsDoubtful():
		t.Warn(fmt.Sprintf("every page of the service's list is full, so the %d wallets may not be all: ask for the next page, and give it too, with --from", n))
	}
}

// maxListFaults is how many faults of a list of wallets are shown.
const maxListFaults = 10

func readWallets(ctx context.Context, path string) (*record.Wallets, error) {
	var w *record.Wallets
	var err error
	if await.Do(ctx, func() { w, err = parseWallets(path) }) != nil {
		return nil, terminal.ErrInterrupted
	}
	return w, err
}

func parseWallets(path string) (*record.Wallets, error) {
	return parseFile(path, asAny, record.MaxWalletsSize, func(data []byte) (*record.Wallets, error) {
		w, err := record.ParseWallets(data)
		if err != nil {
			return nil, fmt.Errorf("%w: %s", errWallets, err.Error())
		}
		return w, nil
	})
}

// readContents opens a record and reads it into memory.
func readContents(ctx context.Context, t *terminal.Terminal, path string) (*record.Contents, error) {
	s := &selection{ctx: ctx}
	defer s.Close()
	c, err := s.contents(path)
	if err != nil {
		return nil, err
	}
	warnOfRecord(t, s.recordPath, c.Warnings)
	s.warnOfCopy(t)
	return c, nil
}

// warnOfRecord says what was not read of a record.
func warnOfRecord(t *terminal.Terminal, path string, warnings []string) {
	for _, w := range warnings {
		t.Warn(path + ": " + w)
	}
}

// writeRecord writes a new record, after it was read back.
func writeRecord(ctx context.Context, t *terminal.Terminal, path string, c *record.Contents) error {
	var text bytes.Buffer
	var err error
	stopped := await.Do(ctx, func() {
		if err = c.WriteJSON(&text); err == nil {
			_, err = record.Open(bytes.NewReader(text.Bytes()), int64(text.Len()))
		}
	})
	switch {
	case stopped != nil:
		return terminal.ErrInterrupted
	case err != nil:
		return fmt.Errorf("the record is not written: %w", err)
	}
	if err := writeNewData(path, text.Bytes()); err != nil {
		return err
	}
	t.Note("%s has %d %s", path, len(c.Entries), plural(len(c.Entries), "key", "keys"))
	return nil
}
