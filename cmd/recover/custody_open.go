package main

import (
	"recover/internal/secret"
	"recover/pkg/custody"
	"recover/pkg/rsadecrypt"
)

// custodyOpen brings back the identity that opens the sealed key, for the age
// command.
func custodyOpen(p *program, args []string) error {
	const verb = "custody open"
	var key keyFlags
	var out string
	fs := newFlags(verb)
	key.shares.register(fs)
	fs.StringArrayVar(&key.identities, "identity", nil, "")
	key.registerPassphrase(fs)
	fs.StringVar(&out, "identity-out", "", "")
	if err := parseFlags(fs, args, 0); err != nil {
		return err
	}
	if err := required(verb, [2]string{"identity-out", out}); err != nil {
		return err
	}
	k, err := gatherShares(p.ctx, verb, &key)
	if err != nil {
		return err
	}
	if err := checkNewFile(out); err != nil {
		return err
	}
	a, err := newPrompter(p, key.passphraseFlags)
	if err != nil {
		return err
	}
	log, err := beginCeremony(p.term, "open", k.transcript, p.acceptedItems())
	if err != nil {
		return err
	}
	return log.end(writeIdentity(out, k, a, log))
}

// writeIdentity writes the identity, once it is proved to open the recovery key
// itself.
func writeIdentity(out string, k *keyShares, a *secretPrompter, log *ceremony) error {
	quorum, err := k.quorum(a, log)
	if err != nil {
		return err
	}
	defer quorum.Wipe()
	if err := a.used(); err != nil {
		return err
	}
	private, err := k.openKey(quorum, log)
	if err != nil {
		return err
	}
	rsadecrypt.Wipe(private)
	log.opened(k.sealed.Key)
	identity := quorum.Identity()
	defer identity.Wipe()
	line := append(append(make([]byte, 0, 128), identity.Reveal()...), '\n')
	defer secret.Wipe(line)
	identityFile := custody.Event{Step: custody.StepAnnounced, File: "identity", SHA256: custody.DigestOf(line)}
	log.record(identityFile)
	if err := log.failed(); err != nil {
		return err
	}
	if err := writeNewData(out, line); err != nil {
		return err
	}
	identityFile.Step = custody.StepOutput
	log.record(identityFile)
	a.term.Warn(out + " is the age identity of set " + k.sealed.ID.String() + ": whoever has it and the sealed key can open the recovery key; destroy it after use")
	return a.term.Print("open the recovery key with: age -d -i %s %s", out, k.sealedKey)
}
