package loki

import "math"

// A Slot is a piece of time with its number of lines.
type Slot struct {
	// Start and End are Unix nanoseconds; the slot is (Start, End].
	Start, End int64
	Lines      int64
}

// A Part is a range of slots to read: the lines with Start < time <= End.
type Part struct {
	// Start and End are Unix nanoseconds.
	Start, End int64
	// Lines is how many lines the part holds by count.
	Lines int64
	// Share is how many of them are read at most; all are, where it is not below
	// Lines.
	Share int64
	// Slots are those of the part in the order of time, where they are known. With
	// them a part that is not read whole need not be counted again.
	Slots []Slot
}

// Slices divides slots, which must be in the order of time, into at most n parts of
// about equal numbers of lines, to be read whole. It never divides a slot; a gap
// between slots always begins a part, which then may be one more. Slots without
// lines at all give no part.
func Slices(slots []Slot, n int) []Part {
	var total int64
	for _, s := range slots {
		total += s.Lines
	}
	var parts []Part
	var passed int64
	last := -1
	for i, s := range slots {
		// The middle of a slot decides, so that a part is wrong by half a slot at most.
		at := int((float64(passed) + float64(s.Lines)/2) / max(1, float64(total)) * float64(n))
		passed += s.Lines
		at = max(0, min(at, n-1))
		if at == last && slots[i-1].End == s.Start {
			p := &parts[len(parts)-1]
			p.End, p.Lines, p.Share, p.Slots = s.End, p.Lines+s.Lines, p.Share+s.Lines, slots[i-len(p.Slots):i+1:i+1]
			continue
		}
		last = at
		parts = append(parts, Part{Start: s.Start, End: s.End, Lines: s.Lines, Share: s.Lines, Slots: slots[i : i+1 : i+1]})
	}
	return withLines(parts)
}

func withLines(parts []Part) []Part {
	kept := parts[:0]
	for _, p := range parts {
		if p.Lines > 0 {
			kept = append(kept, p)
		}
	}
	return kept
}

// quietShare is the part of a budget that is divided equally between the slots that
// have lines; the rest goes to them by their number of lines, so that shares of the
// sample are close to shares of the window and a quiet slot is still seen.
const quietShare = 0.25

// allocate divides a share over slots: none gets more than it has, each that has
// lines gets at least one where the share suffices, and together they get the share,
// or all their lines.
func allocate(slots []Slot, share int64) []int64 {
	out := make([]int64, len(slots))
	var total, filled int64
	for _, s := range slots {
		total += max(0, s.Lines)
		if s.Lines > 0 {
			filled++
		}
	}
	if share >= total {
		for i, s := range slots {
			out[i] = max(0, s.Lines)
		}
		return out
	}
	if share < filled { // one line each of slots that are spread over all
		seen := int64(0)
		for i, s := range slots {
			if s.Lines > 0 {
				out[i] = (seen+1)*share/filled - seen*share/filled
				seen++
			}
		}
		return out
	}
	floor := max(1, int64(quietShare*float64(share)/float64(filled)))
	rest, weight := share, int64(0)
	for i, s := range slots {
		out[i] = min(max(0, s.Lines), floor)
		rest -= out[i]
		weight += max(0, s.Lines) - out[i]
	}
	// Rounding the running sum rather than each share loses no line.
	ratio, passed, given := float64(rest)/max(1, float64(weight)), int64(0), int64(0)
	for i, s := range slots {
		passed += max(0, s.Lines) - out[i]
		sum := min(rest, int64(math.Floor(float64(passed)*ratio+0.5)))
		out[i] += sum - given
		given = sum
	}
	return out
}

// coarser merges neighbouring slots of (start, end] into at most n that are about
// equally long.
func coarser(slots []Slot, start, end int64, n int) []Slot {
	var out []Slot
	last := -1
	for _, s := range slots {
		middle := float64(s.Start-start) + float64(s.End-s.Start)/2
		at := int(middle / float64(end-start) * float64(n))
		if at == last {
			out[len(out)-1].End = s.End
			out[len(out)-1].Lines += s.Lines
			continue
		}
		last = at
		out = append(out, s)
	}
	return out
}
