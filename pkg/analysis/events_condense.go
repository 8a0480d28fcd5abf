package analysis

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"time"

	"github.com/lokalyst/lokalyst/pkg/loki"
)

// An EventSummary is what is told of the events of one reason, kind and workload.
type EventSummary struct {
	Warning bool
	// Namespace is empty where all summaries are of one, and for objects outside of
	// namespaces.
	Reason, Kind, Namespace, Workload string
	// Count is how often it was seen to occur, Objects on how many objects.
	Count, Objects int
	First, Last    time.Time
	// Message is the most frequent one, the latest of a rollout, masked.
	Message string

	class eventClass
	// foreign says that the workload is none of the streams'.
	foreign bool
	window  loki.Window
}

const (
	maxEventSummaries = 12
	// maxOfClass leaves room for rollouts beside many failures.
	maxOfClass      = 8
	maxEventExcerpt = 120
)

// condenseEvents tells what explains most of an incident in the streams: what failed,
// was changed or restarted in their namespaces and on the nodes of their pods, their
// own workloads first. It masks by redact before anything else.
func condenseEvents(events []Event, streams []map[string]string, w loki.Window, redact func(string) string) []EventSummary {
	s := scopeOf(streams, events)
	groups := map[EventSummary]*eventGroup{}
	for _, e := range distinct(events) {
		class, ok := classOf(&e.Event)
		if !ok || !s.holds(&e.Event) {
			continue
		}
		name := workload(e.Kind, e.Name)
		key := EventSummary{
			Warning: e.Warning, Reason: e.Reason, Kind: e.Kind, Namespace: e.Namespace, Workload: name,
			class: class, foreign: len(s.workloads) > 0 && !s.workloads[name] && e.Kind != "Node", window: w,
		}
		g := groups[key]
		if g == nil {
			g = &eventGroup{first: e.Time, objects: map[string]bool{}, messages: map[string]int{}}
			groups[key] = g
		}
		g.add(&e)
	}
	out := make([]EventSummary, 0, len(groups))
	for key, g := range groups {
		if len(s.namespaces) < 2 {
			key.Namespace = ""
		}
		out = append(out, g.summary(key, redact))
	}
	return mostTelling(out)
}

// mostTelling orders the summaries and cuts them to what a model is told.
func mostTelling(all []EventSummary) []EventSummary {
	order := func(a, b EventSummary) int {
		return cmp.Or(
			a.place()-b.place(), roughly(b.Count)-roughly(a.Count), a.First.Compare(b.First), strings.Compare(a.Text(), b.Text()),
			strings.Compare(a.Namespace, b.Namespace),
		)
	}
	slices.SortFunc(all, order)
	var out, more []EventSummary
	ofClass := map[eventClass]int{}
	for _, s := range all {
		if ofClass[s.class]++; ofClass[s.class] > maxOfClass {
			more = append(more, s)
		} else {
			out = append(out, s)
		}
	}
	out = out[:min(len(out), maxEventSummaries)]
	out = append(out, more[:min(len(more), maxEventSummaries-len(out))]...)
	slices.SortFunc(out, order)
	return out
}

// place is the summary's place by what it explains.
func (s *EventSummary) place() int {
	place := int(s.class)
	if s.foreign {
		place += foreignPlaces
	}
	return place
}

// A scope is what the streams are about.
type scope struct{ namespaces, workloads, nodes map[string]bool }

func scopeOf(streams []map[string]string, events []Event) scope {
	s := scope{map[string]bool{}, map[string]bool{}, map[string]bool{}}
	for _, labels := range streams {
		s.namespaces[namespaceOf(labels)] = true
		s.nodes[firstOf(labels, "node", "node_name", "k8s_node_name")] = true
		s.workloads[workload("Pod", firstOf(labels, "pod", "k8s_pod_name"))] = true
		for _, name := range []string{"app", "service_name", "k8s_deployment_name", "k8s_statefulset_name", "k8s_daemonset_name"} {
			s.workloads[labels[name]] = true
		}
	}
	delete(s.namespaces, "")
	delete(s.workloads, "")
	for i := range events { // the kubelet tells on which node a pod is
		if e := &events[i]; e.Kind == "Pod" && s.namespaces[e.Namespace] {
			s.nodes[e.Host] = true
		}
	}
	delete(s.nodes, "")
	return s
}

func (s scope) holds(e *Event) bool {
	if e.Kind == "Node" {
		return s.nodes[e.Name]
	}
	return s.namespaces[e.Namespace]
}

// A countedEvent stands for times occurrences.
type countedEvent struct {
	Event
	times int
}

// distinct orders the events by time and counts occurrences: each time Kubernetes
// sees an event again it raises its count and the collector stores it once more, and
// several collectors store each event each.
func distinct(events []Event) []countedEvent {
	sorted := slices.Clone(events)
	slices.SortFunc(sorted, func(a, b Event) int {
		return cmp.Or(
			cmp.Compare(a.Time, b.Time), cmp.Compare(a.Count, b.Count), strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Kind, b.Kind),
			strings.Compare(a.Name, b.Name), strings.Compare(a.Reason, b.Reason), strings.Compare(a.Message, b.Message),
		)
	})
	seen := map[Event]Event{}
	out := make([]countedEvent, 0, len(sorted))
	for _, e := range sorted {
		key := e
		key.Time, key.Count, key.Host = 0, 0, ""
		before, ok := seen[key]
		seen[key] = e
		c := countedEvent{Event: e, times: 1}
		switch {
		case ok && e.Time == before.Time && e.Count == before.Count:
			continue
		case ok && before.Count > 0 && e.Count > before.Count:
			c.times = e.Count - before.Count
		case ok && e.Count > 0 && e.Count < before.Count: // Kubernetes forgets events after an hour
			c.times = e.Count
		}
		out = append(out, c)
	}
	return out
}

// An eventGroup gathers the events of one summary, in the order of time.
type eventGroup struct {
	first, last int64
	count       int
	objects     map[string]bool
	messages    map[string]int
	latest      string
}

func (g *eventGroup) add(e *countedEvent) {
	g.last = e.Time
	g.count += e.times
	g.objects[e.Name] = true
	// Its own name differs from object to object.
	g.latest = strings.ReplaceAll(e.Message, e.Name, workload(e.Kind, e.Name))
	g.messages[g.latest] += e.times
}

func (g *eventGroup) summary(s EventSummary, redact func(string) string) EventSummary {
	s.Count, s.Objects = g.count, len(g.objects)
	s.First, s.Last = time.Unix(0, g.first).UTC(), time.Unix(0, g.last).UTC()
	if s.class == classRollout { // told once each, so its numbers may stay
		s.Message = excerpt(maskEvent(redact(g.latest), false))
		if image, _, ok := strings.Cut(s.Message, `" in `); ok && s.Reason == "Pulled" {
			s.Message = image + `"`
		}
		return s
	}
	masked := map[string]int{}
	for m, n := range g.messages {
		masked[excerpt(maskEvent(redact(m), true))] += n
	}
	for m, n := range masked {
		if best := masked[s.Message]; n > best || n == best && m < s.Message {
			s.Message = m
		}
	}
	return s
}

// excerpt cuts a message to one short line.
func excerpt(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > maxEventExcerpt {
		s = strings.ToValidUTF8(s[:maxEventExcerpt], "") + " …"
	}
	return s
}

// Text renders the summary in one line for the model. Counts and times are rough, so
// that the line stays as it is while the window moves on.
func (s EventSummary) Text() string {
	level := "normal"
	if s.Warning {
		level = "warning"
	}
	name := s.Workload
	if s.Namespace != "" {
		name = s.Namespace + "/" + name
	}
	text := fmt.Sprintf("%s %s %s %s ~%d", level, s.Reason, s.Kind, name, roughly(s.Count))
	if s.Objects > 1 {
		text += fmt.Sprintf(" on ~%d", roughly(s.Objects))
	}
	from, until := s.part(s.First), s.part(s.Last)
	switch {
	case from == until:
		text += " " + from
	case until == "end":
		text += " since " + from
	default:
		text += " since " + from + " until " + until
	}
	if s.Message != "" {
		text += ": " + s.Message
	}
	return text
}

// roughly rounds down to a power of two.
func roughly(n int) int {
	if n <= 0 {
		return 0
	}
	return 1 << (bits.Len(uint(n)) - 1)
}

// part names the fifth of the window that a time lies in, or where before it.
func (s EventSummary) part(t time.Time) string {
	switch before := s.window.Start.Sub(t); {
	case before > s.window.Length()/5:
		return "before the window"
	case before > 0:
		return "just before the window"
	}
	return fifth(t, s.window)
}
