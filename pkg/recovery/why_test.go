package recovery

import "testing"

// TestJoinedIsUnproved: what copies make together has no proof, also where one of
// them has: there is always a doubt that says so.
func TestJoinedIsUnproved(t *testing.T) {
	for name, b := range map[string]*Backup{"not looked at": {}, "proved by itself": {proof: new(proof)}} {
		err := whyUnproved(b)
		if err == nil || ReasonOf(err) != ReasonUnproved || err.Error() == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
