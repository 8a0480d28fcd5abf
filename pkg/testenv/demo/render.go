package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// maxEvidenceShown keeps the answer on one screen; the frame has up to 200 lines.
const maxEvidenceShown = 8

func frame(res backend.DataResponse, name string) *data.Frame {
	for _, f := range res.Frames {
		if f.Name == name {
			return f
		}
	}
	return data.NewFrame(name)
}

// cell returns a value as text.
func cell(f *data.Frame, column string, row int) string {
	field, _ := f.FieldByName(column)
	if field == nil || row >= field.Len() {
		return ""
	}
	v, ok := field.ConcreteAt(row)
	if !ok {
		return "-"
	}
	if t, isTime := v.(time.Time); isTime {
		return t.Format(time.TimeOnly)
	}
	return fmt.Sprint(v)
}

func printAnalysis(w io.Writer, res backend.DataResponse) {
	v := frame(res, "verdict")
	fmt.Fprintf(w, "\n  VERDICT     %s, severity %s of 3, category %s\n", strings.ToUpper(cell(v, "verdict", 0)), cell(v, "severity", 0), cell(v, "category", 0))
	fmt.Fprintf(w, "  judged by   %s %s, rules alone say severity %s, contested: %s\n", cell(v, "source", 0), cell(v, "model", 0), cell(v, "rules_severity", 0), cell(v, "contested", 0))
	fmt.Fprintf(w, "  incident    probability %.4s (from the log-probabilities of the verdict token)\n", cell(v, "probability", 0))
	fmt.Fprintf(w, "  looked at   %s of %s lines\n", cell(v, "lines_read", 0), cell(v, "lines_total", 0))
	for _, row := range [][2]string{{"summary", "summary"}, {"root cause", "root_cause"}, {"next step", "next_step"}} {
		fmt.Fprintf(w, "  %-11s %s\n", row[0], cell(v, row[1], 0))
	}
	fmt.Fprintln(w, "\n  FINDINGS")
	f := frame(res, "findings")
	t := tabwriter.NewWriter(w, 2, 2, 2, ' ', 0)
	fmt.Fprintln(t, "    category\tcount\tfirst seen (UTC)\tpattern")
	for i := range f.Rows() {
		fmt.Fprintf(t, "    %s\t%s\t%s\t%s\n", cell(f, "category", i), cell(f, "count", i), cell(f, "first_seen", i), short(cell(f, "pattern", i)))
	}
	_ = t.Flush() // standard output is all there is to tell of a failure
	fmt.Fprintln(w, "\n  EVIDENCE (one raw line a pattern, the most telling ones; times in UTC)")
	e := frame(res, "evidence")
	shown := 0
	for i := range e.Rows() {
		if level := cell(e, "severity", i); shown < maxEvidenceShown && (level == "error" || level == "fatal" || level == "warn" || strings.Contains(cell(e, "body", i), "memory")) {
			fmt.Fprintf(w, "    %s %-7s %s\n", cell(e, "timestamp", i), level, short(cell(e, "body", i)))
			shown++
		}
	}
	fmt.Fprintf(w, "    … %d lines in the frame\n", e.Rows())
}

func short(s string) string {
	r := []rune(s)
	if len(r) > 120 {
		return string(r[:119]) + "…"
	}
	return s
}

func printVerdicts(w io.Writer, res backend.DataResponse) {
	f := frame(res, "verdict")
	t := tabwriter.NewWriter(w, 2, 2, 2, ' ', 0)
	fmt.Fprintln(t, "    service_name\tprompt\tseverity")
	for i := range f.Rows() {
		fmt.Fprintf(t, "    %s\t%s\t%s\n", cell(f, "service_name", i), cell(f, "prompt", i), cell(f, "severity", i))
	}
	_ = t.Flush() // standard output is all there is to tell of a failure
}

// printCost prints the statistics that Grafana shows in its query inspector, and
// the notices that it shows above a panel.
func printCost(w io.Writer, res backend.DataResponse) {
	if len(res.Frames) == 0 || res.Frames[0].Meta == nil {
		return
	}
	fmt.Fprintln(w, "\n  COST")
	for _, s := range res.Frames[0].Meta.Stats {
		switch s.Unit {
		case "ms":
			fmt.Fprintf(w, "    %-22s %.1f ms\n", s.DisplayName, s.Value)
		default:
			fmt.Fprintf(w, "    %-22s %.0f\n", s.DisplayName, s.Value)
		}
	}
	for _, n := range res.Frames[0].Meta.Notices {
		fmt.Fprintf(w, "  notice: %s\n", n.Text)
	}
}
