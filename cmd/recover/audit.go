package main

import (
	"fmt"
	"os"
	"time"

	"recover/internal/await"
	"recover/internal/terminal"
	"recover/internal/uuid"
	"recover/pkg/audit"
	"recover/pkg/audit/cloud"
	"recover/pkg/audit/owner"
	"recover/pkg/record"
	"recover/pkg/recovery"
	"recover/pkg/rsadecrypt"
)

const auditUsage = `
recover audit --record FILE --shards DIR --files DIR [--cloud DIR]

The annual review, with public data alone: each line is green, red, or not
known, and one that is not green says what to do next. What was not seen is
never green. The parts of the review for which nothing is given are named.

Options:
    --record FILE              the offline record. A second one, of the
                               sandbox, is compared with it: they must have
                               nothing in common
    --shards DIR               the downloaded bucket: is every key backed up,
                               for every recovery key, since its last reshare?
` + listingUsage + `    --files DIR                what else there is, each file recognised by its
                               content: reports of drills and rebuilds,
                               transcripts, confirmations of holders, sealed
                               recovery keys, public keys of the kit. It is
                               searched to any depth
    --recovery-public-key FILE a recovery key of the kit, as it is registered
                               with the service (repeatable)
    --max-age AGE              how old the newest backup may be: 30d, or 36h;
                               without it, a year
    --cloud DIR                the settings of the AWS account that the backups
                               are written to: the answers that
                               deploy/aws/collect.sh saved in DIR on a machine
                               that reaches AWS (repeatable, up to 8; of each
                               two it judges whether they are kept apart)
    --html FILE                the review as one page that needs no network: to
                               print and to sign
    --json                     NDJSON: an object for each line, then a summary

Exit status 0 means that every line is green, 3 that some are not.
`

// The most that is given.
const (
	maxClouds  = 8
	maxRecords = 8
)

// auditFlags are the flags of audit. Each part of the review adds its own, and a
// function that makes its sections.
type auditFlags struct {
	records       []string
	shards, files string
	listing       string
	publicKeys    []string
	maxAge        time.Duration
	clouds        []string
	html          string
	json          bool
}

func (f *auditFlags) parse(args []string) error {
	fs := newFlags("audit")
	fs.StringArrayVar(&f.records, "record", nil, "")
	fs.StringVar(&f.shards, "shards", "", "")
	fs.StringVar(&f.listing, "listing", "", "")
	fs.StringVar(&f.files, "files", "", "")
	fs.StringArrayVar(&f.publicKeys, "recovery-public-key", nil, "")
	maxAge := fs.String("max-age", "", "")
	fs.StringArrayVar(&f.clouds, "cloud", nil, "")
	fs.StringVar(&f.html, "html", "", "")
	fs.BoolVar(&f.json, "json", false, "")
	if err := parseFlags(fs, args, 0); err != nil {
		return err
	}
	needRecord := f.shards != "" || f.listing != "" || f.files != "" || len(f.publicKeys) > 0 || *maxAge != ""
	switch {
	case len(f.records) == 0 && (needRecord || len(f.clouds) == 0):
		return required("audit", [2]string{"record", ""})
	case f.listing != "" && f.shards == "":
		return required("audit", [2]string{"shards", ""})
	case len(f.records) > maxRecords:
		return &usageError{fmt.Sprintf("--record is given %d times", len(f.records)), fmt.Sprintf("at most %d records are compared: the first is reviewed", maxRecords)}
	case len(f.clouds) > maxClouds:
		return &usageError{fmt.Sprintf("--cloud is given %d times", len(f.clouds)), fmt.Sprintf("at most %d environments are compared", maxClouds)}
	}
	var err error
	if f.maxAge, err = parseAge(*maxAge); err != nil {
		return err
	}
	return checkNewFile(f.html)
}

// runAudit is the verb: the review, section by section.
func runAudit(p *program, args []string) error {
	var f auditFlags
	if err := f.parse(args); err != nil {
		return err
	}
	r := &review{flags: &f, begun: time.Now()}
	if len(f.records) > 0 {
		if err := r.owner(p); err != nil {
			return err
		}
	} else {
		r.missing = append(r.missing, owner.Missing{Section: "all but cloud", Give: "--record"})
	}
	sections, err := cloudSections(f.clouds)
	if err != nil {
		return err
	}
	if r.sections = append(r.sections, sections...); len(f.clouds) == 0 {
		r.missing = append(r.missing, owner.Missing{Section: "cloud", Give: "--cloud"})
	}
	verdict := showAudit(p, r)
	if err := r.writePage(); err != nil {
		return err
	}
	return verdict
}

// review is what was judged.
type review struct {
	flags    *auditFlags
	begun    time.Time
	record   *record.Record // the reviewed one; nil: none was given
	sections []audit.Section
	missing  []owner.Missing
	files    *owner.Files
}

// owner judges what the owner keeps.
func (r *review) owner(p *program) error {
	in := &owner.Input{Now: r.begun, MaxAge: r.flags.maxAge}
	s := &selection{ctx: p.ctx, recordPath: r.flags.records[0], shardsPath: r.flags.shards}
	defer s.Close()
	if err := s.openRecord(s.recordPath); err != nil {
		return err
	}
	r.record = s.record
	for _, path := range r.flags.records {
		c, err := readContents(p.ctx, p.term, path)
		if err != nil {
			return err
		}
		in.Records = append(in.Records, &owner.Record{Path: path, Contents: c})
	}
	for _, path := range r.flags.publicKeys {
		pub, err := readPublicKey(p.ctx, path)
		if err != nil {
			return err
		}
		in.Kit = append(in.Kit, owner.PublicKey{Path: path, Fingerprint: rsadecrypt.FingerprintOf(pub)})
	}
	if r.flags.shards != "" {
		if err := s.openDownload(s.shardsPath, s.hints(false)); err != nil {
			return err
		}
		if err := s.addListing(p.ctx, r.flags.listing); err != nil {
			return err
		}
	}
	p.run.inputs(s)
	if s.bucket != nil {
		var err error
		if in.Backups, err = lookAtBackups(p, s, r.flags.listing, in); err != nil {
			return err
		}
	}
	if r.flags.files != "" {
		root, err := os.OpenRoot(r.flags.files)
		if err == nil {
			defer func() { _ = root.Close() }()
			in.Files, err = owner.ReadFiles(p.ctx, root.FS(), r.flags.files, in.Records)
		}
		if p.ctx.Err() != nil {
			return terminal.ErrInterrupted
		}
		if err != nil {
			return &fileError{r.flags.files, asAny, err}
		}
		r.files = in.Files
	}
	var sections []audit.Section
	var missing []owner.Missing
	if await.Do(p.ctx, func() { sections, missing = owner.Judge(in) }) != nil {
		return terminal.ErrInterrupted
	}
	r.sections, r.missing = sections, missing
	return nil
}

// lookAtBackups proves the backups of all recorded keys.
func lookAtBackups(p *program, s *selection, listing string, in *owner.Input) (*owner.Backups, error) {
	b := &owner.Backups{Path: s.shardsPath, Keys: make(map[uuid.ID]*owner.Key)}
	if l := s.bucket.Listing; l != nil {
		b.Listing = &owner.Listing{Path: listing, Newest: l.Newest()}
	}
	expected := in.Expected()
	type looked struct {
		id  uuid.ID
		key *owner.Key
	}
	passedOver := func(path string, err error) {
		b.PassedOver++
		p.term.Warn((&fileError{path, asShards, err}).Error() + ": passed over")
	}
	for _, w := range s.bucket.Warnings() {
		passedOver(w.Path, w.Err)
	}
	look := func(e record.Entry) (*looked, error) {
		k, err := owner.Look(p.ctx, s.bucket, e, expected)
		if err != nil {
			return nil, errInterruptedRun
		}
		return &looked{e.KeyID, k}, nil
	}
	progress := p.term.Progress("keys checked", s.record.Len())
	defer progress.Done()
	for l, err := range inOrder(p.ctx, 0, s.record.Entries(), look) {
		if err == errInterruptedRun {
			return nil, terminal.ErrInterrupted
		}
		if err != nil {
			return nil, err
		}
		progress.Step(l.key.Err != nil)
		b.Keys[l.id] = l.key
	}
	for id := range recovery.Keys(s.bucket, passedOver) {
		if p.ctx.Err() != nil {
			return nil, terminal.ErrInterrupted
		}
		if _, recorded := b.Keys[id]; !recorded {
			b.Unrecorded = append(b.Unrecorded, id)
		}
	}
	return b, nil
}

// cloudSections judges the answers about each environment, and whether each two
// of them are kept apart.
func cloudSections(dirs []string) ([]audit.Section, error) {
	var sections []audit.Section
	var reviews []*cloud.Review
	for _, dir := range dirs {
		r, err := judgeCloud(dir)
		if err != nil {
			return nil, &fileError{dir, asAnswers, err}
		}
		reviews = append(reviews, r)
		sections = append(sections, audit.Section{Name: "cloud", Source: dir, Lines: r.Lines,
			Title: fmt.Sprintf("bucket %s, role %s, as of %s", r.Bucket, r.Role, r.Collected.UTC().Format("2006-01-02"))})
	}
	for i, r := range reviews {
		for j, other := range reviews[:i] {
			sections = append(sections, audit.Section{Name: "apart", Source: dirs[i], Lines: []audit.Line{cloud.Apart(other, r)},
				Title: fmt.Sprintf("%s and %s", dirs[j], dirs[i])})
		}
	}
	return sections, nil
}

func judgeCloud(dir string) (*cloud.Review, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }()
	return cloud.Judge(root.FS(), time.Now())
}
