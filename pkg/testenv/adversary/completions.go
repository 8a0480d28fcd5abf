package adversary

import (
	"encoding/json"
	"fmt"
	"strings"
)

// A completer makes answers that no model should give. Each is made from its number and
// from what the model is shown.
type completer struct {
	seed  uint64
	stage func(prompt) *stage
}

// kinds are the kinds of answers, in turn.
func kinds() []func(generator, *answerer) string {
	return []func(generator, *answerer) string{
		func(g generator, a *answerer) string { return a.valid(g) },
		inventedIDs, quietIDs, mixedIDs, absentIDs, wrongTypes, duplicates, hugeNumbers, unicodeTricks, cutOff, cutOff, blank, prose, junk,
		otherShapes, hostileProse, hostileProse, largeAnswers, fences, contradictions,
	}
}

// answerer makes parts of answers about one prompt.
type answerer struct {
	n      uint64
	prompt prompt
	// quiet are ids that show nothing unusual, telling the others.
	quiet, telling []string
}

func (c *completer) complete(n uint64, p prompt) completion {
	g := newGenerator(c.seed ^ n*0x9e3779b97f4a7c15)
	a := &answerer{n: n, prompt: p}
	for _, id := range p.shown {
		if r, ok := c.stage(p).roleOf(p.defined[id]); ok && r >= known {
			a.telling = append(a.telling, id)
		} else {
			a.quiet = append(a.quiet, id)
		}
	}
	all := kinds()
	kind := all[n%uint64(len(all))]
	if p.repair {
		kind = pick(g, all)
	}
	out := completion{text: strings.ToValidUTF8(kind(g, a), "\uFFFD"), finish: "stop"}
	if g.chance(15) {
		out.finish = "length"
	}
	if g.chance(60) {
		out.logprobs = oddLogprobs(g)
	}
	return out
}

// oddLogprobs says things of tokens that cannot be.
func oddLogprobs(g generator) json.RawMessage {
	values := []string{"0", "-0.1", "-1", "-1e308", "1e308", "5", "-0", "-9999", "1e-320"}
	var tops []string
	for _, word := range []string{"ok", "warning", "critical", "unknown", "", "\\ud800", "ok"} {
		tops = append(tops, fmt.Sprintf(`{"token":"%s","logprob":%s}`, word, pick(g, values)))
	}
	return json.RawMessage(fmt.Sprintf(`{"content":[{"token":"{\"verdict\":\"","logprob":0},{"token":"ok","logprob":%s,"top_logprobs":[%s]},{"token":"","logprob":1}]}`,
		pick(g, values), strings.Join(tops[:g.IntN(len(tops)+1)], ",")))
}

// ids returns up to n of list, or invents one where there are none.
func ids(g generator, list []string, n int) []string {
	if len(list) == 0 {
		return []string{"p1"}
	}
	var out []string
	for range n {
		out = append(out, pick(g, list))
	}
	return out
}

func finding(category string, patterns ...string) string {
	raw, err := json.Marshal(patterns)
	if err != nil { // strings always marshal
		panic(err)
	}
	return fmt.Sprintf(`{"patterns":%s,"category":%q}`, raw, category)
}

// answer puts an answer together from JSON texts; prose is a Go string.
func answer(findings, verdict, severity, prose string) string {
	raw, err := json.Marshal(prose)
	if err != nil { // strings always marshal
		panic(err)
	}
	return fmt.Sprintf(`{"findings":%s,"verdict":%s,"severity":%s,"summary":%s,"root_cause":%s,"next_step":%s}`, findings, verdict, severity, raw, raw, raw)
}

func list(items ...string) string { return "[" + strings.Join(items, ",") + "]" }

func (a *answerer) valid(g generator) string {
	word := pick(g, []string{`"ok"`, `"warning"`, `"critical"`, `"unknown"`})
	return answer(list(finding("application", ids(g, a.telling, 1)...)), word, fmt.Sprint(g.IntN(4)), fmt.Sprintf("Answer %d says that the gateway refuses charges.", a.n))
}
