package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"time"

	"recover/internal/output"
	"recover/pkg/custody"
	"recover/pkg/rsadecrypt"
)

// readTranscript is a transcript that is one whole ceremony.
type readTranscript struct {
	path   string
	events []custody.Event
}

// inspectTranscript checks the chain of a transcript, that it is one ceremony, and
// what lies next to it: the text for people, and signatures.
func (in *inspector) inspectTranscript(r *fileResult) {
	r.Kind = "transcript of a ceremony"
	data, err := output.ReadFile(r.Path, custody.MaxTranscript)
	if err != nil {
		r.damaged(err, asAny)
		return
	}
	events, head, err := custody.ReadTranscript(bytes.NewReader(data))
	for i, e := range events {
		r.fact(fmt.Sprintf("line %d", i+1), "%s", e)
	}
	if err == nil {
		err = custody.CheckCeremony(events)
	}
	if err != nil {
		r.damaged(err, asAny)
		return
	}
	for i, half := range inGroups(head) {
		r.fact([]string{"SHA-256 of the last line", "  and"}[i], "%s", strings.TrimSpace(half))
	}
	if in.head != nil && *in.head != head {
		r.damaged(errOtherHead, asAny)
		return
	}
	if !in.textOf(r, events, head) || !in.signed(r, data) {
		return
	}
	r.Sound, r.Detail = isSound, "one whole ceremony, each line continues the one before"
	if in.head != nil {
		r.Detail += ", and the last one is that which was written down: nobody changed it since"
	} else {
		r.Detail += "; that nobody wrote it anew, only the SHA-256 of the last line tells that the witness wrote down (--head), or a signature"
	}
	r.proved(events)
	in.transcripts = append(in.transcripts, &readTranscript{r.Path, events})
}

// textOf compares FILE.txt, if it is there, with the transcript.
func (in *inspector) textOf(r *fileResult, events []custody.Event, head custody.Digest) bool {
	path := r.Path + textSuffix
	text, err := output.ReadFile(path, custody.MaxTranscript)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true
	case err == nil:
		err = custody.CheckText(text, events, head)
	}
	if err != nil {
		r.damaged(&fileError{path, asAny, err}, asAny)
		r.Detail = "its text for people, " + path + ": " + r.Detail
		return false
	}
	r.fact("text for people", "%s says the same", path)
	return true
}

// signed verifies the signatures that lie next to a file.
func (in *inspector) signed(r *fileResult, data []byte) bool {
	all, err := signaturesOf(r.Path, data, custody.SignatureNamespace, in.signers)
	if err != nil {
		r.damaged(err, asAny)
		return false
	}
	for _, s := range all {
		r.fact("signed", "%s: with %s", s.path, s.text())
	}
	return true
}

// proved lists what the program says that it proved in a ceremony. It is the word
// of whoever wrote the transcript, which a chain does not change.
func (r *fileResult) proved(events []custody.Event) {
	var accepted, refused int
	for _, e := range events {
		switch e.Step {
		case custody.StepAccepted:
			accepted++
		case custody.StepRefused:
			refused++
		case custody.StepOpened:
			r.fact("says that it proved", "the recovery key %s was opened", rsadecrypt.Fingerprint(e.Key))
		case custody.StepVerified:
			r.fact("says that it proved", "subsets of the shares of set %s, read again, brought the key back: %d tried", e.Set, e.Tried)
		}
	}
	r.fact("says that it saw", "%d shares accepted, %d things refused; %s", accepted, refused, events[len(events)-1].Outcome)
}

var textBegin = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}Z  [a-z]+ begins, with `)

func isTranscriptText(head []byte) bool { return textBegin.Match(head) }

// inspectTranscriptText compares the text of a ceremony with its transcript,
// which has to lie next to it.
func (in *inspector) inspectTranscriptText(r *fileResult) {
	r.Kind = "text of a ceremony, for people"
	path, isNamed := strings.CutSuffix(r.Path, textSuffix)
	if _, err := os.Lstat(path); err != nil || !isNamed {
		r.Detail = "it proves nothing by itself: its transcript, a file of the same name without .txt, is not next to it"
		return
	}
	text, err := output.ReadFile(r.Path, custody.MaxTranscript)
	if err == nil {
		var events []custody.Event
		var head custody.Digest
		if events, head, err = readWholeTranscript(path); err == nil {
			err = custody.CheckText(text, events, head)
		}
	}
	if err != nil {
		r.damaged(err, asAny)
		return
	}
	r.Sound, r.Detail = isSound, "it says what "+path+" says, line by line"
}

func isConfirmation(head []byte) bool { return bytes.HasPrefix(head, []byte(`{"type":"confirmation"`)) }

// inspectConfirmations tells what holders confirmed.
func (in *inspector) inspectConfirmations(r *fileResult) {
	r.Kind = "confirmation of a holder"
	data, err := output.ReadFile(r.Path, custody.MaxConfirmations)
	all, ok := parsed(r, data, err, asAny, custody.ParseConfirmations)
	if !ok {
		return
	}
	for _, c := range all {
		r.fact("says", "%s, who holds share %d of set %s, compared it with the %s on %s", c.Holder, c.Share, c.Set,
			map[custody.Against]string{custody.AgainstTranscript: "transcript", custody.AgainstNumbers: "set ID and SHA-256"}[c.Against], c.Time.Format(time.DateTime))
	}
	if in.signed(r, data) {
		r.Detail = "a claim, as its file says; \"recover custody confirm\" compares it with the ceremony, and a signature tells who wrote it"
	}
}
