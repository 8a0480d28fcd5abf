package patterns

// TrendBuckets is the number of equal parts of the window in Pattern.Trend.
const TrendBuckets = 24

// A Pattern is a group of lines that the same statement printed.
type Pattern struct {
	// Template is the line with placeholders for what varies. It is valid UTF-8
	// without control characters.
	Template string
	// Count is the number of events in the window: lines, of which those that
	// continue another, as in a stack trace, count with it. Where the window was
	// sampled it is an estimate. 0 where only the baseline has the pattern.
	Count int
	// Read is how many events were read, which Count was estimated from.
	Read int
	// Levels counts the events by level, indexed by [Level].
	Levels [levelCount]int
	// First and Last are Unix nanoseconds of the earliest and the latest line.
	First, Last int64
	// Sample is a line of the pattern at its most severe level, cut to 1 KiB, as it
	// came: unmasked. SampleTime and SampleStream say where from. Where windows
	// overlap it may be older than this one.
	Sample       string
	SampleTime   int64
	SampleStream int
	// Variable tells which value the most telling wildcard takes how often, as in
	// "orders 80%, carts 12%"; empty where no wildcard has one that stands out.
	Variable string
	// Trend counts the events in equal parts of the window, oldest first.
	Trend [TrendBuckets]int
	// Slots are the indexes of the window's tallies that it occurs in, ascending.
	Slots []int
	// Streams are up to eight stream numbers that the lines came from, ascending.
	Streams []int
	// Marks are those of the lines that it took, of the window and of the baseline,
	// ascending.
	Marks []int
	// JSON says that lines of it are JSON objects, which the template shows as
	// key=value pairs.
	JSON bool
	// head is the template of the first line of a pattern of several lines.
	head string
	// BaselineCount is the number of events in the baseline. They count in no other
	// field, except that First, Last and Streams describe them while Count is 0.
	BaselineCount int
	// BaselineRead is how many events of the baseline were read.
	BaselineRead int
	// Change is what became of the pattern since the baseline; set by [Compare].
	Change Change
}

// Level returns the most frequent level of the pattern's events that state one,
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
