package plaintext

import (
	"bytes"
	"encoding/binary"
)

// Kind is what a file is that this program cannot use as it is, or that it wrote
// for another purpose. Its text is a noun with its article.
type Kind string

// What people give by mistake. Unknown is any other file.
const (
	Unknown Kind = ""

	// Packed, or made of several files.
	Gzip      Kind = "a gzip file"
	Bzip2     Kind = "a bzip2 file"
	XZ        Kind = "an xz file"
	Zstandard Kind = "a Zstandard file"
	LZ4       Kind = "an lz4 file"
	Compress  Kind = "a file of the old compress program"
	Zip       Kind = "a zip archive"
	SevenZip  Kind = "a 7z archive"
	RAR       Kind = "a RAR archive"
	Tar       Kind = "a tar archive"

	// Sealed by other programs.
	OpenSSLEnc   Kind = "a file encrypted with \"openssl enc\""
	PGPMessage   Kind = "a PGP message"
	PGPKey       Kind = "a PGP key"
	CMS          Kind = "a CMS (PKCS#7, S/MIME) message"
	AnsibleVault Kind = "an Ansible Vault file"
	SOPS         Kind = "a file encrypted with SOPS"
	KeePass      Kind = "a KeePass database"
	LUKS         Kind = "a LUKS container"
	GitCrypt     Kind = "a file encrypted with git-crypt"

	// Keys in other programs' forms.
	PuTTY        Kind = "a PuTTY private key"
	JWK          Kind = "a JSON Web Key"
	JavaKeyStore Kind = "a Java key store"
	CloudImport  Kind = "key material wrapped for import into a cloud service"
	DotNetXML    Kind = "an RSA key in .NET's XML"
	AgePlugin    Kind = "an age plugin identity"
	AgeRecipient Kind = "an age recipient, the public half of an identity"

	// Documents.
	HTML        Kind = "a web page"
	XML         Kind = "an XML file"
	PDF         Kind = "a PDF document"
	RTF         Kind = "an RTF document"
	Office      Kind = "an office document"
	OldOffice   Kind = "an office document of the old kind (.doc, .xls, .msg)"
	Mail        Kind = "a mail"
	Image       Kind = "an image"
	Shortcut    Kind = "a Windows shortcut, not the file itself"
	AppleDouble Kind = "what macOS keeps next to a file, not the file itself"
	BinaryPlist Kind = "a macOS property list"
	Executable  Kind = "a program"

	// Files of this program.
	ShareSVG       Kind = "a share of a recovery key as a code to scan: a secret"
	QuorumSVG      Kind = "quorum IDs of the backups as a code to scan"
	SharePage      Kind = "a share of a recovery key: a secret"
	SealedKey      Kind = "a sealed recovery key that is split among several holders"
	SetReadMe      Kind = "the READ-ME-FIRST.txt of a holder"
	Record         Kind = "a record"
	Report         Kind = "a report or journal of a rebuild"
	RebuiltKeys    Kind = "rebuilt wallet keys, not sealed"
	Transcript     Kind = "a transcript of a ceremony"
	Shard          Kind = "a shard (a backup file)"
	AgeFile        Kind = "an age file"
	AgeIdentity    Kind = "an age identity: a secret"
	PrivateKey     Kind = "a private key"
	PublicKey      Kind = "a public key"
	SSHPublicKey   Kind = "an SSH public key"
	Certificate    Kind = "a certificate"
	StorageMessage Kind = "an error page of the storage service"
)

// KindError is a file of a kind that cannot be used here.
type KindError struct{ Kind Kind }

func (e *KindError) Error() string { return string(e.Kind) }

// magics are how binary files begin.
var magics = []struct {
	prefix string
	kind   Kind
}{
	{"\x1f\x8b", Gzip},
	{"BZh", Bzip2},
	{"\xfd7zXZ\x00", XZ},
	{"\x28\xb5\x2f\xfd", Zstandard},
	{"\x04\x22\x4d\x18", LZ4},
	{"\x1f\x9d", Compress},
	{"7z\xbc\xaf\x27\x1c", SevenZip},
	{"Rar!\x1a\x07", RAR},
	{"Salted__", OpenSSLEnc},
	{"U2FsdGVkX1", OpenSSLEnc}, // the same in base64
	{"$ANSIBLE_VAULT;", AnsibleVault},
	{"\x03\xd9\xa2\x9a", KeePass},
	{"LUKS\xba\xbe", LUKS},
	{"\x00GITCRYPT\x00", GitCrypt},
	{"PuTTY-User-Key-File-", PuTTY},
	{"\xfe\xed\xfe\xed", JavaKeyStore},
	{"\xce\xce\xce\xce", JavaKeyStore},
	{"AGE-PLUGIN-", AgePlugin},
	{"%PDF-", PDF},
	{`{\rtf`, RTF},
	{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OldOffice},
	{"\x89PNG\r\n", Image},
	{"\xff\xd8\xff", Image},
	{"GIF8", Image},
	{"II*\x00", Image},
	{"MM\x00*", Image},
	{"L\x00\x00\x00\x01\x14\x02\x00", Shortcut},
	{"\x00\x05\x16\x07", AppleDouble},
	{"bplist00", BinaryPlist},
	{"\x7fELF", Executable},
	{"age-encryption.org/", AgeFile},
	{"-----BEGIN AGE ENCRYPTED FILE-----", AgeFile},
	{"AGE-SECRET-KEY-", AgeIdentity},
	{"age1", AgeRecipient},
	{"ssh-rsa ", SSHPublicKey},
	{"ssh-ed25519 ", SSHPublicKey},
	{"ecdsa-sha2-", SSHPublicKey},
	{"---- BEGIN SSH2 PUBLIC KEY", SSHPublicKey},
}

// signs are what stands in text files: all parts of one have to be there, the
// first one at the beginning if begins is set.
var signs = []struct {
	kind   Kind
	begins bool
	parts  []string
}{
	{SharePage, false, []string{"---- begin share ----"}},
	{QuorumSVG, true, []string{"<svg ", "<title>PRIVATE: quorum IDs", `shape-rendering="crispEdges"`}},
	{ShareSVG, true, []string{"<svg ", `shape-rendering="crispEdges"`}},
	{StorageMessage, true, []string{"<", "<Code>", "</Code>"}},
	{DotNetXML, false, []string{"<RSAKeyValue>"}},
	{PGPMessage, false, []string{"-----BEGIN PGP MESSAGE"}},
	{PGPKey, false, []string{"-----BEGIN PGP P"}}, // PRIVATE and PUBLIC KEY BLOCK
	{CMS, false, []string{"-----BEGIN PKCS7-----"}},
	{CMS, false, []string{"-----BEGIN CMS-----"}},
	{CMS, false, []string{"application/pkcs7-mime"}},
	{CMS, false, []string{"application/x-pkcs7-mime"}},
	{CloudImport, false, []string{`"CKM_RSA_AES_KEY_WRAP"`}},
	{CloudImport, false, []string{`"ParametersValidTo"`, `"ImportToken"`}},
	{SOPS, true, []string{"{", `"sops"`, `"mac"`}},
	{JWK, true, []string{"{", `"kty"`}},
	{Record, true, []string{"{", `"recover-record/`}},
	{Report, true, []string{"{", `"recover-report/`}},
	{Transcript, true, []string{`{"previous":"`}},
	{RebuiltKeys, true, []string{`{"quorum_id":`, `"private_key":`}},
	{SetReadMe, true, []string{"This folder is for ", "of a recovery key."}},
	{AgeIdentity, false, []string{"\nAGE-SECRET-KEY-"}},
	{Certificate, false, []string{"-----BEGIN CERTIFICATE"}},
	{PrivateKey, false, []string{"-----BEGIN ", "PRIVATE KEY-----"}},
	{PublicKey, false, []string{"-----BEGIN ", "PUBLIC KEY-----"}},
	{Mail, true, []string{"Return-Path:"}},
	{Mail, true, []string{"Received: "}},
	{Mail, true, []string{"From: ", "\nSubject: "}},
	{Mail, true, []string{"MIME-Version: "}},
}

// HeadSize is how much of a file Identify looks at, in bytes.
const HeadSize = 4096

// Identify names a file by how it begins. It
// does not decide what may be used where: a file of a kind that a caller reads
// is for that caller.
func Identify(data []byte) Kind {
	head := data[:min(len(data), HeadSize)]
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m.prefix)) {
			return m.kind
		}
	}
	if kind := identifyBinary(head); kind != Unknown {
		return kind
	}
	if decoded, err := Decode(head, 2*HeadSize); err == nil {
		head = decoded
	}
	text := bytes.TrimSpace(head)
	for _, m := range magics {
		if m.prefix[0] >= 0x20 && m.prefix[0] < 0x7f && bytes.HasPrefix(text, []byte(m.prefix)) {
			return m.kind
		}
	}
	for _, s := range signs {
		if s.begins && !bytes.HasPrefix(text, []byte(s.parts[0])) {
			continue
		}
		found := true
		for _, part := range s.parts {
			found = found && bytes.Contains(text, []byte(part))
		}
		if found {
			return s.kind
		}
	}
	return identifyMarkup(text)
}

func identifyMarkup(text []byte) Kind {
	lower := bytes.ToLower(text[:min(len(text), 256)])
	switch {
	case bytes.HasPrefix(lower, []byte("<!doctype html")), bytes.HasPrefix(lower, []byte("<html")):
		return HTML
	case bytes.HasPrefix(lower, []byte("<")) && bytes.Contains(lower, []byte("<html")):
		return HTML
	case bytes.HasPrefix(lower, []byte("<")) && !bytes.ContainsFunc(lower, func(r rune) bool { return !isText(r) }): // one of 256 files of noise begins so, too
		return XML
	case bytes.HasPrefix(text, []byte("eyJ")), bytes.HasPrefix(text, []byte("eyAi")), bytes.HasPrefix(text, []byte("ewo")), bytes.HasPrefix(text, []byte("ew0K")):
		return Shard
	}
	return Unknown
}

// identifyBinary knows the files whose beginning is not always the same.
func identifyBinary(head []byte) Kind {
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		if bytes.Contains(head, []byte("[Content_Types].xml")) || bytes.Contains(head, []byte("mimetypeapplication/vnd.oasis")) {
			return Office
		}
		return Zip
	case len(head) > 262 && string(head[257:262]) == "ustar":
		return Tar
	case len(head) > 12 && string(head[4:8]) == "ftyp":
		return Image
	case isCMS(head):
		return CMS
	case isPGP(head):
		return PGPMessage
	}
	return Unknown
}

// isCMS knows a ContentInfo of RFC 5652 by its object identifier, in DER or BER.
func isCMS(head []byte) bool {
	const oid = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07"
	at := bytes.Index(head[:min(len(head), 16)], []byte(oid))
	return at >= 2 && at <= 6 && head[0] == 0x30
}

// isPGP knows the packets of RFC 9580 that an encrypted message begins with:
// a session key encrypted to a public key (version 3), or made of a passphrase
// (version 4), with the algorithms that are in use.
func isPGP(head []byte) bool {
	if len(head) < 16 {
		return false
	}
	var tag byte
	var body []byte
	switch b := head[0]; {
	case b&0xc0 == 0xc0 && head[1] < 192:
		tag, body = b&0x3f, head[2:]
	case b&0xc0 == 0xc0 && head[1] < 224:
		tag, body = b&0x3f, head[3:]
	case b&0xc3 == 0x80:
		tag, body = b>>2&0xf, head[2:]
	case b&0xc3 == 0x81:
		tag, body = b>>2&0xf, head[3:]
		if n := binary.BigEndian.Uint16(head[1:]); n > 1100 {
			return false
		}
	default:
		return false
	}
	switch tag {
	case 1:
		algorithm := body[9]
		return body[0] == 3 && (algorithm >= 1 && algorithm <= 3 || algorithm == 16 || algorithm == 18 || algorithm == 25)
	case 3:
		return body[0] == 4 && body[1] >= 1 && body[1] <= 10 && body[2] <= 4 && body[2] != 2
	}
	return false
}
