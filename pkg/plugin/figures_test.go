package plugin

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/llm"
	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/testenv/lanes"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// A transport answers requests without a network, which a bubble of testing/synctest
// cannot wait for.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// simulated is a data source between stubs of its two servers, with a rule that Grafana
// evaluates.
type simulated struct {
	t    *testing.T
	d    *datasource
	asks atomic.Int64 // requests to Loki
}

func newSimulated(t *testing.T, lokiStub transport, model *lanes.Model) *simulated {
	t.Helper()
	s := &simulated{t: t}
	host, err := NewHost(HostOptions{Now: time.Now})
	require.NoError(t, err)
	logs, err := loki.NewClient(loki.Options{URL: "http://loki", HTTP: &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		s.asks.Add(1)
		return lokiStub(r)
	})}})
	require.NoError(t, err)
	model.Now = time.Now
	server, err := llm.New(llm.Config{URL: "http://llama", HTTP: &http.Client{Transport: model}})
	require.NoError(t, err)
	s.d = &datasource{
		host: host, logs: logs, pool: llm.NewPool(server), pseudonyms: []byte("key"),
		settings: settings{lokiURL: "http://loki", maxLines: defaultMaxLines, maxGroups: defaultMaxGroups, concurrency: defaultConcurrency, alertWait: defaultAlertWait},
	}
	t.Cleanup(func() {
		host.Close()
		server.Close()
	})
	return s
}

// attempt is one query of one attempt of an evaluation.
func (s *simulated) attempt(ctx context.Context, refID, queryType string, to time.Time) (backend.DataResponse, error) {
	raw, err := json.Marshal(map[string]any{"queryType": queryType, "expr": `{app="shop"}`, "ask": "always", "baseline": "none"})
	require.NoError(s.t, err)
	req := &backend.QueryDataRequest{
		PluginContext: backend.PluginContext{OrgID: 1}, Headers: map[string]string{fromAlertHeader: "true", "http_" + ruleHeader: "rule"},
		Queries: []backend.DataQuery{{RefID: refID, JSON: raw, TimeRange: backend.TimeRange{From: to.Add(-15 * time.Minute), To: to}}},
	}
	res, err := s.d.QueryData(ctx, req)
	if err != nil {
		return backend.DataResponse{}, err
	}
	return res.Responses[refID], res.Responses[refID].Error
}

// evaluated is what came of an evaluation.
type evaluated struct {
	err      error // of the last attempt
	attempts int
	took     [2]time.Duration // by the queries of the last attempt
	frames   [2]*data.Frame
}

// evaluate does what Grafana 12.4 does: the queries of an attempt come one after another
// under one deadline of 30 s, and an attempt that fails is made again, three in all, after
// 0.98 and 1.52 s, with the same end of the time range.
func (s *simulated) evaluate(to time.Time) (out evaluated) {
	for attempt := range 3 {
		out = evaluated{attempts: attempt + 1}
		ctx, cancel := context.WithTimeout(s.t.Context(), 30*time.Second)
		for i, queryType := range []string{typeVerdict, typeNotification} {
			began := time.Now()
			res, err := s.attempt(ctx, string(rune('A'+i)), queryType, to)
			out.took[i] = time.Since(began)
			if out.err = err; err != nil {
				break
			}
			if len(res.Frames) > 0 {
				out.frames[i] = res.Frames[0]
			}
		}
		cancel()
		if out.err == nil || attempt == 2 {
			return out
		}
		time.Sleep([]time.Duration{980 * time.Millisecond, 1520 * time.Millisecond}[attempt])
	}
	return out
}

func (s *simulated) tick() time.Time {
	to := time.Now().Truncate(time.Minute).Add(time.Minute)
	time.Sleep(time.Until(to))
	return to
}

// TestFigureRetryAmplificationLoki: Loki is down for an hour. One attempt without any
// retry asks it once; Grafana's three attempts must not ask more.
func TestFigureRetryAmplificationLoki(t *testing.T) {
	worst := 0.0
	for name, fault := range map[string]transport{
		"refused": func(*http.Request) (*http.Response, error) { return nil, syscall.ECONNREFUSED },
		"hanging": func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		},
		"failing": func(r *http.Request) (*http.Response, error) {
			w := httptest.NewRecorder()
			w.WriteHeader(http.StatusInternalServerError)
			return w.Result(), nil
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newSimulated(t, fault, &lanes.Model{})
			evaluations, attempts := 0, 0
			for end := time.Now().Add(time.Hour); time.Now().Before(end); {
				out := s.evaluate(s.tick())
				require.Error(t, out.err, "a rule is told that Loki is down")
				require.NotErrorIs(t, out.err, context.DeadlineExceeded, "in words, before the deadline")
				evaluations++
				attempts += out.attempts
			}
			require.Equal(t, 3*evaluations, attempts)
			ratio := float64(s.asks.Load()) / float64(evaluations)
			t.Logf("figure retry_amplification_loki_%s %.4g ratio", name, ratio)
			worst = max(worst, ratio)
		})
	}
	t.Logf("figure retry_amplification_loki %.4g ratio", worst)
	require.LessOrEqual(t, worst, 1.1)
}

// TestFigureRuleOfTwoQueries: a rule with a notification as its second query, in each
// state of the model. Both queries get one answer, the first within 5 s and the second at
// once, so that the deadline of both is met.
func TestFigureRuleOfTwoQueries(t *testing.T) {
	slowest, misses := time.Duration(0), 0
	for state := lanes.Ready; state <= lanes.Broken; state++ {
		synctest.Test(t, func(t *testing.T) {
			model := &lanes.Model{PromptSpeed: 25, AnswerSpeed: 5, Answer: func(c lanes.Call) (string, float64) { return lanes.Verdict(c, verdict.Healthy, ""), 0.9 }}
			lines := func(r *http.Request) (*http.Response, error) {
				w := httptest.NewRecorder()
				OneLine(`{"app":"shop"}`, `"request served"`)(w, r)
				return w.Result(), nil
			}
			s := newSimulated(t, lines, model)
			model.Set(state)
			asked := int64(0)
			for range 20 {
				out := s.evaluate(s.tick())
				slowest = max(slowest, out.took[0]+out.took[1])
				if out.err != nil || out.attempts > 1 || out.took[1] > time.Second {
					misses++
					t.Logf("%s: %+v", state, out)
					continue
				}
				require.Equal(t, 1, out.frames[0].Rows())
				require.Equal(t, 1, out.frames[1].Rows())
				require.Positive(t, s.asks.Load()-asked)
				asked = s.asks.Load()
			}
		})
	}
	t.Logf("figure rule_of_two_queries_p100_s %.4g s", slowest.Seconds())
	t.Logf("figure rule_of_two_queries_deadline_misses %d evaluations", misses)
	require.LessOrEqual(t, slowest, 5*time.Second)
	require.Zero(t, misses)
}
