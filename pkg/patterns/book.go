package patterns

import (
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"unsafe"
)

// Config bounds a [Book]. The zero value of a field means its default.
type Config struct {
	// Redact, if set, masks secrets in a line before it is mined, so that none
	// enters a template; it reports false where there is nothing to mask. It is
	// called for lines unlike those seen before, from several goroutines.
	Redact func(line []byte) (masked []byte, changed bool)
	// MaxShapes bounds how many distinct masked lines are told apart, 4,096 by
	// default, which takes some 2 MiB. Beyond it the lines known so far are reduced
	// to their templates, so that no line is lost, only detail.
	MaxShapes int
	// MaxLineBytes is how much of a line is mined, 4 KiB by default: a template
	// is decided by a line's beginning. The line is counted and timed like any.
	MaxLineBytes int
	// SampleAge is how old a pattern's sample may grow, in nanoseconds of log time,
	// before a later line replaces it; 0 keeps the first. A quarter of the window
	// keeps samples inside windows that slide.
	SampleAge int64
}

// A shape is a distinct masked line, or the template of several.
type shape struct {
	tokens []token
	key    uint64 // what it is found by
	hash   uint64 // what it is ordered by
	sample sample
	id     uint32 // its number, once it was asked for
	// into is the shape that took this one's place when the book was reduced; 0 for
	// none.
	into uint32
	// msgFrom and msgTo bound the tokens of the message of a structured line; both
	// are 0 for other lines.
	msgFrom, msgTo uint8
	// head is how many tokens the first line has of a shape of several lines; 0 of
	// others.
	head uint8
	json bool
}

// A sample is one raw line. Of two, the more severe is kept, then the one from the
// later span of Config.SampleAge, then the earlier, so that it does not matter
// which is found first.
type sample struct {
	text   string
	time   int64
	span   int64
	stream int32
	level  Level
}

// better reports whether o is to replace s as far as can be told without its text.
func (s *sample) better(o *sample) bool {
	switch {
	case s.time == 0 && s.text == "":
		return true
	case o.level != s.level:
		return o.level > s.level
	case o.span != s.span:
		return o.span > s.span
	}
	return o.time < s.time
}

func (s *sample) replacedBy(o *sample) bool {
	return s.better(o) || (s.level == o.level && s.time == o.time && o.text < s.text)
}

// A Book knows the distinct lines of one query. Its counters condense lines into
// tallies, of which [Book.Patterns] makes patterns. Safe for concurrent use.
type Book struct {
	cfg    Config
	mu     sync.RWMutex
	vocab  vocabulary
	index  map[uint64]uint32 // by key
	shapes shapes
	live   int // shapes that no other took the place of
	covers atomic.Pointer[covers]
	arena  []token // where the tokens of the next shapes go
	seed   uint64
}

// shapes are kept in pieces, so that more of them do not move the others.
type shapes struct {
	pieces [][]shape
	n      int
}

const shapePiece = 512

func (s *shapes) at(id uint32) *shape { return &s.pieces[id/shapePiece][id%shapePiece] }

func (s *shapes) add(x shape) (id uint32) {
	if s.n%shapePiece == 0 {
		s.pieces = append(s.pieces, make([]shape, 0, shapePiece))
	}
	last := &s.pieces[len(s.pieces)-1]
	*last = append(*last, x)
	s.n++
	return uint32(s.n - 1) //nolint:gosec // bounded by the caller, who drops large books
}

// other is the shape of the lines that cannot be told apart.
const other = 1

// OtherTemplate is the template of the pattern that takes what fits no other.
const OtherTemplate = "<other lines>"

// NewBook returns an empty book.
func NewBook(cfg Config) *Book {
	if cfg.MaxShapes <= 0 {
		cfg.MaxShapes = 1 << 12
	}
	if cfg.MaxLineBytes <= 0 {
		cfg.MaxLineBytes = 4 << 10
	}
	seed := rand.Uint64() //nolint:gosec // it only has to be unknown to who writes the lines
	b := &Book{cfg: cfg, seed: seed, vocab: newVocabulary(seed), index: map[uint64]uint32{}, live: 1}
	b.shapes.add(shape{}) // no shape has the number 0
	b.shapes.add(b.otherShape())
	b.covers.Store(&covers{})
	return b
}

func (b *Book) otherShape() shape {
	return shape{tokens: []token{b.vocab.text(OtherTemplate)}}
}

// Bytes returns about how much memory the book takes.
func (b *Book) Bytes() int {
	b.mu.RLock()
	defer b.mu.RUnlock()
	n := b.vocab.bytes + 4*cap(b.arena)
	for _, p := range b.shapes.pieces {
		for i := range p {
			n += int(unsafe.Sizeof(shape{})) + 4*len(p[i].tokens) + len(p[i].sample.text) + 32
		}
	}
	return n
}

// Shapes returns how many distinct lines the book was shown, which its memory is in
// proportion to.
func (b *Book) Shapes() int {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.shapes.n
}

// find returns the shape with a key.
func (b *Book) find(key uint64) (id uint32, ok bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	id, ok = b.index[key]
	return id, ok
}

// add makes a shape of a line's tokens.
// head is how many of them the first of several lines has.
func (b *Book) add(key uint64, line []byte, tokens []lexeme, json bool, head int) uint32 {
	b.mu.Lock()
	defer b.mu.Unlock()
	if id, ok := b.index[key]; ok {
		return id
	}
	if b.live >= b.cfg.MaxShapes {
		b.reduce()
		if id, ok := b.covers.Load().find(key, tokens); ok {
			return id
		}
	}
	s := shape{key: key, json: json, tokens: b.tokens(line, tokens), head: uint8(min(head, len(tokens)))} //nolint:gosec // there are at most maxTokens
	s.hash = b.vocab.order(s.tokens)
	s.msgFrom, s.msgTo = b.vocab.message(s.tokens)
	id := b.shapes.add(s)
	b.index[key] = id
	b.live++
	return id
}

// tokens numbers a line's tokens.
func (b *Book) tokens(line []byte, tokens []lexeme) []token {
	if len(b.arena)+len(tokens) > cap(b.arena) {
		b.arena = make([]token, 0, max(4096, len(tokens)))
	}
	from := len(b.arena)
	for _, t := range tokens {
		b.arena = append(b.arena, b.vocab.token(t.hash, line[t.from:t.to]))
	}
	return b.arena[from:len(b.arena):len(b.arena)]
}

// sampled offers a line as the sample of a shape.
func (b *Book) sampled(id uint32, s sample, text []byte) {
	b.mu.RLock()
	known := b.resolve(id).sample
	b.mu.RUnlock()
	if !known.better(&s) && (s.time != known.time || s.level != known.level) {
		return
	}
	s.text = cut(text)
	b.mu.Lock()
	defer b.mu.Unlock()
	if at := &b.resolve(id).sample; at.replacedBy(&s) {
		*at = s
	}
}

// resolve follows a shape to the one that took its place.
func (b *Book) resolve(id uint32) *shape {
	return b.shapes.at(b.resolved(id))
}

func (b *Book) resolved(id uint32) uint32 {
	for {
		into := b.shapes.at(id).into
		if into == 0 {
			return id
		}
		id = into
	}
}

// order is what shapes are ordered by.
func (v *vocabulary) order(tokens []token) uint64 {
	h := uint64(len(tokens))
	for i, t := range tokens {
		h += placed(v.stable[t], i)
	}
	return h
}

// message returns the range of the tokens of a structured line's message: what
// stands behind its message key up to the next key. Lines that do not begin with a
// key are not structured.
func (v *vocabulary) message(tokens []token) (from, to uint8) {
	if len(tokens) == 0 || !v.traits[tokens[0]].key {
		return 0, 0
	}
	for i, t := range tokens {
		if !v.traits[t].key {
			continue
		}
		if from > 0 && strings.HasPrefix(v.words[t], " ") {
			return from, uint8(i)
		}
		if from == 0 && primaryKey(v.words[t]) {
			from = uint8(i + 1)
		}
	}
	if from == 0 {
		return 0, 0
	}
	return from, uint8(len(tokens)) //nolint:gosec // as above
}

// primaryKey reports whether a key names the message that a statement printed.
func primaryKey(key string) bool {
	switch strings.Trim(key, " ,;=") {
	case "msg", "message", "event", "log":
		return true
	}
	return false
}
