package report

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/testenv"
)

func pusher(url string) Pusher {
	return Pusher{URL: url, Client: &http.Client{Timeout: 20 * time.Second}, Now: func() time.Time { return time.Unix(1_800_000_000, 0) }}
}

// TestPushgateway pushes to a real Pushgateway and reads back what it exposes.
func TestPushgateway(t *testing.T) {
	gateway, err := testenv.StartPushgateway(t.Context(), testenv.PushgatewayOptions{Progress: t.Logf})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, gateway.Close()) })
	r := make1(t, all())
	require.NoError(t, pusher(gateway.URL+"/").Push(t.Context(), r, map[string]bool{r.Judges[0].Name: true, "rules": false}))
	require.NoError(t, pusher(gateway.URL).Push(t.Context(), r, map[string]bool{r.Judges[0].Name: true, "rules": false}), "again")

	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, gateway.URL+"/metrics", nil)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	text := string(raw)
	model := `dataset_version="` + r.DatasetVersion + `",instance="",job="log_ai_eval",model="llama-3.2-3b.gguf",prompt_id="incident-triage",prompt_version="1.0.0"`
	for _, name := range []string{
		"macro_f1", "macro_f1_ci_low", "macro_f1_ci_high", "micro_f1", "severity_mae", "evidence_precision", "evidence_recall", "fabricated_evidence_total", "schema_valid_ratio", "ece", "brier",
		"cases_total", "gate_passed", "last_run_timestamp_seconds", "false_alarms_healthy", "missed_incidents_critical", "delta_macro_f1", "mcnemar_p", "prompt_tokens_p95",
	} {
		require.Regexp(t, `(?m)^log_ai_eval_`+name+regexp.QuoteMeta("{"+model+"}")+` \S+$`, text)
	}
	for _, labels := range []string{`family="all",`, `family="oom-kill",`, `direction="prompt",`, `direction="answer",`, `quantile="0.5"`, `quantile="0.95"`} {
		require.Contains(t, text, labels)
	}
	for _, baseline := range []string{"rules", "rules-without-signatures", "majority"} {
		require.Regexp(t, `(?m)^log_ai_eval_macro_f1\{dataset_version="\w+",instance="",job="log_ai_eval",model="`+baseline+`",prompt_id="none",prompt_version="none"\}`, text)
	}
	require.Regexp(t, `(?m)^log_ai_eval_gate_passed\{.*model="rules".*\} 0$`, text)
	require.NotContains(t, text, "NaN")
	require.NotContains(t, text, "test-0-0-0", "no case is a label")
	series := regexp.MustCompile(`(?m)^log_ai_eval_`).FindAllString(text, -1)
	require.Less(t, len(series), 200)
}

func TestPushFails(t *testing.T) {
	r := make1(t, results(rulesJudge, 0.8, 1))
	for _, bad := range []string{"", "nope", "ftp://x", "http://"} {
		require.ErrorContains(t, pusher(bad).Push(t.Context(), r, nil), "http://pushgateway:9091", bad)
	}
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if user, password, _ := req.BasicAuth(); user != "me" || password != "s3cret" {
			t.Error("who pushes is not said")
		}
		http.Error(w, "no", http.StatusForbidden)
	}))
	defer refusing.Close()
	err := pusher(strings.Replace(refusing.URL, "http://", "http://me:s3cret@", 1)).Push(t.Context(), r, nil)
	require.ErrorContains(t, err, "did not take the figures of rules")
	require.NotContains(t, err.Error(), "s3cret")
}
