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

// evmChains are the chains that wallets of an MPC service are used on most. The
// cap is about what a token transfer costs at a hundred times the usual price.
var evmChains = []Chain{
	evm(1, "Ethereum", "ETH", units(5, 16), "https://etherscan.io/tx/"),
	rollup(evm(10, "OP Mainnet", "ETH", units(1, 16), "https://optimistic.etherscan.io/tx/")),
	evm(25, "Cronos", "CRO", units(50, 18), "https://cronoscan.com/tx/"),
	evm(56, "BNB Smart Chain", "BNB", units(5, 16), "https://bscscan.com/tx/"),
	evm(61, "Ethereum Classic", "ETC", units(1, 18), "https://etc.blockscout.com/tx/"),
	evm(100, "Gnosis", "xDAI", units(1, 18), "https://gnosisscan.io/tx/"),
	evm(137, "Polygon", "POL", units(10, 18), "https://polygonscan.com/tx/"),
	evm(250, "Fantom", "FTM", units(10, 18), "https://ftmscan.com/tx/"),
	evm(324, "ZKsync Era", "ETH", units(1, 16), "https://explorer.zksync.io/tx/"),
	evm(5000, "Mantle", "MNT", units(10, 18), "https://mantlescan.xyz/tx/"),
	rollup(evm(8453, "Base", "ETH", units(1, 16), "https://basescan.org/tx/")),
	evm(42161, "Arbitrum One", "ETH", units(1, 16), "https://arbiscan.io/tx/"),
	evm(42220, "Celo", "CELO", units(10, 18), "https://celoscan.io/tx/"),
	evm(43114, "Avalanche C-Chain", "AVAX", units(1, 18), "https://snowtrace.io/tx/"),
	evm(59144, "Linea", "ETH", units(1, 16), "https://lineascan.build/tx/"),
	rollup(evm(534352, "Scroll", "ETH", units(1, 16), "https://scrollscan.com/tx/")),
	testnet(evm(97, "BNB Smart Chain testnet", "tBNB", units(1, 18), "https://testnet.bscscan.com/tx/")),
	testnet(evm(17000, "Holesky testnet", "ETH", units(1, 18), "https://holesky.etherscan.io/tx/")),
	testnet(evm(80002, "Polygon Amoy testnet", "POL", units(10, 18), "https://amoy.polygonscan.com/tx/")),
	testnet(rollup(evm(84532, "Base Sepolia testnet", "ETH", units(1, 18), "https://sepolia.basescan.org/tx/"))),
	testnet(evm(11155111, "Sepolia testnet", "ETH", units(1, 18), "https://sepolia.etherscan.io/tx/")),
}

// EVMChain returns the chain of an EIP-155 chain ID. A chain that is not in the
// table has no symbol, no cap and no explorer, and Known is false.
func EVMChain(id uint64) Chain {
	for _, c := range evmChains {
		if c.ID == id {
			return c
		}
	}
	return Chain{Family: EVM, Name: "UNKNOWN EVM CHAIN", ID: id, Symbol: "of its native coin", Unit: "wei", Decimals: 18}
}

func evm(id uint64, name, symbol string, cap *big.Int, explorer string) Chain {
	return Chain{EVM, name, id, symbol, "wei", 18, cap, explorer, false, true, false}
}

func testnet(c Chain) Chain {
	c.Test = true
	return c
}

func rollup(c Chain) Chain {
	c.ExtraFee = true
	return c
}

// units returns n·10^exponent.
func units(n, exponent int64) *big.Int {
	p := new(big.Int).Exp(big.NewInt(10), big.NewInt(exponent), nil)
	return p.Mul(p, big.NewInt(n))
}
