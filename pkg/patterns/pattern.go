package patterns

import (
	"slices"
	"strings"
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
	// JSON says that lines of it are JSON objects, which the template shows as
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
		if p.Worst() > q.Worst() || (q.Count == 0 && p.Count > 0) {
			q.Sample, q.SampleTime, q.SampleStream = p.Sample, p.SampleTime, p.SampleStream
		}
		if q.Count == 0 && p.Count > 0 {
			q.First, q.Last = p.First, p.Last
		} else if p.Count > 0 || q.Count == 0 {
			q.First, q.Last = min(q.First, p.First), max(q.Last, p.Last)
		}
		q.JSON = q.JSON || p.JSON
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

// Worst returns the most severe level of the pattern's lines, which is the level
// of its Sample.
func (p *Pattern) Worst() Level {
	for l := levelCount - 1; l > 0; l-- {
		if p.Levels[l] > 0 {
			return l
		}
	}
	return LevelUnknown
}
