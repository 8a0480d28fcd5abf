package plugin

import (
	"bytes"
	"maps"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/testenv"
)

// resource asks for a resource as a viewer.
func resource(t *testing.T, d *datasource, pc backend.PluginContext, link string) *backend.CallResourceResponse {
	t.Helper()
	pc.User = &backend.User{Login: "vic", Role: "Viewer"}
	path, _, _ := strings.Cut(link, "?")
	var out *backend.CallResourceResponse
	err := d.CallResource(backend.WithPluginContext(t.Context(), pc), &backend.CallResourceRequest{PluginContext: pc, Path: path, URL: link, Method: http.MethodGet},
		backend.CallResourceResponseSenderFunc(func(r *backend.CallResourceResponse) error {
			out = r
			return nil
		}))
	require.NoError(t, err)
	return out
}

func goldenSource(t *testing.T) (*datasource, backend.PluginContext) {
	t.Helper()
	h, err := NewHost(HostOptions{Now: time.Now})
	require.NoError(t, err)
	t.Cleanup(h.Close)
	pc, err := testenv.PluginContext("golden", "http://user:hidden@loki:3100", map[string]any{"lokiTenant": "it's"}, nil)
	require.NoError(t, err)
	d := newDatasource(t.Context(), h, *pc.DataSourceInstanceSettings)
	require.NoError(t, d.setupErr)
	t.Cleanup(d.Dispose)
	return d, pc
}

// TestGoldenLink: a viewer who follows a finding's link gets a command that a shell reads
// as it is meant.
func TestGoldenLink(t *testing.T) {
	d, pc := goldenSource(t)
	for name, expr := range map[string]string{
		"plain": `{app="shop"}`,
		"odd":   "{app=~\"a|b\"} |= \"it's $(touch /nowhere) ${HOME} `x` \\\\ &#%+\" != `\"`\n# a 'comment'",
	} {
		t.Run(name, func(t *testing.T) {
			res := sampleResult(t)
			res.Query.Text, res.GroupBy = expr, []string{"app", "pod"}
			o := options("severity", "findings")
			link := findingLinks(res, o)[1]
			require.Equal(t, "Save as golden case", link.Title)
			require.NotContains(t, strings.ReplaceAll(link.URL, "${__data.fields.", ""), "$", "Grafana would replace it")
			link.URL = strings.NewReplacer("${__data.fields.app:percentencode}", url.QueryEscape("a'b"), "${__data.fields.pod:percentencode}", "").Replace(link.URL)
			rest, ok := strings.CutPrefix(link.URL, "/api/datasources/uid/ai/resources/")
			require.True(t, ok, link.URL)
			reply := resource(t, d, pc, rest)
			require.Equal(t, http.StatusOK, reply.Status, string(reply.Body))
			require.Equal(t, "text/plain; charset=utf-8", http.Header(reply.Headers).Get("Content-Type"))
			out, err := exec.CommandContext(t.Context(), "sh", "-c", "set -- "+string(bytes.TrimSpace(reply.Body))+"\nprintf '%s\\0' \"$@\"").Output()
			require.NoError(t, err)
			require.Equal(t, []string{
				"lokalyst", "golden", "record", "--loki", "http://loki:3100", "--tenant", "it's", "--start", "2026-11-22T11:00:00Z", "--end", "2026-11-22T12:00:00Z",
				"--baseline", "1d", "--", expr + "\n| app=\"a'b\"\n| pod=\"\"", "",
			}, strings.Split(string(out), "\x00"))
		})
	}
	res := sampleResult(t)
	res.Query.Text += strings.Repeat(" ", maxGoldenExpr)
	require.Len(t, findingLinks(res, options("severity", "findings")), 1, "no link that servers refuse")
}

func TestGoldenCommandRefuses(t *testing.T) {
	d, pc := goldenSource(t)
	for want, change := range map[string]url.Values{
		"expr: LogQL: the query is empty":    {"expr": {""}},
		"expr: LogQL, line 1":                {"expr": {`{a="b"`}},
		"must be a log query":                {"expr": {`rate({a="b"}[1m])`}},
		"at most 4096":                       {"expr": {`{a="` + strings.Repeat("b", 5000) + `"}`}},
		"control characters":                 {"expr": {"{a=\"\x1b\"}"}},
		`from "soon" must be`:                {"from": {"soon"}},
		`to "" must be`:                      {"to": {""}},
		`to "9999999999999999" must be`:      {"to": {"9999999999999999"}},
		"must lie behind from":               {"to": {"1000000000000"}},
		"by 31 days at most":                 {"from": {"1760000000000"}},
		`baseline "1m" must be`:              {"baseline": {"1m"}},
		`baseline "x" must be`:               {"baseline": {"x"}},
		"must be name=value":                 {"group": {"app"}},
		`group "a b=c" must be`:              {"group": {"a b=c"}},
		"group occurs 11 times":              {"group": strings.Split(strings.Repeat("a=b,", 10)+"a=b", ",")},
		"hold control characters: a termina": {"group": {"a=\r"}},
	} {
		params := url.Values{"expr": {`{app="shop"}`}, "from": {"1795338000000"}, "to": {"2026-11-22T12:00:00Z"}, "baseline": {"1d"}}
		if change["from"] != nil && change["from"][0] == "1760000000000" {
			params.Set("to", "1795338000000")
		}
		maps.Copy(params, change)
		reply := resource(t, d, pc, goldenPath+"?"+params.Encode())
		require.Equal(t, http.StatusBadRequest, reply.Status, want)
		require.Contains(t, string(reply.Body), want)
		require.NotContains(t, string(reply.Body), "hidden")
	}
}
