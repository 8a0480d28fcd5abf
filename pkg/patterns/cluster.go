package patterns

import (
	"cmp"
	"math/bits"
	"slices"
)

// How shapes are grouped. Each number was chosen for what it means and then found
// to matter little: the accuracy on loghub moves by less than one point between
// half and twice of it.
const (
	// minSimilarity, in thousandths, is the weight of equal tokens from which two
	// lines were printed by the same statement.
	minSimilarity = 700
	// maxWords is up to how many different words at one place of a pattern are told
	// apart, as begin and end; with more of them, the place is a variable.
	maxWords = 3
	// maxStates is the same for upper-case words, which name states and events.
	maxStates = 12
	// minValues is from how many patterns that differ in one place only that place
	// is taken for a variable, however short the line.
	minValues = 12
	// edge is how many tokens at either end are looked at for a word to find
	// candidates by.
	edge = 3
	// maxCandidates bounds what a shape is compared with, so that lines which share no
	// more than a word cannot make mining slow.
	maxCandidates = 256
)

// A cluster is a group of shapes with what they have in common.
type cluster struct {
	tokens  []token
	members []*shape
	// words is a bit for each word of the first member: a shape with many others
	// cannot be similar.
	words uint64
}

// A branch is what a cluster and a shape must share to be compared: the number of
// tokens and a word near the beginning or the end.
type branch struct {
	tokens, at int
	word       token
}

type clusterer struct {
	v        *vocabulary
	index    map[branch][]*cluster
	clusters []*cluster
}

// clusterShapes groups shapes. The result depends on the set of shapes only, not on
// their order, which it changes.
func clusterShapes(v *vocabulary, shapes []*shape) []*cluster {
	slices.SortFunc(shapes, func(a, b *shape) int { return cmp.Compare(a.hash, b.hash) })
	c := &clusterer{v: v, index: map[branch][]*cluster{}}
	for _, s := range shapes {
		c.place(s)
	}
	var out []*cluster
	for _, x := range c.clusters {
		out = append(out, c.splitWords(x)...)
	}
	return c.subsume(c.mergeValues(out))
}

// place puts a shape into the most similar cluster, or into one of its own.
func (c *clusterer) place(s *shape) {
	weight, words := c.weigh(s)
	front, back := c.branches(s.tokens)
	var best *cluster
	similarity := 0
	for i, b := range [...]branch{front, back} {
		if i > 0 && b == front {
			break
		}
		for _, x := range c.index[b][:min(len(c.index[b]), maxCandidates)] {
			if bits.OnesCount64(words&^x.words)*weightWord*1000 > (1000-minSimilarity)*weight {
				continue
			}
			if n := c.similarity(x, s, weight); n > similarity {
				best, similarity = x, n
			}
		}
	}
	if similarity >= minSimilarity {
		best.members = append(best.members, s)
		c.generalise(best, s)
		return
	}
	x := &cluster{tokens: slices.Clone(s.tokens), words: words, members: []*shape{s}}
	c.clusters = append(c.clusters, x)
	c.index[front] = append(c.index[front], x)
	if back != front {
		c.index[back] = append(c.index[back], x)
	}
}

// weigh returns the weight of the tokens that decide about a shape, and a bit for
// each word among them.
func (c *clusterer) weigh(s *shape) (sum int, words uint64) {
	from, to := 0, len(s.tokens)
	if s.msgFrom > 0 {
		from, to = int(s.msgFrom), int(s.msgTo)
	}
	for _, t := range s.tokens[from:to] {
		w := c.v.traits[t].weight
		sum += int(w)
		if w == weightWord {
			words |= 1 << (c.v.stable[t] >> 58)
		}
	}
	return sum, words
}

func (c *clusterer) branches(tokens []token) (front, back branch) {
	n := len(tokens)
	front, back = branch{tokens: n}, branch{tokens: n, at: -1}
	for i := range min(edge, n) {
		if c.v.traits[tokens[i]].kind == kindWord {
			front.at, front.word = i, tokens[i]
			break
		}
	}
	for i := range min(edge, n) {
		if c.v.traits[tokens[n-1-i]].kind == kindWord {
			back.at, back.word = -1-i, tokens[n-1-i]
			break
		}
	}
	return front, back
}

// similarity returns the share of equal weight in thousandths; 0 where it is
// certainly below minSimilarity.
func (c *clusterer) similarity(x *cluster, s *shape, weight int) int {
	if r := x.members[0]; r.msgFrom != s.msgFrom || r.msgTo != s.msgTo {
		return 0
	}
	if s.msgFrom > 0 {
		return c.structured(x, s)
	}
	// What of the shape's own weight differs cannot be more than this.
	allowed := (1000 - minSimilarity) * (weight + 1) / 1000
	total, lost, own := 1, 0, 0
	for i, a := range x.tokens {
		b := s.tokens[i]
		if a == b {
			total += int(c.v.traits[a].weight)
			continue
		}
		ta, tb := c.v.traits[a], c.v.traits[b]
		w := int(max(ta.weight, tb.weight))
		total += w
		if ta.kind == kindValue && tb.kind == kindValue {
			continue
		}
		lost += w
		if own += int(tb.weight); own > allowed {
			return 0
		}
	}
	return (total - lost) * 1000 / total
}

// structured compares two lines of keys and values: the same keys, the same level
// and a similar message are the same statement, whatever the other values are.
func (c *clusterer) structured(x *cluster, s *shape) int {
	total, lost := 1, 0
	for i, a := range x.tokens {
		b := s.tokens[i]
		ta := c.v.traits[a]
		if a == b {
			if s.says(i) {
				total += int(ta.weight)
			}
			continue
		}
		tb := c.v.traits[b]
		switch {
		case ta.key || tb.key:
			return 0
		case s.says(i):
			w := int(max(ta.weight, tb.weight))
			total += w
			if ta.kind != kindValue || tb.kind != kindValue {
				lost += w
			}
		case i > 0 && c.v.traits[x.tokens[i-1]].level:
			return 0
		}
	}
	return (total - lost) * 1000 / total
}

// says reports whether a token of a structured line belongs to its message.
func (s *shape) says(at int) bool { return at >= int(s.msgFrom) && at < int(s.msgTo) }

// generalise replaces the tokens in which the shape differs by the wildcard.
func (c *clusterer) generalise(x *cluster, s *shape) {
	for i, t := range x.tokens {
		if t != s.tokens[i] {
			x.tokens[i] = c.v.generalised(t, s.tokens[i])
		}
	}
}

func (v *vocabulary) generalised(a, b token) token {
	if spaced(v.words[a]) && spaced(v.words[b]) {
		return spacedWildcard
	}
	return wildcard
}

func spaced(w string) bool { return len(w) > 0 && w[0] == ' ' }

func isWildcard(t token) bool { return t == wildcard || t == spacedWildcard }

// from returns a cluster of the members.
func (c *clusterer) from(members []*shape) *cluster {
	x := &cluster{tokens: slices.Clone(members[0].tokens), members: members}
	for _, s := range members[1:] {
		c.generalise(x, s)
	}
	return x
}

// splitWords divides a cluster by the place that takes the fewest words,
// if they are few enough to be words of the program rather than values.
func (c *clusterer) splitWords(x *cluster) []*cluster {
	best, fewest := -1, 0
	for i, t := range x.tokens {
		if !isWildcard(t) {
			continue
		}
		if n := c.words(x, i); n > 0 && (best < 0 || n < fewest) {
			best, fewest = i, n
		}
	}
	if best < 0 {
		return []*cluster{x}
	}
	var order []token
	parts := map[token][]*shape{}
	for _, s := range x.members {
		t := s.tokens[best]
		if parts[t] == nil {
			order = append(order, t)
		}
		parts[t] = append(parts[t], s)
	}
	var out []*cluster
	for _, t := range order {
		out = append(out, c.splitWords(c.from(parts[t]))...)
	}
	return out
}

// words returns how many different words a place takes, 0 where it is a variable.
func (c *clusterer) words(x *cluster, at int) int {
	if s := x.members[0]; s.msgFrom > 0 && !s.says(at) {
		return 0
	}
	var seen [maxStates + 1]token
	n, upper, words, mixed := 0, true, false, false
	for _, s := range x.members {
		t := s.tokens[at]
		tr := c.v.traits[t]
		if tr.kind == kindValue || !tr.plain {
			return 0
		}
		upper = upper && tr.upper
		words, mixed = words || tr.kind == kindWord, mixed || tr.kind == kindMixed
		if words && mixed && !upper {
			return 0 // names, some of which are numbered
		}
		if slices.Contains(seen[:n], t) {
			continue
		}
		if n == maxStates {
			return 0
		}
		seen[n] = t
		n++
		if n > maxWords && !upper {
			return 0
		}
	}
	return n
}
