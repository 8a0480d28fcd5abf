package rules

import (
	"regexp"
	"slices"
	"strings"

	"github.com/lokalyst/lokalyst/pkg/patterns"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// A judge is the state of one [Set.Assess]. It reads each pattern once.
type judge struct {
	set   *Set
	in    Input
	fold  folder
	voice voice
	// strict reads circumstances.
	strict voice
	stated []statement
	// handled are, by pattern, what says that its failure was dealt with.
	handled []*circumstance
	// excused are, by pattern, failures that were meant to happen or dealt with.
	excused []bool
	// found and hits are the texts of the finder in the line that was read last.
	found []bool
	hits  []int
	// of are the components of the streams, once they were asked for.
	of [][]*component

	tallies  []tally // by signature
	touched  []int   // the signatures that were found
	statuses statuses
	// fatal says that a fatal signature was found that nothing makes milder.
	fatal    bool
	injected []int
	suspect  []int
	// calm are, by pattern, the lines of signatures that state themselves to be no errors.
	calm []bool
	// benign and owned are by pattern: what a user calls normal, and what a signature names.
	benign, owned []bool
	// noisy is by pattern the number from 1 of the harmless failure that it is, or storm.
	noisy []int32
	// ownFailures is by pattern whether its component states a failure: 2 that it does, 1
	// that it does not, 0 where that was not asked for.
	ownFailures []uint8
	userHits    []userHit
	injector    *injectionReader
}

// A tally counts a signature's lines.
type tally struct {
	count, fresh int
	// quiet says that only lines speak of it that call themselves harmless.
	quiet    bool
	patterns []int
	// handled are patterns whose lines say that they were dealt with.
	handled []int
	// others are patterns of components that do not print it.
	others []int
	seen   bool
}

func (s *Set) judge(in Input) *judge {
	return &judge{
		set: s, in: in, found: make([]bool, len(s.finder.texts)), of: make([][]*component, len(in.Streams)),
		tallies: make([]tally, len(s.signatures)), benign: make([]bool, len(in.Patterns)), owned: make([]bool, len(in.Patterns)),
		handled: make([]*circumstance, len(in.Patterns)), excused: make([]bool, len(in.Patterns)), calm: make([]bool, len(in.Patterns)), noisy: make([]int32, len(in.Patterns)),
		ownFailures: make([]uint8, len(in.Patterns)), injector: s.injection.reader(),
	}
}

// maxWhole is how long a sample can be to be whole: patterns cuts samples at 1 KiB.
const maxWhole = 1000

// read reads the patterns.
func (j *judge) read() {
	for i := range j.in.Patterns {
		p := &j.in.Patterns[i]
		line := p.Sample
		if line == "" {
			line = p.Template
		}
		j.fold.fold(line)
		j.clear()
		j.hits = j.set.finder.find(j.fold.lower, j.found, j.hits)
		if p.Count > 0 && j.injector.speaks(&j.fold, line, j.hits, func(expr *regexp.Regexp) bool {
			j.voice.read(line, levelOf(p, line), muted(j.components(i, line)), false)
			return expr.Match(j.voice.out)
		}) {
			j.injected = append(j.injected, i)
		}
		if len(line) >= maxWhole && line != p.Template {
			// The template may have words that the sample lost.
			j.fold.fold(p.Template)
			j.hits = j.set.finder.find(j.fold.lower, j.found, j.hits)
		}
		j.judgePattern(i, line)
		if len(j.hits) > 0 && !j.benign[i] {
			j.noise(i, line)
		}
	}
	j.dropStorms()
}

func (j *judge) clear() {
	for _, n := range j.hits {
		j.found[n] = false
	}
	j.hits = j.hits[:0]
}

// judgePattern finds the signatures and the user's rules of a pattern.
func (j *judge) judgePattern(i int, line string) {
	if len(j.set.user) > 0 {
		j.userRules(i)
	}
	if len(j.hits) == 0 || j.benign[i] || j.in.Patterns[i].Count == 0 {
		return
	}
	var possible, context []int32
	marks, status := false, false
	for _, n := range j.hits {
		status = status || j.set.http[n]
		if n >= len(j.set.byText) {
			continue
		}
		for _, k := range j.set.byText[n] {
			if s := &j.set.signatures[k]; s.possible(j.found) && !slices.Contains(possible, k) {
				possible = append(possible, k)
				marks = marks || len(s.start) > 0
			}
		}
		for _, k := range j.set.contextByText[n] {
			if c := &j.set.context[k]; c.texts.possible(j.found) && !slices.Contains(context, k) {
				context = append(context, k)
			}
		}
	}
	if len(possible) == 0 && len(context) == 0 && !status {
		return
	}
	from := j.components(i, line)
	if len(context) > 0 {
		j.circumstances(i, line, context, from)
	}
	if len(possible) == 0 && !status {
		return
	}
	p := &j.in.Patterns[i]
	level := patterns.LevelUnknown
	if len(possible) > 0 { // a status is where it is, whatever the level
		level = levelOf(p, line)
		j.calm[i] = level != patterns.LevelUnknown && !level.ErrorLike()
	}
	j.voice.read(line, level, muted(from), marks)
	if len(line) >= maxWhole && line != p.Template {
		j.voice.last = ' '
		j.voice.line(p.Template)
	}
	if status {
		j.statuses.count(p, &j.voice, i)
	}
	foreign := false
	for _, k := range possible {
		foreign = !j.count(int(k), i, from) || foreign
	}
	if foreign {
		j.suspect = append(j.suspect, i)
	}
}

// levelOf is the level that a pattern's sample states. In lines of keys and values only
// such a key counts: words of callers may look like a level. What only Loki says of a line
// counts if it is a warning or worse; it calls lines harmless that state nothing. A harmless
// level must stand in front of the message, so that nobody can call a failure harmless.
func levelOf(p *patterns.Pattern, line string) patterns.Level {
	body := strings.TrimLeft(line, " \t")
	if strings.HasPrefix(body, "{") || pairAhead(body) == 0 {
		return keyedLevel(body)
	}
	l := patterns.DetectLevel(line)
	if l == patterns.LevelUnknown {
		if worst := p.Worst(); worst >= patterns.LevelWarn {
			return worst
		}
	} else if l < patterns.LevelWarn {
		starts := messageStarts(line)
		l = patterns.DetectLevel(line[:starts[len(starts)-1]])
	}
	return l
}

// levelKeys are keys that state a level, less their first letter, which can be large.
var levelKeys = []string{"evel", "everity", "vl", "evelname", "og_level", "riority", "ype", "s"}

// keyedLevel is the level that a key of a line states, outside of quoted values.
func keyedLevel(line string) patterns.Level {
	for _, key := range levelKeys {
		for from := 0; ; {
			i := strings.Index(line[from:], key)
			if i < 0 {
				break
			}
			from += i + len(key)
			value, ok := strings.CutPrefix(line[from:], `":`)
			switch {
			case !ok && (!strings.HasPrefix(line[from:], "=") || len(key) == 1 || quotedAt(line[:from])):
				continue
			case !ok:
				value = line[from+1:]
			case len(key) == 1 && !strings.HasSuffix(line[:from], `"s`):
				continue
			}
			value = strings.TrimLeft(value, `" `)
			end := 0
			for end < len(value) && value[end]|0x20 >= 'a' && value[end]|0x20 <= 'z' {
				end++
			}
			if l := patterns.ParseLevel(value[:end]); l != patterns.LevelUnknown {
				return l
			}
			if len(value) > 2 && key == "evel" && value[0] >= '1' && value[0] <= '6' && value[1] == '0' && (value[2] == ',' || value[2] == '}') {
				return patterns.LevelTrace + patterns.Level(value[0]-'1') // as pino and bunyan number them
			}
		}
	}
	return patterns.LevelUnknown
}

// quotedAt reports whether a quote is open at the end of s.
func quotedAt(s string) bool { return (strings.Count(s, `"`)-strings.Count(s, `\"`))%2 == 1 }

// count counts a pattern's lines for a signature. It reports false where the wording is
// none of the component's own.
func (j *judge) count(k, i int, from []*component) bool {
	s, t, p := &j.set.signatures[k], &j.tallies[k], &j.in.Patterns[i]
	if !s.said(&j.voice) {
		return false
	}
	if !t.seen {
		t.seen, t.quiet = true, true
		j.touched = append(j.touched, k)
	}
	if from != nil && !prints(from, s.Streams) {
		t.others = append(t.others, i)
		return false
	}
	j.owned[i] = true
	if by := j.handled[i]; by != nil && by.covers(s) && (by.Fatal || s.Severity < verdict.Critical) {
		t.handled = append(t.handled, i)
		return true
	}
	if s.Severity == verdict.Critical {
		j.excused[i] = false
	}
	t.count += p.Count
	if !j.usual(p) {
		t.fresh += p.Count
	}
	t.quiet = t.quiet && from != nil && from[0].ID == application && j.voice.stated && !j.voice.grave
	t.patterns = append(t.patterns, i)
	return true
}

// components returns what prints the lines of a pattern, nil where that is not known.
func (j *judge) components(i int, line string) []*component {
	if j.in.Streams == nil {
		return nil
	}
	p := &j.in.Patterns[i]
	streams := p.Streams
	if len(streams) == 0 {
		streams = []int{p.SampleStream}
	}
	var out []*component
	for _, n := range streams {
		if n < 0 || n >= len(j.in.Streams) {
			continue
		}
		if j.of[n] == nil {
			j.of[n] = j.set.components.of(j.in.Streams[n])
		}
		for _, c := range j.of[n] {
			if !slices.Contains(out, c) {
				out = append(out, c)
			}
		}
	}
	if len(out) == 0 {
		out = append(out, j.set.components.byID[application])
	}
	if len(out) == 1 && (out[0].ID == application || slices.Contains(out[0].Prints, systemClass)) {
		if self := j.set.components.selfNamed(line); len(self) > 0 {
			return self
		}
	}
	return out
}

// muted reports whether quotes hold foreign words in all of the components' lines.
func muted(from []*component) bool {
	for _, c := range from {
		if c.Quotes == "" {
			return false
		}
	}
	return len(from) > 0
}

// signatureFindings are those of the signatures that were found, in their order.
func (j *judge) signatureFindings() (out []Finding) {
	slices.Sort(j.touched)
	j.excuseTools()
	all := j.failures()
	for _, k := range j.touched {
		s, t := &j.set.signatures[k], &j.tallies[k]
		if t.count == 0 {
			if f, ok := j.elsewhere(s, t.others); ok {
				out = append(out, f)
			}
			continue
		}
		severity, why := j.weigh(s, t, &all)
		j.fatal = j.fatal || why == "" && !t.quiet && s.severity(t.count, t.fresh, j.in.Lines) == verdict.Critical && s.Severity == verdict.Critical
		if t.quiet && severity == verdict.Critical {
			severity = verdict.Warning
		}
		if severity > verdict.Healthy {
			out = append(out, Finding{Rule: s.ID, Category: s.Category, Severity: severity, Patterns: firstOf(t.patterns), Reason: lowered(s.Reason, why)})
		}
	}
	return out
}

// elsewhereSuffix is behind a signature's id where components that do not print it have it.
const elsewhereSuffix = "-elsewhere"

// elsewhere is the notice about a failure's wording in components that do not print it: if
// there is enough of it to mean a failure, and the lines are no other failure's.
func (j *judge) elsewhere(s *Signature, others []int) (Finding, bool) {
	count := 0
	others = slices.DeleteFunc(others, func(i int) bool { return j.owned[i] })
	for _, i := range others {
		count += j.in.Patterns[i].Count
	}
	if len(others) == 0 || s.severity(count, count, j.in.Lines) < verdict.Warning {
		return Finding{}, false
	}
	return Finding{
		Rule: s.ID + elsewhereSuffix, Category: s.Category, Severity: verdict.Notice, Patterns: firstOf(others),
		Reason: "A line of a component that does not print it has the wording of: " + s.Reason,
	}, true
}

// firstOf returns the patterns that a finding names.
func firstOf(ps []int) []int { return ps[:min(len(ps), maxFindingPatterns)] }
