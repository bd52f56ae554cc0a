package recovery_test

import (
	"context"
	"crypto"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"recover/fixtures/vectors"
	"recover/pkg/record"
	"recover/pkg/recovery"
	"recover/pkg/rsadecrypt"
)

// Proves with public data alone that every key of a record can be rebuilt from
// the download of a bucket.
func ExampleBackups_Verify() {
	dir, keys, remove := practice("mixed-2of3-shamir-t1")
	defer remove()

	download, err := recovery.Open(filepath.Join(dir, "bucket"), recovery.Hints{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer download.Close()
	for e, err := range keys.Entries() {
		if err != nil {
			fmt.Println(err)
			return
		}
		backups, err := recovery.Collect(context.Background(), download, e)
		if err != nil {
			fmt.Println(err)
			continue
		}
		verdict, err := backups.Verify(context.Background(), nil)
		fmt.Println(e.KeyID, e.Algorithm.Algorithm(), "valid:", err == nil && verdict.Err == nil)
	}
	// Output:
	// cd3d7112-e94b-4602-b061-6c2782a39a92 SECP256K1 valid: true
	// 8579237a-6e40-42be-be92-6bda619f3781 ED25519 valid: true
	// 1bebb232-fdc1-481b-9318-67ed1f539b2a SECP256K1 valid: true
	// 0830144c-4771-49fd-9ff5-9a4ee1a4e97a ED25519 valid: true
}

// token stands for a recovery key that stays where it is, such as in an HSM.
// Rebuild needs no more of it than crypto.Decrypter.
type token struct {
	key        *rsa.PrivateKey
	operations int
}

func (t *token) Public() crypto.PublicKey { return t.key.Public() }

func (t *token) Decrypt(r io.Reader, ciphertext []byte, opts crypto.DecrypterOpts) ([]byte, error) {
	t.operations++
	return t.key.Decrypt(r, ciphertext, opts)
}

// Rebuilds a wallet key with a recovery key that is used through
// crypto.Decrypter. The record has the wallet's public key, so that the key is
// right if it has that one.
func ExampleBackups_Rebuild() {
	dir, keys, remove := practice("tampered-base")
	defer remove()
	private := openKey(filepath.Join(dir, "recovery-key-0.pem"))
	defer rsadecrypt.Wipe(private)
	recoveryKey := &token{key: private}

	download, err := recovery.Open(filepath.Join(dir, "bucket"), recovery.Hints{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer download.Close()
	for e, err := range keys.Entries() {
		if err != nil {
			fmt.Println(err)
			return
		}
		backups, err := recovery.Collect(context.Background(), download, e)
		if err != nil {
			fmt.Println(err)
			return
		}
		rebuilt, err := backups.Rebuild(context.Background(), recoveryKey, recovery.RebuildOptions{})
		if err != nil {
			fmt.Println(err)
			return
		}
		defer rebuilt.Wipe()
		if !rebuilt.IsRight() {
			fmt.Println(rebuilt.Err)
			continue
		}
		address := rebuilt.Wallet.Addresses()[0]
		fmt.Println(rebuilt.Wallet.Derivation(), address.Chain, address.Text)
		fmt.Println(recoveryKey.operations, "private operations")
	}
	// Output:
	// m/0 ethereum 0xdD5f48eED514dD9701a34F877e6D00a8248FeEa2
	// 3 private operations
}

// practice writes a practice bucket with its recovery key, and makes the record
// of it.
func practice(kit string) (download string, keys *record.Record, remove func()) {
	dir, err := os.MkdirTemp("", "practice")
	if err != nil {
		panic(err)
	}
	if err := vectors.Extract(dir, "kits/"+kit); err != nil {
		panic(err)
	}
	download = filepath.Join(dir, "kits", kit)
	text, err := os.ReadFile(filepath.Join(download, "expected.json"))
	if err != nil {
		panic(err)
	}
	var expected []vectors.Key
	if err := json.Unmarshal(text, &expected); err != nil {
		panic(err)
	}
	csv := "quorum_id,key_id,algorithm,public_key\n"
	for _, k := range expected {
		csv += k.QuorumID + "," + k.KeyID + "," + k.Algorithm + "," + k.WalletPublicKey + "\n"
	}
	keys, err = record.Open(strings.NewReader(csv), int64(len(csv)))
	if err != nil {
		panic(err)
	}
	return download, keys, func() { _ = os.RemoveAll(dir) }
}

func openKey(name string) *rsa.PrivateKey {
	data, err := os.ReadFile(name)
	if err != nil {
		panic(err)
	}
	file, err := rsadecrypt.Identify(data)
	if err != nil {
		panic(err)
	}
	defer file.Wipe()
	key, err := file.Open(nil)
	if err != nil {
		panic(err)
	}
	return key
}
