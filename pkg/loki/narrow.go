package loki

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/grafana/loki/v3/pkg/logql/syntax"
)

// code returns LogQL with its strings and comments blanked out, so that what is left
// is structure. Places stay the same.
func code(text string) []byte {
	b := []byte(text)
	for i := 0; i < len(b); i++ {
		switch quote := b[i]; quote {
		case '#':
			for ; i < len(b) && b[i] != '\n'; i++ {
				b[i] = ' '
			}
		case '"', '`':
			for i++; i < len(b) && b[i] != quote; i++ {
				if b[i] == '\\' && quote == '"' && i+1 < len(b) {
					b[i] = quote
					i++
				}
				b[i] = quote
			}
		}
	}
	return b
}

// withoutParentheses returns a log query without the parentheses around all of it,
// behind which no stage can stand.
func withoutParentheses(text string) string {
	c := code(text)
	for {
		left := bytes.TrimLeft(c, " \t\r\n")
		from := len(c) - len(left)
		to := from + len(bytes.TrimRight(left, " \t\r\n"))
		if to-from < 2 || c[from] != '(' || c[to-1] != ')' {
			return text
		}
		// A comment behind the parenthesis goes with it.
		c, text = c[from+1:to-1], text[from+1:to-1]
	}
}

// Where returns a log query with a stage appended, such as `| json` or `|= "x"`. ok
// is false, and the query unchanged, where that gives no log query that Loki takes:
// for a metric query, a stage that does not parse, or one that is too long. It does
// not check whether the stage compiles.
func (q Query) Where(stage string) (narrowed Query, ok bool) {
	if q.Kind != KindLogs || len(q.Text)+len(stage) > maxQuery-queryRoom {
		return q, false
	}
	// The line break ends a comment that the query may end with.
	text := withoutParentheses(q.Text) + "\n" + stage
	if _, err := syntax.ParseLogSelector(text, true); err != nil {
		return q, false
	}
	return Query{Text: text, Kind: KindLogs}, true
}

// queryRoom is what is left free in a query for counting it by labels.
const queryRoom = 8 << 10

// Narrow returns a function that appends a regular expression as a line filter to
// a log query. Where none can be appended, as to a metric query, the function returns
// the query unchanged. It does not check the expressions: compiling one costs Loki's
// parser a millisecond.
func Narrow(q Query) func(regex string) string {
	if _, ok := q.Where(`|~ "x"`); !ok {
		return func(string) string { return q.Text }
	}
	base := withoutParentheses(q.Text)
	return func(regex string) string { return base + "\n|~ " + strconv.Quote(regex) }
}

// WithoutTemplates returns a log query without the lines that match any of the
// templates, and OnlyTemplates one with only those that match at least one: together
// they select each line once. A template is the list of its constant texts. A line
// matches if it holds them in this order with at least one character between each
// two; where the last text is empty, also with one behind. Each text is looked for
// behind the one before at the first place where it stands. Loki evaluates this with
// its pattern filters, which exist since version 3.0, one template after the other:
// every template costs it a search of the line.
//
// Templates without any text match nothing. ok is as with [Query.Where].
func (q Query) WithoutTemplates(templates [][]string) (narrowed Query, ok bool) {
	filters := patternFilters(templates)
	if len(filters) == 0 {
		return q, q.Kind == KindLogs
	}
	return q.Where("!> " + strings.Join(filters, " or "))
}

// OnlyTemplates is the complement of [Query.WithoutTemplates].
func (q Query) OnlyTemplates(templates [][]string) (narrowed Query, ok bool) {
	filters := patternFilters(templates)
	if len(filters) == 0 {
		return q.Where(`|= "a" != "a"`) // no line at all
	}
	return q.Where("|> " + strings.Join(filters, " or "))
}

// capture matches what Loki's pattern parser takes for the name of a capture, which
// it has no escape for.
var capture = regexp.MustCompile(`<[A-Za-z_][A-Za-z0-9_]*>`)

// patternFilters returns the quoted patterns of templates.
func patternFilters(templates [][]string) []string {
	var out []string
	for _, texts := range templates {
		var pieces []string
		open := false
		for _, text := range texts {
			// The name of a capture is text that may be any, and so is what is no
			// character: Loki shows U+FFFD in its place.
			text = capture.ReplaceAllString(strings.ToValidUTF8(text, "\uFFFD"), "<\uFFFD>")
			split := strings.Split(text, string(utf8.RuneError))
			open = split[len(split)-1] == ""
			for _, s := range split {
				if s != "" {
					pieces = append(pieces, s)
				}
			}
		}
		if len(pieces) == 0 {
			continue
		}
		// A pattern that ends with a text matches only at the end of a line, one that
		// ends with a capture only before it; the first text may stand anywhere.
		const anything = "<_>"
		pattern := strings.Join(pieces, anything)
		if !open {
			out = append(out, strconv.Quote(pattern))
		}
		out = append(out, strconv.Quote(pattern+anything))
	}
	return out
}

// Exclude returns q with a label filter put first behind every stream selector, such
// as `service_name!="x" or kind!="y"`. The error is a [*QueryError].
func (q Query) Exclude(labelFilter string) (Query, error) {
	stage := "| (" + labelFilter + ")"
	var b strings.Builder
	from := 0
	for i, c := range code(q.Text) {
		if c == '}' {
			b.WriteString(q.Text[from:i+1] + " " + stage + " ")
			from = i + 1
		}
	}
	b.WriteString(q.Text[from:])
	if out, err := Parse(b.String()); err == nil {
		return out, nil
	}
	// Where a range stands directly behind the selector, a stage may not stand between
	// them. What Loki prints has the range last, though without the user's layout.
	filter, err := syntax.ParseLogSelector(`{a="b"} `+stage, true)
	if err != nil {
		return q, queryError(err)
	}
	first, ok := filter.(*syntax.PipelineExpr)
	if !ok {
		return q, &QueryError{Reason: fmt.Sprintf("%q is no label filter", labelFilter)}
	}
	expr, err := syntax.ParseExpr(q.Text)
	if err != nil {
		return q, queryError(err)
	}
	expr.Walk(func(e syntax.Expr) bool {
		if r, ok := e.(*syntax.LogRangeExpr); ok {
			r.Left = withFirst(r.Left, first.MultiStages)
		}
		return true
	})
	return Parse(expr.String())
}

// withFirst puts stages before those of a log query.
func withFirst(e syntax.LogSelectorExpr, stages syntax.MultiStageExpr) syntax.LogSelectorExpr {
	switch e := e.(type) {
	case *syntax.MatchersExpr:
		return &syntax.PipelineExpr{Left: e, MultiStages: stages}
	case *syntax.PipelineExpr:
		return &syntax.PipelineExpr{Left: e.Left, MultiStages: append(slices.Clip(stages), e.MultiStages...)}
	}
	return e
}

// Mentions reports whether a matcher's value, a line filter or a label filter of the
// query contains the text, in upper or lower case.
func (q Query) Mentions(text string) bool {
	expr, err := syntax.ParseExpr(q.Text)
	if err != nil {
		return false
	}
	text = strings.ToLower(text)
	contains := func(s string) bool { return strings.Contains(strings.ToLower(s), text) }
	mentions := false
	expr.Walk(func(e syntax.Expr) bool {
		switch e := e.(type) {
		case *syntax.MatchersExpr:
			for _, m := range e.Mts {
				mentions = mentions || contains(m.Value)
			}
		case *syntax.LineFilterExpr:
			mentions = mentions || contains(e.Match)
		case *syntax.LabelFilterExpr:
			mentions = mentions || contains(e.String())
		}
		return true
	})
	return mentions
}

// Streams asks Loki's index which streams the selectors of a log or metric query
// match in w, where matchers such as `kind="x"` are added to each selector. It reads
// no lines.
func (c *Client) Streams(ctx context.Context, q Query, w Window, matchers ...string) ([]map[string]string, error) {
	expr, err := syntax.ParseExpr(q.Text)
	if err != nil {
		return nil, parseError(q.Text, err)
	}
	params := url.Values{"start": {nanos(w.Start)}, "end": {nanos(w.End)}}
	expr.Walk(func(e syntax.Expr) bool {
		if m, ok := e.(*syntax.MatchersExpr); ok {
			all := append([]string{strings.Trim(m.String(), "{}")}, matchers...)
			params.Add("match[]", "{"+strings.Join(all, ",")+"}")
		}
		return true
	})
	res, err := c.send(ctx, apiPath+"/series", params)
	if err != nil {
		return nil, err
	}
	defer closeReply(res)
	var out []map[string]string
	s := newScanner(res.Body, c.opts.MaxBytes)
	err = s.object(func(key []byte) error {
		if string(key) != "data" {
			return s.skip(0)
		}
		return s.array(func(int) error {
			labels, err := s.labels()
			out = append(out, labels)
			return err
		})
	})
	if err != nil {
		return nil, replyReadError(ctx, err)
	}
	return out, nil
}
