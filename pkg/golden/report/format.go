package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"

	"github.com/lokalyst/lokalyst/pkg/golden/score"
)

// f1 writes a figure with its interval in three decimals.
func f1(e score.Estimate) string {
	return fmt.Sprintf("%.3f [%.3f, %.3f]", e.Value, e.Low, e.High)
}

// percent writes a ratio with its interval.
func percent(e score.Estimate) string {
	return fmt.Sprintf("%.1f %% [%.1f, %.1f]", 100*e.Value, 100*e.Low, 100*e.High)
}

// points writes a difference of ratios in hundredths, with its sign and interval.
func points(e score.Estimate) string {
	return fmt.Sprintf("%+.1f [%+.1f, %+.1f]", zero(100*e.Value), zero(100*e.Low), zero(100*e.High))
}

// zero spares readers a negative zero.
func zero(v float64) float64 {
	if math.Abs(v) < 0.05 {
		return 0
	}
	return v
}

// count writes a total without its interval, which nobody asks for at so few.
func count(e score.Estimate) string { return strconv.Itoa(int(math.Round(e.Value))) }

func pValue(p float64) string {
	if p < 0.001 {
		return "< 0.001"
	}
	return fmt.Sprintf("= %.3f", p)
}

// maxName bounds a judge's name in runes.
const maxName = 80

// plainName makes a judge's name one that Markdown, XML and a terminal show as it is: names of
// models come from servers.
func plainName(name string) string {
	runes := []rune(strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" .@_-:/+()", r) {
			return r
		}
		return '?'
	}, name))
	if len(runes) > maxName {
		return string(runes[:maxName-1]) + "…"
	}
	return string(runes)
}

// cell makes a text safe in a table: names of families and tags come from files.
func cell(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text)
	return strings.NewReplacer("|", `\|`, "`", "'", "<", "&lt;", ">", "&gt;", "[", `\[`, "]", `\]`, "*", `\*`).Replace(text)
}

// A table is one of Markdown.
type table struct{ b *strings.Builder }

func newTable(b *strings.Builder, heads ...string) table {
	t := table{b}
	t.row(heads...)
	marks := make([]string, len(heads))
	for i := range marks {
		marks[i] = "---:"
	}
	marks[0] = "---"
	t.row(marks...)
	return t
}

func (t table) row(cells ...string) {
	t.b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}
