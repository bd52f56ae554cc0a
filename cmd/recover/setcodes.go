package main

import (
	"fmt"

	"recover/internal/terminal"
	"recover/pkg/custody"
)

// showCodes shows each holder the code of their own share, and nobody that of
// another. A share that is sealed is not shown.
func showCodes(t *terminal.Terminal, n *newSet, k *custody.SealedKey, shares []*custody.Share) error {
	screen, err := t.Screen()
	if err != nil {
		return err
	}
	defer screen.Close()
	for _, s := range shares {
		holder := k.Holder(s.Index)
		if len(n.recipients[holder]) > 0 {
			continue
		}
		screen.Show(fmt.Sprintf("%s: the next screen shows your share as a code. Nobody else may look at it.", holder), "")
		if _, err := t.Ask("Press Enter to show it"); err != nil {
			return err
		}
		screen.Show()
		code := s.Blocks()
		screen.ShowSecret(code)
		code.Wipe()
		if _, err := t.Ask("Press Enter to erase it"); err != nil {
			return err
		}
	}
	return nil
}
