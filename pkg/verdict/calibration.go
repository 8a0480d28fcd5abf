package verdict

import (
	"errors"
	"fmt"
	"math"
)

// A Calibration maps the probability that a model's tokens say to the share of incidents
// among the golden cases of which it said so (Platt scaling). Its zero value changes
// nothing.
type Calibration struct {
	// Slope and Intercept are of the line through the log-odds.
	Slope     float64 `json:"slope"`
	Intercept float64 `json:"intercept"`
	// Cases counts the golden cases that the two were fitted on.
	Cases int `json:"cases"`
}

const (
	// calibrationEdge keeps the log-odds of 0 and 1 finite.
	calibrationEdge = 1e-6
	// maxCalibration bounds slope and intercept: with these, every probability but 0.5
	// already becomes a certainty.
	maxCalibration = 100
)

// Apply returns the calibrated probability for p, 0 to 1, which never falls as p rises.
// [ProbabilityUnknown], anything else below 0 and NaN are returned as they are.
func (c Calibration) Apply(p float64) float64 {
	if math.IsNaN(p) || p < 0 || c.Slope == 0 && c.Intercept == 0 {
		return p
	}
	p = min(max(p, calibrationEdge), 1-calibrationEdge)
	return 1 / (1 + math.Exp(-(c.Slope*math.Log(p/(1-p)) + c.Intercept)))
}

// Check refuses what no fit on cases gives: a calibration without cases, of numbers that
// are none or out of bounds, or one that turns the model's order around.
func (c Calibration) Check() error {
	switch {
	case !(c.Slope > 0 && c.Slope <= maxCalibration):
		return fmt.Errorf("slope is %g, allowed is what is above 0 and at most %d", c.Slope, maxCalibration)
	case !(math.Abs(c.Intercept) <= maxCalibration):
		return fmt.Errorf("intercept is %g, allowed are -%d to %[2]d", c.Intercept, maxCalibration)
	case c.Cases <= 0:
		return errors.New("cases is missing: say on how many golden cases it was fitted")
	}
	return nil
}
