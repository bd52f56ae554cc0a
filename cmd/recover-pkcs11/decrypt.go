//go:build cgo && (linux || darwin)

package main

// #include <stdlib.h>
import "C"

import (
	"unsafe"

	"github.com/miekg/pkcs11"
)

// oaepParameters is CK_RSA_PKCS_OAEP_PARAMS.
type oaepParameters struct {
	hash, mgf, source C.ulong
	label             unsafe.Pointer
	labelSize         C.ulong
}

// oaepMechanism is OAEP with SHA-256, MGF1-SHA-256 and a label. The label lies
// in C memory until free is called, which must be after C_Decrypt: modules keep
// the pointer from C_DecryptInit on, and pkcs11.NewOAEPParams would have freed
// what it points to by then.
func oaepMechanism(label []byte) (mechanism []*pkcs11.Mechanism, free func()) {
	p := oaepParameters{
		hash:      pkcs11.CKM_SHA256,
		mgf:       pkcs11.CKG_MGF1_SHA256,
		source:    pkcs11.CKZ_DATA_SPECIFIED,
		labelSize: C.ulong(len(label)),
	}
	if len(label) > 0 {
		p.label = C.CBytes(label)
	}
	raw := unsafe.Slice((*byte)(unsafe.Pointer(&p)), unsafe.Sizeof(p))
	return []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_RSA_PKCS_OAEP, raw)}, func() { C.free(p.label) }
}

// decrypt is one private operation. A key that wants a login of its own each
// time gets it between C_DecryptInit and C_Decrypt.
func decrypt(c *pkcs11.Ctx, session pkcs11.SessionHandle, key pkcs11.ObjectHandle, mechanism []*pkcs11.Mechanism,
	login func() error, ciphertext []byte,
) ([]byte, error) {
	if err := c.DecryptInit(session, mechanism, key); err != nil {
		return nil, failed("C_DecryptInit", err)
	}
	if err := login(); err != nil {
		return nil, failed("C_Login", err)
	}
	plaintext, err := c.Decrypt(session, ciphertext)
	return plaintext, failed("C_Decrypt", err)
}
