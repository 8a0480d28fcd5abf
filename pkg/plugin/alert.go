package plugin

import (
	"context"
	"fmt"
	"time"

	"github.com/lokalyst/lokalyst/pkg/analysis"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// deadlineMargin is left of the caller's deadline for shaping and sending the
// answer: an answer that arrives late is an error to the caller.
const deadlineMargin = 2 * time.Second

// evaluate answers an alert rule's query: from what is known and the rules, within
// alertWait once the logs are read, and the same to each attempt and each query of one
// evaluation.
func (d *datasource) evaluate(ctx context.Context, q query, who asker) (*analysis.Result, error) {
	who.fromAlert = true // a notification is never asked by anybody else
	r := d.request(ctx, q, who)
	key := verdict.KeyOf(r.Owner, who.rule, q.window.Start.String(), q.window.End.String(), q.content())
	return d.host.answers.once(ctx, key, func(ctx context.Context) (*analysis.Result, error) {
		result, err := d.analyse(ctx, r)
		if err != nil {
			return nil, err
		}
		return result.Brief(), nil
	})
}

// content is what decides the analysis behind a query, not how it is shown.
func (q query) content() string {
	q.queryType, q.value, q.format, q.async, q.queryID, q.notices = "", "", "", false, "", nil
	return fmt.Sprintf("%#v", q) // quotes texts, so that none passes for two
}

// notify answers the second query of an alert rule. It never fails: an error or an
// answer without rows would silence the rule. wrong is what is wrong with the query.
func (d *datasource) notify(ctx context.Context, q query, who asker, wrong error) framesOut {
	o := d.frameOptions(q)
	if wrong == nil {
		result, err := d.evaluate(ctx, q, who)
		if err == nil {
			return notificationFrames(result, o)
		}
		wrong = err
	}
	return emptyNotification(q, d.host.engine.Known(d.request(ctx, q, who)), o, "There is no summary, because "+wrong.Error())
}
