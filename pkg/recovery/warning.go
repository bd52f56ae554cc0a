package recovery

import (
	"fmt"

	"recover/internal/message"
)

// Warning is what is not as it should be with the backups of a key, and does not
// stop a rebuild.
type Warning = message.Warning

func warnf(to *[]Warning, code, format string, args ...any) {
	*to = append(*to, Warning{Code: code, Detail: fmt.Sprintf(format, args...)})
}

// Codes of warnings. They are stable: scripts read them.
const (
	WarnNotRead        = "not-read"           // files or folders that were passed over
	WarnArchive        = "archive"            // an archive that was not unpacked
	WarnElsewhere      = "wrong-place"        // files that are not in the folder named by the key ID
	WarnNoCurrent      = "no-current-copy"    // only other versions or copies, where other keys have the current one
	WarnNotShard       = "not-a-shard"        // a file in the key's folder that is no backup
	WarnBadCopy        = "bad-copy"           // a backup that cannot be used, next to one that can
	WarnNewerDamaged   = "newer-damaged"      // only an older copy is valid
	WarnNoShard        = "no-shard-for-key"   // no backup for one of the recorded recovery keys
	WarnPreviousQuorum = "previous-quorum"    // the backup is of another quorum ID than the recorded one
	WarnNotProvable    = "not-provable"       // public data cannot prove all of a backup of this kind
	WarnNoProof        = "no-valid-proof"     // the key is the recorded one, and the proof of its backup does not hold
	WarnDerivation     = "unusual-derivation" // the wallet key is not derived in the usual way
	WarnClaim          = "claim-differs"      // the backup names another wallet public key than the recorded one
	WarnMasterOnly     = "master-key-only"    // the master key is kept, without its wallet key
	WarnSalvaged       = "salvaged"           // what could be read of a damaged file
	WarnDamaged        = "damaged-parts"      // parts of the backup are damaged and were not needed
	WarnForeign        = "other-master-key"   // a backup in the folder names another master public key
	WarnAddressForm    = "unknown-address"    // the address of the list cannot be compared

	// With a listing of the bucket.
	WarnStale          = "stale-copy"            // an older version is in the place of the newest
	WarnDeleted        = "deleted-in-bucket"     // the current backup was deleted
	WarnNewestDamaged  = "newest-damaged"        // the newest version is there, and cannot be used
	WarnNotDownloaded  = "newest-not-downloaded" // the newest version is not in the download
	WarnNotInBucket    = "not-in-bucket"         // no version of a backup is in the bucket
	WarnUnlisted       = "unlisted-copy"         // a file that is no version in the listing
	WarnVersionUnknown = "version-unknown"       // nothing tells which of several versions a file is
)
