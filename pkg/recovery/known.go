package recovery

import (
	"strings"

	"recover/internal/uuid"
	"recover/pkg/record"
	"recover/pkg/rsadecrypt"
	"recover/pkg/wallet"
)

// Known is what is known of the company's keys from outside the bucket.
type Known struct {
	Quorums      []uuid.ID                // which of them is a key's, its backup tells
	Wallets      []record.Wallet          // of the service's own list
	RecoveryKeys []rsadecrypt.Fingerprint // that backups may be for; none means any

	wallets *walletIndex
}

// walletIndex finds wallets of the list, in their order.
type walletIndex struct {
	byKey               map[uuid.ID][]int
	byPublic, byAddress map[string][]int // those of which the list has no key ID
}

// IndexWallets returns the same, prepared for the Enroll of many keys.
func (k Known) IndexWallets() Known {
	k.index()
	return k
}

func (k *Known) index() {
	if k.wallets != nil {
		return
	}
	x := &walletIndex{make(map[uuid.ID][]int), make(map[string][]int), make(map[string][]int)}
	for i, w := range k.Wallets {
		switch {
		case !w.KeyID.IsZero():
			x.byKey[w.KeyID] = append(x.byKey[w.KeyID], i)
		case w.PublicKey != nil:
			public := string(w.PublicKey.Bytes())
			x.byPublic[public] = append(x.byPublic[public], i)
		case w.Address != "":
			address := addressText(w.Address)
			x.byAddress[address] = append(x.byAddress[address], i)
		}
	}
	k.wallets = x
}

// walletsOf returns the wallets of the list that are a key's: those with its key
// ID; or, where the list has none, those with the public key that a proved backup
// names, or, where it has no public keys, with an address of that.
func (k *Known) walletsOf(key uuid.ID, proved []*Backup) []int {
	if found := k.wallets.byKey[key]; len(found) > 0 {
		return found
	}
	for _, b := range proved {
		if b.WalletPublicKey == nil {
			continue
		}
		if found := k.wallets.byPublic[string(b.WalletPublicKey.Bytes())]; len(found) > 0 {
			return found
		}
		if len(k.wallets.byAddress) == 0 {
			continue
		}
		for _, a := range wallet.Addresses(b.Group(), b.WalletPublicKey) {
			if found := k.wallets.byAddress[addressText(a.Text)]; len(found) > 0 {
				return found
			}
		}
	}
	return nil
}

// addressText is an address without what differs between two ways of writing it:
// the capitals of hex are a checksum.
func addressText(address string) string {
	if strings.HasPrefix(address, "0x") {
		return strings.ToLower(address)
	}
	return address
}
