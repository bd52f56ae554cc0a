package custody

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"recover/internal/plaintext"
	"recover/internal/secret"
	"recover/pkg/rsadecrypt"
)

// MaxPageSize is the size, in bytes, above which the file of a share is refused.
const MaxPageSize = 64 << 10

// A page is plain text. What is between these marks is read back; all around
// them is for people, who may add to it.
const (
	pageBegin = "---- begin share ----"
	pageEnd   = "---- end share ----"
)

// The names of the files as a page gives them.
const (
	PageName      = "share.txt"
	SealedKeyName = "sealed-recovery-key.age"
	RecordName    = "record.json"
	QuorumsName   = "quorum-ids.txt"
)

// The words around the share. With it they print on one page: 80 columns, 60
// lines.
const (
	pageHead = `A SHARE OF A RECOVERY KEY                                               SECRET

This is share %d of %d. Any %d of them open the recovery key that is named
here, together with the file ` + SealedKeyName + `; fewer open nothing.

`
	pageTail = `
WHAT TO DO WITH IT
  Keep it where nobody but you can get at it, and away from the other shares; on
  paper, or on a medium of its own.
  Do not photograph, copy, mail or upload it, and do not read it aloud. No one
  needs to see it: not the other holders, not support.
  Keep a copy of ` + SealedKeyName + ` with it. That file alone opens nothing,
  but without it the shares are worth nothing.
  If somebody may have seen this page, or it is lost, say so at once: the others
  can make a new set of shares, and tell you what becomes of this one.

EVERY YEAR
  On a machine without a network, alone:
      recover custody check ` + PageName + `
  It does not show the share. Compare the set ID and the SHA-256 that it shows
  with those of the ceremony, or give it the transcript (--transcript FILE).

WHEN THE RECOVERY KEY IS NEEDED
  Bring this page, or its file, and your copy of ` + SealedKeyName + `.
  When you are asked for your share, name the file, or scan the code, or type
  what begins with RS1; nobody else does it for you. Capital or small letters,
  with or without the blanks, it is the same. Type ? for a character that you
  cannot read. You see at once whether it was right, and if not, in which of the
  groups of four, counted from RS1, to look again.
`
)

// Page returns the page of a share, with the quorum IDs on it, or with a line that
// says where they are, if there are more than fit on the page; nil is none. Only a
// share of this sealed key's set has a page: the errors are those of Set.Add. The
// caller wipes it.
func (k *SealedKey) Page(s *Share, quorums *QuorumIDs) (*secret.Bytes, error) {
	if err := k.Check(s); err != nil {
		return nil, err
	}
	labelled := *s
	labelled.Holder, labelled.Key = k.Holder(s.Index), k.Key
	text := s.encode(" ", "\n")
	defer text.Wipe()

	page := make([]byte, 0, MaxPageSize)
	page = fmt.Appendf(page, pageHead, s.Index, s.Count, s.Threshold)
	page = append(page, pageBegin+"\n"...)
	for _, fact := range labelled.facts() {
		page = append(page, fact+"\n"...)
	}
	page = append(page, '\n')
	page = append(page, text.Reveal()...)
	page = append(page, "\n"+pageEnd+"\n"...)
	page = quorums.appendToPage(page)
	page = append(page, pageTail...)
	return secret.New(page), nil
}

// facts are the lines that stand before the share string. Of them, the holder
// and the recovery key are not in the string too.
func (s *Share) facts() []string {
	key := s.Key.String()
	half := strings.LastIndexByte(key[:len(key)/2+4], ' ')
	return []string{
		"Holder:        " + s.Holder,
		fmt.Sprintf("Share:         %d of %d", s.Index, s.Count),
		fmt.Sprintf("Needed:        %d", s.Threshold),
		"Set:           " + s.Set.String(),
		"Made:          " + s.Created.Format(time.DateOnly),
		"Recovery key:  " + key[:half],
		"              " + key[half:],
	}
}

// ParseShare reads a page, or a share string alone, from a file or as it was
// typed. In a string, blanks, dashes and line ends do not matter, letters may
// be of either case, and "B", "O", "1" and "I", which the alphabet leaves out,
// are read as what they look like.
//
// What editors and mail programs do to a text does not matter either: see package
// plaintext. Other text may stand around the string, as a title, as long as there
// is one share in all.
//
// The errors are ErrNotShare, ErrSeveralShares, ErrSealedShare for what OpenPage opens first,
// *PageError, LengthError, *DamagedError, VersionError and ErrInvalidFields.
func ParseShare(data []byte) (share *Share, err error) {
	secret.Do(func() { share, err = readShare(data) })
	return share, err
}

func readShare(data []byte) (*Share, error) {
	switch {
	case len(data) > MaxPageSize:
		return nil, ErrNotShare
	case SealOf(data) != NotSealed:
		return nil, ErrSealedShare
	}
	text, err := plaintext.Unwrap(data, MaxPageSize, startsShare)
	if err != nil {
		return nil, ErrNotShare
	}
	share, err := parseText(text)
	if err != nil {
		cleaned := cleanText(text)
		defer secret.Wipe(cleaned)
		if again, cleanErr := parseCleaned(cleaned); cleanErr == nil || errors.Is(err, ErrNotShare) ||
			errors.Is(cleanErr, ErrSeveralShares) || hasTitle(cleaned) {
			return again, cleanErr
		}
	}
	return share, err
}

func parseText(text []byte) (*Share, error) {
	if bytes.Contains(text, []byte(pageBegin)) {
		return parsePage(text)
	}
	return parseString(text)
}

func parsePage(data []byte) (*Share, error) {
	begin, end := bytes.Index(data, []byte(pageBegin)), bytes.Index(data, []byte(pageEnd))
	line := 1 + bytes.Count(data[:begin], []byte("\n"))
	if end < begin+len(pageBegin) {
		return nil, &PageError{line, "the share that begins here has no end"}
	}
	const factCount = 7
	block := data[begin+len(pageBegin) : end]
	lines := bytes.SplitN(block, []byte("\n"), 1+factCount+1)
	if len(lines) < 1+factCount+1 || bytes.Contains(data[end:], []byte(pageBegin)) {
		return nil, &PageError{line, "not one whole share"}
	}
	share, err := parseString(lines[1+factCount])
	if err != nil {
		return nil, err
	}
	if i := share.label(lines[1 : 1+factCount]); i >= 0 {
		share.Wipe()
		return nil, &PageError{line + 1 + i, "does not agree with the share string"}
	}
	return share, nil
}

// label takes holder and key from the lines of a page, and returns the number
// of the first line that is not as it should be, or -1.
func (s *Share) label(lines [][]byte) int {
	_, holder, _ := strings.Cut(string(lines[0]), ":")
	_, key, _ := strings.Cut(string(lines[5])+string(lines[6]), ":")
	s.Holder = strings.TrimSpace(holder)
	s.Key, _ = rsadecrypt.ParseFingerprint(strings.Join(strings.Fields(key), ""))
	if !validName(s.Holder) {
		return 0
	}
	for i, fact := range s.facts() {
		if !slices.Equal(strings.Fields(string(lines[i])), strings.Fields(fact)) {
			return i
		}
	}
	return -1
}
