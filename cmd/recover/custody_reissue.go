package main

import (
	"io"

	"recover/internal/output"
	"recover/internal/secret"
	"recover/pkg/custody"
	"recover/pkg/rsadecrypt"
)

// gatherShares parses the flags of what begins with a quorum: flags besides
// those of the shares are registered by the caller.
func gatherShares(verb string, key *keyFlags) (*keyShares, error) {
	if err := required(verb, [2]string{"sealed-key", key.shares.sealedKey}); err != nil {
		return nil, err
	}
	if err := key.shares.check(); err != nil {
		return nil, err
	}
	return key.keyShares(verb)
}

// custodyReissue makes a new set for the recovery key of an old one.
func (p *program) custodyReissue(args []string) error {
	const verb = "custody reissue"
	var f splitFlags
	var key keyFlags
	fs := newFlags(verb)
	f.register(fs)
	key.shares.register(fs)
	fs.StringArrayVar(&key.identities, "identity", nil, "")
	fs.StringVar(&key.passphraseFD, "passphrase-fd", "", "")
	if err := parseFlags(fs, args, 0); err != nil {
		return err
	}
	k, err := gatherShares(verb, &key)
	if err != nil {
		return err
	}
	n, err := f.plan(verb)
	if err != nil {
		return err
	}
	a, err := p.newAsker(key.passphraseFD)
	if err != nil {
		return err
	}
	log, err := p.beginCeremony("reissue", k.transcript)
	if err != nil {
		return err
	}
	return log.end(p.reissue(n, k, a, log))
}

func (p *program) reissue(n *newSet, k *keyShares, a *asker, log *ceremony) error {
	quorum, err := k.quorum(a, log)
	if err != nil {
		return err
	}
	defer quorum.Wipe()
	if err := n.askPassphrases(a); err != nil {
		return err
	}
	if err := a.used(); err != nil {
		return err
	}
	private, err := quorum.Open()
	if err != nil {
		return &fileError{k.sealedKey, asSealedKey, err}
	}
	defer rsadecrypt.Wipe(private)
	log.opened(k.sealed.Key)
	if err := p.splitKey(n, private, log); err != nil {
		return err
	}
	p.Warn("the old set " + k.sealed.ID.String() + " still opens its old sealed key: when each holder has checked the new share, destroy every copy of the old sealed-recovery-key.age, and the old shares")
	return nil
}

// custodyOpen brings back the identity that opens the sealed key, for the age
// command.
func (p *program) custodyOpen(args []string) error {
	const verb = "custody open"
	var key keyFlags
	var out string
	fs := newFlags(verb)
	key.shares.register(fs)
	fs.StringArrayVar(&key.identities, "identity", nil, "")
	fs.StringVar(&key.passphraseFD, "passphrase-fd", "", "")
	fs.StringVar(&out, "identity-out", "", "")
	if err := parseFlags(fs, args, 0); err != nil {
		return err
	}
	if err := required(verb, [2]string{"identity-out", out}); err != nil {
		return err
	}
	k, err := gatherShares(verb, &key)
	if err != nil {
		return err
	}
	if err := output.CheckNewFile(out); err != nil {
		return &fileError{out, asOutput, err}
	}
	a, err := p.newAsker(key.passphraseFD)
	if err != nil {
		return err
	}
	log, err := p.beginCeremony("open", k.transcript)
	if err != nil {
		return err
	}
	return log.end(p.writeIdentity(out, k, a, log))
}

// writeIdentity writes the identity, once it is proved to open the recovery key
// itself.
func (p *program) writeIdentity(out string, k *keyShares, a *asker, log *ceremony) error {
	quorum, err := k.quorum(a, log)
	if err != nil {
		return err
	}
	defer quorum.Wipe()
	if err := a.used(); err != nil {
		return err
	}
	private, err := quorum.Open()
	if err != nil {
		return &fileError{k.sealedKey, asSealedKey, err}
	}
	rsadecrypt.Wipe(private)
	log.opened(k.sealed.Key)
	identity := quorum.Identity()
	defer identity.Wipe()
	line := append(append(make([]byte, 0, 128), identity.Reveal()...), '\n')
	defer secret.Wipe(line)
	if err := log.failed(); err != nil {
		return err
	}
	err = output.WriteNewFile(out, func(w io.Writer) error {
		_, err := w.Write(line)
		return err
	})
	if err != nil {
		return &fileError{out, asOutput, err}
	}
	log.record(custody.Event{Step: custody.StepOutput, File: "identity", SHA256: custody.DigestOf(line)})
	p.Warn(out + " is the age identity of set " + k.sealed.ID.String() + ": whoever has it and the sealed key has the recovery key; destroy it when it has served")
	return p.Print("open the recovery key with: age -d -i %s %s", out, k.sealedKey)
}
