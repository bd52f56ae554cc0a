package record

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// serviceWallet is a wallet as the service's API has it.
func serviceWallet(n int, keystore, quorum string) string {
	q := ""
	if quorum != "" {
		q = fmt.Sprintf(`"quorumId":%q,`, quorum)
	}
	return fmt.Sprintf(`{"id":"w%d","vaultId":"v","name":"wallet %d",%s"address":"0x%040d","publicKey":%q,"keystore":%q,"blockchain":"ETHEREUM","status":"ACTIVE","keyAlgorithm":"SECP256K1"}`,
		n, n, q, n, secpPoint, keystore)
}

func TestServiceLists(t *testing.T) {
	wallets := []string{serviceWallet(1, "MPC", quorumA), serviceWallet(2, "HSM", ""), serviceWallet(3, "MPC", quorumB)}
	page := func(filter string, from, to int) string {
		return fmt.Sprintf(`{"filter":{%s},"wallets":[%s]}`, filter, strings.Join(wallets[from:to], ","))
	}
	for name, c := range map[string]struct {
		text                 string
		incomplete, doubtful bool
	}{
		"one page":                           {page(`"limit":10`, 0, 3), false, false},
		"without a filter":                   {page(``, 0, 3), false, false},
		"pages one after the other":          {page(`"limit":2`, 0, 2) + "\n" + page(`"limit":2`, 2, 3), false, false},
		"pages in an array":                  {"[" + page(`"limit":2`, 0, 2) + "," + page(`"limit":2`, 2, 3) + "]", false, false},
		"an array of wallets":                {"[" + strings.Join(wallets, ",") + "]", false, false},
		"a line for each":                    {strings.Join(wallets, "\n"), false, false},
		"a full page":                        {page(`"limit":3`, 0, 3), false, true},
		"a page that tells of more":          {page(`"limit":3,"total":7`, 0, 3), true, true},
		"a page after which another follows": {strings.Replace(page(``, 0, 3), "{", `{"nextPageToken":"abc",`, 1), true, false},
		"the last page":                      {strings.Replace(page(``, 0, 2), "{", `{"nextPageToken":"abc",`, 1) + strings.Replace(page(``, 2, 3), "{", `{"nextPageToken":"",`, 1), false, false},
	} {
		w, err := ParseWallets([]byte(c.text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(w.List) != 3 || w.Pages.IsIncomplete(len(w.List)) != c.incomplete || w.Pages.IsDoubtful() != c.doubtful {
			t.Errorf("%s: %d wallets, %+v", name, len(w.List), w.Pages)
			continue
		}
		hsm := w.List[1]
		if !hsm.IsHSM() || hsm.ID != "w2" || hsm.Status != "ACTIVE" || !hsm.QuorumID.IsZero() || !hsm.KeyID.IsZero() || w.List[0].IsHSM() || w.List[2].QuorumID != mustID(t, quorumB) || hsm.PublicKey == nil {
			t.Errorf("%s: %+v", name, w.List)
		}
	}

	quorums := `{"quorums":[
		{"id":"` + quorumA + `","deviceIds":["d1",{"id":"x"}],"requiredSigners":2,"type":"QUORUM_TYPE_CLOUD","state":"ACTIVE","backupStrategyId":"k1","mpcAlgorithm":"MPC_ALGORITHM_DKLS19"},
		{"id":"` + quorumB + `","deviceIds":[],"requiredSigners":2,"type":"QUORUM_TYPE_MOBILE","mpcAlgorithm":"MPC_ALGORITHM_PDKLS23"},
		{"id":"not an ID","requiredSigners":2}]}`
	w, err := ParseWallets([]byte(quorums))
	if err != nil || len(w.List) != 0 || w.Pages != (Pages{}) ||
		!reflect.DeepEqual(w.Quorums, []Quorum{{mustID(t, quorumA), "QUORUM_TYPE_CLOUD", "k1"}, {mustID(t, quorumB), "QUORUM_TYPE_MOBILE", ""}}) {
		t.Errorf("%+v, %v", w, err)
	}
	if len(w.Faults.List) != 1 || !strings.Contains(w.Faults.Error(), "of a quorum") {
		t.Errorf("faults: %v", w.Faults.Error())
	}
	kits := `{"strategies":[{"id":"k1","orgId":"o","name":"main","recoveryPublicKeys":[{"name":"safe","publicKey":"3082","createdBy":"x"},7,{"name":"a\u0007"}],"s3Config":{"bucket":"b","region":"r"}}]}`
	w, err = ParseWallets([]byte(kits))
	if err != nil || !reflect.DeepEqual(w.Kits, []Kit{{"k1", "main", []KitKey{{"safe", "3082"}, {"", ""}}}}) {
		t.Errorf("%+v, %v", w, err)
	}
}

// FuzzServiceLists: what is taken has something in it, and the same page twice has
// twice as much.
func FuzzServiceLists(f *testing.F) {
	f.Add([]byte(`{"filter":{"limit":2,"total":9},"wallets":[` + serviceWallet(1, "MPC", quorumA) + `],"nextToken":1}`))
	f.Add([]byte(`{"quorums":[{"id":"` + quorumA + `","deviceIds":[[1]]}]}`))
	f.Add([]byte(`{"strategies":[{"id":"k","recoveryPublicKeys":[{"publicKey":"00"}]}],"metadata":{}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		one, err := ParseWallets(data)
		if err != nil {
			return
		}
		if len(one.List)+len(one.Quorums)+len(one.Kits) == 0 {
			t.Fatal("nothing is in it")
		}
		for _, k := range one.Kits {
			if len(k.Keys) > maxRecoveryKeys {
				t.Fatalf("%d recovery keys", len(k.Keys))
			}
		}
		text := bytes.TrimSpace(data)
		if !bytes.HasPrefix(text, []byte("{")) {
			return
		}
		two, err := ParseWallets(append(append(bytes.Clone(text), '\n'), text...))
		if err != nil {
			t.Fatal(err)
		}
		if len(two.List) != 2*len(one.List) || len(two.Quorums) != 2*len(one.Quorums) || len(two.Kits) != 2*len(one.Kits) || two.Pages.Read != 2*one.Pages.Read {
			t.Fatalf("%d, %d and %d, not twice %d, %d and %d", len(two.List), len(two.Quorums), len(two.Kits), len(one.List), len(one.Quorums), len(one.Kits))
		}
	})
}
