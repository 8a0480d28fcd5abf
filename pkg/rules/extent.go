package rules

import (
	"fmt"
	"slices"

	"github.com/lokalyst/lokalyst/pkg/patterns"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// How severe a signature's lines are depends on how often they were printed, over how much
// of the window, whether they go on at its end, and what else fails. Numbers are for a
// window, whatever its length: an alert's is a quarter of an hour.
const (
	// manyLines are so many failing lines that users must be affected.
	manyLines = 50
	// manyShare of all lines are at least failing where failures are sustained.
	manyShare = 0.02
	// tenth of what is sustained must be a signature's own, for it to be critical.
	tenth = 10
	// longParts of the window's 24 are long, tailParts are its end, and overParts without a
	// failure at its end say that it is over.
	longParts, tailParts, overParts = 8, 3, 2
	// tailLines at the window's end say that something goes on.
	tailLines = 5
	// quarter is the last quarter of the window, in most of which is what goes on.
	quarter, lastingParts = 6, 4
	// loopLines of a crash, in the last quarter as well, are a loop that no restart has ended.
	loopLines = 12
	// repeatedLines of a crash are more than one that healed.
	repeatedLines = 3
	// fewLines of a failure that recovered are worth no more than a notice.
	fewLines = 10
	// aroundParts may lie between a plan's words and what it explains.
	aroundParts = 4
)

// An extent is when and how often lines were printed.
type extent struct {
	lines int
	trend [patterns.TrendBuckets]int
	first int64
	last  int64
	// dark is how many parts at the window's end have no line of anything: nothing is known
	// of them, so they prove no end.
	dark int
}

func (e *extent) add(p *patterns.Pattern) {
	if p.Count == 0 {
		return
	}
	if e.lines == 0 || p.First < e.first {
		e.first = p.First
	}
	e.last = max(e.last, p.Last)
	e.lines += p.Count
	for i, n := range p.Trend {
		e.trend[i] += n
	}
}

// parts is in how many parts of the window there is a line; in none where they are unknown.
func (e *extent) parts() int { return filled(e.trend[:]) }

// brief reports whether there are lines in few parts only.
func (e *extent) brief() bool { return e.parts() > 0 && e.parts() < errorPartsWarning }

// lasts reports whether there are lines in most of the window's last quarter, or the parts
// are unknown.
func (e *extent) lasts() bool {
	return e.parts() == 0 || filled(e.trend[len(e.trend)-quarter:]) >= lastingParts
}

// filled is how many parts have lines.
func filled(trend []int) (n int) {
	for _, x := range trend {
		if x > 0 {
			n++
		}
	}
	return n
}

// tail is how many lines stand in the last n parts of the window that have any lines.
func (e *extent) tail(n int) (lines int) {
	end := len(e.trend) - e.dark
	for _, x := range e.trend[max(0, end-n):end] {
		lines += x
	}
	return lines
}

// dark is how many parts at the window's end have no line of anything; 0 where so few have
// none that it may be chance.
func (j *judge) dark() int {
	last := -1
	for i := range j.in.Patterns {
		for b := patterns.TrendBuckets - 1; b > last; b-- {
			if j.in.Patterns[i].Trend[b] > 0 {
				last = b
			}
		}
	}
	if n := patterns.TrendBuckets - 1 - last; n >= silentParts {
		return n
	}
	return 0
}

// timed reports whether the input tells when lines were printed.
func (j *judge) timed() bool { return j.in.End.After(j.in.Start) && !j.in.Start.IsZero() }

// failures are all failing lines that are not as always: those of signatures and those at
// the level of an error, or the responses of servers that failed, whichever are more: one
// request often leaves both.
func (j *judge) failures() extent {
	dark := j.dark()
	told, answered := extent{dark: dark}, extent{dark: dark}
	j.each(func(i int, p *patterns.Pattern) {
		switch {
		case j.usual(p):
		case p.Level().ErrorLike() || j.owned[i] && (!j.calm[i] || p.Level() == patterns.LevelWarn):
			told.add(p)
		}
		if j.statuses.has(i) && !j.usual(p) {
			answered.add(p)
		}
	})
	if answered.lines > told.lines {
		return answered
	}
	return told
}

// usual reports whether the baseline has as much of a pattern.
func (j *judge) usual(p *patterns.Pattern) bool {
	return j.in.HasBaseline && (p.Change == patterns.ChangeSteady || p.Change == patterns.ChangeFallen)
}

// weigh returns how severe a signature's lines are, and what made them less severe.
func (j *judge) weigh(s *Signature, t *tally, all *extent) (verdict.Severity, string) {
	severity := s.severity(t.count, t.fresh, j.in.Lines)
	if !j.timed() || severity == verdict.Healthy {
		return severity, ""
	}
	e := extent{dark: all.dark}
	calm := true
	for _, i := range t.patterns {
		p := &j.in.Patterns[i]
		e.add(p)
		calm = calm && j.calm[i]
	}
	severity = s.lasting(severity, t, &e, all, j.many(all), j.sizeable(all), s.Severity == verdict.Critical && j.alone(t))
	if by := j.planned(s, t, &e); by != nil {
		j.excuse(t.patterns)
		return verdict.Healthy, by.Reason
	}
	if s.Severity < verdict.Critical && calm && t.count < min(s.Min, repeatedLines) {
		return verdict.Healthy, "" // a few lines that the program does not call an error
	}
	if s.Lasts == LastsGood {
		return severity, ""
	}
	told, failed := *all, e
	told.dark, failed.dark = 0, 0 // whoever says that it works again need not say more
	over := told.tail(overParts) < tailLines && failed.tail(1) == 0
	if by, same, after := j.recovered(s, t, &e); by != nil && over {
		lowered := verdict.Warning
		switch {
		case same && s.Severity < verdict.Critical && e.lines < fewLines && after <= j.part():
			lowered = verdict.Healthy
			j.excuse(t.patterns)
		case same && e.lines < fewLines:
			lowered = verdict.Notice
		}
		return min(severity, lowered), by.Reason
	}
	return severity, ""
}

// excuse keeps patterns out of what is counted of errors.
func (j *judge) excuse(ps []int) {
	for _, i := range ps {
		j.excused[i] = true
	}
}

// excuseTools keeps out what those who run drills or drain nodes say of their own failures,
// and what no signature knows and stands between their words, where these are over and few.
func (j *judge) excuseTools() {
	if !j.timed() || !slices.ContainsFunc(j.stated, statement.byTool) {
		return
	}
	var words extent
	for _, st := range j.stated {
		if st.byTool() {
			words.add(&j.in.Patterns[st.pattern])
		}
	}
	around := j.part() * aroundParts
	for i := range j.in.Patterns {
		p := &j.in.Patterns[i]
		var e extent
		e.add(p)
		if !p.Level().ErrorLike() || e.tail(overParts) > 0 {
			continue
		}
		between := !j.owned[i] && e.lines < manyLines && e.first >= words.first-around && e.last <= words.last+around
		if between || slices.ContainsFunc(j.stated, func(st statement) bool { return st.byTool() && j.sameProgram(i, st.pattern) }) {
			j.excused[i] = true
		}
	}
}

// part is how long one part of the window's 24 is, in nanoseconds.
func (j *judge) part() int64 { return int64(j.in.End.Sub(j.in.Start)) / patterns.TrendBuckets }

// alone reports whether the window has no lines of programs but those that a signature's
// lines come from: whether others fail is not known then.
func (j *judge) alone(t *tally) bool {
	names := map[string]bool{}
	for _, i := range t.patterns {
		j.names(i, names)
	}
	failing := len(names)
	for i := range j.in.Patterns {
		if j.in.Patterns[i].Count > 0 {
			if j.names(i, names); len(names) > failing {
				return false
			}
		}
	}
	return true
}

// names adds the names of the programs that print a pattern.
func (j *judge) names(i int, to map[string]bool) {
	for _, n := range streamsOf(&j.in.Patterns[i]) {
		if n >= 0 && n < len(j.in.Streams) {
			to[nameOf(j.in.Streams[n])] = true
		}
	}
}

// many reports whether so many lines fail that users must be affected. Without a baseline
// the everyday failures of a large window are among them, so they must be a share of it, too.
func (j *judge) many(all *extent) bool {
	return all.lines >= manyLines && (j.in.HasBaseline || j.sizeable(all))
}

// sizeable reports whether failing lines are a share of all lines that is not nothing.
func (j *judge) sizeable(e *extent) bool { return float64(e.lines) >= manyShare*float64(j.in.Lines) }

// lasting is the severity by how long and how much it lasts; many says that many lines fail,
// alone that nothing is known of others.
func (s *Signature) lasting(severity verdict.Severity, t *tally, e, all *extent, many, sizeable, alone bool) verdict.Severity {
	repeated := e.lines >= repeatedLines
	sustained := many && sizeable && all.parts() >= longParts && all.tail(tailParts) > 0
	switch {
	case s.Severity == verdict.Critical && severity == verdict.Critical:
		if s.Lasts == LastsOnce && (!repeated || !alone && !many && (e.lines < loopLines || e.tail(quarter) == 0)) {
			return verdict.Warning
		}
	case severity < verdict.Warning:
	case s.Category == "security": // attempts, not what they lead to
		return verdict.Warning
	case repeated && sustained && e.lines*tenth >= all.lines, t.fresh >= manyLines && e.tail(tailParts) > 0:
		return verdict.Critical
	default:
		return verdict.Warning
	}
	return severity
}

// recovered returns what says after the last failing line that it works again, whether
// the same program says so, and how long after the first line.
func (j *judge) recovered(s *Signature, t *tally, e *extent) (by *circumstance, same bool, after int64) {
	for _, st := range j.stated {
		if st.of.Kind != recovery || j.in.Patterns[st.pattern].Last < e.last || !st.of.covers(s) {
			continue
		}
		mine := j.sameProgram(st.pattern, t.patterns[0])
		if mine || !st.of.Own {
			by, same, after = st.of, same || mine, j.in.Patterns[st.pattern].Last-e.first
		}
	}
	return by, same, after
}

// planned returns what says that the failing lines were meant to happen: they stand between
// its words or close to them, and are over.
func (j *judge) planned(s *Signature, t *tally, e *extent) *circumstance {
	if e.tail(overParts) > 0 {
		return nil
	}
	around := j.part() * aroundParts
	var words extent
	var by *circumstance
	for _, st := range j.stated {
		if s.Lasts == LastsGood && len(st.of.Names) == 0 {
			continue // only those who run drills can mean it
		}
		if st.of.Kind != planned || !st.of.covers(s) || st.of.Own && !j.sameProgram(st.pattern, t.patterns[0]) {
			continue
		}
		words.add(&j.in.Patterns[st.pattern])
		by = st.of
	}
	if by == nil || e.first < words.first-around || e.last > words.last+around {
		return nil
	}
	return by
}

// lowered appends to a finding's reason why it is less severe.
func lowered(reason, why string) string {
	if why == "" {
		return reason
	}
	return fmt.Sprintf("%s %s", reason, why)
}
