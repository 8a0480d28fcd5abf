package plugin_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/testenv"
)

// A browser follows a query as @grafana/plugin-ui's asynchronous queries do.
type browser struct {
	h  *house
	pc backend.PluginContext
	// tick is the end of the query's time range.
	tick   time.Time
	header map[string]string
}

// A progress is one answer to it.
type progress struct {
	ID       string `json:"queryID"`
	Status   string `json:"status"`
	Progress string `json:"progress"`

	frames data.Frames
}

// ask sends the query, with the id that an answer before gave.
func (b *browser) ask(id string) progress {
	b.h.t.Helper()
	q := map[string]any{"refId": "A", "queryType": "analysis", "expr": `{namespace="odd"}`, "baseline": "1h", "meta": map[string]string{"queryFlow": "async"}}
	if id != "" {
		q["queryID"] = id
	}
	raw, err := json.Marshal(q)
	require.NoError(b.h.t, err)
	header := map[string]string{"http_X-Dashboard-Uid": "d", "http_X-Panel-Id": "1", "http_X-Datasource-Uid": b.pc.DataSourceInstanceSettings.UID, "http_X-Grafana-Org-Id": fmt.Sprint(b.pc.OrgID)}
	maps.Copy(header, b.header)
	res, err := b.h.plugin.QueryData(b.h.t.Context(), &backend.QueryDataRequest{PluginContext: b.pc, Headers: header, Queries: []backend.DataQuery{{
		RefID: "A", JSON: raw, TimeRange: backend.TimeRange{From: b.tick.Add(-10 * time.Minute), To: b.tick},
	}}})
	require.NoError(b.h.t, err)
	require.NoError(b.h.t, res.Responses["A"].Error)
	p := progress{frames: res.Responses["A"].Frames}
	custom, err := json.Marshal(p.frames[0].Meta.Custom)
	require.NoError(b.h.t, err)
	require.NoError(b.h.t, json.Unmarshal(custom, &p))
	return p
}

// cancel stops a query as the browser's button does.
func (b *browser) cancel(id string) {
	b.h.t.Helper()
	body, err := json.Marshal(map[string]string{"queryId": id})
	require.NoError(b.h.t, err)
	status := 0
	err = b.h.plugin.CallResource(b.h.t.Context(), &backend.CallResourceRequest{PluginContext: b.pc, Path: "cancel", URL: "cancel", Method: http.MethodPost, Body: body},
		backend.CallResourceResponseSenderFunc(func(res *backend.CallResourceResponse) error {
			status = res.Status
			return nil
		}))
	require.NoError(b.h.t, err)
	require.Equal(b.h.t, http.StatusNoContent, status)
}

// cell is a value of the verdict frame; nil where the answer has no such frame.
func (p *progress) cell(t *testing.T, column string) any {
	for _, f := range p.frames {
		if f.Name == "verdict" {
			return value(t, f, column, 0)
		}
	}
	return nil
}

// newBrowser starts a plugin whose model answers by a script.
func newBrowser(t *testing.T, s *script) *browser {
	h := newHouse(t, houseParts{model: s.way})
	h.threeNamespaces()
	h.run()
	return &browser{h: h, pc: h.pc, tick: h.tick(0)}
}

// The parts of an answer: the verdict, and the prose behind it.
const (
	answerHead  = `{"findings":[],"verdict":"warning","severity":2,`
	answerProse = `"summary":"a new cache is warmed","root_cause":"not shown","next_step":"watch it"}`
)

// TestQueryIsFollowed: the rules verdict comes before the model has said anything, its
// verdict before its prose.
func TestQueryIsFollowed(t *testing.T) {
	s := newScript(answerHead, answerProse)
	b := newBrowser(t, s)
	p := b.ask("")
	require.Equal(t, "started", p.Status)
	require.NotEmpty(t, p.ID)
	require.Equal(t, "rules", p.cell(t, "source"))
	require.Equal(t, 0.0, p.cell(t, "severity"))
	id := p.ID
	poll := func(what string, met func() bool) {
		t.Helper()
		until(t, what, func() bool {
			p = b.ask(id)
			require.Equal(t, id, p.ID)
			return met()
		})
	}
	<-s.begun
	poll("there is progress", func() bool { return p.Status == "running" && p.Progress != "" })
	require.Nil(t, p.cell(t, "severity"), "what is shown is not sent again")
	require.Contains(t, notices(backend.DataResponse{Frames: p.frames}), "…")

	s.next <- struct{}{}
	poll("the model has judged", func() bool { return p.cell(t, "severity") == 2.0 })
	require.Equal(t, "running", p.Status)
	require.Equal(t, "model", p.cell(t, "source"))
	require.Empty(t, p.cell(t, "summary"), "the prose is still being written")

	s.next <- struct{}{}
	poll("it is done", func() bool { return p.Status == "done" })
	require.Equal(t, 2.0, p.cell(t, "severity"))
	require.Equal(t, "a new cache is warmed", p.cell(t, "summary"))

	// What is done is forgotten, and what the model said is not.
	p = b.ask(id)
	require.NotEqual(t, id, p.ID)
	id = p.ID
	if p.Status != "done" {
		require.Equal(t, "started", p.Status)
		poll("it is done again", func() bool { return p.Status == "done" })
	}
	require.Empty(t, s.begun, "the model is not asked twice")
}

// TestFirstFramesWaitForNoModel, not even for a server that says nothing at all.
func TestFirstFramesWaitForNoModel(t *testing.T) {
	h := newHouse(t, houseParts{model: hanging})
	h.threeNamespaces()
	h.run()
	b := &browser{h: h, pc: h.pc, tick: h.tick(0)}
	p := b.ask("")
	require.Equal(t, "started", p.Status)
	require.Equal(t, "rules", p.cell(t, "source"))
	b.cancel(p.ID)
}

// TestCancelFreesTheSlot of the model server: the call ends, and the next one begins.
func TestCancelFreesTheSlot(t *testing.T) {
	s := newScript(answerHead, answerProse)
	b := newBrowser(t, s)
	first := b.ask("")
	<-s.begun
	s.next <- struct{}{} // also while the answer is being written
	b.cancel(first.ID)
	<-s.gone
	until(t, "no call runs", func() bool {
		return b.h.metric(b.h.plugin, "lokalyst_model_calls_total", `outcome="canceled"`) == 1
	})
	second := b.ask(first.ID)
	require.NotEqual(t, first.ID, second.ID, "what was cancelled starts afresh")
	require.Equal(t, "started", second.Status)
	<-s.begun
	b.cancel(second.ID)
	<-s.gone
	b.cancel(second.ID) // nothing is left to stop
}

// TestQueryBelongsToItsAsker: nobody else sees its answer or stops it.
func TestQueryBelongsToItsAsker(t *testing.T) {
	s := newScript(answerHead, answerProse)
	b := newBrowser(t, s)
	mine := b.ask("")
	<-s.begun
	for name, change := range map[string]func(*backend.PluginContext){
		"user": func(pc *backend.PluginContext) { pc.User = &backend.User{Login: "mallory", Role: "Admin"} },
		"org":  func(pc *backend.PluginContext) { pc.OrgID = 2 },
		"data source": func(pc *backend.PluginContext) {
			var err error
			*pc, err = testenv.PluginContext("another", b.h.loki.URL, map[string]any{"lokiTenant": b.h.tenant, "llmServers": []map[string]any{{"url": b.h.model.URL}}}, nil)
			require.NoError(t, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			other := *b
			change(&other.pc)
			p := other.ask(mine.ID)
			require.NotEqual(t, mine.ID, p.ID)
			require.Equal(t, "started", p.Status, "an id that is not theirs is not known")
			other.cancel(mine.ID)
			require.Equal(t, mine.ID, b.ask(mine.ID).ID, "it still runs")
			require.Empty(t, s.gone)
		})
	}
	p := b.ask("no such id")
	require.Equal(t, "started", p.Status)
	require.NotEqual(t, "no such id", p.ID)
}

// TestRulesAreNotFollowed: nobody would poll for them.
func TestRulesAreNotFollowed(t *testing.T) {
	b := newBrowser(t, newScript(answerHead, answerProse))
	b.header = map[string]string{"FromAlert": "true"}
	p := b.ask("")
	require.Empty(t, p.Status)
	require.Empty(t, p.ID)
	require.Equal(t, "rules", p.cell(t, "source"))
}
