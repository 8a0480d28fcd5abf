package score

import (
	"math"
	"slices"

	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// Bounds of a calibration's fit.
const (
	// minFitCases and minFitClass are how many cases, and of incidents and others each, a fit
	// needs: below, two parameters learn the sample.
	minFitCases = 30
	minFitClass = 5
	// fitPrior is the weight of the prior that a model is calibrated, slope 1 and intercept 0,
	// as if it were as many cases of middling probability.
	fitPrior = 1.0
	// minSlope keeps the order of the probabilities: who is more likely an incident stays so.
	minSlope = 0.05
	maxSteps = 100
)

// Fit finds the calibration under which the probabilities of an incident in results, those of
// the dev split, would have been most likely right: a logistic regression on their logit, drawn
// to the identity where the cases say little. ok is false, and the calibration the identity,
// where they are fewer than 30, or fewer than five of them are incidents or none.
func Fit(dev []golden.Result) (c verdict.Calibration, ok bool) {
	xs, ys := logits(dev)
	incidents := 0
	for _, y := range ys {
		incidents += int(y)
	}
	if len(xs) < minFitCases || incidents < minFitClass || len(xs)-incidents < minFitClass {
		return verdict.Calibration{}, false
	}
	slope, intercept := newton(xs, ys, false)
	if slope < minSlope {
		slope, intercept = newton(xs, ys, true)
	}
	c = verdict.Calibration{Slope: slope, Intercept: intercept, Cases: len(xs)}
	if c.Check() != nil { // bounds that no fit with the prior reaches, and numbers that are none
		return verdict.Calibration{}, false
	}
	return c, true
}

// Calibrated returns copies of results with calibrated probabilities.
func Calibrated(results []golden.Result, c verdict.Calibration) []golden.Result {
	out := slices.Clone(results)
	for i := range out {
		if believed(&out[i]) {
			out[i].Probability = c.Apply(out[i].Probability)
		}
	}
	return out
}

// logits returns the logit of each probability, bounded as [verdict.Calibration.Apply] bounds it,
// and 1 where the case is an incident.
func logits(results []golden.Result) (xs, ys []float64) {
	const tiny = 1e-6
	for _, b := range beliefs(results, nil) {
		p := min(1-tiny, max(tiny, b.p))
		xs, ys = append(xs, math.Log(p/(1-p))), append(ys, b.y)
	}
	return xs, ys
}

// newton minimises the penalised negative log-likelihood, which is convex, by Newton's method with
// halved steps; with fixed the slope stays at its minimum.
func newton(xs, ys []float64, fixed bool) (slope, intercept float64) {
	slope = 1
	if fixed {
		slope = minSlope
	}
	at := loss(xs, ys, slope, intercept)
	for range maxSteps {
		da, db := direction(xs, ys, slope, intercept, fixed)
		step := 1.0
		next := loss(xs, ys, slope+da, intercept+db)
		for ; next > at && step > 1e-6; next = loss(xs, ys, slope+step*da, intercept+step*db) {
			step /= 2
		}
		if next > at {
			return slope, intercept
		}
		slope, intercept = slope+step*da, intercept+step*db
		if at-next < 1e-12*(1+at) {
			return slope, intercept
		}
		at = next
	}
	return slope, intercept
}

// direction is the Newton step at a point.
func direction(xs, ys []float64, slope, intercept float64, fixed bool) (da, db float64) {
	ga, gb := fitPrior*(slope-1), fitPrior*intercept
	haa, hab, hbb := fitPrior, 0.0, fitPrior
	for i, x := range xs {
		p := logistic(slope*x + intercept)
		w := p * (1 - p)
		ga, gb = ga+(p-ys[i])*x, gb+(p-ys[i])
		haa, hab, hbb = haa+w*x*x, hab+w*x, hbb+w
	}
	if fixed {
		return 0, -gb / hbb
	}
	det := haa*hbb - hab*hab // above 0: the prior alone gives it
	return -(hbb*ga - hab*gb) / det, -(haa*gb - hab*ga) / det
}

// loss is the negative log-likelihood with the prior.
func loss(xs, ys []float64, slope, intercept float64) float64 {
	sum := fitPrior / 2 * ((slope-1)*(slope-1) + intercept*intercept)
	for i, x := range xs {
		z := slope*x + intercept
		sum += max(z, 0) + math.Log1p(math.Exp(-math.Abs(z))) - ys[i]*z
	}
	return sum
}

func logistic(z float64) float64 { return 1 / (1 + math.Exp(-z)) }
