package rsadecrypt

import (
	stdasn1 "encoding/asn1"
	"encoding/base64"
	"math/big"

	"recover/internal/secret"
	"recover/internal/strictjson"
)

// jwkNames are the numbers of an RSA key in a JSON Web Key (RFC 7518, 6.3), in the
// order of RSAPrivateKey.
var jwkNames = []string{"n", "e", "d", "p", "q", "dp", "dq", "qi"}

// identifyJWK reads a JSON Web Key of type RSA. One without its primes, with more
// than two, or within a set is ErrUnknownForm.
func identifyJWK(b []byte) (*File, error) {
	var kind string
	numbers := make(map[string]*big.Int)
	s := strictjson.New(b)
	err := s.Object(func(name string) error {
		if s.Peek() != '"' {
			return s.Skip()
		}
		text, err := s.Text()
		if name == "kty" {
			kind = text
		}
		for _, known := range jwkNames {
			if known != name || err != nil {
				continue
			}
			digits, decodeErr := base64.RawURLEncoding.DecodeString(text)
			if decodeErr != nil {
				return s.Fail("%s is not base64", name)
			}
			numbers[name] = new(big.Int).SetBytes(digits)
			secret.Wipe(digits)
		}
		return err
	})
	if err != nil || s.End() != nil || kind == "" {
		return nil, ErrUnknownForm
	}
	if kind != "RSA" {
		return nil, &KeyKindError{Kind: jwkKind(kind), Private: numbers["d"] != nil}
	}
	return jwkFile(numbers)
}

// jwkKind is a type of RFC 7518 or RFC 8037 for people.
func jwkKind(kind string) string {
	switch kind {
	case "EC":
		return "EC"
	case "OKP":
		return "Ed25519 or X25519"
	case "oct":
		return "symmetric"
	}
	return "unknown"
}

func jwkFile(numbers map[string]*big.Int) (*File, error) {
	var list []*big.Int
	for _, name := range jwkNames {
		if n := numbers[name]; n != nil {
			list = append(list, n)
		}
	}
	form := Form("JSON Web Key")
	switch {
	case len(list) == len(jwkNames):
		list = append([]*big.Int{new(big.Int)}, list...) // the version
	case len(list) == 2 && numbers["n"] != nil && numbers["e"] != nil:
		form += ", public"
	default:
		return nil, ErrUnknownForm
	}
	der, err := stdasn1.Marshal(list)
	if err != nil {
		return nil, ErrBadStructure
	}
	return &File{form: form, private: len(list) > 2, pkcs1: secret.New(der)}, nil
}
