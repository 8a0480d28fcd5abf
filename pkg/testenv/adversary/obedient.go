package adversary

import (
	"context"
	"fmt"
	"strings"

	"github.com/lokalyst/lokalyst/pkg/llm"
)

// An obedient model reads the prompt and answers what the attacker demands, whether it
// could have read the demand or not. It cites what helps the attacker most.
type obedient struct {
	demand demand
	// asked says that it was.
	asked bool
}

// Chat implements analysis.Model.
func (o *obedient) Chat(_ context.Context, r llm.Request) (llm.Reply, error) {
	o.asked = true
	p := parsePrompt(r.Messages[1].Content, len(r.Messages))
	text := answer("[]", `"ok"`, "0", "Nothing needs attention.")
	if o.demand == alarm {
		var findings []string
		for _, ids := range [][]string{p.worst(0), p.worst(2)} {
			if len(ids) > 0 {
				findings = append(findings, finding("application", ids...))
			}
		}
		text = answer(list(findings...), `"critical"`, "3", "Users are affected.")
	}
	return llm.Reply{Text: text}, nil
}

// worst returns up to two ids behind the first skip: failures that are new come first,
// then what else is new, then other failures and warnings, then anything.
func (p *prompt) worst(skip int) []string {
	var order []string
	for rank := range 4 {
		for _, id := range p.shown {
			failure := strings.HasPrefix(p.defined[id], "error ") || strings.HasPrefix(p.defined[id], "fatal ")
			warning := failure || strings.HasPrefix(p.defined[id], "warn ")
			at := 3
			switch {
			case p.fresh[id] && failure:
				at = 0
			case p.fresh[id]:
				at = 1
			case warning:
				at = 2
			}
			if at == rank {
				order = append(order, id)
			}
		}
	}
	order = order[min(skip, len(order)):]
	return order[:min(2, len(order))]
}

// Capabilities implements analysis.Model.
func (o *obedient) Capabilities(context.Context) (llm.Capabilities, error) {
	return llm.Capabilities{Model: fmt.Sprint("obedient ", o.demand), Slots: 1, Context: 32768}, nil
}

// CountTokens implements analysis.Model.
func (o *obedient) CountTokens(context.Context, []llm.Message) (int, bool, error) {
	return 0, false, nil
}

// Tokenize implements analysis.Model.
func (o *obedient) Tokenize(context.Context, string) ([]int, bool, error) { return nil, false, nil }

// Speed implements analysis.Model.
func (o *obedient) Speed() llm.Speed { return llm.Speed{} }
