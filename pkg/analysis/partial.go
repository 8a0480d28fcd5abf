package analysis

import (
	"slices"
	"sync"
)

// A partial tells of an answer while it is made. The groups are judged by several
// goroutines, so it keeps copies of those that are known.
type partial struct {
	tell func(*Result)

	mu     sync.Mutex
	at     map[*Group]int
	result Result
}

// newPartial tells of the answer as it is now; without tell it does nothing.
func newPartial(res *Result, tell func(*Result)) *partial {
	p := &partial{tell: tell, at: map[*Group]int{}}
	if tell == nil {
		return p
	}
	p.result = *res
	p.result.Groups = slices.Clone(res.Groups)
	p.result.Cost = Cost{Lines: res.Cost.Lines, LokiRequests: res.Cost.LokiRequests, Patterns: res.Cost.Patterns}
	for i := range res.Groups {
		p.at[&res.Groups[i]] = i
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.say()
	return p
}

// update tells of a group that will not change any more.
func (p *partial) update(g *Group) {
	if p.tell == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.result.Groups[p.at[g]] = *g
	p.say()
}

// early returns what is to be told of a group that will still change; nil where nobody
// listens.
func (p *partial) early(g *Group) func(*Group) {
	if p.tell == nil {
		return nil
	}
	return func(shown *Group) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.result.Groups[p.at[g]] = *shown
		p.say()
	}
}

// say gives a copy away. The caller holds p.mu.
func (p *partial) say() {
	out := p.result
	out.Groups = slices.Clone(p.result.Groups)
	out.Notices = slices.Clone(p.result.Notices)
	collectNotices(&out)
	p.tell(&out)
}
