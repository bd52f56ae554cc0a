package main

// tokenUsage is for every verb that takes --hsm.
const tokenUsage = `
A key in a PKCS#11 token (smart card, HSM):
    --hsm URI                  where the key is:
                               'pkcs11:token=…;object=…;id=%A1%B2'
    --hsm-module FILE          the PKCS#11 module of the token's maker, if the
                               URI has no module-path
    --hsm-init-args TEXT       what the module wants to be told at its start
    --hsm-network              the module may use the network, for an HSM that
                               is in one; otherwise it cannot
    --hsm-mode NAME            oaep: the token undoes the padding; raw: it
                               computes on blinded numbers; auto (default):
                               what works
    --hsm-helper FILE          recover-pkcs11, if it is not beside recover
    --pin-fd N                 read the PIN from descriptor N, instead of
                               asking at the terminal
    --hsm-allow-few-pin-tries  send a PIN though the token says that one try is
                               left, or that no PIN was ever set
`

const tokenUseUsage = `    --hsm-sessions N           decryptions at a time (0: what suits the token)
    --hsm-no-self-test         spare the touches of the self-test; needs
                               --hsm-mode
`

const hsmUsage = `
recover hsm list  [--hsm-module FILE [--hsm URI]]
recover hsm check --hsm URI (--recovery-public-key FILE | --record FILE)

list shows what can be seen without a PIN: the modules in the usual places, or,
with --hsm-module, the tokens of one module and the keys that they show; with
--hsm, those that match.

check does what a rebuild does with a token, up to the self-test, and needs no
backup: for the yearly review. No PIN is tried twice by itself.
` + tokenUsage + `
Options:
    --recovery-public-key FILE check: the token has to hold this key
    --record FILE              check: the token has to hold a key that the
                               record names
    --json                     NDJSON
`

const keygenUsage = `
recover keygen --out DIR
recover keygen --threshold K --custodian NAME … --out DIR
recover keygen --hsm 'pkcs11:token=…;object=…' [--existing] --out DIR

Makes an RSA-4096 recovery key pair and proves it. The private half is sealed
in a file, split at once among several holders, or made inside a token.

What comes out:
    --out DIR                  a directory that does not exist yet, for
                               DIR/recovery-public-key.der and the private half
    --format NAME              of the public half: der (default), hex or pem

In a file, DIR/recovery-key.age, which the age command opens too:
    --recipient AGE1…          seal it to an age recipient or an SSH public key
                               (repeatable); without it, to a new passphrase
                               that is asked; Enter alone makes one of seven
                               words
    --weak-passphrase          accept a new passphrase that is easy to guess
                               (fewer than 15 characters, or a plain pattern)
    --unsealed                 write DIR/recovery-key.pem in the clear
    --passphrase-fd N          read new passphrases from descriptor N, a line
                               each
    --json                     an object about the pair, or the set, instead of
                               lines

Split at once, so that it is never on a disk unsealed ("recover custody
--help"):
    --threshold K              how many holders are needed
    --custodian NAME           a holder (repeatable)
    --recipient NAME=AGE1…     seal the holder's share (repeatable)
    --passphrases              each holder sets a passphrase that seals the
                               share
    --show-qr, --transcript FILE

In a token: the private half is sensitive and not extractable. It is read back
and tested before its public half is written. Without an id, a random one is
taken. Such a key cannot be copied: docs/hsm.md says how to be safe when the
device is lost.
    --existing                 test a key that the token has, and write its
                               public half
` + tokenUsage
