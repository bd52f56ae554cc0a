package main

import (
	"recover/pkg/recovery"
	"recover/pkg/report"
	"recover/pkg/shard"
)

// reasonHint is what to do about a key that is not done, or "".
func reasonHint(reason shard.Reason) string { return reasonHints[reason] }

// reasonHints has every reason; the code is the reason itself.
var reasonHints = map[shard.Reason]string{
	recovery.ReasonMissing:       "download the key's folder again; if it is not in the bucket, look for older versions: aws s3api list-object-versions --bucket BUCKET --prefix KEY-ID/",
	recovery.ReasonArchive:       "unpack the archive (unzip, tar -xf or 7z x), and give the folder with --shards",
	reasonUnrecorded:             "add the key with \"recover record add\": its quorum ID is not in the bucket, and without it nothing can be rebuilt",
	reasonHSM:                    "move what it holds to a wallet whose quorum has a kit, or accept in writing that it is lost with the service",
	reasonNoKit:                  "a kit cannot be added later: create a quorum with a kit, a wallet in it, and move what this one holds there",
	reasonNoBackup:               "download the bucket again; if it is not there, ask the service for its own copy of the backup, and do not leave anything in the wallet before it is there",
	reasonKitForeign:             "find out whose recovery key it is before anything is put into these wallets: whoever has its private half can open the backups",
	reasonKitLacks:               "register this recovery key in a kit, and create quorums with it: no backup of these quorums opens with it",
	reasonKitUnreadable:          "ask the service for the public key, and compare its fingerprint: recover inspect FILE",
	reasonSignature:              "do not trust this machine: repeat the drill on another one",
	recovery.ReasonQuorum:        "find its quorum ID in the service's console or in an older record, and give it with --quorum-id; \"recover record find\" tries misspellings",
	report.ReasonContradiction:   "find out which of the two is right, and do not use the key before",
	report.ReasonReported:        "do what that report says, and rebuild the key",
	report.ReasonUnreported:      "run the part that it belongs to, and give its report too",
	recovery.ReasonSeveralKeys:   "somebody may have planted one: put the wallet's public key or address from the service's list into the record, or give it with --public-key or --address, and run again; if it is there, a drill tells which backup is right",
	recovery.ReasonUnproved:      "put the wallet's public key or address from the service's list into the record, or give it with --public-key or --address; without one, rebuild with --accept-unproved and compare the address with a source outside the bucket",
	shard.ReasonOperations:       "the backup is badly damaged, or made to take long: look for another version of it; rebuild --salvage tries longer",
	recovery.ReasonUnreadable:    "copy the download to another medium and try again",
	recovery.ReasonNoPermission:  "copy the download to where you can read it, or ask its owner: chmod -R u+rX",
	recovery.ReasonRecord:        "the record or the backup may belong to another key: find out which is right, and do not use the key before",
	shard.ReasonMalformed:        "download the shard again, or another version of it; if there is none, rebuild with --salvage",
	shard.ReasonUnsupported:      "look for a newer version of this program",
	shard.ReasonAlgorithm:        "correct the algorithm in the record, or check whether the shard is in the right folder",
	shard.ReasonWrongIDs:         "\"recover record find --record FILE --shards PATH\" looks for mistyped IDs; for a quorum ID from before a restructure, ask the service and use \"recover record add --quorum-id\"",
	shard.ReasonOtherRecoveryKey: "take the recovery key with that fingerprint, or the shard of the kit that is for this one",
	shard.ReasonProof:            "download the shard again, or another version of it, and have the service make a new backup; with the wallet's public key or address in the record, a rebuild may still give the right key",
	shard.ReasonNoProof:          "record the wallet's public key or address from the service's list: only that tells whether the rebuilt key is right; have the service make a new backup, which has a proof, to a recovery key with the exponent 65537",
	shard.ReasonTooFewPlayers:    "look for another version or copy of the shard: too little of this one is left",
	shard.ReasonPublicKey:        "do not use this shard: download it again, or look for another version",
	shard.ReasonChainCode:        "look for another version or copy of the shard; rebuild --with-master keeps the master key",
	shard.ReasonWalletKey:        "do not use this key yet: put the wallet's public key or address from the service's list into the record, and run again",
	shard.ReasonKeySource:        "make the recovery key available again and repeat the run into a new directory",
}
