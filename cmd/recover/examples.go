package main

import (
	"regexp"
	"strings"
)

// examples are the commands that the page of each verb shows: one at least for
// each of its subcommands. They are of a practice bucket, "recover sandbox --out
// practice", and a test runs them as they stand, in the order of the verbs.
// ID stands for the ID of a key.
var examples = map[string]string{
	"sandbox": `recover sandbox --out practice
recover sandbox --keys 1 --fault truncated --out damaged`,

	"inspect": `recover inspect practice/record.json practice/recovery-key-0.pem`,

	"record": `recover record new --shards practice/bucket --from wallets.csv \
    --out record.json
recover record check --record record.json --shards practice/bucket
recover record add --record record.json --shards practice/bucket \
    --out added.json
recover record find --record record.json --shards practice/bucket
recover record merge --record record.json --record added.json \
    --out merged.json
recover record event --record record.json --type personnel \
    --holder carol --change left --date 2026-11-20 --out changed.json`,

	"verify": `recover verify --record practice/record.json --shards practice/bucket`,

	"audit": `recover audit --record practice/record.json --shards practice/bucket \
    --files papers --html review.html
recover audit --cloud answers`,

	"drill": `recover drill --record practice/record.json --shards practice/bucket \
    --key practice/recovery-key-0.pem --html drill.html`,

	"rebuild": `recover rebuild --record practice/record.json --shards practice/bucket \
    --key practice/recovery-key-0.pem --out rebuilt`,

	"report": `recover report merge rebuilt/report.json --record practice/record.json`,

	"keys": `recover keys rebuilt > /dev/shm/keys.ndjson`,

	"addresses": `recover addresses --keys rebuilt
recover addresses --record practice/record.json --csv > accounts.csv`,

	"export": `recover export --keys rebuilt --key-id ID --format hex --out key.age`,

	"sign": `recover sign --keys rebuilt --key-id ID --in unsigned.txt --out signed.txt`,

	"sweep": `recover sweep plan --addresses accounts.csv --state state.json \
    --to to.csv --out plan.json
recover sweep --plan plan.json --keys rebuilt --out signed`,

	"custody": `recover custody split --key practice/recovery-key-0.pem --threshold 2 \
    --custodian alice --custodian bob --custodian carol --out shares \
    --transcript split.ndjson
recover custody check shares/alice/share.txt --transcript split.ndjson \
    --confirmation alice.json
recover custody confirm alice.json bob.json carol.json \
    --transcript split.ndjson
recover custody reissue --sealed-key shares/alice/sealed-recovery-key.age \
    --share shares/alice/share.txt --share shares/bob/share.txt \
    --threshold 2 --custodian alice --custodian dave --out reissued
recover custody open --sealed-key shares/bob/sealed-recovery-key.age \
    --share shares/bob/share.txt --share shares/carol/share.txt \
    --identity-out identity.txt
recover custody sign split.ndjson --identity ssh-key \
    --out split.ndjson.sig
recover custody attach-record --record practice/record.json \
    --folder shares/alice --folder shares/bob
recover custody script --for rebuild --record practice/record.json \
    --sealed-key shares/bob/sealed-recovery-key.age \
    --transcript split.ndjson --out script.txt`,

	"hsm": `recover hsm list --hsm-module /usr/lib/softhsm/libsofthsm2.so
recover hsm check --hsm 'pkcs11:token=drill;object=recovery-key' \
    --hsm-module /usr/lib/softhsm/libsofthsm2.so \
    --recovery-public-key pair/recovery-public-key.der`,

	"keygen": `recover keygen --out recovery-key
recover keygen --threshold 2 --custodian alice --custodian bob \
    --custodian carol --out set --transcript keygen.ndjson
recover keygen --hsm 'pkcs11:token=drill;object=recovery-key' \
    --hsm-module /usr/lib/softhsm/libsofthsm2.so --out pair`,

	"preflight": `recover preflight --key practice/recovery-key-0.pem \
    --shards practice/bucket --out new`,

	"version": `recover version`,
}

var firstSection = regexp.MustCompile(`(?m)^[^ \n].*:\n +`)

// withExamples puts the examples of a verb between what its page says it does
// and the flags.
func withExamples(verb, usage string) string {
	text := "Example:\n"
	if strings.Count(examples[verb], "recover ") > 1 {
		text = "Examples:\n"
	}
	for line := range strings.Lines(examples[verb]) {
		text += "    " + line
	}
	at := firstSection.FindStringIndex(usage)[0]
	return usage[:at] + text + "\n\n" + usage[at:]
}
