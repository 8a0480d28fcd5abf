package evaluate

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/lokalyst/lokalyst/pkg/analysis"
	"github.com/lokalyst/lokalyst/pkg/llm"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// mode is where a recorder's answers come from.
type mode uint8

const (
	live    mode = iota // the file, else the server
	replay              // the file only
	measure             // the file only, but the server may count tokens
)

// errMissing says that an answer is not known. The engine then leaves the rules verdict,
// which nobody sees.
var errMissing = errors.New("the answer is not known")

// A recorder is a model whose answers are kept. It judges one case at a time.
type recorder struct {
	model   analysis.Model // nil without a server
	answers *Answers       // nil where nothing is kept
	caps    llm.Capabilities
	mode    mode
	now     func() time.Time
	// busy is told when a call begins to wait for those of others.
	busy func()

	mu    sync.Mutex
	rerun int
	calls []call
	// failed is the last failure of the server that no question is to blame for.
	failed error
}

// A call is one question of a judgement.
type call struct {
	request llm.Request
	asked   asked
	key     string
	reply   answer
	// known says that the answer was given before, missing that there is none.
	known, missing bool
}

// newRecorder asks the server what it is, or takes what the file says of it.
func newRecorder(ctx context.Context, m analysis.Model, answers *Answers, caps llm.Capabilities, now func() time.Time) (*recorder, error) {
	r := &recorder{model: m, answers: answers, caps: caps, mode: replay, now: now, busy: func() {}}
	if m == nil {
		return r, nil
	}
	var err error
	if r.caps, err = m.Capabilities(ctx); err != nil {
		return nil, err
	}
	r.mode = live
	return r, answers.put(kindServer, keyOf(r.caps), r.caps)
}

// begin begins a judgement.
func (r *recorder) begin(m mode, rerun int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mode, r.rerun, r.calls, r.failed = m, rerun, nil, nil
	if r.model == nil {
		r.mode = replay
	}
}

// end returns what was asked since.
func (r *recorder) end() ([]call, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.calls, r.failed
}

// Chat implements [analysis.Model].
func (r *recorder) Chat(ctx context.Context, q llm.Request) (llm.Reply, error) {
	r.mu.Lock()
	c := call{request: q, asked: askedIn(q.Schema), key: answerKey(r.caps, &q, r.rerun)}
	m := r.mode
	r.mu.Unlock()
	err := r.fill(ctx, m, &c)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, c)
	switch {
	case err != nil:
		r.failed = errors.Join(r.failed, blame(err))
		return llm.Reply{}, err
	case c.reply.Cut:
		return c.reply.reply(), &llm.Error{Kind: llm.ErrCut}
	}
	return c.reply.reply(), nil
}

// fill finds the answer to a call.
func (r *recorder) fill(ctx context.Context, m mode, c *call) (err error) {
	if c.known, err = r.answers.get(kindAnswer, c.key, &c.reply); err != nil || c.known {
		return err
	}
	if m != live {
		c.missing = true
		return errMissing
	}
	q := c.request
	q.Class = func() llm.Class { return llm.ClassBackground }
	q.Progress, q.Stream = nil, nil
	waited := false
	q.Queued = func(p llm.Position) {
		if p.Others {
			waited = true
			r.busy()
		}
	}
	began := r.now()
	reply, err := r.model.Chat(ctx, q)
	cut := errors.Is(err, llm.ErrCut)
	switch {
	case waited && errors.Is(err, llm.ErrTimeout):
		return &llm.Error{Kind: llm.ErrBusy, Detail: "the slot was free too late"}
	case err != nil && !cut:
		return err
	}
	c.reply = kept(&reply, cut, r.now().Sub(began))
	return r.answers.put(kindAnswer, c.key, &c.reply)
}

// blame returns the failures that another question would meet too; nil for those that
// belong to the question, such as a prompt that is too long, or an answer that the server
// cannot read itself, which are results.
func blame(err error) error {
	for _, own := range []error{llm.ErrTooLong, llm.ErrTimeout, llm.ErrRejected, llm.ErrServer, errMissing} {
		if errors.Is(err, own) {
			return nil
		}
	}
	return err
}

// Capabilities implements [analysis.Model]: one evaluation is of one server.
func (r *recorder) Capabilities(context.Context) (llm.Capabilities, error) { return r.caps, nil }

// Speed implements [analysis.Model]. It is not known, so that no prompt is shortened for a
// slow machine, and each run asks the same.
func (r *recorder) Speed() llm.Speed { return llm.Speed{} }

// CountTokens implements [analysis.Model].
func (r *recorder) CountTokens(ctx context.Context, messages []llm.Message) (n int, ok bool, err error) {
	var size struct {
		Tokens int  `json:"tokens"`
		Known  bool `json:"known"`
	}
	err = r.remembered(kindSize, keyOf(r.caps.Model, r.caps.Build, messages), &size, func() (err error) {
		size.Tokens, size.Known, err = r.model.CountTokens(ctx, messages)
		return err
	})
	return size.Tokens, size.Known, err
}

// Tokenize implements [analysis.Model].
func (r *recorder) Tokenize(ctx context.Context, text string) (ids []int, ok bool, err error) {
	err = r.remembered(kindTokens, keyOf(r.caps.Model, r.caps.Build, text), &ids, func() (err error) {
		ids, ok, err = r.model.Tokenize(ctx, text)
		if !ok {
			ids = nil
		}
		return err
	})
	return ids, len(ids) > 0, err
}

// remembered fills value from the file, or has ask do so and keeps it.
func (r *recorder) remembered(kind, key string, value any, ask func() error) error {
	known, err := r.answers.get(kind, key, value)
	if err != nil || known {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.model == nil {
		r.calls = append(r.calls, call{key: key, missing: true})
		return errMissing
	}
	if err := ask(); err != nil {
		r.failed = errors.Join(r.failed, blame(err))
		return err
	}
	return r.answers.put(kind, key, value)
}

// valid reports whether the model's answer can be read whole.
func (c *call) valid(fields []verdict.Field) bool {
	_, err := verdict.ParseAnswer(c.reply.Text, c.asked.ids, fields, c.asked.words)
	return err == nil && !c.reply.Cut
}

// size returns the length of a prompt in bytes.
func (c *call) size() (n int) {
	for _, m := range c.request.Messages {
		n += len(m.Content)
	}
	return n
}
