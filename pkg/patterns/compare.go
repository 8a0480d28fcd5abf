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

// Compare sets the Change of each pattern from its BaselineCount, multiplied by
// scale: the length of the window over the length of the baseline's. A pattern
// that the baseline does not know is new however rare it is; where only a part of
// the baseline was read (whole is false), only if it is frequent enough that the
// part would have shown it. Patterns that only
// the baseline has are gone if they were frequent enough to be missed and
// removed otherwise. It works on ps in place and returns it shortened.
func Compare(ps []Pattern, scale float64, whole bool) []Pattern {
	out := ps[:0]
	for _, p := range ps {
		switch {
		case p.Count == 0:
			if change(0, float64(p.BaselineCount), scale) != ChangeFallen {
				continue
			}
			p.Change = ChangeGone
		case p.BaselineCount == 0 && (whole || change(float64(p.Count), 0, scale) == ChangeRisen):
			p.Change = ChangeNew
		case p.BaselineCount == 0:
			p.Change = ChangeNone
		default:
			p.Change = change(float64(p.Count), float64(p.BaselineCount), scale)
		}
		out = append(out, p)
	}
	return out
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
