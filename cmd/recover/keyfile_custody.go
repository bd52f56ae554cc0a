package main

import (
	"fmt"

	"recover/pkg/custody"
)

// custodyFileError is a file of a split recovery key that was given as the key
// itself.
type custodyFileError struct{ fact, hint string }

func (e *custodyFileError) Error() string { return e.fact }

// checkNotCustody refuses a sealed key of a set, and a share: they hold no key
// that opens by itself.
func checkNotCustody(data []byte) error {
	if sealed, err := custody.ParseSealedKey(data); err == nil {
		return &custodyFileError{
			fmt.Sprintf("the sealed key of a set of %d shares: any %d of their holders open it together", sealed.Count(), sealed.Threshold),
			"give it with --sealed-key instead of --key, and the shares with --share FILE for each, or --collect-shares to be asked for them; for a new set: recover custody reissue",
		}
	}
	if custody.LooksLikeShare(data) {
		return &custodyFileError{
			"a holder's share of a recovery key, not the key",
			"give it with --share, the shares of the other holders too, and sealed-recovery-key.age with --sealed-key",
		}
	}
	return nil
}
