package main

import (
	"strings"

	"recover/internal/message"
	"recover/internal/plaintext"
)

// foreignHint is how a file that another program made, or that has another
// purpose, becomes usable: for most of them, the one command that does it.
func foreignHint(f *fileError, kind plaintext.Kind) string {
	if kind == plaintext.SSHPublicKey && (f.role == asPublicKey || f.role == asAny) {
		return "convert it: in bash, give <(ssh-keygen -i -f " + message.ShellQuote(f.path) + ") instead of the file"
	}
	if command := openers[kind]; command != "" {
		return "in bash, give <(" + strings.ReplaceAll(command, "FILE", message.ShellQuote(f.path)) + ") instead of the file: so it is on no disk in the clear"
	}
	if command := askingOpeners[kind]; command != "" {
		return piped(strings.ReplaceAll(command, "FILE", message.ShellQuote(f.path)), "/dev/stdin instead of the file") + ": so it is on no disk in the clear"
	}
	if kind == plaintext.AgeFile && f.role == asShare {
		return "a holder's share is the file share.txt or share.age next to it: name that; the sealed recovery key is given with --sealed-key"
	}
	if hint := foreignHints[kind]; hint != "" {
		return strings.ReplaceAll(hint, "FILE", message.ShellQuote(f.path))
	}
	return ownHints[kind]
}

// piped says how the output of a command is given where the command may ask for a
// passphrase: what runs in <(…) is not in the terminal's foreground and cannot ask.
func piped(command, give string) string {
	return "put \"" + command + " |\" in front of the command, and give " + give
}

// openers are the commands that write to stdout what is in a file, and ask nothing
// at the terminal themselves.
var openers = map[plaintext.Kind]string{
	plaintext.Gzip:       "gzip -dc FILE",
	plaintext.Bzip2:      "bzip2 -dc FILE",
	plaintext.XZ:         "xz -dc FILE",
	plaintext.Zstandard:  "zstd -dc FILE",
	plaintext.LZ4:        "lz4 -dc FILE",
	plaintext.Compress:   "zcat FILE",
	plaintext.Tar:        "tar -xOf FILE",
	plaintext.PGPMessage: "gpg -d FILE",
	plaintext.SOPS:       "sops -d FILE",
}

// askingOpeners are those that may ask for a passphrase.
var askingOpeners = map[plaintext.Kind]string{
	plaintext.Zip:          "unzip -p FILE",
	plaintext.SevenZip:     "7z x -so FILE",
	plaintext.RAR:          "unrar p -inul FILE",
	plaintext.AnsibleVault: "ansible-vault view FILE",
}

var foreignHints = map[plaintext.Kind]string{
	plaintext.OpenSSLEnc:     "decrypt it with the options that encrypted it: " + piped("openssl enc -d -aes-256-cbc -pbkdf2 -in FILE", "/dev/stdin instead of the file") + "; without -pbkdf2, and with -md md5, where an old openssl made it; with -a where it is text",
	plaintext.CMS:            "decrypt it with the key of its recipient: " + piped("openssl cms -decrypt -inform DER -inkey KEY -in FILE", "/dev/stdin instead of the file") + "; with -inform PEM or SMIME where it is text",
	plaintext.PGPKey:         "a PGP key opens PGP messages and is no recovery key: look for the file that was encrypted to it",
	plaintext.KeePass:        "open it with KeePass, and export the attachment or the note that holds the key",
	plaintext.LUKS:           "open and mount it: cryptsetup open FILE opened",
	plaintext.GitCrypt:       "unlock the repository that it is from: git-crypt unlock",
	plaintext.PuTTY:          "convert it: puttygen FILE -O private-openssh -o /dev/shm/key, and give /dev/shm/key; remove that afterwards",
	plaintext.JWK:            "export the RSA key itself, with all its numbers, as PEM or as a JSON Web Key of its own: jq .keys[0] FILE",
	plaintext.JavaKeyStore:   "convert it: keytool -importkeystore -srckeystore FILE -destkeystore /dev/shm/key.p12 -deststoretype PKCS12, and give /dev/shm/key.p12; remove that afterwards",
	plaintext.CloudImport:    "only the cloud service can open it: look for the key file from which it was made, or use the key where it was imported",
	plaintext.DotNetXML:      "export the key as PEM where it comes from: ExportRSAPrivateKeyPem, or ExportRSAPublicKeyPem for the public half",
	plaintext.AgePlugin:      "no other program is run here: " + piped("age -d -i FILE SEALED-KEY", "--key /dev/stdin without --identity"),
	plaintext.AgeRecipient:   "the identity is the line that begins with AGE-SECRET-KEY-1, in the file that age-keygen wrote",
	plaintext.HTML:           "a web page was saved instead of the file: download the file itself",
	plaintext.XML:            "download the file itself, or export it as text where it comes from",
	plaintext.PDF:            "copy the text out of it into a file: pdftotext FILE",
	plaintext.RTF:            "save it as plain text (UTF-8), and give that file",
	plaintext.Office:         "save it as plain text or CSV (UTF-8), and give that file",
	plaintext.OldOffice:      "save it as plain text or CSV (UTF-8), and give that file",
	plaintext.Mail:           "save the attachment, or copy the text of the key or share into a file of its own",
	plaintext.Image:          "scan the code, or type what is on it: answer \"type\" with --collect-shares, or recover custody check --typed",
	plaintext.Shortcut:       "give the file that it points to",
	plaintext.AppleDouble:    "give the file of the same name without ._ in front",
	plaintext.BinaryPlist:    "give the file itself, not the settings of a Mac",
	plaintext.Executable:     "give the file that holds the data",
	plaintext.StorageMessage: "the download failed: download the object again, with the right name and access",
	plaintext.SSHPublicKey:   "the private half is the file of the same name without .pub",
}

// ownHints are about files of this program.
var ownHints = map[plaintext.Kind]string{
	plaintext.ShareSVG:    "a QR code for paper: scan it where you would type the share, or give the file share.txt or share.age next to it",
	plaintext.QuorumSVG:   "a QR code for paper: scan all codes of the series into a text file, or take quorum-ids.txt next to it",
	plaintext.SharePage:   "a share opens a split recovery key: give it with --share, and the file sealed-recovery-key.age with --sealed-key",
	plaintext.SealedKey:   "the recovery key is split among holders: give this file with --sealed-key, and the shares with --share or --collect-shares",
	plaintext.SetReadMe:   "it tells the holder what to do; the share is in the file share.txt or share.age next to it",
	plaintext.Record:      "a record is given with --record",
	plaintext.Report:      "a report is read by recover report, and its directory by rebuild --resume",
	plaintext.RebuiltKeys: "the directory of rebuilt keys is given with --keys, to addresses, export, sign and sweep",
	plaintext.Transcript:  "a transcript is only read by people and by recover inspect",
	plaintext.Shard:       "shards are given with --shards: the directory of the download, or one file",
	plaintext.AgeFile:     "a sealed recovery key is given with --key or --sealed-key, a sealed share with --share",
	plaintext.AgeIdentity: "an identity is given with --identity; the file that it opens with --key",
	plaintext.PrivateKey:  "a private key is given with --key",
	plaintext.PublicKey:   "a public key is given with --recovery-public-key",
	plaintext.Certificate: "take the public key out of it: openssl x509 -pubkey -noout -in FILE",
}
