package plugin

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/grafana/grafana-plugin-sdk-go/backend/gtime"

	"github.com/lokalyst/lokalyst/pkg/analysis"
	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/loki"
)

// goldenPath is the resource that answers with the command that records a window, and the
// parameters that it takes are expr, from, to, baseline, and group once for each label.
const goldenPath = "golden-command"

// goldenLink returns the link to the command that records the window of an answer, of the
// row's group alone where there are groups.
func goldenLink(res *analysis.Result, o frameOptions) string {
	params := url.Values{
		"expr": {res.Query.Text},
		"from": {strconv.FormatInt(res.Window.Start.UnixMilli(), 10)},
		"to":   {strconv.FormatInt(res.Window.End.UnixMilli(), 10)},
	}
	if o.query.baseline > 0 {
		params.Set("baseline", golden.FormatDuration(o.query.baseline))
	}
	var b strings.Builder
	b.WriteString("/api/datasources/uid/" + url.PathEscape(o.datasourceUID) + "/resources/" + goldenPath + "?" + params.Encode())
	for _, name := range res.GroupBy {
		b.WriteString("&group=" + name + "%3D${__data.fields." + name + ":percentencode}") // Grafana puts the row's value in
	}
	return b.String()
}

// goldenCommand answers with the command that records a window as a golden case. It reads
// nothing and holds no credentials, so whoever may query may have it.
func (d *datasource) goldenCommand(w http.ResponseWriter, r *http.Request) {
	recording, err := readRecording(r.URL.Query())
	if err == nil {
		err = d.setupErr
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	recording.URL, recording.Tenant = d.settings.lokiURL, d.settings.lokiTenant
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = io.WriteString(w, recording.Command()+"\n") //nolint:gosec // plain text that no browser takes for another; an error is the caller leaving
}

// Bounds of what a command is made for.
const (
	maxGoldenExpr   = 4 << 10 // bytes; servers in between refuse URLs of more than 8 KiB
	maxGoldenWindow = 31 * 24 * time.Hour
	maxGoldenGroups = 10
)

// readRecording reads the parameters of a recording. Errors are [*analysis.InputError].
func readRecording(params url.Values) (golden.Recording, error) {
	out := golden.Recording{LogQL: params.Get("expr")}
	if len(out.LogQL) > maxGoldenExpr {
		return out, inputError("expr has %d bytes, at most %d are allowed", len(out.LogQL), maxGoldenExpr)
	}
	if strings.ContainsFunc(strings.Join(append(slices.Clone(params["group"]), out.LogQL), ""), func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
		return out, inputError("expr and group must not hold control characters: a terminal would obey them")
	}
	query, err := loki.Parse(out.LogQL)
	if err != nil {
		return out, inputError("expr: %s", err.Error())
	}
	if query.Kind != loki.KindLogs {
		return out, inputError("expr must be a log query: a golden case holds lines")
	}
	if out.LogQL, err = inGroup(query, params["group"]); err != nil {
		return out, err
	}
	if out.Start, err = readMoment("from", params.Get("from")); err != nil {
		return out, err
	}
	if out.End, err = readMoment("to", params.Get("to")); err != nil {
		return out, err
	}
	if length := out.End.Sub(out.Start); length <= 0 || length > maxGoldenWindow {
		return out, inputError("to must lie behind from, by 31 days at most")
	}
	out.Baseline, err = readBaseline(params.Get("baseline"), out.End.Sub(out.Start))
	return out, err
}

// inGroup returns the query with the labels of one group.
func inGroup(query loki.Query, labels []string) (string, error) {
	if len(labels) > maxGoldenGroups {
		return "", inputError("group occurs %d times, at most %d are allowed", len(labels), maxGoldenGroups)
	}
	for _, pair := range labels {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || !labelName.MatchString(name) {
			return "", inputError("group %q must be name=value", pair)
		}
		narrowed, ok := query.Where("| " + name + "=" + strconv.Quote(value))
		if !ok {
			return "", inputError("the label %q cannot be asked for in this query", name)
		}
		query = narrowed
	}
	return query.Text, nil
}

// readMoment reads Unix milliseconds, as Grafana's links have them, or RFC 3339.
func readMoment(name, text string) (time.Time, error) {
	t, err := parseMoment(text)
	if err != nil || t.Year() < 1971 || t.Year() > 2261 {
		return t, inputError("%s %q must be Unix milliseconds or a time such as 2026-11-23T10:00:00Z", name, text)
	}
	return t, nil
}

func parseMoment(text string) (time.Time, error) {
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.UnixMilli(ms), nil
	}
	return time.Parse(time.RFC3339, text)
}

func readBaseline(text string, window time.Duration) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	d, err := gtime.ParseDuration(text)
	if err != nil || d < window || d > 365*24*time.Hour {
		return 0, inputError("baseline %q must be a duration such as 1d, as long as the window or longer, at most a year", text)
	}
	return d, nil
}
