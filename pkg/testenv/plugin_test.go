package testenv

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/instancemgmt"
)

func TestPluginIsHostedAsByGrafana(t *testing.T) {
	t.Setenv("ECHO_SECRET", "of the host")
	p := startEcho(t)
	pc, err := PluginContext("uid", "http://loki.example", map[string]any{"lokiTenant": "a"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()

	health, err := p.CheckHealth(ctx, &backend.CheckHealthRequest{PluginContext: pc})
	if err != nil {
		t.Fatal(err)
	}
	if health.Status != backend.HealthStatusOk || !strings.HasPrefix(health.Message, "http://loki.example\n") {
		t.Errorf("health %+v", health)
	}
	for _, leaked := range []string{"of the host", "\nPATH=", "\nHOME="} {
		if strings.Contains(health.Message, leaked) {
			t.Errorf("the plugin sees the host's environment: %s", health.Message)
		}
	}

	response, err := p.QueryData(ctx, &backend.QueryDataRequest{PluginContext: pc, Queries: []backend.DataQuery{{RefID: "A", JSON: []byte(`{"expr":"x"}`)}}})
	if err != nil {
		t.Fatal(err)
	}
	if got := response.Responses["A"].Frames[0].Fields[0].At(0); got != `{"expr":"x"}` {
		t.Errorf("query %v", got)
	}

	var body strings.Builder
	err = p.CallResource(ctx, &backend.CallResourceRequest{PluginContext: pc, Method: "GET", Path: "prompts"},
		backend.CallResourceResponseSenderFunc(func(part *backend.CallResourceResponse) error {
			body.Write(part.Body)
			return nil
		}))
	if err != nil || body.String() != "GET prompts" {
		t.Errorf("resource %q, %v", body.String(), err)
	}

	metrics, err := p.CollectMetrics(ctx, &backend.CollectMetricsRequest{PluginContext: pc})
	if err != nil || !strings.Contains(string(metrics.PrometheusMetrics), "process_cpu_seconds_total") {
		t.Errorf("metrics %v", err)
	}
	if text, err := os.ReadFile(p.LogFile); err != nil || !strings.Contains(string(text), "echo instance") {
		t.Errorf("the plugin's log is not in %s: %v", p.LogFile, err)
	}
}

func TestPluginSaysWhyItDoesNotStart(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "plugin")
	if err := os.WriteFile(bin, []byte("#!/bin/sh\necho 'cannot read the model' >&2\nexit 3\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := StartPlugin(t.Context(), bin); err == nil || !strings.Contains(err.Error(), "cannot read the model") {
		t.Errorf("error %v", err)
	}
	if err := os.WriteFile(bin, []byte("#!/bin/sh\nexec sleep 60\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	begin := time.Now()
	if _, err := StartPlugin(ctx, bin); err == nil || time.Since(begin) > 20*time.Second {
		t.Errorf("error %v after %s", err, time.Since(begin))
	}
}

func TestPluginEndsWithClose(t *testing.T) {
	p := startEcho(t)
	pid := p.client.ReattachConfig().Pid
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if !p.client.Exited() {
		t.Error("the plugin still runs")
	}
	if _, err := os.Stat(p.dir); !os.IsNotExist(err) {
		t.Errorf("the log of pid %d is still there: %v", pid, err)
	}
}

// A rebuilt program must not disturb one that runs, and an unchanged one must not be another file.
func TestBuiltPluginIsReused(t *testing.T) {
	bin := buildEcho(t)
	first, err := os.Stat(bin)
	if err != nil {
		t.Fatal(err)
	}
	second, err := os.Stat(buildEcho(t))
	if err != nil || !os.SameFile(first, second) {
		t.Errorf("the unchanged plugin was built anew: %v", err)
	}
	out, err := exec.CommandContext(t.Context(), "go", "version", "-m", bin).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "CGO_ENABLED=0") {
		t.Errorf("built with cgo: %v %s", err, out)
	}
}

func TestPluginInProcess(t *testing.T) {
	p, err := StartInProcess(func(_ context.Context, settings backend.DataSourceInstanceSettings) (instancemgmt.Instance, error) {
		return backend.QueryDataHandlerFunc(func(_ context.Context, req *backend.QueryDataRequest) (*backend.QueryDataResponse, error) {
			response := backend.NewQueryDataResponse()
			response.Responses["A"] = backend.ErrDataResponse(backend.StatusBadRequest, "asked "+settings.URL)
			return response, nil
		}), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}()
	pc, err := PluginContext("uid", "http://loki.example", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := p.Client.QueryData(t.Context(), &backend.QueryDataRequest{PluginContext: pc, Queries: []backend.DataQuery{{RefID: "A"}}})
	if err != nil {
		t.Fatal(err)
	}
	if got := response.Responses["A"]; got.Error == nil || got.Error.Error() != "asked http://loki.example" || got.Status != backend.StatusBadRequest {
		t.Errorf("response %+v", got)
	}
}

func buildEcho(t *testing.T) string {
	t.Helper()
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	bin, err := buildProgram(t.Context(), root, "./pkg/testenv/testdata/echo", "echo", "-s -w", t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	return bin
}

func startEcho(t *testing.T) *Plugin {
	t.Helper()
	p, err := StartPlugin(t.Context(), buildEcho(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}
