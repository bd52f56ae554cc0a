package record

import (
	"slices"
	"strings"

	"recover/internal/strictjson"
	"recover/internal/uuid"
)

// The lists of the service's API: wallets come in pages and without key IDs;
// quorums and backup kits say which wallets are backed up, and to whom.

// Quorum is what the service's list says of a quorum.
type Quorum struct {
	ID   uuid.ID
	Type string // such as QUORUM_TYPE_CLOUD
	Kit  string // the ID of its backup kit; empty: its keys are never backed up
}

// Kit is what the service's list says of a backup kit: the recovery keys that
// backups are encrypted to.
type Kit struct {
	ID, Name string
	Keys     []KitKey
}

// KitKey is a recovery key of a kit.
type KitKey struct {
	Name      string
	PublicKey string // as the service writes it: hex of the DER SubjectPublicKeyInfo
}

// Pages tell whether a list of wallets may have more than what was read.
type Pages struct {
	Read  int // pages
	Open  int // of them, those that say that another one follows
	Full  int // of them, those that have as many wallets as they may have
	Total int // how many wallets there are, as they say; 0: they do not
}

// Add counts the pages of another file of the same list.
func (p *Pages) Add(other Pages) {
	p.Read, p.Open, p.Full, p.Total = p.Read+other.Read, p.Open+other.Open, p.Full+other.Full, max(p.Total, other.Total)
}

// IsIncomplete tells whether so many wallets cannot be all: every page says that
// another one follows, or they tell of more.
func (p Pages) IsIncomplete(wallets int) bool {
	return p.Read > 0 && p.Open == p.Read || p.Total > wallets
}

// IsDoubtful tells whether they may not be all: no page has room left.
func (p Pages) IsDoubtful() bool { return p.Read > 0 && p.Full == p.Read }

// serviceFields are the fields of an object of the service's API that a record has
// not.
type serviceFields struct {
	id, keystore, status, kind, kit string
	isQuorum                        bool
	keys                            []KitKey
	isKit                           bool
	total, limit                    int
	next                            bool // another page follows
}

// lists are the fields of a page that the objects of a list are in. At the top, an
// array of objects of any other name is one too.
var lists = []string{"wallets", "quorums", "strategies", "backupStrategies", "items", "data", "results"}

// The fields of a page that say how much there is. The API's description of them
// was not to be had: these are the usual names.
var (
	totals = []string{"total", "totalCount", "totalSize", "totalItems", "totalElements"}
	limits = []string{"limit", "pageSize", "perPage"}
	nexts  = []string{"nextPageToken", "nextToken", "nextCursor", "nextPage", "next"}
)

// object reads an object: a page, a wallet, a quorum or a kit; what is no object is
// passed over.
func (w *Wallets) object(s *strictjson.Scanner, top bool) error {
	if s.Peek() != '{' {
		return s.Skip()
	}
	raw := rawEntry{service: new(serviceFields)}
	isPage, before := false, len(w.List)
	err := s.Object(func(name string) error {
		field, known := walletFields[name]
		switch kind := s.Peek(); {
		case known && kind == '"':
			text, err := s.Text()
			raw.text[field] = text
			return err
		case name == "metadata" && kind == '{':
			return metadata(s, &raw)
		case name == "recoveryPublicKeys" && kind == '[':
			raw.service.isKit = true
			return s.Array(func(int) error { return raw.service.kitKey(s) })
		case kind == '[' && name != "deviceIds" && (top || slices.Contains(lists, name)):
			isPage = true
			return s.Array(func(int) error { return w.object(s, false) })
		case kind == '{' && (name == "filter" || name == "pagination" || name == "page"):
			return s.Object(func(name string) error { return raw.service.field(s, name) })
		}
		return raw.service.field(s, name)
	})
	if err != nil {
		return err
	}
	w.take(&raw, top, isPage, len(w.List)-before)
	return nil
}

// take sorts an object by what it is. n wallets were in it.
func (w *Wallets) take(raw *rawEntry, top, isPage bool, n int) {
	f := raw.service
	switch {
	case isPage:
		if n == 0 && f.limit == 0 && f.total == 0 && !f.next {
			return // of quorums or kits, or empty
		}
		w.Pages.Read++
		w.Pages.Total = max(w.Pages.Total, f.total)
		if f.next {
			w.Pages.Open++
		}
		if f.limit > 0 && n >= f.limit {
			w.Pages.Full++
		}
	case f.isKit:
		w.Kits = append(w.Kits, Kit{ID: f.id, Name: raw.text[fieldName], Keys: f.keys})
	case f.isQuorum && raw.text[fieldQuorumID] == "" && raw.text[fieldPublicKey] == "":
		q := Quorum{Type: f.kind, Kit: f.kit}
		var err error
		if q.ID, err = uuid.ParseAny(f.id); err != nil {
			w.Faults.add(0, len(w.Quorums)+1, raw.fault(fieldQuorumID, "of a quorum: %v", err))
			return
		}
		w.Quorums = append(w.Quorums, q)
	case top && raw.text == [fieldCount]string{}:
		// an answer that is no list
	default:
		w.add(raw, 0)
	}
}

// field reads a field that a record has not.
func (f *serviceFields) field(s *strictjson.Scanner, name string) error {
	text := func(to *string) error {
		if s.Peek() != '"' {
			return s.Skip()
		}
		value, err := s.Text()
		if len(value) <= maxText && textProblem(value) == "" {
			*to = value
		}
		return err
	}
	number := func(to *int) error {
		if s.Peek() != '0' {
			return s.Skip()
		}
		value, err := s.Raw()
		*to = max(*to, atoi(value))
		return err
	}
	switch {
	case name == "id":
		return text(&f.id)
	case strings.EqualFold(name, "keystore"):
		return text(&f.keystore)
	case name == "status":
		return text(&f.status)
	case name == "backupStrategyId":
		f.isQuorum = true
		return text(&f.kit)
	case name == "deviceIds", name == "requiredSigners", name == "mpcAlgorithm":
		f.isQuorum = true
		return s.Skip()
	case name == "type":
		return text(&f.kind)
	case slices.Contains(totals, name):
		return number(&f.total)
	case slices.Contains(limits, name):
		return number(&f.limit)
	case slices.Contains(nexts, name):
		kind := s.Peek()
		value, err := s.Raw()
		f.next = f.next || kind == '"' && len(value) > 2 || kind == 't' || kind == '0' && atoi(value) > 0
		return err
	}
	return s.Skip()
}

// kitKey reads a recovery key of a kit.
func (f *serviceFields) kitKey(s *strictjson.Scanner) error {
	if s.Peek() != '{' || len(f.keys) == maxRecoveryKeys {
		return s.Skip()
	}
	var k KitKey
	err := s.Object(func(name string) (err error) {
		switch {
		case name == "name" && s.Peek() == '"':
			if k.Name, err = s.Text(); textProblem(k.Name) != "" {
				k.Name = ""
			}
		case name == "publicKey" && s.Peek() == '"':
			k.PublicKey, err = s.Text()
		default:
			err = s.Skip()
		}
		return err
	})
	f.keys = append(f.keys, k)
	return err
}

// atoi reads digits; anything else, or too many of them, is 0.
func atoi(text []byte) (n int) {
	if len(text) > 9 {
		return 0
	}
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0
		}
		n = 10*n + int(c-'0')
	}
	return n
}

// IsHSM tells whether the wallet's key is in the service's HSM, where it has no
// backup.
func (w *Wallet) IsHSM() bool { return strings.HasSuffix(strings.ToUpper(w.Keystore), "HSM") }
