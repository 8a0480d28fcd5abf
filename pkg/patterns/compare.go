package patterns

import "math"

// Change says what became of a pattern since the baseline.
type Change uint8

// The changes. ChangeNone means that there was no baseline to compare with.
const (
	ChangeNone Change = iota
	ChangeSteady
	ChangeNew
	ChangeRisen
	ChangeFallen
	ChangeGone
)

var changeNames = [...]string{"", "steady", "new", "risen", "fallen", "gone"}

// String returns the word shown to users and to the model; empty for ChangeNone.
func (c Change) String() string {
	if int(c) >= len(changeNames) {
		return ""
	}
	return changeNames[c]
}

// surprise is how many standard deviations a count must lie from what the
// baseline predicts to have risen or fallen. At 4, steady Poisson counts cross
// it about once in 16,000 comparisons, so that hundreds of patterns compared
// every minute stay quiet.
const surprise = 4

// Compare sets the Change of each pattern from its counts, which must be of two
// windows of the same length. A pattern that the baseline does not know is new however
// rare it is; where something rare can be missing in what was read of the baseline
// (whole is false), only if it is frequent enough that it would have been read.
// Patterns that only the baseline has are gone if they were frequent enough to be
// missed and removed otherwise. It works on ps in place and returns it shortened.
func Compare(ps []Pattern, whole bool) []Pattern {
	out := ps[:0]
	for _, p := range ps {
		now, base, scale := float64(p.Read), float64(p.BaselineRead), p.scale()
		switch {
		case p.Count == 0:
			if change(0, base, scale) != ChangeFallen {
				continue
			}
			p.Change = ChangeGone
		case p.BaselineCount == 0 && (whole || change(now, 0, scale) == ChangeRisen):
			p.Change = ChangeNew
		case p.BaselineCount == 0:
			p.Change = ChangeNone
		default:
			p.Change = change(now, base, scale)
		}
		out = append(out, p)
	}
	return out
}

// scale is how many events should have been read of the window for each that was read
// of the baseline: chance has its part in what was read, not in what it stands for.
func (p *Pattern) scale() float64 {
	s := 1.0
	if p.BaselineRead > 0 {
		s *= float64(p.BaselineCount) / float64(p.BaselineRead)
	}
	if p.Count > 0 {
		s *= float64(p.Read) / float64(p.Count)
	}
	return s
}

// change compares two Poisson counts by the variance-stabilising square root;
// besides being improbable, a change must at least double or halve the count.
func change(now, base, scale float64) Change {
	z := 2 * (math.Sqrt(now+0.375) - math.Sqrt((base+0.375)*scale)) / math.Sqrt(1+scale)
	switch expected := base * scale; {
	case z > surprise && now >= 2*expected:
		return ChangeRisen
	case z < -surprise && now <= expected/2:
		return ChangeFallen
	}
	return ChangeSteady
}
