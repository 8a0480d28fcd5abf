package evaluate

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// What is assumed of a server that no call has measured: a model of 3 billion parameters
// on a desktop CPU, in tokens a second, and the tokens of an answer.
const (
	assumedPrompt = 85
	assumedAnswer = 20
	answerTokens  = 150
	// logBytes is how many bytes of logs a token has in Llama 3's vocabulary, for servers
	// that cannot count.
	logBytes = 2.58
	// warmUp bounds the call that measures a server.
	warmUp = 2 * time.Minute
)

// An Estimate says what an evaluation will take.
type Estimate struct {
	// Cases is how many cases are evaluated, Judgements how many judgements are left to
	// make.
	Cases, Judgements int
	// Answered is how many questions the file of answers knows, Calls how many a model
	// server will be asked. A question that has to be repeated, because its answer cannot be
	// read, is not among them.
	Answered, Calls int
	PromptTokens    int
	// Duration is about how long the servers will take for the calls; Prompt and Answer are
	// the speeds of the slowest, in tokens a second. Assumed says that none was measured.
	Duration       time.Duration
	Prompt, Answer float64
	Assumed        bool
}

// String says it in a line or two.
func (e Estimate) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d cases, %d judgements to make, %d calls of a model", e.Cases, e.Judgements, e.Calls)
	if e.Calls > 0 {
		fmt.Fprintf(&b, ", %d prompt tokens, about %s at %.0f tokens/s of prompts and %.0f of answers", e.PromptTokens, roughly(e.Duration), e.Prompt, e.Answer)
		if e.Assumed {
			b.WriteString(" (assumed: nothing was measured)")
		}
	}
	fmt.Fprintf(&b, "; %d already answered", e.Answered)
	return b.String()
}

func roughly(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f seconds", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f minutes", d.Minutes())
	}
	return fmt.Sprintf("%.1f hours", d.Hours())
}

// load is what one server has to do, and how fast it was.
type load struct {
	calls, tokens        int
	first                call
	rerun                int
	answers              int
	promptMS, answerMS   float64
	promptTok, answerTok float64
}

func (l *load) measured(a *answer) {
	if a.Timings.PromptMillis <= 0 || a.Timings.AnswerMillis <= 0 {
		return
	}
	l.promptTok, l.promptMS = l.promptTok+float64(a.Timings.PromptTokens), l.promptMS+a.Timings.PromptMillis
	l.answerTok, l.answerMS = l.answerTok+float64(a.Timings.AnswerTokens), l.answerMS+a.Timings.AnswerMillis
	l.answers++
}

// Estimate condenses the cases once to learn what will be asked, and how long that takes: a
// server of which no answer is known is measured by the first question, whose answer is
// kept. It counts the tokens exactly where a server can.
func (e *Evaluation) Estimate(ctx context.Context) (Estimate, error) {
	out := Estimate{Cases: len(e.cases), Judgements: e.total - e.done}
	loads := map[*recorder]*load{}
	n := 0
	err := e.eachOpen(ctx, true, func(t *task) error {
		l := loads[t.judge.model]
		if l == nil {
			l = &load{}
			loads[t.judge.model] = l
		}
		n++
		e.o.Progress(Progress{Estimating: true, Done: n, Total: out.Judgements})
		return e.look(ctx, t, l, &out)
	})
	if err != nil {
		return out, err
	}
	for _, j := range e.judges {
		if l := loads[j.model]; l != nil {
			delete(loads, j.model)
			e.time(ctx, j.model, l, &out)
		}
	}
	return out, nil
}

// look learns what a task would ask.
func (e *Evaluation) look(ctx context.Context, t *task, l *load, out *Estimate) error {
	t.judge.model.begin(measure, t.rerun)
	if _, err := e.ask(ctx, t); err != nil {
		return err
	}
	calls, failed := t.judge.model.end()
	if failed != nil {
		return failed
	}
	for i := range calls {
		if c := &calls[i]; !c.missing {
			out.Answered++
			l.measured(&c.reply)
		} else {
			if l.calls == 0 {
				l.first, l.rerun = *c, t.rerun
			}
			l.calls++
			tokens, ok, err := t.judge.model.CountTokens(ctx, c.request.Messages)
			if err != nil || !ok {
				tokens = int(float64(c.size()) / logBytes)
			}
			l.tokens += tokens
		}
	}
	return nil
}

// time adds what a server will take, measured by its answers, or by the first question.
func (e *Evaluation) time(ctx context.Context, r *recorder, l *load, out *Estimate) {
	out.Calls, out.PromptTokens = out.Calls+l.calls, out.PromptTokens+l.tokens
	if l.calls == 0 {
		return
	}
	if l.answers == 0 && r.model != nil {
		limited, cancel := context.WithTimeout(ctx, warmUp)
		defer cancel()
		r.begin(live, l.rerun)
		_, _ = r.Chat(limited, l.first.request) // a failure leaves the assumption, and meets the run again
		if calls, _ := r.end(); len(calls) == 1 {
			l.measured(&calls[0].reply)
		}
	}
	prompt, answer, length := float64(assumedPrompt), float64(assumedAnswer), float64(answerTokens)
	if l.answers > 0 && l.promptTok > 0 && l.answerTok > 0 {
		prompt, answer = l.promptTok/l.promptMS*1000, l.answerTok/l.answerMS*1000
		length = l.answerTok / float64(l.answers)
	} else {
		out.Assumed = true
	}
	seconds := float64(l.tokens)/prompt + float64(l.calls)*length/answer
	out.Duration += time.Duration(seconds * float64(time.Second))
	if out.Prompt == 0 || prompt < out.Prompt {
		out.Prompt, out.Answer = prompt, answer
	}
}
