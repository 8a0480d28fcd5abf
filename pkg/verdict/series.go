package verdict

import "time"

// agreement is how many evaluations in a row the rules must be milder before a severity falls
// that no model judged on the current content.
const agreement = 3

// A severity below critical that comes back within relapseTime of its fall was not over:
// what the rules measure lies at one of their thresholds, or the model wavers. For each time
// in a row, up to maxRelapses, the rules must then be milder for relapseHold before it falls,
// and the model's word alone is not enough: a count over a window of a quarter of an hour
// tells something new only after that. Incidents end as they always do: whoever was woken
// is to learn that it is over.
const (
	relapseTime = 6 * time.Hour
	relapseHold = 30 * time.Minute
	maxRelapses = 2
)

// A Series is what is remembered of one series of evaluations: one group of one
// query, judged again and again. It keeps a severity from flapping: a rise is
// served at once, a fall only for a reason. It marshals to JSON, for the history. It
// is not safe for concurrent use.
type Series struct {
	// Served is the severity that was served last, and Account explains it.
	Served  Severity `json:"served"`
	Account Account  `json:"account"`
	// Model is the model's last severity, and ModelAccount explains it; its End is zero
	// where the model never judged.
	Model        Severity `json:"model"`
	ModelAccount Account  `json:"model_account"`
	// Milder counts the evaluations in a row in which the rules looked and were milder than
	// Served; MilderSince is the first of them, zero where there is none.
	Milder      int       `json:"milder,omitempty"`
	MilderSince time.Time `json:"milder_since,omitzero"`
	// Fell is when Served fell from a severity above healthy and did not rise since, else
	// zero, and Relapses how often in a row it rose again soon after.
	Fell     time.Time `json:"fell,omitzero"`
	Relapses int       `json:"relapses,omitempty"`
	// End is the end of the last window that was evaluated; zero before the first.
	End time.Time `json:"end"`
}

// An Account is what explains a severity.
type Account struct {
	Category  Category `json:"category,omitempty"`
	Summary   string   `json:"summary,omitempty"`
	RootCause string   `json:"root_cause,omitempty"`
	NextStep  string   `json:"next_step,omitempty"`
	Source    Source   `json:"source,omitempty"`
	Model     string   `json:"model,omitempty"`
	// End is the end of the last window that this describes.
	End time.Time `json:"end"`
}

// An Evaluation is what one evaluation of a series found.
type Evaluation struct {
	// End is the end of the evaluated window.
	End time.Time
	// Verdict is the judgement on the current content, that of the rules where no model
	// has judged it.
	Verdict Verdict
	// Rules explains Verdict.RulesSeverity.
	Rules Account
	// Silent says that the group had no lines.
	Silent bool
	// MaxAge is how long a model's verdict counts after the last window with the content
	// that it judged, and how long a severity is held while there is nothing to look at.
	MaxAge time.Duration
}

// judged reports whether a model judged the current content.
func (e *Evaluation) judged() bool {
	return e.Verdict.Source == SourceModel && e.Verdict.Severity != Inconclusive
}

// standing returns the severity that the model gave the series last, if it still
// counts for a window that ends at end.
func (s *Series) standing(end time.Time, maxAge time.Duration) (Severity, bool) {
	if s.ModelAccount.End.IsZero() || end.Sub(s.ModelAccount.End) > maxAge {
		return Inconclusive, false
	}
	return s.Model, true
}

// Evaluate takes an evaluation into the series and returns the verdict to serve. Its
// severity is the worse of the rules' on the current content and of the model's last
// one within MaxAge. A rise is served at once. A fall is served if the model judged
// the current content, or if the rules, having looked, were milder three times in a row; until
// then the last severity is held, with the words that explained it. Where a severity below
// critical rose again within six hours of its fall, the rules must be milder for half an
// hour, and for an hour after another relapse. A window that ends
// before the last one changes nothing, and one that ends with it is not counted again.
func (s *Series) Evaluate(e Evaluation) Verdict {
	if e.End.Before(s.End) {
		past := Series{}
		return past.Evaluate(e)
	}
	v := e.Verdict
	v.End = e.End
	if e.judged() {
		s.Model, s.ModelAccount = v.Severity, account(v)
	}
	now := max(v.RulesSeverity, v.Severity)
	if m, ok := s.standing(e.End, e.MaxAge); ok {
		now = max(now, m)
	}
	held := s.holds(now, &e)
	s.End = e.End
	switch {
	case held:
		v = served(v, s.Served, s.Account)
		v.Held = true
	case now == v.Severity:
		s.Account = account(v)
	case now == v.RulesSeverity:
		e.Rules.End, e.Rules.Source = e.End, SourceRules
		v = served(v, now, e.Rules)
		s.Account = e.Rules
	default:
		v = served(v, now, s.ModelAccount)
		v.Held = true
		s.Account = s.ModelAccount
	}
	if s.Served != v.Severity {
		s.turn(v.Severity)
		s.Served, s.Milder, s.MilderSince = v.Severity, 0, time.Time{}
	}
	v.ModelEnd = s.ModelAccount.End
	return v
}

// learn takes a model's verdict on a window that was evaluated without it.
func (s *Series) learn(v Verdict) {
	if v.Source == SourceModel && v.Severity != Inconclusive && !v.End.Before(s.ModelAccount.End) {
		s.Model, s.ModelAccount = v.Severity, account(v)
	}
}

// turn notes that another severity is served at s.End than before.
func (s *Series) turn(to Severity) {
	switch {
	case to < s.Served && s.Served > Healthy:
		s.Fell = s.End
	case to > s.Served && to > Healthy && !s.Fell.IsZero():
		if s.End.Sub(s.Fell) <= relapseTime {
			s.Relapses = min(s.Relapses+1, maxRelapses)
		} else {
			s.Relapses = 0
		}
		s.Fell = time.Time{}
	}
}

// holds reports whether the severity served last stays, although the evaluation found
// the milder now.
func (s *Series) holds(now Severity, e *Evaluation) bool {
	looked := !e.Silent && e.Verdict.RulesSeverity != Inconclusive
	relapses := s.Relapses
	if s.Served == Critical {
		relapses = 0
	}
	enough := e.judged() && relapses == 0
	switch {
	case s.End.IsZero() || now > s.Served || !looked || e.Verdict.RulesSeverity >= s.Served || enough:
		s.Milder, s.MilderSince = 0, time.Time{} // that nothing could be looked at is no agreement
	case e.End.After(s.End):
		if s.Milder++; s.Milder == 1 {
			s.MilderSince = e.End
		}
	}
	switch {
	case s.End.IsZero() || now >= s.Served || enough:
		return false
	case !looked:
		return e.End.Sub(s.Account.End) <= e.MaxAge
	}
	return s.Milder < agreement || e.End.Sub(s.MilderSince) < time.Duration(relapses)*relapseHold
}

// served returns the verdict with another severity and what explains that.
func served(v Verdict, severity Severity, a Account) Verdict {
	v.Severity, v.Category, v.Summary, v.RootCause, v.NextStep = severity, a.Category, a.Summary, a.RootCause, a.NextStep
	v.Source, v.Model, v.End = a.Source, a.Model, a.End
	return v
}

func account(v Verdict) Account {
	return Account{Category: v.Category, Summary: v.Summary, RootCause: v.RootCause, NextStep: v.NextStep, Source: v.Source, Model: v.Model, End: v.End}
}
