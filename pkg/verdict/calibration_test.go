package verdict_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/verdict"
)

func TestCalibrationApply(t *testing.T) {
	half := verdict.Calibration{Slope: 0.5, Cases: 100}
	for name, tc := range map[string]struct {
		c        verdict.Calibration
		p, wants float64
	}{
		"zero value":            {verdict.Calibration{}, 0.123, 0.123},
		"zero value at the end": {verdict.Calibration{Cases: 3}, 1, 1},
		"slope 1 is identity":   {verdict.Calibration{Slope: 1}, 0.9, 0.9},
		"too sure":              {half, 0.99, 1 / (1 + math.Sqrt(1.0/99))},
		"the middle stays":      {half, 0.5, 0.5},
		"the intercept shifts":  {verdict.Calibration{Slope: 1, Intercept: math.Log(3)}, 0.5, 0.75},
		"0 stays finite":        {half, 0, 1 / (1 + math.Sqrt(1e6-1))},
		"1 stays finite":        {half, 1, 1 - 1/(1+math.Sqrt(1e6-1))},
		"unknown":               {half, verdict.ProbabilityUnknown, verdict.ProbabilityUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			require.InDelta(t, tc.wants, tc.c.Apply(tc.p), 1e-9)
		})
	}
	require.True(t, math.IsNaN(half.Apply(math.NaN())))
}

func TestCalibrationCheck(t *testing.T) {
	require.NoError(t, verdict.Calibration{Slope: 0.7, Intercept: -2, Cases: 400}.Check())
	for name, c := range map[string]verdict.Calibration{
		"slope":     {Cases: 1},
		"slope is ": {Slope: -1, Cases: 1},
		"allowed":   {Slope: math.NaN(), Cases: 1},
		"at most":   {Slope: math.Inf(1), Cases: 1},
		"intercept": {Slope: 1, Intercept: math.NaN(), Cases: 1},
		"-100":      {Slope: 1, Intercept: math.Inf(-1), Cases: 1},
		"cases":     {Slope: 1},
	} {
		require.ErrorContains(t, c.Check(), name)
	}
}

// FuzzCalibration: what passes the check never leaves 0 to 1 and keeps the model's order.
func FuzzCalibration(f *testing.F) {
	f.Add(0.5, -1.0, 0.2, 0.7)
	f.Add(100.0, 100.0, 0.0, 1.0)
	f.Fuzz(func(t *testing.T, slope, intercept, p, q float64) {
		c := verdict.Calibration{Slope: slope, Intercept: intercept, Cases: 1}
		if c.Check() != nil || !(p >= 0 && p <= q && q <= 1) {
			return
		}
		a, b := c.Apply(p), c.Apply(q)
		require.True(t, a >= 0 && a <= b && b <= 1, "%v of %v is %v, of %v %v", c, p, a, q, b)
	})
}
