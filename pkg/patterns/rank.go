package patterns

import (
	"cmp"
	"math"
	"slices"
)

// Rank returns the indexes of ps ordered by how much each pattern helps to
// explain what happened, best first: new, gone or changed before steady, severe before
// harmless, rare before frequent within the same kind of harmless lines. The order is
// total and does not depend on the order of ps.
func Rank(ps []Pattern) []int {
	scores := make([]float64, len(ps))
	order := make([]int, len(ps))
	for i := range ps {
		scores[i], order[i] = score(&ps[i]), i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		if c := cmp.Compare(scores[b], scores[a]); c != 0 {
			return c
		}
		return cmp.Compare(ps[a].Template, ps[b].Template)
	})
	return order
}

// score adds what the change, the level and the count each say. A change against the
// baseline weighs most: an error that is always there explains less than a line that
// never was. The steps are apart far enough that a level outweighs a count.
func score(p *Pattern) float64 {
	s := 0.0
	switch p.Level() {
	case LevelFatal:
		s += 60
	case LevelError:
		s += 50
	case LevelWarn:
		s += 25
	}
	switch p.Change {
	case ChangeNew:
		s += 60
	case ChangeGone:
		s += 40
	case ChangeRisen:
		s += 30
	case ChangeFallen:
		s += 10
	}
	if p.Worst() > p.Level() {
		s += 5 // some of its lines are more severe than most
	}
	n := math.Log10(float64(p.Count) + 1)
	if p.Level() >= LevelWarn {
		return s + min(n, 6) // many failures say more than one
	}
	return s - min(n, 6) // rarity is the signal among harmless lines
}
