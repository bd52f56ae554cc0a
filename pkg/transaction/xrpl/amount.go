package xrpl

import (
	"encoding/binary"
	"encoding/hex"
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"recover/pkg/transaction"
	"recover/pkg/transaction/chain"
	"recover/pkg/wallet"
)

// Limits of amounts (XRP Ledger documents, "Serialization Format", "Token
// Amount Format").
const (
	maxDrops    = 100_000_000_000_000_000 // 10^17: all the XRP there is
	minMantissa = 1_000_000_000_000_000   // 10^15
	maxMantissa = 9_999_999_999_999_999   // 10^16 − 1
	minExponent = -96
	maxExponent = 80
	maxDigits   = 16

	issuedBit   = 1 << 63
	positiveBit = 1 << 62
	multiBit    = 1 << 61 // a multi-purpose token; not among issued amounts
	issuedZero  = issuedBit

	nativeSize = 8
	issuedSize = 48
)

// amount is an amount of XRP or of an issued currency. It is not negative.
type amount struct {
	issued   bool
	drops    uint64 // of XRP
	mantissa uint64 // of an issued currency: 10^15 to 10^16 − 1, or 0
	exponent int    // of 10
	currency [20]byte
	issuer   [20]byte
}

// readAmount reads the binary form: 8 bytes of XRP, 48 of an issued currency.
func readAmount(name string, b []byte) (amount, error) {
	head := binary.BigEndian.Uint64(b)
	if head&issuedBit == 0 {
		drops := head &^ positiveBit
		if head&positiveBit == 0 || drops > maxDrops {
			return amount{}, transaction.Syntax(name, "negative, or more XRP than there is")
		}
		return amount{drops: drops}, nil
	}
	a := amount{issued: true, currency: [20]byte(b[8:28]), issuer: [20]byte(b[28:48])}
	if err := checkCurrency(name, a.currency); err != nil {
		return amount{}, err
	}
	if head == issuedZero {
		return a, nil
	}
	a.mantissa = head & (1<<54 - 1)
	a.exponent = int(head>>54&0xff) - 97
	if head&positiveBit == 0 {
		return amount{}, transaction.Syntax(name, "a negative amount")
	}
	if a.mantissa < minMantissa || a.mantissa > maxMantissa || a.exponent < minExponent || a.exponent > maxExponent {
		return amount{}, transaction.Syntax(name, "not in its canonical form")
	}
	return a, nil
}

// bytes writes the binary form.
func (a amount) bytes() []byte {
	if !a.issued {
		return binary.BigEndian.AppendUint64(nil, positiveBit|a.drops)
	}
	head := uint64(issuedZero)
	if a.mantissa != 0 {
		head = issuedBit | positiveBit | uint64(a.exponent+97)<<54 | a.mantissa
	}
	b := binary.BigEndian.AppendUint64(nil, head)
	return append(append(b, a.currency[:]...), a.issuer[:]...)
}

// parseDrops reads XRP as JSON has it: a whole number of drops.
func parseDrops(name, text string) (amount, error) {
	drops, err := strconv.ParseUint(text, 10, 64)
	if err != nil || drops > maxDrops || text != strconv.FormatUint(drops, 10) {
		return amount{}, transaction.Syntax(name, "not a whole number of drops")
	}
	return amount{drops: drops}, nil
}

var issuedText = regexp.MustCompile(`^([0-9]{1,100})(?:\.([0-9]{1,100}))?(?:[eE]([+-]?[0-9]{1,3}))?$`)

// parseIssued reads an amount of an issued currency as JSON has it. Nothing is
// rounded: more than 16 significant digits are an error.
func parseIssued(name, value, currency, issuer string) (amount, error) {
	a := amount{issued: true}
	var err error
	if a.currency, err = parseCurrency(name, currency); err != nil {
		return amount{}, err
	}
	if a.issuer, err = wallet.ParseXRPAddress(issuer); err != nil {
		return amount{}, transaction.Syntax(name+": issuer", "%v", err)
	}
	parts := issuedText.FindStringSubmatch(value)
	if parts == nil {
		return amount{}, transaction.Syntax(name+": value", "not a positive decimal number")
	}
	digits := strings.TrimLeft(parts[1]+parts[2], "0")
	a.exponent = -len(parts[2])
	if parts[3] != "" {
		n, err := strconv.Atoi(parts[3])
		if err != nil {
			return amount{}, transaction.Syntax(name+": value", "%v", err)
		}
		a.exponent += n
	}
	trimmed := strings.TrimRight(digits, "0")
	a.exponent += len(digits) - len(trimmed)
	if trimmed == "" {
		a.exponent = 0
		return a, nil
	}
	if len(trimmed) > maxDigits {
		return amount{}, transaction.Syntax(name+": value", "more than %d significant digits", maxDigits)
	}
	a.exponent -= maxDigits - len(trimmed)
	a.mantissa, err = strconv.ParseUint(trimmed+strings.Repeat("0", maxDigits-len(trimmed)), 10, 64)
	if err != nil {
		return amount{}, transaction.Syntax(name+": value", "%v", err)
	}
	if a.exponent < minExponent || a.exponent > maxExponent {
		return amount{}, transaction.Syntax(name+": value", "too large or too small for the XRP Ledger")
	}
	return a, nil
}

// isZero tells whether nothing is meant.
func (a amount) isZero() bool { return a.drops == 0 && a.mantissa == 0 }

// sameCurrency tells whether a and b are of one currency and issuer.
func (a amount) sameCurrency(b amount) bool {
	return a.issued == b.issued && a.currency == b.currency && a.issuer == b.issuer
}

// on is the amount as all chains have it, with the native coin of c.
func (a amount) on(c chain.Chain) chain.Amount {
	if !a.issued {
		return c.Native(new(big.Int).SetUint64(a.drops))
	}
	units, decimals := new(big.Int).SetUint64(a.mantissa), -a.exponent
	ten := big.NewInt(10)
	for digit := new(big.Int); decimals > 0 && a.mantissa != 0; decimals-- {
		rest, _ := new(big.Int).QuoRem(units, ten, digit)
		if digit.Sign() != 0 {
			break
		}
		units = rest
	}
	if decimals < 0 {
		units.Mul(units, new(big.Int).Exp(ten, big.NewInt(int64(-decimals)), nil))
		decimals = 0
	}
	return chain.Amount{Units: units, Decimals: decimals, Symbol: currencyText(a.currency)}
}

// token names the issuer, empty for XRP.
func (a amount) token() string {
	if !a.issued {
		return ""
	}
	return wallet.XRPAddress(a.issuer)
}

// said is the amount for people.
func (a amount) said(c chain.Chain) string {
	text := a.on(c).String()
	if !a.issued {
		return text
	}
	if word := currencyWord(a.currency); word != "" {
		text += " (the code reads " + word + ")"
	}
	return text + ", issued by " + a.token()
}

// The codes of three characters lie in the bytes 12 to 14, between zeros.
const currencyCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789?!@#$%^&*<>(){}[]|"

func isStandard(c [20]byte) bool {
	for i, v := range c {
		if inCode := i >= 12 && i < 15; inCode != (strings.IndexByte(currencyCharacters, v) >= 0) || !inCode && v != 0 {
			return false
		}
	}
	return true
}

// checkCurrency refuses codes that are neither of three characters nor of 20
// bytes that begin with something else than zero, and XRP.
func checkCurrency(name string, c [20]byte) error {
	if c[0] == 0 && !isStandard(c) {
		return transaction.Syntax(name, "not a currency code")
	}
	if string(c[12:15]) == "XRP" && c[0] == 0 {
		return transaction.Syntax(name, "XRP as a currency that somebody issues")
	}
	return nil
}

// parseCurrency reads a code of three characters or 40 hex digits.
func parseCurrency(name, text string) (c [20]byte, err error) {
	switch len(text) {
	case 3:
		copy(c[12:], text)
	case 40:
		if _, err := hex.Decode(c[:], []byte(text)); err != nil {
			return c, transaction.Syntax(name+": currency", "neither three characters nor 40 hex digits")
		}
	default:
		return c, transaction.Syntax(name+": currency", "neither three characters nor 40 hex digits")
	}
	return c, checkCurrency(name+": currency", c)
}

// currencyText writes a code as the ledger's own tools do.
func currencyText(c [20]byte) string {
	if c[0] == 0 {
		return string(c[12:15])
	}
	return strings.ToUpper(hex.EncodeToString(c[:]))
}

// currencyWord is the text that a code of 20 bytes spells, quoted, or "".
func currencyWord(c [20]byte) string {
	word := strings.TrimRight(string(c[:]), "\x00")
	if c[0] == 0 || strings.Trim(word, currencyCharacters) != "" {
		return ""
	}
	return strconv.Quote(word)
}
