package llm

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func waits(org string, c Class) *waiter {
	return &waiter{org: org, class: func() Class { return c }, startBy: epoch.Add(time.Hour)}
}

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// served empties a queue with one slot and returns the organisations and classes in order.
func served(q *queue) []string {
	var out []string
	for w := q.start(epoch); w != nil; w = q.start(epoch) {
		out = append(out, w.org+" "+w.as.String())
		q.finish(w)
	}
	return out
}

func TestQueueServesByClassThenInTurn(t *testing.T) {
	q := &queue{limit: 10}
	for _, w := range []*waiter{
		waits("a", ClassBackground), waits("a", ClassInteractive), waits("a", ClassInteractive), waits("a", ClassInteractive),
		waits("b", ClassInteractive), waits("b", ClassInteractive), waits("c", ClassAlert),
	} {
		_, ok := q.add(w)
		require.True(t, ok)
	}
	require.Equal(t, []string{
		"c alert", "a interactive", "b interactive", "a interactive", "b interactive", "a interactive", "a background",
	}, served(q))

	// Who was served last is last in the next round too, though it came first.
	q.add(waits("a", ClassInteractive))
	q.add(waits("b", ClassInteractive))
	require.Equal(t, []string{"b interactive", "a interactive"}, served(q))
}

func TestQueueAsksForTheClassAgain(t *testing.T) {
	q := &queue{limit: 10}
	now := ClassBackground
	joined := waits("a", 0)
	joined.class = func() Class { return now }
	q.add(joined)
	q.add(waits("b", ClassInteractive))
	require.Same(t, joined, q.order()[1])
	now = ClassAlert
	require.Same(t, joined, q.order()[0])
	now = Class(7)
	require.Equal(t, []string{"b interactive", "a background"}, served(q), "what is no class is the least urgent")
}

func TestFullQueue(t *testing.T) {
	q := &queue{limit: 3}
	old, young := waits("a", ClassBackground), waits("a", ClassBackground)
	person := waits("a", ClassInteractive)
	for _, w := range []*waiter{old, young, person} {
		q.add(w)
	}
	_, ok := q.add(waits("a", ClassBackground))
	require.False(t, ok, "no more urgent than the others")
	alert := waits("b", ClassAlert)
	displaced, ok := q.add(alert)
	require.True(t, ok)
	require.Same(t, young, displaced, "the newest of the least urgent")
	displaced, ok = q.add(waits("b", ClassAlert))
	require.True(t, ok)
	require.Same(t, old, displaced)
	displaced, ok = q.add(waits("b", ClassAlert))
	require.True(t, ok)
	require.Same(t, person, displaced)
	_, ok = q.add(waits("b", ClassAlert))
	require.False(t, ok)

	last := q.waiting[2]
	displaced, ok = q.add(waits("c", ClassAlert))
	require.True(t, ok, "an organisation that fills the queue gives way")
	require.Same(t, last, displaced)
	_, ok = q.add(waits("c", ClassAlert))
	require.False(t, ok, "but not where that would only turn the tables")
}

func TestQueueEstimates(t *testing.T) {
	takes := func(tokens int) time.Duration { return 10*time.Second + time.Duration(tokens)*time.Second }
	q := &queue{limit: 10}
	for range 2 {
		q.add(waits("a", ClassInteractive))
		q.start(epoch)
	}
	now := epoch.Add(4 * time.Second)
	long, short, last := waits("a", ClassInteractive), waits("a", ClassInteractive), waits("a", ClassInteractive)
	long.tokens = 20
	for _, w := range []*waiter{long, short, last} {
		q.add(w)
	}
	require.Empty(t, q.assess(now, 2, takes))
	require.Equal(t, Position{Ahead: 0, Wait: 6 * time.Second}, long.pos)
	require.Equal(t, Position{Ahead: 1, Wait: 6 * time.Second}, short.pos)
	require.Equal(t, Position{Ahead: 2, Wait: 16 * time.Second}, last.pos, "behind the short one")
	require.Equal(t, 26*time.Second, q.wait(now, 2, takes))

	// The answer to the short one would come in 16 s, that to the last in 26 s.
	short.answerBy, last.answerBy = now.Add(16*time.Second), now.Add(25*time.Second)
	require.Equal(t, []*waiter{last}, q.assess(now, 2, takes))
	require.Equal(t, []*waiter{long, short}, q.waiting)
	require.Equal(t, []*waiter{short}, q.assess(now.Add(time.Second), 1, takes))

	q.foreign = 1
	require.Equal(t, 5*time.Second, q.free(now, 3, takes)[2], "half a call of somebody else")
	require.Equal(t, time.Second, q.free(now.Add(time.Hour), 3, takes)[0], "an overrun call is expected to end soon")
}

// TestQueueProperties checks the rules after each of many random changes.
func TestQueueProperties(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		const slots, limit = 2, 8
		q := &queue{limit: limit}
		inside, now := 0, epoch
		for range 300 {
			now = now.Add(time.Duration(r.IntN(3)) * time.Second)
			switch r.IntN(4) {
			case 0, 1:
				w := waits(fmt.Sprint(r.IntN(3)), Class(r.IntN(3)))
				w.answerBy = now.Add(time.Duration(r.IntN(60)) * time.Second)
				full := len(q.waiting) == limit
				displaced, ok := q.add(w)
				if ok {
					inside++
				}
				if displaced != nil {
					inside--
					require.GreaterOrEqual(t, displaced.as, w.class(), "nobody gives way to a less urgent one")
				}
				require.Equal(t, full && ok, displaced != nil)
			case 2:
				if len(q.waiting) > 0 && r.IntN(2) == 0 {
					require.True(t, q.remove(q.waiting[r.IntN(len(q.waiting))]))
					inside--
				}
			case 3:
				if len(q.running) > 0 {
					q.finish(q.running[r.IntN(len(q.running))])
					inside--
				}
			}
			for len(q.running) < slots && len(q.waiting) > 0 {
				expected, rest := q.order()[0], slices.Clone(q.waiting)
				w := q.start(now)
				require.Same(t, expected, w, "the order that positions are told from is the real one")
				for _, other := range rest {
					require.LessOrEqual(t, w.as, other.as, "the most urgent is served")
					if other.org == w.org && other.as == w.as {
						require.LessOrEqual(t, w.seq, other.seq, "in order of arrival within an organisation")
					}
				}
			}
			hopeless := q.assess(now, slots, func(int) time.Duration { return 5 * time.Second })
			inside -= len(hopeless)
			require.LessOrEqual(t, len(q.waiting), limit)
			require.LessOrEqual(t, len(q.running), slots)
			require.Equal(t, inside, len(q.waiting)+len(q.running), "none is lost")
			for i, w := range q.order() {
				require.Equal(t, i, w.pos.Ahead)
				require.False(t, now.Add(w.pos.Wait+5*time.Second).After(w.answerBy), "who stays can be served in time")
			}
		}
	}
}

// TestQueueIsFair: whoever has a backlog, another organisation waits for one call of
// each other organisation at most.
func TestQueueIsFair(t *testing.T) {
	q := &queue{limit: 64}
	for range 20 {
		q.add(waits("big", ClassInteractive))
	}
	got := map[string]int{}
	for range 30 {
		for _, org := range []string{"b", "c"} {
			if !slices.ContainsFunc(q.waiting, func(w *waiter) bool { return w.org == org }) {
				q.add(waits(org, ClassInteractive))
			}
		}
		w := q.start(epoch)
		got[w.org]++
		q.finish(w)
	}
	require.Equal(t, map[string]int{"big": 10, "b": 10, "c": 10}, got)
}

func TestQueueForgetsOrganisations(t *testing.T) {
	q := &queue{limit: 4}
	for i := range 3 * maxTurns {
		q.add(waits(fmt.Sprint(i), ClassAlert))
		q.finish(q.start(epoch))
	}
	require.Len(t, q.turns[ClassAlert], maxTurns)
	require.Contains(t, q.turns[ClassAlert], fmt.Sprint(3*maxTurns-1))
}
