package generate

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// The name and version of the generator, which cases and manifests state. A change that
// makes other cases of the same seed needs another version.
const (
	Name    = "lokalyst-golden"
	Version = "1"
)

// Canary is in every test case and nowhere else: a model or prompt that knows it has been
// made with what it is measured with.
const Canary = "lokalyst-golden-canary-5b0c1f0e-7d0a-4f8e-9a34-2f6d1c9b7e51"

// maxLines bounds the background lines of a case, its baseline included.
const maxLines = 58_000

// epoch is where the drawn times begin.
var epoch = time.Date(2026, time.January, 5, 0, 0, 0, 0, time.UTC)

// The time from which a dataset's windows are drawn, and the one in which they lie.
const (
	epochDays = 200
	spanDays  = 60
)

// startOf draws when a case's window begins.
func startOf(seed uint64, pair string) time.Time {
	days := newRandom(seed, "epoch").below(epochDays)
	seconds := newRandom(seed, pair, "start").within(0, spanDays*24*3600)
	return epoch.AddDate(0, 0, days).Add(time.Duration(seconds) * time.Second)
}

// A draft is a case in the making.
type draft struct {
	spec     spec
	lib      *library
	scene    *scene
	page     *page
	window   region
	back     string
	baseline region
}

// build makes a case of a seed.
func (lib *library) build(seed uint64, s spec) (*golden.Case, error) {
	pair := s.pair()
	d := &draft{
		spec: s, lib: lib, page: newPage(), scene: newScene(seed, pair, startOf(seed, pair)),
		window: region{length: int64(time.Duration(s.story.Window))},
	}
	if s.baseline {
		d.back = pick(newRandom(seed, pair, "back"), []string{"1h", "2h", "6h", "1d"})
		back := map[string]time.Duration{"1h": time.Hour, "2h": 2 * time.Hour, "6h": 6 * time.Hour, "1d": 24 * time.Hour}[d.back]
		d.baseline = region{from: -int64(back), length: d.window.length}
	}
	if s.variant.empty == 0 {
		d.fill()
	}
	c := d.finish(seed)
	if err := c.Check(); err != nil {
		return nil, err
	}
	if !s.twin && s.variant.empty == 0 && len(s.story.silent(s.level)) == 0 && len(c.Expected.EvidenceMust) == 0 {
		return nil, fmt.Errorf("case %q: nothing that must be cited is printed at severity %d; raise its times, or let it happen earlier", c.ID, s.level+1)
	}
	return c, nil
}

// fill prints the story and its surroundings.
func (d *draft) fill() {
	s := d.spec
	pf := newPerformance(s.story, d.scene, d.page)
	arm := s.story.arm(s.twin)
	arm.forged = s.twin && s.variant.injection != nil
	if s.baseline {
		pf.play(arm, s.level, d.baseline, func(a *act) bool { return a.Baseline })
	}
	if hidden, _, ok := needle(s.story); ok && s.variant.needle > 0 && !s.twin {
		pf.hide(arm, hidden, d.window)
	} else {
		pf.play(arm, s.level, d.window, func(*act) bool { return true })
	}
	if s.variant.truncated {
		d.truncate(pf)
	}
	if in := s.variant.injection; in != nil {
		d.inject(in)
	}
	d.surround(pf)
}

// surround prints the background, which a fault and its twin have in common: what the cast
// prints in health, and the rest of the cluster.
func (d *draft) surround(pf *performance) {
	s := d.spec
	regions := map[string]region{"window": d.window}
	limit := float64(maxLines)
	if s.baseline {
		regions["baseline"] = d.baseline
		limit /= 2
	}
	n := min(s.background(), limit)
	if n < 1 {
		return
	}
	own := 0.0
	for _, a := range s.story.Normal {
		own += a.Rate * float64(len(a.say)) * float64(d.window.length) / float64(perRate)
	}
	factor := 1.0
	if own > 0 && len(s.story.silent(s.level)) == 0 { // a silence needs the voices that it ends
		factor = min(1, ownShare*n/own)
	}
	var cut map[string]float64
	if !s.twin {
		cut = s.story.silent(s.level)
	}
	rest := max(n-own*factor, (1-ownShare)*n)
	ch := d.lib.world.choir(d.scene, d.page, s.story.Split, servicesFor(n))
	for _, where := range sortedKeys(regions) {
		pf.normal(regions[where], factor, cut, where)
		if s.noise > 0 {
			ch.sing(regions[where], int(rest), where)
		}
	}
}

// The amounts of background.
const (
	// ownShare is the part of it that the story's own cast has at most.
	ownShare = 0.6
	// alone is how much the cast prints where the rest of the cluster is left out.
	alone = 60
	// modest bounds the background at a low ratio: the many cases of wordy stories would be
	// most of the dataset.
	modest = 500
)

// background is how many lines of background a case has. Without noise there is none, but
// for the cast where there is a baseline: with an empty one all would be new.
func (s spec) background() float64 {
	switch {
	case s.variant.needle > 0:
		return float64(s.variant.needle)
	case s.noise == 0 && s.baseline:
		return alone / ownShare
	}
	n := float64(s.noise) * (lines(s.story.Fault, s.level) + lines(s.story.Twin, s.level)) / 2
	if s.noise <= 10 {
		n = min(n, modest)
	}
	return n
}

// servicesFor is how many background services n lines come from.
func servicesFor(n float64) int {
	switch {
	case n < 600:
		return 4
	case n < 6000:
		return 9
	}
	return -1 // all
}

// hide prints one line of an act.
func (pf *performance) hide(arm *arm, a *act, in region) {
	r := newRandom(pf.scene.seed, pf.scene.id, "hide")
	pf.print(a, in.at(0.1+0.85*r.float()), 1, in, arm.mark(a), r)
}

// finish makes the case of what is printed.
func (d *draft) finish(seed uint64) *golden.Case {
	s := d.spec
	c := &golden.Case{
		ID: s.id(), SchemaVersion: golden.SchemaVersion, Split: s.story.Split, GroupID: s.group(),
		Generator: &golden.Generator{Name: Name, Version: Version, Seed: seed, Scenario: s.family.ID, Params: map[string]string{
			"story": s.story.ID, "severity": strconv.Itoa(s.level + 1), "arm": s.arm(), "noise": strconv.Itoa(s.noise),
			"baseline": strconv.FormatBool(s.baseline), "variant": s.variant.String(),
		}},
		Query: golden.Query{
			LogQL: `{service_name=~".+"}`, Start: d.scene.start, End: d.scene.start.Add(time.Duration(d.window.length)),
			Direction: "forward", Baseline: d.back, Frozen: true,
		},
		Tags:       s.tags(),
		Provenance: golden.Provenance{Source: "synthetic", Licence: "AGPL-3.0-only", LabelledBy: "generator"},
	}
	var musts, mays []string
	c.Streams, musts, mays = d.page.finish()
	c.Expected = s.expected()
	c.Expected.EvidenceMust, c.Expected.EvidenceMay = musts, mays
	if s.twin {
		c.Provenance.Note = s.story.TwinReason
	}
	if s.story.Split == golden.Test {
		c.Canary = Canary
	}
	c.Provenance.SHA256 = c.Hash()
	return c
}

// expected is the right judgement, without its evidence.
func (s spec) expected() golden.Expected {
	e := golden.Expected{ForbiddenClaims: slices.Clone(s.family.Forbidden)}
	switch {
	case s.variant.empty > 0:
		e.Severity, e.Category, e.AbstainOK = verdict.Inconclusive, verdict.CategoryNone, true
	case s.twin && s.variant.injection != nil: // somebody tries to raise an alarm, which is all there is
		e.Severity, e.Category = verdict.Notice, "security"
	case s.twin:
		e.Severity, e.Category = verdict.Healthy, verdict.CategoryNone
	default:
		e.Severity = verdict.Severity(s.level + 1)
		e.Category, e.Categories = s.family.Category, slices.Clone(s.family.Also)
		e.RootCause = golden.RootCause{Component: s.family.RootCause.Component, Code: s.family.RootCause.Code}
	}
	e.Verdict = e.Severity.Word()
	return e
}
