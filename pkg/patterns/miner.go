package patterns

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"
)

// Config bounds a [Miner]. The zero value of a field means its default.
type Config struct {
	// Start and End are the window in Unix nanoseconds that Pattern.Trend divides.
	// Lines outside count into the first or the last bucket.
	Start, End int64
	// Similarity is the share of equal tokens from which a line joins a
	// pattern, 0.7 by default: with typed placeholders that compare equal, fewer
	// merges statements that differ in their only telling word.
	Similarity float64
	// MaxPatterns bounds how many patterns are kept apart, 10,000 by default. Lines that fit none after that are counted in one pattern
	// with the template [OtherTemplate].
	MaxPatterns int
	// Redact, if set, masks secrets in a line before it is mined, so that none
	// enters a template. It is called once per distinct masked line.
	Redact func(string) string
	// MaxLineBytes is how much of a line is mined, 8 KiB by default: a template
	// is decided by a line's beginning. The line is counted and timed like any.
	MaxLineBytes int
}

// TrendBuckets is the number of equal parts of the window in Pattern.Trend.
const TrendBuckets = 24

// OtherTemplate is the template of the pattern that takes what fits no other
// once Config.MaxPatterns is reached.
const OtherTemplate = "<other lines>"

const (
	wildcard = "<*>"
	// maxTokens bounds the work per line: later tokens stay one last token.
	maxTokens = 128
	// maxSampleBytes bounds the raw line kept per pattern.
	maxSampleBytes = 1024
	// maxChildren is how many first words one token count may have before new
	// ones share a branch: then the first word is a variable.
	maxChildren = 128
	// maxExact and maxExactBytes bound the shortcut from a masked line to its
	// pattern to 16 MiB of text; long lines seldom repeat to the letter.
	maxExact      = 1 << 15
	maxExactBytes = 512
	// maxStreams bounds the streams that a pattern names.
	maxStreams = 8
)

// A Line is one log entry. Text is only read during [Miner.Add].
type Line struct {
	Time   int64 // Unix nanoseconds
	Stream int   // a number of the caller's for the log stream
	Level  Level // LevelUnknown: detected from the text
	Text   []byte
	// Baseline says that the line belongs to the window to compare with. Adding
	// the baseline's lines first, to the same miner, gives both windows the same
	// templates.
	Baseline bool
}

// A Miner groups lines into patterns. It is not safe for concurrent use.
type Miner struct {
	cfg    Config
	exact  map[string]*cluster
	tree   map[branch][]*cluster
	first  map[int]int // distinct first words by token count
	all    []*cluster
	other  *cluster
	isJSON bool // the line in mask was a JSON object
	mask   []byte
	flat   []byte
	tokens [][]byte
}

type branch struct {
	tokens, at int
	word       string
}

type cluster struct {
	Pattern
	tokens []string
	best   Level
}

// NewMiner returns an empty miner.
func NewMiner(cfg Config) *Miner {
	if cfg.Similarity <= 0 {
		cfg.Similarity = 0.7
	}
	if cfg.MaxPatterns <= 0 {
		cfg.MaxPatterns = 10_000
	}
	if cfg.MaxLineBytes <= 0 {
		cfg.MaxLineBytes = 8 << 10
	}
	return &Miner{
		cfg:   cfg,
		exact: make(map[string]*cluster),
		tree:  make(map[branch][]*cluster),
		first: make(map[int]int),
	}
}

// Add counts one line. Lines should come in the order of time, stream and text:
// the result depends on the order, though never on when Add is called.
func (m *Miner) Add(l Line) {
	text := l.Text
	if len(text) > m.cfg.MaxLineBytes {
		text = text[:m.cfg.MaxLineBytes]
		for len(text) > 0 && !utf8.RuneStart(text[len(text)-1]) {
			text = text[:len(text)-1]
		}
	}
	c := m.find(text)
	if l.Level == LevelUnknown {
		head := l.Text[:min(len(l.Text), levelScan)]
		l.Level = DetectLevel(string(head))
	}
	m.count(c, l)
}

// find returns the cluster of a line.
func (m *Miner) find(text []byte) *cluster {
	m.normalise(text)
	if c, ok := m.exact[string(m.mask)]; ok {
		c.JSON = c.JSON || m.isJSON
		return c
	}
	key := string(m.mask)
	if m.cfg.Redact != nil {
		m.normalise([]byte(m.cfg.Redact(string(text))))
	}
	c := m.search()
	if len(key) > maxExactBytes {
		return c
	}
	if len(m.exact) >= maxExact {
		clear(m.exact)
	}
	m.exact[key] = c
	return c
}

// normalise fills m.mask with the masked form of a line.
func (m *Miner) normalise(text []byte) {
	flat, isJSON := flattenJSON(m.flat[:0], text)
	if m.isJSON = isJSON; isJSON {
		m.flat, text = flat, flat
	}
	m.mask = mask(m.mask[:0], text)
}

func (m *Miner) search() *cluster {
	m.split()
	b := m.branch()
	var best *cluster
	bestEqual, need := -1, int(m.cfg.Similarity*float64(len(m.tokens))+0.999)
	for _, c := range m.tree[b] {
		if equal := m.equal(c, max(need, bestEqual+1)); equal > bestEqual {
			best, bestEqual = c, equal
		}
	}
	if best != nil && bestEqual >= need {
		m.generalise(best)
		best.JSON = best.JSON || m.isJSON
		return best
	}
	if len(m.all) >= m.cfg.MaxPatterns {
		return m.overflow()
	}
	c := &cluster{tokens: make([]string, len(m.tokens)), Pattern: Pattern{JSON: m.isJSON}}
	for i, t := range m.tokens {
		c.tokens[i] = string(t)
	}
	m.tree[b] = append(m.tree[b], c)
	m.all = append(m.all, c)
	return c
}

// equal counts the tokens that the line shares with c, or returns -1 as soon as
// fewer than atLeast are possible.
func (m *Miner) equal(c *cluster, atLeast int) int {
	n, left := 0, len(m.tokens)
	for i, t := range m.tokens {
		if c.tokens[i] == string(t) {
			n++
		}
		if left--; n+left < atLeast {
			return -1
		}
	}
	return n
}

func (m *Miner) overflow() *cluster {
	if m.other == nil {
		m.other = &cluster{tokens: []string{OtherTemplate}}
		m.all = append(m.all, m.other)
	}
	return m.other
}

func (m *Miner) split() {
	m.tokens = m.tokens[:0]
	rest := m.mask
	for len(rest) > 0 {
		i := bytes.IndexByte(rest, ' ')
		if i < 0 || len(m.tokens) == maxTokens-1 {
			m.tokens = append(m.tokens, rest)
			return
		}
		if i > 0 {
			m.tokens = append(m.tokens, rest[:i])
		}
		rest = rest[i+1:]
	}
}

// branchWords is how many words are looked at for one to branch by.
const branchWords = 3

// branch decides which clusters a line is compared with: those of as many tokens
// and with the same constant word among the first three, unless that word is one
// of too many.
func (m *Miner) branch() branch {
	b := branch{tokens: len(m.tokens)}
	for i, t := range m.tokens[:min(len(m.tokens), branchWords)] {
		if bytes.IndexByte(t, '<') < 0 {
			b.at, b.word = i, string(t)
			break
		}
	}
	if _, ok := m.tree[b]; ok || b.word == "" {
		return b
	}
	if m.first[b.tokens] >= maxChildren {
		b.at, b.word = 0, ""
		return b
	}
	m.first[b.tokens]++
	return b
}

// generalise replaces the tokens in which the line differs by the wildcard.
func (m *Miner) generalise(c *cluster) {
	for i, t := range m.tokens {
		if c.tokens[i] != string(t) {
			c.tokens[i] = wildcard
		}
	}
}

func (m *Miner) count(c *cluster, l Line) {
	if l.Baseline && c.Count > 0 {
		c.BaselineCount++
		return
	}
	fresh := c.Count == 0 && (c.BaselineCount == 0 || !l.Baseline)
	if fresh || l.Time < c.First {
		c.First = l.Time
	}
	if fresh || l.Time > c.Last {
		c.Last = l.Time
	}
	if fresh || l.Level > c.best {
		c.best = l.Level
		c.Sample, c.SampleTime, c.SampleStream = cut(l.Text), l.Time, l.Stream
	}
	if fresh {
		c.Streams = nil // those of the baseline may be gone since a rollout
	}
	if len(c.Streams) < maxStreams && !slices.Contains(c.Streams, l.Stream) {
		c.Streams = append(c.Streams, l.Stream)
	}
	if l.Baseline {
		c.BaselineCount++
		return
	}
	c.Count++
	c.Levels[l.Level]++
	c.Trend[m.bucket(l.Time)]++
}

func cut(text []byte) string {
	if len(text) > maxSampleBytes {
		text = text[:maxSampleBytes]
	}
	return strings.ToValidUTF8(string(text), "\uFFFD")
}

func (m *Miner) bucket(t int64) int {
	span := m.cfg.End - m.cfg.Start
	if span <= 0 || t <= m.cfg.Start {
		return 0
	}
	if t >= m.cfg.End {
		return TrendBuckets - 1
	}
	return int(float64(t-m.cfg.Start) / float64(span) * TrendBuckets)
}

// Patterns returns the patterns found so far in the order of their first line;
// those first seen at the same nanosecond in the order of their templates. The
// result is the caller's.
func (m *Miner) Patterns() []Pattern {
	out := make([]Pattern, 0, len(m.all))
	for _, c := range m.all {
		p := c.Pattern
		p.Template = template(c.tokens)
		p.Streams = slices.Clone(c.Streams)
		out = append(out, p)
	}
	slices.SortStableFunc(out, func(a, b Pattern) int {
		if a.First != b.First {
			if a.First < b.First {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Template, b.Template)
	})
	return merge(out)
}
