/*
 * A PKCS#11 module for tests: it passes calls on to another module, and does
 * one thing wrong. The environment says what:
 *
 *   FAULT_MODULE      path of the other module
 *   FAULT             "function n action": at the n-th call of the function (0:
 *                     each) return a number, "hang", "crash" or "exit"; or, for
 *                     C_Decrypt, "flip" a bit of the answer, or 0 to answer
 *                     something where the other module refuses
 *   FAULT_LOAD        when it is loaded: "print", "hang", "crash" or "exit"
 *   FAULT_LIST        C_GetFunctionList: "fail", "none" or "old"
 *   FAULT_FLAGS       token flags that are set
 *   FAULT_LACKS       attribute that objects lack
 *   FAULT_ALWAYS      keys say CKA_ALWAYS_AUTHENTICATE; logging in for them is
 *                     not passed on
 *   FAULT_LOG         file to which "function" is appended for each call; for
 *                     C_Login, with the user type and the size of the PIN
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "pkcs11go.h"

#define PASS ((CK_RV)-1)
#define FLIP ((CK_RV)-2)

static CK_FUNCTION_LIST_PTR real;
static CK_FUNCTION_LIST list;

static const char *setting(const char *name)
{
	const char *value = getenv(name);
	return value == NULL ? "" : value;
}

static CK_RV act(const char *action)
{
	if (strcmp(action, "hang") == 0)
		for (;;)
			pause();
	if (strcmp(action, "crash") == 0)
		*(volatile int *)8 = 1;
	if (strcmp(action, "exit") == 0)
		_exit(7);
	if (strcmp(action, "flip") == 0)
		return FLIP;
	return strtoul(action, NULL, 0);
}

static void note(const char *line)
{
	int fd = open(setting("FAULT_LOG"), O_WRONLY | O_APPEND | O_CREAT, 0600);

	if (fd < 0)
		return;
	if (write(fd, line, strlen(line)) < 0)
		_exit(9);
	close(fd);
}

/* fault notes a call, and returns PASS unless it is the one that goes wrong. */
static CK_RV fault(const char *name, const char *more)
{
	static int calls;
	char wanted[64], action[64], line[128];
	int n;

	snprintf(line, sizeof(line), "%s%s\n", name, more);
	note(line);
	if (sscanf(setting("FAULT"), "%63s %d %63s", wanted, &n, action) != 3 || strcmp(wanted, name) != 0)
		return PASS;
	if (n != 0 && __sync_add_and_fetch(&calls, 1) != n)
		return PASS;
	return act(action);
}

#define CHECK(name) do { CK_RV rv = fault(#name, ""); if (rv != PASS) return rv; } while (0)
#define WRAP(name, parameters, arguments) \
	static CK_RV my_##name parameters { CHECK(name); return real->name arguments; }

WRAP(C_Initialize, (CK_VOID_PTR a), (a))
WRAP(C_Finalize, (CK_VOID_PTR a), (a))
WRAP(C_GetInfo, (CK_INFO_PTR a), (a))
WRAP(C_GetSlotList, (CK_BBOOL a, CK_SLOT_ID_PTR b, CK_ULONG_PTR c), (a, b, c))
WRAP(C_GetMechanismInfo, (CK_SLOT_ID a, CK_MECHANISM_TYPE b, CK_MECHANISM_INFO_PTR c), (a, b, c))
WRAP(C_OpenSession, (CK_SLOT_ID a, CK_FLAGS b, CK_VOID_PTR c, CK_NOTIFY d, CK_SESSION_HANDLE_PTR e), (a, b, c, d, e))
WRAP(C_FindObjectsInit, (CK_SESSION_HANDLE a, CK_ATTRIBUTE_PTR b, CK_ULONG c), (a, b, c))
WRAP(C_FindObjects, (CK_SESSION_HANDLE a, CK_OBJECT_HANDLE_PTR b, CK_ULONG c, CK_ULONG_PTR d), (a, b, c, d))
WRAP(C_FindObjectsFinal, (CK_SESSION_HANDLE a), (a))
WRAP(C_GenerateKeyPair,
	(CK_SESSION_HANDLE a, CK_MECHANISM_PTR b, CK_ATTRIBUTE_PTR c, CK_ULONG d, CK_ATTRIBUTE_PTR e, CK_ULONG f,
	 CK_OBJECT_HANDLE_PTR g, CK_OBJECT_HANDLE_PTR h), (a, b, c, d, e, f, g, h))

static CK_RV my_C_GetTokenInfo(CK_SLOT_ID slot, CK_TOKEN_INFO_PTR info)
{
	CK_RV rv;

	CHECK(C_GetTokenInfo);
	rv = real->C_GetTokenInfo(slot, info);
	if (rv == CKR_OK)
		info->flags |= strtoul(setting("FAULT_FLAGS"), NULL, 0);
	return rv;
}

static CK_RV my_C_Login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG size)
{
	char more[64];
	CK_RV rv;

	snprintf(more, sizeof(more), " %lu %lu%s", user, size, pin == NULL ? " NULL" : "");
	rv = fault(user == CKU_CONTEXT_SPECIFIC ? "C_Login-context" : "C_Login", more);
	if (rv != PASS)
		return rv;
	if (user == CKU_CONTEXT_SPECIFIC || (pin == NULL && *setting("FAULT_FLAGS")))
		return CKR_OK;
	return real->C_Login(session, user, pin, size);
}

static CK_RV my_C_GetAttributeValue(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR a, CK_ULONG count)
{
	CK_RV rv;

	CHECK(C_GetAttributeValue);
	if (*setting("FAULT_LACKS") && a->type == strtoul(setting("FAULT_LACKS"), NULL, 0)) {
		a->ulValueLen = (CK_ULONG)-1;
		return CKR_ATTRIBUTE_TYPE_INVALID;
	}
	rv = real->C_GetAttributeValue(session, object, a, count);
	if (rv == CKR_OK && a->type == CKA_ALWAYS_AUTHENTICATE && a->pValue != NULL && *setting("FAULT_ALWAYS"))
		*(CK_BBOOL *)a->pValue = CK_TRUE;
	return rv;
}

/* The label of the operation that goes on: where it lies, and what it was. */
static CK_RSA_PKCS_OAEP_PARAMS oaep;
static unsigned char label[256];

static CK_RV my_C_DecryptInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
	CHECK(C_DecryptInit);
	oaep.ulSourceDataLen = 0;
	if (mechanism->mechanism == CKM_RSA_PKCS_OAEP) {
		oaep = *(CK_RSA_PKCS_OAEP_PARAMS_PTR)mechanism->pParameter;
		if (oaep.ulSourceDataLen > sizeof(label))
			return CKR_ARGUMENTS_BAD;
		memcpy(label, oaep.pSourceData, oaep.ulSourceDataLen);
	}
	return real->C_DecryptInit(session, mechanism, key);
}

/* The call that asks for the size of the answer is not counted. */
static CK_RV my_C_Decrypt(CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG inlen, CK_BYTE_PTR out, CK_ULONG_PTR outlen)
{
	CK_RV rv, wrong;

	if (out == NULL)
		return real->C_Decrypt(session, in, inlen, out, outlen);
	if (memcmp(label, oaep.pSourceData, oaep.ulSourceDataLen) != 0)
		return CKR_FUNCTION_FAILED; /* the label was freed too early */
	wrong = fault("C_Decrypt", "");
	rv = real->C_Decrypt(session, in, inlen, out, outlen); /* ends the operation in any case */
	if (wrong == CKR_OK && *outlen > 32)
		*outlen = 32;
	if (wrong != PASS && wrong != FLIP)
		return wrong;
	if (rv == CKR_OK && wrong == FLIP)
		out[*outlen - 1] ^= 1;
	return rv;
}

#define USE(name) list.name = my_##name

static CK_RV load(void)
{
	CK_C_GetFunctionList get;
	void *handle = dlopen(setting("FAULT_MODULE"), RTLD_NOW | RTLD_LOCAL);

	if (handle == NULL)
		return CKR_GENERAL_ERROR;
	*(void **)&get = dlsym(handle, "C_GetFunctionList");
	if (get == NULL || get(&real) != CKR_OK)
		return CKR_GENERAL_ERROR;
	list = *real;
	USE(C_Initialize); USE(C_Finalize); USE(C_GetInfo); USE(C_GetSlotList); USE(C_GetTokenInfo);
	USE(C_GetMechanismInfo); USE(C_OpenSession); USE(C_Login); USE(C_FindObjectsInit); USE(C_FindObjects);
	USE(C_FindObjectsFinal); USE(C_GetAttributeValue); USE(C_DecryptInit); USE(C_Decrypt); USE(C_GenerateKeyPair);
	return CKR_OK;
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR out)
{
	const char *wrong = setting("FAULT_LIST");

	if (strcmp(wrong, "fail") == 0)
		return CKR_HOST_MEMORY;
	if (strcmp(wrong, "none") == 0) {
		*out = NULL;
		return CKR_OK;
	}
	if (real == NULL && load() != CKR_OK)
		return CKR_GENERAL_ERROR;
	if (strcmp(wrong, "old") == 0)
		list.version.major = 1;
	*out = &list;
	return CKR_OK;
}

__attribute__((constructor)) static void loaded(void)
{
	const char *action = setting("FAULT_LOAD");

	if (strcmp(action, "print") == 0) {
		char frame[] = "\0\0\0\x0a" "A\x02\0\0\0\x02\0\0\0";
		fwrite(frame, 1, sizeof(frame), stdout);
		fflush(stdout);
	} else if (*action) {
		act(action);
	}
}
