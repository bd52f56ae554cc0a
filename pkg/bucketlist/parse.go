package bucketlist

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"recover/internal/message"
	"recover/internal/plaintext"
	"recover/internal/strictjson"
)

// The largest listing that is read. A version takes some 400 bytes of it.
const (
	MaxSize     = 256 << 20 // bytes
	MaxVersions = 1_000_000 // with the delete markers
)

const (
	maxName = 1024 // bytes of an object's name, and of other texts: more, S3 does not allow
	maxPage = 100_000
)

// Error says why a listing is refused.
type Error struct {
	Line    int // from 1; 0 where it is not about one place
	Problem string
	// Incomplete tells that the text is a listing, and leaves something out.
	Incomplete bool
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Problem
	}
	return fmt.Sprintf("line %d: %s", e.Line, e.Problem)
}

func incomplete(format string, args ...any) error {
	return &Error{Problem: "the listing is not complete: " + fmt.Sprintf(format, args...), Incomplete: true}
}

// page is one answer of S3, or all of them as the aws command joins them.
type page struct {
	paged                 bool // it says whether more follows
	truncated             bool
	marker, versionMarker string // what it begins after
	next, nextVersion     string // what the next one begins after
	prefix                string
	items                 []item
	isListing             bool
}

type item struct {
	key string
	Version
}

// parser reads pages.
type parser struct {
	*strictjson.Scanner
	pages []*page
	items int
}

// Parse reads a listing: what "aws s3api list-object-versions" prints, or the
// pages of it that --no-paginate gives, one after the other or in an array, in any
// order. It has to be complete: every page, every version of every object, and no
// object in a common prefix. What it does not need, it passes over. The error is an
// *Error.
func Parse(data []byte) (*Listing, error) {
	if len(data) > MaxSize {
		return nil, &Error{Problem: fmt.Sprintf("larger than %d MiB", MaxSize>>20)}
	}
	text, err := plaintext.Decode(data, MaxSize)
	if err != nil {
		return nil, &Error{Problem: err.Error()}
	}
	if len(strings.TrimSpace(string(text[:min(len(text), 512)]))) == 0 {
		return nil, &Error{Problem: "empty: the command failed, or nothing was ever in the bucket"}
	}
	p := &parser{Scanner: strictjson.New(text)}
	if err := p.read(); err != nil {
		var syntax *strictjson.SyntaxError
		if errors.As(err, &syntax) {
			return nil, &Error{Line: syntax.Line, Problem: syntax.Problem}
		}
		return nil, err
	}
	ordered, err := chain(p.pages)
	if err != nil {
		return nil, err
	}
	return build(ordered)
}

func (p *parser) read() error {
	if p.Peek() == '[' {
		if err := p.Array(func(int) error { return p.page() }); err != nil {
			return err
		}
		return p.End()
	}
	for {
		if err := p.page(); err != nil {
			return err
		}
		if p.Peek() != '{' {
			return p.End()
		}
	}
}

func (p *parser) page() error {
	if len(p.pages) == maxPage {
		return p.Fail("more than %d pages", maxPage)
	}
	g := new(page)
	p.pages = append(p.pages, g)
	err := p.Object(func(name string) error {
		switch name {
		case "Versions":
			g.isListing = true
			return p.array(func() error { return p.version(g, false) })
		case "DeleteMarkers":
			g.isListing = true
			return p.array(func() error { return p.version(g, true) })
		case "CommonPrefixes":
			return p.array(func() error {
				return incomplete("it was made with --delimiter, and leaves out what is below the common prefixes")
			})
		case "IsTruncated":
			g.paged, g.isListing = true, true
			return p.flag(&g.truncated)
		case "NextToken":
			var token string
			if err := p.text(&token); err != nil || token == "" {
				return err
			}
			return incomplete("it was made with --max-items, and ends early")
		case "KeyMarker":
			return p.text(&g.marker)
		case "VersionIdMarker":
			return p.text(&g.versionMarker)
		case "NextKeyMarker":
			return p.text(&g.next)
		case "NextVersionIdMarker":
			return p.text(&g.nextVersion)
		case "Prefix":
			return p.text(&g.prefix)
		}
		return p.Skip()
	})
	if err == nil && !g.isListing {
		err = p.Fail("neither Versions nor DeleteMarkers is in it: not what list-object-versions prints")
	}
	return err
}

// array reads an array, or null.
func (p *parser) array(elem func() error) error {
	if p.Null() {
		return nil
	}
	return p.Array(func(int) error { return elem() })
}

// text reads a short string, or null.
func (p *parser) text(to *string) (err error) {
	if p.Null() {
		return nil
	}
	if *to, err = p.Text(); err == nil && len(*to) > maxName {
		err = p.Fail("a text of more than %d bytes", maxName)
	}
	return err
}

// flag reads true or false.
func (p *parser) flag(to *bool) error {
	kind := p.Peek()
	if kind != 't' && kind != 'f' {
		return p.Fail("true or false expected")
	}
	*to = kind == 't'
	return p.Skip()
}

func (p *parser) version(g *page, deleted bool) error {
	if p.items++; p.items > MaxVersions {
		return p.Fail("more than %d versions", MaxVersions)
	}
	v := item{Version: Version{Deleted: deleted, Size: -1}}
	var etag, modified string
	hasLatest := false
	err := p.Object(func(name string) (err error) {
		switch name {
		case "Key":
			return p.text(&v.key)
		case "VersionId":
			return p.text(&v.ID)
		case "LastModified":
			return p.text(&modified)
		case "ETag":
			return p.text(&etag)
		case "Size":
			v.Size, err = p.Int()
			return err
		case "IsLatest":
			hasLatest = true
			return p.flag(&v.Latest)
		}
		return p.Skip()
	})
	if err != nil {
		return err
	}
	switch {
	case v.key == "" || v.ID == "" || !hasLatest || modified == "":
		return p.Fail("a version without Key, VersionId, LastModified or IsLatest")
	case !deleted && v.Size < 0:
		return p.Fail("a version without its Size")
	}
	if v.Modified, err = time.Parse(time.RFC3339, modified); err != nil {
		return p.Fail("LastModified %s is not of the form 2026-01-31T12:00:00+00:00", message.Quote(modified))
	}
	if v.Size = max(v.Size, 0); deleted {
		v.Size, etag = 0, ""
	}
	v.Modified, v.MD5 = v.Modified.UTC(), md5Of(etag)
	g.items = append(g.items, v)
	return nil
}

// md5Of returns the ETag where it may be an MD5. That of an upload in several parts
// has a dash and their number; that of an object encrypted with KMS has the same
// form as an MD5, and is none.
func md5Of(etag string) string {
	etag = strings.ToLower(strings.Trim(etag, `"`))
	if len(etag) != 32 || strings.Trim(etag, "0123456789abcdef") != "" {
		return ""
	}
	return etag
}
