// Package wallet says what a rebuilt key is good for: the child key that a
// SECP256K1 wallet signs with, and the addresses of a public key on each chain.
//
// It is no hierarchical wallet: it knows no seeds and no hardened derivation,
// and an address is that of one public key.
package wallet
