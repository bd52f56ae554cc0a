package shard

import (
	"fmt"
	"maps"
	"slices"

	"recover/internal/group"
	"recover/pkg/shard/internal/interp"
	"recover/pkg/shard/internal/part"
)

// How the players' shares make the master key. With Shamir's sharing, the share
// of the player of index i is f(i+1), where f is a polynomial of degree
// threshold, and the key is f(0).

// combine makes the master key of the shares (docs/formats.md, section 2.4, step 2).
func (r *rebuilder) combine(shares []*interp.Share) (group.Scalar, error) {
	sum := r.shard.group.NewScalar()
	switch r.terms.Sharing {
	case Shamir:
		xs, values := make([]int, len(shares)), make([]group.Scalar, len(shares))
		for i, s := range shares {
			xs[i], values[i] = int(s.Index)+1, s.Value
		}
		return group.InterpolateAtZero(r.shard.group, xs, values)
	case Additive:
		for _, s := range shares {
			sum.Add(sum, s.Value)
		}
	case Multiplicative:
		sum.SetUint64(1)
		for _, s := range shares {
			sum.Mul(sum, s.Value)
		}
	}
	return sum, nil
}

// proved makes a Master of the shares if they make the right key, else nil.
func (r *rebuilder) proved(shares []*interp.Share) *Master {
	value, err := r.combine(shares)
	if err != nil {
		return nil
	}
	m := &Master{group: r.shard.group, key: value}
	if !m.PublicKey().Equal(r.shard.root) {
		m.Wipe()
		return nil
	}
	return m
}

// commitments decodes the players' commitments and checks that they make the
// public key (docs/formats.md, section 2.3, step 6).
func (v *verifier) commitments() map[int64]group.Point {
	listed := v.shard.data.Reference().Commitments
	points := make(map[int64]group.Point)
	for _, index := range slices.Sorted(maps.Keys(listed)) {
		point, err := listed[index].Point(v.shard.group)
		if err != nil {
			v.faults.Add(part.Fault{Field: "key_share_commitments", Items: []int{int(index)}, Problem: err.Error()})
			continue
		}
		points[index] = point
	}
	if len(points) != len(listed) || len(points) == 0 {
		return points
	}
	if err := v.combine(points); err != nil {
		v.faults.Add(part.Fault{Field: "key_share_commitments", Problem: err.Error()})
	}
	return points
}

func (v *verifier) combine(points map[int64]group.Point) error {
	switch v.terms.Sharing {
	case Shamir:
		return v.combineShamir(points)
	case Additive:
		sum := v.shard.group.NewPoint()
		for _, c := range points {
			sum.Add(sum, c)
		}
		if !sum.Equal(v.shard.root) {
			return fmt.Errorf("they do not add up to the public key")
		}
	default:
		v.caveats = append(v.caveats, "with multiplicative sharing, public data cannot prove that the players' shares make the public key")
	}
	if missing := len(points) - len(v.shard.data.Players); missing > 0 {
		v.because(ReasonTooFewPlayers, part.Fault{Field: "recovery_data", Problem: fmt.Sprintf(
			"%d of %d players' parts are missing, and with %s sharing all are needed", missing, len(points), v.terms.Sharing)})
	}
	return nil
}

func (v *verifier) combineShamir(points map[int64]group.Point) error {
	var xs []int
	var ps []group.Point
	for index, c := range points {
		xs, ps = append(xs, int(index)+1), append(ps, c)
	}
	if int64(len(ps)) <= v.terms.Threshold {
		return fmt.Errorf("%d commitments are too few for threshold %d", len(ps), v.terms.Threshold)
	}
	low, err := group.DegreeAtMost(v.shard.group, xs, ps, int(v.terms.Threshold))
	if err != nil {
		return err
	}
	at0, err := group.InterpolatePointsAtZero(v.shard.group, xs, ps)
	if err != nil {
		return err
	}
	if !low || !at0.Equal(v.shard.root) {
		return fmt.Errorf("they do not make the public key with threshold %d", v.terms.Threshold)
	}
	return nil
}
