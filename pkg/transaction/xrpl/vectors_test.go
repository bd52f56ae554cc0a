package xrpl

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"recover/fixtures/vectors"
	"recover/internal/group"
	"recover/pkg/transaction"
)

// thirdParty reads a file of vectors of other projects, which are not part of
// this one: where they are not next to it, the test is skipped.
func thirdParty(t *testing.T, name string, into any) {
	t.Helper()
	if err := json.Unmarshal(vectors.ReadOutside(t, "third-party", name), into); err != nil {
		t.Fatal(err)
	}
}

// TestCodecFixtures compares with the transactions of ripple-binary-codec: what
// is accepted has their blob, and all other types are refused as such.
func TestCodecFixtures(t *testing.T) {
	var fixtures struct {
		Transactions []struct {
			Binary string
			JSON   json.RawMessage
		}
	}
	thirdParty(t, "xrpl-codec-fixtures.json", &fixtures)
	understood := 0
	for i, f := range fixtures.Transactions {
		fromJSON, err := parse(f.JSON)
		var refused *transaction.RefusedError
		if errors.As(err, &refused) {
			if _, err := parse([]byte(f.Binary)); !errors.As(err, &refused) || refused.Reason != transaction.Unsupported {
				t.Errorf("transaction %d: the blob: %v", i, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("transaction %d: %v", i, err)
			continue
		}
		understood++
		if got := fmt.Sprintf("%X", fromJSON.Unsigned()); got != f.Binary {
			t.Errorf("transaction %d: %s\nwant %s", i, got, f.Binary)
		}
		fromBlob, err := parse([]byte(f.Binary))
		if err != nil || !bytes.Equal(fromBlob.Unsigned(), fromJSON.Unsigned()) {
			t.Errorf("transaction %d: the blob: %v", i, err)
		}
	}
	if understood == 0 {
		t.Error("none of the fixtures is understood")
	}
}

// TestDataDriven compares whole transactions and amounts with the vectors that
// the codecs of the ledger share.
func TestDataDriven(t *testing.T) {
	var vectors struct {
		WholeObjects []struct {
			JSON json.RawMessage `json:"tx_json"`
			Blob string          `json:"blob_with_no_signing"`
		} `json:"whole_objects"`
		Values []struct {
			Type, Error string
			JSON        json.RawMessage `json:"test_json"`
			Hex         string          `json:"expected_hex"`
		} `json:"values_tests"`
	}
	thirdParty(t, "xrpl-data-driven-tests.json", &vectors)
	understood := map[string]int{}
	for i, w := range vectors.WholeObjects {
		tx, err := parse(w.JSON)
		var refused *transaction.RefusedError
		if errors.As(err, &refused) || err != nil && strings.Contains(err.Error(), "the account's own key") {
			continue
		}
		if err != nil {
			t.Errorf("object %d: %v", i, err)
			continue
		}
		understood[tx.format.name]++
		if got := fmt.Sprintf("%X", tx.Unsigned()); got != w.Blob {
			t.Errorf("object %d: %s\nwant %s", i, got, w.Blob)
		}
	}
	if understood["Payment"] < 5 || understood["SetRegularKey"] < 1 || understood["TrustSet"] < 2 {
		t.Errorf("understood: %v", understood)
	}
	compared := 0
	for _, v := range vectors.Values {
		text := payment(`,"Amount":` + string(v.JSON))
		tx, err := parse([]byte(text))
		switch {
		case v.Error != "" && err == nil:
			t.Errorf("%s is accepted: %s", v.JSON, v.Error)
		case err == nil:
			compared++
			if got := fmt.Sprintf("%X", tx.values[fAmount]); got != v.Hex {
				t.Errorf("%s: %s, want %s", v.JSON, got, v.Hex)
			}
		case v.Error == "" && !bytes.Contains(v.JSON, []byte(`-`)) && !bytes.Contains(v.JSON, []byte(`mpt`)) && !strings.Contains(err.Error(), "nothing is paid"):
			t.Errorf("%s: %v", v.JSON, err)
		}
	}
	if compared < 15 {
		t.Errorf("%d amounts were compared", compared)
	}
}

// TestPublishedSignatures verifies what the ledger's own library signed. Their
// types and keys are not signed for here, so the signature is cut out by hand.
func TestPublishedSignatures(t *testing.T) {
	for name, field := range map[string]string{"xrpl-responses-sign.json": "7446", "xrpl-responses-signTicket.json": "7447"} {
		var response struct{ SignedTransaction, ID string }
		thirdParty(t, name, &response)
		before, rest, found := strings.Cut(response.SignedTransaction, field)
		if !found {
			t.Fatal("no signature")
		}
		size := 2 * int(unhex(t, field)[1])
		signature, key := unhex(t, rest[:size]), unhex(t, before[len(before)-66:])
		if !verify(key, unhex(t, before+rest[size:]), signature) {
			t.Errorf("%s: the signature is refused", name)
		}
		if id := half(prefixID, unhex(t, response.SignedTransaction)); fmt.Sprintf("%X", id) != response.ID {
			t.Errorf("%s: ID %X", name, id)
		}
	}
}

// TestKeypairs verifies the signatures of ripple-keypairs, which are over the
// message itself.
func TestKeypairs(t *testing.T) {
	type pair struct {
		Keypair                     struct{ PublicKey string }
		Address, Message, Signature string
	}
	var api struct{ Secp256k1, Ed25519 pair }
	thirdParty(t, "xrpl-keypairs-api.json", &api)
	for _, p := range []pair{api.Secp256k1, api.Ed25519} {
		key := unhex(t, p.Keypair.PublicKey)
		if account, err := signer(key); err != nil || account != p.Address {
			t.Errorf("%s: account %s, %v", p.Address, account, err)
		}
		g, public, err := group.ParsePublicKey(bytes.TrimPrefix(key, []byte{0xED}))
		if err != nil {
			t.Fatal(err)
		}
		ok := false
		if g == group.Edwards25519 {
			ok = transaction.VerifyMessage(public, []byte(p.Message), unhex(t, p.Signature))
		} else {
			ok = transaction.VerifyDER(public, half("", []byte(p.Message)), unhex(t, p.Signature))
		}
		if !ok {
			t.Errorf("%s: the signature is refused", p.Address)
		}
	}
}
