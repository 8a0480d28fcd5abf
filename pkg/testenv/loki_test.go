package testenv

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestLokiPushAndRead(t *testing.T) {
	loki := startTestLoki(t, LokiOptions{MultiTenant: true})
	now := time.Now()
	labels := map[string]string{"service_name": "shop"}
	push := func(tenant string, entries ...Entry) {
		t.Helper()
		if err := loki.Push(t.Context(), tenant, []Stream{{Labels: labels, Entries: entries}}); err != nil {
			t.Fatal(err)
		}
	}
	push("a", Entry{Time: now, Line: "level=error <b>first</b>", Metadata: map[string]string{"trace_id": "abc"}})
	push("b", Entry{Time: now, Line: "of another tenant"})
	// Old lines and times out of order are taken, and read back at once.
	old := now.Add(-40 * 24 * time.Hour)
	push("a", Entry{Time: old, Line: "old"}, Entry{Time: old.Add(-time.Second), Line: "older"})

	if got := readBack(t, loki.URL, "a", `{service_name="shop"}`, now.Add(-time.Minute), now.Add(time.Minute)); len(got) != 1 || got[0] != "level=error <b>first</b>" {
		t.Errorf("tenant a: %q", got)
	}
	if got := readBack(t, loki.URL, "b", `{service_name="shop"}`, now.Add(-time.Minute), now.Add(time.Minute)); len(got) != 1 || got[0] != "of another tenant" {
		t.Errorf("tenant b: %q", got)
	}
	if got := readBack(t, loki.URL, "a", `{service_name="shop"} | trace_id="abc" | detected_level="error"`, now.Add(-time.Minute), now.Add(time.Minute)); len(got) != 1 {
		t.Errorf("structured metadata and level: %q", got)
	}
	if got := readBack(t, loki.URL, "a", `{service_name="shop"}`, old.Add(-time.Minute), old.Add(time.Minute)); len(got) != 2 {
		t.Errorf("old lines: %q", got)
	}
	if err := loki.Push(t.Context(), "", []Stream{{Labels: labels, Entries: []Entry{{Time: now, Line: "x"}}}}); err == nil || !strings.Contains(err.Error(), "no org id") {
		t.Errorf("without a tenant: %v", err)
	}
}

func TestLokiPushIsSplit(t *testing.T) {
	loki := startTestLoki(t, LokiOptions{})
	now := time.Now()
	var streams []Stream
	for s := range 3 {
		stream := Stream{Labels: map[string]string{"service_name": fmt.Sprint("s", s)}}
		for i := range 5 {
			stream.Entries = append(stream.Entries, Entry{Time: now.Add(time.Duration(i) * time.Millisecond), Line: strings.Repeat("x", 1<<20)})
		}
		streams = append(streams, stream)
	}
	if err := loki.Push(t.Context(), "", streams); err != nil {
		t.Fatal(err)
	}
	got := readBack(t, loki.URL, "", `{service_name=~"s.*"} | line_format "x"`, now.Add(-time.Minute), now.Add(time.Minute))
	if len(got) != 15 {
		t.Errorf("%d of 15 lines of 1 MB", len(got))
	}
	err := loki.Push(t.Context(), "", []Stream{{Labels: streams[0].Labels, Entries: []Entry{{Time: now, Line: strings.Repeat("x", lokiMaxLine+1)}}}})
	if err == nil || !strings.Contains(err.Error(), "400") {
		t.Errorf("a line that is too long: %v", err)
	}
}

func TestLokiKeepsItsData(t *testing.T) {
	options := LokiOptions{Dir: t.TempDir()}
	now := time.Now()
	for i := range 2 {
		loki, err := StartLoki(t.Context(), options)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = loki.Close() }()
		if i == 0 {
			err := loki.Push(t.Context(), "", []Stream{{Labels: map[string]string{"a": "b"}, Entries: []Entry{{Time: now, Line: "kept"}}}})
			if err != nil {
				t.Fatal(err)
			}
		} else if got := readBack(t, loki.URL, "", `{a="b"}`, now.Add(-time.Minute), now.Add(time.Minute)); len(got) != 1 {
			t.Errorf("after a restart: %q", got)
		}
		if err := loki.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(loki.LogFile); err != nil {
			t.Error(err)
		}
	}
}

func TestLokiVersions(t *testing.T) {
	for out, want := range map[string]bool{
		"loki, version 3.7.8 (branch: HEAD, revision: 1)": true, "loki, version 3.6.2 (branch": false,
		"loki, version v4.0.0-rc1": true, "loki, version 3.10.0,": true, "loki, version  (branch: ": false, "": false,
	} {
		if version, ok := parseLokiVersion(out); ok != want {
			t.Errorf("%q: version %q, new enough %v", out, version, ok)
		}
	}
}

func TestLokiVersionIsThatOfItsModule(t *testing.T) {
	text, err := os.ReadFile("loki/go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "github.com/grafana/loki/v3 v"+lokiVersion+" // indirect\n") {
		t.Errorf("loki/go.mod does not require v%s", lokiVersion)
	}
}

func TestLokiSaysWhyItDoesNotStart(t *testing.T) {
	dir := t.TempDir()
	bin := dir + "/loki"
	if err := os.WriteFile(bin, []byte("#!/bin/sh\necho 'no such field in config' >&2\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv(LokiBinaryEnv, bin)
	if _, err := StartLoki(t.Context(), LokiOptions{}); err == nil || !strings.Contains(err.Error(), "no such field in config") {
		t.Errorf("error %v", err)
	}
	t.Setenv(LokiBinaryEnv, dir+"/missing")
	if _, err := StartLoki(t.Context(), LokiOptions{}); err == nil || !strings.Contains(err.Error(), LokiBinaryEnv) {
		t.Errorf("error %v", err)
	}
}

func startTestLoki(t *testing.T, o LokiOptions) *Loki {
	t.Helper()
	o.Progress = t.Logf
	loki, err := StartLoki(context.WithoutCancel(t.Context()), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := loki.Close(); err != nil {
			t.Error(err)
		}
	})
	return loki
}

// readBack returns the lines of a query.
func readBack(t *testing.T, base, tenant, query string, start, end time.Time) []string {
	t.Helper()
	values := url.Values{"query": {query}, "limit": {"1000"}, "start": {strconv.FormatInt(start.UnixNano(), 10)}, "end": {strconv.FormatInt(end.UnixNano(), 10)}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/loki/api/v1/query_range?"+values.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Scope-OrgID", tenant)
	response, err := pollClient().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %v %s", response.Status, err, text)
	}
	var reply struct {
		Data struct{ Result []struct{ Values [][]string } }
	}
	if err := json.Unmarshal(text, &reply); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, stream := range reply.Data.Result {
		for _, value := range stream.Values {
			lines = append(lines, value[1])
		}
	}
	return lines
}
