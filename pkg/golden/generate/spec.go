package generate

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lokalyst/lokalyst/pkg/golden"
)

// A spec says which case to make.
type spec struct {
	family *family
	story  *story
	// level is 0 to 2 for the severities 1 to 3 of the fault, and how loud the twin is.
	level int
	twin  bool
	// noise is how many background lines there are for one line of the story.
	noise    int
	baseline bool
	variant  variant
}

// A variant is what is special about a case; the zero value is plain.
type variant struct {
	// needle is how many background lines hide a single line of evidence.
	needle int
	// injection is a text that talks to the model.
	injection *injection
	// truncated cuts lines as log pipelines do.
	truncated bool
	// empty is a window without lines.
	empty int
}

func (v variant) String() string {
	switch {
	case v.needle > 0:
		return "needle-" + strconv.Itoa(v.needle)
	case v.injection != nil:
		return "injected-" + v.injection.Language
	case v.truncated:
		return "truncated"
	case v.empty > 0:
		return "empty"
	}
	return "plain"
}

func (s spec) group() string { return s.family.ID + "/" + s.story.ID }

func (s spec) arm() string {
	if s.twin {
		return "twin"
	}
	return "fault"
}

// pair names the fault and its twin, which share a scene and a background.
func (s spec) pair() string {
	id := s.group() + "/s" + strconv.Itoa(s.level+1) + "/n" + strconv.Itoa(s.noise)
	if s.baseline {
		id += "b"
	}
	if v := s.variant.String(); v != "plain" {
		id += "/" + v
	}
	return id
}

func (s spec) id() string { return s.pair() + "/" + s.arm() }

func (s spec) tags() []string {
	tags := []string{"synthetic", s.arm(), "noise-" + strconv.Itoa(s.noise)}
	add := func(tag string, ok bool) {
		if ok {
			tags = append(tags, tag)
		}
	}
	add("baseline", s.baseline)
	add("held-out", s.family.HeldOut)
	add("silence", !s.twin && len(s.story.silent(s.level)) > 0)
	add("needle", s.variant.needle > 0)
	if s.variant.needle > 0 {
		tags = append(tags, s.variant.String())
	}
	add("truncated", s.variant.truncated)
	if in := s.variant.injection; in != nil {
		tags = append(tags, "injected")
		add("multilingual", in.Language != "en")
		add("forged", s.twin)
	}
	return tags
}

// A plan lists the cases of a dataset.
type plan struct{ lib *library }

// quotas are the cases that are too large for every story: those with much background. Each
// takes the stories of a split that have the fewest lines at a level.
var quotas = []struct {
	split   golden.Split
	noise   int
	stories [3]int // for each level
}{
	{golden.Dev, 100, [3]int{4, 3, 2}}, {golden.Test, 100, [3]int{6, 5, 4}},
	{golden.Dev, 1000, [3]int{1, 0, 0}}, {golden.Test, 1000, [3]int{1, 1, 1}},
}

// haystacks are how many background lines hide a needle, and how many stories of a split
// have each.
var haystacks = map[golden.Split][]struct{ lines, stories int }{
	golden.Dev:  {{1_000, 3}, {10_000, 1}},
	golden.Test: {{1_000, 3}, {10_000, 2}, {50_000, 1}},
}

// truncatedEvery says that each so-many-th story has truncated cases.
const truncatedEvery = 4

// emptyWindows is how many cases without a line each split has.
const emptyWindows = 3

// all returns the cases of a full dataset, faults and twins in turn.
func (p plan) all() []spec {
	var out []spec
	n := 0
	for _, f := range p.lib.families {
		for _, s := range f.Stories {
			out = append(out, p.story(f, s, n)...)
			n++
		}
	}
	for _, split := range []golden.Split{golden.Dev, golden.Test} {
		out = append(out, p.dense(split)...)
		out = append(out, p.needles(split)...)
		out = append(out, p.empty(split)...)
	}
	return out
}

// story returns the cases that each story has; n is its place among all.
func (p plan) story(f *family, s *story, n int) []spec {
	var out []spec
	pair := func(level, noise int, baseline bool, v variant) {
		out = append(out, pairOf(spec{family: f, story: s, level: level, noise: noise, baseline: baseline, variant: v})...)
	}
	sometimes := func(i int) bool { return s.needsBaseline() || (s.Baseline == baselineOptional && i%2 == 0) }
	for level := range 3 {
		if s.needsBaseline() || len(s.silent(level)) == 0 {
			pair(level, 0, s.needsBaseline(), variant{})
		}
		pair(level, 10, sometimes(level+n), variant{})
	}
	if in := p.lib.injections.choose(s.Split, n); in != nil {
		pair((n+1)%3, 10, s.needsBaseline(), variant{injection: in})
	}
	if n%truncatedEvery == 0 {
		pair((n/truncatedEvery)%3, 10, s.needsBaseline(), variant{truncated: true})
	}
	return out
}

func pairOf(s spec) []spec {
	twin := s
	twin.twin = true
	return []spec{s, twin}
}

func (s *story) needsBaseline() bool { return s.Baseline == baselineRequired || s.asAlways() }

// told is a story with its family and how many lines it has.
type told struct {
	family *family
	story  *story
	lines  float64
}

// stories returns the stories of a split without some, those with the fewest lines at a level
// first.
func (p plan) stories(split golden.Split, level int, without map[*story]bool) []told {
	var out []told
	for _, f := range p.lib.families {
		for _, s := range f.Stories {
			if s.Split != split || without[s] {
				continue
			}
			n := (lines(s.Fault, level) + lines(s.Twin, level)) / 2
			if s.needsBaseline() {
				n *= 2
			}
			out = append(out, told{f, s, n})
		}
	}
	slices.SortStableFunc(out, func(a, b told) int { return cmp.Compare(a.lines, b.lines) })
	return out
}

// dense returns the cases with much background.
func (p plan) dense(split golden.Split) []spec {
	var out []spec
	for _, q := range quotas {
		if q.split != split {
			continue
		}
		used := map[*story]bool{}
		for level := 2; level >= 0; level-- { // the highest has the most lines and so the fewest stories to choose from
			for i, t := range p.stories(split, level, used) {
				if i == q.stories[level] {
					break
				}
				if b := t.story.needsBaseline(); q.noise <= 100 || !b {
					used[t.story] = true
					b = b || (t.story.Baseline == baselineOptional && i%2 == 1 && q.noise <= 100)
					out = append(out, pairOf(spec{family: t.family, story: t.story, level: level, noise: q.noise, baseline: b})...)
				}
			}
		}
	}
	return out
}

// needles returns the cases with a single line of evidence, the largest ones of stories
// without a baseline.
func (p plan) needles(split golden.Split) []spec {
	var fitting []spec
	for _, t := range p.stories(split, 0, nil) {
		if _, level, ok := needle(t.story); ok {
			fitting = append(fitting, spec{family: t.family, story: t.story, level: level, baseline: t.story.needsBaseline()})
		}
	}
	slices.SortStableFunc(fitting, func(a, b spec) int { return btoi(b.baseline) - btoi(a.baseline) })
	var out []spec
	for _, h := range haystacks[split] {
		for range h.stories {
			if len(fitting) == 0 {
				return out
			}
			i := 0
			if h.lines >= 10_000 {
				i = len(fitting) - 1
			}
			s := fitting[i]
			fitting = slices.Delete(fitting, i, i+1)
			s.variant.needle, s.noise = h.lines, h.lines
			out = append(out, pairOf(s)...)
		}
	}
	return out
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// needle returns an act that tells of the fault with a single line, and the level at which it
// does. Only where one level alone has that line once is it clear which severity is right.
func needle(s *story) (a *act, level int, ok bool) {
	for _, a := range s.Fault {
		if a.evidence() != evidenceMust || len(a.Times) != 3 || len(a.say) != 1 || strings.Contains(a.Say, "\n") {
			continue
		}
		found, count := 0, 0
		for l, t := range a.Times {
			if t.low <= 1 && t.high >= 1 {
				found, count = l, count+1
			}
		}
		if count == 1 && a.Times[found].high <= 2 {
			return a, found, true
		}
	}
	return nil, 0, false
}

func (p plan) empty(split golden.Split) []spec {
	f := &family{ID: "empty", Category: "none"}
	s := &story{ID: string(split), Split: split, Window: duration(defaultWindow)}
	var out []spec
	for i := range emptyWindows {
		out = append(out, spec{family: f, story: s, level: i, variant: variant{empty: i + 1}})
	}
	return out
}

// find returns the specs of one family or story for a look at them.
func (p plan) find(ref string, level int, twin bool) ([]spec, error) {
	id, storyID, _ := strings.Cut(ref, "/")
	for _, f := range p.lib.families {
		if f.ID != id {
			continue
		}
		var out []spec
		for _, s := range f.Stories {
			if storyID == "" || s.ID == storyID {
				out = append(out, spec{family: f, story: s, level: level, twin: twin, baseline: s.needsBaseline()})
			}
		}
		if len(out) == 0 {
			return nil, fmt.Errorf("the family %q has no story %q", id, storyID)
		}
		return out, nil
	}
	return nil, fmt.Errorf("there is no family %q; the families are %s", id, strings.Join(p.lib.names(), ", "))
}
