package recovery

import (
	"context"
	"fmt"
	"path"
	"slices"
	"time"

	"recover/pkg/rsadecrypt"
	"recover/pkg/shard"
)

// Verdict is what public data says of a key: whether each of its backups can be
// opened, and whether a rebuild would give the right key.
type Verdict struct {
	// Err is nil where the key is in order: for each recovery key that it is
	// backed up to there is a backup whose proof holds, and a rebuild would not
	// refuse it. A SECP256K1 wallet key without an anchor of the record is the
	// exception: it is derived with a chain code that is sealed, so that public
	// data cannot tell which it is.
	Err error
	// Backup is the first that is proved, or else the first; nil where there is none.
	Backup   *Backup
	Copies   []Copy
	Warnings []Warning
	// RecoveryKeys are those for which a backup is proved.
	RecoveryKeys []rsadecrypt.Fingerprint
}

// Copy is what public data says of one file; of several with the same bytes, the
// first stands for all.
type Copy struct {
	*Backup
	Err  error
	Used bool // a rebuild with its recovery key uses this one first

	warnings []Warning
}

// Verify proves the backups of the key with public data alone. expected are the
// recovery keys that they may be for; none means any. The error is that of ctx.
func (s *Backups) Verify(ctx context.Context, expected []rsadecrypt.Fingerprint) (*Verdict, error) {
	v := &Verdict{Warnings: slices.Clone(s.Warnings)}
	for _, b := range s.All() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if b.SameAs != nil { // its bytes are proved or refused already
			continue
		}
		c := Copy{Backup: b, Err: errNotRead}
		if len(v.Copies) < maxDistinct {
			var err error
			if c.warnings, c.Err, err = s.verifyCopy(ctx, b, expected); err != nil {
				return nil, err
			}
		}
		v.Copies = append(v.Copies, c)
	}
	if len(v.Copies) == 0 {
		v.Err = s.missing()
		v.Warnings = append(v.Warnings, s.listingWarnings(func(*Backup) error { return nil })...)
		return v, nil
	}
	v.judge()
	if err := s.conflictOf(v); err != nil {
		v.Err = err // that says more than what is wrong with one of them
	}
	v.markUsed()
	s.warnMissing(v, expected)
	v.Warnings = append(v.Warnings, s.listingWarnings(v.wrong)...)
	return v, nil
}

// wrong returns why a file cannot be used, or nil.
func (v *Verdict) wrong(b *Backup) error {
	if b.SameAs != nil {
		b = b.SameAs
	}
	for _, c := range v.Copies {
		if c.Backup == b {
			return c.Err
		}
	}
	return b.Err
}

// verifyCopy returns what is wrong with one file; stopped is the error of ctx.
func (s *Backups) verifyCopy(ctx context.Context, b *Backup, expected []rsadecrypt.Fingerprint) (warnings []Warning, wrong, stopped error) {
	if b.HasKey() && len(expected) > 0 && !slices.Contains(expected, b.RecoveryKey) {
		return nil, notExpected(b.RecoveryKey), nil
	}
	if b.Err != nil {
		return nil, b.Err, nil
	}
	p, stopped := s.prove(ctx, b)
	if stopped != nil {
		return nil, nil, stopped
	}
	if p.warning != "" {
		warnings = append(warnings, Warning{Code: WarnPreviousQuorum, Detail: p.warning})
	}
	if p.err != nil {
		return warnings, p.err, nil
	}
	sh, err := s.Load(b)
	if err != nil {
		return nil, err, nil
	}
	for _, caveat := range p.proof.Caveats() {
		warnings = append(warnings, Warning{Code: WarnNotProvable, Detail: caveat})
	}
	return warnings, CheckClaims(sh, s.Entry), nil
}

func notExpected(f rsadecrypt.Fingerprint) error {
	return &shard.Error{Reason: shard.ReasonOtherRecoveryKey, Faults: []shard.Fault{{
		Field: "recoveryPublicKeyHex", Problem: fmt.Sprintf("the shard is encrypted to recovery key %s, which is not an expected one", f),
	}}}
}

// judge makes one verdict of all copies.
func (v *Verdict) judge() {
	for _, c := range v.Copies {
		if c.Err == nil && !slices.Contains(v.RecoveryKeys, c.RecoveryKey) {
			v.RecoveryKeys = append(v.RecoveryKeys, c.RecoveryKey)
		}
	}
	for _, c := range v.Copies {
		switch {
		case c.Err == nil:
			if v.Backup == nil {
				v.Backup = c.Backup
				v.Warnings = append(v.Warnings, c.warnings...)
			}
		case v.isCovered(c):
			warnf(&v.Warnings, WarnBadCopy, "%s: %s: %v", c.Path, ReasonOf(c.Err), c.Err)
		case v.Err == nil:
			v.Err = c.Err
			if len(v.Copies) > 1 {
				v.Err = &inFileError{c.Path, c.Err}
			}
		}
	}
	if v.Backup == nil {
		v.Backup = v.Copies[0].Backup
	}
}

// inFileError is an error of one of several files.
type inFileError struct {
	path string
	err  error
}

func (e *inFileError) Error() string { return e.path + ": " + e.err.Error() }
func (e *inFileError) Unwrap() error { return e.err }

// isCovered tells whether a bad copy does no harm, because a proved one for the
// same recovery key is there, or for a file that cannot be parsed, any.
func (v *Verdict) isCovered(c Copy) bool {
	if !c.HasKey() || shard.ReasonOf(c.Err) == shard.ReasonOtherRecoveryKey {
		return len(v.RecoveryKeys) > 0
	}
	return slices.Contains(v.RecoveryKeys, c.RecoveryKey)
}

// conflictOf refuses backups of different keys. Where the record has the
// wallet's public key or address, those that are not the record's have failed
// already, and only proved ones that claim the same wallet are in the way.
func (s *Backups) conflictOf(v *Verdict) error {
	if !s.Entry.NamesWallet() {
		return s.conflict()
	}
	var first *Backup
	for _, c := range v.Copies {
		switch {
		case c.Err != nil:
		case first == nil:
			first = c.Backup
		case !shard.SamePublicKey(c.MasterPublicKey, first.MasterPublicKey):
			return &SeveralKeysError{First: first.Path, Other: c.Path, Anchored: true}
		}
	}
	return nil
}

// markUsed tells which proved copy a rebuild uses: for each recovery key, the
// first.
func (v *Verdict) markUsed() {
	used := make(map[rsadecrypt.Fingerprint]bool)
	for i := range v.Copies {
		c := &v.Copies[i]
		if c.Err == nil && !used[c.RecoveryKey] {
			used[c.RecoveryKey], c.Used = true, true
			v.warnOfAge(c)
		}
	}
}

// warnOfAge says so when only an older copy is valid.
func (v *Verdict) warnOfAge(use *Copy) {
	for _, c := range v.Copies {
		same := !c.HasKey() || c.RecoveryKey == use.RecoveryKey
		if same && c.Err == nil && c.Modified.After(use.Modified) {
			return // the other valid copy is newer
		}
	}
	for _, c := range v.Copies {
		same := !c.HasKey() && path.Base(c.Path) == path.Base(use.Path) || c.HasKey() && c.RecoveryKey == use.RecoveryKey
		if same && c.Err != nil && c.Modified.After(use.Modified) && !use.Modified.IsZero() && !c.isNewest() {
			warnf(&v.Warnings, WarnNewerDamaged, "only an older copy is valid: %s (%s); the newer %s (%s) is damaged",
				use.Path, day(use.Modified), c.Path, day(c.Modified))
			return
		}
	}
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// warnMissing warns of the expected recovery keys for which the key has no shard
// at all, though it has some for others.
func (s *Backups) warnMissing(v *Verdict, expected []rsadecrypt.Fingerprint) {
	for _, want := range expected {
		there := slices.ContainsFunc(v.Copies, func(c Copy) bool { return c.HasKey() && c.RecoveryKey == want })
		if !there && v.Err == nil {
			warnf(&v.Warnings, WarnNoShard, "no shard for the recorded recovery key %s is there", want)
		}
	}
}

// Demand is what the backups that are encrypted to one recovery key take.
type Demand struct {
	Backup     *Backup
	Keys       int // 1 where one can be opened, as far as public data tells
	Operations int // private ones, if the backup is intact
}

// Demands returns what the key takes, by recovery key: of several copies for
// one, the first that can be opened counts. What cannot be read has no demand;
// the rebuild says why.
func (s *Backups) Demands(chainCodes bool) map[rsadecrypt.Fingerprint]Demand {
	found := make(map[rsadecrypt.Fingerprint]Demand)
	for _, b := range s.all {
		if !b.HasKey() || b.SameAs != nil || found[b.RecoveryKey].Keys > 0 {
			continue
		}
		d := Demand{Backup: b}
		if sh, err := s.Load(b); err == nil && b.Err == nil {
			if _, err := CheckIDs(sh, s.Entry); err == nil {
				d.Keys, d.Operations = 1, sh.Operations(chainCodes)
			}
		}
		found[b.RecoveryKey] = d
	}
	return found
}
