package patterns

import (
	"cmp"
	"slices"
)

// covers finds the template that a line is an instance of, for the templates that
// were left when a book was reduced: in one step for each set of places at which
// templates of the line's length have wildcards. It is immutable.
type covers struct {
	byLength map[int][]cover
}

// A cover is the templates with wildcards at the same places, by the key of their
// other tokens.
type cover struct {
	places    []int
	templates map[uint64]uint32
}

func (c *covers) find(key uint64, tokens []lexeme) (id uint32, ok bool) {
	for i := range c.byLength[len(tokens)] {
		x := &c.byLength[len(tokens)][i]
		k := key
		for _, p := range x.places {
			k -= placed(tokens[p].hash, p)
		}
		if id, ok = x.templates[k]; ok {
			return id, true
		}
	}
	return 0, false
}

// add enters a template.
func (c *covers) add(v *vocabulary, tokens []token, json bool, id uint32) {
	var places []int
	key, word := emptyKey(len(tokens), json), false
	for i, t := range tokens {
		if isWildcard(t) {
			places = append(places, i)
			continue
		}
		key += placed(v.hashes[t], i)
		word = word || v.traits[t].weight == weightWord
	}
	if len(places) == 0 || !word {
		return
	}
	of := c.byLength[len(tokens)]
	for i := range of {
		if slices.Equal(of[i].places, places) {
			of[i].templates[key] = id
			return
		}
	}
	c.byLength[len(tokens)] = append(of, cover{places: places, templates: map[uint64]uint32{key: id}})
}

// reduce puts the templates of the shapes known so far in their place, and forgets the
// words that only they had. The caller holds the lock.
func (b *Book) reduce() {
	var live []*shape
	for id := uint32(other + 1); id < uint32(b.shapes.n); id++ { //nolint:gosec // bounded by the caller, who drops large books
		if s := b.shapes.at(id); s.into == 0 {
			s.id = id
			live = append(live, s)
		}
	}
	clusters := clusterShapes(&b.vocab, live)
	for _, x := range clusters {
		if len(x.members) > 1 {
			b.join(x)
		}
	}
	b.live = 1 + len(clusters)
	if b.live > b.cfg.MaxShapes*3/4 {
		b.collapse(clusters)
	}
	b.renew()
}

// join makes one shape of the members of a cluster.
func (b *Book) join(x *cluster) {
	first := x.members[0]
	s := shape{tokens: x.tokens, msgFrom: first.msgFrom, msgTo: first.msgTo, head: first.head}
	for _, m := range x.members {
		s.json = s.json || m.json
		s.head = min(s.head, m.head)
		if s.sample.replacedBy(&m.sample) {
			s.sample = m.sample
		}
	}
	id := b.shapes.add(s)
	for _, m := range x.members {
		*m = shape{into: id}
	}
}

// collapse counts statements that cannot be told apart any further under one name:
// the latest of those that only one line was like, until half of the room is free.
func (b *Book) collapse(clusters []*cluster) {
	var single []*shape
	for _, x := range clusters {
		if len(x.members) == 1 {
			single = append(single, x.members[0])
		}
	}
	slices.SortFunc(single, func(a, c *shape) int { return cmp.Compare(c.id, a.id) })
	into := b.shapes.at(other)
	for _, s := range single {
		if b.live <= b.cfg.MaxShapes/2 {
			return
		}
		if into.sample.replacedBy(&s.sample) {
			into.sample = s.sample
		}
		*s = shape{into: other}
		b.live--
	}
}

// renew gives the shapes that are left a vocabulary of their own words, and makes them
// known by their keys.
func (b *Book) renew() {
	old := b.vocab
	b.vocab, b.arena = newVocabulary(b.seed), nil
	b.index = make(map[uint64]uint32, b.live)
	found := &covers{byLength: map[int][]cover{}}
	for id := uint32(other); id < uint32(b.shapes.n); id++ { //nolint:gosec // bounded by the caller, who drops large books
		s := b.shapes.at(id)
		if s.into != 0 {
			continue
		}
		tokens := make([]token, len(s.tokens))
		s.key = emptyKey(len(tokens), s.json)
		for i, t := range s.tokens {
			tokens[i] = b.vocab.token(old.hashes[t], []byte(old.words[t]))
			s.key += placed(old.hashes[t], i)
		}
		s.tokens, s.hash = tokens, b.vocab.order(tokens)
		if id == other {
			continue
		}
		b.index[s.key] = id
		found.add(&b.vocab, tokens, s.json, id)
	}
	b.covers.Store(found)
}
