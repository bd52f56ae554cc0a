package evm

import (
	"recover/pkg/transaction"
	"recover/pkg/transaction/chain"
	"recover/pkg/wallet"
)

// Token is what is known of an ERC-20 contract. A transaction does not say how
// many decimals its token has, so somebody has to vouch for it.
type Token struct {
	ChainID  uint64
	Contract string // an address, as wallet.ParseEVMAddress reads it
	Symbol   string
	Decimals int
}

// tokens are the contracts of the largest dollar tokens, as their issuers publish
// them.
var tokens = []Token{
	{1, "0xdAC17F958D2ee523a2206206994597C13D831ec7", "USDT", 6},
	{1, "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", "USDC", 6},
	{1, "0x6B175474E89094C44Da98b954EedeAC495271d0F", "DAI", 18},
	{1, "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2", "WETH", 18},
	{10, "0x0b2C639c533813f4Aa9D7837CAf62653d097Ff85", "USDC", 6},
	{56, "0x55d398326f99059fF775485246999027B3197955", "USDT (Binance-Peg)", 18},
	{137, "0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359", "USDC", 6},
	{137, "0xc2132D05D31c914a87C6611C10748AEb04B58e8F", "USDT", 6},
	{8453, "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913", "USDC", 6},
	{42161, "0xaf88d065e77c8cC2239327C5EDb3A432268e5831", "USDC", 6},
	{42161, "0xFd086bC7CD5C481DCC9C85ebE478A1C0b69FCbb9", "USDT", 6},
	{43114, "0xB97EF9Ef8734C71904D8002F8b6Bc66Dd9c48a6E", "USDC", 6},
}

// token returns what is known of a contract on the transaction's chain.
func (t *Transaction) token(contract account) (Token, bool) {
	for _, list := range [][]Token{t.options.Tokens, tokens} {
		for _, k := range list {
			if k.ChainID != t.chain.ID || k.Decimals < 0 || k.Decimals > chain.MaxDecimals {
				continue
			}
			if b, err := wallet.ParseEVMAddress(k.Contract); err == nil && account(b) == contract {
				k.Symbol = transaction.Printable(k.Symbol)
				return k, true
			}
		}
	}
	return Token{}, false
}
