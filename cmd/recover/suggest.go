package main

import (
	"strings"

	"github.com/spf13/pflag"
)

// What was probably meant by a verb or a flag that there is none of.

// otherNames are what other tools call our verbs.
var otherNames = map[string]string{
	"restore": "rebuild", "recover": "rebuild", "decrypt": "rebuild", "check": "verify", "validate": "verify", "test": "drill", "rehearse": "drill",
	"split": "custody", "combine": "custody", "shares": "custody", "address": "addresses", "transfer": "sweep", "generate": "keygen", "info": "inspect",
}

// didYouMean is a hint that names a verb or flag, or fallback where none is near.
func didYouMean(text string, names []string, fallback string) string {
	best, distance := "", 3
	for _, name := range names {
		d := editDistance(text, name)
		if strings.HasPrefix(name, text) && len(text) > 3 {
			d = min(d, 1)
		}
		if d < distance && d < len(text) {
			best, distance = name, d
		}
	}
	if best == "" {
		return fallback
	}
	return "did you mean " + best + "? " + fallback
}

// unknownVerb is the error of a verb that there is none of. It is named only
// where it looks like a word: it may be a secret that went astray.
func unknownVerb(text string, verbs []string) error {
	fact := "there is no such verb"
	if isWord(text) {
		fact = "there is no verb " + text
	}
	const seeHelp = "recover --help lists the verbs"
	if other, ok := otherNames[text]; ok {
		return &usageError{fact, "did you mean " + other + "? " + seeHelp}
	}
	return &usageError{fact, didYouMean(text, verbs, seeHelp)}
}

// unknownAction is the error of a verb that has subcommands, where none of them is
// given. What was given is named where it looks like a word.
func unknownAction(verb, text string, actions []string) error {
	last := len(actions) - 1
	fact := verb + " needs a subcommand: " + strings.Join(actions[:last], ", ") + " or " + actions[last]
	seeHelp := "recover " + verb + " --help explains them"
	if isWord(text) && text != "" && text[0] != '-' {
		fact = verb + " has no subcommand " + text
	}
	return &usageError{fact, didYouMean(text, actions, seeHelp)}
}

// isWord tells a short word of letters from what may be a secret.
func isWord(text string) bool {
	return len(text) <= 12 && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz-") == ""
}

// otherVerbs do what a flag was given for. The listing tells nothing of a rebuilt
// key, so it is compared before any secret is asked for.
var otherVerbs = map[string]string{
	"rebuild --listing": "run first: recover verify --record FILE --shards PATH --listing FILE",
	"drill --listing":   "run first: recover verify --record FILE --shards PATH --listing FILE",
}

// unknownFlag is the error of a flag that a verb does not have.
func unknownFlag(fs *pflag.FlagSet, flag, seeHelp string) error {
	fact := "unknown flag " + flag
	if other, ok := otherVerbs[fs.Name()+" "+flag]; ok {
		return &usageError{fact, other}
	}
	if other := flagsElsewhere[strings.TrimLeft(flag, "-")]; other != "" && fs.Lookup(other) != nil {
		return &usageError{fact, "did you mean --" + other + "? " + seeHelp}
	}
	if flag == "--rehearsal" || flag == "--accept" {
		return &usageError{fact, "leave it out: this command does not check the machine"}
	}
	return &usageError{fact, didYouMean(flag, flagNames(fs), seeHelp)}
}

// flagsElsewhere are what the vendor's tool calls our flags, without dashes.
var flagsElsewhere = map[string]string{"recovery-kit-file": "shards", "private-key-file": "key"}

// flagNames are the flags of a set, with their dashes.
func flagNames(fs *pflag.FlagSet) (names []string) {
	fs.VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
	return names
}

// editDistance counts the letters that have to be put in, taken out or replaced.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
