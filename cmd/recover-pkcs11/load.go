//go:build cgo && (linux || darwin)

package main

/*
#include <dlfcn.h>
#include <stdlib.h>

// open_module loads a module and asks it for its function list, as pkcs11.New
// does without a look at what comes back. It returns the step that failed, or
// NULL, and what dlerror says of it or the CK_RV.
static const char *open_module(const char *path, const char **text, unsigned long *rv)
{
	unsigned char *list = NULL; // begins with the version of the interface
	unsigned long (*get)(unsigned char **);
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (handle == NULL) {
		*text = dlerror();
		return "dlopen";
	}
	*(void **)&get = dlsym(handle, "C_GetFunctionList");
	if (get == NULL) {
		*text = dlerror();
		return "dlsym";
	}
	*rv = get(&list);
	if (*rv != 0)
		return "C_GetFunctionList";
	if (list == NULL || (list[0] != 2 && list[0] != 3)) {
		*text = "no list of functions of version 2 or 3";
		return "C_GetFunctionList";
	}
	return NULL;
}

// opened is how pkcs11.New keeps a module, in the version that go.mod has.
struct opened {
	void *handle;
	unsigned char *list;
};
*/
import "C"

import (
	"unsafe"

	"github.com/miekg/pkcs11"
)

// context is a loaded module, with its list of functions for the calls that
// pkcs11 makes in another way than they have to be made. It is the list that
// pkcs11 has, not one that is asked for again: each that p11-kit-proxy gives is a
// module of its own, which has to be initialized.
type context struct {
	*pkcs11.Ctx
	list unsafe.Pointer
}

// load opens the module at path. Its failures name dlopen, dlsym or
// C_GetFunctionList.
func load(path string) (*context, error) {
	cpath := C.CString(path)
	defer C.free(unsafe.Pointer(cpath))
	var text *C.char
	var rv C.ulong
	if step := C.open_module(cpath, &text, &rv); step != nil {
		return nil, &failure{C.GoString(step), uint64(rv), C.GoString(text)}
	}
	c := pkcs11.New(path)
	if c == nil {
		return nil, &failure{function: "dlopen", text: "the module opens only once"}
	}
	list := (*(**C.struct_opened)(unsafe.Pointer(c))).list
	if list == nil || *list != 2 && *list != 3 {
		return nil, &failure{function: "C_GetFunctionList", text: "no list of functions the second time"}
	}
	return &context{c, unsafe.Pointer(list)}, nil
}

// initialize calls C_Initialize, for use by several threads. The arguments are
// those of modules that take text as pReserved; they may keep it, so it is
// never freed.
func initialize(c *context, arguments []byte) error {
	if len(arguments) == 0 {
		return c.Initialize()
	}
	return c.Initialize(pkcs11.InitializeWithReserved(unsafe.Pointer(C.CString(string(arguments)))))
}
