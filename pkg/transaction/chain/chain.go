// Package chain is the one place that knows the names, units, decimals and
// explorers of the chains, and how amounts are written.
package chain

import (
	"fmt"
	"math/big"
)

// Family is what chains have in common that are signed for in the same way.
type Family string

// The families.
const (
	EVM     Family = "evm"
	Tron    Family = "tron"
	Bitcoin Family = "bitcoin"
	XRPL    Family = "xrpl"
	Solana  Family = "solana"
)

// Chain is one network.
type Chain struct {
	Family   Family
	Name     string   // "Ethereum", "Bitcoin testnet"
	ID       uint64   // the EIP-155 chain ID, or the XRP Ledger's NetworkID
	Symbol   string   // of the native coin
	Unit     string   // of its smallest unit
	Decimals int      // of the native coin
	FeeCap   *big.Int // what a fee may be unless the caller says otherwise; nil where the chain is not known
	Explorer string   // in front of a transaction's ID; empty where there is none
	Test     bool     // coins without a value
	Known    bool     // it is in the table
	ExtraFee bool     // it charges for its entry on another chain, beyond the fee that is signed
}

// Native returns an amount of the chain's own coin.
func (c Chain) Native(units *big.Int) Amount {
	return Amount{Units: units, Decimals: c.Decimals, Symbol: c.Symbol, Unit: c.Unit}
}

// String returns "Ethereum (chain ID 1)", or the name alone.
func (c Chain) String() string {
	if c.Family == EVM {
		return fmt.Sprintf("%s (chain ID %d)", c.Name, c.ID)
	}
	return c.Name
}

// The chains that are not EVM chains.
var (
	TronMainnet    = Chain{Tron, "Tron", 0, "TRX", "sun", 6, units(200, 6), "https://tronscan.org/#/transaction/", false, true, false}
	BitcoinMainnet = Chain{Bitcoin, "Bitcoin", 0, "BTC", "satoshis", 8, units(1, 6), "https://mempool.space/tx/", false, true, false}
	BitcoinTestnet = Chain{Bitcoin, "Bitcoin testnet", 0, "tBTC", "satoshis", 8, units(1, 6), "https://mempool.space/testnet/tx/", true, true, false}
	XRPLedger      = Chain{XRPL, "XRP Ledger", 0, "XRP", "drops", 6, units(5, 6), "https://livenet.xrpl.org/transactions/", false, true, false}
	SolanaMainnet  = Chain{Solana, "Solana", 0, "SOL", "lamports", 9, units(1, 7), "https://explorer.solana.com/tx/", false, true, false}
)

// evmChain is an EVM chain: its fee cap is capUnits·10^capZeros wei.
type evmChain struct {
	id                 uint64
	name, symbol       string
	capUnits, capZeros int64
	explorer           string
	kind               string // rollup, testnet, both, or empty
}

const (
	rollup  = "rollup" // it charges for its entry on another chain
	testnet = "testnet"
	both    = rollup + testnet
)

// evmChains are the chains that wallets of an MPC service are used on most. A cap
// is far above what a transfer costs; who needs more says so (transaction.Limits).
var evmChains = []evmChain{
	{1, "Ethereum", "ETH", 5, 16, "https://etherscan.io/tx/", ""},
	{10, "OP Mainnet", "ETH", 1, 16, "https://optimistic.etherscan.io/tx/", rollup},
	{25, "Cronos", "CRO", 50, 18, "https://cronoscan.com/tx/", ""},
	{56, "BNB Smart Chain", "BNB", 5, 16, "https://bscscan.com/tx/", ""},
	{61, "Ethereum Classic", "ETC", 1, 18, "https://etc.blockscout.com/tx/", ""},
	{100, "Gnosis", "xDAI", 1, 18, "https://gnosisscan.io/tx/", ""},
	{137, "Polygon", "POL", 10, 18, "https://polygonscan.com/tx/", ""},
	{250, "Fantom", "FTM", 10, 18, "https://ftmscan.com/tx/", ""},
	{324, "ZKsync Era", "ETH", 1, 16, "https://explorer.zksync.io/tx/", ""},
	{5000, "Mantle", "MNT", 10, 18, "https://mantlescan.xyz/tx/", ""},
	{8453, "Base", "ETH", 1, 16, "https://basescan.org/tx/", rollup},
	{42161, "Arbitrum One", "ETH", 1, 16, "https://arbiscan.io/tx/", ""},
	{42220, "Celo", "CELO", 10, 18, "https://celoscan.io/tx/", ""},
	{43114, "Avalanche C-Chain", "AVAX", 1, 18, "https://snowtrace.io/tx/", ""},
	{59144, "Linea", "ETH", 1, 16, "https://lineascan.build/tx/", ""},
	{534352, "Scroll", "ETH", 1, 16, "https://scrollscan.com/tx/", rollup},
	{97, "BNB Smart Chain testnet", "tBNB", 1, 18, "https://testnet.bscscan.com/tx/", testnet},
	{17000, "Holesky testnet", "ETH", 1, 18, "https://holesky.etherscan.io/tx/", testnet},
	{80002, "Polygon Amoy testnet", "POL", 10, 18, "https://amoy.polygonscan.com/tx/", testnet},
	{84532, "Base Sepolia testnet", "ETH", 1, 18, "https://sepolia.basescan.org/tx/", both},
	{11155111, "Sepolia testnet", "ETH", 1, 18, "https://sepolia.etherscan.io/tx/", testnet},
}

// EVMChain returns the chain of an EIP-155 chain ID. A chain that is not in the
// table has no symbol, no cap and no explorer, and Known is false.
func EVMChain(id uint64) Chain {
	c := Chain{Family: EVM, Name: "UNKNOWN EVM CHAIN", ID: id, Symbol: "of its native coin", Unit: "wei", Decimals: 18}
	for _, e := range evmChains {
		if e.id == id {
			c.Name, c.Symbol, c.FeeCap, c.Explorer = e.name, e.symbol, units(e.capUnits, e.capZeros), e.explorer
			c.Test, c.ExtraFee, c.Known = e.kind == testnet || e.kind == both, e.kind == rollup || e.kind == both, true
		}
	}
	return c
}

// units returns n·10^exponent.
func units(n, exponent int64) *big.Int {
	p := new(big.Int).Exp(big.NewInt(10), big.NewInt(exponent), nil)
	return p.Mul(p, big.NewInt(n))
}
