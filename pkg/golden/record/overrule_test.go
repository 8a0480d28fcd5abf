package record_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/golden/record"
	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/rules"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

const historyKey = "0123456789abcdef"

// overrule writes a signed record as `lokalyst overrule` does.
func (p *place) overrule(r rules.Rule, before, lasts time.Duration, key string) rules.Rule {
	p.t.Helper()
	when := now.Add(-before)
	r.At, r.Expires, r.By = rules.RuleTime{Time: when}, rules.RuleTime{Time: when.Add(lasts)}, "ann"
	r.ID = r.OverruleID()
	require.NoError(p.t, r.Check())
	body, err := json.Marshal(r)
	require.NoError(p.t, err)
	text, err := verdict.EncodeRecord(verdict.Record{Kind: verdict.KindOverrule, TS: when, Body: body}, p.tenant, []byte(key))
	require.NoError(p.t, err)
	require.NoError(p.t, p.client.Push(p.t.Context(), verdict.KindOverrule, loki.PushLine{Time: when, Text: text}))
	return r
}

func (p *place) overrules() []record.Overrule {
	p.t.Helper()
	list, err := record.Overrules(p.t.Context(), p.client, loki.Window{Start: now.Add(-10 * 24 * time.Hour), End: now.Add(time.Minute)}, p.tenant, []byte(historyKey))
	require.NoError(p.t, err)
	return list
}

// TestOverrulesBecomeCases: what is benign makes the window before it healthy, other
// overrules have their severity and category, with their lines as evidence.
func TestOverrulesBecomeCases(t *testing.T) {
	p := newPlace(t)
	const day = 24 * time.Hour
	p.push(map[string]string{"app": "shop", "pod": "shop-1"},
		at(2*day+50*time.Minute, "panic: runtime error: index out of range"), at(2*day+40*time.Minute, "level=info msg=\"all is well\""),
		at(day+30*time.Minute, "quota of tenant 7 exhausted"), at(day+20*time.Minute, "level=info msg=\"all is well\""))
	p.push(map[string]string{"app": "other"}, at(2*day+30*time.Minute, "not of the streams"))
	p.overrule(rules.Rule{Pattern: "panic: runtime error: index out of range", Streams: map[string]string{"app": "shop"}, Benign: true, Reason: "the drill of " + secret}, 2*day, 3*day, historyKey)
	p.overrule(rules.Rule{Pattern: "quota of tenant <_> exhausted", Streams: map[string]string{"pod": "shop-*"}, Severity: 3, Category: "application", Reason: "orders are lost"}, day, time.Hour, historyKey)

	list := p.overrules()
	require.Len(t, list, 2)
	require.Equal(t, `{app="shop"}`, list[0].Query())
	require.Equal(t, `{pod=~"shop-.*"}`, list[1].Query())
	require.Equal(t, `{service_name=~".+"} |~ "^a\\.(?s:.+)$"`, (&record.Overrule{Rule: rules.Rule{Pattern: "a.<_>"}}).Query())
	require.Equal(t, `{app=~".+"}`, (&record.Overrule{Rule: rules.Rule{Streams: map[string]string{"app": "*"}}}).Query())
	var cases []*golden.Case
	for i := range list {
		require.Empty(t, list[i].Refused)
		c, err := list[i].Record(t.Context(), p.request("", loki.Window{}, 0), time.Hour)
		require.NoError(t, err)
		require.NoError(t, c.Check())
		require.Equal(t, list[i].CaseID(), c.ID)
		require.Equal(t, "ann", c.Provenance.LabelledBy)
		require.Contains(t, c.Provenance.Source, list[i].Rule.ID)
		require.Contains(t, c.Tags, "overrule")
		require.True(t, c.Query.End.Equal(list[i].At))
		cases = append(cases, c)
	}
	require.Equal(t, golden.Expected{Verdict: "healthy", Category: "none"}, cases[0].Expected)
	window, _ := cases[0].Lines()
	require.Equal(t, 2, window)
	require.Contains(t, cases[0].Provenance.Note, "the drill of ")
	require.NotContains(t, cases[0].Provenance.Note, "ghp_")
	require.Equal(t, golden.Expected{Verdict: "incident", Severity: 3, Category: "application", EvidenceMust: []string{"s0l0"}}, cases[1].Expected)
}

// TestOverrulesThatMakeNoCase are listed with the reason.
func TestOverrulesThatMakeNoCase(t *testing.T) {
	p := newPlace(t)
	benign := func(text string) rules.Rule {
		return rules.Rule{Pattern: text, Streams: map[string]string{"app": "kernel"}, Benign: true, Reason: "r"}
	}
	p.push(map[string]string{"app": "kernel"}, at(50*time.Minute, "something failed"), at(45*time.Minute, "Memory cgroup out of memory: Killed process 1 (checkout) total-vm:524288kB, anon-rss:520000kB"))
	p.overrule(benign("of somebody"), 40*time.Minute, time.Hour, "another key 0123456789")
	p.overrule(benign("something odd"), 39*time.Minute, 24*time.Hour, historyKey)
	p.overrule(benign("something odd"), 38*time.Minute, time.Minute, historyKey)
	p.overrule(benign("something failed"), 30*time.Minute, 24*time.Hour, historyKey)
	p.overrule(benign("something failed"), 20*time.Minute, 48*time.Hour, historyKey)
	require.NoError(t, p.client.Push(t.Context(), verdict.KindOverrule, loki.PushLine{Time: now.Add(-10 * time.Minute), Text: "nonsense"}))
	list := p.overrules()
	require.Len(t, list, 6)
	for i, want := range []string{"not signed", "a later one takes its place", "ended early", "a later one takes its place", "", "no record"} {
		require.Contains(t, list[i].Refused, want)
		require.Equal(t, want == "", list[i].Refused == "")
	}
	_, err := list[4].Record(t.Context(), p.request("", loki.Window{}, 0), time.Hour)
	require.ErrorIs(t, err, record.ErrOtherFindings, "a benign line does not make a kill of the kernel healthy")

	_, err = record.Overrules(t.Context(), p.client, hour(), p.tenant, []byte("short"))
	require.ErrorIs(t, err, verdict.ErrHistoryKey)
}
