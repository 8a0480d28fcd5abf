package testenv

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPushgateway(t *testing.T) {
	gateway, err := StartPushgateway(t.Context(), PushgatewayOptions{Progress: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := gateway.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(gateway.LogFile); !os.IsNotExist(err) {
			t.Errorf("the log is still there: %v", err)
		}
		if err := gateway.Close(); err != nil {
			t.Errorf("closed again: %v", err)
		}
	}()
	push, err := http.NewRequestWithContext(t.Context(), http.MethodPut, gateway.URL+"/metrics/job/log_ai_eval/model/m",
		strings.NewReader("# TYPE log_ai_eval_macro_f1 gauge\nlog_ai_eval_macro_f1{judge=\"model\"} 0.8125\n"))
	if err != nil {
		t.Fatal(err)
	}
	response, err := pollClient().Do(push)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("pushing: %s", response.Status)
	}
	body, err := get(t.Context(), pollClient(), gateway.URL+"/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	text, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	if want := `log_ai_eval_macro_f1{instance="",job="log_ai_eval",judge="model",model="m"} 0.8125`; !strings.Contains(string(text), want) {
		t.Errorf("no %s in what is scraped:\n%s", want, text)
	}
}

func TestPushgatewayOfTheEnvironment(t *testing.T) {
	t.Setenv(PushgatewayEnv, filepath.Join(t.TempDir(), "none"))
	if _, err := StartPushgateway(t.Context(), PushgatewayOptions{}); err == nil || !strings.Contains(err.Error(), "$PUSHGATEWAY") {
		t.Errorf("error %v", err)
	}
	t.Setenv(PushgatewayEnv, "/bin/false")
	if _, err := StartPushgateway(t.Context(), PushgatewayOptions{}); err == nil || !strings.Contains(err.Error(), "ended while starting") {
		t.Errorf("error %v", err)
	}
}
