package owner

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"recover/internal/plaintext"
	"recover/internal/secret"
	"recover/pkg/custody"
	"recover/pkg/record"
	"recover/pkg/report"
	"recover/pkg/rsadecrypt"
)

// file recognises one file. The error is of the system.
func (r *reader) file(name string) error {
	f, err := r.open(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	head := make([]byte, plaintext.HeadSize)
	defer secret.Wipe(head)
	n, err := io.ReadFull(f, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return err
	}
	head = head[:n]
	whole := io.MultiReader(bytes.NewReader(head), f)
	switch kind := plaintext.Identify(head); {
	case report.IsDrill(head):
		return r.drill(name, whole)
	case bytes.HasPrefix(head, []byte(`{"type":"confirmation"`)):
		return r.confirmed(name, whole)
	case kind == plaintext.Report:
		return r.rebuild(name, whole)
	case kind == plaintext.Transcript:
		return r.transcript(name, whole)
	case kind == plaintext.AgeFile:
		return r.ageFile(name, whole)
	case kind == plaintext.SharePage, kind == plaintext.ShareSVG, kind == plaintext.AgeIdentity, kind == plaintext.RebuiltKeys:
		r.secret(name, string(kind))
	case kind == plaintext.Unknown && custody.LooksLikeShare(head):
		r.secret(name, string(plaintext.SharePage))
	case kind == plaintext.SSHPublicKey, kind == plaintext.Shard, kind == plaintext.Record:
		r.list(name, string(kind))
	case kind == plaintext.Unknown, kind == plaintext.PublicKey, kind == plaintext.PrivateKey:
		return r.key(name, whole, kind)
	default:
		r.list(name, string(kind))
	}
	return nil
}

// readAll reads at most max bytes; ok is false if there are more.
func readAll(f io.Reader, max int64) (data []byte, ok bool, err error) {
	data, err = io.ReadAll(io.LimitReader(f, max+1))
	return data, int64(len(data)) <= max, err
}

var ceremonyText = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}Z  [a-z]+ begins, with `)

// key takes public keys of the kit.
func (r *reader) key(name string, f io.Reader, kind plaintext.Kind) error {
	data, ok, err := readAll(f, rsadecrypt.MaxFileSize)
	if err != nil {
		return err
	}
	defer secret.Wipe(data)
	unknown := "not recognised"
	switch {
	case kind != plaintext.Unknown:
		unknown = string(kind)
	case ceremonyText.Match(data):
		unknown = "the text of a ceremony, for people"
	case bytes.HasPrefix(data, []byte("-----BEGIN SSH SIGNATURE-----")):
		unknown = "a signature"
	case record.IsTable(data[:min(len(data), plaintext.HeadSize)]):
		unknown = string(plaintext.Record)
	}
	if !ok || unknown != "not recognised" && kind == plaintext.Unknown {
		r.list(name, unknown)
		return nil
	}
	file, err := rsadecrypt.Identify(data)
	if err != nil {
		r.list(name, unknown)
		return nil
	}
	defer file.Wipe()
	switch public, err := file.PublicKey(); {
	case file.NeedsPassphrase(), file.NeedsIdentity():
		r.list(name, "a private key, sealed")
	case file.Private():
		r.secret(name, "a private key, not sealed")
	case err != nil:
		r.list(name, unknown)
	default:
		r.PublicKeys = append(r.PublicKeys, PublicKey{name, rsadecrypt.FingerprintOf(public)})
	}
	return nil
}

// ageFile takes the sealed keys of sets.
func (r *reader) ageFile(name string, f io.Reader) error {
	data, ok, err := readAll(f, rsadecrypt.MaxFileSize)
	if err != nil {
		return err
	}
	sealed, err := custody.ParseSealedKey(data)
	switch {
	case !ok, errors.Is(err, custody.ErrNotSealedKey):
		r.list(name, "a sealed file (age)")
	case err != nil:
		r.bad(name, "%v", err)
	default:
		r.addSet(name, &set{
			id: sealed.ID, key: sealed.Key, created: sealed.Created, replaces: sealed.Replaces, expected: sealed.Expect(),
		})
	}
	return nil
}

// transcript takes what a ceremony wrote.
func (r *reader) transcript(name string, f io.Reader) error {
	data, ok, err := readAll(f, custody.MaxTranscript)
	if err != nil {
		return err
	}
	if !ok {
		r.bad(name, "larger than any transcript")
		return nil
	}
	events, head, err := custody.ReadTranscript(bytes.NewReader(data))
	if err == nil {
		err = custody.CheckCeremony(events)
	}
	if errors.Is(err, custody.ErrUnended) && len(events) > 0 {
		r.list(name, "a transcript of a ceremony that was broken off")
		return nil
	}
	if err != nil {
		r.bad(name, "%v", err)
		return nil
	}
	if problem := r.wrongSignature(name, data); problem != "" {
		r.bad(name, "%s", problem)
		return nil
	}
	if problem := r.wrongText(name+".txt", events, head); problem != "" {
		r.bad(name+".txt", "%s", problem)
	}
	c := newCeremony(name, events)
	r.ceremonies = append(r.ceremonies, c)
	if made, ok := custody.NewCeremony(events); ok && made.Outcome == custody.Done {
		if x, ok := made.Expect(head); ok {
			r.addSet(name, &set{id: made.Set, key: rsadecrypt.Fingerprint(made.Key), created: c.ended, replaces: made.Replaces, expected: x})
		}
	}
	return nil
}

// wrongText compares the text of a transcript, if it lies next to it.
func (r *reader) wrongText(name string, events []custody.Event, head custody.Digest) (problem string) {
	f, err := r.open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	if err != nil {
		return reasonOf(err)
	}
	defer func() { _ = f.Close() }()
	text, ok, err := readAll(f, custody.MaxTranscript)
	switch {
	case err != nil:
		return reasonOf(err)
	case !ok:
		return "larger than any text of a transcript"
	}
	if err := custody.CheckText(text, events, head); err != nil {
		return err.Error()
	}
	return ""
}

func (r *reader) confirmed(name string, f io.Reader) error {
	data, ok, err := readAll(f, custody.MaxConfirmations)
	if err != nil {
		return err
	}
	all, err := custody.ParseConfirmations(data)
	if err != nil || !ok {
		r.bad(name, "%v", custody.ErrConfirmation)
		return nil
	}
	if problem := r.wrongSignature(name, data); problem != "" {
		r.bad(name, "%s", problem)
		return nil
	}
	for _, c := range all {
		r.confirmations = append(r.confirmations, &confirmation{name, c})
	}
	return nil
}

// wrongSignature verifies the signatures that lie next to a file.
func (r *reader) wrongSignature(name string, data []byte) (problem string) {
	for _, sig := range r.signatures[path.Dir(name)] {
		if rest, ok := strings.CutPrefix(sig, name+"."); !ok || rest != "sig" && !strings.HasSuffix(rest, ".sig") {
			continue
		}
		f, err := r.open(sig)
		if err != nil {
			return "its signature " + sig + " cannot be read"
		}
		signature, _, err := readAll(f, custody.MaxSignature)
		_ = f.Close()
		if err != nil {
			return "its signature " + sig + " cannot be read"
		}
		if _, err := custody.VerifySignature(data, signature, custody.SignatureNamespace); err != nil {
			return fmt.Sprintf("its signature %s: %v", sig, err)
		}
	}
	return ""
}
