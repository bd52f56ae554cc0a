package main

import (
	"context"
	"crypto/rsa"
	"errors"

	"filippo.io/age"
	"github.com/spf13/pflag"

	"recover/internal/output"
	"recover/internal/secret"
	"recover/pkg/custody"
	"recover/pkg/rsadecrypt"
)

// shareFlags name a sealed recovery key and the shares that open it.
type shareFlags struct {
	sealedKey  string   // the one in use
	sealedKeys []string // all that were given
	shares     []string
	atTerminal bool
	transcript string
}

func (f *shareFlags) register(fs *pflag.FlagSet) {
	fs.Var(sealedKeyValue{f}, "sealed-key", "")
	fs.StringArrayVar(&f.shares, "share", nil, "")
	f.registerCollect(fs)
	fs.StringVar(&f.transcript, "transcript", "", "")
}

// registerCollect takes --collect-shares, also under its earlier name, which is a
// letter away from --shards.
func (f *shareFlags) registerCollect(fs *pflag.FlagSet) {
	for _, name := range []string{"collect-shares", "shares"} {
		fs.BoolVar(&f.atTerminal, name, false, "")
	}
}

// check holds the flags against each other. Without a sealed key there are no
// shares to be given.
func (f *shareFlags) check() error {
	switch shares := len(f.shares) > 0 || f.atTerminal; {
	case f.sealedKey == "" && shares:
		return &usageError{"--share and --collect-shares need --sealed-key", "each holder has a copy of sealed-recovery-key.age next to the share"}
	case f.sealedKey == "" && f.transcript != "":
		return &usageError{"--transcript is for a recovery key that shares open", "give --sealed-key, or leave --transcript out"}
	case f.sealedKey != "" && !shares:
		return &usageError{"--sealed-key is given, but no shares", "name each file with --share, or add --collect-shares: the holders are asked at the terminal"}
	case len(f.shares) > 0 && f.atTerminal:
		return &usageError{"--share and --collect-shares are both given", "leave --share out: with --collect-shares, files are named at the terminal"}
	}
	return nil
}

// keyShares are the shares of the recovery key, in files or still with their
// holders, and the sealed key that they open.
type keyShares struct {
	*shareFlags
	sealed     *custody.SealedKey // the one in use
	copies     []sealedCopy       // all that were given, but for those that cannot be read
	unread     []error            // why those cannot
	identities []string
	verb       string

	beforeShare func(path string) error // of a share that is named at the terminal; nil: nothing
}

// keyShares reads the sealed key, and looks whether the shares are there.
func (f *keyFlags) keyShares(ctx context.Context, verb string) (*keyShares, error) {
	if err := checkTranscript(f.shares.transcript); err != nil {
		return nil, err
	}
	if err := checkShareFiles(f.shares.shares); err != nil {
		return nil, err
	}
	k := &keyShares{shareFlags: &f.shares, identities: f.identities, verb: verb}
	return k, k.readCopies(ctx)
}

// checkShareFiles looks whether the files are there, and puts the file of the share
// in the place of a holder's folder. A share that was given instead of its file is
// not repeated.
func checkShareFiles(paths []string) error {
	for i, path := range paths {
		file, err := shareIn(path)
		if err != nil {
			return &fileError{path, asShare, err}
		}
		path, paths[i] = file, file
		in, err := output.OpenInput(path, maxShareFile)
		switch {
		case errors.Is(err, output.ErrNotRegular) && isPipe(path): // read once, later
			continue
		case err != nil && custody.LooksLikeShare([]byte(path)):
			return &usageError{"a share is given as an argument, not a file",
				"it may be in the history of the shell now: clear that; --collect-shares or --typed asks for it, hidden"}
		case err != nil:
			return &fileError{path, asShare, err}
		}
		_ = in.Close()
	}
	return nil
}

// maxShareFile is larger than any page that is sealed, in bytes.
const maxShareFile = 2 * custody.MaxPageSize

func readSealedKey(ctx context.Context, path string) (*custody.SealedKey, error) {
	data, err := readInput(ctx, path, rsadecrypt.MaxFileSize)
	if err != nil {
		return nil, &fileError{path, asSealedKey, err}
	}
	sealed, err := custody.ParseSealedKey(data)
	if err != nil {
		return nil, &fileError{path, asSealedKey, foreign(err, data)}
	}
	return sealed, nil
}

// open brings the recovery key back. Its ceremony goes on until the key is
// closed, or its user ends it.
func (k *keyShares) open(a *secretPrompter) (*recoveryKey, error) {
	c, err := beginCeremony(a.term, k.verb, k.transcript, a.accepted)
	if err != nil {
		return nil, err
	}
	quorum, err := k.quorum(a, c)
	if err != nil {
		return nil, c.end(err)
	}
	defer quorum.Wipe()
	private, err := k.openKey(quorum, c)
	if err != nil {
		return nil, c.end(err)
	}
	c.opened(k.sealed.Key)
	if err := c.failed(); err != nil {
		rsadecrypt.Wipe(private)
		return nil, c.end(err)
	}
	return &recoveryKey{
		Decrypter:   private,
		public:      &private.PublicKey,
		fingerprint: k.sealed.Key,
		ceremony:    c,
		close: func() {
			rsadecrypt.Wipe(private)
			_ = c.end(errNotEnded) // unless its user has
		},
	}, nil
}

var errNotEnded = errors.New("given up before the work was done")

// quorum collects the shares, and makes of them what opens the sealed key.
func (k *keyShares) quorum(a *secretPrompter, c *ceremony) (*custody.Quorum, error) {
	for _, err := range k.unread {
		a.term.Warn(err.Error() + "; another copy is used")
	}
	for _, copied := range k.copies {
		c.record(custody.Event{Step: custody.StepInput, File: custody.SealedKeyName, SHA256: custody.DigestOf(copied.Bytes())})
	}
	c.set(custody.StepSet, &k.sealed.Description)
	ids, err := readIdentities(a, k.identities)
	if err != nil {
		return nil, err
	}
	sets := newShareSets(k.copies)
	defer sets.wipe()
	o := &shareOpener{ask: a, identities: ids, before: k.beforeShare}
	if k.atTerminal {
		err = collectShares(sets, o, c)
	} else {
		err = k.readShares(sets, o, c)
	}
	if err == nil {
		err = c.failed()
	}
	if err != nil {
		return nil, err
	}
	if used := sets.current.sealed; used.ID != k.sealed.ID {
		c.set(custody.StepSet, &used.Description)
	}
	quorum, used, err := sets.combine(a.term, c)
	if err != nil {
		return nil, err
	}
	k.sealed, k.sealedKey = used.SealedKey, used.path
	c.record(custody.Event{Step: custody.StepCombined, Set: k.sealed.ID})
	return quorum, nil
}

// openKey opens the recovery key.
func (k *keyShares) openKey(quorum *custody.Quorum, c *ceremony) (*rsa.PrivateKey, error) {
	private, err := quorum.Open()
	if err != nil {
		c.record(custody.RefusedSealedKey(err))
		return nil, &fileError{k.sealedKey, asSealedKey, err}
	}
	return private, nil
}

// readShares takes the shares of all files. Each has to be right, also one that
// is more than enough. Of those that are of another set, all are read before
// anything is said: where they agree with each other, the sealed key is the odd
// one.
func (k *keyShares) readShares(sets *shareSets, o *shareOpener, c *ceremony) error {
	var first error
	for _, path := range k.shares {
		share, err := o.file(path)
		if err == nil {
			if err = sets.add(share); err != nil {
				share.Wipe()
			}
		}
		switch {
		case err == nil:
			c.record(acceptedEvent(sets.of(share), share.Index))
			o.ask.term.Note("%s", sets.acceptedText(share))
			continue
		case !sets.isStranger(err):
			c.refused(err, custody.FromFile)
			return shareError(path, err)
		}
		c.refused(err, custody.FromFile)
		if first == nil {
			first = shareError(path, err)
		}
	}
	if odd := sets.odd(); odd != nil {
		c.record(odd.event())
		return &fileError{k.sealedKey, asSealedKey, odd}
	}
	return first
}

// shareError names the file of a share, if it was not typed.
func shareError(path string, err error) error {
	if path == "" || is[*fileError](err) {
		return err
	}
	return &fileError{path, asShare, err}
}

func acceptedEvent(k *custody.SealedKey, index int) custody.Event {
	return custody.Event{Step: custody.StepAccepted, Set: k.ID, Share: index, Holder: k.Holder(index)}
}

// shareOpener reads shares, and opens those that are sealed.
type shareOpener struct {
	ask        *secretPrompter
	identities []age.Identity
	// identity asks a holder for their own identity. It is nil where nobody can
	// be asked.
	identity func() ([]age.Identity, error)
	// before looks at what lies next to a share that is named there; nil: nothing.
	before func(path string) error
}

// file reads the share in a file.
func (o *shareOpener) file(path string) (*custody.Share, error) {
	data, err := readInput(o.ask.ctx, path, maxShareFile)
	if err != nil {
		return nil, err
	}
	defer secret.Wipe(data)
	share, err := o.open(path, data)
	if err != nil {
		err = foreign(err, data)
	}
	return share, err
}

func (o *shareOpener) open(path string, data []byte) (*custody.Share, error) {
	switch custody.SealOf(data) {
	case custody.SealedWithPassphrase:
		return o.withPassphrase(path, data)
	case custody.SealedToIdentity:
		return o.withIdentity(data)
	}
	return custody.ParseShare(data)
}

func (o *shareOpener) withPassphrase(path string, data []byte) (share *custody.Share, err error) {
	err = o.ask.untilRight(path, asShare, "Passphrase of the share "+path, func(p *secret.Bytes) error {
		id, err := custody.PassphraseIdentity(p)
		if err == nil {
			share, err = custody.OpenPage(data, id)
		}
		return err
	})
	return share, err
}

func (o *shareOpener) withIdentity(data []byte) (*custody.Share, error) {
	if len(o.identities) > 0 {
		share, err := custody.OpenPage(data, o.identities...)
		if !errors.Is(err, rsadecrypt.ErrWrongIdentity) || o.identity == nil {
			return share, err
		}
	}
	if o.identity == nil {
		return nil, errShareNeedsIdentity
	}
	ids, err := o.identity()
	if err != nil {
		return nil, err
	}
	return custody.OpenPage(data, ids...)
}

var errShareNeedsIdentity = errors.New("the share is sealed to an age identity or an SSH key")

// gatherShares parses the flags of what begins with a quorum: flags besides
// those of the shares are registered by the caller.
func gatherShares(ctx context.Context, verb string, key *keyFlags) (*keyShares, error) {
	if err := required(verb, [2]string{"sealed-key", key.shares.sealedKey}); err != nil {
		return nil, err
	}
	if err := key.shares.check(); err != nil {
		return nil, err
	}
	return key.keyShares(ctx, verb)
}
