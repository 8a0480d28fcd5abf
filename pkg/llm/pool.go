package llm

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"time"
)

// Load is how much a server has to do.
type Load struct {
	// Waiting is how many calls wait for a slot, by [Class].
	Waiting [classes]int
	// Running is how many of this process's calls run, Slots how many may.
	Running, Slots int
	State          State
	// Wait is how long one more call would wait if all that wait now went first; 0 where
	// that is not known.
	Wait time.Duration
}

// Load returns what the server has to do now. It asks nothing.
func (s *Server) Load() Load {
	now := s.cfg.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	l := Load{Running: len(s.queue.running), Slots: s.slots(), State: s.breaker.state(now)}
	l.Wait = s.queue.wait(now, l.Slots, func(tokens int) time.Duration { return s.meter.takes(tokens, now) })
	for _, w := range s.queue.waiting { // in the order that wait just asked for
		l.Waiting[w.as]++
	}
	return l
}

// A Pool is one or more servers that serve the same model.
type Pool struct{ servers []*Server }

// NewPool returns a pool of these servers.
func NewPool(servers ...*Server) *Pool { return &Pool{servers: slices.Clone(servers)} }

// Servers returns the servers of the pool.
func (p *Pool) Servers() []*Server { return slices.Clone(p.servers) }

const (
	// unknownCall is how long a call is assumed to take on a server that was not measured.
	unknownCall = 15 * time.Second
	// unknownPrefix is what a prefix in the cache is assumed to save where that was not
	// measured: a dictionary of 1,000 tokens on a desktop CPU.
	unknownPrefix = 10 * time.Second
)

// Pick returns the server for a call; nil where the pool has none. Calls of one affinity
// (whose prompts begin alike) go to one server, as long as it can be used, because it has
// the beginning in its prefix cache. A call goes to the server with the shortest wait
// instead where it would wait longer by more than the cache saves: what the server's
// cached tokens would take to compute, as its last calls had them, or 10 s as long as that
// is not known. All processes pick alike. Where no server can be used, the one that
// would be picked otherwise says why.
func (p *Pool) Pick(affinity string) *Server {
	if len(p.servers) == 0 {
		return nil
	}
	ranked := p.rank(affinity)
	usable := slices.DeleteFunc(slices.Clone(ranked), func(s *Server) bool { return !s.usable() })
	if len(usable) == 0 {
		return ranked[0]
	}
	home := usable[0]
	wait, saves := home.expects()
	best, shortest := home, wait
	for _, s := range usable[1:] {
		if w, _ := s.expects(); w < shortest {
			best, shortest = s, w
		}
	}
	if wait-shortest > saves {
		return best
	}
	return home
}

// rank orders the servers by rendezvous hashing: when one fails, only its own calls move.
func (p *Pool) rank(affinity string) []*Server {
	weight := make(map[*Server]uint64, len(p.servers))
	for _, s := range p.servers {
		sum := sha256.Sum256([]byte(affinity + "\x00" + s.base.String()))
		weight[s] = binary.BigEndian.Uint64(sum[:])
	}
	out := slices.Clone(p.servers)
	slices.SortStableFunc(out, func(a, b *Server) int { return cmp.Compare(weight[b], weight[a]) })
	return out
}

// usable reports whether a call may be sent, as far as is known. An open breaker whose
// time is over counts: the call will probe it.
func (s *Server) usable() bool {
	now := s.cfg.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	state := s.breaker.state(now)
	return state == StateReady || state == StateProbe
}

// expects returns how long a call would wait, and what the prefix cache would save it.
func (s *Server) expects() (wait, saves time.Duration) {
	now := s.cfg.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	takes := func(tokens int) time.Duration { return cmp.Or(s.meter.takes(tokens, now), unknownCall) }
	saves = unknownPrefix
	if s.meter.speed.Prompt > 0 {
		saves = s.meter.prefix()
	}
	return s.queue.wait(now, s.slots(), takes), saves
}
