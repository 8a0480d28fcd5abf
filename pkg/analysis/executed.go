package analysis

import (
	"context"

	"github.com/lokalyst/lokalyst/pkg/loki"
)

// Executed returns the query that an analysis of r reads: the request's less what is never
// analysed. Notices tell what that is. The error is a [*loki.QueryError], or Loki's.
func (e *Engine) Executed(ctx context.Context, r Request) (loki.Query, []Notice, error) {
	query, err := loki.Parse(r.Expr)
	if err != nil {
		return query, nil, err
	}
	res := &Result{Query: query, Executed: query}
	err = e.excludeOwnLogs(ctx, &r, res)
	return res.Executed, res.Notices, err
}
