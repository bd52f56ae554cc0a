//go:build !cgo || !(linux || darwin)

// Recover-pkcs11 loads the PKCS#11 module of a token for recover. This is what
// is left of it where there is no cgo.
package main

import "os"

func main() {
	_, _ = os.Stderr.WriteString("recover-pkcs11: built without cgo: it cannot load PKCS#11 modules\n")
	os.Exit(1)
}
