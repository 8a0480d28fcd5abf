package patterns

import (
	"cmp"
	"slices"
)

// A hole is what clusters share that differ in one place only.
type hole struct {
	hash uint64
	at   int
}

// mergeValues joins the clusters that differ in one place only, where there are so
// many of them that the place must be a variable.
func (c *clusterer) mergeValues(in []*cluster) []*cluster {
	if len(in) < minValues {
		return in
	}
	count := make(map[hole]uint16, 8*len(in))
	c.eachHole(in, func(_ int, h hole) { count[h]++ })
	holes := map[hole][]int{}
	c.eachHole(in, func(i int, h hole) {
		if count[h] >= minValues {
			holes[h] = append(holes[h], i)
		}
	})
	var large []hole
	for h, xs := range holes {
		if c.telling(in[xs[0]].tokens, h.at) {
			large = append(large, h)
		}
	}
	if len(large) == 0 {
		return in
	}
	slices.SortFunc(large, func(a, b hole) int {
		return cmp.Or(cmp.Compare(len(holes[b]), len(holes[a])), cmp.Compare(a.hash, b.hash), cmp.Compare(a.at, b.at))
	})
	gone := make([]bool, len(in))
	for _, h := range large {
		xs := slices.DeleteFunc(holes[h], func(i int) bool { return gone[i] })
		if len(xs) < minValues {
			continue
		}
		var members []*shape
		for _, i := range xs {
			members = append(members, in[i].members...)
			gone[i] = true
		}
		in[xs[0]], gone[xs[0]] = c.from(members), false
	}
	return remaining(in, gone)
}

// eachHole calls f for each word of each cluster: values vary in other ways.
func (c *clusterer) eachHole(in []*cluster, f func(i int, h hole)) {
	for i, x := range in {
		key := uint64(0)
		for at, t := range x.tokens {
			key += placed(c.v.stable[t], at)
		}
		for at, t := range x.tokens {
			if tr := c.v.traits[t]; tr.kind == kindWord && !tr.key || isWildcard(t) {
				f(i, hole{key - placed(c.v.stable[t], at) + uint64(len(x.tokens)), at})
			}
		}
	}
}

// telling reports whether tokens have a word apart from the place at.
func (c *clusterer) telling(tokens []token, at int) bool {
	for i, t := range tokens {
		if i != at && c.v.traits[t].weight >= weightMixed && !isWildcard(t) {
			return true
		}
	}
	return false
}

func remaining(in []*cluster, gone []bool) []*cluster {
	out := in[:0]
	for i, x := range in {
		if !gone[i] {
			out = append(out, x)
		}
	}
	return out
}

// subsume joins a cluster to one whose template matches all its lines.
func (c *clusterer) subsume(in []*cluster) []*cluster {
	wild := make(map[*cluster]int, len(in))
	byLength := map[int][]int{}
	for i, x := range in {
		for _, t := range x.tokens {
			if isWildcard(t) {
				wild[x]++
			}
		}
		byLength[len(x.tokens)] = append(byLength[len(x.tokens)], i)
	}
	gone := make([]bool, len(in))
	for _, xs := range byLength {
		slices.SortStableFunc(xs, func(a, b int) int { return wild[in[b]] - wild[in[a]] })
		for k, i := range xs {
			if gone[i] || wild[in[i]] == 0 {
				continue
			}
			for _, j := range xs[k+1:] {
				if !gone[j] && c.covers(in[i], in[j]) {
					in[i].members = append(in[i].members, in[j].members...)
					gone[j] = true
				}
			}
		}
	}
	return remaining(in, gone)
}

// covers reports whether a's template has b's in it and enough words to mean the
// same statement.
func (c *clusterer) covers(a, b *cluster) bool {
	if a.members[0].msgFrom != b.members[0].msgFrom {
		return false
	}
	word := false
	for i, t := range a.tokens {
		if isWildcard(t) {
			continue
		}
		if t != b.tokens[i] {
			return false
		}
		word = word || c.v.traits[t].weight == weightWord
	}
	return word
}
