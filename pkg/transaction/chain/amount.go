package chain

import (
	"errors"
	"math/big"
	"strings"
)

// Amount is an exact number of the smallest units of a coin or token.
type Amount struct {
	Units *big.Int // not negative
	// Decimals is how many digits of Units come after the point, or -1 where
	// nobody vouches for it: then only the units are written.
	Decimals int
	Symbol   string // "ETH", "USDT"; empty where it is not known
	Unit     string // the name of the smallest unit: "wei"; empty for tokens
}

// String writes "0.5 ETH (500000000000000000 wei)", or what is known of it.
func (a Amount) String() string {
	units := a.Units.String()
	if a.Decimals < 0 {
		return units + " of the smallest unit"
	}
	text := Decimal(a.Units, a.Decimals)
	if a.Symbol != "" {
		text += " " + a.Symbol
	}
	if a.Unit != "" {
		text += " (" + units + " " + a.Unit + ")"
	}
	return text
}

// Decimal writes units / 10^decimals exactly, without an exponent and without
// zeros at the end: "0.000001", "12", "1.5".
func Decimal(units *big.Int, decimals int) string {
	text := new(big.Int).Abs(units).String()
	if len(text) <= decimals {
		text = strings.Repeat("0", decimals-len(text)+1) + text
	}
	point := len(text) - decimals
	whole, part := text[:point], strings.TrimRight(text[point:], "0")
	if units.Sign() < 0 {
		whole = "-" + whole
	}
	if part == "" {
		return whole
	}
	return whole + "." + part
}

// MaxDecimals is the most digits after the point that a token may have.
const MaxDecimals = 77

// ErrAmount is returned by ParseDecimal.
var ErrAmount = errors.New("not an amount: digits, with a point where needed, and no more of them after it than the unit has")

// ParseDecimal reads what Decimal writes, zeros at the end allowed, into units.
// No sign, no exponent, no separators, nothing lost; at most 78 digits before
// the point. The error is ErrAmount.
func ParseDecimal(text string, decimals int) (*big.Int, error) {
	whole, part, found := strings.Cut(text, ".")
	if !digits(whole) || len(whole) > 78 || (found && !digits(part)) || len(part) > decimals {
		return nil, ErrAmount
	}
	if len(whole) > 1 && whole[0] == '0' {
		return nil, ErrAmount
	}
	n, ok := new(big.Int).SetString(whole+part+strings.Repeat("0", decimals-len(part)), 10)
	if !ok {
		return nil, ErrAmount
	}
	return n, nil
}

func digits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}
