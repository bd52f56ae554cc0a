// Package recovery decides which backup is a wallet key's, and when a rebuilt
// key is right. It is the only place that decides this: verify, drill, rebuild,
// record and inspect ask it.
//
// Whoever can write to the bucket can put anything there, also backups that
// decrypt under the right label, because some plaintexts of a genuine backup
// are public (docs/threat-model.md). What a backup says is a claim until a
// proof or an anchor of the record decides:
//
//   - With the wallet's public key or address in the record (record.AnchorService,
//     record.AnchorDrill), a key is right when the rebuilt wallet key has it.
//     Nothing in the bucket can make it wrong, and what else lies there is a
//     warning.
//   - Without (record.AnchorBackup, record.AnchorNone), a key is right when all
//     backups of its key ID name one master public key, and the recorded one;
//     the proof of the backup that was used holds; the wallet key is derived in
//     the usual way; and the wallet public key that the backup names, if it
//     names one, is the one that comes out.
//
// Anything else is refused, or with RebuildOptions.AcceptUnproved given out as
// unproved, with what is in doubt.
//
// Collect reads all backups of one key; Verify, Rebuild and Enroll work on what
// it found.
package recovery
