package llm

import (
	"context"
	"fmt"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func pool(t *testing.T, n int) (*Pool, map[*Server]*fakeServer) {
	t.Helper()
	fakes := map[*Server]*fakeServer{}
	servers := make([]*Server, n)
	for i := range servers {
		f := newFake(1, callTime)
		servers[i] = f.client(t, Config{URL: fmt.Sprintf("http://llama-%d:8080", i), Slots: 1})
		fakes[servers[i]] = f
	}
	return NewPool(servers...), fakes
}

func TestPoolKeepsPrefixesTogether(t *testing.T) {
	require.Nil(t, NewPool().Pick("x"))
	p, _ := pool(t, 3)
	first := map[string]*Server{}
	share := map[*Server]int{}
	const n = 3000
	for i := range n {
		key := fmt.Sprint("series ", i)
		first[key] = p.Pick(key)
		require.Same(t, first[key], p.Pick(key))
		share[first[key]]++
	}
	for _, s := range p.Servers() {
		require.InDelta(t, n/3, share[s], 4*math.Sqrt(n/3), "no server has much more than its share")
	}
	// Without one server only its own calls move.
	gone := p.Servers()[1]
	smaller := NewPool(p.Servers()[2], p.Servers()[0])
	for key, s := range first {
		if s != gone {
			require.Same(t, s, smaller.Pick(key))
		}
	}
}

func TestPoolAvoidsWhatCannotBeUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, fakes := pool(t, 3)
		home := p.Pick("series")
		fakes[home].set(refuse)
		for range breaksAfter {
			_, _ = home.Chat(t.Context(), asks("x", ClassAlert))
		}
		next := p.Pick("series")
		require.NotSame(t, home, next)
		fakes[next].set(loading)
		_, err := next.Chat(t.Context(), asks("x", ClassAlert))
		require.ErrorIs(t, err, ErrLoading)
		last := p.Pick("series")
		require.NotSame(t, home, last)
		require.NotSame(t, next, last)
		fakes[last].set(loading)
		_, _ = last.Chat(t.Context(), asks("x", ClassAlert))
		require.Same(t, home, p.Pick("series"), "it says why none can be used")
		time.Sleep(minOpen)
		fakes[home].set(nil)
		require.Same(t, home, p.Pick("series"), "its next call probes it")
		_, err = p.Pick("series").Chat(t.Context(), asks("x", ClassAlert))
		require.NoError(t, err)
	})
}

// TestPoolWeighsWaitAgainstPrefix: a call waits for its own server's prefix cache only as
// long as that saves.
func TestPoolWeighsWaitAgainstPrefix(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := pool(t, 2)
		home := p.Pick("series")
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		occupy := func(s *Server) {
			go func() { _, _ = s.Chat(ctx, asks("x", ClassInteractive)) }()
			synctest.Wait()
		}
		for _, s := range p.Servers() {
			s.meter = meter{speed: Speed{Prompt: 100, Answer: 10, AnswerTokens: 10, Call: callTime}, fresh: 100, cached: 1200, at: time.Now()}
		}
		occupy(home)
		require.Same(t, home, p.Pick("series"), "10 s of waiting against 12 s of computing the prefix again")
		occupy(home)
		other := p.Pick("series")
		require.NotSame(t, home, other, "20 s against 12")
		occupy(other)
		require.Same(t, home, p.Pick("series"), "20 s, but 10 elsewhere")
		for _, s := range p.Servers() {
			s.meter.cached = 0
		}
		require.Same(t, other, p.Pick("series"), "nothing is saved")
	})
}
