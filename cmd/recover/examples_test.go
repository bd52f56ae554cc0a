package main

import (
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"recover/fixtures/tier"
)

// exampleLines takes the examples from the help page of a verb, a command each.
func exampleLines(page string) []string {
	_, rest, found := strings.Cut(strings.Replace(page, "\nExample:\n", "\nExamples:\n", 1), "\nExamples:\n")
	block, _, _ := strings.Cut(rest, "\n\n")
	if !found {
		return nil
	}
	var all []string
	for line := range strings.Lines(block + "\n") {
		if n := len(all); n > 0 && strings.HasSuffix(all[n-1], "\\\n") {
			all[n-1] += line
		} else {
			all = append(all, strings.TrimPrefix(line, "    "))
		}
	}
	return all
}

var subcommand = regexp.MustCompile(`(?m)^recover [a-z]+ ([a-z]+) `)

// TestEveryVerbHasExamples: the page of each verb shows an example of it, and of
// each of its subcommands.
func TestEveryVerbHasExamples(t *testing.T) {
	for _, v := range verbs() {
		page := execute(t, v.name, "--help").stdout
		lines := exampleLines(page)
		if len(lines) == 0 {
			t.Errorf("the page of %s has no example: add it to examples.go", v.name)
		}
		synopsis, _, _ := strings.Cut(page, "\n\n")
		for _, m := range subcommand.FindAllStringSubmatch(synopsis, -1) {
			if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, "recover "+v.name+" "+m[1]+" ") }) {
				t.Errorf("the page of %s has no example of %s: add it to examples.go", v.name, m[1])
			}
		}
		if out := execute(t, "help", v.name).stdout; out != page {
			t.Errorf("recover help %s and recover %s --help differ", v.name, v.name)
		}
	}
	for name := range examples {
		if !slices.Contains(verbNames(), name) {
			t.Errorf("examples of %s, which is no verb", name)
		}
	}
}

// exampleOrder is another order than that of the help: what makes a key comes
// before what uses it.
var exampleOrder = []string{"", "sandbox", "keygen", "hsm"}

// beforeExample is what a reader has from elsewhere, by the beginning of the
// example that needs it.
var beforeExample = map[string]string{
	"recover record new": `{ echo quorum_id,key_id,public_key,name
sed -n 's/.*"quorum_id": "\([^"]*\)", "key_id": "\([^"]*\)".*"name": "\([^"]*\)", "public_key": "\([^"]*\)".*/\1,\2,\4,\3/p' practice/record.json
} > wallets.csv`,
	"recover audit --record": `mkdir papers
cp practice/recovery-key-0.pub.der papers`,
	"recover audit --cloud": `mkdir answers`,
	"recover export":        `id=$(grep SECP256K1 accounts.csv | head -n 1 | cut -d, -f2)`,
	"recover sign": `account=$(grep "$id,.*ethereum" accounts.csv | cut -d, -f5)
echo '{"type":2,"chainId":"1","nonce":7,"to":"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed","value":"1","gasLimit":"21000","maxFeePerGas":"20000000000","maxPriorityFeePerGas":"1000000000","from":"'$account'"}' > unsigned.txt`,
	"recover sweep plan": `account=$(grep ',xrp,' accounts.csv | head -n 1 | cut -d, -f5)
cat > state.json <<END
{"format": "recover-sweep-state/1",
 "xrp": [{"base_reserve": 1000000, "owner_reserve": 200000, "fee": 12,
          "accounts": [{"address": "$account", "balance": 50000000, "sequence": 7, "owner_count": 0}]}]}
END
printf 'chain,address,tag\nxrp,rrrrrrrrrrrrrrrrrrrrrhoLvTp,77\n' > to.csv`,
	"recover custody confirm": `for holder in bob carol; do
recover custody check shares/$holder --transcript split.ndjson --confirmation $holder.json
done`,
	"recover custody sign": `ssh-keygen -q -t ed25519 -N "" -C "" -f ssh-key`,
}

// typed is what a person types at the terminal, and here comes from descriptor 3
// or another flag, by the beginning of an example.
var typed = map[string]string{
	"recover keygen --out":        " --passphrase-fd 3 3< one",
	"recover keygen --hsm":        " --pin-fd 3 3< pin",
	"recover hsm check":           " --pin-fd 3 3< pin",
	"recover rebuild":             " --passphrase-fd 3 3< one",
	"recover keys":                " --passphrase-fd 3 3< one",
	"recover addresses --keys":    " --passphrase-fd 3 3< one",
	"recover export":              " --passphrase-fd 3 3< two",
	"recover sign":                " --passphrase-fd 3 3< one --yes",
	"recover sweep --plan":        ` --passphrase-fd 3 3< one --plan-sha256 "$(sha256sum plan.json | cut -d ' ' -f 1)"`,
	"recover audit --record":      " || test $? = 3",  // there was no drill
	"recover audit --cloud":       " || test $? != 2", // the answers are empty
	"recover preflight":           " || test $? != 2", // of whatever machine this is
	"recover record new --shards": " --environment sandbox",
}

// TestHelpExamples runs the examples of all help pages in one directory.
func TestHelpExamples(t *testing.T) {
	tier.Long(t) // the examples make recovery keys, and a passphrase takes a second each time
	if underRace() {
		t.Skip("TestEveryVerbHasExamples reads the same pages, and the script runs the same verbs")
	}
	t.Parallel()
	for _, tool := range []string{"softhsm2-util", "ssh-keygen"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("the examples need %s, run: make test-tools", tool)
		}
	}
	putHelperBeside(t, "recover")
	script := `set -eu
mkdir tokens
printf 'directories.tokendir = %s/tokens\n' "$PWD" > softhsm2.conf
export SOFTHSM2_CONF="$PWD/softhsm2.conf"
softhsm2-util --init-token --free --label drill --so-pin 12345678 --pin 1234 > /dev/null
echo 1234 > pin
echo seven words that nobody will ever guess > one
cat one one > two
`
	names := exampleOrder
	for _, name := range verbNames() {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, name := range names {
		page := execute(t, strings.Fields("help "+name)...).stdout
		for _, example := range exampleLines(page) {
			example = strings.TrimSuffix(example, "\n")
			for begin, before := range beforeExample {
				if strings.HasPrefix(example, begin) {
					script += before + "\n"
				}
			}
			suffix := ""
			for begin, words := range typed {
				if strings.HasPrefix(example, begin) {
					suffix = words
				}
			}
			example = strings.ReplaceAll(strings.ReplaceAll(example, " ID ", ` "$id" `), "/dev/shm/", "")
			script += example + suffix + "\n"
		}
	}
	runScript(t, script)
	if n := strings.Count(script, "\nrecover "); n < 30 {
		t.Errorf("only %d examples", n)
	}
}
