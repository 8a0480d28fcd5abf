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
	// MaxPatterns bounds how many patterns are kept apart, 10,000 by default
	// (about 6 MB). Lines that fit none after that are counted in one pattern
	// with the template [OtherTemplate].
	MaxPatterns int
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
	// maxExact bounds the shortcut from a masked line to its pattern.
	maxExact = 1 << 16
	// maxStreams bounds the streams that a pattern names.
	maxStreams = 8
)

// A Pattern is a group of lines that the same statement printed.
type Pattern struct {
	// Template is the line with placeholders for what varies. It is valid UTF-8
	// without control characters.
	Template string
	// Count is the number of lines in the window; 0 where only the baseline has it.
	Count int
	// Levels counts the lines by level, indexed by [Level].
	Levels [levelCount]int
	// First and Last are Unix nanoseconds of the earliest and the latest line.
	First, Last int64
	// Sample is the first line of the pattern at its most severe level, cut to
	// 1 KiB, as it came: unmasked. SampleTime and SampleStream say where from.
	Sample       string
	SampleTime   int64
	SampleStream int
	// Trend counts the lines in equal parts of the window, oldest first.
	Trend [TrendBuckets]int
	// Streams are up to eight stream numbers that the lines came from, in the
	// order of their first line.
	Streams []int
	// JSON says that the lines are JSON objects, which the template shows as
	// key=value pairs.
	JSON bool
	// BaselineCount is the number of lines added with Line.Baseline. They count
	// in no other field, except that First, Last and Sample describe them while
	// Count is 0.
	BaselineCount int
	// Change is what became of the pattern since the baseline; set by [Compare].
	Change Change
}

// Level returns the most frequent level of the pattern's lines that state one,
// the more severe on a tie; LevelUnknown where none does.
func (p *Pattern) Level() Level {
	best := LevelUnknown
	for l := LevelTrace; l < levelCount; l++ {
		if p.Levels[l] > 0 && (best == LevelUnknown || p.Levels[l] >= p.Levels[best]) {
			best = l
		}
	}
	return best
}

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
	tokens int
	word   string
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
	flat, isJSON := flattenJSON(m.flat[:0], text)
	if m.isJSON = isJSON; isJSON {
		m.flat = flat
		m.mask = mask(m.mask[:0], flat)
	} else {
		m.mask = mask(m.mask[:0], text)
	}
	c := m.find()
	if l.Level == LevelUnknown {
		head := l.Text[:min(len(l.Text), levelScan)]
		l.Level = DetectLevel(string(head))
	}
	m.count(c, l)
}

// find returns the cluster of the masked line in m.mask.
func (m *Miner) find() *cluster {
	if c, ok := m.exact[string(m.mask)]; ok {
		return c
	}
	c := m.search()
	if len(m.exact) >= maxExact {
		clear(m.exact)
	}
	m.exact[string(m.mask)] = c
	return c
}

func (m *Miner) search() *cluster {
	m.split()
	b := m.branch()
	var best *cluster
	bestEqual, need := -1, int(m.cfg.Similarity*float64(len(m.tokens))+0.999)
	for _, c := range m.tree[b] {
		equal := 0
		for i, t := range m.tokens {
			if c.tokens[i] == string(t) {
				equal++
			}
		}
		if equal > bestEqual {
			best, bestEqual = c, equal
		}
	}
	if best != nil && bestEqual >= need {
		m.generalise(best)
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

// branch decides which clusters a line is compared with: those of as many
// tokens and the same first word, unless that word is a placeholder or one of
// too many.
func (m *Miner) branch() branch {
	b := branch{tokens: len(m.tokens)}
	if len(m.tokens) == 0 || bytes.IndexByte(m.tokens[0], '<') >= 0 {
		return b
	}
	b.word = string(m.tokens[0])
	if _, ok := m.tree[b]; ok {
		return b
	}
	if m.first[b.tokens] >= maxChildren {
		b.word = ""
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

// template joins tokens, writing a run of wildcards once.
func template(tokens []string) string {
	var b strings.Builder
	for i, t := range tokens {
		if t == wildcard && i > 0 && tokens[i-1] == wildcard {
			continue
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(t)
	}
	return b.String()
}

// merge joins patterns whose templates became equal: a template is a pattern's
// name wherever it is shown, so it must occur once.
func merge(in []Pattern) []Pattern {
	at := make(map[string]int, len(in))
	out := in[:0]
	for _, p := range in {
		i, ok := at[p.Template]
		if !ok {
			at[p.Template] = len(out)
			out = append(out, p)
			continue
		}
		q := &out[i]
		if worst(&p) > worst(q) || (q.Count == 0 && p.Count > 0) {
			q.Sample, q.SampleTime, q.SampleStream = p.Sample, p.SampleTime, p.SampleStream
		}
		if q.Count == 0 && p.Count > 0 {
			q.First, q.Last = p.First, p.Last
		} else if p.Count > 0 || q.Count == 0 {
			q.First, q.Last = min(q.First, p.First), max(q.Last, p.Last)
		}
		q.Count += p.Count
		q.BaselineCount += p.BaselineCount
		for l, n := range p.Levels {
			q.Levels[l] += n
		}
		for b, n := range p.Trend {
			q.Trend[b] += n
		}
		for _, s := range p.Streams {
			if len(q.Streams) < maxStreams && !slices.Contains(q.Streams, s) {
				q.Streams = append(q.Streams, s)
			}
		}
	}
	return out
}

func worst(p *Pattern) Level {
	for l := levelCount - 1; l > 0; l-- {
		if p.Levels[l] > 0 {
			return l
		}
	}
	return LevelUnknown
}
