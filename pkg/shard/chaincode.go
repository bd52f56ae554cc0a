package shard

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"errors"

	"recover/internal/secret"
	"recover/internal/strictjson"
	"recover/pkg/rsadecrypt"
	"recover/pkg/shard/internal/part"
)

const chainCodeSize = 32

var (
	errAuxKey  = part.InField("aux_data_wrapped_encryption_key", errors.New("the recovery key does not open it"))
	errAuxData = part.InField("aux_data_private_encrypted", errors.New("damaged, it does not open with its key"))
)

// maxUnwraps and maxSealed are how many different wrapped keys and sealed chain
// codes of one backup are tried. An intact backup has one of each.
const (
	maxUnwraps = 32
	maxSealed  = 64
)

// chainCode opens the master chain code: an AES key with one private operation,
// the data with the AES key (docs/formats.md, section 2.4, step 4). All players carry the
// same two. Where copies are damaged, or somebody has changed them, each
// different AES key is unwrapped once and tried on each different data, until
// one opens that is accepted. That none opens is kept in the Master; an error
// ends the rebuild.
func (r *rebuilder) chainCode(m *Master, accept func(*Master, []byte) bool) error {
	players := append([]*part.Player{r.shard.data.Reference()}, r.shard.data.Players...)
	sealed := r.sealedChainCodes(players)
	opens := make([]bool, len(sealed))
	var why error
	unwrapped := make(map[string]bool)
	for _, p := range players {
		if unwrapped[string(p.AuxKey)] || len(unwrapped) == maxUnwraps {
			continue
		}
		unwrapped[string(p.AuxKey)] = true
		key, err := r.unwrap(p)
		if ends(err) {
			m.chainCode.Wipe()
			return err
		}
		if err != nil {
			r.warnings.Of(p, err)
			why = err
			continue
		}
		accepted := r.openSealed(m, key, sealed, opens, accept)
		secret.Wipe(key)
		if accepted {
			break
		}
	}
	for i, data := range sealed {
		if !opens[i] && m.chainCode == nil {
			why = errAuxData
			r.warnings.Of(data.from, errAuxData)
		}
	}
	if m.chainCode == nil {
		m.lost = r.damaged(ReasonChainCode, "the master key was rebuilt, but the wallet key cannot be derived: its chain code cannot be decrypted: %v", why)
	}
	return nil
}

// sealedChainCode is what may hold the chain code, and a player that has it.
type sealedChainCode struct {
	text []byte
	from *part.Player
}

// sealedChainCodes returns the different ones, the reference player's first.
func (r *rebuilder) sealedChainCodes(players []*part.Player) []sealedChainCode {
	var all []sealedChainCode
	seen := make(map[string]bool)
	for _, p := range players {
		if seen[string(p.AuxData)] || len(all) == maxSealed {
			continue
		}
		seen[string(p.AuxData)] = true
		text, err := p.AuxData.Bytes()
		if err != nil {
			r.warnings.Of(p, part.InField("aux_data_private_encrypted", err))
			continue
		}
		all = append(all, sealedChainCode{text, p})
	}
	return all
}

// unwrap opens a player's wrapped AES key.
func (r *rebuilder) unwrap(p *part.Player) ([]byte, error) {
	wrapped, err := p.AuxKey.Bytes()
	if err != nil {
		return nil, part.InField("aux_data_wrapped_encryption_key", err)
	}
	key, err := r.decrypt(wrapped)
	if errors.Is(err, rsadecrypt.ErrDecrypt) {
		return nil, errAuxKey
	}
	return key, err
}

// openSealed tries an AES key on each sealed chain code. The first that opens
// is kept in m until one is accepted.
func (r *rebuilder) openSealed(m *Master, key []byte, sealed []sealedChainCode, opens []bool, accept func(*Master, []byte) bool) bool {
	for i, data := range sealed {
		code := openChainCode(key, data)
		if code == nil {
			continue
		}
		opens[i] = true
		if accept == nil || accept(m, code.Reveal()) {
			m.chainCode.Wipe()
			m.chainCode = code
			return true
		}
		if m.chainCode == nil {
			m.chainCode = code
		} else {
			code.Wipe()
		}
	}
	return false
}

// openChainCode opens sealed data with an AES key, and reads the chain code. It
// returns nil where that is none.
func openChainCode(key []byte, data sealedChainCode) *secret.Bytes {
	if len(key) != 16 && len(key) != 32 {
		return nil
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil
	}
	// The nonce is all zero in the format: each key seals one message only.
	text, err := gcm.Open(nil, make([]byte, gcm.NonceSize()), data.text, nil)
	if err != nil {
		return nil
	}
	if data.from.Terms.Version == part.V1 && len(text) == chainCodeSize { // bare, not JSON
		return secret.New(text)
	}
	defer secret.Wipe(text)
	return parseChainCode(text)
}

// parseChainCode reads {"master_chain_code": base64}.
func parseChainCode(text []byte) *secret.Bytes {
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
		return nil
	}
	return secret.New(code)
}
