package analysis

import (
	"context"
	"errors"
	"strings"

	"github.com/lokalyst/lokalyst/pkg/llm"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// request is what the model server is asked.
func (a *asking) request(l *layout, tokens int) llm.Request {
	return llm.Request{
		Messages: l.messages(), Schema: verdict.Schema(l.ids(), a.prompt.Fields, l.words),
		MaxTokens: a.prompt.Model.MaxTokens, Seed: a.prompt.Model.Seed, Limit: maxCall,
		Class: func() llm.Class { return llm.Class(a.call.Urgency()) }, Org: a.Org, PromptTokens: tokens, Within: a.within,
		Queued: func(p llm.Position) {
			if p.Wait > 0 {
				a.progress("infer", "waiting for the model server: %s before this one, about %s", humanCount(p.Ahead, "call", "calls"), humanDuration(p.Wait))
				return
			}
			a.progress("infer", "waiting for the model server: %s before this one", humanCount(p.Ahead, "call", "calls"))
		},
		Progress: func(n int) { a.progress("infer", "the model has written %s", humanCount(n, "token", "tokens")) },
	}
}

// publisher hands out the verdict as soon as it is written, before the prose.
func (a *asking) publisher(l *layout, model string) func(string, []verdict.Token) {
	done := false
	return func(text string, tokens []verdict.Token) {
		if done || !strings.Contains(text, `"severity"`) {
			return
		}
		if answer, ok := verdict.ParseHead(text, l.ids(), l.words); ok {
			done = true
			a.call.Publish(a.entry(l, answer, tokens, model))
		}
	}
}

// parse checks what the model wrote. Of an answer that is cut off or broken behind the
// verdict, the verdict is used.
func (a *asking) parse(l *layout, reply llm.Reply, failed error) (verdict.Answer, error) {
	if failed != nil && !errors.Is(failed, llm.ErrCut) {
		return verdict.Answer{}, failed
	}
	if failed == nil {
		answer, err := verdict.ParseAnswer(reply.Text, l.ids(), a.prompt.Fields, l.words)
		if err == nil {
			return answer, nil
		}
		failed = err
	}
	if answer, ok := verdict.Salvage(reply.Text, l.ids(), l.words); ok {
		return answer, nil
	}
	return verdict.Answer{}, failed
}

// Bounds of a repair: what the model is shown of its broken answer, and what it may
// write, which is more than any head takes.
const (
	maxBroken    = 1000 // bytes
	repairTokens = 160
)

// repair asks once more for the verdict alone where an answer could not be read, if
// there is time for it. What was wrong with the answer is the error otherwise.
func (a *asking) repair(ctx context.Context, l *layout, tokens int, broken llm.Reply, wrong error) (verdict.Answer, llm.Reply, error) {
	r := a.request(l, tokens)
	r.Messages = append(r.Messages,
		llm.Message{Role: "assistant", Content: inert(broken.Text, maxBroken)},
		llm.Message{Role: "user", Content: "That is not the JSON object that was asked for. Write it again: only findings, verdict and severity, without other text."})
	r.Schema, r.MaxTokens = verdict.HeadSchema(l.ids(), l.words), repairTokens
	reply, err := a.model.Chat(ctx, r)
	if err != nil && !errors.Is(err, llm.ErrCut) {
		return verdict.Answer{}, broken, wrong
	}
	answer, ok := verdict.Salvage(reply.Text, l.ids(), l.words)
	if !ok {
		return verdict.Answer{}, broken, wrong
	}
	reply.Timings.PromptTokens += broken.Timings.PromptTokens
	reply.Timings.CachedTokens += broken.Timings.CachedTokens
	reply.Timings.AnswerTokens += broken.Timings.AnswerTokens
	return answer, reply, nil
}

// entry is what the ledger remembers of an answer: templates in place of ids.
func (a *asking) entry(l *layout, answer verdict.Answer, tokens []verdict.Token, model string) verdict.Entry {
	e := verdict.Entry{Probability: verdict.ProbabilityUnknown, Confidence: verdict.ConfidenceUnknown, Model: model}
	if d, ok := verdict.Distribution(tokens, l.words); ok {
		e.Probability, e.Confidence = d[2], verdict.Confidence(d, answer.Severity)
	}
	findings := make([]verdict.Finding, len(answer.Findings))
	for i, f := range answer.Findings {
		f.Patterns = l.texts(f.Patterns)
		findings[i] = f
	}
	answer.Findings = findings
	e.Answer = answer
	return e
}

// lasting marks the failures that the same question would meet again.
func lasting(err error) error {
	if errors.Is(err, verdict.ErrAnswer) || errors.Is(err, llm.ErrCut) || errors.Is(err, llm.ErrTooLong) {
		return verdict.Lasting(err)
	}
	return err
}

// outcomeOf names a failed call for the metrics.
func outcomeOf(err error) string {
	for _, known := range []struct {
		err  error
		name string
	}{
		{verdict.ErrAnswer, "invalid"}, {llm.ErrCut, "cut_off"}, {llm.ErrTooLong, "too_long"}, {llm.ErrBusy, "busy"}, {llm.ErrOpen, "open"},
		{llm.ErrTimeout, "timeout"}, {llm.ErrLoading, "loading"}, {llm.ErrAuth, "unauthorized"}, {llm.ErrUnavailable, "unavailable"},
		{llm.ErrRejected, "rejected"}, {llm.ErrServer, "server_error"}, {context.Canceled, "canceled"}, {context.DeadlineExceeded, "timeout"},
	} {
		if errors.Is(err, known.err) {
			return known.name
		}
	}
	if _, ok := errors.AsType[*tooSlowError](err); ok {
		return "too_slow"
	}
	return "other"
}
