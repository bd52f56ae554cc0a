package main

import "recover/pkg/rsadecrypt"

// custodySplit splits a recovery key that exists.
func custodySplit(p *program, args []string) error {
	var f splitFlags
	var key keyFlags
	var transcript, recordPath string
	fs := newFlags("custody split")
	f.register(fs)
	fs.StringVar(&key.key, "key", "", "")
	fs.BoolVar(&key.oldSealedKey, "old-sealed-key", false, "")
	fs.StringArrayVar(&key.identities, "identity", nil, "")
	key.registerPassphrase(fs)
	key.registerNewPassphrase(fs)
	fs.StringVar(&transcript, "transcript", "", "")
	fs.StringVar(&recordPath, "record", "", "")
	if err := parseFlags(fs, args, 0); err != nil {
		return err
	}
	if err := required("custody split", [2]string{"key", key.key}); err != nil {
		return err
	}
	n, err := f.plan("custody split")
	if err != nil {
		return err
	}
	if n.record, err = readSetRecord(p.ctx, p.term, recordPath); err != nil {
		return err
	}
	a, err := newPrompter(p, key.passphraseFlags)
	if err != nil {
		return err
	}
	source, err := key.keyFile(a)
	if err != nil {
		return err
	}
	if err := checkTranscript(transcript); err != nil {
		return err
	}
	n.transcript, n.after = transcript, []string{"destroy the original, and every copy of it:", "  " + source.path}
	log, err := beginCeremony(p.term, "split", transcript, p.acceptedItems())
	if err != nil {
		return err
	}
	return log.end(splitFile(n, source, a, log))
}

func splitFile(n *newSet, source *keyFile, a *secretPrompter, log *ceremony) error {
	private, err := source.private(a)
	if err != nil {
		return err
	}
	defer rsadecrypt.Wipe(private)
	source.file.Wipe()
	log.opened(rsadecrypt.FingerprintOf(&private.PublicKey))
	if err := n.askAll(a); err != nil {
		return err
	}
	return splitKey(a, n, private, log)
}
