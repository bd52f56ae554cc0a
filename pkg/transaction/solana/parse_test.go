package solana

import (
	"testing"

	"recover/pkg/transaction"
)

// The example that the tests of Solana's own libraries share: 49 lamports, signed
// with the key of the seed of 32 bytes 8.
const (
	example = "AVuErQHaXv0SG0/PchunfxHKt8wMRfMZzqV0tkC5qO6owYxWU2v871AoWywGoFQr4z+q/7mE8lIufNl/kxj+nQ0BAAEDE5j2LG0aRXxRumpLXz29L2n8qTIWIY3ImX5Ba9F9k8r9" +
		"Q5/Mtmcn8onFxt47xKj+XdXXd3C8j/FcPu7csUrz/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAxJrndgN4IFTxep3s6kO0ROug7bEsbx0xxuDkqEvwUusBAgIAAQwCAAAAMQAAAAAAAAA="
	exampleFrom = "2KW2XRd9kwqet15Aha2oK3tYvd3nWbTFH1MBiRAv1BE1"
	exampleTo   = "J3dxNj7nDRRqRRXuEMynDG57DkZK4jYRuv3Garmb1i99"
	exampleHash = "EETubP5AKHgjPAhzPAFcb8BAY1hMH639CWCFTqi3hq1k"
)

func TestPublishedTransfer(t *testing.T) {
	raw := unbase64(t, example)
	from, err := Verify(raw)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(from)
	tx, err := Parse(raw[65:], Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(said(tx))
	_ = transaction.MaxSize
}
