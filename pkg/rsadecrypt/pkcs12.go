package rsadecrypt

import (
	stdasn1 "encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// A PKCS#12 file (RFC 7292) is a SEQUENCE of version, content and MAC; the
// content is an OCTET STRING with contents, those again hold bags, and a bag
// holds a key. Only what is not encrypted as a whole is looked at, which is where
// all tools put the key: that is encrypted by itself. Whether the passphrase is
// right shows at the key, so that the MAC is not needed.
const (
	oidData        = "1.2.840.113549.1.7.1"
	oidKeyBag      = "1.2.840.113549.1.12.10.1.1"
	oidShroudedBag = "1.2.840.113549.1.12.10.1.2"
	oidNestedBag   = "1.2.840.113549.1.12.10.1.6"
)

// maxBags bounds the bags that are looked at; nested ones are not.
const maxBags = 256

var explicit0 = asn1.Tag(0).ContextSpecific().Constructed()

// identifyPKCS12 takes what follows the version.
func identifyPKCS12(rest cryptobyte.String) (*File, error) {
	var content, octets, safe cryptobyte.String
	if !rest.ReadASN1(&content, asn1.SEQUENCE) {
		return nil, ErrBadStructure
	}
	if !readContent(content, &octets) || !octets.ReadASN1(&safe, asn1.SEQUENCE) {
		return nil, ErrPKCS12
	}
	var found []*File
	var failed error
	for bags := 0; !safe.Empty(); {
		var part, data, contents cryptobyte.String
		if !safe.ReadASN1(&part, asn1.SEQUENCE) {
			return nil, ErrBadStructure
		}
		if !readContent(part, &data) { // encrypted as a whole: certificates
			continue
		}
		if !data.ReadASN1(&contents, asn1.SEQUENCE) {
			return nil, ErrBadStructure
		}
		for ; !contents.Empty(); bags++ {
			var bag cryptobyte.String
			if bags >= maxBags || !contents.ReadASN1(&bag, asn1.SEQUENCE) {
				return nil, ErrBadStructure
			}
			f, err := identifyBag(bag)
			if err != nil {
				failed = err
			}
			if f != nil {
				found = append(found, f)
			}
		}
	}
	switch {
	case len(found) == 1:
		found[0].form = "PKCS#12"
		return found[0], nil
	case len(found) > 1:
		for _, f := range found {
			f.Wipe()
		}
		return nil, ErrSeveralKeys
	case failed != nil:
		return nil, failed
	}
	return nil, ErrPKCS12
}

// readContent reads the OCTET STRING of a ContentInfo of type data, after its
// SEQUENCE; it is false for other types.
func readContent(content cryptobyte.String, octets *cryptobyte.String) bool {
	var oid stdasn1.ObjectIdentifier
	var wrapped cryptobyte.String
	return content.ReadASN1ObjectIdentifier(&oid) && oid.String() == oidData &&
		content.ReadASN1(&wrapped, explicit0) && wrapped.ReadASN1(octets, asn1.OCTET_STRING)
}

// identifyBag returns nil for a bag without a key.
func identifyBag(bag cryptobyte.String) (*File, error) {
	var oid stdasn1.ObjectIdentifier
	var value, info, algorithm cryptobyte.String
	if !bag.ReadASN1ObjectIdentifier(&oid) || !bag.ReadASN1(&value, explicit0) {
		return nil, ErrBadStructure
	}
	switch oid.String() {
	case oidKeyBag:
		var version int64
		if !value.ReadASN1(&info, asn1.SEQUENCE) || !info.ReadASN1Integer(&version) {
			return nil, ErrBadStructure
		}
		return classifyPKCS8(info)
	case oidShroudedBag:
		if !value.ReadASN1(&info, asn1.SEQUENCE) || !info.ReadASN1(&algorithm, asn1.SEQUENCE) {
			return nil, ErrBadStructure
		}
		return identifyEncrypted(algorithm, info)
	case oidNestedBag:
		return nil, ErrPKCS12
	}
	return nil, nil
}
