package wallet

import (
	"errors"
	"strings"
	"testing"
)

func TestParseXRPAddress(t *testing.T) {
	for _, text := range []string{"rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh", "rrrrrrrrrrrrrrrrrrrrrhoLvTp", "rrrrrrrrrrrrrrrrrrrrBZbvji", "rDTXLQ7ZKZVKz33zJbHjgVShjsBnqMBhmN"} {
		account, err := ParseXRPAddress(text)
		if err != nil || XRPAddress(account) != text {
			t.Errorf("%s becomes %s: %v", text, XRPAddress(account), err)
		}
	}
	for _, text := range []string{
		"", "r", "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTH", "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyT", " rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh", "0Hb9CJAWyB4rj91VRWn96DkukG4bwdtyTh",
		"TMVQGm1qAQYVdetCeGRRkTWYYrLXuHK2HC",              // of Tron
		"XVLhHMPHU98es4dbozjVtdWzVrDjtV5fdx1mHp98tDMoQXb", // an X-address
		"sEdSKaCy2JT7JaM7v95H9SxkhP9wS2r",                 // a seed
		strings.Repeat("r", 200),
	} {
		if account, err := ParseXRPAddress(text); !errors.Is(err, ErrAddress) || account != [20]byte{} {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestParseSolanaAddress(t *testing.T) {
	for _, text := range []string{"11111111111111111111111111111111", "24PNhTaNtomHhoy3fTRaMhAFCRj4uHqhZEEoWrKDbR5p", "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"} {
		account, err := ParseSolanaAddress(text)
		if err != nil || SolanaAddress(account) != text {
			t.Errorf("%s becomes %s: %v", text, SolanaAddress(account), err)
		}
	}
	for _, text := range []string{
		"", "1", "1111111111111111111111111111111", "111111111111111111111111111111111", "24PNhTaNtomHhoy3fTRaMhAFCRj4uHqhZEEoWrKDbR5", "24PNhTaNtomHhoy3fTRaMhAFCRj4uHqhZEEoWrKDbR5pp",
		"24PNhTaNtomHhoy3fTRaMhAFCRj4uHqhZEEoWrKDbR50", "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh", strings.Repeat("1", 200),
	} {
		if account, err := ParseSolanaAddress(text); !errors.Is(err, ErrAddress) || account != [32]byte{} {
			t.Errorf("%q: %v", text, err)
		}
	}
	// A leading zero byte is a digit 1.
	var signature [64]byte
	if got := SolanaSignature(signature); got != strings.Repeat("1", 64) {
		t.Error(got)
	}
	signature[63] = 57
	if got := SolanaSignature(signature); got != strings.Repeat("1", 63)+"z" {
		t.Error(got)
	}
}

// FuzzLedgerAddresses holds that an account's address reads as the account, and
// that what reads as one is its address.
func FuzzLedgerAddresses(f *testing.F) {
	f.Add(make([]byte, 32), "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh")
	f.Add([]byte("abcdefghijklmnopqrstuvwxyzabcdef"), "24PNhTaNtomHhoy3fTRaMhAFCRj4uHqhZEEoWrKDbR5p")
	f.Fuzz(func(t *testing.T, b []byte, text string) {
		var long [32]byte
		copy(long[:], b)
		if got, err := ParseSolanaAddress(SolanaAddress(long)); err != nil || got != long {
			t.Errorf("%x: %x, %v", long, got, err)
		}
		short := [20]byte(long[:20])
		if got, err := ParseXRPAddress(XRPAddress(short)); err != nil || got != short {
			t.Errorf("%x: %x, %v", short, got, err)
		}
		if account, err := ParseXRPAddress(text); err == nil && XRPAddress(account) != text {
			t.Errorf("%q is %s", text, XRPAddress(account))
		}
		if account, err := ParseSolanaAddress(text); err == nil && SolanaAddress(account) != text {
			t.Errorf("%q is %s", text, SolanaAddress(account))
		}
	})
}
