package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"recover/internal/terminal"
	"recover/pkg/hsm"
	"recover/pkg/rsadecrypt"
	"recover/pkg/shard"
)

// keySession is what a run has to open a recovery key with: a prompter for
// passphrases, and with --hsm the module, and where its PIN is read from.
type keySession struct {
	*secretPrompter
	pins     *terminal.Descriptor // nil: at the terminal; may be that of the passphrases
	pinAsked bool
	prepare  func() error // asks for all else, before the PIN is sent; nil: nothing
	module   *hsm.Module  // nil: without --hsm
}

// begin takes over the descriptors that the flags name, starts the helper if
// they name a token, and gives up the network. That is the order, because a
// helper must inherit neither the descriptors nor the lack of a network.
func begin(p *program, f *keyFlags) (*keySession, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	prompter, err := newPrompter(p, f.passphraseFlags)
	if err != nil {
		return nil, err
	}
	a := &keySession{secretPrompter: prompter}
	if err := a.openPINs(f); err != nil {
		return nil, err
	}
	if f.token.uri.text != "" {
		a.module, err = f.token.open(p.ctx)
	}
	if err != nil {
		return a, err
	}
	if err := p.checkHelper(a.module); err != nil {
		return a, err
	}
	return a, p.confine()
}

// used makes sure that the descriptors that were given were needed.
func (a *keySession) used() error {
	if a.pins != nil && !a.pinAsked {
		return &usageError{"--pin-fd is given, but the token asks for no PIN", "leave it out"}
	}
	return a.secretPrompter.used()
}

// close ends the helper, if there is one. It may be called more than once.
func (a *keySession) close() {
	if a.module != nil {
		a.module.Close()
	}
}

// keyHSM is a recovery key in a token.
type keyHSM struct {
	*tokenFlags
	session *keySession
	backups *backups // that the key is for, if there are any
}

// open looks which recovery key the backups are for and how often the token is
// asked, and opens that key.
func (k *keyHSM) open(*secretPrompter) (*recoveryKey, error) {
	a := k.session
	var wanted hsm.KeyFilter
	var work *work
	if k.backups != nil {
		var err error
		if work, err = k.backups.survey(a.ctx); err != nil {
			return nil, err
		}
		wanted = work.wanted()
	}
	key, d, err := k.decrypter(a, wanted, work)
	if err != nil {
		return nil, err
	}
	goOn := a.stopModule(interruptGrace)
	return &recoveryKey{
		Decrypter:   d,
		sessions:    d.Sessions(),
		public:      key.Public,
		fingerprint: rsadecrypt.FingerprintOf(key.Public),
		close:       func() { goOn(); a.close() },
	}, nil
}

// workers returns how many keys are worked on at a time. A token gets two for
// each session, so that it never waits for one that reads or computes.
func (k *recoveryKey) workers(t *terminal.Terminal, asked int) int {
	if asked == 0 && k.sessions > 0 {
		return max(runtime.GOMAXPROCS(0), 2*k.sessions)
	}
	if asked > 0 && asked < k.sessions {
		t.Note("--workers %d: the token is asked for %d %s at a time", asked, asked, plural(asked, "decryption", "decryptions"))
	}
	return asked
}

// interruptGrace is for decryptions that go on when the user interrupts: all but
// those that wait for a person.
const interruptGrace = 2 * time.Second

// stopModule sees to it that an interrupt ends what waits for the token, after
// a grace, until goOn is called.
func (a *keySession) stopModule(grace time.Duration) (goOn func() bool) {
	return context.AfterFunc(a.ctx, func() {
		time.Sleep(grace)
		a.module.Stop()
	})
}

// decrypter goes all steps. Whatever can be known without the PIN is known
// before it is spent.
func (f *tokenFlags) decrypter(a *keySession, wanted hsm.KeyFilter, work *work) (*hsm.Key, *hsm.Decrypter, error) {
	defer a.stopModule(0)()
	s, err := f.login(a, wanted, work)
	var key *hsm.Key
	if err == nil {
		key, err = s.Key(f.location, wanted)
	}
	var d *hsm.Decrypter
	if err == nil {
		d, err = f.selfTest(a, key)
	}
	return key, d, interruptedIfClosed(err)
}

// login finds the token, looks at its PIN and its public key, asks for all that
// a person has to answer, and logs in.
func (f *tokenFlags) login(a *keySession, wanted hsm.KeyFilter, work *work) (*hsm.Session, error) {
	t, err := a.module.Token(f.location)
	if err != nil {
		return nil, err
	}
	a.term.Note("token %q of %q, serial number %q", t.Label, t.Manufacturer, t.Serial)
	if err := f.checkPIN(a, t); err != nil {
		return nil, err
	}
	if f.makesKey {
		if err := t.CheckNewKey(); err != nil {
			return nil, err
		}
	}
	if _, err := t.CheckPublicKey(f.location, wanted); err != nil {
		return nil, err
	}
	a.term.Note("%s", f.announce(work))
	for _, sign := range f.options().Logging() {
		a.term.Warn(sign + ": the module may log its calls, and the PIN with them")
	}
	pin, err := a.pin(t)
	if err != nil {
		return nil, err
	}
	if a.prepare != nil {
		if err := a.prepare(); err != nil {
			pin.Wipe()
			return nil, err
		}
	}
	if t.PINPad() {
		a.term.Note("enter the PIN at the token now")
	}
	s, err := t.Login(pin, f.fewTries)
	if !a.asksForAnother(t, err) {
		return s, err
	}
	if pin, err = a.pin(t); err != nil {
		return nil, err
	}
	return t.Login(pin, f.fewTries)
}

// announce tells how often the token is used, for those that want a touch or a
// PIN each time.
func (f *tokenFlags) announce(work *work) string {
	var uses []string
	if n := hsm.SelfTestOperations(f.decryptMode); !f.noSelfTest {
		use := fmt.Sprintf("%d %s for the self-test", n, plural(n, "time", "times"))
		if f.decryptMode == hsm.ModeAuto {
			use = "up to " + use
		}
		uses = append(uses, use)
	}
	if work != nil {
		n, keys := work.most()
		uses = append(uses, fmt.Sprintf("%d %s for %d %s", n, plural(n, "time", "times"), keys, plural(keys, "key", "keys")))
	}
	text := "the token will decrypt " + strings.Join(uses, " and ")
	if work != nil {
		text += fmt.Sprintf(" (for a key whose backups are damaged, up to %d times)", shard.Limit(work.salvage).Left)
	}
	return text + "; if each needs a touch or the PIN, it asks that often"
}

// selfTest returns the decrypter in the mode that works.
func (f *tokenFlags) selfTest(a *keySession, key *hsm.Key) (*hsm.Decrypter, error) {
	if key.AlwaysAuthenticate {
		a.term.Note("the key needs its PIN for each decryption: it is sent again each time without asking; at a PIN pad, enter it each time")
	}
	if f.noSelfTest {
		a.term.Warn("--hsm-no-self-test: whether the token can decrypt shows only with the first backup")
		return key.Untested(f.decryptMode)
	}
	d, err := key.SelfTest(f.decryptMode)
	if err != nil {
		return nil, err
	}
	a.term.Note("self-test passed: mode %s, %d %s at a time", d.Mode(), d.Sessions(), plural(d.Sessions(), "decryption", "decryptions"))
	if d.Sessions() < f.sessions {
		a.term.Warn(fmt.Sprintf("--hsm-sessions %d: the token gives %d", f.sessions, d.Sessions()))
	}
	return d, nil
}

// interruptedIfClosed is the error of a run whose helper was closed because the
// user interrupted.
func interruptedIfClosed(err error) error {
	if errors.Is(err, hsm.ErrClosed) {
		return terminal.ErrInterrupted
	}
	return err
}
