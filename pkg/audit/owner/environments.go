package owner

import (
	"fmt"
	"slices"

	"recover/internal/uuid"
	"recover/pkg/record"
)

// environments compares the record with those of other environments: what guards
// one must not open the other.
func (j *judge) environments(s *section) {
	for _, other := range j.Records[1:] {
		j.apart(s, other)
	}
}

func (j *judge) apart(s *section, other *Record) {
	const next = "find out where it belongs, and take it out of the other record"
	check := fmt.Sprintf("recover record check --record %s --record %s", quoted(j.record.Path), quoted(other.Path))
	name := func(environment string) string {
		if environment == "" {
			return "none"
		}
		return environment
	}
	switch {
	case other.Environment == "" || j.record.Environment == "":
		s.notKnown("environment-names", fmt.Sprintf("%s and %s", name(j.record.Environment), name(other.Environment)), `add "environment" to the record that names none, in a copy`, "")
	case other.Environment == j.record.Environment:
		s.red("environment-names", fmt.Sprintf("%s is of %s too", other.Path, other.Environment),
			"give the record of the other environment; two records of one become one with this", fmt.Sprintf("recover record merge --record %s --record %s --out NEW-RECORD", quoted(j.record.Path), quoted(other.Path)))
		return // they are one company's, and may have all in common
	default:
		s.green("environment-names", "%s and %s", j.record.Environment, other.Environment)
	}
	var keys []string
	for _, k := range j.record.RecoveryKeys {
		if slices.ContainsFunc(other.RecoveryKeys, func(o record.RecoveryKey) bool { return o.SHA256 == k.SHA256 }) {
			keys = append(keys, short(k.SHA256))
		}
	}
	switch {
	case len(keys) > 0:
		s.red("environment-recovery-keys", some(keys)+" is also in "+other.Path, "make a recovery key of its own for the sandbox, and a kit with it: those who practise must not be able to open production", check)
	case len(j.record.RecoveryKeys) == 0 || len(other.RecoveryKeys) == 0:
		s.notKnown("environment-recovery-keys", "not both records name their recovery keys", "see the line record-recovery-keys", "")
	default:
		s.green("environment-recovery-keys", "%d and %d", len(j.record.RecoveryKeys), len(other.RecoveryKeys))
	}
	ids := make(map[uuid.ID]bool)
	for _, e := range other.Entries {
		ids[e.KeyID], ids[e.QuorumID] = true, true
	}
	var both []string
	for _, e := range j.record.Entries {
		if ids[e.KeyID] || ids[e.QuorumID] {
			both = append(both, nameOf(e))
		}
	}
	if len(both) > 0 {
		s.red("environment-keys", count(len(both), "key is also in ", "keys are also in ")+other.Path+", or their quorum is: "+some(both), next, check)
	} else {
		s.green("environment-keys", "%d and %s", len(j.record.Entries), count(len(other.Entries), "key", "keys"))
	}
}
