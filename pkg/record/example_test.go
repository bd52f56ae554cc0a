package record_test

import (
	"fmt"
	"strings"

	"recover/pkg/record"
)

// Reads a record. A record that cannot be read in one way only is an error
// that names the line and the entry.
func ExampleOpen() {
	const text = `{ "format": "recover-record/1",
  "environment": "production",
  "keys": [
    { "quorum_id": "94fb1f28-1488-492b-86e7-8217b870c2c6", "key_id": "033b5dca-94bf-4ba8-8a8e-511c41eaaf23",
      "algorithm": "SECP256K1", "name": "treasury" },
    { "quorum_id": "a9c31832-9b36-4e79-b02d-7a0b2d2894e9", "key_id": "e9eecb69-ef46-4300-831e-e9dbede908f3",
      "algorithm": "ED25519" } ] }`

	r, err := record.Open(strings.NewReader(text), int64(len(text)))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Environment, r.Len())
	for e, err := range r.Entries() {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%d %s %s %q\n", e.Line, e.KeyID, e.Algorithm.Algorithm(), e.Name)
	}

	damaged := strings.Replace(text, "ED25519", "RSA", 1)
	_, err = record.Open(strings.NewReader(damaged), int64(len(damaged)))
	fmt.Println(err)
	// Output:
	// production 2
	// 4 033b5dca-94bf-4ba8-8a8e-511c41eaaf23 SECP256K1 "treasury"
	// 6 e9eecb69-ef46-4300-831e-e9dbede908f3 ED25519 ""
	// line 6, entry 2: algorithm: "RSA" is not SECP256K1 or ED25519
}
