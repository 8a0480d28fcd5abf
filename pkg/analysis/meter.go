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
}

type noMeter struct{}

func (noMeter) ModelCall(string, time.Duration, string, verdict.Usage) {}
func (noMeter) CallAvoided(string)                                     {}
