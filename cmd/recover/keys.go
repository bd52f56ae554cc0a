package main

import (
	"fmt"

	"recover/internal/secret"
	"recover/pkg/report"
)

const keysUsage = `
recover keys DIR > FILE

Prints all keys of a rebuild, of all its files, after one question for the
passphrase: an object on a line for each key (docs/formats.md). Each private
key is checked against the public key of its line first. Whoever has what is
printed has the funds: keep it in memory, such as in /dev/shm, and remove it
afterwards. Only its owner can read FILE.

The age command opens the files too, one at a time.

Options:
    --identity FILE            the age identity that the files are sealed to;
                               without it, the passphrase of the rebuild is
                               asked
    --passphrase-fd N          read the passphrase from descriptor N, instead
                               of asking at the terminal
    --show                     print the keys on the terminal
`

// runKeys is the verb: print all keys of a rebuild.
func runKeys(p *program, args []string) error {
	var f keyringFlags
	fs := newFlags("keys")
	f.register(fs)
	show := fs.Bool("show", false, "")
	if err := parseFlags(fs, args, maxParts); err != nil {
		return err
	}
	f.dirs = append(f.dirs, fs.Args()...)
	if len(f.dirs) == 0 {
		return &usageError{"no directory of rebuilt keys is given", "recover keys DIR > FILE, where DIR was --out of the rebuild"}
	}
	if p.term.IsShown() && !*show {
		return &usageError{"the private keys would be shown on the terminal", "write them to a file in memory: recover keys DIR > /dev/shm/keys.ndjson; or add --show"}
	}
	ask, err := newPrompter(p, f.passphraseFlags)
	if err != nil {
		return err
	}
	ring, err := f.open(ask)
	if err != nil {
		return err
	}
	if err := ask.used(); err != nil {
		return err
	}
	if err := p.term.KeepFromOthers(); err != nil {
		p.term.Warn("others may be able to read the file that the keys are printed to: " + err.Error())
	}
	keys, unproved := 0, 0
	reader := ring.reader()
	for _, s := range ring.segments {
		err := s.open(func(lines []byte) error {
			err := reader.read(lines, func(k *report.RebuiltKey) error {
				keys++
				if !k.Proved {
					unproved++
				}
				return nil
			})
			if err != nil {
				return err
			}
			return p.term.PrintSecret(secret.New(lines))
		})
		if err != nil {
			return err
		}
	}
	if unproved > 0 {
		p.term.Warn(fmt.Sprintf("%d %s not proved to be right: compare the addresses with a source outside the bucket before you use them",
			unproved, plural(unproved, "key is", "keys are")))
	}
	p.term.Note("%d %s printed", keys, plural(keys, "key was", "keys were"))
	return nil
}
