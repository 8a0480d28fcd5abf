package rules

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/lokalyst/lokalyst/pkg/patterns"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// Thresholds of the rules that are not signatures. They ask for both a share and
// a number, so that neither one odd line nor a large quiet system trips them.
const (
	errorShareWarning = 0.05
	errorShareNotice  = 0.01
	errorLinesNotice  = 5
	errorLinesWarning = 20
	// errorPartsWarning is in how many parts of the window errors are at least that are a
	// warning although at its end all goes well again.
	errorPartsWarning = 4
	// burstWarning is how many lines beyond the baseline, and how many times its number,
	// make a burst of errors a warning.
	burstWarning, burstTimes = 100, 10
	// silenceShare is the share of the baseline's frequent patterns that must be gone
	// for a window to count as gone silent.
	silenceShare = 0.5
)

// failureLines is how many of a pattern's lines state a failure.
func failureLines(p *patterns.Pattern) int {
	return p.Levels[patterns.LevelError] + p.Levels[patterns.LevelFatal]
}

// failureWords are texts of which lines about failures have one that state no level.
var failureWords = [][]byte{
	[]byte("err"), []byte("fail"), []byte("fatal"), []byte("exception"), []byte("panic"), []byte("critical"), []byte("cannot"), []byte("could not"),
	[]byte("unable"), []byte("denied"), []byte("refused"), []byte("timed out"), []byte("traceback"), []byte("abort"), []byte("alert"), []byte("emerg"),
}

// failedLines is how many of a pattern's lines are failures that count: nobody's work is not
// among them, nor what only Loki takes for a failure because of what a caller sent.
func (j *judge) failedLines(i int) int {
	p := &j.in.Patterns[i]
	n := failureLines(p)
	if n == 0 || j.noisy[i] > 0 || !j.ownFailure(i) {
		return 0
	}
	return n
}

// ownFailure reports whether the component itself states that a pattern is a failure: by a
// level in front of the message or under a key, or in words that are its own for certain.
func (j *judge) ownFailure(i int) bool {
	if j.ownFailures[i] == 0 {
		j.ownFailures[i] = 1
		p := &j.in.Patterns[i]
		line := p.Sample
		if line == "" {
			line = p.Template
		}
		if j.saysFailure(i, line) || statedLevel(line).ErrorLike() {
			j.ownFailures[i] = 2
		}
	}
	return j.ownFailures[i] == 2
}

func (j *judge) saysFailure(i int, line string) bool {
	j.voice.read(line, patterns.LevelInfo, muted(j.components(i, line)), false)
	return slices.ContainsFunc(failureWords, func(w []byte) bool { return bytes.Contains(j.voice.out, w) })
}

// statedLevel is the level that a line states under a key, or in front of its message.
func statedLevel(line string) patterns.Level {
	body := strings.TrimLeft(line, " \t")
	if strings.HasPrefix(body, "{") || pairAhead(body) == 0 {
		return keyedLevel(body)
	}
	starts := messageStarts(line)
	return patterns.DetectLevel(line[:starts[len(starts)-1]])
}

// each calls f for the patterns that no user calls benign and that nothing excuses.
func (j *judge) each(f func(i int, p *patterns.Pattern)) {
	for i := range j.in.Patterns {
		if !j.benign[i] && !j.excused[i] {
			f(i, &j.in.Patterns[i])
		}
	}
}

// errorShare judges how many of the lines are failures, where the baseline does
// not say that this is how the system always is.
func (j *judge) errorShare() []Finding {
	unusual, base, baseLines := 0, 0, 0
	var worst []int
	var parts, rest extent
	j.each(func(i int, p *patterns.Pattern) {
		baseLines += p.BaselineCount
		n := j.failedLines(i)
		if n == 0 && p.Count > 0 {
			rest.add(p)
			return
		}
		if p.Level().ErrorLike() {
			base += p.BaselineCount
		}
		if n == 0 || !j.unusual(i) {
			return
		}
		unusual += n
		parts.add(p)
		worst = append(worst, i)
	})
	share := float64(unusual) / float64(j.in.Lines)
	f := Finding{Rule: "error-share", Category: verdict.CategoryOther}
	switch {
	case unusual >= errorLinesWarning && share >= errorShareWarning && (!parts.brief() || parts.tail(quarter) > 0 || rest.tail(quarter) == 0):
		f.Severity = verdict.Warning
	case unusual >= errorLinesNotice && share >= errorShareNotice:
		f.Severity = verdict.Notice
	default:
		return nil
	}
	ps := j.in.Patterns
	slices.SortStableFunc(worst, func(a, b int) int { return ps[b].Count - ps[a].Count })
	f.Patterns = firstOf(worst)
	f.Reason = fmt.Sprintf("%d of %d lines read (%.1f %%) are errors.", unusual, j.in.Lines, share*100)
	if j.in.HasBaseline {
		f.Reason = fmt.Sprintf("%d of %d lines read (%.1f %%) are errors beyond the baseline's, of which %d of %d were.", unusual, j.in.Lines, share*100, base, baseLines)
	}
	return []Finding{f}
}

// newFailures notices failures that the baseline never printed, however rare.
func (j *judge) newFailures() []Finding {
	if !j.in.HasBaseline {
		return nil
	}
	f := Finding{Rule: "new-failure", Category: verdict.CategoryOther, Severity: verdict.Notice}
	n := 0
	j.each(func(i int, p *patterns.Pattern) {
		if p.Change == patterns.ChangeNew && p.Level().ErrorLike() && j.failedLines(i) > 0 {
			n++
			f.Patterns = append(f.Patterns, i)
		}
	})
	if n == 0 {
		return nil
	}
	f.Patterns = firstOf(f.Patterns)
	f.Reason = fmt.Sprintf("%s of failure that the baseline does not have.", plural(n, "kind", "kinds"))
	return []Finding{f}
}

// bursts notices warnings and failures that rose against the baseline.
func (j *judge) bursts() []Finding {
	f := Finding{Rule: "burst", Category: verdict.CategoryOther, Severity: verdict.Notice}
	var now, before int
	j.each(func(i int, p *patterns.Pattern) {
		if p.Change != patterns.ChangeRisen || p.Level() < patterns.LevelWarn || j.noisy[i] > 0 {
			return
		}
		now += p.Count
		before += p.BaselineCount
		f.Patterns = append(f.Patterns, i)
		if p.Level().ErrorLike() && p.Count-p.BaselineCount >= burstWarning && p.Count >= burstTimes*p.BaselineCount {
			f.Severity = verdict.Warning
		}
	})
	if len(f.Patterns) == 0 {
		return nil
	}
	ps := j.in.Patterns
	slices.SortStableFunc(f.Patterns, func(a, b int) int {
		return (ps[b].Count - ps[b].BaselineCount) - (ps[a].Count - ps[a].BaselineCount)
	})
	top := &ps[f.Patterns[0]]
	f.Reason = fmt.Sprintf("%s of warnings or errors rose well above the baseline: %d lines instead of %d; most of all one from %d to %d.",
		plural(len(f.Patterns), "pattern", "patterns"), now, before, top.BaselineCount, top.Count)
	f.Patterns = firstOf(f.Patterns)
	return []Finding{f}
}

// silence notices that what the baseline printed regularly stopped, all of it or most.
func (j *judge) silence() []Finding {
	gone, known, lines := 0, 0, 0
	f := Finding{Rule: "gone-silent", Category: verdict.CategorySilence, Severity: verdict.Notice}
	j.each(func(i int, p *patterns.Pattern) {
		if p.BaselineCount == 0 {
			return
		}
		known++
		if p.Change == patterns.ChangeGone {
			gone++
			lines += p.BaselineCount
			f.Patterns = append(f.Patterns, i)
		}
	})
	switch {
	case gone == 0 || float64(gone) < silenceShare*float64(known):
		return nil
	case j.in.Lines == 0:
		f.Reason = fmt.Sprintf("Nothing was printed at all; the baseline has %s of %s that it prints regularly.", plural(lines, "line", "lines"), plural(gone, "pattern", "patterns"))
	default:
		f.Reason = fmt.Sprintf("%d of %s that the baseline prints regularly stopped.", gone, plural(known, "pattern", "patterns"))
	}
	ps := j.in.Patterns
	slices.SortStableFunc(f.Patterns, func(a, b int) int { return ps[b].BaselineCount - ps[a].BaselineCount })
	f.Patterns = firstOf(f.Patterns)
	return []Finding{f}
}
