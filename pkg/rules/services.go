package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lokalyst/lokalyst/pkg/patterns"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// serviceLabels are the labels that name what a stream's lines belong to, the most telling
// first. Those of replicas are none of them.
var serviceLabels = []string{
	"service_name", "app", "app_kubernetes_io_name", "k8s_app", "container", "container_name", "unit", "_systemd_unit", "syslog_identifier", "component", "job", "filename", "name",
}

// A service is what the window's lines say of one program, all of its replicas together.
type service struct {
	name string
	// total are its lines in the window, failed those that state a failure which the
	// baseline does not have as much of; base and baseFailed are those of the baseline.
	total, failed, base, baseFailed int
	// trend and failing are total and failed by parts of the window.
	trend, failing [patterns.TrendBuckets]int
	// callers says that failures are what callers made it refuse.
	callers, responses bool
	patterns           []int
}

// Thresholds of a service that fails. Users fail now where a large part of what it says
// are failures, in most of the window and until its end; it is degraded where it fails
// again and again.
const (
	failingCritical, failingWarning           = 30, 8
	failingCriticalParts, failingWarningParts = 14, 5
	failingCriticalShare, failingWarningShare = 0.25, 0.05
	// failingLoop is failingCritical for what only manages others, and repeats what fails.
	failingLoop                                 = 50
	failingManyWarning, failingManyWarningParts = 20, 4
)

// serviceName returns the name of the service that a stream with these labels is of.
func serviceName(labels map[string]string) string {
	for _, name := range serviceLabels {
		if v := labels[name]; v != "" {
			if c := labels["container"]; c != "" && c != v {
				v += "/" + c
			}
			return labels["namespace"] + "/" + v
		}
	}
	return ""
}

// services sums up the patterns by the service that printed them. A pattern of several
// services is that of the first.
func (j *judge) services() []*service {
	names := make([]string, len(j.in.Streams))
	for i, labels := range j.in.Streams {
		names[i] = serviceName(labels)
	}
	byName := map[string]*service{}
	var out []*service
	j.each(func(i int, p *patterns.Pattern) {
		name := ""
		if len(p.Streams) > 0 && p.Streams[0] < len(names) {
			name = names[p.Streams[0]]
		}
		s := byName[name]
		if s == nil {
			s = &service{name: name}
			byName[name], out = s, append(out, s)
		}
		j.sumUp(s, i, p)
	})
	return out
}

// sumUp adds a pattern to its service.
func (j *judge) sumUp(s *service, i int, p *patterns.Pattern) {
	s.total += p.Count
	s.base += p.BaselineCount
	for b, n := range p.Trend {
		s.trend[b] += n
	}
	response := j.statuses.has(i)
	n := p.Count
	if !response {
		n = j.failedLines(i)
	}
	if n == 0 {
		return
	}
	s.baseFailed += p.BaselineCount * n / max(1, p.Count)
	if !j.unusual(i) {
		return
	}
	s.failed += n
	s.responses = s.responses || response
	s.callers = s.callers || j.noisy[i] == storm
	s.patterns = append(s.patterns, i)
	for b, k := range p.Trend {
		s.failing[b] += k * n / max(1, p.Count)
	}
}

// failing judges each service by its own lines: beside others that say a thousand times as
// much, one that fails altogether is a small share of the window.
func (j *judge) failing() (out []Finding) {
	ps := j.in.Patterns
	for _, s := range j.services() {
		severity := s.severity(j.loops(s))
		if severity == verdict.Healthy {
			continue
		}
		slices.SortStableFunc(s.patterns, func(a, b int) int { return ps[b].Count - ps[a].Count })
		f := Finding{Rule: "service-failing", Category: verdict.CategoryOther, Severity: severity, Patterns: firstOf(s.patterns)}
		if s.responses {
			f.Category = "dependency"
		}
		f.Reason = fmt.Sprintf("%d of %d lines of one service (%.0f %%) are failures", s.failed, s.total, 100*s.share())
		if j.in.HasBaseline {
			f.Reason += fmt.Sprintf(" beyond the baseline's, of which %d of %d were", s.baseFailed, s.base)
		}
		switch {
		case severity == verdict.Critical:
			f.Reason += ", in most of the window and until its end."
		case s.lasts() && s.parts() >= failingCriticalParts:
			f.Reason += ", until the window's end."
		default:
			f.Reason += ", in a part of the window or a part of its work."
		}
		out = append(out, f)
	}
	return out
}

func (s *service) share() float64 { return float64(s.failed) / float64(max(1, s.total)) }

// loops reports whether a service only manages others: a part of Kubernetes, an operator,
// or what is written with their libraries. Nobody waits for it, and it tries again for ever.
func (j *judge) loops(s *service) bool {
	for _, i := range s.patterns {
		line := j.in.Patterns[i].Sample
		if reconciles(line) {
			continue
		}
		for _, c := range j.components(i, line) {
			if c.ID == application || !slices.Contains(c.Prints, "cluster") {
				return false
			}
		}
	}
	return j.in.Streams != nil
}

// reconciles reports whether a line is written as klog or controller-runtime do.
func reconciles(line string) bool {
	return klogHead.possible(line) && klogHead.MatchString(line) || strings.Contains(line, `"reconcileID":"`)
}

var klogHead = mustAnchored(`^[IWEF]\d{4} [\d:.]+ +\d+ [\w./-]+:\d+\]`)

// severity is what the failures of a service come to; loop says that it only manages
// others.
func (s *service) severity(loop bool) verdict.Severity {
	if s.base > 0 && s.share() < 2*float64(s.baseFailed)/float64(s.base) {
		return verdict.Healthy
	}
	parts, many := s.parts(), failingCritical
	if loop {
		many = failingLoop
	}
	switch {
	case s.failed >= many && parts >= failingCriticalParts && s.lasts() && s.lastShare() >= failingCriticalShare && !s.callers:
		return verdict.Critical
	case s.share() < failingWarningShare:
	case s.failed >= failingWarning && parts >= failingWarningParts, s.failed >= failingManyWarning && parts >= failingManyWarningParts:
		return verdict.Warning
	}
	return verdict.Healthy
}

// parts is in how many parts of the window there are failures.
func (s *service) parts() int { return filled(s.failing[:]) }

// lasts reports whether there are failures in most of the window's last quarter.
func (s *service) lasts() bool {
	return filled(s.failing[patterns.TrendBuckets-quarter:]) >= lastingParts
}

// lastShare is the share of failures in the window's last parts.
func (s *service) lastShare() float64 {
	failed, total := 0, 0
	for b := patterns.TrendBuckets - quarter; b < patterns.TrendBuckets; b++ {
		failed += s.failing[b]
		total += s.trend[b]
	}
	return float64(failed) / float64(max(1, total))
}
