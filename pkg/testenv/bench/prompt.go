package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace/noop"

	"github.com/lokalyst/lokalyst/pkg/analysis"
	"github.com/lokalyst/lokalyst/pkg/llm"
	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/redact"
	"github.com/lokalyst/lokalyst/pkg/testenv"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// benchTokens measures how many tokens of Llama 3 the patterns of the data sets take,
// all of them with their states, beside Loki's templates with counts and beside the
// lines themselves.
func benchTokens(ctx context.Context, report func(string, float64, string)) error {
	sets, err := loadLoghub(loghubDir())
	if err != nil {
		return err
	}
	var ours, drain, raw []string
	lines := 0
	red := redact.New()
	for _, s := range sets {
		g := analysis.Group{Patterns: mineAll(s.contents)}
		ours = append(ours, g.Render(red))
		_, templates, counts := lokiDrainGroups(s.contents)
		var b strings.Builder
		for i, t := range templates {
			fmt.Fprintf(&b, "%d %s\n", counts[i], t)
		}
		drain = append(drain, b.String())
		raw = append(raw, strings.Join(s.contents, "\n"))
		lines += len(s.contents)
	}
	per1000 := func(texts []string) (float64, error) {
		counts, err := countTokens(ctx, texts)
		sum := 0
		for _, n := range counts {
			sum += n
		}
		return float64(sum) / float64(lines) * 1000, err
	}
	a, err := per1000(ours)
	if err != nil {
		return err
	}
	b, err := per1000(drain)
	if err != nil {
		return err
	}
	c, err := per1000(raw)
	if err != nil {
		return err
	}
	report("prompt_tokens_per_1000_lines", a, "tokens")
	report("prompt_tokens_per_1000_lines_loki_drain", b, "tokens")
	report("prompt_tokens_per_1000_lines_raw", c, "tokens")
	report("prompt_tokens_vs_loki_drain", a/b, "ratio")
	return nil
}

// What a panel that refreshes looks at: so many lines, and so many new ones each time.
const (
	refreshWindow = 500
	refreshStep   = 25
)

// benchRefresh lets a window slide over the data sets and measures how many tokens a
// server that keeps the prefix of the prompt before would compute, beside patterns
// ordered by their counts. A refresh that the ledger answers computes none.
func benchRefresh(ctx context.Context, report func(string, float64, string)) error {
	sets, err := loadLoghub(loghubDir())
	if err != nil {
		return err
	}
	var ours, sorted refreshed
	for _, s := range sets {
		a, b, err := slide(ctx, s.contents)
		if err != nil {
			return err
		}
		if err := ours.add(ctx, a); err != nil {
			return err
		}
		if err := sorted.add(ctx, b); err != nil {
			return err
		}
	}
	for _, r := range []struct {
		suffix string
		refreshed
	}{{"", ours}, {"_sorted", sorted}} {
		report("refresh_tokens_computed"+r.suffix, r.computed/r.n, "tokens")
		report("refresh_prompt_tokens"+r.suffix, r.tokens/r.n, "tokens")
		report("refresh_prefix_reuse"+r.suffix, 1-r.computed/r.tokens, "ratio")
	}
	return benchServerReuse(ctx, sets, report)
}

// serverPrompts is how many prompts are sent to the real server.
const serverPrompts = 12

// benchServerReuse sends the first prompts of a set to a real llama-server with the test
// double and reports which share of their tokens it had in its cache, beside the share
// that the prefix in common with the prompt before makes up, in the server's tokens.
func benchServerReuse(ctx context.Context, sets []logSet, report func(string, float64, string)) error {
	llama, err := testenv.SharedLlama(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = llama.Close() }() // the figures are taken by then
	server, err := llm.New(llm.Config{URL: llama.URL})
	if err != nil {
		return err
	}
	prompts, _, err := slide(ctx, sets[0].contents)
	if err != nil {
		return err
	}
	var cached, common, all float64
	var before []int
	for i, p := range prompts[:min(serverPrompts, len(prompts))] {
		ids, _, err := server.Tokenize(ctx, p)
		if err != nil {
			return err
		}
		system, user, _ := strings.Cut(p, promptSeam)
		reply, err := server.Chat(ctx, llm.Request{
			Messages: []llm.Message{{Role: "system", Content: system}, {Role: "user", Content: user}},
			Schema:   verdict.Schema([]string{"p1"}, nil, verdict.DefaultWords()), MaxTokens: 400,
		})
		if err != nil {
			return err
		}
		if i > 0 {
			cached += float64(reply.Timings.CachedTokens)
			all += float64(reply.Timings.CachedTokens + reply.Timings.PromptTokens)
			common += float64(commonPrefix(before, ids)) / float64(len(ids)) * float64(reply.Timings.CachedTokens+reply.Timings.PromptTokens)
		}
		before = ids
	}
	report("refresh_server_cache_n_share", cached/all, "ratio")
	report("refresh_server_common_prefix_share", common/all, "ratio")
	return nil
}

// promptSeam stands between the system's and the user's message of a recorded prompt.
const promptSeam = "\nPATTERNS\n"

// refreshed sums up over refreshes.
type refreshed struct{ n, tokens, computed float64 }

// add counts the prompts of one window that slides.
func (r *refreshed) add(ctx context.Context, prompts []string) error {
	ids, err := tokenIDs(ctx, prompts)
	if err != nil {
		return err
	}
	for i := 1; i < len(ids); i++ {
		r.n++
		r.tokens += float64(len(ids[i]))
		r.computed += float64(len(ids[i]) - commonPrefix(ids[i-1], ids[i]))
	}
	return nil
}

// slide returns the prompts of a window that slides over lines: those of the engine,
// and the patterns ordered by their counts.
func slide(ctx context.Context, lines []string) (engine, sorted []string, err error) {
	end := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	start := end.Add(-time.Duration(len(lines)) * time.Second)
	logs := newMemoryLogs(start)
	for i, l := range lines {
		logs.add(start.Add(time.Duration(i)*time.Second+time.Millisecond), time.Time{}, l)
	}
	now := start
	e, err := analysis.NewEngine(1000, noop.NewTracerProvider().Tracer(""), func() time.Time { return now })
	if err != nil {
		return nil, nil, err
	}
	defer e.Ledger.Close()
	model := &promptRecorder{}
	for at := refreshWindow; at <= len(lines); at += refreshStep {
		now = start.Add(time.Duration(at) * time.Second)
		_, err := e.Analyse(ctx, analysis.Request{
			Logs: logs, Models: analysis.One(model), Expr: `{app="bench"}`, PromptID: "incident-triage", MaxGroups: 1, MaxLines: refreshWindow,
			Window: loki.Window{Start: now.Add(-refreshWindow * time.Second), End: now},
		})
		if err != nil {
			return nil, nil, err
		}
		if len(model.prompts) == 0 {
			return nil, nil, fmt.Errorf("the model was not asked")
		}
		engine = append(engine, model.prompts[len(model.prompts)-1])
		sorted = append(sorted, byCount(lines[at-refreshWindow:at]))
	}
	return engine, sorted, nil
}

// byCount renders patterns as most analysers do: the most frequent first.
func byCount(lines []string) string {
	ps := mineAll(lines)
	var b strings.Builder
	for len(ps) > 0 {
		best := 0
		for i := range ps {
			if ps[i].Count > ps[best].Count {
				best = i
			}
		}
		fmt.Fprintf(&b, "%d %s\n", ps[best].Count, ps[best].Template)
		ps = append(ps[:best], ps[best+1:]...)
	}
	return b.String()
}

// promptRecorder is a model that remembers what it was asked and judges everything ok.
type promptRecorder struct {
	mu      sync.Mutex
	prompts []string
}

func (m *promptRecorder) Chat(_ context.Context, r llm.Request) (llm.Reply, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.prompts = append(m.prompts, r.Messages[0].Content+"\n"+r.Messages[1].Content)
	return llm.Reply{Text: `{"findings":[],"verdict":"ok","severity":0,"summary":"s","root_cause":"r","next_step":"n"}`}, nil
}

func (*promptRecorder) Capabilities(context.Context) (llm.Capabilities, error) {
	return llm.Capabilities{Model: "recorder", Slots: 1, Context: 1 << 17}, nil
}

func (*promptRecorder) CountTokens(context.Context, []llm.Message) (int, bool, error) {
	return 0, false, nil
}

func (*promptRecorder) Tokenize(_ context.Context, text string) ([]int, bool, error) {
	return []int{int(text[0])}, true, nil
}

func (*promptRecorder) Speed() llm.Speed { return llm.Speed{} }
