package analysis

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lokalyst/lokalyst/pkg/loki"
)

// Kubernetes events are read as Grafana Alloy's loki.source.kubernetes_events stores
// them in Loki, with the asker's own rights: nobody is told of an event that he could
// not query himself.

const (
	maxEvents          = 1000
	maxEventNamespaces = 20
	// minEventLead and maxEventLead bound how long before the window events are read:
	// what a rollout breaks often shows later.
	minEventLead, maxEventLead = 30 * time.Minute, 2 * time.Hour
)

// eventJobs matches the job label that collectors give events: Alloy's default, its
// name in the k8s-monitoring chart and of the older agent, and the pods that print
// events, where their pipeline takes the namespace out of the event.
const eventJobs = `loki\.source\.kubernetes_events|integrations/kubernetes/eventhandler|(.*/)?(eventrouter|(kubernetes-)?event-exporter)`

// eventsReader reads lines of a log query between two times in Unix nanoseconds, and
// maybe some around them, and passes them on: about maxLines, spread over the time,
// where there are more. It returns how many there are. The line's text is only valid
// during the call.
type eventsReader func(ctx context.Context, logql string, startNs, endNs int64, maxLines int, line func(timeNs int64, labels map[string]string, text []byte)) (total int64, err error)

// readEvents reads the events of the namespaces that the streams name, from before
// the window to its end, in at most limit. An answer without them is better than none,
// so that a failure is a notice.
func readEvents(ctx context.Context, read eventsReader, streams []map[string]string, w loki.Window, limit time.Duration) (events []Event, notices []Notice) {
	tell := func(warning bool, format string, args ...any) {
		notices = append(notices, Notice{Warning: warning, Text: fmt.Sprintf(format, args...)})
	}
	query, ok := eventsQuery(streams)
	if !ok {
		tell(false, "No Kubernetes events were looked for, because no stream has a namespace label.")
		return nil, notices
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	start, end, lines := w.Start.Add(-eventLead(w)).UnixNano(), w.End.UnixNano(), 0
	total, err := read(ctx, query, start, end, maxEvents, func(at int64, labels map[string]string, text []byte) {
		if at < start || at > end {
			return
		}
		lines++
		if e, ok := parseEvent(labels, text); ok {
			e.Time = at
			events = append(events, e)
		}
	})
	switch {
	case err != nil:
		tell(true, "The Kubernetes events could not be read, so nothing is known of restarts and rollouts: %s", err.Error())
		return nil, notices
	case lines == 0:
		tell(false, "Loki has no Kubernetes events of these namespaces around the window. They come from Grafana Alloy's loki.source.kubernetes_events.")
	case len(events) == 0:
		tell(true, "The lines of %s are no Kubernetes events in a format that is known.", query)
	case total > maxEvents:
		tell(false, "%d of %d Kubernetes events were read, spread over the time.", lines, total)
	}
	if n := len(namespacesOf(streams)); n > maxEventNamespaces {
		tell(false, "Kubernetes events were read of %d of %d namespaces, those with the most streams.", maxEventNamespaces, n)
	}
	return events, notices
}

// eventLead is how long before the window events are read.
func eventLead(w loki.Window) time.Duration {
	return min(max(w.Length(), minEventLead), maxEventLead)
}

// eventsQuery returns the LogQL that selects the events of the namespaces and
// clusters that the streams name, and those of objects outside of namespaces, such as
// nodes. It is false where no stream names a namespace.
func eventsQuery(streams []map[string]string) (logql string, ok bool) {
	namespaces := namespacesOf(streams)
	if len(namespaces) == 0 {
		return "", false
	}
	namespaces = namespaces[:min(len(namespaces), maxEventNamespaces)]
	slices.Sort(namespaces)
	matchers := `{job=~` + strconv.Quote(eventJobs) + `, namespace=~` + anyOrNone(namespaces)
	clusters := map[string]bool{}
	for _, s := range streams {
		clusters[firstOf(s, "cluster", "k8s_cluster_name")] = true
	}
	if !clusters[""] { // namespaces of the same name in other clusters are others
		matchers += `, cluster=~` + anyOrNone(slices.Sorted(maps.Keys(clusters)))
	}
	return matchers + "}", true
}

// anyOrNone renders a regular expression that matches the values and the absent
// label.
func anyOrNone(values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = regexp.QuoteMeta(v)
	}
	return strconv.Quote(strings.Join(quoted, "|") + "|")
}

// namespacesOf returns the namespaces of the streams, those of the most streams first.
func namespacesOf(streams []map[string]string) []string {
	count := map[string]int{}
	for _, s := range streams {
		if n := namespaceOf(s); n != "" {
			count[n]++
		}
	}
	return slices.SortedFunc(maps.Keys(count), func(a, b string) int {
		return cmp.Or(count[b]-count[a], strings.Compare(a, b))
	})
}

func namespaceOf(labels map[string]string) string {
	return firstOf(labels, "namespace", "k8s_namespace_name")
}

// firstOf returns the value of the first label that is set.
func firstOf(labels map[string]string, names ...string) string {
	for _, n := range names {
		if v := labels[n]; v != "" {
			return v
		}
	}
	return ""
}
