package prompts

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// ScorecardSchema is the version of a [Scorecard]'s form.
const ScorecardSchema = 1

// The judges that a scorecard can be of.
const (
	JudgeModel = "model"
	JudgeRules = "rules"
)

// Bounds of a scorecard.
const (
	maxMetrics  = 200
	maxFailures = 50
	maxFailure  = 500 // characters
	maxModel    = 200 // characters
)

// A Scorecard says how well a judge did on golden cases. It holds for exactly the prompt,
// model and signatures that it names. The JSON of a checked one is read back by
// [ParseScorecard].
type Scorecard struct {
	SchemaVersion int `json:"schema_version"`
	// Judge is [JudgeModel], or [JudgeRules] for the rules verdict, which has no prompt and
	// no model.
	Judge         string `json:"judge"`
	Prompt        string `json:"prompt,omitempty"`
	PromptVersion string `json:"prompt_version,omitempty"`
	// PromptHash is [Prompt.Hash].
	PromptHash string `json:"prompt_hash,omitempty"`
	// Model is the identity that the model server gives in its answers.
	Model string `json:"model,omitempty"`
	// Rules is the hash of the signatures, on which a model's verdict depends too.
	Rules   string  `json:"rules"`
	Dataset Dataset `json:"dataset"`
	// Metrics are by the names that they have at the Pushgateway, without its prefix.
	Metrics map[string]Estimate `json:"metrics"`
	// Passed is the gate's decision, Failures its reasons where it is no.
	Passed   bool     `json:"passed"`
	Failures []string `json:"failures,omitempty"`
	// Calibration is of the model's probabilities; nil where there is none.
	Calibration *verdict.Calibration `json:"calibration,omitempty"`
	// Created is left out of a scorecard that a repository keeps, so that equal scores are
	// equal files.
	Created time.Time `json:"created,omitzero"`

	// Origin says which source the scorecard came from.
	Origin string `json:"-"`
}

// A Dataset names the golden cases behind a scorecard.
type Dataset struct {
	SHA256 string `json:"sha256"`
	Seed   uint64 `json:"seed"`
	Cases  int    `json:"cases"`
	// Groups counts the stories that the cases tell, of which a confidence interval is made.
	Groups int    `json:"groups"`
	Split  string `json:"split"`
}

// An Estimate is a measured value with its 95 % confidence interval, which is the value
// twice where none is told.
type Estimate struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

var (
	hashExpr   = regexp.MustCompile(`^[0-9a-f]{64}$`)
	metricExpr = regexp.MustCompile(`^[a-z][a-z0-9_]{0,79}$`)
	splitExpr  = regexp.MustCompile(`^[a-z]{1,20}$`)
)

// ParseScorecard reads and checks one scorecard of at most 64 KiB. It refuses unknown
// fields. Errors name the field and say what to change.
func ParseScorecard(raw []byte) (Scorecard, error) {
	if len(raw) > maxDocument {
		return Scorecard{}, fmt.Errorf("the scorecard has %d bytes, at most %d are allowed", len(raw), maxDocument)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	var s Scorecard
	if err := dec.Decode(&s); err != nil {
		if errors.Is(err, io.EOF) {
			return Scorecard{}, errors.New("the scorecard is empty")
		}
		return Scorecard{}, fmt.Errorf("the scorecard: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Scorecard{}, errors.New("the scorecard is followed by something else: a document holds one")
	}
	if err := s.Check(); err != nil {
		return Scorecard{}, fmt.Errorf("the scorecard: %w", err)
	}
	return s, nil
}

// Check says what is wrong with a scorecard, in words that name the field; nil where
// nothing is.
func (s *Scorecard) Check() error {
	if s.SchemaVersion != ScorecardSchema {
		return fmt.Errorf("schema_version is %d; this program reads %d", s.SchemaVersion, ScorecardSchema)
	}
	if err := s.checkJudge(); err != nil {
		return err
	}
	switch d := s.Dataset; {
	case !hashExpr.MatchString(s.Rules):
		return errors.New("rules must be the hash of the signatures, 64 hexadecimal digits")
	case !hashExpr.MatchString(d.SHA256):
		return errors.New("dataset.sha256 must have 64 hexadecimal digits")
	case d.Groups < 1 || d.Cases < d.Groups:
		return fmt.Errorf("dataset.cases is %d and dataset.groups is %d: each group has at least one case", d.Cases, d.Groups)
	case !splitExpr.MatchString(d.Split):
		return fmt.Errorf("dataset.split %q must be a word in lower case, such as test", d.Split)
	}
	if err := s.checkMetrics(); err != nil {
		return err
	}
	if err := s.checkGate(); err != nil {
		return err
	}
	if s.Calibration == nil {
		return nil
	}
	if s.Judge != JudgeModel {
		return errors.New("calibration: the rules verdict has no probability to calibrate")
	}
	if err := s.Calibration.Check(); err != nil {
		return fmt.Errorf("calibration: %w", err)
	}
	return nil
}

func (s *Scorecard) checkJudge() error {
	switch {
	case s.Judge == JudgeRules:
		if s.Prompt != "" || s.PromptVersion != "" || s.PromptHash != "" || s.Model != "" {
			return errors.New("prompt and model must be left out where the judge is rules")
		}
	case s.Judge != JudgeModel:
		return fmt.Errorf("judge %q is none of %s, %s", s.Judge, JudgeModel, JudgeRules)
	case !nameExpr.MatchString(s.Prompt) || !versionExpr.MatchString(s.PromptVersion):
		return fmt.Errorf("prompt %q, prompt_version %q: name the prompt that was measured, such as incident-triage and 1.0.0", s.Prompt, s.PromptVersion)
	case !hashExpr.MatchString(s.PromptHash):
		return errors.New("prompt_hash must have 64 hexadecimal digits")
	case !printable(s.Model, maxModel):
		return fmt.Errorf("model must be the model's identity, 1 to %d printable characters", maxModel)
	}
	return nil
}

// printable reports whether a text is one line of 1 to limit characters that can be seen.
// What is shown somewhere goes through [verdict.Plain] there.
func printable(text string, limit int) bool {
	return strings.TrimSpace(text) != "" && utf8.ValidString(text) && utf8.RuneCountInString(text) <= limit &&
		strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}

func (s *Scorecard) checkMetrics() error {
	if len(s.Metrics) == 0 || len(s.Metrics) > maxMetrics {
		return fmt.Errorf("metrics has %d entries, allowed are 1 to %d", len(s.Metrics), maxMetrics)
	}
	for name, e := range s.Metrics {
		switch {
		case !metricExpr.MatchString(name):
			return fmt.Errorf("metrics: %q is no name of a metric; use lower-case letters, digits and underscores", name)
		case !finite(e.Value) || !finite(e.Low) || !finite(e.High):
			return fmt.Errorf("metrics.%s: value, low and high must be numbers", name)
		case e.Low > e.High:
			return fmt.Errorf("metrics.%s: low is above high", name)
		}
	}
	return nil
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

func (s *Scorecard) checkGate() error {
	switch {
	case s.Passed && len(s.Failures) > 0:
		return errors.New("passed is true although there are failures")
	case !s.Passed && len(s.Failures) == 0:
		return errors.New("passed is false: say why in failures")
	case len(s.Failures) > maxFailures:
		return fmt.Errorf("failures has %d entries, at most %d are allowed", len(s.Failures), maxFailures)
	}
	for i, f := range s.Failures {
		if !printable(f, maxFailure) {
			return fmt.Errorf("failures[%d] must have 1 to %d printable characters", i, maxFailure)
		}
	}
	return nil
}
