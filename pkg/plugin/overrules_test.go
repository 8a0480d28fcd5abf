package plugin

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/testenv"
)

// post sends a resource request as a user with a role, and returns the status and body.
func (k *keeper) post(path, role, body string) (int, string) {
	k.t.Helper()
	pc := k.pc
	pc.User = &backend.User{Login: "ann", Role: role}
	var status int
	var out bytes.Buffer
	err := k.ds.CallResource(backend.WithPluginContext(k.t.Context(), pc), &backend.CallResourceRequest{PluginContext: pc, Path: path, URL: path, Method: http.MethodPost, Body: []byte(body)},
		backend.CallResourceResponseSenderFunc(func(r *backend.CallResourceResponse) error {
			status = r.Status
			out.Write(r.Body)
			return nil
		}))
	require.NoError(k.t, err)
	return status, out.String()
}

func (k *keeper) table(format string) framesOut {
	k.t.Helper()
	return k.ask(map[string]any{"expr": `{app="shop"}`, "format": format}, false)
}

// TestOverruleSticks: what a user calls normal stays normal, for another process too,
// until it expires; and it is told.
func TestOverruleSticks(t *testing.T) {
	server, err := testenv.SharedLoki(t.Context(), t.Logf)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	tenant := fmt.Sprintf("overrule-%d", time.Now().UnixNano())
	now := time.Now().Truncate(time.Second)
	require.NoError(t, server.Push(t.Context(), tenant, shopLines(now.Add(-time.Minute), 30, `panic: runtime error: index out of range`)))
	k := newKeeper(t, server.URL, tenant, now)
	defer k.close()
	finding := k.table("findings")[0]
	require.Equal(t, 1, finding.Rows())
	field, _ := finding.FieldByName("pattern")
	template, _ := field.ConcreteAt(0)

	rule := func(more string) string {
		raw, err := json.Marshal(template)
		require.NoError(t, err)
		return fmt.Sprintf(`{"template":%s,"streams":{"app":"shop"},"benign":true,"reason":"the nightly drill"%s}`, raw, more)
	}
	for name, tc := range map[string]struct {
		role, body string
		status     int
		want       string
	}{
		"a viewer":   {"Viewer", rule(""), http.StatusForbidden, "role Editor"},
		"no JSON":    {"Editor", `{`, http.StatusBadRequest, "rule in JSON"},
		"no reason":  {"Editor", `{"template":"something happened here","benign":true}`, http.StatusBadRequest, "reason is missing"},
		"a lifetime": {"Editor", rule(`,"expires":"` + now.Add(90*24*time.Hour).Format(time.DateOnly) + `"`), http.StatusBadRequest, "30 days at most"},
	} {
		t.Run(name, func(t *testing.T) {
			status, body := k.post("overrule", tc.role, tc.body)
			require.Equal(t, tc.status, status)
			require.Contains(t, body, tc.want)
		})
	}
	status, body := k.post("overrule", "Editor", rule(`,"expires":"`+now.Add(5*time.Minute).Format(time.RFC3339)+`"`))
	require.Equal(t, http.StatusOK, status, body)
	require.Contains(t, body, `"kept":"history"`)
	require.Contains(t, body, `"by":"ann"`)

	overruled := func(k *keeper) (severity float64, told string) {
		f := k.table("verdict")[0]
		field, _ := f.FieldByName("severity")
		v, _ := field.ConcreteAt(0)
		field, _ = f.FieldByName("overruled")
		text, _ := field.ConcreteAt(0)
		return v.(float64), text.(string)
	}
	severity, told := overruled(k)
	require.Equal(t, 0.0, severity)
	require.Contains(t, told, "the nightly drill, by ann, until ")

	other := newKeeper(t, server.URL, tenant, now)
	defer other.close()
	require.Eventually(t, func() bool {
		severity, _ := overruled(other)
		return severity == 0
	}, time.Minute, 20*time.Millisecond)

	k.set(now.Add(6 * time.Minute))
	severity, told = overruled(k)
	require.Equal(t, 3.0, severity, "an overrule expires")
	require.Empty(t, told)
}

// TestOverruleNeedsTheKey: a line that somebody else wrote overrules nothing.
func TestOverruleNeedsTheKey(t *testing.T) {
	server, err := testenv.SharedLoki(t.Context(), t.Logf)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	tenant := fmt.Sprintf("forged-%d", time.Now().UnixNano())
	now := time.Now().Truncate(time.Second)
	k := newKeeper(t, server.URL, tenant, now)
	defer k.close()
	require.NoError(t, server.Push(t.Context(), tenant, []testenv.Stream{{
		Labels:  map[string]string{"service_name": "lokalyst", "kind": "overrule"},
		Entries: []testenv.Entry{{Time: now.Add(-time.Minute), Line: fmt.Sprintf(`{"kind":"overrule","ts":%q,"body":{"id":"x","template":"panic: runtime error","benign":true,"reason":"trust me","expires":"2099-01-01"},"sig":"00"}`, now.Add(-time.Minute).UTC().Format(time.RFC3339Nano))}},
	}}))
	o := k.host.overrulesOf(k.pc.OrgID, "keeper")
	require.NoError(t, k.ds.readOverrules(context.WithoutCancel(t.Context()), o))
	list, _ := o.all()
	require.Empty(t, list)
}
