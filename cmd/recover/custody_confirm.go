package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"recover/internal/output"
	"recover/pkg/custody"
	"recover/pkg/record"
)

// confirmFlags are the flags of custody confirm.
type confirmFlags struct {
	transcript, head, sealedKey string
	signers                     string
	record, recordOut           string
	json                        bool
	files                       []string
}

func (f *confirmFlags) parse(args []string) error {
	fs := newFlags("custody confirm")
	fs.StringVar(&f.transcript, "transcript", "", "")
	fs.StringVar(&f.head, "head", "", "")
	fs.StringVar(&f.sealedKey, "sealed-key", "", "")
	fs.StringVar(&f.signers, "signers", "", "")
	fs.StringVar(&f.record, "record", "", "")
	fs.StringVar(&f.recordOut, "record-out", "", "")
	fs.BoolVar(&f.json, "json", false, "")
	if err := parseFlags(fs, args, custody.MaxShares); err != nil {
		return err
	}
	f.files = fs.Args()
	switch {
	case (f.transcript == "") == (f.sealedKey == ""):
		return &usageError{"what the holders have to confirm is not given", "give the transcript of the ceremony with --transcript, or your copy of the sealed key with --sealed-key"}
	case len(f.files) == 0:
		return &usageError{"no confirmation is given", "name the files that the holders made with: recover custody check SHARE --confirmation FILE"}
	case (f.record == "") != (f.recordOut == ""):
		return &usageError{"--record and --record-out go together", "name the record, and a new file for the record that names this set"}
	}
	return checkNewFile(f.recordOut)
}

// confirmedHolder is what is known of one holder.
type confirmedHolder struct {
	Type      string          `json:"type"` // "holder"
	Share     int             `json:"share"`
	Holder    string          `json:"holder"`
	Confirmed string          `json:"confirmed,omitempty"` // RFC 3339; empty: not
	Against   custody.Against `json:"against,omitempty"`
	SignedBy  string          `json:"signed_by,omitempty"` // the key; with --signers also whose it is
	Path      string          `json:"path,omitempty"`
}

// confirmSummary counts them.
type confirmSummary struct {
	Type      string        `json:"type"` // "summary"
	Set       custody.SetID `json:"set"`
	Replaces  custody.SetID `json:"replaces,omitzero"`
	Holders   int           `json:"holders"`
	Confirmed int           `json:"confirmed"`
	Signed    int           `json:"signed"`
}

// expectedSet is the set that is to be confirmed.
type expectedSet struct {
	*custody.Expected
	key      [32]byte // fingerprint of the recovery key
	replaces custody.SetID
	k        int // threshold
}

// custodyConfirm collects what the holders' checks left, and says whether every
// holder has confirmed.
func custodyConfirm(p *program, args []string) error {
	var f confirmFlags
	if err := f.parse(args); err != nil {
		return err
	}
	x, err := f.expected(p.ctx)
	if err != nil {
		return err
	}
	signers, err := readSigners(f.signers)
	if err != nil {
		return err
	}
	var contents *record.Contents
	if f.record != "" {
		if contents, err = readContents(p.ctx, p.term, f.record); err != nil {
			return err
		}
	}
	holders, err := f.collect(x, signers)
	if err != nil {
		return err
	}
	sum := confirmSummary{Type: "summary", Set: x.Set, Replaces: x.replaces, Holders: len(holders)}
	for _, h := range holders {
		if h.Confirmed != "" {
			sum.Confirmed++
		}
		if h.SignedBy != "" {
			sum.Signed++
		}
	}
	if err := f.show(p, x, holders, &sum); err != nil {
		return err
	}
	if n := sum.Holders - sum.Confirmed; n > 0 {
		return &incompleteError{fmt.Sprintf("%d of %d holders %s not confirmed: the original may not be destroyed yet", n, sum.Holders, plural(n, "has", "have")),
			"ask them to run: recover custody check SHARE --confirmation FILE, with --transcript or --set and --sha256", exitSome}
	}
	if contents != nil {
		return f.writeSet(p, x, contents)
	}
	return nil
}

func (f *confirmFlags) expected(ctx context.Context) (*expectedSet, error) {
	if f.transcript == "" {
		sealed, err := readSealedKey(ctx, f.sealedKey)
		if err != nil {
			return nil, err
		}
		return &expectedSet{sealed.Expect(), sealed.Key, sealed.Replaces, sealed.Threshold}, nil
	}
	e := new(evidence)
	if err := e.readTranscript(f.transcript, f.head); err != nil {
		return nil, err
	}
	x, ok := e.ceremony.Expect(e.head)
	if !ok {
		return nil, &fileError{f.transcript, asAny, errNoOutcomes}
	}
	return &expectedSet{x, e.ceremony.Key, e.ceremony.Replaces, e.ceremony.Threshold}, nil
}

// collect reads the confirmations. One that is of something else, or whose
// signature is not right, is an error: somebody has checked another folder.
func (f *confirmFlags) collect(x *expectedSet, signers custody.Signers) ([]*confirmedHolder, error) {
	holders := make([]*confirmedHolder, len(x.Holders))
	for i, name := range x.Holders {
		holders[i] = &confirmedHolder{Type: "holder", Share: i + 1, Holder: name}
	}
	for _, path := range f.files {
		data, err := output.ReadFile(path, custody.MaxConfirmations)
		if err != nil {
			return nil, &fileError{path, asAny, err}
		}
		all, err := custody.ParseConfirmations(data)
		if err != nil {
			return nil, &fileError{path, asAny, err}
		}
		signed, err := signaturesOf(path, data, custody.SignatureNamespace, signers)
		if err != nil {
			return nil, err
		}
		for _, c := range all {
			if err := x.Check(c); err != nil {
				return nil, &fileError{path, asAny, err}
			}
			h := holders[c.Share-1]
			if at := c.Time.Format(time.RFC3339); at >= h.Confirmed {
				h.Confirmed, h.Against, h.Path = at, c.Against, path
			}
			for _, s := range signed {
				if s.name != "" && s.name != c.Holder {
					return nil, &fileError{s.path, asAny, fmt.Errorf("%w: it is %s's, and the confirmation %s's", errOtherSigner, s.name, c.Holder)}
				}
				h.SignedBy = s.text()
			}
		}
	}
	return holders, nil
}

func (f *confirmFlags) show(p *program, x *expectedSet, holders []*confirmedHolder, sum *confirmSummary) error {
	if f.json {
		for _, h := range holders {
			if err := p.term.JSON(h); err != nil {
				return err
			}
		}
		return p.term.JSON(sum)
	}
	lines := []string{fmt.Sprintf("set %s: %d of %d holders have confirmed", x.Set, sum.Confirmed, sum.Holders)}
	for _, h := range holders {
		text := "not confirmed"
		if h.Confirmed != "" {
			text = "confirmed " + h.Confirmed + ", compared with " + map[custody.Against]string{
				custody.AgainstTranscript: "the transcript", custody.AgainstNumbers: "set ID and SHA-256"}[h.Against]
		}
		lines = append(lines, fmt.Sprintf("    share %d (%s): %s", h.Share, h.Holder, text))
		if h.SignedBy != "" {
			lines = append(lines, "        signed with "+h.SignedBy)
		}
	}
	if sum.Signed < sum.Confirmed {
		lines = append(lines, "a confirmation without a signature is a claim: ask its holder, by a way you trust")
	}
	if sum.Confirmed == sum.Holders {
		lines = append(lines, "the original of the recovery key may be destroyed, and every copy of it")
		if x.replaces != (custody.SetID{}) {
			lines = append(lines, fmt.Sprintf("so may the shares and every sealed key of the old set %s", x.replaces))
		}
	}
	return printLines(p.term, lines)
}

// writeSet writes the record with this set as the present one of the recovery key.
func (f *confirmFlags) writeSet(p *program, x *expectedSet, c *record.Contents) error {
	i := slices.IndexFunc(c.RecoveryKeys, func(k record.RecoveryKey) bool { return k.SHA256 == x.key })
	if i < 0 {
		c.RecoveryKeys = append(c.RecoveryKeys, record.RecoveryKey{SHA256: x.key})
		i = len(c.RecoveryKeys) - 1
	}
	k := &c.RecoveryKeys[i]
	k.Set, k.Custody = x.Set, fmt.Sprintf("%d of %d custodians", x.k, len(x.Holders))
	return writeRecord(p.ctx, p.term, f.recordOut, c)
}
