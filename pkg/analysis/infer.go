package analysis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lokalyst/lokalyst/pkg/llm"
	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/patterns"
	"github.com/lokalyst/lokalyst/pkg/prompts"
	"github.com/lokalyst/lokalyst/pkg/redact"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// maxCall bounds one call of the model once it has a slot. A 3B model
// on a slow desktop CPU reads a full dictionary in about a minute.
const maxCall = 5 * time.Minute

// layoutVersion is part of the ledger's key: another preamble or rendering may
// give another answer.
const layoutVersion = "2"

// question is what is asked about every group of a request.
type question struct {
	*Request
	// started is when the request came.
	started      time.Time
	prompt       *prompts.Prompt
	instructions string
	query        loki.Query
	red          *redact.Redactor
}

// judge asks the model about one group and puts its verdict in place of the
// rules', or says why it could not.
func (e *Engine) judge(ctx context.Context, g *Group, q question, t *timer) {
	if q.Model == nil {
		g.Verdict.Degraded = true
		g.notice(true, "No model server is set, so the rules alone judged. Enter the URL of a llama-server in the data source's settings.")
		return
	}
	if g.LinesRead == 0 && len(g.Series) == 0 {
		return // nothing to ask about; no lines and gone silent are for the rules to say
	}
	if q.OnlyNovel && !novel(g) {
		t.add(func(c *Cost) { c.CallsAvoided++ })
		return
	}
	var l layout
	var key verdict.Key
	var err error
	t.run(ctx, "compose", func(ctx context.Context) { l, key, err = e.compose(ctx, g, q) })
	if err != nil {
		degrade(ctx, g, err)
		return
	}
	t.run(ctx, "infer", func(ctx context.Context) { err = e.infer(ctx, g, q, l, key, t) })
	if err != nil {
		degrade(ctx, g, err)
	}
}

// novel reports whether the group holds anything that a model could add to: what
// the rules call suspicious, or what the baseline does not know.
func novel(g *Group) bool {
	if !g.Compared || g.Rules.Severity != verdict.Healthy {
		return true
	}
	return slices.ContainsFunc(g.Patterns, func(p patterns.Pattern) bool { return p.Change == patterns.ChangeNew })
}

// degrade leaves the rules verdict and says why the model's is missing.
func degrade(ctx context.Context, g *Group, err error) {
	g.Verdict.Degraded = true
	switch {
	case errors.Is(err, errNotReady):
		g.notice(true, "%sThe model's verdict was not ready in time; the rules alone judged. The call goes on, so that the next evaluation can have it.", g.prefix())
	case ctx.Err() != nil:
		g.notice(true, "%sThe query ended before the model's verdict was ready; the rules alone judged.", g.prefix())
	default:
		g.notice(true, "%sThe rules alone judged, because %s", g.prefix(), sentence(err))
	}
}

func sentence(err error) string {
	s := err.Error()
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}

// compose chooses what the model is shown and computes the ledger's key of it.
func (e *Engine) compose(ctx context.Context, g *Group, q question) (layout, verdict.Key, error) {
	caps, err := q.Model.Capabilities(ctx)
	if err != nil && caps == (llm.Capabilities{}) {
		return layout{}, verdict.Key{}, err
	}
	// A server that answered before and is down now may still have judged this.
	words, err := chooseWords(ctx, q.Model)
	if err != nil {
		return layout{}, verdict.Key{}, err
	}
	l := layout{words: words, context: contextText(q, g, q.red), instructions: q.instructions}
	shown := members(g, q.red, maxDictionary)
	series := verdict.KeyOf(q.Owner, q.query.Text, strings.Join(q.GroupBy, ","), strings.Join(g.Values, "\x00"), q.Window.Length().String())
	l.dictionary, l.entries = e.Memory.epoch(series).define(shown)
	l.omitted = omit(g, shown)
	key := verdict.KeyOf(
		q.Owner, layoutVersion, redact.Version, q.prompt.Hash(), caps.Model, caps.Build, strconv.Itoa(caps.Context), l.hurry(q.Model.Speed().Holds(e.left(ctx, q))),
		strings.Join(words.List(), ","), strings.Join(q.GroupBy, ","), strings.Join(g.Values, "\x00"), l.canonical(),
	)
	return l, key, nil
}

// wordSets are the verdict words to try. The first tokens of a set must differ in
// the model's vocabulary, or the probability could not be read.
func wordSets() []verdict.Words {
	return []verdict.Words{
		verdict.DefaultWords(),
		{OK: "fine", Warning: "suspicious", Critical: "incident", Unknown: "unclear"},
		{OK: "0", Warning: "1", Critical: "2", Unknown: "3"},
	}
}

func chooseWords(ctx context.Context, m Model) (verdict.Words, error) {
	for _, w := range wordSets() {
		distinct, err := firstTokensDiffer(ctx, m, w)
		if err != nil {
			return verdict.Words{}, err
		}
		if distinct {
			return w, nil
		}
	}
	return verdict.DefaultWords(), nil // the probability is then unknown, the verdict is not
}

func firstTokensDiffer(ctx context.Context, m Model, w verdict.Words) (bool, error) {
	seen := map[int]bool{}
	for _, word := range w.List() {
		ids, ok, err := m.Tokenize(ctx, word)
		if err != nil {
			return false, err
		}
		if !ok || len(ids) == 0 {
			return true, nil // a server without a tokenizer route: nothing can be checked
		}
		if seen[ids[0]] {
			return false, nil
		}
		seen[ids[0]] = true
	}
	return true, nil
}

// errNotReady says that a bounded wait ended before the model did.
var errNotReady = errors.New("the model's verdict is not ready yet")

// infer gets the judgement from the ledger, or from the model through it.
func (e *Engine) infer(ctx context.Context, g *Group, q question, l layout, key verdict.Key, t *timer) error {
	q.progress("infer", "asking the model about %d patterns", len(l.entries))
	left := e.left(ctx, q)
	out, err := e.Ledger.Do(ctx, verdict.Ask{Key: key, Keep: q.Wait > 0, Judge: func(ctx context.Context, _ *verdict.Call) (verdict.Entry, error) {
		return e.ask(ctx, q, l, left)
	}})
	if err != nil {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) && q.Wait > 0 {
			return errNotReady
		}
		return err
	}
	entry := out.Entry
	t.add(func(c *Cost) {
		if out.Cached {
			c.CallsAvoided++
			return
		}
		c.ModelCalls++
		c.PromptTokens += entry.Usage.PromptTokens
		c.CachedTokens += entry.Usage.CachedTokens
		c.AnswerTokens += entry.Usage.AnswerTokens
	})
	if n := entry.Omitted + l.omitted.n; n > 0 {
		g.notice(false, "%s%d of %d patterns of lower rank were not shown to the model.", g.prefix(), n, max(len(g.Patterns), len(g.Series)))
	}
	apply(g, l, entry, out.Cached)
	return nil
}

// ask runs one call: it fits the dictionary into the server's context, asks, and
// checks the answer. The result cites templates instead of ids, so that it can be
// served to a later request whose ids differ.
func (e *Engine) ask(ctx context.Context, q question, l layout, left time.Duration) (verdict.Entry, error) {
	// Waiting for a slot is bounded too, or a slow server would collect calls.
	ctx, cancel := context.WithTimeout(ctx, 2*maxCall)
	defer cancel()
	caps, err := q.Model.Capabilities(ctx)
	if err != nil {
		return verdict.Entry{}, err
	}
	fitted, err := fit(ctx, q.Model, l, bounds{context: caps.Context, answer: q.prompt.Model.MaxTokens, left: left})
	if err != nil {
		return verdict.Entry{}, lasting(err)
	}
	reply, err := q.Model.Chat(ctx, llm.Request{
		Messages: fitted.messages(), Schema: verdict.Schema(fitted.ids(), q.prompt.Fields, fitted.words),
		MaxTokens: q.prompt.Model.MaxTokens, Seed: q.prompt.Model.Seed, Limit: maxCall,
		Progress: func(n int) { q.progress("infer", "the model has written %d tokens", n) },
	})
	if err != nil {
		return verdict.Entry{}, lasting(err)
	}
	answer, err := verdict.ParseAnswer(reply.Text, fitted.ids(), q.prompt.Fields, fitted.words)
	if err != nil {
		return verdict.Entry{}, lasting(err)
	}
	p, confidence := verdict.ProbabilityUnknown, verdict.ConfidenceUnknown
	if d, ok := verdict.Distribution(reply.Tokens, fitted.words); ok {
		p, confidence = d[2], verdict.Confidence(d, answer.Severity)
	}
	for i := range answer.Findings {
		answer.Findings[i].Patterns = fitted.texts(answer.Findings[i].Patterns)
	}
	return verdict.Entry{
		Answer: answer, Probability: p, Confidence: confidence, Model: cmp.Or(reply.Model, caps.Model), Omitted: len(l.entries) - len(fitted.entries),
		Usage: verdict.Usage{
			PromptTokens: reply.Timings.PromptTokens + reply.Timings.CachedTokens, CachedTokens: reply.Timings.CachedTokens,
			AnswerTokens: reply.Timings.AnswerTokens,
		},
	}, nil
}

// lasting marks the failures that the same question would meet again.
func lasting(err error) error {
	if errors.Is(err, verdict.ErrAnswer) || errors.Is(err, llm.ErrCut) || errors.Is(err, llm.ErrTooLong) {
		return verdict.Lasting(err)
	}
	return err
}

// bytesPerToken is a cautious estimate for servers that cannot count: logs have
// 2.6 bytes a token in Llama 3's vocabulary, not the 4 of prose.
const bytesPerToken = 2.2

// fallbackContext is assumed where a server does not tell its context.
const fallbackContext = 4096

// left is how long a call may take.
func (e *Engine) left(ctx context.Context, q question) time.Duration {
	if deadline, ok := ctx.Deadline(); ok && q.Wait == 0 { // a bounded wait ends before the call does
		return min(maxCall, deadline.Sub(e.Now()))
	}
	return maxCall
}

// hurry tells in steps how many tokens a prompt may have, where that is less than the
// layout probably has: who has more time is not served an answer to less.
func (l *layout) hurry(holds int) string {
	size := 0
	for _, m := range l.messages() {
		size += len(m.Content)
	}
	if holds == 0 || float64(holds) > float64(size)/bytesPerToken {
		return ""
	}
	return sizeName(sizeOf(max(1, holds)))
}

// bounds are what a call must keep to: the tokens of a slot and of the answer, and the
// time left.
type bounds struct {
	context, answer int
	left            time.Duration
}

// fit drops the patterns of the lowest rank until prompt and answer fit into the
// server's context, and until the server can be expected to answer in the time left: a
// call that cannot finish is not started.
func fit(ctx context.Context, m Model, l layout, b bounds) (layout, error) {
	size := b.context
	if size <= 0 {
		size = fallbackContext
	}
	speed := m.Speed()
	for {
		messages := l.messages()
		n, ok, err := m.CountTokens(ctx, messages)
		if err != nil {
			return l, err
		}
		if !ok {
			n = 0
			for _, m := range messages {
				n += int(math.Ceil(float64(len(m.Content))/bytesPerToken)) + 8
			}
		}
		over, slow := n+b.answer-size, false
		if holds := speed.Holds(b.left); holds != 0 && n-holds > over {
			over, slow = n-holds, true
		}
		if over <= 0 {
			return l, nil
		}
		if len(l.dictionary) > len(l.entries) {
			l = l.without(0) // what the window does not show goes first
			continue
		}
		switch {
		case len(l.entries) > 1:
		case slow:
			return l, &tooSlowError{takes: speed.Takes(n), left: b.left}
		default:
			return l, &llm.Error{Kind: llm.ErrTooLong, PromptTokens: n + b.answer, Context: size}
		}
		// Entries differ in length, so a share is dropped at a time.
		share := float64(over) / float64(n)
		drop := min(max(1, int(share*float64(len(l.entries)))), len(l.entries)-1)
		l = l.without(drop)
	}
}

// tooSlowError says that the model server would not answer in time.
type tooSlowError struct{ takes, left time.Duration }

func (e *tooSlowError) Error() string {
	return fmt.Sprintf("the model server, as fast as it was last, needs about %s for even the shortest question, and %s are left. Give the query more time, or the server more cores",
		humanDuration(e.takes), humanDuration(max(0, e.left)))
}

// without returns the layout less its n entries of the lowest rank and less what the
// dictionary defines beside its entries.
func (l layout) without(n int) layout {
	order := slices.Clone(l.entries)
	slices.SortStableFunc(order, func(a, b entry) int { return b.rank - a.rank })
	gone := map[string]bool{}
	for _, e := range order[:n] {
		gone[e.id] = true
	}
	l.entries = slices.DeleteFunc(slices.Clone(l.entries), func(e entry) bool { return gone[e.id] })
	l.dictionary = make([]definition, len(l.entries))
	for i, e := range l.entries {
		l.dictionary[i] = e.definition
	}
	l.omitted.n += n
	return l
}

func (l *layout) texts(ids []string) []string {
	out := make([]string, 0, len(ids))
	for _, id := range ids {
		for _, e := range l.entries {
			if e.id == id {
				out = append(out, e.identity())
			}
		}
	}
	return out
}
