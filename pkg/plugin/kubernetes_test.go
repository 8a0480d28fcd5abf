package plugin

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	ktesting "k8s.io/client-go/testing"

	"github.com/lokalyst/lokalyst/pkg/kube"
)

const clusterPrompt = `id: shop-checkout
version: 1.0.0
title: Checkout
instructions: Judge the checkout.
`

// clusterScorecard is of a prompt that need not be there.
const clusterScorecard = `{"schema_version":1,"judge":"model","prompt":"shop-checkout","prompt_version":"1.0.0","model":"stub",
"prompt_hash":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","rules":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
"dataset":{"sha256":"cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc","cases":300,"groups":96,"split":"test"},
"metrics":{"macro_f1":{"value":0.8,"low":0.7,"high":0.9}},"passed":true,"calibration":{"slope":0.5,"intercept":0,"cases":300}}`

// backends answers as Loki with one line and as a model server that is ready.
func backends(t *testing.T) string {
	logs := OneLine(`{"app":"shop"}`, `"all is well"`)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		switch {
		case r.URL.Path == "/v1/models":
			fmt.Fprint(w, `{"data":[{"id":"stub"}]}`)
		case r.URL.Path == "/props":
			fmt.Fprint(w, `{"total_slots":1,"default_generation_settings":{"n_ctx":8192}}`)
		case strings.HasSuffix(r.URL.Path, "/query_range"), strings.HasSuffix(r.URL.Path, "/series"):
			logs(w, r)
		default:
			fmt.Fprint(w, `{"version":"3.7.8"}`)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// clusterRig is an instance of its own process-wide state with a double of the cluster.
type clusterRig struct {
	*datasource
	t    *testing.T
	host *Host
}

func newClusterRig(t *testing.T, kubernetes, llm string, connect func() (corev1client.ConfigMapsGetter, error)) clusterRig {
	t.Helper()
	host, err := NewHost(HostOptions{Now: time.Now})
	require.NoError(t, err)
	t.Cleanup(host.Close)
	host.configMaps = connect
	r := clusterRig{t: t, host: host}
	r.datasource = r.instance(t.Context(), kubernetes, llm)
	return r
}

func (r clusterRig) instance(ctx context.Context, kubernetes, llm string) *datasource {
	url := backends(r.t)
	if llm == "" {
		llm = fmt.Sprintf(`[{"url":%q}]`, url)
	}
	inst, err := r.host.NewInstance(ctx, backend.DataSourceInstanceSettings{
		UID: "ai", URL: url, JSONData: fmt.Appendf(nil, `{"llmServers":%s,"kubernetes":%s}`, llm, kubernetes),
	})
	require.NoError(r.t, err)
	d := inst.(*datasource)
	r.t.Cleanup(d.Dispose)
	return d
}

// part is the health check's part on Kubernetes.
type part struct {
	OK      bool
	Message string
}

func (r clusterRig) health() (*backend.CheckHealthResult, *part) {
	res, err := r.CheckHealth(r.t.Context(), &backend.CheckHealthRequest{})
	require.NoError(r.t, err)
	var details struct {
		VerboseMessage string
		Kubernetes     *part
	}
	require.NoError(r.t, json.Unmarshal(res.JSONDetails, &details))
	if details.Kubernetes != nil {
		require.Contains(r.t, details.VerboseMessage, "\nKubernetes: "+details.Kubernetes.Message)
	}
	return res, details.Kubernetes
}

// origins returns what GET prompts lists: where each prompt comes from, by id.
func (r clusterRig) origins() map[string]string {
	var wire struct{ Prompts []promptJSON }
	err := r.CallResource(r.t.Context(), &backend.CallResourceRequest{Path: "prompts", URL: "prompts", Method: http.MethodGet},
		backend.CallResourceResponseSenderFunc(func(res *backend.CallResourceResponse) error { return json.Unmarshal(res.Body, &wire) }))
	require.NoError(r.t, err)
	out := map[string]string{}
	for _, p := range wire.Prompts {
		out[p.ID] = p.Origin
	}
	return out
}

// prompt returns the prompt that a query for this id was judged with.
func (r clusterRig) prompt(id string) (string, error) {
	now := time.Now()
	res, err := r.QueryData(r.t.Context(), &backend.QueryDataRequest{Queries: []backend.DataQuery{{
		RefID: "A", JSON: fmt.Appendf(nil, `{"expr":"{app=\"shop\"}","promptId":%q,"baseline":"none"}`, id),
		TimeRange: backend.TimeRange{From: now.Add(-time.Hour), To: now},
	}}})
	require.NoError(r.t, err)
	if err := res.Responses["A"].Error; err != nil {
		return "", err
	}
	for _, f := range res.Responses["A"].Frames {
		if field, _ := f.FieldByName("prompt"); f.Name == "verdict" && field != nil {
			v, _ := field.ConcreteAt(0)
			return v.(string), nil
		}
	}
	return "", fmt.Errorf("no verdict")
}

func cluster(configMaps map[string]map[string]string) *fake.Clientset {
	var objects []runtime.Object
	for name, data := range configMaps {
		ns, name, _ := strings.Cut(name, "/")
		objects = append(objects, &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name, Labels: map[string]string{kube.PromptLabel: "true"}}, Data: data,
		})
	}
	c := fake.NewClientset(objects...)
	c.PrependReactor("list", "configmaps", func(a ktesting.Action) (bool, runtime.Object, error) {
		return a.GetNamespace() == "locked", nil, apierrors.NewForbidden(corev1.Resource("configmaps"), "", nil)
	})
	return c
}

func connectTo(c *fake.Clientset) func() (corev1client.ConfigMapsGetter, error) {
	return func() (corev1client.ConfigMapsGetter, error) { return c.CoreV1(), nil }
}

func TestClusterPrompts(t *testing.T) {
	for name, tc := range map[string]struct {
		data       map[string]map[string]string
		namespaces string
		message    []string
		green, ok  bool
		served     bool
	}{
		"valid": {
			data:       map[string]map[string]string{"shop/p": {"checkout.yaml": clusterPrompt}},
			namespaces: `[" shop ",""]`, message: []string{"registered from ConfigMaps: 1"}, green: true, ok: true, served: true,
		},
		"no ConfigMap": {namespaces: `["shop"]`, message: []string{"registered from ConfigMaps: 0"}, green: true, ok: true},
		"a broken one hides no other": {
			data: map[string]map[string]string{
				"shop/p": {"checkout.yaml": clusterPrompt, "a.yaml": "id: a\nversion: 1.0.0\nnope: 1\n", "b.yaml": "id: B\nversion: 1.0.0\n"},
			},
			namespaces: `["shop"]`, green: true, served: true,
			message: []string{"ConfigMaps: 1, scorecards: 0, rules: 0; problems: 2", "configmap shop/p, key a.yaml: yaml: unmarshal errors: line 3: field nope not found", `key b.yaml: id "B": use lower-case`},
		},
		"nothing but broken ones is no failed reading": {
			data:       map[string]map[string]string{"shop/p": {"a.yaml": "id: B"}},
			namespaces: `["shop"]`, green: true, message: []string{"ConfigMaps: 0", "key a.yaml"},
		},
		"another content under a taken version": {
			data: map[string]map[string]string{
				"shop/p": {"checkout.yaml": clusterPrompt}, "shop/q": {"x.yaml": clusterPrompt + "description: Other.\n"},
				"shop/r": {"x.yaml": "id: incident-triage\nversion: 1.0.0\ntitle: Mine\ninstructions: Say ok.\n"},
			},
			namespaces: `["shop"]`, green: true, served: true,
			message: []string{`configmap shop/q, key x.yaml: prompt shop-checkout 1.0.0 is registered from "configmap shop/p" with another content`, `is registered from "built-in"`},
		},
		"a scorecard beside its prompt": {
			data:       map[string]map[string]string{"shop/p": {"checkout.yaml": clusterPrompt, "checkout.scorecard.json": clusterScorecard, "json": "id: B"}},
			namespaces: `["shop"]`, green: true, served: true,
			message: []string{"ConfigMaps: 1, scorecards: 1, rules: 0; problems: 1", `key json: id "B"`},
		},
		"a broken scorecard hides no other": {
			data:       map[string]map[string]string{"shop/p": {"a.scorecard.json": "{\"schema_version\":1}", "checkout.yaml": clusterPrompt, "z.scorecard.json": clusterScorecard}},
			namespaces: `["shop"]`, green: true, served: true,
			message: []string{"ConfigMaps: 1, scorecards: 1, rules: 0; problems: 1", "configmap shop/p, key a.scorecard.json: the scorecard: judge"},
		},
		"a forbidden namespace hides no other": {
			data:       map[string]map[string]string{"shop/p": {"checkout.yaml": clusterPrompt}},
			namespaces: `["locked","shop"]`, green: true, served: true, message: []string{`namespace "locked": a Role is missing`},
		},
		"only a forbidden namespace": {namespaces: `["locked"]`, message: []string{"a Role is missing"}},
		"no namespace":               {namespaces: `[]`, message: []string{"no namespace is named"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newClusterRig(t, `{"enabled":true,"namespaces":`+tc.namespaces+`}`, "", connectTo(cluster(tc.data)))
			res, k := r.health()
			require.Equal(t, tc.green, res.Status == backend.HealthStatusOk, res.Message)
			require.NotNil(t, k)
			require.Equal(t, tc.ok, k.OK)
			for _, want := range tc.message {
				require.Contains(t, k.Message, want)
				if !tc.green {
					require.Contains(t, res.Message, "No prompt could be read from Kubernetes. ")
				}
			}
			origins := r.origins()
			require.Equal(t, "built-in", origins["incident-triage"])
			require.Equal(t, tc.served, origins["shop-checkout"] == "configmap shop/p")
			card, ok := r.host.engine.Prompts.Scorecard(strings.Repeat("a", 64), "stub")
			require.Equal(t, slices.ContainsFunc(tc.message, func(m string) bool { return strings.Contains(m, "scorecards: 1") }), ok)
			if ok {
				require.Equal(t, "configmap shop/p", card.Origin)
				require.InDelta(t, 0.5, card.Calibration.Slope, 0)
			}
			if tc.served {
				r.pool = nil // the rules judge
				got, err := r.prompt("shop-checkout")
				require.NoError(t, err)
				require.Equal(t, "shop-checkout@1.0.0", got)
			}
		})
	}
}

// TestClusterPromptsOutliveTheRequest: an instance is made for the first request
// that needs it, whose caller may leave at once.
func TestClusterPromptsOutliveTheRequest(t *testing.T) {
	c := cluster(map[string]map[string]string{"shop/p": {"checkout.yaml": clusterPrompt}})
	bounds := map[string]bool{}
	r := newClusterRig(t, `{"enabled":false}`, "", func() (corev1client.ConfigMapsGetter, error) { return watched{c.CoreV1(), bounds}, nil })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r.datasource = r.instance(ctx, `{"enabled":true,"namespaces":["shop"]}`, "")
	require.Equal(t, "configmap shop/p", r.origins()["shop-checkout"])
	require.Equal(t, map[string]bool{"alive": true, "bounded": true}, bounds)

	// The next instance, as after a change of settings, finds the same prompts.
	r.datasource = r.instance(t.Context(), `{"enabled":true,"namespaces":["shop"]}`, "")
	_, k := r.health()
	require.True(t, k.OK, k.Message)
}

// watched notes what the context of a request to the cluster is like.
type watched struct {
	corev1client.ConfigMapsGetter
	bounds map[string]bool
}

type watchedMaps struct {
	corev1client.ConfigMapInterface
	bounds map[string]bool
}

func (w watched) ConfigMaps(ns string) corev1client.ConfigMapInterface {
	return watchedMaps{w.ConfigMapsGetter.ConfigMaps(ns), w.bounds}
}

func (w watchedMaps) List(ctx context.Context, o metav1.ListOptions) (*corev1.ConfigMapList, error) {
	deadline, ok := ctx.Deadline()
	w.bounds["alive"] = ctx.Err() == nil
	w.bounds["bounded"] = ok && time.Until(deadline) <= kubernetesWait
	return w.ConfigMapInterface.List(ctx, o)
}

// TestClusterNotReached: queries survive a cluster that is not there, and without
// the setting nothing asks for one.
func TestClusterNotReached(t *testing.T) {
	r := newClusterRig(t, `{"enabled":true,"namespaces":["shop"]}`, `[]`, func() (corev1client.ConfigMapsGetter, error) { return kube.ConfigMaps(t.TempDir()) })
	res, k := r.health()
	require.Equal(t, backend.HealthStatusError, res.Status)
	require.False(t, k.OK)
	require.Contains(t, k.Message, "no service account token is mounted")
	require.Contains(t, res.Message, "No prompt could be read from Kubernetes. No service account token is mounted")
	got, err := r.prompt("incident-triage")
	require.NoError(t, err)
	require.Equal(t, "incident-triage@1.0.0", got)

	for _, off := range []string{`null`, `{}`, `{"enabled":false,"namespaces":["shop"]}`} {
		r = newClusterRig(t, off, "", func() (corev1client.ConfigMapsGetter, error) {
			t.Error("Kubernetes is touched")
			return nil, kube.ErrNotInCluster
		})
		res, k = r.health()
		require.Equal(t, backend.HealthStatusOk, res.Status, res.Message)
		require.Nil(t, k)
	}
}
