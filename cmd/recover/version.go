package main

import (
	"encoding/hex"
	"runtime"
	"strings"

	"recover/internal/message"
	"recover/internal/pgpwords"
)

const versionUsage = `
recover version [--json]

Says which program this is: its version, the commit and the compiler that it
was built from, and its own SHA-256, in groups of four digits to compare with a
list, and as words to read aloud. Of the helper for tokens, where it lies next
to it, the SHA-256 too. Compare them with SHA256SUMS of the release:
docs/verify-a-release.md.

Options:
    --json                     as one JSON object
`

// programHash is the SHA-256 of one program file.
type programHash struct {
	Name   string   `json:"name"`
	SHA256 string   `json:"sha256"`
	Words  []string `json:"words"`
}

type versionFacts struct {
	Type     string        `json:"type"`
	Version  string        `json:"version"`
	Commit   string        `json:"commit,omitempty"`
	Go       string        `json:"go"`
	OS       string        `json:"os"`
	Arch     string        `json:"arch"`
	Programs []programHash `json:"programs"`
}

func runVersion(p *program, args []string) error {
	fs := newFlags("version")
	asJSON := fs.Bool("json", false, "")
	if err := parseFlags(fs, args, 0); err != nil {
		return err
	}
	tool := thisTool()
	if tool.SHA256 == "" {
		return errOwnHash
	}
	facts := versionFacts{"version", tool.Version, commit, tool.Go, runtime.GOOS, runtime.GOARCH, []programHash{newProgramHash("recover", tool.SHA256)}}
	if sum, err := hashFile(helperBeside()); err == nil {
		facts.Programs = append(facts.Programs, newProgramHash("recover-pkcs11", hex.EncodeToString(sum[:])))
	}
	if *asJSON {
		return p.term.JSON(facts)
	}
	return p.printVersion(facts)
}

func newProgramHash(name, sum string) programHash {
	b, _ := hex.DecodeString(sum) // it was encoded here
	return programHash{name, sum, pgpwords.Words(b)}
}

func (p *program) printVersion(v versionFacts) error {
	lines := []string{"recover " + v.Version, "built with " + v.Go + " for " + v.OS + "/" + v.Arch}
	if v.Commit != "" {
		lines = append(lines, "from commit "+v.Commit)
	}
	for _, h := range v.Programs {
		lines = append(lines, "", "SHA-256 of "+h.Name)
		for i := 0; i < len(h.SHA256); i += 32 {
			lines = append(lines, "    "+message.Groups(h.SHA256[i:i+32]))
		}
		lines = append(lines, "the same, to be read aloud")
		for i := 0; i < len(h.Words); i += 4 {
			lines = append(lines, "    "+strings.Join(h.Words[i:i+4], " "))
		}
	}
	for _, line := range lines {
		if err := p.term.Print("%s", line); err != nil {
			return err
		}
	}
	return nil
}
