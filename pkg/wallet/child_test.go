package wallet

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"

	"recover/fixtures/vectors"
	"recover/internal/group"
)

// TestPublishedChildren takes all non-hardened steps of the test vectors of
// BIP-32 (vectors 3 and 4 have hardened ones only), each as the extended
// private keys of parent and child.
func TestPublishedChildren(t *testing.T) {
	for _, c := range []struct {
		path          string
		index         uint32
		parent, child string
	}{
		{
			"vector 1, m/0H/1", 1,
			"xprv9uHRZZhk6KAJC1avXpDAp4MDc3sQKNxDiPvvkX8Br5ngLNv1TxvUxt4cV1rGL5hj6KCesnDYUhd7oWgT11eZG7XnxHrnYeSvkzY7d2bhkJ7",
			"xprv9wTYmMFdV23N2TdNG573QoEsfRrWKQgWeibmLntzniatZvR9BmLnvSxqu53Kw1UmYPxLgboyZQaXwTCg8MSY3H2EU4pWcQDnRnrVA1xe8fs",
		},
		{
			"vector 1, m/0H/1/2H/2", 2,
			"xprv9z4pot5VBttmtdRTWfWQmoH1taj2axGVzFqSb8C9xaxKymcFzXBDptWmT7FwuEzG3ryjH4ktypQSAewRiNMjANTtpgP4mLTj34bhnZX7UiM",
			"xprvA2JDeKCSNNZky6uBCviVfJSKyQ1mDYahRjijr5idH2WwLsEd4Hsb2Tyh8RfQMuPh7f7RtyzTtdrbdqqsunu5Mm3wDvUAKRHSC34sJ7in334",
		},
		{
			"vector 1, m/0H/1/2H/2/1000000000", 1000000000,
			"xprvA2JDeKCSNNZky6uBCviVfJSKyQ1mDYahRjijr5idH2WwLsEd4Hsb2Tyh8RfQMuPh7f7RtyzTtdrbdqqsunu5Mm3wDvUAKRHSC34sJ7in334",
			"xprvA41z7zogVVwxVSgdKUHDy1SKmdb533PjDz7J6N6mV6uS3ze1ai8FHa8kmHScGpWmj4WggLyQjgPie1rFSruoUihUZREPSL39UNdE3BBDu76",
		},
		{
			"vector 2, m/0", 0,
			"xprv9s21ZrQH143K31xYSDQpPDxsXRTUcvj2iNHm5NUtrGiGG5e2DtALGdso3pGz6ssrdK4PFmM8NSpSBHNqPqm55Qn3LqFtT2emdEXVYsCzC2U",
			"xprv9vHkqa6EV4sPZHYqZznhT2NPtPCjKuDKGY38FBWLvgaDx45zo9WQRUT3dKYnjwih2yJD9mkrocEZXo1ex8G81dwSM1fwqWpWkeS3v86pgKt",
		},
		{
			"vector 2, m/0/2147483647H/1", 1,
			"xprv9wSp6B7kry3Vj9m1zSnLvN3xH8RdsPP1Mh7fAaR7aRLcQMKTR2vidYEeEg2mUCTAwCd6vnxVrcjfy2kRgVsFawNzmjuHc2YmYRmagcEPdU9",
			"xprv9zFnWC6h2cLgpmSA46vutJzBcfJ8yaJGg8cX1e5StJh45BBciYTRXSd25UEPVuesF9yog62tGAQtHjXajPPdbRCHuWS6T8XA2ECKADdw4Ef",
		},
		{
			"vector 2, m/0/2147483647H/1/2147483646H/2", 2,
			"xprvA1RpRA33e1JQ7ifknakTFpgNXPmW2YvmhqLQYMmrj4xJXXWYpDPS3xz7iAxn8L39njGVyuoseXzU6rcxFLJ8HFsTjSyQbLYnMpCqE2VbFWc",
			"xprvA2nrNbFZABcdryreWet9Ea4LvTJcGsqrMzxHx98MMrotbir7yrKCEXw7nadnHM8Dq38EGfSh6dqA9QWTyefMLEcBYJUuekgW4BYPJcr9E7j",
		},
	} {
		t.Run(c.path, func(t *testing.T) {
			parent, chainCode := extendedPrivate(t, c.parent)
			want, _ := extendedPrivate(t, c.child)
			checkChild(t, parent, chainCode, c.index, want)
		})
	}
}

// extendedPrivate reads the serialization of BIP-32: version 0488ADE4, depth,
// fingerprint, index, chain code, 0x00 and the private key.
func extendedPrivate(t *testing.T, text string) (key group.Scalar, chainCode []byte) {
	t.Helper()
	b := decodeBase58Check(t, bitcoinAlphabet, text)
	if len(b) != 78 || !bytes.HasPrefix(b, []byte{0x04, 0x88, 0xAD, 0xE4}) || b[45] != 0 {
		t.Fatalf("%s is no extended private key", text)
	}
	return scalar(t, b[46:]), b[13:45]
}

func checkChild(t *testing.T, parent group.Scalar, chainCode []byte, index uint32, want group.Scalar) {
	t.Helper()
	got, err := Child(parent, chainCode, index)
	if err != nil {
		t.Fatal(err)
	}
	if !got.Equal(want) {
		t.Errorf("Child: %x\nwant %x", got.Bytes(), want.Bytes())
	}
}

// TestWalletKeysOfKits derives m/0 for every SECP256K1 key of the kits.
func TestWalletKeysOfKits(t *testing.T) {
	compared := 0
	for _, kit := range vectors.Kits(t) {
		for _, k := range vectors.Kit(t, kit) {
			if k.Algorithm == "SECP256K1" {
				checkChild(t, scalar(t, unhex(t, k.MasterPrivateKey)), unhex(t, k.MasterChainCode), 0, scalar(t, unhex(t, k.WalletPrivateKey)))
				compared++
			}
		}
	}
	if compared < 10 {
		t.Errorf("only %d keys were compared", compared)
	}
}

func TestChildRefused(t *testing.T) {
	master, chainCode := group.Secp256k1.NewScalar().SetUint64(1), make([]byte, 32)
	for _, c := range []struct {
		chainCode []byte
		index     uint32
		want      string
	}{
		{nil, 0, "chain code is not 32 bytes"},
		{chainCode[:31], 0, "chain code is not 32 bytes"},
		{make([]byte, 33), 0, "chain code is not 32 bytes"},
		{chainCode, 1 << 31, "child index is hardened (2^31 or above)"},
		{chainCode, 1<<32 - 1, "child index is hardened (2^31 or above)"},
	} {
		if _, err := Child(master, c.chainCode, c.index); err == nil || err.Error() != c.want {
			t.Errorf("Child with %d bytes, index %d: %v, want %s", len(c.chainCode), c.index, err, c.want)
		}
	}
	if _, err := Child(master, chainCode, 1<<31-1); err != nil {
		t.Errorf("the last index that is not hardened: %v", err)
	}
}

// TestNoChild makes by hand the I_L that no chain code is known for.
func TestNoChild(t *testing.T) {
	order := group.Secp256k1.Order()
	five := group.Secp256k1.NewScalar().SetUint64(5)
	minusFive := group.Secp256k1.NewScalar()
	minusFive.Sub(minusFive, five)
	for _, left := range [][]byte{order.Bytes(), bytes.Repeat([]byte{0xFF}, 32), minusFive.Bytes()} {
		if _, err := addTweak(five, left); !errors.Is(err, ErrNoChild) {
			t.Errorf("private key 5, I_L = %x: %v, want ErrNoChild", left, err)
		}
	}
}

func scalar(t testing.TB, b []byte) group.Scalar {
	t.Helper()
	s, err := group.Secp256k1.ParseScalar(b)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
