//go:build cgo && (linux || darwin)

package main

/*
#include <stdlib.h>
#include <string.h>

// What is needed of the interface (PKCS#11 2.40, sections 3.6 and 5.8): the list
// of functions is a version and pointers, in the standard's order.
struct function_list {
	unsigned char version[2];
	void *functions[64];
};

enum { DECRYPT_INIT = 33, DECRYPT = 34 };

// A mechanism with its OAEP parameters and the label behind it, in one piece of
// C memory.
struct mechanism {
	unsigned long type;
	void *parameter;
	unsigned long parameter_size;
	struct {
		unsigned long hash, mgf, source;
		void *label;
		unsigned long label_size;
	} oaep;
	unsigned char label[];
};

static struct mechanism *new_mechanism(unsigned long type, const void *label, unsigned long label_size)
{
	struct mechanism *m = calloc(1, sizeof(*m) + label_size);

	if (m == NULL)
		return NULL;
	m->type = type;
	if (label_size > 0) {
		memcpy(m->label, label, label_size);
		m->oaep.label = m->label;
		m->oaep.label_size = label_size;
	}
	return m;
}

static void set_oaep(struct mechanism *m, unsigned long hash, unsigned long mgf, unsigned long source)
{
	m->oaep.hash = hash;
	m->oaep.mgf = mgf;
	m->oaep.source = source;
	m->parameter = &m->oaep;
	m->parameter_size = sizeof(m->oaep);
}

static unsigned long decrypt_init(void *list, unsigned long session, struct mechanism *m, unsigned long key)
{
	unsigned long (*f)(unsigned long, struct mechanism *, unsigned long);

	*(void **)&f = ((struct function_list *)list)->functions[DECRYPT_INIT];
	return f(session, m, key);
}

static unsigned long decrypt(void *list, unsigned long session, unsigned char *in, unsigned long in_size,
	unsigned char *out, unsigned long *out_size)
{
	unsigned long (*f)(unsigned long, unsigned char *, unsigned long, unsigned char *, unsigned long *);

	*(void **)&f = ((struct function_list *)list)->functions[DECRYPT];
	return f(session, in, in_size, out, out_size);
}
*/
import "C"

import (
	"unsafe"

	"github.com/miekg/pkcs11"
)

// decrypt is one private operation: C_DecryptInit, the login that a key wants
// for each of them, and one C_Decrypt. pkcs11.Decrypt would call it twice, first
// for the size of the answer; some modules have the card work for that call too,
// which doubles the time and the touches and spends the login. No answer is
// longer than the ciphertext, which is as long as the modulus.
//
// The mechanism and its label stay in C memory until the end: modules keep the
// pointers from C_DecryptInit on.
func decrypt(c *context, session pkcs11.SessionHandle, key pkcs11.ObjectHandle, mechanism uint, label []byte,
	login func() error, ciphertext []byte,
) ([]byte, error) {
	m := C.new_mechanism(C.ulong(mechanism), unsafe.Pointer(unsafe.SliceData(label)), C.ulong(len(label)))
	if m == nil {
		return nil, failed("C_DecryptInit", pkcs11.Error(pkcs11.CKR_HOST_MEMORY))
	}
	defer C.free(unsafe.Pointer(m))
	if mechanism == pkcs11.CKM_RSA_PKCS_OAEP {
		C.set_oaep(m, pkcs11.CKM_SHA256, pkcs11.CKG_MGF1_SHA256, pkcs11.CKZ_DATA_SPECIFIED)
	}
	if rv := C.decrypt_init(c.list, C.ulong(session), m, C.ulong(key)); rv != pkcs11.CKR_OK {
		return nil, failed("C_DecryptInit", pkcs11.Error(rv))
	}
	if err := login(); err != nil {
		return nil, failed("C_Login", err)
	}
	out := make([]byte, max(1, len(ciphertext)))
	size := C.ulong(len(out))
	rv := C.decrypt(c.list, C.ulong(session), (*C.uchar)(unsafe.SliceData(ciphertext)), C.ulong(len(ciphertext)),
		(*C.uchar)(unsafe.SliceData(out)), &size)
	switch {
	case rv != pkcs11.CKR_OK:
		clear(out)
		return nil, failed("C_Decrypt", pkcs11.Error(rv))
	case int(size) > len(out) || int(size) < 0:
		clear(out)
		return nil, &failure{function: "C_Decrypt", text: "an answer longer than there was room for"}
	}
	clear(out[size:]) // a module may use it for the padded message
	return out[:size], nil
}
