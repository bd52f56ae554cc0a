package main

import "recover/pkg/rsadecrypt"

// custodyReissue makes a new set for the recovery key of an old one.
func custodyReissue(p *program, args []string) error {
	const verb = "custody reissue"
	var f splitFlags
	var key keyFlags
	fs := newFlags(verb)
	f.register(fs)
	key.shares.register(fs)
	fs.StringArrayVar(&key.identities, "identity", nil, "")
	var recordPath string
	fs.StringVar(&recordPath, "record", "", "")
	key.registerPassphrase(fs)
	key.registerNewPassphrase(fs)
	if err := parseFlags(fs, args, 0); err != nil {
		return err
	}
	k, err := gatherShares(p.ctx, verb, &key)
	if err != nil {
		return err
	}
	n, err := f.plan(verb)
	if err != nil {
		return err
	}
	if n.record, err = readSetRecord(p.ctx, p.term, recordPath); err != nil {
		return err
	}
	if n.record != nil {
		if err := n.record.checkKey(k.sealed.Key); err != nil {
			return err
		}
		if warning := warnOtherSet(n.record.recorded, k.sealed); warning != "" {
			p.term.Warn(warning)
		}
	}
	n.transcript = k.transcript
	a, err := newPrompter(p, key.passphraseFlags)
	if err != nil {
		return err
	}
	log, err := beginCeremony(p.term, "reissue", k.transcript, p.acceptedItems())
	if err != nil {
		return err
	}
	return log.end(reissue(n, k, a, log))
}

func reissue(n *newSet, k *keyShares, a *secretPrompter, log *ceremony) error {
	quorum, err := k.quorum(a, log)
	if err != nil {
		return err
	}
	defer quorum.Wipe()
	n.replaces = k.sealed.ID
	n.after = []string{"destroy the old shares, and every copy of the sealed key of the old set", "  " + k.sealed.ID.String()}
	if err := n.askAll(a); err != nil {
		return err
	}
	private, err := k.openKey(quorum, log)
	if err != nil {
		return err
	}
	defer rsadecrypt.Wipe(private)
	log.opened(k.sealed.Key)
	if err := splitKey(a, n, private, log); err != nil {
		return err
	}
	a.term.Warn("the old set " + k.sealed.ID.String() + " still opens its old sealed key, until every copy of that is destroyed")
	return nil
}
