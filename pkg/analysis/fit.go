package analysis

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/lokalyst/lokalyst/pkg/llm"
)

// bytesPerToken is a cautious estimate for servers that cannot count: logs have
// 2.6 bytes a token in Llama 3's vocabulary, not the 4 of prose.
const bytesPerToken = 2.2

// fallbackContext is assumed where a server does not tell its context.
const fallbackContext = 4096

// left is how long a call may take.
func (e *Engine) left(ctx context.Context, q question) time.Duration {
	if deadline, ok := ctx.Deadline(); ok && q.Wait == 0 { // a bounded wait ends before the call does
		return min(maxCall, deadline.Sub(e.Now()))
	}
	return maxCall
}

// within is how long an answer is of use: to an alert as long as a verdict counts, to
// others until their deadline. Without one it is 0: as long as anybody waits, which they
// end themselves.
func (e *Engine) within(ctx context.Context, q question) time.Duration {
	if q.Alert {
		return max(q.MaxAge, time.Minute)
	}
	if deadline, ok := ctx.Deadline(); ok {
		return max(deadline.Sub(e.Now()), time.Nanosecond)
	}
	return 0
}

// hurry tells in steps how many tokens a prompt may have, where that is less than the
// layout probably has: who has more time is not served an answer to less.
func (l *layout) hurry(holds int) string {
	if holds == 0 {
		return ""
	}
	size := 0
	for _, m := range l.messages() {
		size += len(m.Content)
	}
	if float64(holds) > float64(size)/bytesPerToken {
		return ""
	}
	return sizeName(sizeOf(max(1, holds)))
}

// bounds are what a call must keep to: the tokens of a slot and of the answer, and the
// time left.
type bounds struct {
	context, answer int
	left            time.Duration
}

// fit drops the patterns of the lowest rank until prompt and answer fit into the
// server's context, and until the server can be expected to answer in the time left: a
// call that cannot finish is not started. tokens is the size of the prompt.
func fit(ctx context.Context, m Model, l layout, b bounds) (fitted layout, tokens int, err error) {
	size := b.context
	if size <= 0 {
		size = fallbackContext
	}
	speed := m.Speed()
	for {
		messages := l.messages()
		n, ok, err := m.CountTokens(ctx, messages)
		if err != nil {
			return l, 0, err
		}
		if !ok {
			n = 0
			for _, m := range messages {
				n += int(math.Ceil(float64(len(m.Content))/bytesPerToken)) + 8
			}
		}
		over, slow := n+b.answer-size, false
		if holds := speed.Holds(b.left); holds != 0 && n-holds > over {
			over, slow = n-holds, true
		}
		if over <= 0 {
			return l, n, nil
		}
		if len(l.dictionary) > len(l.entries) {
			l = l.without(0) // what the window does not show goes first
			continue
		}
		switch {
		case len(l.entries) > 1:
		case slow:
			return l, 0, &tooSlowError{takes: speed.Takes(n), left: b.left}
		default:
			return l, 0, &llm.Error{Kind: llm.ErrTooLong, PromptTokens: n + b.answer, Context: size}
		}
		// Entries differ in length, so a share is dropped at a time.
		share := float64(over) / float64(n)
		drop := min(max(1, int(share*float64(len(l.entries)))), len(l.entries)-1)
		l = l.without(drop)
	}
}

// tooSlowError says that the model server would not answer in time.
type tooSlowError struct{ takes, left time.Duration }

func (e *tooSlowError) Error() string {
	return fmt.Sprintf("the model server, as fast as it was last, needs about %s for even the shortest question, and %s are left. Give the query more time, or the server more cores",
		humanDuration(e.takes), humanDuration(max(0, e.left)))
}

// without returns the layout less its n entries of the lowest rank and less what the
// dictionary defines beside its entries.
func (l layout) without(n int) layout {
	order := slices.Clone(l.entries)
	slices.SortStableFunc(order, func(a, b entry) int { return b.rank - a.rank })
	gone := map[string]bool{}
	for _, e := range order[:n] {
		gone[e.id] = true
	}
	l.entries = slices.DeleteFunc(slices.Clone(l.entries), func(e entry) bool { return gone[e.id] })
	l.dictionary = make([]definition, len(l.entries))
	for i, e := range l.entries {
		l.dictionary[i] = e.definition
	}
	l.omitted.n += n
	return l
}

func (l *layout) texts(ids []string) []string {
	out := make([]string, 0, len(ids))
	for _, id := range ids {
		for _, e := range l.entries {
			if e.id == id {
				out = append(out, e.identity())
			}
		}
	}
	return out
}
