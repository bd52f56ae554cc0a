package main

import (
	"fmt"
	"strings"

	"rsc.io/qr/coding"

	"recover/internal/bbqr"
	"recover/internal/qrcode"
	"recover/pkg/transaction"
	"recover/pkg/transaction/chain"
)

// linesBesideCode are those above and below a code: its title, and the question.
const linesBesideCode = 3

// showSeries shows a signed transaction as QR codes, one after the other, until
// somebody ends it. Cameras take them in any order.
func (p *program) showSeries(on chain.Chain, signed *transaction.Signed) error {
	screen, err := p.term.Screen()
	if err != nil {
		return err
	}
	defer screen.Close()
	version, capacity := qrcode.Alphanumeric(screen.Rows() - linesBesideCode)
	fileType, data := bbqr.Text, []byte(signed.Text)
	if on.Family == chain.Bitcoin {
		fileType, data = bbqr.Transaction, signed.Raw
	}
	parts, err := bbqr.Split(fileType, data, capacity)
	if err != nil {
		return err
	}
	for i := 0; ; i = (i + 1) % len(parts) {
		code, err := qrcode.Draw(version, coding.L, coding.Alpha(parts[i]))
		if err != nil {
			return err
		}
		title := fmt.Sprintf("The signed transaction, QR code %d of %d (BBQr)", i+1, len(parts))
		screen.Show(append([]string{title}, strings.Split(strings.TrimSuffix(string(qrcode.Blocks(code)), "\n"), "\n")...)...)
		question := "Press Enter to finish"
		if len(parts) > 1 {
			question = "Press Enter for the next code, or q to finish"
		}
		answer, err := p.term.Ask(question)
		if err != nil || len(parts) == 1 || strings.EqualFold(strings.TrimSpace(answer), "q") {
			return err
		}
	}
}
