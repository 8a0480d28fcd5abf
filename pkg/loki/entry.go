package loki

import (
	"slices"
	"strconv"
	"strings"
)

// An Entry is one log line. It is only valid during the call that it is passed to,
// apart from Stream and Labels, which must not be changed.
type Entry struct {
	Time   int64 // Unix nanoseconds
	Stream *Stream
	Line   []byte
	// Level is Loki's detected_level, empty where it sent none or "unknown".
	Level string
	// Labels are those of the wanted labels that are not the stream's but come from
	// structured metadata or a parser stage; nil where there are none. Entries share
	// them.
	Labels map[string]string
	// Mark is a number that a store of known lines gives an entry, to find it again by
	// what became of it; 0, as a [Client] leaves it, for none.
	Mark int
}

// A Stream is a log stream: the labels without structured metadata and parsed
// labels, so that the lines of one stream meet again. Parts of one read may have a
// Stream each for the same stream; Key is equal then.
type Stream struct {
	Labels map[string]string
	// Key is the canonical rendering of the labels, ordered by name.
	Key string
}

// NewStream returns the stream with these labels, which must not be changed any more.
func NewStream(labels map[string]string) *Stream {
	return &Stream{Labels: labels, Key: renderLabels(labels)}
}

func renderLabels(labels map[string]string) string {
	names := make([]string, 0, len(labels))
	for n := range labels {
		names = append(names, n)
	}
	slices.Sort(names)
	var b strings.Builder
	b.WriteByte('{')
	for i, n := range names {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(n)
		b.WriteByte('=')
		b.WriteString(strconv.Quote(labels[n]))
	}
	b.WriteByte('}')
	return b.String()
}

// levelLabel is the name under which Loki attaches the level that it detected.
const levelLabel = "detected_level"

// knownLevel numbers the levels that Loki detects, so that an entry holds a byte
// and no level is allocated; levelName is its inverse. ok is false for other texts,
// which a client can send as structured metadata.
func knownLevel(v []byte) (level uint8, ok bool) {
	switch string(v) {
	case "", "unknown":
		return 0, true
	case "trace":
		return 1, true
	case "debug":
		return 2, true
	case "info":
		return 3, true
	case "warn":
		return 4, true
	case "error":
		return 5, true
	case "critical":
		return 6, true
	case "fatal":
		return 7, true
	}
	return 0, false
}

// knownLevels is how many levels knownLevel tells apart.
const knownLevels = 8

func levelName(level uint8) string {
	return [knownLevels]string{"", "trace", "debug", "info", "warn", "error", "critical", "fatal"}[level]
}

// labelSets keeps each combination of wanted labels once and gives it a number; 0
// is the empty one.
type labelSets struct {
	names []string
	// values are those of the entry under way, by the index of their name.
	values [][]byte
	has    []bool
	any    bool
	key    []byte
	index  map[string]uint32
	sets   []map[string]string
	// otherLevels are the levels beyond the known ones, numbered from knownLevels.
	otherLevels []string
}

// maxLabelSets bounds what is kept from page to page: labels such as a trace id
// have a value per line.
const maxLabelSets = 4096

func newLabelSets(names []string) labelSets {
	return labelSets{
		names: names, values: make([][]byte, len(names)), has: make([]bool, len(names)),
		index: map[string]uint32{}, sets: make([]map[string]string, 1),
	}
}

// trim forgets the sets where there are many. No entry may hold a number of one.
func (l *labelSets) trim() {
	if len(l.sets) > maxLabelSets {
		clear(l.index)
		clear(l.sets)
		l.sets = l.sets[:1]
	}
}

// wanted returns the index of a label to keep, -1 for others.
func (l *labelSets) wanted(name []byte) int {
	for i, n := range l.names {
		if n == string(name) {
			return i
		}
	}
	return -1
}

func (l *labelSets) set(i int, value []byte) {
	l.values[i] = append(l.values[i][:0], value...)
	l.has[i], l.any = true, true
}

// take returns the number of the set that was collected, and begins another.
func (l *labelSets) take() uint32 {
	if !l.any {
		return 0
	}
	l.key = l.key[:0]
	for i, v := range l.values {
		if l.has[i] {
			l.key = append(strconv.AppendInt(append(strconv.AppendInt(l.key, int64(i), 10), ':'), int64(len(v)), 10), ':')
			l.key = append(l.key, v...)
		}
	}
	n, ok := l.index[string(l.key)]
	if !ok {
		labels := map[string]string{}
		for i, v := range l.values {
			if l.has[i] {
				labels[l.names[i]] = string(v)
			}
		}
		n = uint32(len(l.sets)) //nolint:gosec // a page and what trim leaves are far fewer
		l.sets = append(l.sets, labels)
		l.index[string(l.key)] = n
	}
	l.forget()
	return n
}

// forget drops the values that were collected.
func (l *labelSets) forget() {
	if l.any {
		clear(l.has)
		l.any = false
	}
}

// level returns the number of a level. Beyond 255 different ones there is none.
func (l *labelSets) level(v []byte) uint8 {
	if level, ok := knownLevel(v); ok {
		return level
	}
	i := slices.IndexFunc(l.otherLevels, func(s string) bool { return s == string(v) })
	if i < 0 {
		if i = len(l.otherLevels); i > 255-knownLevels {
			return 0
		}
		l.otherLevels = append(l.otherLevels, string(v))
	}
	return uint8(knownLevels + i) //nolint:gosec // bounded above
}

func (l *labelSets) levelText(level uint8) string {
	if level < knownLevels {
		return levelName(level)
	}
	return l.otherLevels[level-knownLevels]
}
