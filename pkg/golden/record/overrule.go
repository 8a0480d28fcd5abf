package record

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/patterns"
	"github.com/lokalyst/lokalyst/pkg/rules"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// maxOverrules is how many records of overrules are read, the newest.
const maxOverrules = 1000

// An Overrule is what somebody said of lines that a verdict rested on.
type Overrule struct {
	Rule rules.Rule
	At   time.Time
	// Refused says why it makes no case: it is not signed, or was withdrawn. Empty where it
	// does.
	Refused string
}

// A Newest reads the newest lines of a query; [loki.Client] implements it.
type Newest interface {
	Newest(ctx context.Context, q loki.Query, w loki.Window, n int) ([]loki.Line, error)
}

// Overrules reads what was overruled in a window from the history of a tenant, the newest
// record of each overrule, ordered by time. What key did not sign is listed and refused:
// anybody can write a line.
func Overrules(ctx context.Context, history Newest, w loki.Window, tenant string, key []byte) ([]Overrule, error) {
	if err := verdict.CheckHistoryKey(key); err != nil {
		return nil, err
	}
	q, err := loki.Parse(fmt.Sprintf(`{service_name="lokalyst", kind=%q}`, verdict.KindOverrule))
	if err != nil {
		return nil, err
	}
	lines, err := history.Newest(ctx, q, w, maxOverrules)
	if err != nil {
		return nil, err
	}
	var out []Overrule
	last := map[string]int{} // of signed ones, by id
	for _, l := range slices.Backward(lines) {
		o := Overrule{At: l.Time}
		record, signed, err := verdict.DecodeRecord(l.Text, tenant, l.Time, key)
		switch {
		case err != nil || record.Kind != verdict.KindOverrule || json.Unmarshal(record.Body, &o.Rule) != nil:
			o.Refused = "it is no record of an overrule"
		case !signed:
			o.Refused = "it is not signed with the history's key, so anybody can have written it"
		case o.Rule.Check() != nil:
			o.Refused = "it cannot be used: " + o.Rule.Check().Error()
		default:
			if i, ok := last[o.Rule.ID]; ok {
				if before := out[i].Rule.Expires; !o.Rule.Expires.IsZero() && o.Rule.Expires.Before(before.Time) {
					o.Refused = "it was ended early by a later one"
				}
				out[i].Refused = "a later one takes its place"
			}
			last[o.Rule.ID] = len(out)
		}
		out = append(out, o)
	}
	return out, nil
}

// CaseID is the id of the case that the overrule becomes.
func (o *Overrule) CaseID() string {
	return o.Rule.ID + "-" + o.At.UTC().Format("20060102t150405")
}

// Query returns the LogQL for the streams that the overrule names; of an overrule that
// names none, for the lines of its pattern.
func (o *Overrule) Query() string {
	if len(o.Rule.Streams) == 0 {
		expr := (&patterns.Pattern{Template: o.Rule.Template}).Regex()
		if o.Rule.Pattern != "" {
			expr = "^" + wildcards(o.Rule.Pattern, "<_>", "(?s:.+)") + "$"
		}
		return `{service_name=~".+"} |~ ` + strconv.Quote(expr)
	}
	var matchers []string
	for _, name := range slices.Sorted(maps.Keys(o.Rule.Streams)) {
		value := o.Rule.Streams[name]
		if strings.Trim(value, "*") == "" { // which alone selects nothing
			matchers = append(matchers, name+`=~".+"`)
			continue
		}
		if strings.Contains(value, "*") {
			matchers = append(matchers, name+"=~"+strconv.Quote(wildcards(value, "*", ".*")))
			continue
		}
		matchers = append(matchers, name+"="+strconv.Quote(value))
	}
	return "{" + strings.Join(matchers, ", ") + "}"
}

// wildcards returns the regular expression of a text in which a wildcard stands for any.
func wildcards(text, wildcard, any string) string {
	parts := strings.Split(text, wildcard)
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return strings.Join(parts, any)
}

// ErrOtherFindings says that the window of a benign overrule holds other failures, so that
// nobody can know without looking that it was healthy.
var ErrOtherFindings = errors.New("the window holds other findings than what was overruled; judge it by hand")

// Record freezes the window that ends when the overrule was written, and judges it as the
// overrule does: lines that are benign make it healthy, others have the overrule's severity
// and category. r's window, query, and judge are the overrule's.
func (o *Overrule) Record(ctx context.Context, r Request, length time.Duration) (*golden.Case, error) {
	r.Expr, r.By = o.Query(), o.Rule.By
	r.Window = loki.Window{Start: o.At.Add(-length), End: o.At}
	c, _, err := Freeze(ctx, r)
	if err != nil {
		return nil, err
	}
	mask := r.Engine.Redactor.WithKey(r.Key).Mask
	c.ID, c.Tags = o.CaseID(), append(c.Tags, "overrule")
	c.Provenance.Source += ", overrule " + o.Rule.ID
	// The engine's clock may stand behind the expiry, when an old overrule is recorded.
	rule := o.Rule
	rule.Expires = rules.RuleTime{Time: r.Engine.Now().Add(time.Hour)}
	v, err := NewView(ctx, r.Engine, r.Engine.Signatures.With([]rules.Rule{rule}), c)
	if err != nil {
		return nil, err
	}
	label := Label{Severity: rule.Severity, Category: rule.Category, Evidence: v.applied(rule.ID), Note: rule.Reason}
	if rule.Benign {
		if v.Suggested.Severity > verdict.Notice {
			return nil, ErrOtherFindings
		}
		label = Label{Severity: verdict.Healthy, Category: verdict.CategoryNone, Note: rule.Reason}
	} else if len(label.Evidence) == 0 {
		return nil, errors.New("no line before it is as it says")
	}
	return c, v.Apply(label, mask)
}

// applied returns the rows that a user's rule matches.
func (v *View) applied(rule string) []int {
	for _, a := range v.group.Rules.Applied {
		if a.Rule == rule {
			return v.rowsOf(a.Patterns)
		}
	}
	return nil
}
