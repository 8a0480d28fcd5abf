package plugin_test

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// The states of an alert. A reason can stand behind one in brackets.
const (
	stateNormal   = "Normal"
	statePending  = "Pending"
	stateAlerting = "Alerting"
	stateNoData   = "NoData"
	stateError    = "Error"
	keepLast      = "KeepLast"
)

// missedEvaluations in a row resolve a series: one that is back at the next evaluation
// keeps its state.
const missedEvaluations = 2

// An alertSeries is the alert of one set of labels.
type alertSeries struct {
	labels        data.Labels
	state, reason string
	activeAt      time.Time
	value         float64
	annotations   map[string]string
	missed        int
}

// alerts are the alerts of a rule by their labels, and what became of them.
type alerts struct {
	series map[string]*alertSeries
	// resolved tells of each alert that stopped firing, with its reason.
	resolved []string
	// fired counts how often one began to.
	fired int
}

// take brings the alerts to where an evaluation puts them.
func (a *alerts) take(rule *alertRule, e evaluation, tick time.Time) {
	switch e.health {
	case "nodata":
		a.exceptional(stateNoData, rule.NoDataState, e.refID, tick)
	case "error":
		a.exceptional(stateError, rule.ExecErrState, e.refID, tick)
	default:
		a.regular(rule, e, tick)
	}
}

// regular is an evaluation with numbers.
func (a *alerts) regular(rule *alertRule, e evaluation, tick time.Time) {
	seen := map[string]bool{}
	for _, n := range e.numbers[rule.Queries[0].RefID] {
		s := a.at(n.labels)
		seen[n.labels.String()] = true
		s.missed = 0
		switch {
		case n.value == nil:
			a.unusual(s, stateNoData, rule.NoDataState, tick)
			continue
		case math.IsNaN(*n.value) || !rule.Fires(*n.value):
			a.set(s, stateNormal, "", tick)
		default:
			a.firing(s, rule.For, tick)
		}
		s.value, s.annotations = *n.value, annotate(rule, e, n)
	}
	a.miss(seen)
}

// firing is an evaluation in which the condition held.
func (a *alerts) firing(s *alertSeries, wait time.Duration, tick time.Time) {
	switch {
	case s.state == stateAlerting:
		a.set(s, stateAlerting, "", tick)
	case wait == 0, s.state == statePending && tick.Sub(s.activeAt) >= wait:
		a.set(s, stateAlerting, "", tick)
	case s.state != statePending:
		a.set(s, statePending, "", tick)
	}
}

// exceptional is an evaluation without numbers: of one series that stands for the data
// source, or with KeepLast and OK of those that there are.
func (a *alerts) exceptional(state, wish, refID string, tick time.Time) {
	if (wish == keepLast || wish == "OK") && len(a.series) > 0 {
		for _, s := range a.series {
			a.unusual(s, state, wish, tick)
		}
		return
	}
	s := a.at(data.Labels{"datasource_uid": "aianalysis", "ref_id": refID})
	a.unusual(s, state, wish, tick)
	a.miss(map[string]bool{s.labels.String(): true})
}

// unusual is a series without a number.
func (a *alerts) unusual(s *alertSeries, state, wish string, tick time.Time) {
	switch wish {
	case keepLast:
		a.set(s, s.state, state+", "+keepLast, tick)
		s.value = -1
	case "OK":
		a.set(s, stateNormal, state, tick)
	case stateAlerting:
		a.set(s, stateAlerting, state, tick)
	default:
		a.set(s, state, "", tick)
	}
}

// miss counts an evaluation against the series that it did not have.
func (a *alerts) miss(seen map[string]bool) {
	for key, s := range a.series {
		if seen[key] {
			continue
		}
		if s.missed++; s.missed >= missedEvaluations {
			a.end(s, "MissingSeries")
			delete(a.series, key)
		}
	}
}

func (a *alerts) at(labels data.Labels) *alertSeries {
	s, ok := a.series[labels.String()]
	if !ok {
		s = &alertSeries{labels: labels, state: stateNormal}
		a.series[labels.String()] = s
	}
	return s
}

func (a *alerts) set(s *alertSeries, state, reason string, tick time.Time) {
	if state != s.state {
		s.activeAt = tick
	}
	if state == stateAlerting && s.state != stateAlerting {
		a.fired++
	}
	if state != stateAlerting {
		a.end(s, reason)
	}
	s.state, s.reason = state, reason
}

func (a *alerts) end(s *alertSeries, reason string) {
	if s.state == stateAlerting {
		a.resolved = append(a.resolved, strings.TrimSpace(s.labels.String()+" "+reason))
	}
}

// states are the states by the value of a label, with their reasons.
func (a *alerts) states(label string) map[string]string {
	out := map[string]string{}
	for _, s := range a.series {
		text := s.state
		if s.reason != "" {
			text += " (" + s.reason + ")"
		}
		out[s.labels[label]] = text
	}
	return out
}

func (a *alerts) find(label, value string) *alertSeries {
	for _, s := range a.series {
		if s.labels[label] == value {
			return s
		}
	}
	return nil
}

// A captured number is what $values has of one query.
type captured struct {
	Labels data.Labels
	Value  float64
}

// String is what a template prints of it.
func (c captured) String() string { return fmt.Sprint(c.Value) }

// annotate renders the annotations of a row. Grafana gives a template the numbers of
// all queries whose labels contain the row's, or are contained in them.
func annotate(rule *alertRule, e evaluation, row labelled) map[string]string {
	values := map[string]captured{}
	for ref, rows := range e.numbers {
		for _, n := range rows {
			if contains(n.labels, row.labels) || contains(row.labels, n.labels) {
				c := captured{Labels: n.labels, Value: math.NaN()}
				if n.value != nil {
					c.Value = *n.value
				}
				values[ref] = c
			}
		}
	}
	out := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(rule.Annotations)) {
		out[name] = expand(rule.Annotations[name], row.labels, values)
	}
	return out
}

// expand renders a template as Grafana does, with the variables that it puts in front.
func expand(text string, labels data.Labels, values map[string]captured) string {
	const variables = `{{- $labels := .Labels -}}{{- $values := .Values -}}{{- $value := .Value -}}`
	t, err := template.New("").Option("missingkey=default").Parse(variables + text)
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	if err := t.Execute(&b, map[string]any{"Labels": labels, "Values": values, "Value": ""}); err != nil {
		return err.Error()
	}
	return b.String()
}

func contains(all, some data.Labels) bool {
	for k, v := range some {
		if got, ok := all[k]; !ok || got != v {
			return false
		}
	}
	return true
}
