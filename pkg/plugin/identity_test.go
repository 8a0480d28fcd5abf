package plugin

import (
	"maps"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/loki"
)

// fieldsAre fails unless a struct has exactly these fields: a new one must be decided about.
func fieldsAre[T any](t *testing.T, lists ...map[string]string) {
	t.Helper()
	known := map[string]string{}
	for _, l := range lists {
		for name, reason := range l {
			require.NotContains(t, known, name)
			require.NotEmpty(t, reason, name)
			known[name] = reason
		}
	}
	for f := range reflect.TypeFor[T]().Fields() {
		require.Contains(t, known, f.Name, "%s.%s must be part of who asks, or have a reason why not", reflect.TypeFor[T](), f.Name)
		delete(known, f.Name)
	}
	require.Empty(t, known, "fields that are gone")
}

// TestEveryFieldOfAnAskerIsHisOrExcused fails when settings or askers gain a field that the
// owner ignores.
func TestEveryFieldOfAnAskerIsHisOrExcused(t *testing.T) {
	fieldsAre[settings](t, map[string]string{
		"lokiURL": "owner", "lokiTenant": "owner", "datasourceUID": "owner", "identity": "owner",
	}, map[string]string{
		"lokiUID": "only makes links", "servers": "the ledger's key has the model", "maxLines": "a bound", "maxGroups": "a bound", "concurrency": "a bound", "alertWait": "a bound",
		"kubernetes": "where prompts come from; the ledger's key has the prompt's hash", "historyEnabled": "what is written", "historyURL": "where it is written", "historyKey": "what it is signed with",
	})
	fieldsAre[asker](t, map[string]string{"context": "owner", "headers": "owner", "rule": "in the key of an answer"}, map[string]string{"fromAlert": "how an answer is served"})
	fieldsAre[backend.PluginContext](t, map[string]string{"OrgID": "owner", "User": "owner, where an identity is forwarded", "DataSourceInstanceSettings": "settings"}, map[string]string{
		"PluginID": "one", "PluginVersion": "of the process", "AppInstanceSettings": "there is no app", "GrafanaConfig": "of the instance", "UserAgent": "of the instance", "APIVersion": "of the plugin",
		"Namespace": "follows from the organisation",
	})
	fieldsAre[backend.DataSourceInstanceSettings](t, map[string]string{
		"UID": "datasourceUID", "URL": "lokiURL", "User": "identity", "Database": "identity", "BasicAuthEnabled": "identity", "BasicAuthUser": "identity", "JSONData": "identity", "DecryptedSecureJSONData": "identity",
	}, map[string]string{"ID": "the UID says it", "Type": "one", "Name": "only shown", "Updated": "follows from the others", "APIVersion": "of the plugin"})
}

// TestIdentityHasWhatIsSentToLoki and no more.
func TestIdentityHasWhatIsSentToLoki(t *testing.T) {
	base := backend.DataSourceInstanceSettings{
		BasicAuthUser: "ann", JSONData: []byte(`{"maxLines":5,"tlsAuth":false,"httpHeaderName1":"X-A"}`),
		DecryptedSecureJSONData: map[string]string{"llmApiKey": "k", "basicAuthPassword": "p", "tlsClientCert": "c", "httpHeaderValue1": "v"},
	}
	with := func(change func(*backend.DataSourceInstanceSettings)) string {
		s := base
		s.DecryptedSecureJSONData = map[string]string{}
		maps.Copy(s.DecryptedSecureJSONData, base.DecryptedSecureJSONData)
		change(&s)
		return identity(s)
	}
	same := identity(base)
	for name, change := range map[string]func(*backend.DataSourceInstanceSettings){
		"basic authentication": func(s *backend.DataSourceInstanceSettings) { s.BasicAuthEnabled = true },
		"user":                 func(s *backend.DataSourceInstanceSettings) { s.BasicAuthUser = "bob" },
		"password":             func(s *backend.DataSourceInstanceSettings) { s.DecryptedSecureJSONData["basicAuthPassword"] = "q" },
		"certificate":          func(s *backend.DataSourceInstanceSettings) { s.DecryptedSecureJSONData["tlsClientCert"] = "d" },
		"header":               func(s *backend.DataSourceInstanceSettings) { s.DecryptedSecureJSONData["httpHeaderValue1"] = "w" },
		"an option of Grafana": func(s *backend.DataSourceInstanceSettings) {
			s.JSONData = []byte(`{"tlsAuth":true,"httpHeaderName1":"X-A"}`)
		},
		"header's name": func(s *backend.DataSourceInstanceSettings) {
			s.JSONData = []byte(`{"tlsAuth":false,"httpHeaderName1":"X-B"}`)
		},
	} {
		require.NotEqual(t, same, with(change), name)
	}
	for name, change := range map[string]func(*backend.DataSourceInstanceSettings){
		"a limit": func(s *backend.DataSourceInstanceSettings) {
			s.JSONData = []byte(`{"maxLines":9,"httpHeaderName1":"X-A","tlsAuth":false}`)
		},
		"the model's key": func(s *backend.DataSourceInstanceSettings) { s.DecryptedSecureJSONData["llmApiKey"] = "l" },
	} {
		require.Equal(t, same, with(change), name)
	}
}

func TestHeadersDoNotRunTogether(t *testing.T) {
	d := &datasource{}
	ann, nobody := backend.PluginContext{User: &backend.User{Login: "ann"}}, backend.PluginContext{}
	owners := map[string]bool{}
	for _, h := range []http.Header{
		{"X-A": {"x"}, "X-B": {"y"}}, {"X-A": {"x", "X-B", "y"}}, {"X-A": {"x"}}, {"Authorization": {"a"}}, {"Cookie": {"a"}}, {"X-Id-Token": {"a"}}, {"X-A": {"user", "ann"}}, {"X-Grafana-Identity": {"z"}},
	} {
		owners[d.owner(ann, h)] = true
	}
	require.Len(t, owners, 8)
	require.NotEqual(t, d.owner(nobody, http.Header{"Authorization": {"a"}}), d.owner(nobody, http.Header{"Authorization": {"b"}}), "without a user the token is who asks")
}

// TestEveryFieldOfAQueryDecidesTheAnswerOrIsExcused: rules that differ in one do not share
// an answer.
func TestEveryFieldOfAQueryDecidesTheAnswerOrIsExcused(t *testing.T) {
	shown := map[string]string{
		"queryType": "how it is shown", "value": "how it is shown", "format": "how it is shown", "async": "how it is asked", "queryID": "how it is asked", "notices": "added to what is shown",
	}
	changes := map[string]func(*query){
		"expr": func(q *query) { q.expr = "b" }, "promptID": func(q *query) { q.promptID = "b" }, "promptVars": func(q *query) { q.promptVars = map[string]string{"a": "1 b:2"} },
		"groupBy": func(q *query) { q.groupBy = []string{"a b"} }, "maxGroups": func(q *query) { q.maxGroups++ }, "maxLines": func(q *query) { q.maxLines++ }, "baseline": func(q *query) { q.baseline++ },
		"onlyNovel": func(q *query) { q.onlyNovel = true }, "events": func(q *query) { q.events = true }, "maxAge": func(q *query) { q.maxAge++ },
		"window": func(q *query) { q.window.End = q.window.End.Add(time.Nanosecond) },
	}
	base := query{expr: "a", promptVars: map[string]string{"a": "1", "b": "2"}, groupBy: []string{"a", "b"}, window: loki.Window{Start: windowStart, End: windowEnd}}
	decides := map[string]string{}
	for name, change := range changes {
		q := base
		change(&q)
		require.NotEqual(t, base.content(), q.content(), name)
		decides[name] = "content"
	}
	fieldsAre[query](t, decides, shown)
	q := base
	q.queryType, q.value, q.format, q.async, q.queryID, q.notices = "a", "b", "c", true, "d", []string{"e"}
	require.Equal(t, base.content(), q.content())
}
