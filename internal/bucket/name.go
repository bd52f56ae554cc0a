package bucket

import (
	"bytes"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"recover/internal/uuid"
)

var (
	shardName = regexp.MustCompile(`(?i)^recovery_shard-([0-9]+)\.txt$`)
	// shardLike is the name of a shard with something added by a browser, an
	// archive program or a file system.
	shardLike = regexp.MustCompile(`(?i)recovery[ _-]?shard`)
	// inName is an ID among other text. Not every 32 hex digits are taken for one:
	// hashes and version IDs look alike.
	inName = regexp.MustCompile(`(?i)(?:^|[^0-9a-z])([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:[^0-9a-z]|$)`)
	// copied is an ID without dashes in the name of a folder that was made twice.
	copied = regexp.MustCompile(`(?i)^\{?([0-9a-f]{32})\}?(?: ?\([0-9]+\)| ?- .*| copy.*)$`)

	escapedSlash = strings.NewReplacer("%2F", "/", "%2f", "/", "%5C", "/", "%5c", "/")
)

// ShardIndex returns the number in the proper name of a shard, and whether the
// name is one. A number that is too large for an int is the largest.
func ShardIndex(name string) (int, bool) {
	m := shardName.FindStringSubmatch(name)
	if m == nil {
		return 0, false
	}
	n, _ := strconv.Atoi(m[1])
	return n, true
}

// idsIn returns the IDs that a name holds besides other text, such as
// "ID (1)", "ID - Copy", `ID\recovery_shard-0.txt` or "ID_recovery_shard-0.txt".
func idsIn(name string) (ids []uuid.ID) {
	texts := []string{escapedSlash.Replace(name)}
	for at := texts[0]; ; {
		m := inName.FindStringSubmatchIndex(at)
		if m == nil {
			break
		}
		texts = append(texts, at[m[2]:m[3]])
		at = at[m[3]:]
	}
	if m := copied.FindStringSubmatch(name); m != nil {
		texts = append(texts, m[1])
	}
	for _, text := range texts[1:] {
		if id, err := uuid.ParseAny(text); err == nil && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// litter are the names of what systems and programs leave in folders, in lower
// case.
var litter = map[string]bool{
	".ds_store": true, ".localized": true, "icon\r": true, ".appledouble": true, "__macosx": true, ".fseventsd": true, ".spotlight-v100": true,
	"thumbs.db": true, "ehthumbs.db": true, "ehthumbs_vista.db": true, "desktop.ini": true, "system volume information": true,
	".directory": true, "@eadir": true, ".gitkeep": true, ".keep": true,
}

// IsLitter tells whether a file is what a system or a program leaves in every
// folder that it looks at, so that there is nothing to say about it.
func IsLitter(name string) bool {
	for _, part := range strings.Split(name, "/") {
		if litter[strings.ToLower(part)] {
			return true
		}
	}
	base := path.Base(name)
	return strings.HasPrefix(base, "._") || strings.HasPrefix(base, ".~lock.") || strings.HasPrefix(base, "~$") ||
		strings.HasSuffix(base, ":Zone.Identifier") || strings.HasSuffix(base, "_$folder$")
}

// archives are the first bytes of archives, by their kind. A compressed file may
// be one file only: of those the name decides.
var archives = []struct {
	kind, magic string
	at          int
	names       []string // endings; none: the bytes are enough
}{
	{"zip", "PK\x03\x04", 0, nil},
	{"zip", "PK\x05\x06", 0, nil}, // an empty one
	{"7z", "7z\xbc\xaf\x27\x1c", 0, nil},
	{"rar", "Rar!\x1a\x07", 0, nil},
	{"tar", "ustar", 257, nil},
	{"tar.gz", "\x1f\x8b", 0, []string{".tar.gz", ".tgz"}},
	{"tar.bz2", "BZh", 0, []string{".tar.bz2", ".tbz", ".tbz2"}},
	{"tar.xz", "\xfd7zXZ\x00", 0, []string{".tar.xz", ".txz"}},
	{"tar.zst", "\x28\xb5\x2f\xfd", 0, []string{".tar.zst", ".tzst"}},
}

// archiveNames are the endings of the names that archives have.
var archiveNames = []string{".zip", ".7z", ".rar", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".tzst"}

// ArchiveKind returns which kind of archive a file is, such as "zip" or
// "tar.gz", by its name and its first bytes; "" if it is none. 512 bytes are
// enough.
func ArchiveKind(name string, head []byte) string {
	lower := strings.ToLower(name)
	for _, a := range archives {
		if len(head) < a.at || !bytes.HasPrefix(head[a.at:], []byte(a.magic)) {
			continue
		}
		if a.names == nil || slices.ContainsFunc(a.names, func(end string) bool { return strings.HasSuffix(lower, end) }) {
			return a.kind
		}
	}
	return ""
}

func namedLikeArchive(name string) bool {
	lower := strings.ToLower(name)
	return slices.ContainsFunc(archiveNames, func(end string) bool { return strings.HasSuffix(lower, end) })
}
