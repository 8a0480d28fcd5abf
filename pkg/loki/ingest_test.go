package loki_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/loki"
)

// TestDetectLevel: that a real Loki detects the same is tested in pkg/golden/evaluate.
func TestDetectLevel(t *testing.T) {
	for _, tc := range []struct {
		labels     map[string]string
		line, want string
	}{
		{nil, "", "unknown"},
		{nil, "ERROR: no route", "error"},
		{nil, "all errors were handled", "unknown"},
		{nil, "misc:error", "unknown"},
		{nil, "a warning, then an error", "warn"},
		{nil, `level=warn msg="an error"`, "warn"},
		{nil, `lvl=info severity=error`, "error"},
		{nil, `level=notice msg="an error"`, "error"},
		{nil, `{"msg":"an error","level":"INFO"}`, "info"},
		{nil, `{"log":{"level":"dbg"},"level":"error"}`, "debug"},
		{nil, `{"a":{"b":{"level":"error"}}}`, "error"}, // as a word: too deep for a field
		{nil, `{"a":{"b":{"level":"wrn"}}}`, "unknown"},
		{nil, `{"level":3,"severity":"fatal"}`, "fatal"},
		{nil, `{"level":"error"`, "error"},
		{map[string]string{"level": "Warning"}, "ERROR", "warn"},
		{map[string]string{"level": "odd"}, "ERROR", "odd"},
	} {
		require.Equal(t, tc.want, loki.DetectLevel(tc.labels, tc.line), "%v %s", tc.labels, tc.line)
	}
}

func TestServiceName(t *testing.T) {
	require.Equal(t, "a", loki.ServiceName(map[string]string{"service_name": "a", "app": "b"}))
	require.Equal(t, "b", loki.ServiceName(map[string]string{"job": "c", "app": "b"}))
	require.Equal(t, "unknown_service", loki.ServiceName(map[string]string{"pod": "c"}))
}
