package generate

import (
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/lokalyst/lokalyst/pkg/golden"
)

// A region is a part of the time line, (from, from+length] in nanoseconds from the window's
// start.
type region struct{ from, length int64 }

func (r region) end() int64 { return r.from + r.length }

// at returns the moment at a part of the region, never its excluded start.
func (r region) at(part float64) int64 {
	return min(r.from+1+int64(part*float64(r.length)), r.end())
}

// perRate is what the rates of statements refer to.
const perRate = 15 * time.Minute

// A performance prints one story with one scene.
type performance struct {
	story *story
	scene *scene
	page  *page
	cast  map[string]*column
	self  replica
}

func newPerformance(s *story, sc *scene, p *page) *performance {
	draw := newRandom(sc.seed, sc.id, "vars")
	for _, name := range sortedKeys(s.Vars) {
		sc.vars[name] = pick(draw, s.Vars[name])
	}
	pf := &performance{story: s, scene: sc, page: p, cast: map[string]*column{}, self: replica{node: sc.node("")}}
	for _, name := range sortedKeys(s.Cast) {
		pf.cast[name] = p.stream(writeLabels(s.Cast[name].labels, &expansion{scene: sc, self: pf.self}))
	}
	return pf
}

func writeLabels(from []label, x *expansion) map[string]string {
	out := make(map[string]string, len(from)+1)
	for _, l := range from {
		out[l.name] = l.value.text(x)
	}
	return out
}

// An arm is the fault or the twin of a story.
type arm struct {
	name string
	acts []*act
	// fault makes its evidence count; twins have nothing that must be cited.
	fault bool
	// forged says that the lines are beside the point: a text in another one is.
	forged bool
	seq    []int64
}

func (s *story) arm(twin bool) *arm {
	if twin {
		return &arm{name: "twin", acts: s.Twin, seq: make([]int64, len(s.Twin))}
	}
	return &arm{name: "fault", acts: s.Fault, fault: true, seq: make([]int64, len(s.Fault))}
}

func (a *arm) mark(act *act) mark {
	if a.forged {
		return unmarked
	}
	switch act.evidence() {
	case evidenceMust:
		if a.fault {
			return must
		}
		return may
	case evidenceMay:
		return may
	}
	return unmarked
}

// play prints the acts that keep lets through, at a level of 0 to 2.
func (pf *performance) play(arm *arm, level int, in region, keep func(*act) bool) {
	at := make([][]int64, len(arm.acts))
	for i, a := range arm.acts {
		if !keep(a) {
			continue
		}
		where := "window"
		if in.from < 0 {
			where = "baseline"
		}
		r := newRandom(pf.scene.seed, pf.scene.id, arm.name, a.ID, where)
		if a.parent >= 0 {
			at[i] = following(a, at[a.parent], level, in, r)
		} else {
			at[i] = occurrences(a, level, in, r)
		}
		for _, offset := range at[i] {
			arm.seq[i]++
			pf.print(a, offset, arm.seq[i], in, arm.mark(a), r)
		}
	}
}

// occurrences draws when an act happens of itself.
func occurrences(a *act, level int, in region, r *random) []int64 {
	from, to := 0.1, 0.95
	if len(a.When) == 2 {
		from, to = a.When[0], a.When[1]
	}
	out := make([]int64, a.Times[level].draw(r))
	for i := range out {
		out[i] = in.at(from + (to-from)*r.float())
	}
	slices.Sort(out)
	return out
}

// following draws when an act happens that follows another one. What would come after the
// region is not in it.
func following(a *act, parents []int64, level int, in region, r *random) []int64 {
	var causes []int64
	switch {
	case len(parents) == 0:
		return nil
	case len(a.Times) == 3:
		for i := range int(a.Times[level].draw(r)) {
			causes = append(causes, parents[i%len(parents)])
		}
	default:
		for _, p := range parents {
			for range max(a.Per.draw(r), 1) {
				causes = append(causes, p)
			}
		}
	}
	out := make([]int64, 0, len(causes))
	for _, c := range causes {
		if a.Chance != nil && r.float() >= *a.Chance {
			continue
		}
		if at := c + max(a.Delay.draw(r), 1); at <= in.end() {
			out = append(out, at)
		}
	}
	slices.Sort(out)
	return out
}

// print writes the entries of one occurrence.
func (pf *performance) print(a *act, offset, seq int64, in region, m mark, r *random) {
	x := &expansion{scene: pf.scene, random: r, self: pf.self, seq: seq}
	for _, t := range a.say {
		if offset > in.end() {
			return
		}
		x.at = pf.scene.start.Add(time.Duration(offset))
		pf.page.add(pf.cast[a.From], entry{offset: offset, text: t.text(x), role: a.Role, mark: m})
		offset += r.within(5_000, 60_000)
	}
}

// normal prints what the cast says in health. The cut says from which part of the region on
// a member is silent; lines that a silence ends may be cited for it.
func (pf *performance) normal(in region, factor float64, cut map[string]float64, where string) {
	for i, a := range pf.story.Normal {
		r := newRandom(pf.scene.seed, pf.scene.id, "normal", where, a.From, strconv.Itoa(i))
		end, silenced := cut[a.From]
		m := unmarked
		if silenced {
			m = may
		}
		n := r.round(a.Rate * factor * float64(in.length) / float64(perRate))
		x := &expansion{scene: pf.scene, random: r, self: pf.self}
		for range n {
			part := r.float()
			offset := in.at(part)
			x.at = pf.scene.start.Add(time.Duration(offset))
			x.seq++
			for _, t := range a.say {
				text := t.text(x)
				if offset <= in.end() && !(silenced && in.from == 0 && part > end) {
					pf.page.add(pf.cast[a.From], entry{offset: offset, text: text, role: golden.Background, mark: m})
				}
				offset += 20_000
			}
		}
	}
}

// round returns one of the two whole numbers beside f so that the mean is f.
func (r *random) round(f float64) int {
	whole := math.Floor(f)
	if r.float() < f-whole {
		whole++
	}
	return int(whole)
}

// lines is how many lines acts print on average at a level.
func lines(acts []*act, level int) float64 {
	times, sum := make([]float64, len(acts)), 0.0
	for i, a := range acts {
		chance := 1.0
		if a.Chance != nil {
			chance = *a.Chance
		}
		switch {
		case len(a.Times) == 3:
			times[i] = a.Times[level].mean() * chance
		case a.parent >= 0:
			times[i] = times[a.parent] * max(a.Per.mean(), 1) * chance
		}
		sum += times[i] * float64(len(a.say))
	}
	return sum
}

func (s span) mean() float64 { return float64(s.low+s.high) / 2 }
