package plaintext

import (
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestIdentify(t *testing.T) {
	tar := make([]byte, 512)
	copy(tar[257:], "ustar\x00")
	for data, want := range map[string]Kind{
		string(gzipped([]byte("x"))):                                   Gzip,
		"BZh91AY&SY":                                                   Bzip2,
		"\xfd7zXZ\x00\x00":                                             XZ,
		"\x28\xb5\x2f\xfd\x24":                                         Zstandard,
		"7z\xbc\xaf\x27\x1c\x00":                                       SevenZip,
		"Rar!\x1a\x07\x01":                                             RAR,
		"PK\x03\x04\x14\x00shards/":                                    Zip,
		"PK\x03\x04\x14\x00[Content_Types].xml":                        Office,
		string(tar):                                                    Tar,
		"Salted__12345678":                                             OpenSSLEnc,
		"U2FsdGVkX1+123":                                               OpenSSLEnc,
		"-----BEGIN PGP MESSAGE-----\n":                                PGPMessage,
		"Hello\n-----BEGIN PGP MESSAGE-----\n":                         PGPMessage,
		"-----BEGIN PGP PRIVATE KEY BLOCK-----\n":                      PGPKey,
		"\x8c\x0d\x04\x09\x03\x02abcdefgh\xff\xd2\xc0":                 PGPMessage,
		"\xc3\x0d\x04\x09\x03\x0aabcdefgh\xff\xd2\xc0":                 PGPMessage,
		"\x85\x02\x0c\x03abcdefgh\x01\x10\x00xx":                       PGPMessage,
		"\x84\x5e\x03abcdefgh\x12\x01\x07\x40xx":                       PGPMessage,
		"\x30\x82\x01\x00\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03": CMS,
		"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03\xa0":     CMS,
		"-----BEGIN PKCS7-----\nMII":                                   CMS,
		"MIME-Version: 1.0\nContent-Type: application/pkcs7-mime":      CMS,
		"MIME-Version: 1.0\nContent-Type: text/plain":                  Mail,
		"From: a\nTo: b\nSubject: key\n":                               Mail,
		"%PDF-1.7\n":                                                   PDF,
		"PuTTY-User-Key-File-3: ssh-rsa":                               PuTTY,
		"\ufeffPuTTY-User-Key-File-2: ssh-rsa":                         PuTTY,
		`{"kty":"RSA","n":"x"}`:                                        JWK,
		"\xfe\xed\xfe\xed\x00\x00":                                     JavaKeyStore,
		`{"header":{"enc":"CKM_RSA_AES_KEY_WRAP"}}`:                    CloudImport,
		"<!DOCTYPE html><html>":                                        HTML,
		"\r\n<HTML><head>":                                             HTML,
		"<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code>":         StorageMessage,
		"<?xml version=\"1.0\"?><plist/>":                              XML,
		"<RSAKeyValue><Modulus>":                                       DotNetXML,
		"{\\rtf1":                                                      RTF,
		"\xff\xd8\xff\xe0":                                             Image,
		"\x00\x00\x00\x18ftypheic\x00\x00":                             Image,
		"\x00\x05\x16\x07\x00\x02":                                     AppleDouble,
		"ssh-rsa AAAA":                                                 SSHPublicKey,
		"age1qqqq":                                                     AgeRecipient,
		"# created: now\nAGE-SECRET-KEY-1":                             AgeIdentity,
		"age-encryption.org/v1\n":                                      AgeFile,
		"eyJpbmRleCI6MCwi":                                             Shard,
		`{ "format": "recover-record/1",`:                              Record,
		`{"format":"recover-report/1"`:                                 Report,
		`{"quorum_id":"x","private_key":"00"}`:                         RebuiltKeys,
		`{"previous":"00"`:                                             Transcript,
		"A SHARE\n---- begin share ----\n":                             SharePage,
		`<svg xmlns="x"><path shape-rendering="crispEdges"/>`:          ShareSVG,
		"<svg xmlns=\"x\">\n<title>PRIVATE: quorum IDs, code 1 of 2</title>\n<path shape-rendering=\"crispEdges\"/>": QuorumSVG,
		"-----BEGIN RSA PRIVATE KEY-----\n":                      PrivateKey,
		"-----BEGIN PUBLIC KEY-----\n":                           PublicKey,
		"-----BEGIN CERTIFICATE-----\n":                          Certificate,
		string(utf16Text(binary.LittleEndian, true, "%PDF-1.4")): PDF,
		"":                                     Unknown,
		"Dear custodian,":                      Unknown,
		"\x30\x82\x04\xa4\x02\x01\x00\x02\x82": Unknown,
		"\x8c":                                 Unknown,
		"<" + noise(4000):                      Unknown, // as one sealed file without a mark in 256
		"\n<" + noise(4000):                    Unknown,
		strings.Repeat("\xc1", 20):             Unknown,
	} {
		if got := Identify([]byte(data)); got != want {
			t.Errorf("%q is %q, want %q", data, got, want)
		}
	}
}

// noise is what a sealed file is made of, the same each time.
func noise(n int) string {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(b)
	return string(b)
}

func FuzzIdentify(f *testing.F) {
	f.Add([]byte("\x85\x02\x0c\x03abcdefgh\x01\x10\x00xx"))
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, data []byte) {
		kind := Identify(data)
		if len(data) > HeadSize && kind != Identify(data[:HeadSize]) {
			t.Fatal("more than the head was looked at")
		}
	})
}
