package loki_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/grafana/loki/v3/pkg/logql/syntax"
	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/testenv"
)

func TestWhere(t *testing.T) {
	for text, want := range map[string]string{
		`{a="b"}`:                "{a=\"b\"}\n| json",
		"{a=\"b\"} |= `) #` # c": "{a=\"b\"} |= `) #` # c\n| json",
		`({a="b"})`:              "{a=\"b\"}\n| json",
		" ( ( {a=\"b\"} |= \"(\" ) # )\n) # comment": " {a=\"b\"} |= \"(\" \n| json",
		`({a="b"} | (c="d"))`:                        "{a=\"b\"} | (c=\"d\")\n| json",
	} {
		got, ok := parsed(t, text).Where("| json")
		require.True(t, ok, text)
		require.Equal(t, want, got.Text)
		_, err := loki.Parse(got.Text)
		require.NoError(t, err)
	}
	_, ok := parsed(t, `rate({a="b"}[1m])`).Where("| json")
	require.False(t, ok)
	for _, stage := range []string{"|= |=", "[5m]", "", "|= `" + strings.Repeat("x", 1<<17) + "`"} {
		q := parsed(t, `{a="b"}`)
		got, ok := q.Where(stage)
		require.Equal(t, stage == "", ok, "%.20s", stage)
		if !ok {
			require.Equal(t, q, got)
		}
	}
}

// selects runs a query on one line as Loki does.
func selects(t *testing.T, q loki.Query, line string) bool {
	t.Helper()
	e, err := syntax.ParseLogSelector(q.Text, true)
	require.NoError(t, err, q.Text)
	p, err := e.Pipeline()
	require.NoError(t, err, q.Text)
	stream, err := syntax.ParseLabels(`{a="b"}`)
	require.NoError(t, err)
	none, err := syntax.ParseLabels(`{}`)
	require.NoError(t, err)
	_, _, ok := p.ForStream(stream).ProcessString(0, line, none)
	return ok
}

func TestTemplatesTellLinesApart(t *testing.T) {
	q := parsed(t, `{a="b"}`)
	for _, tc := range []struct {
		template []string
		lines    map[string]bool
	}{
		{[]string{"GET ", " took ", "ms"}, map[string]bool{
			"GET /a took 3ms": true, "x GET /a took 3ms.": true, "GET  took 3ms": false, "GET /a took ms": false, "took 3ms GET /a": false, "": false,
		}},
		{[]string{"GET ", ""}, map[string]bool{"GET /a": true, "GET ": false}},
		{[]string{"", "done"}, map[string]bool{"done": true, "all done": true, "done it": true}},
		{[]string{"<html>", "</html>"}, map[string]bool{"<html>x</html>": true, "<head>x</html>": true, "<html></html>": false}},
		{[]string{"<_>a", "b"}, map[string]bool{"<x>a-b": true, "a-b": false}},
		{[]string{`"a":"`, "\"\n\\"}, map[string]bool{"\"a\":\"x\"\n\\": true}},
		{[]string{"caf\xff", "\uFFFD", "z"}, map[string]bool{"caf\xff z": true, "caf": false}},
		{[]string{"😀 ", "\u2028\x00"}, map[string]bool{"😀 x\u2028\x00": true}},
		{[]string{""}, map[string]bool{"": false, "x": false}},
	} {
		only, ok := q.OnlyTemplates([][]string{tc.template})
		require.True(t, ok)
		without, ok := q.WithoutTemplates([][]string{tc.template})
		require.True(t, ok)
		for line, want := range tc.lines {
			require.Equal(t, want, selects(t, only, line), "%q: %q", tc.template, line)
			require.Equal(t, !want, selects(t, without, line), "%q: %q", tc.template, line)
		}
	}
	_, ok := parsed(t, `rate({a="b"}[1m])`).WithoutTemplates(nil)
	require.False(t, ok)
}

// randomTexts returns templates and lines of few different pieces, so that they meet.
func randomTexts(rnd *rand.Rand) (templates [][]string, lines []string) {
	alphabet := []string{"a", "b", "ab", " ", "<", ">", "_", "<_>", "<x1>", "\"", "\\", "`", "\n", "\x00", "\xff", "é", "\uFFFD", "or", ""}
	text := func(n int) string {
		var b strings.Builder
		for range rnd.IntN(n) {
			b.WriteString(alphabet[rnd.IntN(len(alphabet))])
		}
		return b.String()
	}
	for range rnd.IntN(4) {
		var template []string
		for range rnd.IntN(4) {
			template = append(template, text(4))
		}
		templates = append(templates, template)
	}
	for range 20 {
		line := text(12)
		if len(templates) > 0 && rnd.IntN(2) == 0 {
			line = strings.Join(templates[rnd.IntN(len(templates))], text(3)) + text(2)
		}
		lines = append(lines, line)
	}
	return templates, append(lines, "")
}

// TestTemplatesAreComplements: every line is selected by exactly one of the two.
func TestTemplatesAreComplements(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	matched := 0
	for range 300 {
		templates, lines := randomTexts(rnd)
		base := parsed(t, []string{`{a="b"}`, `({a="b"} != "zz")`, `{a="b"} | line_format "{{__line__}}"`}[rnd.IntN(3)])
		only, ok := base.OnlyTemplates(templates)
		require.True(t, ok, "%q", templates)
		without, ok := base.WithoutTemplates(templates)
		require.True(t, ok, "%q", templates)
		for _, line := range lines {
			is := selects(t, only, line)
			require.NotEqual(t, is, selects(t, without, line), "%q: %q", templates, line)
			if is {
				matched++
			}
		}
	}
	require.Greater(t, matched, 300, "some lines match")
}

func TestTemplatesDivideTheLinesOfARealLoki(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	at := time.Now().Add(-time.Minute).Truncate(time.Second)
	st := testenv.Stream{Labels: map[string]string{"app": "templates"}}
	var all [][]string
	for len(st.Entries) < 300 {
		templates, lines := randomTexts(rnd)
		all = append(all, templates...)
		for _, l := range lines {
			st.Entries = append(st.Entries, testenv.Entry{Time: at.Add(time.Duration(len(st.Entries))), Line: strings.ToValidUTF8(l, "?")})
		}
	}
	for i := range 200 { // so that the query becomes long
		all = append(all, []string{fmt.Sprintf("a text that no line has %d ", i), " and another"})
	}
	c := real(t, st)
	window := loki.Window{Start: at.Add(-time.Second), End: at.Add(time.Second)}
	sum := func(q loki.Query, ok bool) (n int64) {
		require.True(t, ok)
		for _, s := range counted(t, c, q, window, time.Second) {
			n += s.Lines
		}
		part := []loki.Part{{Start: at.UnixNano() - 1, End: at.Add(time.Second).UnixNano(), Lines: n, Share: n}}
		got, _ := readAll(t, c, q, part, loki.ReadOptions{})
		require.Len(t, got, int(n), "what is counted is read")
		return n
	}
	q := parsed(t, `{app="templates"}`)
	without, only := sum(q.WithoutTemplates(all)), sum(q.OnlyTemplates(all))
	require.Positive(t, without)
	require.Positive(t, only)
	require.EqualValues(t, len(st.Entries), without+only)
	require.EqualValues(t, 0, sum(q.OnlyTemplates(nil)))
}

func TestLongQueriesAreSentAsAForm(t *testing.T) {
	got := make(chan string, 1)
	c := stub(t, func(w http.ResponseWriter, r *http.Request) {
		got <- fmt.Sprintf("%s %d %v", r.Method, len(r.URL.RawQuery), len(r.FormValue("query")))
		http.Error(w, "", http.StatusBadRequest)
	})
	for _, tc := range []struct {
		length int
		want   string
	}{{50, "GET"}, {5000, "POST 0 5000"}, {100_000, "POST 0 100000"}} {
		text := `{a="b"} |= "` + strings.Repeat("x", tc.length-13) + `"`
		_, err := c.Read(t.Context(), loki.Query{Text: text}, whole(1), loki.ReadOptions{}, func(int, loki.Entry) {})
		require.ErrorIs(t, err, loki.ErrRejected)
		require.Contains(t, <-got, tc.want)
	}
	_, err := c.Read(t.Context(), loki.Query{Text: strings.Repeat("x", 131072)}, whole(1), loki.ReadOptions{}, func(int, loki.Entry) {})
	require.ErrorIs(t, err, loki.ErrRejected)
	require.ErrorContains(t, err, "131072 bytes")
	require.Empty(t, got, "it is not sent")
}

func TestExclude(t *testing.T) {
	const filter, stage = `service_name!="lokalyst" or kind!="verdict"`, `| (service_name!="lokalyst" or kind!="verdict")`
	for _, tc := range []struct{ text, want string }{
		{`{a="b"}`, `{a="b"} ` + stage + ` `},
		{"{a=\"}\"} |= \"{\" # }\n| json", "{a=\"}\"} " + stage + "  |= \"{\" # }\n| json"},
		{`({a="b"} | json)`, `({a="b"} ` + stage + `  | json)`},
		{`rate({a="b"}[5m]) / rate({c="d"} |= "x" [5m] offset 1h)`, `rate({a="b"} ` + stage + ` [5m]) / rate({c="d"} ` + stage + `  |= "x" [5m] offset 1h)`},
		{`rate({a="b"}[5m] |= "x")`, `rate({a="b"} | ( service_name!="lokalyst" or kind!="verdict" ) |= "x"[5m])`},
		{`sum(sum_over_time({a="b"}[5m] offset 1h | json | unwrap x))`, ``},
	} {
		got, err := parsed(t, tc.text).Exclude(filter)
		require.NoError(t, err, tc.text)
		require.Equal(t, parsed(t, tc.text).Kind, got.Kind)
		if tc.want != "" {
			require.Equal(t, tc.want, got.Text)
		}
		require.Equal(t, strings.Count(tc.text, "[5m]"), strings.Count(got.Text, "[5m]"))
		require.Contains(t, got.Text, `service_name!="lokalyst"`)
	}
	_, err := parsed(t, `{a="b"}`).Exclude(`|= "x"`)
	var q *loki.QueryError
	require.ErrorAs(t, err, &q)
}

func TestMentions(t *testing.T) {
	for text, want := range map[string]bool{
		`{service_name="Lokalyst"}`: true, `{a="b"} |= "x" != "lokalyst"`: true, `{a="b"} |~ "y" or "my-LOKALYST"`: true,
		`{a="b"} | json | app=~"loka.*" or x="lokalyst"`: true, `rate({a=~"lokalyst|b"}[1m]) > 1`: true,
		`sum(rate({a="b"}[1m])) / sum(rate({a="b"} | x="lokalyst" [1m]))`: true,
		`{a="b"} # lokalyst`: false, `{lokalyst="b"}`: false, `{a="b"} | line_format "lokalyst"`: false,
	} {
		require.Equal(t, want, parsed(t, text).Mentions("lokalyst"), text)
	}
}

func TestStreamsAndExcludeOnARealLoki(t *testing.T) {
	at := time.Now().Add(-time.Minute).Truncate(time.Minute)
	stream := func(name, kind string) testenv.Stream {
		st := testenv.Stream{Labels: map[string]string{"service_name": name, "ns": "x"}}
		if kind != "" {
			st.Labels["kind"] = kind
		}
		for i := range 5 {
			st.Entries = append(st.Entries, testenv.Entry{Time: at.Add(time.Duration(i)), Line: fmt.Sprintf("%s %d", name, i)})
		}
		return st
	}
	c := real(t, stream("lokalyst", "verdict"), stream("lokalyst", ""), stream("shop", ""))
	w := loki.Window{Start: at.Add(-time.Minute), End: at.Add(time.Minute)}
	q := parsed(t, `{ns="x"} |= "nothing has this"`)
	got, err := c.Streams(t.Context(), q, w)
	require.NoError(t, err)
	require.Len(t, got, 3)
	for _, text := range []string{q.Text, `sum(rate({ns="x"}[1m])) / sum(rate({ns=~"x|y"} |= "a" [1m]))`} {
		got, err = c.Streams(t.Context(), parsed(t, text), w, `service_name=~"lokalyst|loki"`, `kind="verdict"`)
		require.NoError(t, err)
		require.Equal(t, []map[string]string{{"service_name": "lokalyst", "ns": "x", "kind": "verdict"}}, got)
	}
	got, err = c.Streams(t.Context(), q, w, `kind="other"`)
	require.NoError(t, err)
	require.Empty(t, got)

	out, err := parsed(t, `{ns="x"}`).Exclude(`service_name!="lokalyst" or kind!="verdict"`)
	require.NoError(t, err)
	var n int64
	for _, s := range counted(t, c, out, w, time.Minute) {
		n += s.Lines
	}
	require.EqualValues(t, 10, n)
}
