package main

import (
	"fmt"
	"strings"
	"time"

	"recover/internal/message"
	"recover/internal/terminal"
	"recover/pkg/custody"
	"recover/pkg/rsadecrypt"
)

// script is the script of a ceremony, for people to print, follow and sign: what
// is filled in, from public data alone. File names are words for a shell.
type script struct {
	occasion    string
	version     string
	program     custody.Digest
	key         *rsadecrypt.Fingerprint // nil: it is made in this ceremony
	sealed      *custody.SealedKey      // nil: the key is not split
	sealedKey   string
	transcript  string
	head        *custody.Digest // of the transcript that made the set
	record      string          // empty: none is needed
	recordSum   custody.Digest
	keys        int
	environment string
	shards      string
	token       string // location of the key in a token
	module      string
	threshold   int // of the new set
	custodians  []string
}

// step is one line of the script to tick off.
type step struct {
	do      string
	command []string // words
	fails   string   // what to do if it does not come out so
	hash    bool     // one is written down
}

var occasionTitle = map[string]string{
	"new":     "a new recovery key, split among holders",
	"split":   "a recovery key is split among holders",
	"reissue": "a new set of shares for a recovery key",
	"drill":   "a rehearsal: the wallet keys are rebuilt, and none is kept",
	"rebuild": "the wallet keys are rebuilt",
}

// lines is the whole script, in lines of up to 79 characters.
func (s *script) lines() []string {
	var l listing
	l.add("CEREMONY: %s", occasionTitle[s.occasion])
	l.add("")
	l.add("Date ____________  begins ____:____  ends ____:____  Place _________________")
	l.add("")
	l.add("COMPARED WITH THE SCREEN, by two people, aloud")
	l = append(l, s.facts()...)
	l.add("")
	l.add("PRESENT                    name                     signature, at the end")
	for _, who := range s.people() {
		l.add("  %-23s  _______________________  ___________________________", who)
	}
	l.add("")
	l.add("STEPS. Commands are typed in the directory that has all the files; where an")
	l.add("answer is longer than the screen, with  | more  after it. Whatever is not as")
	l.add("this page says: stop, write down the time and what the screen shows.")
	for i, step := range s.steps() {
		l.add("")
		l = append(l, wrapped(fmt.Sprintf("%2d. ", i+1), step.do)...)
		l = append(l, wrappedCommand(step.command)...)
		if step.fails != "" {
			l = append(l, wrapped("    If not: ", step.fails)...)
		}
		if step.hash {
			l.add("        ____ ____ ____ ____ ____ ____ ____ ____")
			l.add("        ____ ____ ____ ____ ____ ____ ____ ____")
		}
		l.add("    done [ ]  at ____:____")
	}
	l.add("")
	l.add("WHAT WENT OTHERWISE, and who decided what")
	for range 4 {
		l.add("  ___________________________________________________________________________")
	}
	return l
}

func (s *script) facts() []string {
	var l listing
	digest := func(name string, d custody.Digest) {
		l.add("  %s", name)
		l = append(l, indented(inGroups(d))...)
	}
	digest("SHA-256 of the program, recover "+s.version, s.program)
	if s.record != "" {
		environment := ""
		if s.environment != "" {
			environment = ", environment " + terminal.Escape(s.environment)
		}
		digest(fmt.Sprintf("SHA-256 of the record, %s: %d %s%s", s.record, s.keys, message.Plural(s.keys, "key", "keys"), environment), s.recordSum)
	}
	if s.key != nil {
		digest("SHA-256 of the recovery key's public half (its fingerprint)", custody.Digest(*s.key))
	}
	if s.sealed != nil {
		l.add("  Set %s of %s: any %d of %d shares open it", s.sealed.ID, s.sealed.Created.Format(time.DateOnly), s.sealed.Threshold, s.sealed.Count())
		digest("SHA-256 of the sealed key, "+s.sealedKey, custody.DigestOf(s.sealed.Bytes()))
	}
	if s.head != nil {
		digest("SHA-256 of the last line of the transcript, "+s.transcript, *s.head)
	}
	if s.custodians != nil {
		l.add("  The new set: any %d of %d shares open it", s.threshold, len(s.custodians))
	}
	return l
}

func (s *script) people() []string {
	all := []string{"operator", "witness", "owner of the record"}
	if s.sealed != nil {
		for i, holder := range s.sealed.Holders {
			all = append(all, fmt.Sprintf("share %d: %s", i+1, holder))
		}
	}
	for i, holder := range s.custodians {
		all = append(all, fmt.Sprintf("new share %d: %s", i+1, holder))
	}
	if s.sealed == nil && s.custodians == nil {
		all = append(all, "whoever opens the key")
	}
	return all
}

func (s *script) steps() []step {
	all := []step{
		{do: "Phones, watches and cameras are outside the room. The workstation has no network cable, no radio, and nobody else is logged in."},
		{do: "The program is the one of this page: two people compare its SHA-256.", command: []string{"recover", "version"},
			fails: "nobody brings a secret into the room. Take another copy of the program: docs/verify-a-release.md."},
		{do: "The machine is fit: no line says unfit.", command: []string{"recover", "preflight"},
			fails: "do what the line says. What is accepted instead is written down at the end of this page."},
	}
	if files := s.files(); len(files) > 0 {
		all = append(all, step{do: "The files are those of this page: compare each SHA-256 and the fingerprint.", command: append([]string{"recover", "inspect"}, files...),
			fails: "take another copy of the file that differs, and begin this step again."})
	}
	if s.custodians != nil {
		return append(all, s.newSetSteps()...)
	}
	return append(all, s.keySteps()...)
}

// files are those that lie there before the ceremony.
func (s *script) files() (all []string) {
	for _, name := range []string{s.record, s.sealedKey, s.transcript} {
		if name != "" {
			all = append(all, name)
		}
	}
	return all
}

// inMemory is where a ceremony makes what is secret. A preflight refuses /dev/shm
// itself, to which anybody may write.
const inMemory = "/dev/shm/ceremony"

// newSetSteps make a set of shares.
func (s *script) newSetSteps() []step {
	command := map[string][]string{
		"new":     {"recover", "keygen"},
		"split":   {"recover", "custody", "split", "--key", "____________________"},
		"reissue": {"recover", "custody", "reissue", "--sealed-key", s.sealedKey, "--collect-shares"},
	}[s.occasion]
	log := s.occasion + ".ndjson"
	command = append(command, "--threshold", fmt.Sprint(s.threshold))
	confirm := []string{"recover", "custody", "confirm"}
	for _, holder := range s.custodians {
		command = append(command, "--custodian", holder)
		confirm = append(confirm, holder+".json")
	}
	command = append(command, "--out", inMemory+"/set", "--transcript", log)
	all := []step{{do: "A directory in memory is made, that nobody else may write to.", command: []string{"mkdir", "-m", "700", inMemory},
		fails: "it is there from an earlier ceremony. Switch the workstation off, and begin again."},
		{do: "The shares are made. The last lines say that the shares brought the key back.", command: command,
			fails: "what it left is called set.partial: destroy it, and begin this step again with another name of the transcript."}}
	all = append(all, headSteps(log)...)
	owners := log + " with its text"
	if s.occasion == "new" {
		owners = "recovery-public-key.der, and " + owners
	}
	all = append(all,
		step{do: "Each holder copies their own folder of " + inMemory + "/set, and no other, to their own medium: cp -R " + inMemory + "/set/NAME MEDIUM. The owner copies " + owners +
			". Each holder gets a copy of " + log + " by another way than the folder."}, switchOff)
	for _, holder := range s.custodians {
		all = append(all, step{do: fmt.Sprintf("Afterwards %s, alone, with their own medium: \"valid: the share that the ceremony made\".", holder),
			command: []string{"recover", "custody", "check", holder, "--transcript", log, "--confirmation", holder + ".json"},
			fails:   "nothing is destroyed or registered. The owner keeps the original, and the set is made again."})
	}
	all = append(all, step{do: fmt.Sprintf("The owner has the confirmations of all: \"%d of %d holders have confirmed\".", len(s.custodians), len(s.custodians)),
		command: append(confirm, "--transcript", log), fails: "ask who is missing. The original stays where it is until all have confirmed."})
	return append(all, step{do: map[string]string{
		"new":     "Only now recovery-public-key.der is registered at the service, and the fingerprint that the service shows is compared.",
		"split":   "Only now the original of the recovery key is destroyed, in all its copies, before the witness.",
		"reissue": "Only now the old shares are destroyed, and before them every copy of the old sealed key, before the witness.",
	}[s.occasion]})
}

var switchOff = step{do: "The workstation is switched off. What was in /dev/shm is gone with that."}

// headSteps has the hash of a transcript written down.
func headSteps(log string) []step {
	return []step{{do: "The witness writes down the SHA-256 of the last line of " + log + ", which the program showed.", hash: true,
		command: []string{"recover", "inspect", log}, fails: "keep the transcript all the same, and write down what is wrong with it."}}
}

// keySteps use the recovery key.
func (s *script) keySteps() []step {
	inputs := []string{"--record", s.record, "--shards", s.shards}
	all := []step{{do: fmt.Sprintf("All backups are complete: ____ of %d keys ok.", s.keys), command: append([]string{"recover", "verify"}, inputs...),
		fails: "do what the screen says next to each key that is not ok. With the others the ceremony can go on."}}
	command := append([]string{"recover", s.occasion}, inputs...)
	do := "The key is opened with its passphrase, which nobody else sees."
	log := ""
	switch {
	case s.sealed != nil:
		log = s.occasion + ".ndjson"
		command = append(command, "--sealed-key", s.sealedKey, "--collect-shares", "--transcript", log)
		do = fmt.Sprintf("The holders come to the keyboard, one after the other, until %d shares are accepted. Nobody else looks.", s.sealed.Threshold)
	case s.token != "":
		command = append(command, "--hsm", shellWord(s.token))
		if s.module != "" {
			command = append(command, "--hsm-module", shellWord(s.module))
		}
		do = "The PIN of the token is entered once, and nobody else sees it."
	default:
		command = append(command, "--key", "____________________")
	}
	if s.occasion == "rebuild" {
		command = append(command, "--out", "rebuilt")
		do += " The new passphrase of the output is written down twice."
	} else {
		command = append(command, "--html", "drill.html")
		if s.environment == "production" {
			command = append(command, "--production")
		}
	}
	all = append(all, step{do: fmt.Sprintf("%s The end: ____ of %d keys ok.", do, s.keys), command: command,
		fails: "do what the hint says; docs/disaster.md has what helps. A run that broke off goes on with --resume rebuilt instead of --out rebuilt."})
	if s.occasion == "drill" {
		all[len(all)-1].fails = "do what the hint says; docs/disaster.md has what helps."
	}
	if log != "" {
		all = append(all, headSteps(log)...)
	}
	if s.occasion == "rebuild" {
		all = append(all, step{do: "The addresses are those of the company's own list: compare the most valuable first.", command: []string{"recover", "addresses", "--keys", "rebuilt"},
			fails: "nothing is moved to or from an address that is not in the list. Find out why it differs."},
			step{do: "The funds are moved: docs/after-the-rebuild.md."})
	}
	return append(all, step{do: "Everybody takes away what they brought, and signs this page."}, switchOff)
}

const scriptWidth = 79

// wrapped breaks a text into lines, the later ones indented like the first.
func wrapped(first, text string) []string {
	lines := []string{first}
	for i, word := range strings.Fields(text) {
		last := &lines[len(lines)-1]
		if i > 0 && len([]rune(*last))+1+len([]rune(word)) > scriptWidth {
			lines = append(lines, strings.Repeat(" ", 4)+word)
			continue
		}
		if i > 0 {
			*last += " "
		}
		*last += word
	}
	return lines
}

// wrappedCommand breaks a command into lines that a shell joins again. A flag and
// its value stay together.
func wrappedCommand(words []string) (lines []string) {
	for i, word := range words {
		word = terminal.Escape(word)
		if i == 0 {
			lines = []string{strings.Repeat(" ", 8) + word}
			continue
		}
		last := &lines[len(lines)-1]
		width := len([]rune(*last)) + 1 + len([]rune(word))
		if i+1 < len(words) && strings.HasPrefix(word, "--") && !strings.HasPrefix(words[i+1], "--") {
			width += 1 + len([]rune(terminal.Escape(words[i+1])))
		}
		afterFlag := strings.HasPrefix(words[i-1], "--") && !strings.HasPrefix(word, "--")
		if width > scriptWidth-2 && !afterFlag {
			*last += " \\"
			lines = append(lines, strings.Repeat(" ", 12)+word)
			continue
		}
		*last += " " + word
	}
	return lines
}
