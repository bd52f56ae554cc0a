package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"recover/internal/output"
	"recover/internal/terminal"
	"recover/pkg/custody"
	"recover/pkg/report"
	"recover/pkg/rsadecrypt"
)

// ceremony keeps the transcript of what is done with shares: FILE, and for
// people FILE.txt. A nil ceremony keeps none.
type ceremony struct {
	term       *terminal.Terminal
	path       string
	transcript *custody.Transcript
	lines      *output.Journal
	text       *output.Journal
	err        error // the first one; nothing is recorded after it
	ended      bool
}

// textSuffix is put behind the name of a transcript.
const textSuffix = ".txt"

func checkTranscript(path string) error {
	if path == "" {
		return nil
	}
	for _, path := range []string{path, path + textSuffix} {
		if err := output.CheckNewFile(path); err != nil {
			return &fileError{path, asTranscript, err}
		}
	}
	return nil
}

// beginCeremony begins the transcript, if one is asked for. What was accepted of
// the machine stands in it.
func beginCeremony(term *terminal.Terminal, verb, path string, accepted []string) (*ceremony, error) {
	if path == "" {
		return nil, nil
	}
	c := &ceremony{term: term, path: path}
	var err error
	if c.lines, err = output.CreateJournal(path); err != nil {
		return nil, &fileError{path, asOutput, err}
	}
	if c.text, err = output.CreateJournal(path + textSuffix); err != nil {
		_ = c.lines.Close()
		return nil, &fileError{path + textSuffix, asOutput, err}
	}
	c.transcript = custody.NewTranscript(transcriptWriter{c}, time.Now)
	t := thisTool()
	begin := custody.Event{Step: custody.StepBegin, Verb: verb, Version: t.Version, File: "recover"}
	_ = begin.SHA256.UnmarshalText([]byte(t.SHA256)) // zero where it is not known
	c.record(begin)
	for _, item := range accepted {
		c.record(custody.Event{Step: custody.StepMachine, Item: item})
	}
	return c, c.failed()
}

// transcriptWriter takes a line of the transcript, writes it and what it says
// for people, and returns when both are on the disk.
type transcriptWriter struct{ *ceremony }

func (w transcriptWriter) Write(line []byte) (int, error) {
	line = bytes.TrimSuffix(line, []byte("\n"))
	var e custody.Event
	if err := json.Unmarshal(line, &e); err != nil {
		return 0, err
	}
	err := errors.Join(w.lines.Append(line), w.text.Append([]byte(e.String())), w.lines.Sync(), w.text.Sync())
	return len(line) + 1, err
}

// record adds an event.
func (c *ceremony) record(e custody.Event) {
	if c != nil && c.err == nil {
		c.err = c.transcript.Record(e)
	}
}

// refused records why a share, or what was taken for one, was not taken, and
// where it came from.
func (c *ceremony) refused(err error, from custody.Source) {
	if !endsAsking(err) {
		e := custody.Refused(err)
		e.Source = from
		c.record(e)
	}
}

// endsAsking tells what leaves nobody to ask from what is wrong with an answer.
func endsAsking(err error) bool {
	return errors.Is(err, terminal.ErrInterrupted) || errors.Is(err, terminal.ErrNoTerminal) || errors.Is(err, terminal.ErrNoMoreLines)
}

// set records which set of shares a sealed key is for.
func (c *ceremony) set(step custody.Step, d *custody.Description) {
	e := custody.Event{Step: step, Set: d.ID, Threshold: d.Threshold, Count: d.Count(), Key: custody.Digest(d.Key)}
	if step == custody.StepSplit {
		e.Replaces = d.Replaces
	}
	c.record(e)
}

func (c *ceremony) opened(key rsadecrypt.Fingerprint) {
	c.record(custody.Event{Step: custody.StepOpened, Key: custody.Digest(key)})
}

// failed returns what went wrong with the transcript: then the ceremony has to
// end.
func (c *ceremony) failed() error {
	if c == nil || c.err == nil {
		return nil
	}
	return &fileError{c.path, asTranscript, c.err}
}

// outputs records the files of a run; what else lies in its directory is none of
// its outputs.
func (c *ceremony) outputs(dir string) {
	if c == nil {
		return
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return // no output was made
	}
	for _, e := range entries {
		if !report.IsRunFile(e.Name()) {
			continue
		}
		sum, err := hashFile(filepath.Join(dir, e.Name()))
		if err != nil && c.err == nil {
			c.err = err
		}
		c.record(custody.Event{Step: custody.StepOutput, File: e.Name(), SHA256: sum})
	}
}

// end ends the transcript, the first time it is called, with how the ceremony
// went, and returns its error, or else that of the transcript.
func (c *ceremony) end(err error) error {
	if c == nil || c.ended {
		return err
	}
	c.ended = true
	outcome := custody.Done
	switch {
	case errors.Is(err, terminal.ErrInterrupted), errors.Is(err, errInterruptedRun):
		outcome = custody.Interrupted
	case err != nil:
		outcome = custody.Failed
	}
	c.record(custody.Event{Step: custody.StepEnd, Outcome: outcome})
	if failed := c.close(); err == nil {
		err = failed
	}
	return err
}

func (c *ceremony) close() error {
	head := c.transcript.Head()
	for _, line := range headLines(head, filepath.Base(c.path)) {
		if c.err == nil {
			c.err = c.text.Append([]byte(line))
		}
	}
	for _, j := range []*output.Journal{c.lines, c.text} {
		if err := j.Close(); c.err == nil {
			c.err = err
		}
	}
	if c.err == nil {
		c.term.Note("transcript: %s", c.path)
		for _, line := range headLines(head, c.path) {
			c.term.Note("%s", line)
		}
	}
	return c.failed()
}

// headLines are what the witness writes down, and how it is checked.
func headLines(head custody.Digest, path string) []string {
	lines := append([]string{"for the witness to write down, the SHA-256 of its last line:"}, inGroups(head)...)
	return append(lines, "check it with: tail -n 1 "+shellWord(path)+` | tr -d '\n' | sha256sum`)
}

// shellWord quotes a path where a shell would take it apart.
func shellWord(path string) string {
	if strings.Trim(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./_-+") == "" {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
