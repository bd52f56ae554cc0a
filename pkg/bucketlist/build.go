package bucketlist

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"recover/internal/bucket"
	"recover/internal/message"
	"recover/internal/uuid"
)

// From the pages of a listing to its objects: all there, in order, each with its
// versions.

// chain puts the pages in their order, and makes sure that none is missing.
func chain(pages []*page) ([]*page, error) {
	if len(pages) == 0 {
		return nil, &Error{Problem: "no page is in it"}
	}
	if len(pages) == 1 && !pages[0].paged {
		return pages, nil
	}
	type place struct{ key, version string }
	after := make(map[place]*page, len(pages))
	for _, g := range pages {
		at := place{g.marker, g.versionMarker}
		switch {
		case !g.paged:
			return nil, &Error{Problem: "several listings are in it"}
		case g.prefix != pages[0].prefix:
			return nil, &Error{Problem: "its pages are of listings with different prefixes"}
		case after[at] != nil:
			return nil, &Error{Problem: "the same page is in it twice"}
		}
		after[at] = g
	}
	var ordered []*page
	for at := (place{}); ; {
		g := after[at]
		switch {
		case g == nil && len(ordered) == 0:
			return nil, incomplete("its first page is missing")
		case g == nil:
			return nil, incomplete("the page after %s is missing", message.QuoteLong(at.key))
		}
		delete(after, at)
		ordered = append(ordered, g)
		if !g.truncated {
			break
		}
		at = place{g.next, g.nextVersion}
	}
	if len(after) > 0 {
		return nil, &Error{Problem: "it has pages after its last one"}
	}
	return ordered, nil
}

// build sorts the versions by object, and the objects by key.
func build(pages []*page) (*Listing, error) {
	l := &Listing{Prefix: pages[0].prefix, objects: make(map[uuid.ID][]*Object)}
	byName := make(map[string]*Object)
	var all []*Object
	for _, g := range pages {
		for _, v := range g.items {
			o := byName[v.key]
			if o == nil {
				o = &Object{Key: v.key}
				byName[v.key], all = o, append(all, o)
			}
			o.Versions = append(o.Versions, v.Version)
		}
	}
	for _, o := range all {
		if err := o.order(); err != nil {
			return nil, err
		}
		for _, v := range o.Versions {
			if v.Deleted {
				l.Markers++
			} else {
				l.Versions++
			}
		}
		dir, base := path.Split(o.Key)
		index, named := bucket.ShardIndex(base)
		id, err := uuid.ParseAny(path.Base(dir))
		if !named || err != nil {
			l.Others++
			continue
		}
		if len(l.Prefix) > len(path.Clean(dir))-len(path.Base(dir)) {
			return nil, incomplete("it was made with --prefix, and leaves out other keys")
		}
		o.Index = index
		l.objects[id] = append(l.objects[id], o)
	}
	for _, objects := range l.objects {
		slices.SortFunc(objects, func(a, b *Object) int { return strings.Compare(a.Key, b.Key) })
	}
	return l, nil
}

// order sorts the versions, the newest first. One of them is the latest: else a
// part of the listing is missing, or was written to meanwhile. A server may say the
// same again at the beginning of the next page.
func (o *Object) order() error {
	slices.SortStableFunc(o.Versions, func(a, b Version) int {
		if a.Latest != b.Latest {
			return cmp.Compare(rank(a), rank(b))
		}
		return b.Modified.Compare(a.Modified)
	})
	seen := make(map[string]Version, len(o.Versions))
	once := o.Versions[:0]
	for _, v := range o.Versions {
		switch other, twice := seen[v.ID]; {
		case twice && other == v:
			continue
		case twice:
			return &Error{Problem: fmt.Sprintf("it has two versions %s of %s", message.QuoteLong(v.ID), message.QuoteLong(o.Key))}
		case len(once) > 0 && v.Latest:
			return &Error{Problem: fmt.Sprintf("it has two latest versions of %s: the bucket was written to meanwhile", message.QuoteLong(o.Key))}
		case len(once) == 0 && !v.Latest:
			return incomplete("the latest version of %s is missing", message.QuoteLong(o.Key))
		}
		seen[v.ID] = v
		once = append(once, v)
	}
	o.Versions = once
	return nil
}

func rank(v Version) int {
	if v.Latest {
		return 0
	}
	return 1
}
