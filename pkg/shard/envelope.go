package shard

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"recover/internal/group"
	"recover/internal/message"
	"recover/internal/plaintext"
	"recover/internal/strictjson"
	"recover/pkg/rsadecrypt"
	"recover/pkg/shard/internal/part"
)

// envelope is the outer JSON object of a shard file (docs/formats.md, section 2.1).
type envelope struct {
	index                        int64
	recoveryKeyHex, root, wallet string
	keyAlgorithm, keyType, mpc   string
	data                         []byte // base64 text
	has                          map[string]bool
}

// Parse reads a shard file. It holds the file to the format where every part
// depends on it; what is wrong with one player's part is kept with that player
// and is for Verify and Rebuild to judge, because others may make up for it.
// The Shard keeps no reference to file. Errors are *Error with
// ReasonMalformed, ReasonUnsupported or ReasonAlgorithm.
func Parse(file []byte) (*Shard, error) {
	if len(file) > MaxFileSize {
		return nil, fail(ReasonMalformed, "", "the file is larger than %d MiB", MaxFileSize>>20)
	}
	text, err := decodeFile(file)
	if err != nil {
		return nil, err
	}
	env, err := parseEnvelope(text)
	if err != nil {
		return nil, err
	}
	s, err := env.shard()
	if err != nil {
		return nil, err
	}
	inner, err := part.DecodeText(env.data)
	if err != nil {
		return nil, fail(ReasonMalformed, "partialRecoveryDataHex", "not base64")
	}
	if s.data, err = parseBackup(inner); err != nil {
		return nil, err
	}
	return s, s.checkNames()
}

// decodeFile undoes the base64 of the file and what other programs put around
// it, or says what the file is instead.
func decodeFile(file []byte) ([]byte, error) {
	text, err := plaintext.Decode(file, MaxFileSize)
	if err != nil {
		return nil, fail(ReasonMalformed, "", "%v", err)
	}
	text = bytes.TrimSpace(text)
	switch {
	case len(text) == 0:
		return nil, fail(ReasonMalformed, "", "the file is empty")
	case text[0] == '<':
		return nil, fail(ReasonMalformed, "", "%s", describeMarkup(text))
	case text[0] == '{' && bytes.Contains(text, []byte(`"partialRecoveryDataHex"`)):
		return text, nil // somebody has undone the base64 already
	case text[0] == '{':
		return nil, fail(ReasonMalformed, "", "the file is JSON, but not a shard")
	}
	decoded, err := part.DecodeText(text)
	if err == nil && isObject(decoded) {
		return decoded, nil
	}
	if isText(text) {
		if inner, wrong := plaintext.Unwrap(text, MaxFileSize, isObject); wrong == nil && isObject(inner) {
			return inner, nil
		}
	}
	kind := plaintext.Identify(text)
	switch {
	case err == nil:
		return decoded, nil // whoever reads it says what is wrong
	case len(decoded) > 0 && decoded[0] == '{':
		return nil, fail(ReasonMalformed, "", "the base64 text ends or is damaged after %d of %d characters", damagedAt(err, text), len(text))
	case kind != plaintext.Unknown:
		return nil, fail(ReasonMalformed, "", "the file is %s, not a shard", kind)
	}
	return nil, fail(ReasonMalformed, "", "the file is not base64")
}

// isText tells whether the bytes may be a text that a program has changed, and
// not one with stretches of zeros or noise: those are for a salvage.
func isText(text []byte) bool {
	return utf8.Valid(text) && !bytes.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && !unicode.IsSpace(r) })
}

// isObject tells whether a text has the ends of a JSON object.
func isObject(text []byte) bool {
	text = bytes.TrimSpace(text)
	return len(text) > 1 && text[0] == '{' && text[len(text)-1] == '}'
}

func damagedAt(err error, text []byte) int64 {
	if at, ok := errors.AsType[base64.CorruptInputError](err); ok {
		return int64(at)
	}
	return int64(len(text))
}

// describeMarkup tells an error page of the storage service, which a failed
// download leaves in the place of the object, from other markup.
func describeMarkup(text []byte) string {
	_, rest, found := strings.Cut(string(text[:min(len(text), 4096)]), "<Code>")
	code, _, closed := strings.Cut(rest, "</Code>")
	if found && closed && len(code) <= 64 {
		return "the file is an error page of the storage service, code " + message.Quote(code) + ", not a shard"
	}
	return "the file is a web page or XML, not a shard"
}

func parseEnvelope(text []byte) (*envelope, error) {
	env := envelope{has: make(map[string]bool)}
	s := strictjson.New(text)
	err := s.Object(func(name string) error { return env.field(s, name) })
	if err == nil {
		err = s.End()
	}
	if err != nil {
		return nil, fail(ReasonMalformed, "", "the JSON of the shard: %v", err)
	}
	for _, name := range []string{"index", "recoveryPublicKeyHex", "partialRecoveryDataHex", "walletRootPublicKeyPkixBase64"} {
		if !env.has[name] {
			return nil, fail(ReasonMalformed, name, "the field is missing: the file is JSON, but not a shard")
		}
	}
	return &env, nil
}

func (env *envelope) field(s *strictjson.Scanner, name string) (err error) {
	if s.Null() {
		return nil
	}
	env.has[name] = true
	switch name {
	case "index":
		env.index, err = s.Int()
	case "recoveryPublicKeyHex":
		env.recoveryKeyHex, err = s.Text()
	case "partialRecoveryDataHex":
		env.data, err = s.Bytes()
	case "walletRootPublicKeyPkixBase64":
		env.root, err = s.Text()
	case "walletPublicKeyBase64":
		env.wallet, err = s.Text()
	case "keyAlgorithm":
		env.keyAlgorithm, err = s.Text()
	case "keyType":
		env.keyType, err = s.Text()
	case "mpcAlgorithm":
		env.mpc, err = s.Text()
	default: // a later version of the service may add fields
		err = s.Skip()
	}
	return err
}

// shard turns the fields into their types.
func (env *envelope) shard() (*Shard, error) {
	if env.mpc == "pdkls23" {
		return nil, fail(ReasonUnsupported, "mpcAlgorithm", "%s backups cannot be opened by this version", message.Quote(env.mpc))
	}
	if env.index < 0 || env.index > 1<<16 {
		return nil, fail(ReasonMalformed, "index", "%d is not the number of a recovery key", env.index)
	}
	s := &Shard{index: int(env.index)}
	var err error
	if s.recoveryKey, err = rsadecrypt.ParsePublicKey([]byte(env.recoveryKeyHex)); err != nil {
		return nil, fail(ReasonMalformed, "recoveryPublicKeyHex", "%v", err)
	}
	if s.group, s.root, err = part.ParsePublicKey(env.root); err != nil {
		return nil, fail(ReasonMalformed, "walletRootPublicKeyPkixBase64", "%v", err)
	}
	if env.wallet != "" {
		var g group.Group
		if g, s.wallet, err = part.ParsePublicKey(env.wallet); err != nil {
			return nil, fail(ReasonMalformed, "walletPublicKeyBase64", "%v", err)
		}
		if g != s.group {
			return nil, fail(ReasonMalformed, "walletPublicKeyBase64", "a key of %s, but the master key is of %s", g.Algorithm(), s.group.Algorithm())
		}
	}
	return s, env.algorithm(s)
}

// algorithm compares the names of the algorithm with the master public key.
func (env *envelope) algorithm(s *Shard) error {
	for _, f := range []struct{ name, value string }{
		{"keyAlgorithm", env.keyAlgorithm}, {"keyType", env.keyType},
	} {
		if f.value == "" {
			continue
		}
		g, known := group.ByAlgorithm(f.value)
		if !known {
			return fail(ReasonUnsupported, f.name, "the algorithm %s is not supported", message.Quote(f.value))
		}
		if g != s.group {
			return fail(ReasonAlgorithm, f.name, "the shard says %s, but its master public key is of %s", f.value, s.group.Algorithm())
		}
	}
	return nil
}

// checkNames refuses a backup whose every player names a version, curve or
// sharing that is not known here: nothing further can be said of it.
func (s *Shard) checkNames() error {
	terms := s.data.Terms()
	switch {
	case terms.Version != s.data.Version:
		return fail(ReasonMalformed, "version", "the players say %s, the recovery data %s", message.Quote(terms.Version), message.Quote(s.data.Version))
	case terms.Curve != s.group.Name():
		if _, known := group.ByName(terms.Curve); !known {
			return fail(ReasonUnsupported, "curve", "the curve %s is not supported", message.Quote(terms.Curve))
		}
		return fail(ReasonAlgorithm, "curve", "the recovery data is of %s, the master public key of %s", terms.Curve, s.group.Name())
	case !terms.Sharing.Known():
		return fail(ReasonUnsupported, "sharing_type", "the sharing %s is not supported", message.Quote(string(terms.Sharing)))
	case terms.Threshold < 1 || terms.Threshold >= MaxPlayers:
		return fail(ReasonMalformed, "threshold", "%d is not a threshold of 1 to %d", terms.Threshold, MaxPlayers-1)
	}
	return nil
}
