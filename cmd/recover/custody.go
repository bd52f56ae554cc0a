package main

import "github.com/spf13/pflag"

const custodyUsage = `
recover custody split   --key FILE --threshold K --custodian NAME … --out DIR
recover custody check   SHARE… [--transcript FILE, or --set ID --sha256 HEX]
recover custody confirm CONFIRMATION… --transcript FILE
recover custody reissue --sealed-key FILE --share FILE … --threshold K
                        --custodian NAME … --out DIR
recover custody open    --sealed-key FILE --share FILE … --identity-out FILE
recover custody sign    FILE --identity SSH-KEY --out FILE.sig
recover custody script  --for CEREMONY [--record FILE] [--sealed-key FILE] …
recover custody attach-record --record FILE --folder DIR …

Splits the recovery key among holders; any K of them can restore it.

split   makes a share for each holder, and a sealed key, the same for all.
        Any K shares open the sealed key, fewer open nothing. It is done when
        every K of them, read again from DIR, have brought the key back
check   compares shares with their set and, if you give it the transcript or
        the numbers that the ceremony showed, with the ceremony; never shows
        them. For the holder alone, every year. Several: whether they are one
        set, have one sealed key, and are enough
confirm collects what the holders' checks wrote, and says whether all of them
        have confirmed: only then destroy the original
reissue makes a new set of shares, of any K and any holders, for the same
        recovery key. The old shares open the old sealed key until that is
        destroyed, in all its copies
open    writes the age identity that the shares make, with which the age
        command opens the sealed key without this program
sign    signs a transcript or a confirmation, as ssh-keygen -Y sign does
script  prints the script of a ceremony, to follow, tick off and sign, with
        names, commands and hashes filled in. It takes public data alone, on
        any machine
attach-record  puts a copy of the offline record, and its quorum IDs for paper,
        next to shares that exist. No share is read

A new set:
  --threshold K           how many holders are needed, 2 or more
  --custodian NAME        a holder: letters and digits (repeatable, up to 255)
  --recipient NAME=AGE1…  seal the holder's share to an age recipient or an SSH
                          public key (repeatable; several for one holder have
                          to be confirmed at the terminal)
  --passphrases           each holder without a recipient sets a passphrase,
                          which seals the share; Enter alone makes one of seven
                          words
  --weak-passphrase       accept a new passphrase that is easy to guess
                          (fewer than 15 characters, or a plain pattern)
  --out DIR               a directory that does not exist yet; in it for each
                          holder a folder with share.txt (or share.age),
                          share.svg, sealed-recovery-key.age,
                          recovery-public-key.der and READ-ME-FIRST.txt
  --record FILE           give each holder a copy of the offline record too,
                          and its quorum IDs on paper: then any K holders need
                          the bucket and nothing else, and so does a thief of K
                          shares. Also warns if the set is not the present one
  --show-qr               show each holder the code of their own share at the
                          terminal, to scan it, and clear the screen again
  --json                  an object about the set, instead of lines

The key that is split:
  --key FILE              the private key: PEM, DER, PKCS#12, OpenSSH, hex or
                          base64, sealed or not
  --old-sealed-key        a key file without a mark was sealed by the vendor's
                          tool in its older form
  --identity FILE         for a key file, or a share, that is sealed to an age
                          identity or an SSH key
  --passphrase-fd N       read passphrases from descriptor N, a line each in
                          the order asked: those that open, then new ones

The shares that open a sealed key:
  --sealed-key FILE       the file sealed-recovery-key.age, any holder's copy;
                          check finds it next to the share. Repeatable: several
                          copies are tried one after the other
  --share FILE            a holder's share (repeatable)
  --collect-shares        instead: the holders come to the terminal, one after
                          the other, in any order
  --typed                 check: type or scan the share, hidden, from paper
  --identity-out FILE     open: the new file with the identity

  --transcript FILE       split, reissue, open: write down what is done, no
                          secret, in FILE and, for people, FILE.txt;
                          "recover inspect FILE" checks it

What check and confirm compare with:
  --transcript FILE       the transcript of the ceremony that made the set
  --head HEX              the SHA-256 of its last line, as the witness wrote it
                          down
  --set ID, --sha256 HEX  check: instead, the set ID and the SHA-256 of the
                          sealed key that the ceremony showed
  --sealed-key FILE       confirm: instead, your own copy of the sealed key
  --record FILE           check: warn if this is not the present set, or if the
                          copy of the record in the folder lacks keys
  --confirmation FILE     check: write what the owner collects to this new file
  --signers FILE          confirm: whose the SSH keys are that signed
                          (allowed_signers, as ssh-keygen has it)
  --record FILE --record-out FILE
                          confirm: when all have, write a new record that has
                          this set as the present one
  --folder DIR            attach-record: a holder's folder, which has a sealed
                          key (repeatable). What is in it stays; a further copy
                          is record-2.json
  --sealed-key FILE, --out DIR
                          attach-record: instead, write the copy into this new
                          directory, for holders elsewhere
  --out FILE              sign: the signature, FILE.sig or, of several people,
                          FILE.NAME.sig next to what is signed

The script of a ceremony:
  --for CEREMONY          new, split or reissue, with --threshold and
                          --custodian; drill or rebuild, with --record
  --record FILE           its number of keys and its SHA-256
  --sealed-key FILE       set, holders and hashes, where the key is split
  --transcript FILE       of the ceremony that made the sealed key
  --recovery-public-key FILE
                          instead of a sealed key, where the key is in a file
                          or a token
  --hsm URI, --hsm-module FILE
                          where the token is, for the commands
  --shards PATH           how the download is called on the day
                          (default bucket)
  --out FILE              write it to this new file, instead of showing it
`

// runCustody is the verb: the recovery key among several holders.
func runCustody(p *program, args []string) error {
	actions := map[string]func(*program, []string) error{
		"split": custodySplit, "check": custodyCheck, "confirm": custodyConfirm, "reissue": custodyReissue,
		"open": custodyOpen, "sign": custodySign, "script": custodyScript, "attach-record": custodyAttach,
	}
	if len(args) > 0 && (args[0] == "--help" || args[0] == "-h") {
		return pflag.ErrHelp
	}
	if len(args) == 0 {
		return unknownAction("custody", "", custodyActions)
	}
	if run := actions[args[0]]; run != nil {
		return run(p, args[1:])
	}
	return unknownAction("custody", args[0], custodyActions)
}
