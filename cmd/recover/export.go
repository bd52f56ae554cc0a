package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"

	"recover/internal/group"
	"recover/internal/output"
	"recover/internal/qrcode"
	"recover/internal/secret"
	"recover/pkg/report"
	"recover/pkg/wallet"
	"recover/pkg/wallet/export"
)

const exportUsage = `
recover export --keys DIR --key-id UUID --format NAME --out FILE
recover export --keys DIR --key-id UUID --format NAME --show

Writes one rebuilt private key in the form that another wallet imports. Whoever
has the file or sees it can spend the funds. "recover sign" and "recover
sweep" move them without an export.
` + keyringUsage + `
The key and its form:
    --key-id UUID              the key to export
    --format NAME              SECP256K1: hex, wif, descriptor, eth-keystore,
                               pem (PKCS#8), pem-sec1. ED25519: scalar-hex-big
                               and scalar-hex-little. They are not seeds: a
                               wallet that expects a seed gets another key, so
                               seed formats are refused
    --qr                       as a QR code: an SVG picture, or on the screen
                               with --show
    --testnet                  wif, descriptor: for Bitcoin's test networks
    --accept-unproved          accept a key that nothing proves to be right

What comes out:
    --out FILE                 a new file, sealed with age; the program asks
                               for a new passphrase. An eth-keystore has its
                               own encryption
    --recipient age1…          seal it to this age recipient instead
                               (repeatable)
    --weak-passphrase          accept a new passphrase that is easy to guess
                               (fewer than 15 characters, or a plain pattern)
    --unsealed                 write it in the clear
    --show                     write no file: show it once at the terminal, and
                               erase it
`

// exportFlags are the flags of the verb export.
type exportFlags struct {
	ring       keyringFlags
	keyID      string
	format     export.Format
	qr         bool
	testnet    bool
	out        string
	recipients []string
	unsealed   bool
	show       bool
}

// formatNames are the names of formats that differ from those of the package.
var formatNames = map[string]export.Format{
	"pem": export.PKCS8, "scalar-hex-big": export.ScalarBig, "scalar-hex-little": export.ScalarLittle,
}

func parseExport(args []string) (*exportFlags, error) {
	f := new(exportFlags)
	fs := newFlags("export")
	f.ring.registerUse(fs)
	fs.StringVar(&f.keyID, "key-id", "", "")
	format := fs.String("format", "", "")
	fs.BoolVar(&f.qr, "qr", false, "")
	fs.BoolVar(&f.testnet, "testnet", false, "")
	fs.StringVar(&f.out, "out", "", "")
	fs.StringArrayVar(&f.recipients, "recipient", nil, "")
	fs.BoolVar(&f.unsealed, "unsealed", false, "")
	fs.BoolVar(&f.show, "show", false, "")
	f.ring.registerNewPassphrase(fs)
	if err := parseFlags(fs, args, 0); err != nil {
		return nil, err
	}
	var err error
	if f.keyID, err = f.ring.one("export", f.keyID); err != nil {
		return nil, err
	}
	if err := required("export", [2]string{"format", *format}); err != nil {
		return nil, err
	}
	f.format = export.Format(*format)
	if other, ok := formatNames[*format]; ok {
		f.format = other
	}
	return f, f.checkOut()
}

func (f *exportFlags) checkOut() error {
	switch {
	case f.show && (f.out != "" || f.unsealed || len(f.recipients) > 0):
		return &usageError{"--show is given with --out, --recipient or --unsealed", "give one or the other: --show writes no file"}
	case f.unsealed && len(f.recipients) > 0:
		return &usageError{"--unsealed and --recipient are both given", "give one or the other"}
	case f.show && f.format == export.Keystore:
		return &usageError{"--show cannot show an eth-keystore", "give --out FILE instead of --show"}
	case f.show:
		return nil
	case f.out == "":
		return &usageError{"--out is missing", "give a new file with --out FILE, or --show to see the key once at the terminal"}
	}
	return checkNewFile(f.out)
}

// runExport is the verb: one private key in the form that another wallet imports.
func runExport(p *program, args []string) error {
	f, err := parseExport(args)
	if err != nil {
		return err
	}
	recipients, err := parseRecipients(f.recipients)
	if err != nil {
		return err
	}
	ask, err := newPrompter(p, f.ring.passphraseFlags)
	if err != nil {
		return err
	}
	ring, err := f.ring.open(ask)
	if err != nil {
		return err
	}
	key, signer, err := ring.find(p, f.keyID)
	if err != nil {
		return err
	}
	defer key.Private.Wipe()
	signer.Wipe() // nothing is signed
	text, err := f.write(ask, key)
	if err != nil {
		return err
	}
	defer text.Wipe()
	p.term.Note("key %s, %s, %s", key.KeyID, key.Group.Algorithm(), mainAddressOf(key))
	if f.show {
		if err := ask.used(); err != nil {
			return err
		}
		return p.showOnce(f, text)
	}
	return p.writeExport(f, ask, recipients, text)
}

func mainAddressOf(k *report.RebuiltKey) string {
	a := wallet.Addresses(k.Group, k.Public)[0]
	return a.Chain + " " + a.Text
}

// write makes the text of the export, and says what has to be known of it.
func (f *exportFlags) write(ask *secretPrompter, key *report.RebuiltKey) (*secret.Bytes, error) {
	options := export.Options{Testnet: f.testnet}
	if f.format == export.Keystore && key.Group == group.Secp256k1 {
		var err error
		if options.Passphrase, err = ask.newPassphrase("New passphrase of the keystore"); err != nil {
			return nil, err
		}
		defer options.Passphrase.Wipe()
	}
	text, warnings, err := export.Export(f.format, key.Group, key.Private, options)
	for _, w := range warnings {
		ask.term.Warn(w)
	}
	return text, err
}

// showOnce shows the text at the terminal alone, and erases it.
func (p *program) showOnce(f *exportFlags, text *secret.Bytes) error {
	shown := text
	if f.qr {
		code, err := drawSecret(text)
		if err != nil {
			return err
		}
		defer code.Wipe()
		shown = code
	}
	screen, err := p.term.Screen()
	if err != nil {
		return err
	}
	defer screen.Close()
	if lines := bytes.Count(shown.Reveal(), []byte("\n")) + 1; f.qr && lines > screen.Rows() {
		return fmt.Errorf("%w: it needs %d, and there are %d", errSmallWindow, lines, screen.Rows())
	}
	screen.Show("the next screen shows a private key: whoever sees it has the funds", "")
	if _, err := p.term.Ask("Press Enter to show it"); err != nil {
		return err
	}
	screen.Show()
	screen.ShowSecret(shown)
	if !f.qr {
		screen.Add("")
	}
	_, err = p.term.Ask("Press Enter to erase it")
	return err
}

// drawSecret draws a QR code for the terminal.
func drawSecret(text *secret.Bytes) (*secret.Bytes, error) {
	code, err := qrcode.Text(strings.TrimSuffix(string(text.Reveal()), "\n"))
	if err != nil {
		return nil, err
	}
	defer secret.Wipe(code.Bitmap)
	return secret.New(qrcode.Blocks(code)), nil
}

var errKeystoreQR = errors.New("a keystore is too long for a QR code")

// writeExport writes the text to a new file, sealed unless it is said otherwise.
func (p *program) writeExport(f *exportFlags, ask *secretPrompter, recipients []age.Recipient, text *secret.Bytes) error {
	content := text
	if f.qr {
		code, err := qrcode.Text(strings.TrimSuffix(string(text.Reveal()), "\n"))
		if errors.Is(err, qrcode.ErrTooLong) {
			return errKeystoreQR
		}
		if err != nil {
			return err
		}
		content = secret.New(qrcode.SVG(code, "SECRET: private key, "+string(f.format)))
		secret.Wipe(code.Bitmap)
		defer content.Wipe()
	}
	seal, opened, err := f.seal(ask, recipients)
	if err != nil {
		return err
	}
	if err := ask.used(); err != nil {
		return err
	}
	if f.unsealed {
		p.term.Warn("--unsealed: the private key is written in the clear")
	}
	if err := writeNewFile(f.out, func(w io.Writer) error { return seal(w, content.Reveal()) }); err != nil {
		return err
	}
	p.term.Note("the private key is in %s%s", f.out, opened)
	return nil
}

// seal returns how the file is written, and how it is opened again.
func (f *exportFlags) seal(ask *secretPrompter, recipients []age.Recipient) (seal func(io.Writer, []byte) error, opened string, err error) {
	switch {
	case len(recipients) > 0:
		s, err := output.SealTo(recipients...)
		if err != nil {
			return nil, "", err
		}
		return s.Seal, fmt.Sprintf("; open it with: age -d -i IDENTITY %s", f.out), nil
	case f.unsealed, f.format == export.Keystore:
		return output.Unsealed().Seal, "", nil
	}
	passphrase, err := ask.newPassphrase("New passphrase that will open the exported key")
	if err != nil {
		return nil, "", err
	}
	defer passphrase.Wipe()
	s, err := output.SealToPassphrase(passphrase)
	if err != nil {
		return nil, "", err
	}
	return s.Seal, fmt.Sprintf("; open it with: age -d %s", f.out), nil
}
