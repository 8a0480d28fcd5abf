package llm

import (
	"cmp"
	"slices"
	"time"
)

// Class is how urgent a call is. The zero value is the most urgent.
type Class int

// The classes, the most urgent first. A call of one class never waits for a call of a
// less urgent one that has not begun.
const (
	ClassAlert       Class = iota // an alert rule waits for the answer
	ClassInteractive              // a person waits for it
	ClassBackground               // nobody waits for it
	classes
)

// String returns the name that metrics and messages use.
func (c Class) String() string {
	switch c {
	case ClassAlert:
		return "alert"
	case ClassInteractive:
		return "interactive"
	default:
		return "background"
	}
}

// A Position is where a call stands in a queue.
type Position struct {
	// Ahead is how many waiting calls will be served before it.
	Ahead int
	// Wait is how long it is expected to wait for its slot, 0 where that is not known.
	Wait time.Duration
	// Others says that the server was working for others when it was asked last.
	Others bool
}

// A waiter is a call in a queue, or one that a queue has started.
type waiter struct {
	class  func() Class
	org    string
	tokens int // of the prompt, 0 where that is not known
	// startBy is when it must have its slot, answerBy when its answer must be there; the
	// latter is zero where there is no such time.
	startBy, answerBy time.Time

	// The queue sets these.
	seq     uint64
	as      Class     // what class said last
	started time.Time // of its call
	pos     Position
	work    time.Duration // how long its call is expected to take, 0 where that is not known

	done      chan error    // gets one value: nil with a slot, else why there is none
	moved     chan struct{} // says that its place changed
	signalled place         // what moved was last used for
}

// place is what a waiting call goes by.
type place struct {
	pos    Position
	latest time.Time
}

// latest is when w must have its slot to be of use.
func (w *waiter) latest() time.Time {
	if w.answerBy.IsZero() {
		return w.startBy
	}
	if t := w.answerBy.Add(-w.work); t.Before(w.startBy) {
		return t
	}
	return w.startBy
}

// A queue decides which call is served next: strictly by class, in turn between the
// organisations of a class, and in order of arrival within an organisation. It holds no
// lock, reads no clock and starts nothing.
type queue struct {
	limit   int // of waiting
	waiting []*waiter
	running []*waiter
	// foreign is how many calls of others the server was running when it was asked last.
	foreign int

	seq  uint64
	turn uint64
	// turns is when an organisation had its last turn within a class.
	turns [classes]map[string]uint64
}

// maxTurns bounds the organisations that are remembered in a class. One that is
// forgotten had its turn longest ago, so it is the next anyway.
const maxTurns = 256

// refresh asks each waiting call how urgent it is by now.
func (q *queue) refresh() {
	for _, w := range q.waiting {
		w.as = min(max(w.class(), ClassAlert), ClassBackground)
	}
}

// order returns the waiting calls as they will be served if no other comes.
func (q *queue) order() []*waiter {
	q.refresh()
	out := make([]*waiter, 0, len(q.waiting))
	for c := range classes {
		lines := map[string][]*waiter{} // by organisation, in order of arrival
		for _, w := range q.waiting {
			if w.as == c {
				lines[w.org] = append(lines[w.org], w)
			}
		}
		out = append(out, interleave(lines, q.turns[c])...)
	}
	return out
}

// interleave takes one call of each organisation after the other, beginning with the
// one whose turn is longest ago.
func interleave(lines map[string][]*waiter, turns map[string]uint64) []*waiter {
	orgs := make([]string, 0, len(lines))
	for org := range lines {
		orgs = append(orgs, org)
	}
	slices.SortFunc(orgs, func(a, b string) int {
		return cmp.Or(cmp.Compare(turns[a], turns[b]), cmp.Compare(lines[a][0].seq, lines[b][0].seq))
	})
	var out []*waiter
	for round := 0; ; round++ {
		before := len(out)
		for _, org := range orgs {
			if round < len(lines[org]) {
				out = append(out, lines[org][round])
			}
		}
		if len(out) == before {
			return out
		}
	}
}

// add puts w into the queue. Where the queue is full, it takes the place of displaced;
// ok is false where there is no call that has to give way to it.
func (q *queue) add(w *waiter) (displaced *waiter, ok bool) {
	if len(q.waiting) >= q.limit {
		if displaced = q.givesWayTo(w); displaced == nil {
			return nil, false
		}
		q.remove(displaced)
	}
	q.seq++
	w.seq = q.seq
	q.waiting = append(q.waiting, w)
	return displaced, true
}

// givesWayTo returns the newest of the least urgent waiting calls, if that is less
// urgent than w. Among equals, an organisation that fills the queue gives way to one
// with at least two calls less in it, or it would keep the others out.
func (q *queue) givesWayTo(w *waiter) *waiter {
	q.refresh()
	class := min(max(w.class(), ClassAlert), ClassBackground)
	var newest *waiter
	share := map[string]int{}
	for _, other := range q.waiting {
		if newest == nil || other.as >= newest.as {
			newest = other
		}
		if other.as == class {
			share[other.org]++
		}
	}
	if newest == nil || newest.as > class {
		return newest
	}
	if newest.as < class {
		return nil
	}
	most := 0
	newest = nil
	for _, other := range q.waiting {
		if n := share[other.org]; other.as == class && n > share[w.org]+1 && n >= most {
			most, newest = n, other
		}
	}
	return newest
}

// remove takes w out of the queue and reports whether it was there.
func (q *queue) remove(w *waiter) bool {
	i := slices.Index(q.waiting, w)
	if i < 0 {
		return false
	}
	q.waiting = slices.Delete(q.waiting, i, i+1)
	return true
}

// next takes the call to be served next out of the queue; nil where none waits.
func (q *queue) next() *waiter {
	order := q.order()
	if len(order) == 0 {
		return nil
	}
	w := order[0]
	q.remove(w)
	return w
}

// start takes the call to be served next out of the queue and counts it as running.
func (q *queue) start(now time.Time) *waiter {
	w := q.next()
	if w == nil {
		return nil
	}
	if q.turns[w.as] == nil {
		q.turns[w.as] = map[string]uint64{}
	}
	turns := q.turns[w.as]
	q.turn++
	turns[w.org] = q.turn
	if len(turns) > maxTurns {
		oldest := w.org
		for org, turn := range turns {
			if turn < turns[oldest] {
				oldest = org
			}
		}
		delete(turns, oldest)
	}
	w.started = now
	q.running = append(q.running, w)
	return w
}

// finish takes back the slot of a call that start returned.
func (q *queue) finish(w *waiter) {
	if i := slices.Index(q.running, w); i >= 0 {
		q.running = slices.Delete(q.running, i, i+1)
	}
}

// assess computes where each waiting call stands, from how long a call with a prompt of
// so many tokens takes, and takes those out of the queue that cannot be served in time.
func (q *queue) assess(now time.Time, slots int, takes func(tokens int) time.Duration) (hopeless []*waiter) {
	for {
		w := q.reckon(now, slots, takes)
		if w == nil {
			return hopeless
		}
		q.remove(w) // which may change the order of the others
		hopeless = append(hopeless, w)
	}
}

// reckon does so until the first that cannot be served in time, which it returns.
func (q *queue) reckon(now time.Time, slots int, takes func(tokens int) time.Duration) *waiter {
	free := q.free(now, slots, takes)
	for ahead, w := range q.order() {
		slices.Sort(free)
		w.work = takes(w.tokens)
		w.pos = Position{Ahead: ahead, Wait: free[0], Others: q.foreign > 0}
		if now.Add(w.pos.Wait).After(w.latest()) {
			return w
		}
		free[0] += w.work
	}
	return nil
}

// wait is how long a call would wait that is served after all others.
func (q *queue) wait(now time.Time, slots int, takes func(tokens int) time.Duration) time.Duration {
	free := q.free(now, slots, takes)
	for _, w := range q.order() {
		slices.Sort(free)
		free[0] += takes(w.tokens)
	}
	return slices.Min(free)
}

// free returns in how long each slot is expected to be free. Nothing is known of the
// calls of others but that they run, so half a call is assumed; one of its own that has
// overrun its time is expected to end within a tenth of it.
func (q *queue) free(now time.Time, slots int, takes func(tokens int) time.Duration) []time.Duration {
	free := make([]time.Duration, max(1, slots))
	for i := range free {
		switch {
		case i < len(q.running):
			work := takes(q.running[i].tokens)
			free[i] = max(work-now.Sub(q.running[i].started), work/10)
		case i < len(q.running)+q.foreign:
			free[i] = takes(0) / 2
		}
	}
	return free
}
