package record

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	"github.com/lokalyst/lokalyst/pkg/patterns"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// A Screen is where a window is shown.
type Screen struct {
	W io.Writer
	// Styled says that the terminal knows colours; Width is that of its lines, 0 for 100.
	Styled bool
	Width  int
}

// The styles, as parameters of ANSI's SGR sequence.
const (
	bold   = "1"
	dim    = "2"
	red    = "31;1"
	yellow = "33;1"
	green  = "32"
)

func (s Screen) style(code, text string) string {
	if !s.Styled || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[m"
}

func (s Screen) line(format string, args ...any) { fmt.Fprintf(s.W, format+"\n", args...) }

// cut shortens a text to what is left of a line.
func (s Screen) cut(text string, used int) string {
	width := s.Width
	if width <= 0 {
		width = 100
	}
	r := []rune(strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return ' ' // a terminal would obey it
		}
		return c
	}, text))
	if limit := max(20, width-used-1); len(r) > limit {
		return string(r[:limit-1]) + "…"
	}
	return string(r)
}

// severity shows a severity in its colour.
func (s Screen) severity(v verdict.Severity) string {
	text := v.String()
	switch v {
	case verdict.Healthy:
		return s.style(green, text)
	case verdict.Notice, verdict.Warning:
		return s.style(yellow, text)
	case verdict.Critical:
		return s.style(red, text)
	}
	return s.style(dim, "unknown")
}

// Show shows a window: its patterns by rank and what the rules say.
func (s Screen) Show(v *View) {
	window, baseline := v.Lines()
	lines := fmt.Sprintf("%d lines", window)
	if v.Case.Query.Baseline != "" {
		lines += fmt.Sprintf(" and %d %s earlier", baseline, v.Case.Query.Baseline)
	}
	s.line("%s", s.style(bold, s.cut(v.Case.Query.LogQL, 0)))
	s.line("%s, %s, %d patterns", v.span(), lines, len(v.Rows)+v.More)
	s.line("")
	s.line("%s", s.style(dim, s.cut("key        count  change  level  pattern", 0)))
	for i := range v.Rows {
		s.row(i, &v.Rows[i])
	}
	if v.More > 0 {
		s.line("%s", s.style(dim, fmt.Sprintf("        … and %d more patterns that say less", v.More)))
	}
	s.line("")
	s.line("The rules say %s, %s: %s", s.severity(v.Suggested.Severity), v.Suggested.Category, s.cut(v.Summary, 40))
	for _, r := range v.Reasons {
		s.line("  %s", s.cut(fmt.Sprintf("%-12s %-10s %s", r.Category, rowNames(r.Rows, " "), r.Text), 2))
	}
	s.line("")
}

// row shows a pattern with the key that toggles it as evidence.
func (s Screen) row(i int, r *Row) {
	change := r.Change.String()
	if r.Change == patterns.ChangeNone {
		change = ""
	}
	level := fmt.Sprintf("%-6s", r.Level)
	switch {
	case r.Level == patterns.LevelUnknown:
		level = fmt.Sprintf("%-6s", "")
	case r.Level.ErrorLike():
		level = s.style(red, level)
	case r.Level == patterns.LevelWarn:
		level = s.style(yellow, level)
	}
	count := strconv.Itoa(r.Count)
	if r.Count == 0 {
		count = "(" + strconv.Itoa(r.Before) + ")"
	}
	s.line("%s  %-4s %8s  %-6s  %s %s", s.style(bold, string(rowKeys[i])), "p"+strconv.Itoa(i+1), count, change, level, s.cut(r.Template, 35))
}

// letters are the keys of choices: those that mean something everywhere are left out.
const letters = "acdefghijklmnoprtuvwxyz"

// rowKeys are the keys of rows.
const rowKeys = "123456789" + letters
