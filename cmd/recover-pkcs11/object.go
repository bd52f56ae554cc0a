//go:build cgo && (linux || darwin)

package main

import (
	"github.com/miekg/pkcs11"

	"recover/pkg/hsm/wire"
)

// maxFound is the number of objects that a search returns at most, which fit in
// one message.
const maxFound = wire.MaxFound

// atOnce is how many of them a module is asked for in one call.
const atOnce = 256

func callFind(c *context, n []uint64, s [][]byte) ([]uint64, [][]byte, error) {
	template := append(named(s[0], s[1]),
		pkcs11.NewAttribute(pkcs11.CKA_CLASS, uint(n[1])),
		pkcs11.NewAttribute(pkcs11.CKA_KEY_TYPE, pkcs11.CKK_RSA))
	found, err := find(c, pkcs11.SessionHandle(n[0]), template)
	return numbers(found), nil, err
}

func find(c *context, session pkcs11.SessionHandle, template []*pkcs11.Attribute) (all []pkcs11.ObjectHandle, err error) {
	if err := c.FindObjectsInit(session, template); err != nil {
		return nil, failed("C_FindObjectsInit", err)
	}
	for len(all) < maxFound {
		some, _, err := c.FindObjects(session, min(atOnce, maxFound-len(all)))
		if err != nil {
			return nil, failed("C_FindObjects", err)
		}
		if len(some) == 0 {
			break
		}
		all = append(all, some...)
	}
	return all, failed("C_FindObjectsFinal", c.FindObjectsFinal(session))
}

// named is the part of a template that an object is told by; an empty label or
// ID is left out.
func named(label, id []byte) (template []*pkcs11.Attribute) {
	if len(label) > 0 {
		template = append(template, pkcs11.NewAttribute(pkcs11.CKA_LABEL, label))
	}
	if len(id) > 0 {
		template = append(template, pkcs11.NewAttribute(pkcs11.CKA_ID, id))
	}
	return template
}

// callGenerate makes an RSA-4096 pair with the exponent 65537, whose private
// half decrypts and cannot leave the token.
func callGenerate(c *context, n []uint64, s [][]byte) ([]uint64, [][]byte, error) {
	mechanism := []*pkcs11.Mechanism{pkcs11.NewMechanism(uint(n[1]), nil)}
	public := append(named(s[0], s[1]),
		pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true),
		pkcs11.NewAttribute(pkcs11.CKA_ENCRYPT, true),
		pkcs11.NewAttribute(pkcs11.CKA_MODULUS_BITS, 4096),
		pkcs11.NewAttribute(pkcs11.CKA_PUBLIC_EXPONENT, []byte{1, 0, 1}))
	private := append(named(s[0], s[1]),
		pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true),
		pkcs11.NewAttribute(pkcs11.CKA_PRIVATE, true),
		pkcs11.NewAttribute(pkcs11.CKA_SENSITIVE, true),
		pkcs11.NewAttribute(pkcs11.CKA_EXTRACTABLE, false),
		pkcs11.NewAttribute(pkcs11.CKA_DECRYPT, true),
		pkcs11.NewAttribute(pkcs11.CKA_SIGN, false))
	pub, priv, err := c.GenerateKeyPair(pkcs11.SessionHandle(n[0]), mechanism, public, private)
	return []uint64{uint64(pub), uint64(priv)}, nil, failed("C_GenerateKeyPair", err)
}
