package plugin

import (
	"net/http"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/httpclient"
	"github.com/stretchr/testify/require"
)

// TestOwner: a verdict is shared by those who read the same logs, and by nobody else.
func TestOwner(t *testing.T) {
	d := &datasource{settings: settings{datasourceUID: "ds", lokiURL: "http://loki", lokiTenant: "t"}}
	ann := backend.PluginContext{OrgID: 1, User: &backend.User{Login: "ann"}}
	bob := backend.PluginContext{OrgID: 1, User: &backend.User{Login: "bob"}}
	base := d.owner(ann, http.Header{})
	header := func(pairs ...string) http.Header {
		h := http.Header{}
		for i := 0; i < len(pairs); i += 2 {
			h.Add(pairs[i], pairs[i+1])
		}
		return h
	}
	require.Equal(t, base, d.owner(bob, header("X-Dashboard-Uid", "x", "X-Panel-Id", "2", "X-Grafana-Id", "jwt", "X-Rule-Uid", "r")), "where a request comes from separates nobody")
	require.Equal(t, d.owner(ann, header("Authorization", "Bearer a")), d.owner(ann, header("Authorization", "Bearer b")), "a renewed token is the same user")

	seen := map[string]string{base: "nothing forwarded"}
	for name, key := range map[string]string{
		"ann's token":  d.owner(ann, header("Authorization", "Bearer a")),
		"bob's token":  d.owner(bob, header("Authorization", "Bearer a")),
		"a tenant":     d.owner(ann, header("X-Scope-Orgid", "a")),
		"another":      d.owner(ann, header("X-Scope-Orgid", "b")),
		"user header":  d.owner(ann, header("X-Grafana-User", "ann")),
		"organisation": d.owner(backend.PluginContext{OrgID: 2, User: ann.User}, http.Header{}),
		"data source":  (&datasource{settings: settings{datasourceUID: "other", lokiURL: "http://loki", lokiTenant: "t"}}).owner(ann, http.Header{}),
		"Loki":         (&datasource{settings: settings{datasourceUID: "ds", lokiURL: "http://other", lokiTenant: "t"}}).owner(ann, http.Header{}),
		"Loki's user":  (&datasource{settings: settings{datasourceUID: "ds", lokiURL: "http://loki", lokiTenant: "t", identity: identity(backend.DataSourceInstanceSettings{BasicAuthUser: "ann"})}}).owner(ann, http.Header{}),
		"a header": (&datasource{settings: settings{datasourceUID: "ds", lokiURL: "http://loki", lokiTenant: "t", identity: identity(backend.DataSourceInstanceSettings{
			JSONData: []byte(`{"httpHeaderName1":"X-Scope-OrgID"}`), DecryptedSecureJSONData: map[string]string{"httpHeaderValue1": "a"},
		})}}).owner(ann, http.Header{}),
		"Loki's tenant": (&datasource{settings: settings{datasourceUID: "ds", lokiURL: "http://loki", lokiTenant: "u"}}).owner(ann, http.Header{}),
	} {
		require.NotContains(t, seen, key, name)
		seen[key] = name
	}
}

func TestGrafanasTokenStaysHere(t *testing.T) {
	var got http.Header
	next := httpclient.RoundTripperFunc(func(r *http.Request) (*http.Response, error) {
		got = r.Header
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
	})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://loki", nil)
	require.NoError(t, err)
	req.Header.Set("X-Grafana-Id", "jwt")
	req.Header.Set("Authorization", "Bearer a")
	res, err := withoutGrafanaID(httpclient.Options{}, next).RoundTrip(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Empty(t, got.Get("X-Grafana-Id"))
	require.Equal(t, "Bearer a", got.Get("Authorization"), "what the user set up to be forwarded is")
}
