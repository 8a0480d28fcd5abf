package analysis

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/testenv"
)

// The forms of the lines are those of grafana/alloy, internal/component/loki/source/
// kubernetes_events/event_controller.go (v1.18), of which grafana/agent,
// static/integrations/v2/eventhandler/eventhandler.go, is the elder; of
// vmware-archive/eventrouter, sinks/eventdata.go; and of resmoio/kubernetes-event-
// exporter, pkg/kube/event.go. The messages are those of Kubernetes 1.35: pkg/kubelet,
// pkg/scheduler and pkg/controller.

const (
	backOffLine = `name=checkout-6d5f7c8b9d-x2vqk kind=Pod objectAPIversion=v1 objectRV=2503421 eventRV=2503687 reportinginstance=node-1 reportingcontroller=kubelet ` +
		`sourcecomponent=kubelet sourcehost=node-1 reason=BackOff type=Warning count=7 ` +
		`msg="Back-off restarting failed container app in pod checkout-6d5f7c8b9d-x2vqk_shop(681d0337-535c-4106-a2ad-eac8c3caf9da)" `
	schedulingLine = `name=embedder-7d999dd67b-l46sl kind=Pod action=Scheduling objectAPIversion=v1 objectRV=387072 eventRV=387080 ` +
		`reportinginstance=default-scheduler-node-1 reportingcontroller=default-scheduler reason=FailedScheduling type=Warning ` +
		`msg="0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient memory." `
	jsonLine = `{"count":1,"eventRV":"901","kind":"Deployment","msg":"Scaled up replica set checkout-6d5f7c8b9d from 0 to 3","name":"checkout",` +
		`"objectAPIversion":"apps/v1","objectRV":"900","reason":"ScalingReplicaSet","reportingcontroller":"deployment-controller","sourcecomponent":"deployment-controller","type":"Normal"}`
	routerLine = `{"verb":"UPDATED","event":{"metadata":{"name":"db-0.17a1b2c","namespace":"shop"},"involvedObject":{"kind":"Pod","namespace":"shop","name":"db-0","uid":"u","apiVersion":"v1"},` +
		`"reason":"Unhealthy","message":"Readiness probe failed: HTTP probe failed with statuscode: 503","source":{"component":"kubelet","host":"node-2"},` +
		`"firstTimestamp":"2026-11-22T11:00:00Z","lastTimestamp":"2026-11-22T11:05:00Z","count":4,"type":"Warning","eventTime":null,"reportingComponent":"kubelet","reportingInstance":"node-2"},` +
		`"old_event":{"involvedObject":{"name":"other"},"reason":"Old"}}`
	exporterLine = `{"metadata":{"name":"node-2.17a1","namespace":"default"},"reason":"OOMKilling","message":"Memory cgroup out of memory: Killed process 4711 (java)","source":{"component":"kernel-monitor","host":"node-2"},` +
		`"firstTimestamp":"2026-11-22T11:00:00Z","count":1,"type":"Warning","clusterName":"prod","involvedObject":{"kind":"Node","name":"node-2","labels":{"a":"b"}}}`
)

func TestParseEvent(t *testing.T) {
	alloy := map[string]string{"namespace": "shop", "job": "loki.source.kubernetes_events", "instance": "loki.source.kubernetes_events.events"}
	for name, tc := range map[string]struct {
		labels map[string]string
		line   string
		want   Event
	}{
		"logfmt": {alloy, backOffLine, Event{
			Namespace: "shop", Kind: "Pod", Name: "checkout-6d5f7c8b9d-x2vqk", Reason: "BackOff", Warning: true, Count: 7, Host: "node-1",
			Message: "Back-off restarting failed container app in pod checkout-6d5f7c8b9d-x2vqk_shop(681d0337-535c-4106-a2ad-eac8c3caf9da)",
		}},
		"without a count": {alloy, schedulingLine, Event{
			Namespace: "shop", Kind: "Pod", Name: "embedder-7d999dd67b-l46sl", Reason: "FailedScheduling", Warning: true,
			Message: "0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient memory.",
		}},
		"json": {alloy, jsonLine, Event{
			Namespace: "shop", Kind: "Deployment", Name: "checkout", Reason: "ScalingReplicaSet", Count: 1,
			Message: "Scaled up replica set checkout-6d5f7c8b9d from 0 to 3",
		}},
		"eventrouter": {map[string]string{"namespace": "kube-system"}, routerLine, Event{
			Namespace: "shop", Kind: "Pod", Name: "db-0", Reason: "Unhealthy", Warning: true, Count: 4, Host: "node-2",
			Message: "Readiness probe failed: HTTP probe failed with statuscode: 503",
		}},
		"event-exporter, a node": {map[string]string{"namespace": "kube-system"}, exporterLine, Event{
			Kind: "Node", Name: "node-2", Reason: "OOMKilling", Warning: true, Count: 1, Host: "node-2",
			Message: "Memory cgroup out of memory: Killed process 4711 (java)",
		}},
		"another label": {map[string]string{"k8s_namespace_name": "shop"}, `name=a kind=Pod reason=Started type=Normal msg="x"`, Event{Namespace: "shop", Kind: "Pod", Name: "a", Reason: "Started", Message: "x"}},
		// Alloy writes all values but the message as they are.
		"a reason of words": {alloy, `name=a kind=Cert reason=issuing failed twice type=Warning msg="x y=z"`, Event{Namespace: "shop", Kind: "Cert", Name: "a", Reason: "issuing failed twice", Warning: true, Message: "x y=z"}},
		"what Go quotes":    {alloy, `name=a kind=Pod reason=Unhealthy type=Warning msg="Readiness probe failed: \x1b[31m\a\u00e4\n\"quoted\"" `, Event{Namespace: "shop", Kind: "Pod", Name: "a", Reason: "Unhealthy", Warning: true, Message: "Readiness probe failed: \x1b[31m\aä\n\"quoted\""}},
		"what Go does not":  {alloy, `name=a kind=Pod reason=Unhealthy type=Warning msg="a \/ b"`, Event{Namespace: "shop", Kind: "Pod", Name: "a", Reason: "Unhealthy", Warning: true, Message: `a \/ b`}},
		"combined":          {alloy, `name=a kind=Pod reason=Unhealthy type=Warning count=64853 msg="(combined from similar events): Liveness probe errored"`, Event{Namespace: "shop", Kind: "Pod", Name: "a", Reason: "Unhealthy", Warning: true, Count: 64853, Message: "Liveness probe errored"}},
	} {
		got, ok := parseEvent(tc.labels, []byte(tc.line))
		require.True(t, ok, name)
		require.Equal(t, tc.want, got, name)
	}
	for _, line := range []string{
		"", " ", "{", `{"a":1}`, "null", "GET /healthz 200", `level=info msg="all well"`, `name=only`, `{"event":null}`, `{"name":["a"],"reason":"b"}`, `name= reason= msg="x"`,
	} {
		_, ok := parseEvent(alloy, []byte(line))
		require.False(t, ok, line)
	}
}

func FuzzParseEvent(f *testing.F) {
	for _, line := range []string{backOffLine, schedulingLine, jsonLine, routerLine, exporterLine, `a= b=c"d e=" "`, `msg="\x`} {
		f.Add([]byte(line))
	}
	window := loki.Window{Start: seriesStart, End: seriesStart.Add(time.Hour)}
	f.Fuzz(func(t *testing.T, line []byte) {
		before := string(line)
		e, ok := parseEvent(map[string]string{"namespace": "shop"}, line)
		require.Equal(t, before, string(line))
		if !ok {
			return
		}
		require.NotEmpty(t, e.Name)
		require.NotEmpty(t, e.Reason)
		require.LessOrEqual(t, len(e.Message), maxEventMessage)
		for _, s := range condenseEvents([]Event{e, e}, []map[string]string{{"namespace": e.Namespace}}, window, strings.ToUpper) {
			require.NotContains(t, s.Message, "\n")
			require.Positive(t, s.Count)
		}
	})
}

func TestEventsQuery(t *testing.T) {
	_, ok := eventsQuery([]map[string]string{{"app": "shop"}, {"namespace": ""}})
	require.False(t, ok)

	const jobs = `{job=~"loki\\.source\\.kubernetes_events|integrations/kubernetes/eventhandler|(.*/)?(eventrouter|(kubernetes-)?event-exporter)", `
	got, ok := eventsQuery([]map[string]string{{"namespace": "shop", "cluster": "prod"}, {"k8s_namespace_name": "a.b", "k8s_cluster_name": "prod"}})
	require.True(t, ok)
	require.Equal(t, jobs+`namespace=~"a\\.b|shop|", cluster=~"prod|"}`, got)
	got, _ = eventsQuery([]map[string]string{{"namespace": "shop", "cluster": "prod"}, {"namespace": "shop"}})
	require.Equal(t, jobs+`namespace=~"shop|"}`, got, "of which cluster is not known")

	var many []map[string]string
	for i := range 30 {
		for range 1 + i%7 {
			many = append(many, map[string]string{"namespace": fmt.Sprintf("ns%02d", i)})
		}
	}
	got, _ = eventsQuery(many)
	require.Contains(t, got, `"ns02|ns03|ns04|ns05|ns06|ns09|`, "in their order")
	require.Equal(t, maxEventNamespaces-1, strings.Count(got, "|ns"))
	require.NotContains(t, got, "ns00", "those with the most streams")

	for _, odd := range []string{`a"b`, "a`b", `a\b`, "a|b.*", "a\nb", "ä\x00", "}"} {
		got, ok := eventsQuery([]map[string]string{{"namespace": odd, "cluster": odd}})
		require.True(t, ok)
		_, err := loki.Parse(got)
		require.NoError(t, err, odd)
	}
}

func TestWorkload(t *testing.T) {
	for _, tc := range []struct{ kind, name, want string }{
		{"Pod", "checkout-6d5f7c8b9d-x2vqk", "checkout"}, {"Pod", "model-proxy-8ccccf4c7-6tgv8", "model-proxy"}, {"Pod", "node-exporter-x2vqk", "node-exporter"},
		{"Pod", "db-0", "db"}, {"Pod", "db-ha-12", "db-ha"}, {"Pod", "backup-28391040-x2vqk", "backup"}, {"Pod", "shell", "shell"}, {"Pod", "my-shell", "my-shell"},
		{"ReplicaSet", "checkout-6d5f7c8b9d", "checkout"}, {"Job", "backup-28391040", "backup"}, {"PersistentVolumeClaim", "data-db-0", "data-db"},
		{"Deployment", "web-2", "web-2"}, {"Node", "node-1", "node-1"}, {"HelmRelease", "shop", "shop"}, {"Pod", "-1", "-1"}, {"Pod", "", ""},
	} {
		require.Equal(t, tc.want, workload(tc.kind, tc.name), tc.name)
	}
}

func TestMaskEvent(t *testing.T) {
	for in, want := range map[string]string{
		"Back-off restarting failed container app in pod checkout-6d5f7c8b9d-x2vqk_shop(681d0337-535c-4106-a2ad-eac8c3caf9da)": "Back-off restarting failed container app in pod checkout-<id>_shop(<id>)",
		"Scaled up replica set checkout-6d5f7c8b9d from 0 to 3":                                                                "Scaled up replica set checkout-<id> from <num> to <num>",
		"Readiness probe failed: HTTP probe failed with statuscode: 503":                                                       "Readiness probe failed: HTTP probe failed with statuscode: 503",
		"container app exited with exit code 137 after 3.5s, 1,024 bytes read by <email>":                                      "container app exited with exit code 137 after <dur>, <num> bytes read by <email>",
		`Get "http://10.244.0.163:3000/api/health": dial tcp 10.244.0.163:3000: connect: connection refused`:                   `Get "http://<ip>/api/health": dial tcp <ip>: connect: connection refused`,
		`failed to start exec "428178d2be79d3602ca62ca6cca774a337aeeb933210abe15b9d80f148a1379f"`:                              `failed to start exec "<hex>"`,
	} {
		require.Equal(t, want, maskEvent(in, true))
		require.Equal(t, want, maskEvent(want, true), "masking again changes nothing")
	}
	require.Equal(t, "Scaled up replica set checkout-<id> from 0 to 3", maskEvent("Scaled up replica set checkout-6d5f7c8b9d from 0 to 3", false))
}

// A history of an incident: a rollout before the window, containers that crash, and
// what always happens besides.
func incidentEvents() []Event {
	at := func(minutes int) int64 { return seriesStart.Add(time.Duration(minutes) * time.Minute).UnixNano() }
	var out []Event
	add := func(minutes int, e Event) { e.Time = at(minutes); out = append(out, e) }
	shop := func(kind, name, reason, message string, warning bool, count int) Event {
		return Event{Namespace: "shop", Kind: kind, Name: name, Reason: reason, Message: message, Warning: warning, Count: count, Host: map[bool]string{true: "node-1"}[kind == "Pod"]}
	}
	add(-5, shop("Deployment", "checkout", "ScalingReplicaSet", "Scaled up replica set checkout-6d5f7c8b9d from 0 to 3", false, 1))
	add(-4, shop("ReplicaSet", "checkout-6d5f7c8b9d", "SuccessfulCreate", "Created pod: checkout-6d5f7c8b9d-x2vqk", false, 1))
	add(-4, shop("Pod", "checkout-6d5f7c8b9d-x2vqk", "Scheduled", "Successfully assigned shop/checkout-6d5f7c8b9d-x2vqk to node-1", false, 0))
	add(-4, shop("Pod", "checkout-6d5f7c8b9d-x2vqk", "Pulled", `Successfully pulled image "registry.example/shop/checkout:v2.4.0" in 1.387s (1.387s including waiting). Image size: 59774010 bytes.`, false, 1))
	for i := range 20 {
		for _, pod := range []string{"checkout-6d5f7c8b9d-x2vqk", "checkout-6d5f7c8b9d-7hq2b"} {
			add(-3+i*3, shop("Pod", pod, "BackOff", "Back-off restarting failed container app in pod "+pod+"_shop(681d0337-535c-4106-a2ad-eac8c3caf9da)", true, 1+i))
			add(-3+i*3, shop("Pod", pod, "Started", "Started container app", false, 1+i))
		}
	}
	add(30, shop("Pod", "db-0", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503", true, 1))
	add(31, shop("Pod", "db-0", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503", true, 9))
	add(31, shop("Pod", "db-0", "Killing", "Container db failed liveness probe, will be restarted", false, 1))
	add(40, shop("HorizontalPodAutoscaler", "checkout", "FailedGetResourceMetric", "failed to get cpu utilization: did not receive metrics for targeted pods", true, 3))
	add(45, Event{Kind: "Node", Name: "node-1", Reason: "NodeHasDiskPressure", Message: "Node node-1 status is now: NodeHasDiskPressure"})
	add(45, Event{Kind: "Node", Name: "node-9", Reason: "NodeNotReady", Message: "of a node without pods of the streams"})
	add(-90, shop("HelmRelease", "shop", "UpgradeSucceeded", "Helm upgrade succeeded for release shop/shop.v5 with chart shop@1.2.3", false, 0))
	add(10, Event{Namespace: "other", Kind: "Pod", Name: "a-0", Reason: "BackOff", Message: "of a namespace that no stream names", Warning: true})
	return out
}

func condensed(events []Event, streams []map[string]string) (out []string) {
	window := loki.Window{Start: seriesStart, End: seriesStart.Add(time.Hour)}
	for _, s := range condenseEvents(events, streams, window, func(s string) string { return strings.ReplaceAll(s, "registry.example", "<host>") }) {
		out = append(out, s.Text())
	}
	return out
}

func TestCondenseEvents(t *testing.T) {
	checkout := []map[string]string{{"namespace": "shop", "pod": "checkout-6d5f7c8b9d-x2vqk"}, {"namespace": "shop", "app": "checkout"}}
	want := []string{
		"warning BackOff Pod checkout ~32 on ~2 since just before the window: Back-off restarting failed container app in pod checkout_shop(<id>)",
		"normal NodeHasDiskPressure Node node-1 ~1 late: Node node-<num> status is now: NodeHasDiskPressure",
		"normal ScalingReplicaSet Deployment checkout ~1 just before the window: Scaled up replica set checkout-<id> from 0 to 3",
		`normal Pulled Pod checkout ~1 just before the window: Successfully pulled image "<host>/shop/checkout:v2.4.0"`,
		"warning Unhealthy Pod db ~8 middle: Readiness probe failed: HTTP probe failed with statuscode: 503",
		"normal Killing Pod db ~1 middle: Container db failed liveness probe, will be restarted",
		"normal UpgradeSucceeded HelmRelease shop ~1 before the window: Helm upgrade succeeded for release shop/shop.v5 with chart shop@1.2.3",
		"warning FailedGetResourceMetric HorizontalPodAutoscaler checkout ~1 late: failed to get cpu utilization: did not receive metrics for targeted pods",
		"normal Started Pod checkout ~32 on ~2 since just before the window: Started container app",
	}
	events := incidentEvents()
	require.Equal(t, want, condensed(events, checkout))
	for seed := range 20 { // the order does not matter, nor that a second collector stores all again
		shuffled := append(incidentEvents(), events...)
		rand.New(rand.NewPCG(uint64(seed), 1)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		require.Equal(t, want, condensed(shuffled, checkout))
	}
	require.Contains(t, condensed(events, []map[string]string{{"namespace": "shop"}, {"namespace": "other"}})[0], "Pod shop/checkout")
	require.Contains(t, condensed(events, []map[string]string{{"namespace": "shop"}})[1], "Pod db", "without pods, all workloads are equal")
	require.Empty(t, condensed(events, []map[string]string{{"namespace": "calm"}}))
	require.Empty(t, condensed(nil, checkout))
}

func TestCondenseEventsLeavesRoomForRollouts(t *testing.T) {
	events := incidentEvents()
	for i := range 30 {
		events = append(events, Event{Time: seriesStart.UnixNano(), Namespace: "shop", Kind: "Pod", Name: fmt.Sprintf("job%c-0", 'a'+i), Reason: "Failed", Message: "Error: ImagePullBackOff", Warning: true, Count: 100})
	}
	got := condensed(events, []map[string]string{{"namespace": "shop"}})
	require.Len(t, got, maxEventSummaries)
	require.Contains(t, strings.Join(got, "\n"), "ScalingReplicaSet")
	require.Contains(t, strings.Join(got, "\n"), "UpgradeSucceeded")
}

func TestOccurrences(t *testing.T) {
	event := func(minute, count int) Event {
		return Event{Time: seriesStart.Add(time.Duration(minute) * time.Minute).UnixNano(), Namespace: "shop", Kind: "Pod", Name: "a", Reason: "BackOff", Warning: true, Count: count}
	}
	for name, tc := range map[string]struct {
		events []Event
		want   int
	}{
		"what came before is not counted": {[]Event{event(0, 500), event(1, 503)}, 4},
		"stored twice":                    {[]Event{event(0, 1), event(0, 1), event(1, 2), event(1, 2)}, 2},
		"forgotten after an hour":         {[]Event{event(0, 9), event(1, 10), event(2, 3)}, 5},
		"without counts":                  {[]Event{event(0, 0), event(1, 0), event(2, 0)}, 3},
	} {
		s := condenseEvents(tc.events, []map[string]string{{"namespace": "shop"}}, loki.Window{Start: seriesStart, End: seriesStart.Add(time.Hour)}, strings.ToUpper)
		require.Len(t, s, 1)
		require.Equal(t, tc.want, s[0].Count, name)
	}
}

func TestReadEvents(t *testing.T) {
	shop := []map[string]string{{"namespace": "shop"}}
	window := loki.Window{Start: seriesStart, End: seriesStart.Add(time.Hour)}
	lines := func(total int64, err error, lines ...string) eventsReader {
		return func(_ context.Context, _ string, start, end int64, limit int, line func(int64, map[string]string, []byte)) (int64, error) {
			require.Equal(t, window.Start.Add(-time.Hour).UnixNano(), start)
			require.Equal(t, window.End.UnixNano(), end)
			require.Equal(t, maxEvents, limit)
			line(start-1, nil, []byte(backOffLine)) // a reader may read more than it must
			line(end+1, nil, []byte(backOffLine))
			for i, l := range lines {
				line(start+int64(i), shop[0], []byte(l))
			}
			return total, err
		}
	}
	for name, tc := range map[string]struct {
		read    eventsReader
		streams []map[string]string
		events  int
		warning bool
		notice  string
	}{
		"as usual":       {lines(2, nil, backOffLine, jsonLine), shop, 2, false, ""},
		"no namespace":   {nil, []map[string]string{{"app": "shop"}}, 0, false, "no stream has a namespace label"},
		"none":           {lines(0, nil), shop, 0, false, "no Kubernetes events of these namespaces"},
		"another format": {lines(1, nil, "x"), shop, 0, true, "no Kubernetes events in a format that is known"},
		"failed":         {lines(0, errors.New("Loki is slow")), shop, 0, true, "nothing is known of restarts and rollouts: Loki is slow"},
		"sampled":        {lines(5000, nil, backOffLine), shop, 1, false, "1 of 5000 Kubernetes events were read"},
	} {
		events, notices := readEvents(t.Context(), tc.read, tc.streams, window, time.Minute)
		require.Len(t, events, tc.events, name)
		if tc.notice == "" {
			require.Empty(t, notices, name)
			continue
		}
		require.Len(t, notices, 1, name)
		require.Contains(t, notices[0].Text, tc.notice)
		require.Equal(t, tc.warning, notices[0].Warning, name)
	}
	for length, want := range map[time.Duration]time.Duration{time.Minute: 30 * time.Minute, time.Hour: time.Hour, 24 * time.Hour: 2 * time.Hour} {
		require.Equal(t, want, eventLead(loki.Window{Start: seriesStart, End: seriesStart.Add(length)}))
	}
	stuck := func(ctx context.Context, _ string, _, _ int64, _ int, _ func(int64, map[string]string, []byte)) (int64, error) {
		<-ctx.Done()
		return 0, ctx.Err()
	}
	_, notices := readEvents(t.Context(), stuck, shop, window, time.Millisecond)
	require.True(t, notices[0].Warning)
}

// TestEventsInARealLoki: the query finds what Alloy stores, of the streams' namespaces
// and of nodes, and nothing else.
func TestEventsInARealLoki(t *testing.T) {
	server, err := testenv.SharedLoki(t.Context(), t.Logf)
	require.NoError(t, err)
	defer func() { require.NoError(t, server.Close()) }()
	tenant := fmt.Sprintf("events-%d", time.Now().UnixNano())
	end := time.Now().Add(-time.Minute).Truncate(time.Second)
	window := loki.Window{Start: end.Add(-15 * time.Minute), End: end}
	stream := func(labels map[string]string, at time.Time, line string) testenv.Stream {
		return testenv.Stream{Labels: labels, Entries: []testenv.Entry{{Time: at, Line: line, Metadata: map[string]string{"name": "checkout-6d5f7c8b9d-x2vqk"}}}}
	}
	job := func(job, namespace string) map[string]string {
		labels := map[string]string{"job": job, "instance": "loki.source.kubernetes_events.cluster_events"}
		if namespace != "" {
			labels["namespace"] = namespace
		}
		return labels
	}
	const alloy, chart = "loki.source.kubernetes_events", "integrations/kubernetes/eventhandler"
	require.NoError(t, server.Push(t.Context(), tenant, []testenv.Stream{
		stream(job(alloy, "shop"), end.Add(-time.Minute), backOffLine),
		stream(job(chart, "shop"), end.Add(-40*time.Minute), jsonLine),
		stream(job(alloy, ""), end.Add(-2*time.Minute), `name=node-1 kind=Node reason=Rebooted type=Warning msg="Node node-1 has been rebooted"`),
		stream(job("logging/eventrouter", "shop"), end.Add(-3*time.Minute), routerLine),
		stream(job(alloy, "shopping"), end.Add(-time.Minute), backOffLine),
		stream(job(alloy, "shop"), end.Add(-50*time.Minute), strings.Replace(backOffLine, "BackOff", "TooEarly", 1)),
		stream(job("shop/checkout", "shop"), end.Add(-time.Minute), backOffLine),
	}))
	transport := http.DefaultTransport.(*http.Transport).Clone()
	defer transport.CloseIdleConnections()
	client, err := loki.NewClient(loki.Options{URL: server.URL, Tenant: tenant, HTTP: &http.Client{Transport: transport, Timeout: time.Minute}})
	require.NoError(t, err)

	events, notices := readEvents(t.Context(), eventsFrom(client), []map[string]string{{"namespace": "shop"}}, window, time.Minute)
	require.Empty(t, notices)
	reasons := map[string]bool{}
	for _, e := range events {
		reasons[e.Reason] = true
	}
	require.Equal(t, map[string]bool{"BackOff": true, "ScalingReplicaSet": true, "Rebooted": true, "Unhealthy": true}, reasons)
	require.Len(t, events, 4)

	_, notices = readEvents(t.Context(), eventsFrom(client), []map[string]string{{"namespace": "calm"}}, loki.Window{Start: window.Start.Add(-24 * time.Hour), End: window.End.Add(-24 * time.Hour)}, time.Minute)
	require.Contains(t, notices[0].Text, "no Kubernetes events")
}
