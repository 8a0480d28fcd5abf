package patterns

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
		if equalInts(of[i].places, places) {
			of[i].templates[key] = id
			return
		}
	}
	c.byLength[len(tokens)] = append(of, cover{places: places, templates: map[uint64]uint32{key: id}})
}

func equalInts(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// reduce puts the templates of the shapes known so far in their place. The caller
// holds the lock.
func (b *Book) reduce() {
	live := make([]*shape, 0, b.live)
	for i := uint32(other + 1); i < uint32(b.shapes.n); i++ { //nolint:gosec // bounded by the caller, who drops large books
		if s := b.shapes.at(i); s.into == 0 {
			live = append(live, s)
		}
	}
	clusters := clusterShapes(&b.vocab, live)
	b.index = make(map[uint64]uint32, len(clusters))
	b.live = 1
	found := &covers{byLength: map[int][]cover{}}
	for _, x := range clusters {
		s := shape{tokens: x.tokens, msgFrom: x.members[0].msgFrom, msgTo: x.members[0].msgTo}
		for _, m := range x.members {
			s.json = s.json || m.json
			if s.sample.replacedBy(&m.sample) {
				s.sample = m.sample
			}
		}
		s.hash = emptyKey(len(s.tokens), s.json)
		for i, t := range s.tokens {
			s.hash += placed(b.vocab.hashes[t], i)
		}
		id := b.shapes.add(s)
		for _, m := range x.members {
			*m = shape{into: id}
		}
		b.index[s.hash] = id
		found.add(&b.vocab, s.tokens, s.json, id)
		b.live++
	}
	b.covers.Store(found)
	// Statements that cannot be told apart any further are counted under one name.
	if b.live > b.cfg.MaxShapes*3/4 {
		for i := uint32(other + 1); i < uint32(b.shapes.n); i++ { //nolint:gosec // as above
			*b.shapes.at(i) = shape{into: other}
		}
		clear(b.index)
		b.covers.Store(&covers{})
		b.live = 1
	}
}
