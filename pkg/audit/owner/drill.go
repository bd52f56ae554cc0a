package owner

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"recover/internal/uuid"
	"recover/pkg/record"
	"recover/pkg/report"
	"recover/pkg/rsadecrypt"
)

// use is a report of a drill, or of a rebuild, which uses the recovery key as a
// drill does: as far as it was compared with the record.
type use struct {
	path    string
	verb    string // "drill", "rebuild"
	begun   time.Time
	key     string // fingerprint of the recovery key, hex
	present []string
	ok      int
	bad     []string // IDs of keys that did not come out right, some
	badMore int
	problem string // why it does not count
	other   bool   // it is of the environment of another record
}

// drill takes the report of a drill.
func (r *reader) drill(name string, f io.Reader) error {
	d, err := report.ReadDrill(f)
	if err != nil {
		return r.badReport(name, err)
	}
	u := &use{path: name, verb: "drill", begun: d.Begun, key: d.Header.RecoveryKey, present: d.Present}
	w := r.weigh(u, &d.Header)
	for _, k := range d.Keys {
		w.key(k, d.Contradiction(k))
	}
	r.uses = append(r.uses, u)
	return nil
}

// rebuild takes the report of a rebuild. Journals, and reports of other verbs,
// are listed.
func (r *reader) rebuild(name string, f io.Reader) error {
	var u *use
	var w *weighing
	var head *report.Header
	file, err := report.Scan(f, report.Visitor{
		Head: func(h *report.Header) error {
			head = h
			if h.Verb == "rebuild" {
				begun, _ := time.Parse(time.RFC3339, h.Begun)
				u = &use{path: name, verb: h.Verb, begun: begun, key: h.RecoveryKey}
				w = r.weigh(u, h)
			}
			return nil
		},
		Key: func(k *report.Key, _ report.Line) error {
			if w != nil {
				w.key(k, k.Contradiction(head))
			}
			return nil
		},
	})
	switch {
	case err != nil && head == nil:
		return r.badReport(name, err)
	case file.IsJournal:
		r.list(name, "the journal of a run")
	case err != nil:
		return r.badReport(name, err)
	case u == nil:
		r.list(name, "the report of another verb than drill and rebuild")
	default:
		near, err := report.CheckNearby(filepath.Join(r.Path, filepath.FromSlash(name)), file.Segments)
		if err != nil {
			return err
		}
		if len(near.Wrong) > 0 && u.problem == "" {
			u.problem = "a file of rebuilt keys next to it is not the one that it lists"
		}
		r.uses = append(r.uses, u)
	}
	return nil
}

func (r *reader) badReport(name string, err error) error {
	var format *report.FormatError
	if !errors.As(err, &format) {
		return err
	}
	if format.Line > 0 {
		r.bad(name, "line %d: %s", format.Line, format.Problem)
	} else {
		r.bad(name, "%s", format.Problem)
	}
	return nil
}

// weighing compares a report with the record that it is of.
type weighing struct {
	*use
	entries map[string]record.Entry // nil: nothing to compare with
}

// weigh finds the record of a report: that of its environment, the reviewed one
// first.
func (r *reader) weigh(u *use, h *report.Header) *weighing {
	w := &weighing{use: u}
	i := slices.IndexFunc(r.records, func(x *Record) bool { return x.Environment == h.Environment })
	if i < 0 {
		u.problem = fmt.Sprintf("it is of a record of environment %q", h.Environment)
		if h.Environment == "" {
			u.problem = "it is of a record without an environment, or of a single key"
		}
		return w
	}
	if err := report.CheckCompany(h, r.records[i].Environment, r.records[i].RecoveryKeys); err != nil {
		u.problem = err.Error()
	}
	u.other = i > 0
	if r.records[i].byID == nil {
		r.records[i].byID = make(map[string]record.Entry, len(r.records[i].Entries))
		for _, e := range r.records[i].Entries {
			r.records[i].byID[e.KeyID.String()] = e
		}
	}
	w.entries = r.records[i].byID
	return w
}

// key takes one key of the report.
func (w *weighing) key(k *report.Key, contradiction string) {
	if k.Status == report.OK {
		w.ok++
	} else if k.Status != report.Unrecorded && len(w.bad) < maxNamed {
		w.bad = append(w.bad, k.KeyID)
	} else if k.Status != report.Unrecorded {
		w.badMore++
	}
	if w.problem != "" || w.entries == nil {
		return
	}
	id, err := uuid.Parse(k.KeyID)
	e, known := w.entries[id.String()]
	switch {
	case contradiction != "":
		w.problem = fmt.Sprintf("key %s: %s", k.KeyID, contradiction)
	case err != nil || !known:
		w.problem = fmt.Sprintf("key %s is not in the record: the report is of another one", k.KeyID)
	case k.Disagreement(e) != "":
		w.problem = fmt.Sprintf("key %s: %s", k.KeyID, k.Disagreement(e))
	}
}

const (
	drillNext    = "do a drill, and keep its report"
	drillCommand = "recover drill --record %s --shards DOWNLOAD KEY-SOURCE --production --present NAME --report FILE"
)

// drills judges the rehearsals.
func (j *judge) drills(s *section) {
	command := fmt.Sprintf(drillCommand, quoted(j.record.Path))
	if j.record.Environment != "production" {
		command = strings.Replace(command, " --production", "", 1)
	}
	var good []*use
	var wrong []string
	for _, u := range j.Files.uses {
		if u.problem == "" && u.begun.After(j.Now.Add(24*time.Hour)) {
			u.problem = "its date is in the future"
		}
		switch {
		case u.problem != "":
			wrong = append(wrong, u.path+": "+u.problem)
		case !u.other:
			good = append(good, u)
		}
	}
	slices.SortStableFunc(good, func(a, b *use) int { return b.begun.Compare(a.begun) }) // the newest first
	if len(wrong) > 0 {
		s.red("drill-reports", some(wrong), "find out where the report comes from; if it is of another record, take it away", "recover inspect FILE")
	} else if len(j.Files.uses) > 0 {
		s.green("drill-reports", "%s", count(len(j.Files.uses), "report", "reports"))
	}
	switch {
	case len(good) == 0:
		s.red("drill-date", "no report of one is among the files", drillNext, command)
		return
	case j.Now.Sub(good[0].begun) > Year:
		s.red("drill-date", fmt.Sprintf("the last one was on %s, %s (%s)", date(good[0].begun), j.ago(good[0].begun), good[0].path), drillNext, command)
		return
	}
	last := good[0]
	s.green("drill-date", "on %s, of %s (%s)", date(last.begun), count(last.ok+len(last.bad)+last.badMore, "key", "keys"), last.path)
	j.drillResult(s, good, command)
	j.drillKit(s, good, command)
	j.drillHolders(s, last)
}

// drillResult judges the last use of each recovery key within a year.
func (j *judge) drillResult(s *section, good []*use, command string) {
	var names, paths []string
	seen := make(map[string]bool)
	ok, bad := 0, 0
	for _, u := range good { // the newest first
		if seen[u.key] || j.Now.Sub(u.begun) > Year {
			continue
		}
		seen[u.key] = true
		ok += u.ok
		if n := len(u.bad) + u.badMore; n > 0 {
			bad += n
			paths = append(paths, u.path)
			for _, id := range u.bad {
				names = append(names, j.nameOfID(id))
			}
		}
	}
	switch {
	case bad > 0:
		s.red("drill-result", fmt.Sprintf("%s not, such as %s (%s)", count(bad, "key did", "keys did"), strings.Join(names[:min(len(names), maxNamed)], ", "), some(paths)),
			"the report says why of each; mend it, and repeat the drill", command)
	case ok == 0:
		s.red("drill-result", "it tried no key", "repeat the drill", command)
	default:
		s.green("drill-result", "%s right", count(ok, "key came out", "keys came out"))
	}
}

// drillKit asks that each recorded recovery key was used.
func (j *judge) drillKit(s *section, good []*use, command string) {
	var unused []string
	for _, k := range j.record.RecoveryKeys {
		f := rsadecrypt.Fingerprint(k.SHA256)
		if !slices.ContainsFunc(good, func(u *use) bool { return u.key == f.Hex() && u.ok > 0 && j.Now.Sub(u.begun) <= Year }) {
			unused = append(unused, short(f))
		}
	}
	switch {
	case len(j.record.RecoveryKeys) == 0:
		s.notKnown("drill-kit", "the record names no recovery key", "see the line record-recovery-keys", "")
	case len(unused) > 0:
		s.red("drill-kit", "not "+some(unused), "do a drill with each recovery key of the kit, and those who hold it", command)
	default:
		s.green("drill-kit", "%s", count(len(j.record.RecoveryKeys), "recovery key", "recovery keys"))
	}
}

// drillHolders asks who was there, and whose shares opened the recovery key.
func (j *judge) drillHolders(s *section, last *use) {
	present := "the report names nobody"
	if len(last.present) > 0 {
		present = "present: " + some(last.present)
	}
	set := j.presentSet(last.key)
	if set == nil {
		if len(last.present) == 0 {
			s.notKnown("drill-holders", present, "write it on the page of the drill; the next time, name all with --present", "")
			return
		}
		s.green("drill-holders", "%s", present)
		return
	}
	for _, c := range j.Files.ceremonies {
		if !c.isOf(last) {
			continue
		}
		if c.set != *set {
			s.red("drill-holders", fmt.Sprintf("the drill used set %s, and the record names set %s (%s)", c.set, *set, c.path),
				"repeat the drill with the holders of the present set; have the old shares and sealed keys destroyed", "")
			return
		}
		s.green("drill-holders", "%s; shares of %s", present, some(c.accepted))
		return
	}
	s.notKnown("drill-holders", present+"; whose shares opened the recovery key is not known",
		"lay the transcript of the drill with the files; the next time, write one with --transcript", "")
}
