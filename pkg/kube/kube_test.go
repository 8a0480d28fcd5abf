package kube_test

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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

func configMap(ns, name string, data map[string]string) *corev1.ConfigMap {
	return &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name, Labels: map[string]string{kube.PromptLabel: ""}}, Data: data,
	}
}

func TestPrompts(t *testing.T) {
	unlabelled := configMap("a", "other", map[string]string{"x": "not a prompt"})
	unlabelled.Labels = nil
	binary := configMap("a", "binary", nil)
	binary.BinaryData = map[string][]byte{"b.yaml": {0xff}}
	many := map[string]string{}
	for i := range 1001 {
		many[fmt.Sprintf("k%04d", i)] = "x"
	}
	refuse := func(err error) func(*fake.Clientset) {
		return func(c *fake.Clientset) {
			c.PrependReactor("list", "configmaps", func(a ktesting.Action) (bool, runtime.Object, error) {
				return a.GetNamespace() == "a", nil, err
			})
		}
	}
	resource := corev1.Resource("configmaps")
	for name, tc := range map[string]struct {
		objects    []runtime.Object
		fault      func(*fake.Clientset)
		namespaces []string
		want       []string
		count      int
		errs       []string
	}{
		"ordered, labelled, named namespaces": {
			objects: []runtime.Object{
				configMap("b", "one", map[string]string{"z": "4"}), configMap("a", "two", map[string]string{"y": "3", "x": "2"}),
				configMap("a", "one", map[string]string{"x": "1"}), configMap("c", "one", map[string]string{"x": "0"}), unlabelled,
			},
			namespaces: []string{"b", "a", "", "b"}, want: []string{"a/one/x=1", "a/two/x=2", "a/two/y=3", "b/one/z=4"},
		},
		"no namespace is not all of them": {objects: []runtime.Object{configMap("a", "one", map[string]string{"x": "1"})}, namespaces: []string{""}},
		"forbidden hides no other": {
			objects: []runtime.Object{configMap("b", "one", map[string]string{"x": "1"})}, namespaces: []string{"a", "b"},
			fault: refuse(apierrors.NewForbidden(resource, "", nil)), want: []string{"b/one/x=1"},
			errs: []string{`namespace "a": a Role is missing there that lets Grafana's service account list configmaps`},
		},
		"unauthorized": {namespaces: []string{"a"}, fault: refuse(apierrors.NewUnauthorized("Unauthorized")), errs: []string{"refuses the service account's token"}},
		"deadline":     {namespaces: []string{"a"}, fault: refuse(context.DeadlineExceeded), errs: []string{"did not answer in time"}},
		"broken":       {namespaces: []string{"a"}, fault: refuse(apierrors.NewInternalError(fmt.Errorf("boom"))), errs: []string{"cannot be listed", "boom"}},
		"too long and binary": {
			objects: []runtime.Object{
				configMap("a", "one", map[string]string{"fits": strings.Repeat("x", 64<<10), "long": strings.Repeat("x", 64<<10+1)}), binary,
			},
			namespaces: []string{"a"}, count: 1, errs: []string{"configmap a/one, key long: the document has 65537 bytes", "a/binary, key b.yaml: the document is binary"},
		},
		"too many": {
			objects: []runtime.Object{configMap("a", "many", many), configMap("b", "one", map[string]string{"x": "1"})}, namespaces: []string{"a", "b"},
			count: 1000, errs: []string{"more than 1000 documents, the rest is left out from configmap a/many on"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			client := fake.NewClientset(tc.objects...)
			if tc.fault != nil {
				tc.fault(client)
			}
			docs, err := kube.Prompts(t.Context(), client.CoreV1(), tc.namespaces)
			if len(tc.errs) == 0 {
				require.NoError(t, err)
			}
			for _, want := range tc.errs {
				require.ErrorContains(t, err, want)
			}
			if tc.count > 0 {
				require.Len(t, docs, tc.count)
				return
			}
			var got []string
			for _, d := range docs {
				got = append(got, d.Namespace+"/"+d.Name+"/"+d.Key+"="+d.Text)
			}
			require.Equal(t, tc.want, got)
		})
	}
}

// TestRules reads what carries the other label, and no prompts.
func TestRules(t *testing.T) {
	signatures := configMap("a", "rules", map[string]string{"r.yaml": "1"})
	signatures.Labels = map[string]string{kube.RulesLabel: "true"}
	client := fake.NewClientset(signatures, configMap("a", "prompt", map[string]string{"p.yaml": "2"}))
	docs, err := kube.Rules(t.Context(), client.CoreV1(), []string{"a"})
	require.NoError(t, err)
	require.Equal(t, []kube.Document{{Namespace: "a", Name: "rules", Key: "r.yaml", Text: "1"}}, docs)
	docs, err = kube.Prompts(t.Context(), client.CoreV1(), []string{"a"})
	require.NoError(t, err)
	require.Equal(t, []kube.Document{{Namespace: "a", Name: "prompt", Key: "p.yaml", Text: "2"}}, docs)
}

func TestNotInCluster(t *testing.T) {
	_, err := kube.ConfigMaps(t.TempDir())
	require.ErrorIs(t, err, kube.ErrNotInCluster)
	require.ErrorContains(t, err, "no service account token is mounted")

	dir := serviceAccount(t, nil)
	require.NoError(t, os.Remove(filepath.Join(dir, "ca.crt")))
	_, err = kube.ConfigMaps(dir)
	require.ErrorContains(t, err, "ca.crt")
	require.NotContains(t, err.Error(), "s3cret")
}

func serviceAccount(t *testing.T, ca []byte) string {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "token"), []byte("s3cret\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ca.crt"), ca, 0o600))
	return dir
}

// TestInCluster reads pages from a TLS server in the API server's place: the fake
// client set knows neither pages nor tokens.
func TestInCluster(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	t.Setenv("KUBERNETES_SERVICE_HOST", "192.0.2.1")
	var queries []string
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		queries = append(queries, r.Header.Get("Authorization")+" "+r.URL.Path+" "+q.Get("labelSelector")+" "+q.Get("limit")+" "+q.Get("continue"))
		page := corev1.ConfigMapList{Items: []corev1.ConfigMap{*configMap("a", "p"+q.Get("continue"), map[string]string{"x": "1"})}}
		page.APIVersion, page.Kind = "v1", "ConfigMapList"
		if q.Get("continue") == "" {
			page.Continue = "2"
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(page)
	}))
	t.Cleanup(server.Close)
	dir := serviceAccount(t, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	cfg, err := kube.InCluster(dir)
	require.NoError(t, err)
	require.Equal(t, "https://kubernetes.default.svc", cfg.Host)
	require.Empty(t, cfg.BearerToken, "a token that is copied does not follow its rotation")
	require.Positive(t, cfg.Timeout)
	require.LessOrEqual(t, cfg.Timeout, 10*time.Second)

	cfg.Host = server.URL
	cfg.ServerName = "example.com"
	client, err := corev1client.NewForConfig(cfg)
	require.NoError(t, err)
	docs, err := kube.Prompts(t.Context(), client, []string{"a"})
	require.NoError(t, err)
	require.Len(t, docs, 2)
	require.Equal(t, []string{
		"Bearer s3cret /api/v1/namespaces/a/configmaps lokalyst.io/prompt 100 ",
		"Bearer s3cret /api/v1/namespaces/a/configmaps lokalyst.io/prompt 100 2",
	}, queries)
}
