package custody

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"

	"filippo.io/age"
	"golang.org/x/crypto/ssh"

	"recover/internal/agefile"
)

// The names of what opens a share that have no key in them.
const (
	Unsealed       = "nobody"     // whoever has the file can read it
	WithPassphrase = "passphrase" // of the holder
)

// hybridName comes before the hash of a post-quantum recipient, which is itself
// too long to be read.
const hybridName = "age1pq1 "

// RecipientName names whom a share is sealed to, by what ParseRecipient took: the
// age recipient itself; the type and fingerprint of an SSH key, as ssh-keygen -l
// shows it; of a post-quantum recipient the SHA-256 of its text, in base64. It is
// empty for whatever else.
func RecipientName(s string) string {
	s = strings.TrimSpace(s)
	if key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(s)); err == nil {
		return key.Type() + " " + ssh.FingerprintSHA256(key)
	}
	if _, err := age.ParseX25519Recipient(s); err == nil {
		return s
	}
	if _, err := age.ParseHybridRecipient(s); err == nil {
		sum := sha256.Sum256([]byte(s))
		return hybridName + fingerprintPrefix + base64.RawStdEncoding.EncodeToString(sum[:])
	}
	return ""
}

const fingerprintPrefix = "SHA256:"

// validRecipientName takes what RecipientName returns, and nothing that could be
// a share or an identity.
func validRecipientName(name string) bool {
	if name == Unsealed || name == WithPassphrase {
		return true
	}
	for _, kind := range []string{ssh.KeyAlgoED25519, ssh.KeyAlgoRSA, strings.TrimSpace(hybridName)} {
		if digits, ok := strings.CutPrefix(name, kind+" "+fingerprintPrefix); ok {
			sum, err := base64.RawStdEncoding.Strict().DecodeString(digits)
			return err == nil && len(sum) == sha256.Size
		}
	}
	r, err := age.ParseX25519Recipient(name)
	return err == nil && r.String() == name
}

// sealedWith is for people.
func sealedWith(name string) string {
	switch name {
	case Unsealed:
		return "not sealed"
	case WithPassphrase:
		return "sealed with a passphrase"
	}
	return "sealed to " + name
}

// Opener is what opens a sealed share, as far as its file tells: each Opener
// alone can.
type Opener struct {
	kind string // type of the stanza
	tag  string // of an SSH key: the beginning of its fingerprint, in base64
}

// maxOpeners is how many are looked at.
const maxOpeners = 1000

// OpenersOf returns what opens the file of a share, or any other age file; none
// if it is not sealed.
func OpenersOf(data []byte) []Opener {
	parts, _ := agefile.Stanzas(unarmored(data))
	var all []Opener
	for _, s := range parts[:min(len(parts), maxOpeners)] {
		o := Opener{kind: s.Type}
		if sshKind(s.Type) && len(s.Args) > 0 {
			if tag, err := base64.RawStdEncoding.DecodeString(s.Args[0]); err == nil && len(tag) == 4 {
				o.tag = s.Args[0][:5] // the sixth character holds bits of what follows
			}
		}
		all = append(all, o)
	}
	return all
}

func sshKind(kind string) bool { return kind == ssh.KeyAlgoED25519 || kind == ssh.KeyAlgoRSA }

// String says what it is. Which age identity it is, a file does not tell.
func (o Opener) String() string {
	switch {
	case o.kind == "scrypt":
		return "a passphrase"
	case o.kind == "X25519":
		return "an age identity"
	case o.kind == "mlkem768x25519":
		return "a post-quantum age identity"
	case sshKind(o.kind):
		return fmt.Sprintf("an SSH key of type %s whose fingerprint begins with %s%s", o.kind, fingerprintPrefix, o.tag)
	}
	return "something that this program does not know"
}

// fits reports whether it may be the one of that name.
func (o Opener) fits(name string) bool {
	switch {
	case o.kind == "scrypt":
		return name == WithPassphrase
	case o.kind == "X25519":
		return strings.HasPrefix(name, "age1") && !strings.HasPrefix(name, hybridName)
	case o.kind == "mlkem768x25519":
		return strings.HasPrefix(name, hybridName)
	case sshKind(o.kind):
		return strings.HasPrefix(name, o.kind+" "+fingerprintPrefix+o.tag)
	}
	return false
}

// OpenersFit reports whether a share that these open can be the one that was
// sealed to the recipients of these names: as many, and of the same kinds.
func OpenersFit(openers []Opener, names []string) bool {
	left := append([]string(nil), names...)
	for _, o := range openers {
		found := false
		for i, name := range left {
			if found = o.fits(name); found {
				left = append(left[:i], left[i+1:]...)
				break
			}
		}
		if !found {
			return false
		}
	}
	return len(left) == 0 || len(openers) == 0 && len(left) == 1 && left[0] == Unsealed
}
