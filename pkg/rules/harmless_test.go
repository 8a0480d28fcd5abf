package rules_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/patterns"
	"github.com/lokalyst/lokalyst/pkg/rules"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// TestHarmless: lost races and clients that leave are no failures, up to a storm of them,
// where the component says so itself and in all of the pattern's lines.
func TestHarmless(t *testing.T) {
	const lost = `level=error msg="cannot save" err="Operation cannot be fulfilled on deployments.apps: the object has been modified"`
	for name, tc := range map[string]struct {
		line, template string
		n              int
		component      string
		severity       verdict.Severity
	}{
		"a lost race":           {lost, lost, 5, "shop", verdict.Healthy},
		"many of them":          {lost, lost, 400, "shop", verdict.Notice},
		"another failure":       {`level=error msg="cannot save" err="quota is used up"`, "", 5, "shop", verdict.Notice},
		"a user's words":        {`level=error msg="cannot save" name="the object has been modified"`, "", 5, "shop", verdict.Notice},
		"a value of anybody's":  {`level=error msg="cannot save" reference="context canceled"`, "", 5, "shop", verdict.Notice},
		"a path":                {`level=error msg="cannot save" path="/context canceled/x"`, "", 5, "shop", verdict.Notice},
		"an agent":              {`{"level":"error","msg":"cannot save","user_agent":"write: broken pipe"}`, "", 5, "shop", verdict.Notice},
		"one of several values": {`2026-11-22T10:00:00Z ERROR save: context canceled`, "<ts> ERROR save: <*>", 5, "shop", verdict.Notice},
		"a duplicate key":       {`2026-11-22 10:00:00.123 UTC [77] a@b ERROR:  duplicate key value violates unique constraint "x"`, "", 5, "postgres", verdict.Healthy},
		"of another component":  {`2026-11-22 10:00:00 ERROR Relay access denied`, "", 5, "shop", verdict.Notice},
	} {
		t.Run(name, func(t *testing.T) {
			p := said(tc.line, tc.n, 0)
			p.Change = patterns.ChangeNew
			if tc.template != "" {
				p.Template = tc.template
			}
			rest := said("GET /orders done", 9000, 0)
			rest.Change, rest.BaselineCount = patterns.ChangeSteady, 9000
			r := set(t).Assess(rules.Input{
				Patterns: []patterns.Pattern{p, rest}, Lines: 9000 + tc.n, HasBaseline: true, Streams: []map[string]string{{"service_name": tc.component}},
			})
			require.Equal(t, tc.severity, r.Severity, "%+v", r.Findings)
		})
	}
}

// TestHarmlessKinds: kinds add up to a storm, and what the baseline has as well is none.
func TestHarmlessKinds(t *testing.T) {
	var ps []patterns.Pattern
	for i := range 8 {
		p := said(fmt.Sprintf(`level=error msg="charge %c failed" err="card_declined"`, 'a'+i), 10, 0)
		p.Change = patterns.ChangeNew
		ps = append(ps, p)
	}
	in := rules.Input{Patterns: ps, Lines: 10_000, HasBaseline: true, Streams: []map[string]string{checkout}}
	require.Equal(t, verdict.Notice, set(t).Assess(in).Severity)
	for i := range ps {
		ps[i].Change, ps[i].BaselineCount = patterns.ChangeSteady, 10
	}
	require.Equal(t, verdict.Healthy, set(t).Assess(in).Severity)
}
