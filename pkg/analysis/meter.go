package analysis

import (
	"time"

	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// A Meter counts what happens apart from a request: a call of the model can end after
// its asker has left. It must be safe for concurrent use.
type Meter interface {
	// ModelCall tells of one judgement that the model was asked for; outcome is ok, cut,
	// repaired, or the kind of failure. model and usage are empty where it failed.
	ModelCall(outcome string, took time.Duration, model string, usage verdict.Usage)
	// CallAvoided tells of a judgement that needed no call; reason is ledger or not_novel.
	CallAvoided(reason string)
	// Compared tells of one judgement that the model has just made beside the rules' on the
	// same logs: once for all who wait for it, not when it is remembered, and not of a second
	// reading. prompt is the prompt's id, outcome one of Agree and those below it.
	Compared(prompt, outcome string)
}

// What comes of comparing the model's judgement with the rules'. They agree where both
// are healthy, suspicious or an incident: notices and warnings are not told apart. What
// counts is what the model said, before its evidence was checked and a fatal signature
// overruled it.
const (
	Agree       = "agree"
	ModelHigher = "model_higher"
	ModelLower  = "model_lower"
	// Abstained is that the model could not judge, or was not sure of it.
	Abstained = "abstained"
)

// compare counts a fresh judgement of the model on logs that the rules have judged.
func (e *Engine) compare(q question, rules, model verdict.Severity) {
	if rules == verdict.Inconclusive {
		return // there is nothing to compare with
	}
	outcome := ModelHigher
	switch {
	case model == verdict.Inconclusive:
		outcome = Abstained
	case model.Word() == rules.Word():
		outcome = Agree
	case model < rules:
		outcome = ModelLower
	}
	e.Meter.Compared(q.prompt.ID, outcome)
}

type noMeter struct{}

func (noMeter) ModelCall(string, time.Duration, string, verdict.Usage) {}
func (noMeter) CallAvoided(string)                                     {}
func (noMeter) Compared(string, string)                                {}
