package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"filippo.io/age"

	"recover/internal/checksums"
	"recover/internal/plaintext"
	"recover/internal/secret"
	"recover/internal/terminal"
	"recover/pkg/custody"
	"recover/pkg/report"
	"recover/pkg/rsadecrypt"
	"recover/pkg/shard"
)

const inspectUsage = `
recover inspect FILE…

Says what each file is, and whether it is valid: a recovery key, private or
public; a share of one; a shard; a record; a report or journal of a rebuild;
the transcript of a ceremony; a sealed file; a program, or the directory of a
release. It asks for no secret unless --open is given.

Options:
    --open                     open sealed recovery keys: ask for the
                               passphrase
    --old-sealed-key           a file without any mark is a key that the
                               vendor's tool sealed in its older form
    --identity FILE            the age identity to open them with
    --passphrase-fd N          read passphrases from descriptor N
    --share FILE, --collect-shares
                               the shares that open a sealed recovery key
    --record FILE              look the IDs of shards up here, to prove them
                               whole; compare reports with it
    --head HEX                 the SHA-256 of the last line of a transcript, as
                               the witness wrote it down
    --signers FILE             whose the SSH keys are that signed transcripts
                               (allowed_signers, as ssh-keygen has it)
    --quorum-id UUID           the IDs of a shard, if there is no record
    --key-id UUID
    --json                     NDJSON: an object for each file
`

// What is found of a file's content. Scripts read the words, and the name of their
// field: they stay, although people read "valid" for isSound.
const (
	isSound    = "sound"
	isDamaged  = "damaged"
	notChecked = "not checked" // that takes a secret, or IDs
)

// fileResult is what inspect says of one file.
type fileResult struct {
	Type   string     `json:"type"` // "file"
	Path   string     `json:"path"`
	Kind   string     `json:"kind"`
	Sound  string     `json:"sound"`
	Detail string     `json:"detail,omitempty"`
	Facts  []fileFact `json:"facts,omitempty"`

	Keys     []*report.Key `json:"keys,omitempty"`      // of a report: the first that are not ok, or have a warning
	MoreKeys int           `json:"more_keys,omitempty"` // how many more there are

	hint string
	bad  bool // something is wrong, with the file or with the opening of it
}

type fileFact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// verdict is what people read for Sound.
func (r *fileResult) verdict() string {
	if r.Sound == isSound {
		return "valid"
	}
	return r.Sound
}

func (r *fileResult) fact(name, format string, args ...any) {
	r.Facts = append(r.Facts, fileFact{name, fmt.Sprintf(format, args...)})
}

// damaged sets what is wrong with the file.
func (r *fileResult) damaged(err error, role role) {
	r.unknown(err, role)
	r.Sound = isDamaged
}

// parsed returns what was read of a file, parsed; where that cannot be done, it is
// damaged: as any file where it cannot be read, and else in its role.
func parsed[T any](r *fileResult, data []byte, err error, as role, parse func([]byte) (T, error)) (v T, ok bool) {
	if err != nil {
		r.damaged(err, asAny)
		return v, false
	}
	if v, err = parse(data); err != nil {
		r.damaged(err, as)
	}
	return v, err == nil
}

// unknown sets why it cannot be said whether the file is valid.
func (r *fileResult) unknown(err error, role role) {
	f := &fileError{r.Path, role, err}
	_ = errors.As(err, &f) // of the same file, and in a role that is known better
	r.bad, r.Detail = true, f.problem()
	if r.hint = hint(err); r.hint == "" {
		r.hint = hint(f)
	}
	if strings.Contains(r.hint, "recover inspect FILE") { // which is what runs here
		r.hint = ""
	}
}

// inspector is one run of the verb.
type inspector struct {
	ctx  context.Context
	term *terminal.Terminal
	selectionFlags
	keyFlags
	open  bool
	json  bool
	ask   *secretPrompter
	opens []age.Identity
	sel   *selection // with --record: the record only
	ids   *shard.IDs // with --quorum-id and --key-id

	head        *custody.Digest // that a transcript has to end with
	signers     custody.Signers
	transcripts []*readTranscript // that are right
	piped       []byte            // what came out of a pipe
}

// runInspect is the verb: say what any file of this world is.
func runInspect(p *program, args []string) error {
	in := &inspector{ctx: p.ctx, term: p.term}
	files, err := in.parse(p, args)
	if err != nil {
		return err
	}
	if in.sel != nil {
		defer in.sel.Close()
	}
	bad := 0
	for _, path := range files {
		r := in.file(path)
		if in.ctx.Err() != nil {
			return terminal.ErrInterrupted // and what was not read to its end is not damaged
		}
		if r.bad {
			bad++
		}
		if err := in.show(r); err != nil {
			return err
		}
	}
	if r := in.compareTranscripts(); r != nil {
		if r.bad {
			bad++
		}
		if err := in.show(r); err != nil {
			return err
		}
	}
	switch {
	case bad == 0:
		return nil
	case bad < len(files):
		return &incompleteError{fmt.Sprintf("something is wrong with %d of %d files", bad, len(files)), hintEachFile, exitSome}
	case bad == 1:
		return &incompleteError{"something is wrong with the file", hintEachFile, exitFailed}
	}
	return &incompleteError{fmt.Sprintf("something is wrong with all %d files", bad), hintEachFile, exitFailed}
}

const hintEachFile = "what is said of the file tells why, and what to do next"

func (in *inspector) parse(p *program, args []string) ([]string, error) {
	fs := newFlags("inspect")
	fs.BoolVar(&in.open, "open", false, "")
	fs.BoolVar(&in.oldSealedKey, "old-sealed-key", false, "")
	fs.StringArrayVar(&in.identities, "identity", nil, "")
	in.registerPassphrase(fs)
	fs.StringArrayVar(&in.shares.shares, "share", nil, "")
	in.shares.registerCollect(fs)
	fs.StringVar(&in.record, "record", "", "")
	fs.StringVar(&in.quorumID, "quorum-id", "", "")
	fs.StringVar(&in.keyID, "key-id", "", "")
	fs.BoolVar(&in.json, "json", false, "")
	head, signers := fs.String("head", "", ""), fs.String("signers", "", "")
	if err := parseFlags(fs, args, maxInspected); err != nil {
		return nil, err
	}
	if *head != "" && fs.NArg() != 1 {
		return nil, &usageError{"--head is given for several files", "give the one transcript that it belongs to"}
	}
	var err error
	if in.head, err = parseDigestFlag("head", *head); err != nil {
		return nil, err
	}
	if in.signers, err = readSigners(*signers); err != nil {
		return nil, err
	}
	if fs.NArg() == 0 {
		return nil, &usageError{"no file is given", "recover inspect FILE…"}
	}
	if !in.open && (len(in.identities) > 0 || in.passphraseFD != "") {
		return nil, &usageError{"--identity and --passphrase-fd are for --open", "add --open to have sealed files opened"}
	}
	if !in.open && (len(in.shares.shares) > 0 || in.shares.atTerminal) {
		return nil, &usageError{"--share and --collect-shares are for --open", "add --open to have sealed recovery keys opened"}
	}
	if err := in.openIDs(); err != nil {
		return nil, err
	}
	if in.ask, err = newPrompter(p, in.passphraseFlags); err != nil {
		return nil, err
	}
	in.opens, err = readIdentities(in.ask, in.identities)
	return fs.Args(), err
}

// maxInspected is how many files one run takes.
const maxInspected = 100000

func (in *inspector) openIDs() error {
	if in.record != "" {
		if in.quorumID != "" || in.keyID != "" {
			return &usageError{"--record and the IDs of a single key are both given", "give one or the other"}
		}
		in.sel = &selection{ctx: in.ctx}
		return in.sel.openRecord(in.record)
	}
	if in.quorumID == "" && in.keyID == "" {
		return nil
	}
	if err := required("inspect", [2]string{"quorum-id", in.quorumID}, [2]string{"key-id", in.keyID}); err != nil {
		return err
	}
	ids, err := in.selectionFlags.ids()
	in.ids = &ids
	return err
}

func (in *inspector) show(r *fileResult) error {
	if in.json {
		return in.term.JSON(r)
	}
	var l listing
	l.add("%s: %s, %s", r.Path, r.Kind, r.verdict())
	if r.Detail != "" {
		l.add("    %s", r.Detail)
	}
	for _, f := range r.Facts {
		if sum, err := custody.ParseDigest(f.Value); err == nil && strings.HasPrefix(f.Name, "SHA-256") { // to be compared by eye
			l.add("    %s:", f.Name)
			l = append(l, indented(inGroups(sum))...)
			continue
		}
		if key, err := rsadecrypt.ParseFingerprint(f.Value); err == nil { // as everywhere else
			f.Value = key.String()
		}
		l.add("    %s: %s", f.Name, f.Value)
	}
	l = append(l, r.openKeyLines()...)
	if r.hint != "" {
		l.add("    next: %s", r.hint)
	}
	return printLines(in.term, l)
}

// file finds out from the content what a file is, and looks whether it is
// valid.
func (in *inspector) file(path string) *fileResult {
	r := &fileResult{Type: "file", Path: path, Kind: "unknown file", Sound: notChecked}
	if list, ok := listInside(path); ok {
		in.inspectRelease(r, list)
		return r
	}
	head, size, err := in.readHead(path)
	defer secret.Wipe(head) // it may be of a key, or of a share
	defer secret.Wipe(in.piped)
	if err != nil {
		r.unknown(err, asAny)
		return r
	}
	kind := plaintext.Identify(head)
	switch {
	case isProgram(head):
		in.inspectProgram(r)
	case checksums.Looks(head):
		in.inspectChecksums(r)
	case kind == plaintext.ShareSVG || kind == plaintext.QuorumSVG || kind == plaintext.SetReadMe || kind == plaintext.DotNetXML || kind == plaintext.HTML:
		r.foreign(kind)
	case isRecord(head):
		in.inspectRecord(r)
	case report.IsDrill(head):
		in.inspectDrill(r)
	case isReport(head):
		in.inspectReport(r)
	case isShard(head):
		in.inspectShard(r)
	case isTranscript(head):
		in.inspectTranscript(r)
	case isTranscriptText(head):
		in.inspectTranscriptText(r)
	case isConfirmation(head):
		in.inspectConfirmations(r)
	case isQuorumIDs(head):
		in.inspectQuorumIDs(r)
	case custody.LooksLikeShare(head):
		in.inspectShare(r)
	case isRebuilt(head):
		r.Kind, r.Detail = "rebuilt wallet keys, NOT SEALED", "whoever has this file has the keys: seal it, and destroy it when it has served"
	case isIdentity(head):
		r.Kind, r.Detail = "age identity file: a secret", "it opens what is sealed to it; keep it as you keep a key"
	case size > rsadecrypt.MaxFileSize && isAge(head):
		r.Kind, r.Detail = "sealed file (age)", "what is in it shows when it is opened: age -d -i IDENTITY"
	default:
		in.inspectKey(r, kind)
	}
	return r
}

// foreign says that a file is of another program, or of this one for people.
func (r *fileResult) foreign(kind plaintext.Kind) {
	r.Kind = string(kind)
	r.hint = foreignHint(&fileError{path: r.Path, role: asAny}, kind)
	r.bad = kind != plaintext.ShareSVG && kind != plaintext.QuorumSVG && kind != plaintext.SetReadMe
}
