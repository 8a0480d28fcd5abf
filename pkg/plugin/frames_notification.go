package plugin

import (
	"cmp"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/lokalyst/lokalyst/pkg/analysis"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// maxNotification bounds the summary of a notification, in characters.
const maxNotification = 200

// noSummary is the text where there is none: a label cannot be left out of a row.
const noSummary = "n/a"

// notificationFrames shapes the second query of an alert rule: the rows and labels of
// [verdictFrames], so that Grafana joins them to the rule's alerts, and a summary that
// an annotation can show. The summary is a label of this query alone: in the rule's own
// query each new wording would be a new alert.
func notificationFrames(res *analysis.Result, o frameOptions) framesOut {
	out, err := verdictFrames(res, o)
	if err != nil { // a value that the prompt does not have
		o.query.value = "severity"
		if out, err = verdictFrames(res, o); err != nil {
			return nil
		}
	}
	t := &table[groupRow]{frame: data.NewFrame(""), rows: groupRows(res)}
	text := column(t, "summary", nil, func(g groupRow) string {
		return cmp.Or(verdict.Plain(o.mask(g.Verdict.Summary), maxNotification), noSummary)
	})
	f := out[0]
	f.Name = "notification"
	last := len(f.Fields) - 1
	f.Fields = append(f.Fields[:last:last], text, f.Fields[last])
	return out
}

// emptyNotification has a row for each series that is known, or one where none is: a
// notification without rows would silence the whole rule.
func emptyNotification(q query, known [][]string, o frameOptions, reason string) framesOut {
	if len(known) == 0 {
		known = [][]string{make([]string, len(q.groupBy))}
	}
	o.query.value = "severity"
	res := &analysis.Result{Window: q.window, GroupBy: q.groupBy}
	for _, values := range known {
		res.Groups = append(res.Groups, analysis.Group{Values: values, Verdict: verdict.Verdict{Severity: verdict.Inconclusive, Probability: verdict.ProbabilityUnknown, RawProbability: verdict.ProbabilityUnknown}})
	}
	res.Notices = append(res.Notices, analysis.Notice{Warning: true, Text: reason})
	return notificationFrames(res, o)
}
