package shard

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"errors"

	"recover/internal/secret"
	"recover/internal/strictjson"
	"recover/pkg/rsadecrypt"
)

const chainCodeSize = 32

var (
	errAuxKey  = inField("aux_data_wrapped_encryption_key", errors.New("the recovery key does not open it"))
	errAuxData = inField("aux_data_private_encrypted", errors.New("damaged, it does not open with its key"))
)

// chainCode opens the master chain code: the AES key with one private
// operation, the data with the AES key (spec, section 4, step 4). All players
// carry the same two; where a copy is damaged, the next different one is tried.
// That none opens is kept in the Master; an error is of the key source.
func (r *rebuilder) chainCode(m *Master) error {
	var why error
	tried := make(map[string]bool)
	for _, p := range append([]*player{r.shard.data.reference()}, r.shard.data.players...) {
		copyOf := string(p.auxKey) + " " + string(p.auxData)
		if tried[copyOf] {
			continue
		}
		tried[copyOf] = true
		code, err := r.openChainCode(p)
		if err == nil {
			m.chainCode = code
			return nil
		}
		if ReasonOf(err) == ReasonKeySource {
			return err
		}
		r.warnings.of(p, err)
		why = err
	}
	m.lost = r.damaged(ReasonChainCode, "the master key is rebuilt, but its chain code cannot be opened, and the wallet key is made with it: %v", why)
	return nil
}

func (r *rebuilder) openChainCode(p *player) (*secret.Bytes, error) {
	wrapped, err := p.auxKey.bytes()
	if err != nil {
		return nil, inField("aux_data_wrapped_encryption_key", err)
	}
	sealed, err := p.auxData.bytes()
	if err != nil {
		return nil, inField("aux_data_private_encrypted", err)
	}
	key, err := r.decrypt(wrapped)
	if errors.Is(err, rsadecrypt.ErrDecrypt) {
		return nil, errAuxKey
	}
	if err != nil {
		return nil, err
	}
	defer secret.Wipe(key)
	text, err := unseal(key, sealed)
	if err != nil {
		return nil, err
	}
	if p.terms.Version == version1 && len(text) == chainCodeSize { // bare, not JSON
		return secret.New(text), nil
	}
	defer secret.Wipe(text)
	return parseChainCode(text)
}

// unseal opens the data that holds the chain code with the AES key.
func unseal(key, sealed []byte) ([]byte, error) {
	if len(key) != 16 && len(key) != 32 {
		return nil, errAuxKey
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, errAuxKey
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, errAuxKey
	}
	// The nonce is all zero in the format: each key seals one message only.
	text, err := gcm.Open(nil, make([]byte, gcm.NonceSize()), sealed, nil)
	if err != nil {
		return nil, errAuxData
	}
	return text, nil
}

// parseChainCode reads {"master_chain_code": base64}. Its errors say nothing
// of the text, which is secret.
func parseChainCode(text []byte) (*secret.Bytes, error) {
	var code []byte
	s := strictjson.New(text)
	err := s.Object(func(name string) error {
		if name != "master_chain_code" {
			return s.Skip()
		}
		b, err := s.Bytes()
		if err != nil {
			return err
		}
		code = make([]byte, base64.StdEncoding.DecodedLen(len(b)))
		n, err := base64.StdEncoding.Decode(code, b)
		code = code[:n]
		return err
	})
	if err == nil {
		err = s.End()
	}
	if err != nil || len(code) != chainCodeSize {
		secret.Wipe(code)
		return nil, inField("aux_data_private_encrypted", errors.New("holds no chain code of 32 bytes"))
	}
	return secret.New(code), nil
}
