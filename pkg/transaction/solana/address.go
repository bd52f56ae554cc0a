package solana

import (
	"crypto/sha256"
	"slices"

	"filippo.io/edwards25519"

	"recover/pkg/wallet"
)

// The programs and accounts that are known (Solana documents, "Native Programs";
// Solana Program Library).
var (
	systemProgram     = known("11111111111111111111111111111111")
	budgetProgram     = known("ComputeBudget111111111111111111111111111111")
	tokenProgram      = known("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")
	token2022Program  = known("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb")
	associatedProgram = known("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL")
	recentBlockhashes = known("SysvarRecentB1ockHashes11111111111111111111")
	rentSysvar        = known("SysvarRent111111111111111111111111111111111")
)

// mint is a token that has a name here.
type mint struct {
	symbol   string
	decimals byte
}

// mints are the tokens that wallets of an MPC service hold most.
var mints = map[address]mint{
	known("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"): {"USDC", 6},
	known("Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB"): {"USDT", 6},
	known("So11111111111111111111111111111111111111112"):  {"wrapped SOL", 9},
}

func known(text string) address {
	a, err := wallet.ParseSolanaAddress(text)
	if err != nil {
		panic("solana: bad constant " + text)
	}
	return a
}

// String writes the address in base58.
func (a address) String() string { return wallet.SolanaAddress(a) }

// onCurve tells whether a could be a public key. As the network does, it takes
// encodings that are not canonical.
func (a address) onCurve() bool {
	_, err := new(edwards25519.Point).SetBytes(a[:])
	return err == nil
}

// derive returns the address of a program that is derived from seeds: the first
// one, counting down, that is no public key (Solana documents, "Program Derived
// Address").
func derive(program address, seeds ...[]byte) address {
	for bump := 255; bump >= 0; bump-- {
		h := sha256.New()
		h.Write(slices.Concat(seeds...))
		h.Write([]byte{byte(bump)})
		h.Write(program[:])
		h.Write([]byte("ProgramDerivedAddress"))
		if a := address(h.Sum(nil)); !a.onCurve() {
			return a
		}
	}
	panic("solana: no derived address") // with a chance of 2⁻²⁵⁶
}

// tokenAccount is the associated token account of an owner for a mint of a token
// program.
func tokenAccount(owner, program, mint address) address {
	return derive(associatedProgram, owner[:], program[:], mint[:])
}
