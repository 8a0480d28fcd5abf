package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/fatih/color"
	"github.com/mattn/go-isatty"

	"github.com/lokalyst/lokalyst/pkg/analysis"
	"github.com/lokalyst/lokalyst/pkg/patterns"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}

// A progress shows on a terminal what is being done, on one line that it
// rewrites; elsewhere it is silent.
type progress struct {
	w    io.Writer
	show bool
}

func newProgress(w io.Writer, quiet bool) *progress {
	return &progress{w: w, show: !quiet && isTerminal(w)}
}

func (p *progress) step(_, detail string) {
	if p.show {
		fmt.Fprintf(p.w, "\r\033[K%s …", detail)
	}
}

func (p *progress) done() {
	if p.show {
		fmt.Fprint(p.w, "\r\033[K")
	}
}

// paint returns what colours text by a severity; without colours it leaves text
// as it is.
func paint(s verdict.Severity, colored bool) func(string) string {
	if !colored {
		return func(text string) string { return text }
	}
	c := color.New(color.FgWhite)
	switch s {
	case verdict.Healthy:
		c = color.New(color.FgGreen)
	case verdict.Notice, verdict.Warning:
		c = color.New(color.FgYellow, color.Bold)
	case verdict.Critical:
		c = color.New(color.FgRed, color.Bold)
	}
	c.EnableColor()
	return func(text string) string { return c.Sprint(text) }
}

// printTable prints what a person wants to read: for each group the verdict and
// what supports it, then what it cost and what to know about it.
func printTable(w io.Writer, res *analysis.Result, colored bool) error {
	p := &printer{w: w}
	for i := range res.Groups {
		g := &res.Groups[i]
		if i > 0 {
			p.line("")
		}
		p.group(g, colored)
	}
	p.line("")
	c := res.Cost
	p.line("read %d lines, %d patterns, %d model calls, %d prompt tokens (%d reused), %d answer tokens", c.Lines, c.Patterns, c.ModelCalls, c.PromptTokens, c.CachedTokens, c.AnswerTokens)
	for _, n := range res.Notices {
		mark := "note:"
		if n.Warning {
			mark = "warning:"
		}
		p.line("%s %s", mark, n.Text)
	}
	return p.err
}

// A printer remembers the first error, so that each line need not be checked.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

func (p *printer) group(g *analysis.Group, colored bool) {
	v := g.Verdict
	head := strings.ToUpper(v.Severity.Word())
	if g.Name != "" {
		head += "  " + g.Name
	}
	detail := fmt.Sprintf("severity %d (%s), category %s, judged by %s", v.Severity, v.Severity, v.Category, v.Source)
	if v.Probability >= 0 {
		detail += fmt.Sprintf(", probability of an incident %.0f %%", v.Probability*100)
	}
	if v.Contested {
		detail += ", contested"
	}
	if v.Model != "" {
		detail += ", model " + v.Model
	}
	p.line("%s", paint(v.Severity, colored)(head))
	p.line("  %s", detail)
	for _, row := range []struct{ name, text string }{{"summary", v.Summary}, {"root cause", v.RootCause}, {"next step", v.NextStep}} {
		if row.text != "" {
			p.line("  %s: %s", row.name, row.text)
		}
	}
	p.line("  lines: %d read of %d", g.LinesRead, g.LinesTotal)
	if len(v.Findings) > 0 && p.err == nil {
		p.err = findings(p.w, g)
	}
}

func findings(w io.Writer, g *analysis.Group) error {
	t := tabwriter.NewWriter(w, 2, 2, 2, ' ', 0)
	fmt.Fprintln(t, "  CATEGORY\tCOUNT\tLEVEL\tCHANGE\tFIRST SEEN\tPATTERN")
	for _, f := range g.Verdict.Findings {
		for _, id := range f.Patterns {
			i, ok := g.Pattern(id)
			switch {
			case !ok:
			case len(g.Series) > 0:
				fmt.Fprintf(t, "  %s\t%d\t\t\t%s\t%s\n", f.Category, g.Series[i].Points, g.Series[i].FirstTime.Format(time.TimeOnly), g.Series[i].Text())
			default:
				row(t, f, &g.Patterns[i])
			}
		}
	}
	return t.Flush() // tabwriter keeps the first error of the writes above
}

func row(w io.Writer, f verdict.Finding, p *patterns.Pattern) {
	text := []rune(p.Template)
	if len(text) > 110 {
		text = append(text[:109], '…')
	}
	fmt.Fprintf(w, "  %s\t%d\t%s\t%s\t%s\t%s\n", f.Category, p.Count, p.Level(), p.Change, time.Unix(0, p.First).Format(time.TimeOnly), string(text))
}

// The JSON form of a result. Its names are those of the data frames.
type (
	resultJSON struct {
		Expr    string         `json:"expr"`
		Start   time.Time      `json:"start"`
		End     time.Time      `json:"end"`
		Prompt  string         `json:"prompt"`
		Groups  []groupJSON    `json:"groups"`
		Notices []string       `json:"notices"`
		Cost    map[string]any `json:"cost"`
	}
	groupJSON struct {
		Labels        map[string]string `json:"labels"`
		Verdict       string            `json:"verdict"`
		Severity      int               `json:"severity"`
		Probability   float64           `json:"probability"`
		Calibrated    bool              `json:"calibrated"`
		Category      string            `json:"category"`
		Summary       string            `json:"summary"`
		RootCause     string            `json:"root_cause"`
		NextStep      string            `json:"next_step"`
		Fields        map[string]any    `json:"fields,omitempty"`
		RulesSeverity int               `json:"rules_severity"`
		Contested     bool              `json:"contested"`
		Degraded      bool              `json:"degraded"`
		Source        string            `json:"source"`
		Model         string            `json:"model"`
		LinesTotal    int64             `json:"lines_total"`
		LinesRead     int64             `json:"lines_read"`
		Findings      []findingJSON     `json:"findings"`
	}
	findingJSON struct {
		Category string        `json:"category"`
		Reason   string        `json:"reason,omitempty"`
		Patterns []patternJSON `json:"patterns"`
	}
	patternJSON struct {
		Pattern   string    `json:"pattern"`
		Count     int       `json:"count"`
		Change    string    `json:"change,omitempty"`
		FirstSeen time.Time `json:"first_seen"`
		LastSeen  time.Time `json:"last_seen"`
	}
)

func printJSON(w io.Writer, res *analysis.Result) error {
	out := resultJSON{
		Expr: res.Query.Text, Start: res.Window.Start.UTC(), End: res.Window.End.UTC(), Prompt: res.Prompt.ID + "@" + res.Prompt.Version, Notices: []string{},
		Cost: map[string]any{
			"lines": res.Cost.Lines, "patterns": res.Cost.Patterns, "model_calls": res.Cost.ModelCalls, "prompt_tokens": res.Cost.PromptTokens,
			"prompt_tokens_reused": res.Cost.CachedTokens, "answer_tokens": res.Cost.AnswerTokens, "milliseconds": res.Cost.Millis,
		},
	}
	for _, n := range res.Notices {
		out.Notices = append(out.Notices, n.Text)
	}
	for i := range res.Groups {
		out.Groups = append(out.Groups, groupToJSON(res, &res.Groups[i]))
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}

func groupToJSON(res *analysis.Result, g *analysis.Group) groupJSON {
	v := g.Verdict
	out := groupJSON{
		Labels: map[string]string{}, Verdict: v.Severity.Word(), Severity: int(v.Severity), Probability: v.Probability, Calibrated: v.Calibrated, Category: string(v.Category),
		Summary: v.Summary, RootCause: v.RootCause, NextStep: v.NextStep, Fields: v.Fields, RulesSeverity: int(v.RulesSeverity),
		Contested: v.Contested, Degraded: v.Degraded, Source: string(v.Source), Model: v.Model,
		LinesTotal: g.LinesTotal, LinesRead: g.LinesRead, Findings: []findingJSON{},
	}
	for i, name := range res.GroupBy {
		out.Labels[name] = g.Values[i]
	}
	for _, f := range v.Findings {
		fj := findingJSON{Category: string(f.Category), Reason: f.Reason, Patterns: []patternJSON{}}
		for _, id := range f.Patterns {
			if i, ok := g.Pattern(id); ok {
				fj.Patterns = append(fj.Patterns, toPatternJSON(g, i))
			}
		}
		out.Findings = append(out.Findings, fj)
	}
	return out
}

func toPatternJSON(g *analysis.Group, i int) patternJSON {
	if len(g.Series) > 0 {
		s := g.Series[i]
		return patternJSON{Pattern: s.Text(), Count: s.Points, FirstSeen: s.FirstTime.UTC(), LastSeen: s.LastTime.UTC()}
	}
	p := &g.Patterns[i]
	return patternJSON{Pattern: p.Template, Count: p.Count, Change: p.Change.String(), FirstSeen: time.Unix(0, p.First).UTC(), LastSeen: time.Unix(0, p.Last).UTC()}
}
