package evaluate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/analysis"
	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/llm"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

var start = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// crash is a case of a service whose memory runs out, told by two streams.
func crash(id string, severity verdict.Severity) *golden.Case {
	c := &golden.Case{
		ID: id, SchemaVersion: golden.SchemaVersion, Split: golden.Test, GroupID: "g-" + id, Generator: &golden.Generator{Name: "hand", Scenario: "memory"},
		Query:    golden.Query{LogQL: `{namespace="shop"}`, Start: start, End: start.Add(15 * time.Minute), Baseline: "1h"},
		Expected: golden.Expected{Verdict: severity.Word(), Severity: severity, Category: "memory", ForbiddenClaims: []string{"DISK is full"}},
	}
	web, kernel := golden.Stream{Labels: map[string]string{"namespace": "shop", "app": "web"}}, golden.Stream{Labels: map[string]string{"namespace": "shop", "app": "kernel"}}
	for i := range 120 {
		at := int64(i)*int64(5*time.Second) + 1
		if i < 60 {
			at -= int64(time.Hour)
		}
		web.Lines = append(web.Lines, golden.Line{Offset: at, Text: fmt.Sprintf("level=info msg=\"request served\" took=%dms", i)})
	}
	if severity > 0 {
		for i := range 5 {
			at := int64(10*time.Minute) + int64(i)*int64(time.Second)
			kernel.Lines = append(kernel.Lines, golden.Line{
				ID: fmt.Sprintf("oom%d", i), Offset: at,
				Text: fmt.Sprintf("Memory cgroup out of memory: Killed process %d (java) total-vm:8000%dkB, anon-rss:4000000kB", 1000+i, i),
			})
			web.Lines = append(web.Lines,
				golden.Line{ID: fmt.Sprintf("panic%d", i), Offset: at + 1000, Text: "level=error msg=\"upstream connect error: connection refused\""},
				golden.Line{ID: fmt.Sprintf("trace%d", i), Offset: at + 2000, Text: "\tat com.example.Pay.charge(Pay.java:42)"})
		}
		c.Expected.EvidenceMust = []string{"oom0", "oom1", "oom2", "oom3", "oom4"}
		c.Expected.EvidenceMay = []string{"trace0"}
	}
	c.Streams = []golden.Stream{web, kernel}
	return c
}

// written returns a file of cases.
func written(t *testing.T, cases ...*golden.Case) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "cases.jsonl")
	var all []byte
	for _, c := range cases {
		require.NoError(t, c.Check())
		raw, err := golden.Encode(c)
		require.NoError(t, err)
		all = append(all, raw...)
	}
	require.NoError(t, os.WriteFile(path, all, 0o600))
	return path
}

// stub is a model server that a test speaks for.
type stub struct {
	name   string
	answer func(r llm.Request) (llm.Reply, error)
	asked  int
	tokens bool // it can count
}

func (s *stub) Chat(_ context.Context, r llm.Request) (llm.Reply, error) {
	s.asked++
	if r.Class() != llm.ClassBackground {
		return llm.Reply{}, errors.New("golden runs are not urgent")
	}
	return s.answer(r)
}

func (s *stub) Capabilities(context.Context) (llm.Capabilities, error) {
	return llm.Capabilities{Model: s.name, Context: 8192, Slots: 1, Build: "b1"}, nil
}

func (s *stub) CountTokens(_ context.Context, ms []llm.Message) (int, bool, error) {
	n := 0
	for _, m := range ms {
		n += len(m.Content)
	}
	return n / 2, s.tokens, nil
}

func (s *stub) Tokenize(_ context.Context, text string) ([]int, bool, error) {
	return []int{int(text[0])}, true, nil
}

func (s *stub) Speed() llm.Speed { return llm.Speed{Prompt: 1, Answer: 1, AnswerTokens: 100} }

// says answers with a verdict that cites what the dictionary calls by a text.
func says(word string, severity int, cites string) func(llm.Request) (llm.Reply, error) {
	return func(r llm.Request) (llm.Reply, error) {
		findings := ""
		for line := range strings.Lines(r.Messages[1].Content) {
			if id, text, _ := strings.Cut(line, " "); cites != "" && strings.Contains(text, cites) {
				findings = fmt.Sprintf(`{"patterns":[%q],"category":"memory"}`, id)
				break
			}
		}
		text := fmt.Sprintf(`{"findings":[%s],"verdict":%q,"severity":%d,"summary":"the disk is full","root_cause":"r","next_step":"n"}`, findings, word, severity)
		head := text[:strings.Index(text, word)]
		return llm.Reply{
			Text: text, Model: "m",
			Tokens:  []verdict.Token{{Text: head}, {Text: word, Top: []verdict.Candidate{{Text: word, LogProb: -0.1}, {Text: "unknown", LogProb: -3}}}},
			Timings: llm.Timings{PromptTokens: 800, AnswerTokens: 60, PromptMillis: 1000, AnswerMillis: 3000},
		}, nil
	}
}

func evaluated(t *testing.T, o Options) (out []golden.Result) {
	t.Helper()
	require.NoError(t, Run(t.Context(), o, func(r golden.Result) error { out = append(out, r); return nil }))
	return out
}

func answersIn(t *testing.T, path string) *Answers {
	t.Helper()
	a, err := OpenAnswers(path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, a.Close()) })
	return a
}

// withoutCost returns results as they are apart from what they took.
func withoutCost(rs []golden.Result) (out []golden.Result) {
	for _, r := range rs {
		r.Cost = golden.Cost{}
		out = append(out, r)
	}
	return out
}

func TestJudges(t *testing.T) {
	cases := written(t, crash("bad", verdict.Critical), crash("good", verdict.Healthy))
	m := &stub{name: "m-1", answer: says("critical", 3, "out of memory")}
	got := evaluated(t, Options{Paths: []string{cases}, Rules: true, Models: []analysis.Model{m}})
	require.Len(t, got, 6)
	byJudge := map[string]golden.Result{}
	for _, r := range got {
		byJudge[r.Case+" "+string(r.Judge.Kind)] = r
	}
	rules := byJudge["bad rules"]
	require.Equal(t, verdict.Warning, rules.Severity)
	require.Equal(t, verdict.Category("memory"), rules.Category)
	require.Equal(t, "suspicious", rules.Verdict)
	require.Equal(t, 1, rules.Evidence.Must, "the five lines are of one pattern")
	require.Equal(t, 1, rules.Evidence.Found)
	require.Equal(t, 1, rules.Evidence.Shown)
	require.Positive(t, rules.Evidence.Supported)
	require.Equal(t, 75, rules.Lines, "the baseline's are none of the window")
	require.Equal(t, "memory", rules.Family)
	require.True(t, rules.SchemaValid)
	require.Positive(t, rules.Cost.CPU)
	require.NotEmpty(t, rules.Judge.Rules)
	require.Equal(t, verdict.Healthy, byJudge["good rules"].Severity)
	require.NotEqual(t, rules.Judge.Rules, byJudge["bad rules-without-signatures"].Judge.Rules)
	require.Less(t, byJudge["bad rules-without-signatures"].Severity, verdict.Critical)

	model := byJudge["bad model"]
	require.Equal(t, verdict.Critical, model.Severity)
	require.Equal(t, "m-1", model.Judge.Model)
	require.Equal(t, DefaultPrompt, model.Judge.Prompt)
	require.NotEmpty(t, model.Judge.PromptHash)
	require.Equal(t, 1, model.Evidence.Shown)
	require.Equal(t, 1, model.Evidence.Found)
	require.Zero(t, model.Evidence.Fabricated)
	require.True(t, model.SchemaValid)
	require.Equal(t, []string{"DISK is full"}, model.Claims)
	require.Equal(t, 800, model.Cost.PromptTokens)
	require.Equal(t, 4*time.Second, model.Cost.Latency)
	require.False(t, model.Cost.Replayed)
	require.False(t, model.Degraded)
	require.InDelta(t, 1/(1+math.Exp(-2.9)), model.Probability, 1e-9)
}

// TestAnswersThatAreWrong: what a model makes up or breaks is counted, and is a result.
func TestAnswersThatAreWrong(t *testing.T) {
	cases := written(t, crash("bad", verdict.Critical))
	for _, tc := range []struct {
		name       string
		text       string
		err        error
		fabricated int
		degraded   bool
	}{
		{"made up", `{"findings":[{"patterns":["p77","p78"],"category":"disk"}],"verdict":"warning","severity":1,"summary":"s","root_cause":"r","next_step":"n"}`, nil, 4, true},
		{"broken", `I think "p99" is bad`, nil, 2, true},
		{"cut off", `{"findings":[],"verdict":"warning","severity":1,"summ`, &llm.Error{Kind: llm.ErrCut}, 0, false},
		{"too long", "", &llm.Error{Kind: llm.ErrTooLong}, 0, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "answers")
			m := &stub{name: "m", answer: func(llm.Request) (llm.Reply, error) { return llm.Reply{Text: tc.text}, tc.err }}
			got := evaluated(t, Options{Paths: []string{cases}, Models: []analysis.Model{m}, Answers: answersIn(t, path)})
			require.Len(t, got, 1)
			require.False(t, got[0].SchemaValid)
			require.Equal(t, tc.fabricated, got[0].Evidence.Fabricated, "in the answer and in its repair")
			require.Equal(t, tc.degraded, got[0].Degraded)
			require.Equal(t, tc.degraded, got[0].Error != "", got[0].Error)
			if tc.text == "" {
				return
			}
			again := evaluated(t, Options{Paths: []string{cases}, Replay: true, Answers: answersIn(t, path)})
			require.Equal(t, withoutCost(got), withoutCost(again))
			require.True(t, again[0].Cost.Replayed)
		})
	}
}

// TestResume: a run that ends early goes on, and asks nothing twice.
func TestResume(t *testing.T) {
	var all []*golden.Case
	for i := range 4 {
		all = append(all, crash(fmt.Sprintf("c%d", i), verdict.Severity(i)))
	}
	cases := written(t, all...)
	whole := evaluated(t, Options{Paths: []string{cases}, Rules: true, Reruns: 2, Models: []analysis.Model{&stub{name: "m", answer: says("warning", 2, "refused")}}})
	require.Len(t, whole, 4*(2+2))

	folder := t.TempDir()
	out, kept := filepath.Join(folder, "results.jsonl"), filepath.Join(folder, "answers.jsonl")
	m := &stub{name: "m", answer: says("warning", 2, "refused")}
	errStop := errors.New("stop")
	run := func(limit int) error {
		results, err := OpenResults(out, false)
		require.NoError(t, err)
		defer func() { require.NoError(t, results.Close()) }()
		n := 0
		return Run(t.Context(), Options{Paths: []string{cases}, Rules: true, Reruns: 2, Models: []analysis.Model{m}, Answers: answersIn(t, kept), Done: results.Done()}, func(r golden.Result) error {
			if n++; n > limit {
				return errStop
			}
			return results.Append(r)
		})
	}
	for _, limit := range []int{3, 7} {
		require.ErrorIs(t, run(limit), errStop)
		for _, path := range []string{out, kept} { // the process died while it wrote
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			require.NoError(t, err)
			_, err = f.WriteString(`{"case":"torn`)
			require.NoError(t, err)
			require.NoError(t, f.Close())
		}
	}
	require.NoError(t, run(100))
	var got []golden.Result
	require.NoError(t, golden.EachResult([]string{out}, func(r *golden.Result) error { got = append(got, *r); return nil }))
	require.Equal(t, withoutCost(jsonOf(t, whole)), withoutCost(got))
	require.Equal(t, 2*2, m.asked, "three of the cases show the same")
	require.NoError(t, run(0), "there is nothing left to do")

	// Results of another evaluation are not continued.
	results, err := OpenResults(out, false)
	require.NoError(t, err)
	err = Run(t.Context(), Options{Paths: []string{cases}, Rules: true, Done: results.Done()}, nil)
	require.ErrorContains(t, err, "8 of the 16 results")
	require.NoError(t, results.Close())
}

// jsonOf returns results as a file gives them back.
func jsonOf(t *testing.T, rs []golden.Result) (out []golden.Result) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "r.jsonl")
	f, err := OpenResults(path, true)
	require.NoError(t, err)
	for _, r := range rs {
		require.NoError(t, f.Append(r))
	}
	require.NoError(t, f.Close())
	require.NoError(t, golden.EachResult([]string{path}, func(r *golden.Result) error { out = append(out, *r); return nil }))
	return out
}

func TestReplay(t *testing.T) {
	cases := written(t, crash("bad", verdict.Critical), crash("good", verdict.Healthy))
	path := filepath.Join(t.TempDir(), "answers.jsonl")
	_, err := New(t.Context(), Options{Paths: []string{cases}, Replay: true})
	require.ErrorContains(t, err, "file of the answers")
	_, err = New(t.Context(), Options{Paths: []string{cases}, Replay: true, Answers: answersIn(t, path)})
	require.ErrorContains(t, err, "no answers of any model")
	m := &stub{name: "m", answer: says("ok", 0, "")}
	first := evaluated(t, Options{Paths: []string{cases}, Models: []analysis.Model{m}, Answers: answersIn(t, path), Select: Selection{Selection: golden.Selection{Cases: []string{"good"}}}})
	require.Len(t, first, 1)
	_, err = New(t.Context(), Options{Paths: []string{cases}, Replay: true, Answers: answersIn(t, path), ReplayModels: []string{"other"}})
	require.ErrorContains(t, err, "those of: m")
	var got []golden.Result
	err = Run(t.Context(), Options{Paths: []string{cases}, Replay: true, Answers: answersIn(t, path)}, func(r golden.Result) error { got = append(got, r); return nil })
	var missing *MissingError
	require.ErrorAs(t, err, &missing)
	require.Equal(t, MissingError{1, 2}, *missing)
	require.Equal(t, withoutCost(first), withoutCost(got))
}

// TestServerFails: a server that cannot be used ends the run, one that is busy does not.
func TestServerFails(t *testing.T) {
	cases := written(t, crash("bad", verdict.Critical))
	var failure error
	now := start
	m := &stub{name: "m"}
	m.answer = func(r llm.Request) (llm.Reply, error) {
		r.Queued(llm.Position{Others: true})
		now = now.Add(10 * time.Minute)
		if m.asked < 4 {
			return llm.Reply{}, failure
		}
		return says("critical", 3, "memory")(r)
	}
	var told []Progress
	o := Options{Paths: []string{cases}, Models: []analysis.Model{m}, Now: func() time.Time { return now }, Progress: func(p Progress) { told = append(told, p) }}
	failure = &llm.Error{Kind: llm.ErrUnavailable}
	require.ErrorIs(t, Run(t.Context(), o, nil), llm.ErrUnavailable)
	require.Equal(t, 1, m.asked)
	m.asked, failure = 1, &llm.Error{Kind: llm.ErrTimeout} // for it had to wait
	require.Len(t, evaluated(t, o), 1)
	require.Equal(t, 4, m.asked)
	m.asked, failure = 1, &llm.Error{Kind: llm.ErrBusy}
	require.Len(t, evaluated(t, o), 1)
	require.Equal(t, 4, m.asked)
	require.True(t, told[0].Waiting)
	m.asked, o.Patience = 0, 15*time.Minute
	err := Run(t.Context(), o, nil)
	require.ErrorIs(t, err, llm.ErrBusy)
	require.ErrorContains(t, err, "worked for others for 20m0s")
	require.Equal(t, 2, m.asked)
}

func TestEstimate(t *testing.T) {
	cases := written(t, crash("bad", verdict.Critical), crash("worse", verdict.Critical), crash("good", verdict.Healthy))
	m := &stub{name: "m", answer: says("ok", 0, ""), tokens: true}
	kept := answersIn(t, filepath.Join(t.TempDir(), "answers"))
	o := Options{Paths: []string{cases}, Models: []analysis.Model{m}, Reruns: 2, Rules: true, Answers: kept}
	e, err := New(t.Context(), o)
	require.NoError(t, err)
	got, err := e.Estimate(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, m.asked, "one call measures the server")
	require.Equal(t, 3, got.Cases)
	require.Equal(t, 12, got.Judgements)
	require.Equal(t, 6, got.Calls)
	require.False(t, got.Assumed)
	require.InDelta(t, 800, got.Prompt, 1e-9)
	require.InDelta(t, 20, got.Answer, 1e-9)
	require.InDelta(t, float64(got.PromptTokens)/800+6*3, got.Duration.Seconds(), 0.01)
	require.Greater(t, got.PromptTokens, 6*500)
	n := 0
	require.NoError(t, e.Run(t.Context(), func(golden.Result) error { n++; return nil }))
	require.Equal(t, 12, n)
	require.Equal(t, 4, m.asked, "two cases ask the same, and the first answer was kept")

	e, err = New(t.Context(), o)
	require.NoError(t, err)
	got, err = e.Estimate(t.Context())
	require.NoError(t, err)
	require.Equal(t, 6, got.Answered)
	require.Zero(t, got.Calls)
	require.Contains(t, got.String(), "3 cases, 12 judgements to make, 0 calls of a model; 6 already answered")

	e, err = New(t.Context(), Options{Paths: []string{cases}, Models: []analysis.Model{&stub{name: "m", answer: func(llm.Request) (llm.Reply, error) { return llm.Reply{}, &llm.Error{Kind: llm.ErrTimeout} }}}})
	require.NoError(t, err)
	got, err = e.Estimate(t.Context())
	require.NoError(t, err)
	require.True(t, got.Assumed)
	require.Contains(t, got.String(), "85 tokens/s")
}
