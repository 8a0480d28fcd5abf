// Package loki reads logs and series from Loki. It checks and narrows LogQL before
// it is sent, counts lines in slots of time, pages through parts of a window in
// parallel without gaps or repeats, samples what is too much to be read whole,
// decodes replies as they arrive without holding a body, and turns Loki's failures
// into [Error], whose text a user can act on.
package loki

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/grafana/loki/v3/pkg/logql/syntax"
)

// Kind tells log queries from metric queries.
type Kind uint8

// The kinds of a query.
const (
	KindLogs Kind = iota
	KindMetric
)

// A Query is LogQL that was parsed and whose stages compile.
type Query struct {
	// Text is the query as the user wrote it.
	Text string
	Kind Kind
}

// A QueryError says what is wrong with LogQL. Line and Col count from 1 and are 0
// where the parser gives no position.
type QueryError struct {
	Line, Col int
	Reason    string
}

func (e *QueryError) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("LogQL, line %d, column %d: %s", e.Line, e.Col, e.Reason)
	}
	return "LogQL: " + e.Reason
}

// position matches the place in a message of Loki's parser; the fields of its
// error type are not exported (loki v3.7, pkg/logqlmodel).
var position = regexp.MustCompile(`^parse error at line (\d+), col (\d+): `)

// Parse checks a query: its syntax, that it selects something, and that each of
// its stages compiles, which Loki's parser alone does not check. The error is a
// [*QueryError].
func Parse(text string) (Query, error) {
	if strings.TrimSpace(text) == "" {
		return Query{}, &QueryError{Reason: `the query is empty; select streams, for example {namespace="default"}`}
	}
	for _, macro := range []string{"$__interval", "$__auto", "$__range", "$__rate_interval"} {
		if strings.Contains(text, macro) {
			return Query{}, &QueryError{Reason: fmt.Sprintf("%s was not replaced by a duration; write one such as 5m", macro)}
		}
	}
	expr, err := syntax.ParseExpr(text)
	if err != nil {
		return Query{}, parseError(text, err)
	}
	switch e := expr.(type) {
	// Literals and vectors implement the log interface too, so they come first.
	case *syntax.LiteralExpr, *syntax.VectorExpr:
		return Query{}, &QueryError{Reason: "the query is a constant and reads no logs"}
	case syntax.SampleExpr:
		if _, err := e.Extractors(); err != nil {
			return Query{}, queryError(err)
		}
		return Query{Text: text, Kind: KindMetric}, nil
	case syntax.LogSelectorExpr:
		if _, err := e.Pipeline(); err != nil {
			return Query{}, queryError(err)
		}
		return Query{Text: text, Kind: KindLogs}, nil
	}
	return Query{}, &QueryError{Reason: "this kind of query is not supported; use a log query or a metric query"}
}

// parseError finds the place of a syntax error. Loki's lexer loses the line in a
// query of several lines, so the query is parsed once more as one line and the
// column translated back.
func parseError(text string, err error) *QueryError {
	flat := oneLineQuery(text)
	if _, flatErr := syntax.ParseExpr(flat); flatErr != nil {
		err = flatErr
	}
	e := queryError(err)
	if e.Line > 1 || e.Col < 1 { // some tokens are reported in line 0
		e.Line, e.Col = 0, 0
		return e
	}
	rest := e.Col - 1
	for i, line := range strings.Split(text, "\n") {
		n := utf8.RuneCountInString(line)
		if rest <= n {
			e.Line, e.Col = i+1, rest+1
			break
		}
		rest -= n + 1
	}
	return e
}

// oneLineQuery replaces line breaks and comments by as many spaces.
func oneLineQuery(text string) string {
	var quote rune
	escaped, comment := false, false
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			comment, quote = false, quoteAfterBreak(quote)
			return ' '
		case comment:
			return ' '
		case quote != 0:
			if r == quote && !escaped {
				quote = 0
			}
			escaped = r == '\\' && !escaped && quote == '"'
		case r == '"' || r == '`':
			quote = r
		case r == '#':
			comment = true
			return ' '
		}
		return r
	}, text)
}

// quoteAfterBreak: only a raw string goes on behind a line break.
func quoteAfterBreak(quote rune) rune {
	if quote == '`' {
		return quote
	}
	return 0
}

// queryError reads the position out of an error of Loki's parser.
func queryError(err error) *QueryError {
	e := &QueryError{Reason: err.Error()}
	if m := position.FindStringSubmatch(e.Reason); m != nil {
		e.Line, _ = strconv.Atoi(m[1]) // the expression matches digits only
		e.Col, _ = strconv.Atoi(m[2])
		e.Reason = e.Reason[len(m[0]):]
	}
	e.Reason = strings.TrimPrefix(e.Reason, "parse error : ")
	return e
}

// A Window is the time from Start to End.
type Window struct{ Start, End time.Time }

// Length returns the duration of the window.
func (w Window) Length() time.Duration { return w.End.Sub(w.Start) }

// Shift returns the window moved by d.
func (w Window) Shift(d time.Duration) Window {
	return Window{Start: w.Start.Add(d), End: w.End.Add(d)}
}
