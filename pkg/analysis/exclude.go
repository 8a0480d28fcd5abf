package analysis

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// The verdicts that Lokalyst itself wrote to Loki, and what overrules them, are never
// analysed: they would confirm themselves.
const historyFilter = `service_name!="lokalyst" or kind!~"verdict|overrule"`

// ownServices are those that an analysis itself makes log: reading them along with
// others would find its own traces in them.
func ownServices() []string {
	return []string{"lokalyst", "grafana", "loki", "llama-server", "llama-cpp", "llama.cpp"}
}

// exclusion is what was found to be left out of a query.
type exclusion struct {
	query loki.Query
	left  []string
	at    time.Time
}

// excludeOwnLogs sets the query that is executed: less Lokalyst's verdicts, and less
// the logs of what takes part in an analysis where the query does not name it. It says
// so. What there is, Loki's index tells without reading lines.
func (e *Engine) excludeOwnLogs(ctx context.Context, r *Request, res *Result) error {
	w := loki.Window{Start: r.Window.Start.Add(-min(maxBaselines*r.Baseline, maxIndexTime)), End: r.Window.End}
	key := verdict.KeyOf(r.Owner, res.Query.Text, w.Start.String(), w.End.String())
	x, ok := e.Memory.exclusion(key)
	if !ok || e.Now().Sub(x.at) > maxRecount {
		names := unnamed(res.Query)
		streams, err := r.Logs.Streams(ctx, res.Query, w, `service_name=~`+anyOf("(.*/)?", names))
		res.Cost.LokiRequests++
		if errors.Is(err, loki.ErrRejected) || errors.Is(err, loki.ErrTooLarge) {
			// An index that says no, as to a long time, is no reason to give no answer.
			streams, err = suspected(names), nil
		}
		if err != nil {
			return err
		}
		if x.query, x.left, err = excluded(res.Query, names, streams); err != nil {
			return err
		}
		x.at = e.Now()
		e.Memory.excluded(key, x)
	}
	res.Executed = x.query
	if len(x.left) > 0 {
		res.notice(false, "The logs of %s are left out, because an analysis makes them log. Name them in the query to include them.", strings.Join(x.left, ", "))
	}
	return nil
}

// unnamed returns the own services that the query does not name, and Lokalyst in any
// case, for its verdicts.
func unnamed(q loki.Query) []string {
	names := slices.DeleteFunc(ownServices(), func(s string) bool { return s != "lokalyst" && q.Mentions(s) })
	return names
}

// suspected are the streams that there may be.
func suspected(names []string) []map[string]string {
	out := []map[string]string{{"service_name": "lokalyst", "kind": "verdict"}}
	for _, n := range names {
		out = append(out, map[string]string{"service_name": n})
	}
	return out
}

// excluded returns the query without what is found in streams and must not be read.
func excluded(q loki.Query, names []string, streams []map[string]string) (out loki.Query, left []string, err error) {
	out = q
	history := false
	for _, labels := range streams {
		name := labels["service_name"]
		own := name[strings.LastIndexByte(name, '/')+1:]
		switch {
		case own == "lokalyst" && (labels["kind"] == verdict.KindVerdict || labels["kind"] == verdict.KindOverrule):
			history = true
		case slices.Contains(names, own) && !q.Mentions(own) && !slices.Contains(left, name):
			left = append(left, name)
		}
	}
	if history {
		if out, err = out.Exclude(historyFilter); err != nil {
			return q, nil, err
		}
	}
	if len(left) > 0 {
		slices.Sort(left)
		out, err = out.Exclude(`service_name!~` + anyOf("", left))
	}
	return out, left, err
}

// maxIndexTime is how far before a window Loki's index is asked: it refuses long times.
const maxIndexTime = 28 * 24 * time.Hour

// anyOf renders a LogQL string with a regular expression that matches each of the names
// behind the prefix.
func anyOf(prefix string, names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = regexp.QuoteMeta(n)
	}
	return strconv.Quote(prefix + "(" + strings.Join(quoted, "|") + ")")
}
