package patterns

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
	"unsafe"
)

const (
	// maxSampleBytes bounds the raw line kept per shape.
	maxSampleBytes = 1024
	// maxStreams bounds the streams that a pattern names.
	maxStreams = 8
	// maxKnown and maxKnownBytes bound the masked lines whose shape a counter
	// remembers; long ones seldom repeat to the letter.
	maxKnown      = 1 << 12
	maxKnownBytes = 1 << 10
)

// A Line is one log entry. Text is only read during [Counter.Add].
type Line struct {
	Time   int64 // Unix nanoseconds
	Stream int   // a number of the caller's for the log stream
	Level  Level // LevelUnknown: detected from the text
	Text   []byte
	// Mark, if not 0, is told of the pattern that takes the line: [Pattern.Marks].
	Mark int
}

// A mark is the number of a line and the shape that took it.
type mark struct {
	shape uint32
	id    int
}

// A cell counts the lines of one shape and level in one slot.
type cell struct {
	shape       uint32
	events      uint32
	lines       uint32 // with the continuation lines that were joined
	first, last uint32 // in units of the tally, from its start
	streams     [maxStreams]uint16
	nStreams    uint8
	level       Level
}

// A Tally is what one slot's lines were: how many of which shape and level, since
// when and until when. It belongs to its book. It does not change but for its Weight,
// which whoever asked for it may set.
type Tally struct {
	start int64
	unit  int64 // nanoseconds that one step of first and last means
	// Weight is how many lines each line that was read stands for: 1 unless the slot
	// was sampled.
	Weight float64
	// Lines is how many lines were read.
	Lines int64
	cells []cell
	marks []mark
}

// Bytes returns about how much memory the tally takes.
func (t *Tally) Bytes() int {
	return 100 + cap(t.cells)*int(unsafe.Sizeof(cell{})) + cap(t.marks)*int(unsafe.Sizeof(mark{}))
}

// A known masked line.
type known struct {
	shape uint32
	// level is what the text states, once it was asked for; head is what its head does,
	// which counts whatever Loki takes for its level.
	level, head             Level
	detected, headed, asked bool
	// at is the cell of the last line, if that was in this slot and of this level.
	slot int
	last Level
	at   int
}

// A Counter condenses the lines of slots, one slot after the other. It is not safe
// for concurrent use; a book can have many.
type Counter struct {
	book *Book
	// known has the lines that are no JSON objects, and those that are.
	known [2]map[string]*known
	slot  int
	// at are the cells of the slot by shape and level.
	at    map[uint64]int
	cells []cell
	marks []mark
	lines int64
	start int64
	unit  int64
	begun bool
	open  []event
	block event // for entries of several lines
	found known // what the last line was, where it is not kept
	mask  []byte
	flat  []byte
	lexer lexer
	width int64 // of the slot, in units
}

// Counter returns a counter whose tallies belong to the book.
func (b *Book) Counter() *Counter {
	return &Counter{book: b, lexer: lexer{seed: b.seed}, unit: 1, known: [2]map[string]*known{{}, {}}, at: map[uint64]int{}}
}

// Begin starts a slot: a span of time that is counted apart. Lines outside of it
// are counted at its border.
func (c *Counter) Begin(start, end int64) {
	c.slot++
	c.begun, c.start, c.unit = true, start, 1
	for (end-start)/c.unit > 1<<31 {
		c.unit *= 2
	}
	c.width = (end - start) / c.unit
}

// Started reports whether a slot was begun that is not ended.
func (c *Counter) Started() bool { return c.begun }

// End ends the slot and returns its tally. weight is how many lines each of them
// stands for.
func (c *Counter) End(weight float64) *Tally {
	c.closeEvents()
	t := &Tally{start: c.start, unit: c.unit, Weight: weight, Lines: c.lines, cells: make([]cell, 0, len(c.cells))}
	for i := range c.cells {
		if c.cells[i].lines > 0 { // none are left where all were joined to others
			t.cells = append(t.cells, c.cells[i])
		}
	}
	t.marks = slices.Clone(c.marks)
	c.cells, c.marks, c.lines, c.begun = c.cells[:0], c.marks[:0], 0, false
	clear(c.at)
	return t
}

// Add counts one line of the slot. Lines must come in the order of time within
// their stream; the order of streams does not matter.
func (c *Counter) Add(l Line) {
	c.lines++
	if c.continues(&l) {
		return
	}
	text := l.Text
	if bytes.IndexByte(text, '\n') >= 0 {
		text = condenseLines(text, &c.block)
	}
	c.remember(&l, c.count(text, &l))
}

// count counts one line or joined event and returns the index of its cell.
func (c *Counter) count(text []byte, l *Line) int {
	k := c.shape(text)
	level := c.level(k, text, l.Level)
	offset := c.offset(l.Time)
	if k.slot == c.slot && k.last == level {
		c.cells[k.at].add(l, offset)
		return k.at
	}
	key := uint64(k.shape)<<8 | uint64(level)
	at, ok := c.at[key]
	if !ok {
		at = len(c.cells)
		c.at[key] = at
		c.cells = append(c.cells, cell{shape: k.shape, level: level, first: offset, last: offset})
		s := sample{time: l.Time, stream: int32(min(l.Stream, math.MaxInt32)), level: level} //nolint:gosec // bounded in the expression
		if age := c.book.cfg.SampleAge; age > 0 {
			s.span = l.Time / age
		}
		c.book.sampled(k.shape, s, l.Text)
	}
	k.slot, k.last, k.at = c.slot, level, at
	c.cells[at].add(l, offset)
	return at
}

// level returns the level of a text, which Loki takes for this one.
func (c *Counter) level(k *known, text []byte, loki Level) Level {
	if len(text) > 0 && text[0] == '{' { // the number does not show in the masked form
		if l, ok := numberedLevel(text); ok {
			return l
		}
	}
	if !k.asked {
		k.asked = true
		k.head, k.headed = headLevel(text)
	}
	switch {
	case k.headed:
		return k.head
	case loki != LevelUnknown:
		return loki
	case !k.detected:
		k.detected, k.level = true, DetectLevel(string(text[:min(len(text), levelScan)]))
	}
	return k.level
}

// shape returns what is known of a text. The result is valid until the next call.
func (c *Counter) shape(text []byte) *known {
	text = cutRunes(text, c.book.cfg.MaxLineBytes)
	isJSON, kept := c.normalise(text), c.known[0]
	if isJSON {
		kept = c.known[1]
	}
	if k, ok := kept[string(c.mask)]; ok {
		return k
	}
	k := &c.found
	*k = known{}
	tokens := c.lexer.lex(c.mask)
	key := keyOf(tokens, isJSON)
	if id, ok := c.book.covers.Load().find(key, tokens); ok {
		k.shape = id // lines with so many values seldom come back
		return k
	}
	var ok bool
	if k.shape, ok = c.book.find(key); !ok {
		k.shape = c.unseen(text, key, tokens, isJSON) // it may never come back
		return k
	}
	if len(c.mask) <= maxKnownBytes {
		if len(kept) >= maxKnown {
			clear(kept)
		}
		one := *k
		k = &one
		kept[string(c.mask)] = k
	}
	return k
}

// normalise fills c.mask with the masked form of a text and reports whether that was
// a JSON object.
func (c *Counter) normalise(text []byte) (isJSON bool) {
	if len(text) > 0 && text[0] == '{' {
		if c.flat, isJSON = flattenJSON(c.flat[:0], text); isJSON {
			text = c.flat
		}
	}
	c.mask = mask(c.mask[:0], text)
	return isJSON
}

// unseen returns the shape of a line unlike those before; c.mask is its masked form.
func (c *Counter) unseen(text []byte, key uint64, tokens []lexeme, isJSON bool) uint32 {
	if c.book.cfg.Redact != nil {
		if clean, changed := c.book.cfg.Redact(text); changed {
			isJSON = c.normalise(clean)
			tokens = c.lexer.lex(c.mask)
			key = keyOf(tokens, isJSON)
		}
	}
	head := 0
	if first, _, several := bytes.Cut(text, []byte{'\n'}); several {
		l := lexer{seed: c.book.seed}
		head = len(l.lex(mask(nil, first)))
	}
	return c.book.add(key, c.mask, tokens, isJSON, head)
}

func (c *Counter) offset(t int64) uint32 {
	return uint32(min(max((t-c.start)/c.unit, 0), c.width)) //nolint:gosec // bounded in the expression
}

func (x *cell) add(l *Line, offset uint32) {
	x.events++
	x.lines++
	x.first, x.last = min(x.first, offset), max(x.last, offset)
	if l.Stream < 0 || l.Stream > 1<<16-1 {
		return
	}
	s := uint16(l.Stream)
	if slices.Contains(x.streams[:x.nStreams], s) {
		return
	}
	if x.nStreams < maxStreams {
		x.streams[x.nStreams] = s
		x.nStreams++
		return
	}
	highest := 0 // the lowest numbers are kept, whatever the order
	for i := range x.streams {
		if x.streams[i] > x.streams[highest] {
			highest = i
		}
	}
	x.streams[highest] = min(x.streams[highest], s)
}

func cutRunes(text []byte, limit int) []byte {
	if len(text) <= limit {
		return text
	}
	text = text[:limit]
	for len(text) > 0 && !utf8.RuneStart(text[len(text)-1]) {
		text = text[:len(text)-1]
	}
	return text[:max(0, len(text)-1)]
}

func cut(text []byte) string {
	if len(text) > maxSampleBytes {
		text = text[:maxSampleBytes]
	}
	if i := bytes.IndexByte(text, 0xff); i < 0 && utf8.Valid(text) {
		return string(text)
	}
	return strings.ToValidUTF8(string(text), "\uFFFD")
}
