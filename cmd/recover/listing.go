package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"recover/internal/await"
	"recover/internal/output"
	"recover/internal/terminal"
	"recover/pkg/bucketlist"
	"recover/pkg/recovery"
)

// The listing of the bucket, with which a download is compared.

const listingUsage = `    --listing FILE             what "aws s3api list-object-versions --bucket
                               BUCKET" prints: the download is compared with
                               it, so that stale copies, deleted backups and a
                               damaged newest version show
`

const recordListingUsage = `    --listing FILE             new, add, check: what "aws s3api
                               list-object-versions --bucket BUCKET" prints;
                               the download is compared with it
`

// Of a listing that cannot be used.
var (
	errListing      = errors.New("not a listing of the bucket")
	errOtherListing = errors.New("none of the keys is in it")
)

// addListing has the download compared with a listing of its bucket, if one is
// given. It has to be done before anything else is done with the download.
func (s *selection) addListing(ctx context.Context, path string) error {
	if path == "" {
		return nil
	}
	if s.bucket.IsFile() {
		return &usageError{"--listing is given, but --shards is one file", "name the directory of the download"}
	}
	data, err := output.ReadFile(path, bucketlist.MaxSize)
	if err != nil {
		return &fileError{path, asListing, err}
	}
	var l *bucketlist.Listing
	if await.Do(ctx, func() { l, err = bucketlist.Parse(data) }) != nil {
		return terminal.ErrInterrupted
	}
	if err != nil {
		return &fileError{path, asListing, fmt.Errorf("%w: %w", errListing, err)}
	}
	if !s.isOf(l) {
		return &fileError{path, asListing, errOtherListing}
	}
	s.bucket.Listing = l
	return nil
}

// isOf tells whether some key of the record, or without one of the download, is
// in the listing.
func (s *selection) isOf(l *bucketlist.Listing) bool {
	if s.record == nil {
		for id := range recovery.Keys(s.bucket, func(string, error) {}) {
			if len(l.Objects(id)) > 0 {
				return true
			}
		}
		return false
	}
	for e, err := range s.record.Entries() {
		if err != nil || len(l.Objects(e.KeyID)) > 0 {
			return true // what reads the record next tells of an error
		}
	}
	return false
}

// listingCodes are the warnings that come of a listing.
var listingCodes = []string{recovery.WarnStale, recovery.WarnDeleted, recovery.WarnNewestDamaged, recovery.WarnNotDownloaded,
	recovery.WarnNotInBucket, recovery.WarnUnlisted, recovery.WarnVersionUnknown}

// listingNext is what to do about each of them.
var listingNext = map[string]string{
	recovery.WarnStale:          "download it again: aws s3 sync --exact-timestamps --delete",
	recovery.WarnDeleted:        "find out who deleted it, and have the service make a new backup; keep what is here",
	recovery.WarnNewestDamaged:  "download it again; if it is damaged in the bucket, have the service make a new backup",
	recovery.WarnNotDownloaded:  "download the key's folder again",
	recovery.WarnNotInBucket:    "keep the copy that is here, and have the service make a new backup",
	recovery.WarnUnlisted:       "list the bucket again, and download it again: the two have to be of the same day",
	recovery.WarnVersionUnknown: "download into a new directory with aws s3 sync, which keeps the dates",
}

// listingSummary is what the listing and the download come to together.
type listingSummary struct {
	Versions int            `json:"versions"`       // of all objects
	Markers  int            `json:"delete_markers"` // of all objects
	Newest   string         `json:"newest"`         // RFC 3339, UTC: when the last backup was written or deleted
	Differ   int            `json:"differ"`         // keys that are not in the download as in the bucket
	Codes    map[string]int `json:"codes"`          // of these, keys by the code of the warning
}

// countListing counts the keys with a warning that comes of the listing.
func (r *reporter) countListing(k *keyResult) {
	if r.selection == nil || r.selection.bucket == nil || r.selection.bucket.Listing == nil {
		return
	}
	if r.sum.Listing == nil {
		l := r.selection.bucket.Listing
		r.sum.Listing = &listingSummary{Versions: l.Versions, Markers: l.Markers, Newest: l.Newest().Format(time.RFC3339), Codes: make(map[string]int)}
	}
	found := make(map[string]bool)
	for _, w := range k.Warnings {
		if slices.Contains(listingCodes, w.Code) {
			found[w.Code] = true
		}
	}
	for code := range found {
		r.sum.Listing.Codes[code]++
	}
	if len(found) > 0 {
		r.sum.Listing.Differ++
	}
}

// noteListing says what the listing and the download come to.
func (r *reporter) noteListing() {
	l := r.sum.Listing
	if l == nil || r.json {
		return
	}
	text := "every key is in the download as in the bucket"
	if l.Differ > 0 {
		var parts []string
		for _, code := range listingCodes {
			if n := l.Codes[code]; n > 0 {
				parts = append(parts, fmt.Sprintf("%s %d", code, n))
			}
		}
		text = fmt.Sprintf("%d of %d %s not in the download as in the bucket: %s", l.Differ, r.sum.Keys, plural(l.Differ, "key is", "keys are"), strings.Join(parts, ", "))
	}
	r.term.Note("listing: %s; it has %d %s and %d delete %s, the last of %s", text, l.Versions, plural(l.Versions, "version", "versions"),
		l.Markers, plural(l.Markers, "marker", "markers"), strings.TrimSuffix(l.Newest, "Z")+" UTC")
}
