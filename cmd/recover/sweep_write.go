package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"recover/internal/output"
	"recover/pkg/sweep"
)

// signedLine is a line of signed.ndjson.
type signedLine struct {
	Type     string        `json:"type"`
	Number   int           `json:"number"`
	Network  sweep.Network `json:"network"`
	KeyID    string        `json:"key_id"`
	From     string        `json:"from"`
	To       string        `json:"to"`
	Tag      string        `json:"tag,omitempty"`
	ID       string        `json:"id"`
	SendWith string        `json:"send_with"`
	Explorer string        `json:"explorer,omitempty"`
	File     string        `json:"file"`
	Signed   string        `json:"signed"`
}

// writeSigned writes what was signed, all of it or nothing: until it is complete
// the directory is called DIR.partial, and where that fails it is removed.
func (f *sweepFlags) writeSigned(plan *sweep.Plan, signed []*sweep.Signed) error {
	dir, err := output.CreateDir(f.out + partialSuffix)
	if err != nil {
		return err
	}
	made := dir.Path()
	if err = writeTransactions(dir, plan, signed); err == nil {
		err = dir.Rename(f.out)
	}
	if err != nil && dir.Path() == made {
		return errors.Join(err, os.RemoveAll(made)) // only what this run made is there
	}
	return err
}

// writeTransactions writes a file for each transaction, the list, and the sums.
func writeTransactions(dir *output.Dir, plan *sweep.Plan, signed []*sweep.Signed) error {
	var list []byte
	for _, s := range signed {
		c := s.Transaction().Chain()
		l := signedLine{"signed", s.Number, s.Network, s.KeyID, s.Entry.From, s.To, s.Tag, s.ID, broadcastWith(c), "",
			fmt.Sprintf("%04d-%s-%s.txt", s.Number, strings.ReplaceAll(string(s.Network), ":", "-"), s.Entry.From), s.Text}
		if c.Explorer != "" {
			l.Explorer = c.Explorer + s.ID
		}
		if err := dir.WriteFile(l.File, []byte(s.Text+"\n")); err != nil {
			return err
		}
		line, err := json.Marshal(l)
		if err != nil {
			return err
		}
		list = append(append(list, line...), '\n')
	}
	var sums strings.Builder
	for _, row := range sumRows(plan) {
		sums.WriteString(strings.Join(row, " | ") + "\n")
	}
	if err := dir.WriteFile("sums.txt", []byte(sums.String())); err != nil {
		return err
	}
	return dir.WriteFile("signed.ndjson", list)
}
