package main

import "strings"

// help prints the page of a verb, or the list of all verbs.
func (p *program) help(args []string) error {
	for _, v := range verbs() {
		if len(args) > 0 && v.name == args[0] {
			return p.lines(v.usage)
		}
	}
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		return &usageError{"there is no such verb", "recover --help lists the verbs"}
	}
	if err := p.lines(usageHead); err != nil {
		return err
	}
	for _, v := range verbs() {
		if err := p.Print("    recover %-10s %s", v.name, v.summary); err != nil {
			return err
		}
	}
	return p.lines(usageFoot)
}

// Each verb's page is a text of its own; what several verbs share is written
// once.

const usageHead = `
recover rebuilds wallet keys from the backups that the MPC wallet service left
in your bucket. It needs three things, and none of them is in the bucket but
the first:

    shards          the backups: <key_id>/recovery_shard-<n>.txt, as downloaded
    recovery key    the RSA private key that the shards are encrypted to
    record          your offline list of quorum IDs, key IDs and algorithms

Verbs:
`

const usageFoot = `

"recover VERB --help" explains a verb. Results go to stdout, all else to stderr.
Exit status: 0 all that was asked; 1 failed; 2 wrong usage; 3 some keys done.
`

const selectionUsage = `
What to work on:
    --record FILE              the offline record, JSON or CSV with the header
                               quorum_id,key_id,algorithm
    --shards PATH              the downloaded bucket, or one shard file
    --quorum-id UUID           instead of --record, for a single key:
    --key-id UUID                all three are needed
    --algorithm NAME           SECP256K1 or ED25519
    --public-key KEY           for a single key: what its wallet is known by, from
    --address ADDRESS            the service's own list; never from the bucket
`

const keyUsage = `
The recovery key:
    --key FILE                 the private key: PEM, DER or hex, sealed or not;
                               what it is follows from its content
    --hsm URI                  a key in a PKCS#11 token, see below
    --identity FILE            for a key file that is sealed to an age identity
    --passphrase-fd N          read passphrases from descriptor N, a line each in
                               the order asked, instead of asking at the terminal
Or, where it was split among several holders (recover custody):
    --sealed-key FILE          the file sealed-recovery-key.age, any holder's copy
    --share FILE               a holder's share (repeatable); with --identity, or a
                               passphrase that is asked, where it is sealed
    --shares                   instead: the holders come to the terminal, one after
                               the other, in any order
    --transcript FILE          write down what is done, without a secret, in FILE
                               and, for people, FILE.txt
` + tokenUsage + tokenUseUsage

const verifyUsage = `
recover verify --record FILE --shards PATH [--recovery-public-key FILE]

Proves, with public data alone, that every recorded key can be rebuilt by
whoever holds the recovery key: no secret is needed or asked for, so it can run
on any machine, every week. It also says by what the record knows each wallet:
without a public key or address of the service's list, the derived wallet key of
a SECP256K1 backup cannot be checked.
` + selectionUsage + `
Options:
    --recovery-public-key FILE the shards have to be encrypted to this key; without
                               it, to one that the record names, or else to any
    --html FILE                a report for people: one page that needs no network
    --json                     NDJSON: an object for each key, then a summary
    --workers N                keys that are worked on at a time (0: one a processor)

Exit status 3 means that some keys are in order and others are not.
`

const rebuildUsage = `
recover rebuild --record FILE --shards PATH --key FILE --out DIR

Rebuilds the recorded wallet keys. A key is written only if it is right: if the
record has the wallet's public key or address, the rebuilt key must have it;
if not, public data must prove the backup, and all backups of the key must agree.
` + selectionUsage + keyUsage + `
What comes out:
    --out DIR                  a directory that does not exist yet. The keys are in
                               DIR/keys-0001.ndjson.age and following, a line each
    --recipient age1…          seal the keys to this age recipient (repeatable);
                               without it, to a passphrase that is asked
    --unsealed                 write the keys in the clear
    --with-master              write each master key and chain code too; also those
                               of which the wallet key cannot be derived
    --accept-unproved          also write keys that nothing proves to be right,
                               marked as such, and exit with status 3; compare
                               their addresses with a source outside the bucket
    --salvage                  read what can be read of files that are cut off or
                               damaged; slower. What comes out has to be right in
                               the same way
    --json                     NDJSON: an object for each key, then a summary
    --workers N                keys that are worked on at a time (0: one a processor)
    --resume DIR               instead of --out: go on in the directory of a run that
                               broke off, or try again what it did not rebuild; all
                               else is given as before, but for a corrected record
    --part 2/5                 the second of five parts of the record, which five
                               workstations divide; "recover report merge" joins them

The sealed keys are opened by the age command alone:
    age -d -i IDENTITY DIR/keys-0001.ndjson.age
where IDENTITY is your age identity file, or with a passphrase DIR/identity.age.
`

const inspectUsage = `
recover inspect FILE…

Says what each file is, and whether it is sound: a recovery key, private or
public; a share of one; a shard; a record; a report or journal of a rebuild; the
transcript of a ceremony; a sealed file.
It asks for no secret unless --open is given.

Options:
    --open                     open sealed recovery keys: ask for the passphrase
    --identity FILE            the age identity to open them with
    --passphrase-fd N          read passphrases from descriptor N
    --share FILE, --shares     the shares that open a sealed recovery key
    --record FILE              look the IDs of shards up here, to prove them whole
    --quorum-id UUID           the IDs of a shard, if there is no record
    --key-id UUID
    --json                     NDJSON: an object for each file
`

const sandboxUsage = `
recover sandbox --out DIR

Makes a practice bucket, its record and its recovery key, to rehearse with.
Nothing in it may ever guard anything of value.

    DIR/bucket/<key_id>/recovery_shard-<n>.txt     the backups
    DIR/record.json                                the offline record
    DIR/recovery-key-<n>.pem, .pub.der             the recovery keys
    DIR/expected.json                              what a rebuild has to give

Options:
    --out DIR                  a directory that does not exist yet
    --keys N                   wallet keys, every second ED25519 (default 6)
    --quorums N                quorums that they belong to (default 2)
    --players N                MPC players of each key (default 3)
    --threshold N              any N+1 players make the key (default 1)
    --sharing NAME             shamir or additive (default shamir)
    --recovery-keys N          recovery keys in the kit (default 1)
    --recovery-public-key FILE make the backups for your own recovery key
                               (repeatable; then no recovery key is made)
    --fault NAME               damage one more of the backups, or its record
                               (repeatable); "--fault list" lists the names
    --json                     NDJSON: an object for each key, then a summary
`
