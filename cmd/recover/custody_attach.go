package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"recover/internal/output"
	"recover/internal/terminal"
	"recover/pkg/custody"
)

// attachFlags are the flags of custody attach-record.
type attachFlags struct {
	record, sealedKey, out string
	folders                []string
	json                   bool
}

func (f *attachFlags) parse(args []string) error {
	const verb = "custody attach-record"
	fs := newFlags(verb)
	fs.StringVar(&f.record, "record", "", "")
	fs.StringArrayVar(&f.folders, "folder", nil, "")
	fs.StringVar(&f.sealedKey, "sealed-key", "", "")
	fs.StringVar(&f.out, "out", "", "")
	fs.BoolVar(&f.json, "json", false, "")
	if err := parseFlags(fs, args, 0); err != nil {
		return err
	}
	if err := required(verb, [2]string{"record", f.record}); err != nil {
		return err
	}
	switch {
	case (len(f.folders) > 0) == (f.out != ""):
		return &usageError{"where the copies go is not given", "name each holder's folder with --folder; or give --out DIR and the sealed key, for holders to copy it from"}
	case (f.out != "") != (f.sealedKey != ""):
		return &usageError{"--sealed-key and --out go together", "a holder's folder has its own sealed key: leave --sealed-key out with --folder"}
	}
	return nil
}

// attached is what is said of one folder.
type attached struct {
	Type    string         `json:"type"` // "attached"
	Path    string         `json:"path"`
	Set     custody.SetID  `json:"set"`
	Record  custody.Digest `json:"record_sha256"`
	Keys    int            `json:"keys"`
	Quorums int            `json:"quorums"`
	Files   []string       `json:"files,omitempty"` // that were written; none: the folder has this record

	sealed *custody.SealedKey
	number int // of the copy; 0: the folder has it
}

// custodyAttach puts a copy of the record next to shares that exist. It reads the
// sealed keys' headers, and no share.
func custodyAttach(p *program, args []string) error {
	var f attachFlags
	if err := f.parse(args); err != nil {
		return err
	}
	record, err := readSetRecord(p.ctx, p.term, f.record)
	if err != nil {
		return err
	}
	var plan []*attached
	if f.out != "" {
		plan, err = f.planNew(p, record)
	} else {
		plan, err = f.planFolders(p.ctx, record)
	}
	if err != nil {
		return err
	}
	record.noteGivenUp(p.term, plan[0].sealed.Threshold)
	for _, a := range plan {
		if err := f.write(a, record); err != nil {
			return err
		}
		if err := f.show(p.term, a); err != nil {
			return err
		}
	}
	if f.json {
		return nil
	}
	return printLines(p.term, append([]string{"SHA-256 of the record, to be compared with every copy:"}, inGroups(record.sum)...))
}

func (f *attachFlags) planNew(p *program, r *setRecord) ([]*attached, error) {
	if err := checkNewDir(f.out); err != nil {
		return nil, err
	}
	sealed, err := readSealedKey(p.ctx, f.sealedKey)
	if err != nil {
		return nil, err
	}
	return []*attached{r.attachedTo(f.out, sealed, 1)}, r.checkKey(sealed.Key)
}

func (r *setRecord) attachedTo(path string, sealed *custody.SealedKey, number int) *attached {
	return &attached{Type: "attached", Path: path, Set: sealed.ID, Record: r.sum, Keys: r.keys, Quorums: len(r.quorums.IDs), sealed: sealed, number: number}
}

// planFolders looks at every folder before anything is written: each has the
// sealed key of one set, and no copy of the record that is wrong.
func (f *attachFlags) planFolders(ctx context.Context, r *setRecord) ([]*attached, error) {
	var plan []*attached
	for _, dir := range f.folders {
		sealed, err := sealedKeyIn(dir)
		if err != nil {
			return nil, err
		}
		path := filepath.Join(dir, custody.SealedKeyName)
		if sealed == nil {
			return nil, &fileError{path, asSealedKey, errNoSealedKey}
		}
		if err := r.checkKey(sealed.Key); err != nil {
			return nil, err
		}
		if len(plan) > 0 && sealed.ID != plan[0].Set {
			return nil, copyFaultAt(path, copyOtherSet, "of set %s; %s is of set %s", sealed.ID, plan[0].Path, plan[0].Set)
		}
		number := 1
		if numbers := copiesIn(dir); len(numbers) > 0 {
			have, err := recordIn(ctx, dir)
			if err != nil {
				return nil, err
			}
			if number = slices.Max(numbers) + 1; have.sum == r.sum {
				number = 0
			} else if first := filepath.Join(dir, custody.RecordName); numbers[0] == 1 && sealed.Record != (custody.Digest{}) {
				if err := compareAnchors(ctx, first, r.path); err != nil {
					return nil, err
				}
			}
		}
		plan = append(plan, r.attachedTo(dir, sealed, number))
	}
	return plan, nil
}

// write writes the copy, the codes and the sheet. A run that breaks off leaves a
// copy without its sheet, which is not used.
func (f *attachFlags) write(a *attached, r *setRecord) error {
	if a.number == 0 {
		return nil
	}
	files, err := r.files(a.Set, a.number)
	if err != nil {
		return err
	}
	open := output.OpenDir
	if f.out != "" {
		open = output.CreateDir
	}
	dir, err := open(a.Path)
	if err != nil {
		return outputError(a.Path, err)
	}
	for _, file := range files {
		if err := dir.WriteFile(file.name, file.data); err != nil {
			return outputError(filepath.Join(a.Path, file.name), err)
		}
		a.Files = append(a.Files, file.name)
	}
	return nil
}

func (f *attachFlags) show(t *terminal.Terminal, a *attached) error {
	if f.json {
		return t.JSON(a)
	}
	if a.number == 0 {
		return t.Print("%s: has this record already", a.Path)
	}
	recordName, sheetName := copyNames(a.number)
	lines := []string{
		fmt.Sprintf("%s: %s, %d %s", a.Path, recordName, a.Keys, plural(a.Keys, "key", "keys")),
		fmt.Sprintf("    %s, %d quorum %s, to print and keep with the share", sheetName, a.Quorums, plural(a.Quorums, "ID", "IDs")),
	}
	switch codes := len(a.Files) - 2; {
	case codes == 0:
		lines = append(lines, fmt.Sprintf("    no codes to scan: they are made of at most %d quorum IDs", custody.MaxCodeQuorums))
	default:
		lines = append(lines, fmt.Sprintf("    %s%s, the same as %s to scan", quorumCodeName(sheetName, 1), plural(codes, "", " and following"), plural(codes, "a code", "codes")))
	}
	return printLines(t, lines)
}
