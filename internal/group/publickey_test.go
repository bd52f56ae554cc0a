package group

import (
	"bytes"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"
)

// Made with openssl 3.0: ecparam -name secp256k1 -genkey, pkey -pubout, ec
// -conv_form compressed and hybrid, ec -param_enc explicit; genpkey -algorithm
// ed25519.
const (
	opensslSecpKey = "aa49eadc19c9e6e83cf526d3b630b33f35bd2377e18c44f1a70f455e99100f17"
	opensslX       = "5e2b673794ec87ea7e9f78594d6546bedd154e2d946aecd72333b14ec458e7c8"
	opensslY       = "598e07c39a39823a133bc9b0cdcc4d6b145ff6af822f4ab85163b9fdf2599e99"
	secpSPKI       = "3056301006072a8648ce3d020106052b8104000a034200"
	secpShortSPKI  = "3036301006072a8648ce3d020106052b8104000a032200"
	opensslSecp    = secpSPKI + "04" + opensslX + opensslY
	opensslShort   = secpShortSPKI + "03" + opensslX
	opensslHybrid  = secpSPKI + "07" + opensslX + opensslY

	opensslExplicit = "308201333081ec06072a8648ce3d02013081e0020101302c06072a8648ce3d0101022100" +
		"fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f3044042000000000000000000000000000000000" +
		"000000000000000000000000000000000420000000000000000000000000000000000000000000000000000000000000000704410479" +
		"be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fbfc0e1108a8fd17b448a685" +
		"54199c47d08ffb10d4b8022100fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141020101034200" +
		"04" + opensslX + opensslY

	opensslEdSeed = "37e1339795a7bc9fb62016bcfa32f79202dc556579eff8b85a390a2e8d24ac07"
	opensslEdKey  = "8b233e64b5cf22ef27af8ec8c0714477a5df1c5b17165f3cffdea78991b2f678"
	edSPKI        = "302a300506032b6570032100"
	opensslEd     = edSPKI + opensslEdKey

	opensslP256 = "3059301306072a8648ce3d020106082a8648ce3d03010703420004" +
		"aed2f392ca0c85bdca4163e07bac69125fcd7cbdc5f57bb3754b5bcbda4c5cfd" +
		"b5b9d109eaba5073ee4c96b2bb2421de5dd8af243b89182b9069b2e6cd9b7cc9"
	opensslX25519 = "302a300506032b656e032100d8dbe4dfdd78901cbed730285cb22c014056e9878b987c033a89a2b43b24f973"
	opensslRSA    = "30819f300d06092a864886f70d010101050003818d0030818902818100e90133b758b70ea6be435e561ab1becb6c62a85fef" +
		"989e8aa56cc902e189982895f146bb3800e24ea2b5ec7ef2100fe08bcc1f7e62a3aa29ae893c61131b728a232c0c2521171021b972" +
		"7c168a538607857789daa08f363dc7b7a6b7ba9c563137b1bf278f82a582e37c5899fc0ef8f4910b403474523bbd2e6007c626b70e" +
		"950203010001"
)

func TestParsePublicKey(t *testing.T) {
	secpScalar, err := Secp256k1.ParseScalar(unhex(t, opensslSecpKey))
	if err != nil {
		t.Fatal(err)
	}
	keys := map[Group]Point{
		Secp256k1:    Secp256k1.NewPoint().BaseMul(secpScalar),
		Edwards25519: Edwards25519.NewPoint().BaseMul(seedScalar(t, unhex(t, opensslEdSeed))),
	}
	for _, tt := range []struct {
		g   Group
		key string
	}{
		{Secp256k1, opensslSecp},
		{Secp256k1, opensslShort},
		{Secp256k1, "04" + opensslX + opensslY},
		{Secp256k1, "03" + opensslX},
		{Edwards25519, opensslEd},
		{Edwards25519, opensslEdKey},
	} {
		g, p, err := ParsePublicKey(unhex(t, tt.key))
		if err != nil || g != tt.g || !p.Equal(keys[g]) {
			t.Errorf("ParsePublicKey(%s) = %v, %v", tt.key, g, err)
		}
	}
	for g, want := range map[Group]string{Secp256k1: opensslSecp, Edwards25519: opensslEd} {
		if got := MarshalSPKI(g, keys[g]); hex.EncodeToString(got) != want {
			t.Errorf("MarshalSPKI of %s: %x", g.Name(), got)
		}
	}
}

func TestParsePublicKeyRefuses(t *testing.T) {
	const neither = "bad public key: neither a point nor a DER SubjectPublicKeyInfo"
	secpBits, edBits := "034200"+"04"+opensslX+opensslY, "032100"+opensslEdKey
	for _, tt := range []struct {
		name, key string
		kind      error
		text      string
	}{
		{"empty", "", ErrPublicKey, neither},
		{"text", hex.EncodeToString([]byte("-----BEGIN PUBLIC KEY-----")), ErrPublicKey, neither},
		{"cut", opensslSecp[:174], ErrPublicKey, neither},
		{"followed", opensslSecp + "00", ErrPublicKey, neither},
		{"Ed25519 followed", opensslEd + "00", ErrPublicKey, neither},
		{"followed inside", "302c" + opensslEd[4:] + "0500", ErrPublicKey, neither},
		{"no bit string", "3007300506032b6570", ErrPublicKey, neither},
		{"octet string", edSPKI[:18] + "042100" + opensslEdKey, ErrPublicKey, neither},
		{"unused bits", edSPKI[:18] + "032101" + opensslEdKey, ErrPublicKey, neither},
		{"long form of a length", "30812a" + opensslEd[4:], ErrPublicKey, neither},
		{"indefinite length", "3080" + opensslEd[4:] + "0000", ErrPublicKey, neither},
		{"a set", "31" + opensslEd[2:], ErrPublicKey, neither},
		{"no algorithm", "30253000" + edBits, ErrPublicKey, "bad public key: no algorithm identifier"},
		{"padded algorithm", "302b3006060480" + "2b6570" + edBits, ErrPublicKey, "bad public key: no algorithm identifier"},
		{"no curve", "304f300906072a8648ce3d0201" + secpBits, ErrPublicKey, "bad public key: the curve is not named"},
		{"explicit curve", opensslExplicit, ErrPublicKey, "bad public key: the curve is not named"},
		{"more than a curve", "3058301206072a8648ce3d020106052b8104000a0500" + secpBits,
			ErrPublicKey, "bad public key: unexpected algorithm parameters"},
		{"Ed25519 with parameters", "302c300706032b65700500" + edBits,
			ErrPublicKey, "bad public key: unexpected algorithm parameters"},
		{"too long", strings.Repeat("30", 1025), ErrPublicKey, "bad public key: 1025 bytes, at most 1024 are read"},

		{"Ed25519 point too short", "3029300506032b6570032000" + opensslEdKey[2:], ErrPoint, "bad point: 31 bytes, want 32"},
		{"Ed25519 of small order", edSPKI + torsion[1], ErrPoint, "bad point: not in the prime-order subgroup"},
		{"the identity", torsion[0], ErrPoint, "bad point: the identity"},
		{"secp256k1 identity", "3015301006072a8648ce3d020106052b8104000a03020000", ErrPublicKey, neither},
		{"hybrid", opensslHybrid, ErrPoint, "bad point: first byte 0x07, want 0x04"},
		{"raw hybrid", "07" + opensslX + opensslY, ErrPoint, "bad point: first byte 0x07, want 0x04"},
		{"uncompressed as compressed", "04" + opensslX, ErrPoint, "bad point: first byte 0x04, want 0x02 or 0x03"},
		{"compressed off the curve", "02" + strings.Repeat("00", 31) + "05", ErrPoint, "bad point: not on the curve"},
		{"compressed, not reduced", "02" + secpPrime[:62] + "30", ErrPoint, "bad point: coordinate not below the field prime"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := ParsePublicKey(unhex(t, tt.key))
			wantError(t, err, tt.kind, tt.text)
		})
	}
}

func TestParsePublicKeyNamesOthers(t *testing.T) {
	longOID := "067f2a" + strings.Repeat("01", 126)
	long := "3081ad" + "308181" + longOID + "0327" + strings.Repeat("00", 39)
	for _, tt := range []struct{ key, kind, oid, text string }{
		{opensslP256, "curve", "1.2.840.10045.3.1.7", "public key of unsupported curve 1.2.840.10045.3.1.7"},
		{opensslX25519, "algorithm", "1.3.101.110", "public key of unsupported algorithm 1.3.101.110"},
		{opensslRSA, "algorithm", "1.2.840.113549.1.1.1", "public key of unsupported algorithm 1.2.840.113549.1.1.1"},
		{long, "algorithm", "1.2" + strings.Repeat(".1", 18), "public key of unsupported algorithm 1.2" + strings.Repeat(".1", 18)},
	} {
		_, _, err := ParsePublicKey(unhex(t, tt.key))
		var other *UnsupportedError
		if !errors.As(err, &other) {
			t.Errorf("%s: %v", tt.oid, err)
			continue
		}
		if other.Kind != tt.kind || other.OID.String() != tt.oid || err.Error() != tt.text {
			t.Errorf("%s %v: %q", other.Kind, other.OID, err)
		}
	}
}

func FuzzParsePublicKey(f *testing.F) {
	for _, s := range []string{opensslSecp, opensslShort, opensslHybrid, opensslExplicit, opensslEd, opensslEdKey,
		opensslP256, opensslRSA, secpG, "03" + opensslX, edSPKI + torsion[3]} {
		b, err := hex.DecodeString(s)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		g, p, err := ParsePublicKey(b)
		if err != nil {
			return
		}
		if !g.InSubgroup(p) || p.IsIdentity() {
			t.Errorf("%x is not of the group", b)
		}
		spki := MarshalSPKI(g, p)
		if g2, p2, err := ParsePublicKey(spki); err != nil || g2 != g || !p2.Equal(p) {
			t.Errorf("%x becomes %x: %v", b, spki, err)
		}
		prefix, _ := hex.DecodeString(secpShortSPKI)
		forms := [][]byte{p.Bytes(), Compressed(p), spki, append(prefix, Compressed(p)...)}
		if !slices.ContainsFunc(forms, func(form []byte) bool { return bytes.Equal(form, b) }) {
			t.Errorf("%x is taken for %x, but is none of its forms", b, spki)
		}
	})
}
