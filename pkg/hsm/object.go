package hsm

import (
	"crypto/rsa"
	"errors"
	"math/big"
	"slices"

	"recover/pkg/hsm/wire"
	"recover/pkg/rsadecrypt"
)

// KeyInfo is an RSA key object of a token. The texts are as the token says, and
// must be escaped when they are shown.
type KeyInfo struct {
	Private bool
	Label   string
	ID      string // CKA_ID, raw
	// Public is the public half as the object has it, which proves nothing. It
	// is nil where the object does not tell, or is no key of 2048 to 8192 bits.
	Public *rsa.PublicKey
	// AlwaysAuthenticate says that the token wants the PIN for each decryption.
	AlwaysAuthenticate bool
}

// Object classes and attributes (PKCS#11 2.40, section 4).
const (
	classPublicKey  = 2
	classPrivateKey = 3

	attributeLabel              = 0x3
	attributeID                 = 0x102
	attributeSensitive          = 0x103
	attributeModulus            = 0x120
	attributePublicExponent     = 0x122
	attributeExtractable        = 0x162
	attributeLocal              = 0x163
	attributeAlwaysAuthenticate = 0x202
)

// MaxKeys is how many keys of a kind are found in a token at most.
const MaxKeys = wire.MaxFound

// Keys returns the RSA keys, public and private, that the token shows now and
// that are at the location: at most MaxKeys of each. Without a login, that may
// be none.
func (t *Token) Keys(l Location) ([]KeyInfo, error) {
	public, err := t.keys(classPublicKey, l.Object, l.ID)
	if err != nil {
		return nil, err
	}
	private, err := t.keys(classPrivateKey, l.Object, l.ID)
	return append(public, private...), err
}

func (t *Token) keys(class uint64, label, id string) ([]KeyInfo, error) {
	if err := t.openSession(); err != nil {
		return nil, err
	}
	objects, err := t.find(t.session, class, label, id)
	if err != nil {
		return nil, err
	}
	infos := make([]KeyInfo, len(objects))
	for i, object := range objects {
		if infos[i], err = t.keyInfo(class, object); err != nil {
			return nil, err
		}
	}
	return infos, nil
}

// find returns the RSA keys of a class; an empty label or ID fits all. The
// handles are good in this session only.
func (t *Token) find(session, class uint64, label, id string) ([]uint64, error) {
	a, err := t.call(wire.Find, []uint64{session, class}, []byte(label), []byte(id))
	if err != nil {
		return nil, err
	}
	return a.Numbers, nil
}

func (t *Token) keyInfo(class, object uint64) (KeyInfo, error) {
	r := attributeReader{token: t, session: t.session, object: object}
	k := KeyInfo{
		Private: class == classPrivateKey,
		Label:   string(r.read(attributeLabel)),
		ID:      string(r.read(attributeID)),
		Public:  publicKey(r.read(attributeModulus), r.read(attributePublicExponent)),
	}
	if k.Private {
		k.AlwaysAuthenticate = isTrue(r.read(attributeAlwaysAuthenticate))
	}
	return k, r.err
}

// attributeReader reads attributes of an object one at a time, because one that
// is missing makes a joint read fail. The first error stays.
type attributeReader struct {
	token           *Token
	session, object uint64
	err             error
}

// read returns nil for an attribute that the object lacks or hides. A device
// error is how some network HSMs say that they are busy.
func (r *attributeReader) read(attribute uint64) []byte {
	for try := 0; r.err == nil; try++ {
		a, err := r.token.call(wire.Attribute, []uint64{r.session, r.object, attribute})
		var e *Error
		switch {
		case err == nil:
			return a.Strings[0]
		case errors.As(err, &e) && slices.Contains(withheld, e.CKR):
			return nil
		case e != nil && e.CKR == ckrDeviceError && try < len(busyPauses):
			r.token.module.helper.pause(busyPauses[try])
		default:
			r.err = err
		}
	}
	return nil
}

// withheld are the CKRs for an attribute that is not there, or not shown.
var withheld = []CKR{ckrAttributeTypeInvalid, ckrAttributeSensitive, ckrUserNotLoggedIn}

// isTrue and isFalse read a CK_BBOOL, which may be missing: neither, then.
func isTrue(value []byte) bool  { return len(value) == 1 && value[0] != 0 }
func isFalse(value []byte) bool { return len(value) == 1 && value[0] == 0 }

// publicKey makes a key of two big-endian numbers. Some private objects hold no
// exponent: then it is taken to be the usual 65537, which the self-test proves.
func publicKey(modulus, exponent []byte) *rsa.PublicKey {
	n, e := new(big.Int).SetBytes(modulus), new(big.Int).SetBytes(exponent)
	if len(exponent) == 0 {
		e.SetInt64(65537)
	}
	odd := n.Bit(0) == 1 && e.Bit(0) == 1
	if !odd || rsadecrypt.CheckSize(n.BitLen()) != nil || e.BitLen() < 2 || e.BitLen() > 31 {
		return nil
	}
	return &rsa.PublicKey{N: n, E: int(e.Int64())}
}

// KeyFilter tells which recovery key a token has to hold. Zero is any.
type KeyFilter struct {
	// Match reports whether a public key is the wanted one, or one of those.
	Match func(*rsa.PublicKey) bool
	// Key is the wanted key where there is but one, in full. It stands in where
	// the token does not show the public half of its private key.
	Key *rsa.PublicKey
}

// Exactly wants one key.
func Exactly(public *rsa.PublicKey) KeyFilter {
	return KeyFilter{Match: func(have *rsa.PublicKey) bool { return have.Equal(public) }, Key: public}
}

func (w KeyFilter) is(public *rsa.PublicKey) bool { return w.Match == nil || w.Match(public) }

// CheckPublicKey compares the wanted recovery key with the public keys that the
// token shows at the location, which mostly needs no login. KeyMismatch says
// that there are some, and it is none of them. It is not visible where there
// are none, and also where the location names no key and none is the wanted
// one.
func (t *Token) CheckPublicKey(l Location, wanted KeyFilter) (visible bool, err error) {
	keys, err := t.keys(classPublicKey, l.Object, l.ID)
	if err != nil {
		return false, err
	}
	keys = slices.DeleteFunc(keys, func(k KeyInfo) bool { return k.Public == nil })
	for _, k := range keys {
		if wanted.is(k.Public) {
			return true, nil
		}
	}
	if len(keys) == 0 || l.Object == "" && l.ID == "" {
		return false, nil
	}
	return false, &Error{Code: KeyMismatch, Detail: "its public key " + listed(keys, KeyInfo.name) + " is another one"}
}

// name is what people tell keys apart by, written as in a location.
func (k KeyInfo) name() string { return Location{Object: k.Label, ID: k.ID}.String() }
