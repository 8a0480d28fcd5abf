package analysis

import (
	"context"
	"hash/maphash"
	"maps"
	"slices"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/patterns"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// Bounds of a [Memory].
const (
	// maxReadings is how many queries are remembered.
	maxReadings = 128
	// maxMemory is about how many bytes they may take together.
	maxMemory = 48 << 20
	// maxReadingSlots is how many slots of one query are kept: those of a window, of
	// its baseline, and of a few more baselines.
	maxReadingSlots = 6 * maxSlots
	// maxReadingShapes is how many distinct lines one query may have shown before what
	// is known of it is dropped and read again.
	maxReadingShapes = 1 << 16
	// maxReadingStreams is the same for its streams: names of pods come and go, and of
	// more streams stack traces are not joined.
	maxReadingStreams = 1 << 12
)

// A Memory remembers what the slots of each query hold, as counts of patterns, so
// that a later query reads only what is new. It is owned by the process, bounded in
// size, and safe for concurrent use. What one owner read is served to no other.
type Memory struct {
	mu       sync.Mutex
	readings *lru.Cache[verdict.Key, *reading]
	judged   *lru.Cache[verdict.Key, *judgements]
	own      *lru.Cache[verdict.Key, exclusion]
	epochs   *lru.Cache[verdict.Key, *epoch]
}

// NewMemory returns an empty memory.
func NewMemory() *Memory {
	return &Memory{
		readings: newLRU[*reading](maxReadings),
		judged:   newLRU[*judgements](4 * maxReadings),
		own:      newLRU[exclusion](4 * maxReadings),
		epochs:   newLRU[*epoch](4 * maxReadings),
	}
}

func newLRU[V any](size int) *lru.Cache[verdict.Key, V] {
	c, err := lru.New[verdict.Key, V](size)
	if err != nil { // only a size below one is refused
		panic(err)
	}
	return c
}

// A reading is what is known of one query. Whoever holds its turn may use it.
type reading struct {
	turn  chan struct{}
	width time.Duration

	seed  maphash.Seed
	book  *patterns.Book
	slots map[int64]*slot // by end

	mu      sync.Mutex // guards what several parts of one read extend
	groups  []readGroup
	byGroup map[string]int
	streams []map[string]string
	byName  map[string]int

	// counted are the last counts, the newest first.
	counted []counted
	size    int // guarded by the memory
}

type readGroup struct{ values []string }

// A slot is what was read of one slot of time.
type slot struct {
	total int64 // the exact number of lines when it was read
	read  int64
	// whole says that every line was read, novel that every line was which does not
	// look like a frequent pattern, so that nothing rare is missing.
	whole, novel bool
	// baseline says that it was sampled as a baseline is.
	baseline bool
	tallies  []groupTally
	used     time.Time
	// recent tells which lines were read while more may arrive; nil later.
	recent *recent
}

type groupTally struct {
	group int
	tally *patterns.Tally
}

// counted is what a window was counted to hold.
type counted struct {
	asked     loki.Window
	at        time.Time
	counts    []slotCount
	levelless bool
}

// reading returns what is known of a query, and waits until nobody else uses it, but no
// longer than patience if that is not 0: then it returns one that knows nothing and is
// forgotten, because an alert cannot wait for what a slow panel reads. The caller must
// give it back with done.
func (m *Memory) reading(ctx context.Context, key verdict.Key, width, patience time.Duration, config patterns.Config) (*reading, error) {
	m.mu.Lock()
	r, ok := m.readings.Get(key)
	if !ok {
		r = newReading(width, config)
		m.readings.Add(key, r)
	}
	m.mu.Unlock()
	var impatient <-chan time.Time
	if patience > 0 {
		timer := time.NewTimer(patience)
		defer timer.Stop()
		impatient = timer.C
	}
	select {
	case r.turn <- struct{}{}:
	case <-impatient:
		r = newReading(width, config)
		r.turn <- struct{}{}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if r.book.Shapes() > maxReadingShapes || len(r.streams) >= maxReadingStreams || len(r.groups) >= maxKnownGroups {
		r.forget(config)
	}
	return r, nil
}

func (m *Memory) exclusion(key verdict.Key) (exclusion, bool) { return m.own.Get(key) }

func (m *Memory) excluded(key verdict.Key, x exclusion) { m.own.Add(key, x) }

func newReading(width time.Duration, config patterns.Config) *reading {
	r := &reading{turn: make(chan struct{}, 1), width: width}
	r.forget(config)
	return r
}

// forget drops everything that is known.
func (r *reading) forget(config patterns.Config) {
	r.book, r.seed = patterns.NewBook(config), maphash.MakeSeed()
	r.slots, r.byGroup, r.byName = map[int64]*slot{}, map[string]int{}, map[string]int{}
	r.groups, r.streams, r.counted = nil, nil, nil
}

// done ends the use of a reading and keeps the memory in its bounds.
func (m *Memory) done(r *reading, now time.Time) {
	r.settle(now)
	r.trim(maxReadingSlots)
	size := r.bytes()
	for ; size > maxMemory && len(r.slots) > 0; size = r.bytes() {
		r.trim(len(r.slots) / 2)
	}
	<-r.turn
	m.mu.Lock()
	defer m.mu.Unlock()
	r.size = size
	sum := 0
	for _, x := range m.readings.Values() {
		sum += x.size
	}
	for sum > maxMemory && m.readings.Len() > 1 {
		if _, x, ok := m.readings.RemoveOldest(); ok {
			sum -= x.size
		}
	}
}

// trim drops the slots that were not used for longest.
func (r *reading) trim(keep int) {
	n := len(r.slots) - keep
	if n <= 0 {
		return
	}
	ends := slices.SortedFunc(maps.Keys(r.slots), func(a, b int64) int { return r.slots[a].used.Compare(r.slots[b].used) })
	for _, end := range ends[:n] {
		delete(r.slots, end)
	}
}

// bytes estimates what the reading takes.
func (r *reading) bytes() int {
	const stream = 300
	n := r.book.Bytes() + len(r.streams)*stream
	for _, s := range r.slots {
		n += s.recent.bytes()
		for _, t := range s.tallies {
			n += t.tally.Bytes()
		}
	}
	return n
}

// tallies returns those of a window by group; nil where a slot is not known.
func (r *reading) tallies(w loki.Window, used time.Time) map[int][]*patterns.Tally {
	out := map[int][]*patterns.Tally{}
	r.each(w, func(s *slot) {
		s.used = used
		for _, t := range s.tallies {
			out[t.group] = append(out[t.group], t.tally)
		}
	})
	return out
}

// each calls f for the known slots of a window in the order of time.
func (r *reading) each(w loki.Window, f func(*slot)) {
	for end := w.Start.UnixNano() + r.width.Nanoseconds(); end <= w.End.UnixNano(); end += r.width.Nanoseconds() {
		if s, ok := r.slots[end]; ok {
			f(s)
		}
	}
}

// judgementSpan is the grain in which it is remembered what was suspicious.
const judgementSpan = 10 * time.Minute

// judgements remembers which times of a query were judged suspicious or worse.
type judgements struct {
	mu    sync.Mutex
	spans map[int64]verdict.Severity // by start
}

// maxJudged bounds the spans: a month of them.
const maxJudged = 31 * 24 * 6

func (m *Memory) judgements(key verdict.Key) *judgements {
	m.mu.Lock()
	defer m.mu.Unlock()
	j, ok := m.judged.Get(key)
	if !ok {
		j = &judgements{spans: map[int64]verdict.Severity{}}
		m.judged.Add(key, j)
	}
	return j
}

// add remembers the severity of a window; the worst counts.
func (j *judgements) add(w loki.Window, s verdict.Severity) {
	if s <= verdict.Healthy {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	from := max(w.Start.UnixNano(), w.End.UnixNano()-maxJudged*int64(judgementSpan))
	for at := floor(from, int64(judgementSpan)); at < w.End.UnixNano(); at += int64(judgementSpan) {
		j.spans[at] = max(j.spans[at], s)
	}
	if n := len(j.spans) - maxJudged; n > 0 {
		for _, at := range slices.Sorted(maps.Keys(j.spans))[:n] {
			delete(j.spans, at)
		}
	}
}

// worst returns the worst severity that was judged in a window.
func (j *judgements) worst(w loki.Window) verdict.Severity {
	j.mu.Lock()
	defer j.mu.Unlock()
	worst := verdict.Healthy
	for at, s := range j.spans {
		if at+int64(judgementSpan) > w.Start.UnixNano() && at < w.End.UnixNano() {
			worst = max(worst, s)
		}
	}
	return worst
}
