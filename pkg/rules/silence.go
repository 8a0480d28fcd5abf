package rules

import (
	"bytes"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"

	"github.com/lokalyst/lokalyst/pkg/patterns"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// Thresholds of silence, in parts of the window.
const (
	// regularParts is in how many parts of the baseline something printed that is missed.
	regularParts = 16
	// silentParts is how many parts at the window's end are silent at least, and
	// silentChance how improbable that may be at most by the baseline.
	silentParts, silentChance = 3, 1e-6
	// maxRegularity bounds in what share of the parts something is expected to print.
	maxRegularity = 0.99
	// silentWarning is a part of the window, silentCritical most of it.
	silentWarning, silentCritical = 6, 16
)

// replicaLabels are the labels that tell the replicas of a service apart, the most telling
// first.
var replicaLabels = []string{"pod", "pod_name", "k8s_pod_name", "instance", "service_instance_id", "host", "hostname", "node_name", "node", "nodename"}

// goodbyes are what a program or Kubernetes says when something stops because it shall.
var goodbyes = [][]byte{
	[]byte("shutdown"), []byte("shutting down"), []byte("shut down"), []byte("sigterm"), []byte("stopping"), []byte("exiting"), []byte("terminating"),
	[]byte("draining"), []byte("drained"), []byte("scaled down"), []byte("scale down"), []byte("scaling down"), []byte("paused"), []byte("suspended"),
	[]byte("killing"), []byte("evicting"), []byte("successfuldelete"), []byte("nothing more to do"), []byte("run complete"), []byte("maintenance"),
}

// A printer is a service or one of its replicas.
type printer struct {
	service, replica string
	streams          []int
	activity         patterns.Activity
}

func (p *printer) add(stream int, a patterns.Activity) {
	p.streams = append(p.streams, stream)
	p.activity.Now |= a.Now
	p.activity.Before |= a.Before
}

// silentFor is for how many parts at the window's end a printer has been silent that
// prints regularly; 0 where that is nothing unusual by the baseline.
func (p *printer) silentFor() int {
	before, silent := bits.OnesCount32(p.activity.Before), bits.LeadingZeros32(p.activity.Now<<(32-patterns.TrendBuckets))
	silent = min(silent, patterns.TrendBuckets)
	if before < regularParts || silent < silentParts {
		return 0
	}
	share := min(float64(before)/patterns.TrendBuckets, maxRegularity)
	if math.Pow(1-share, float64(silent)) > silentChance || silent < 2*longestGap(p.activity.Before)+2 {
		return 0
	}
	return silent
}

// longestGap is how many parts in a row are silent.
func longestGap(parts uint32) (longest int) {
	for b, n := 0, 0; b < patterns.TrendBuckets; b++ {
		if n++; parts>>b&1 == 1 {
			n = 0
		}
		longest = max(longest, n)
	}
	return longest
}

// printers are the services, and the replicas of those that have several.
func (j *judge) printers() (services, replicas []*printer) {
	byName := map[string]*printer{}
	for i, labels := range j.in.Streams {
		a := j.in.Activity[i]
		name := serviceName(labels)
		if name == "" || a.Now|a.Before == 0 {
			continue
		}
		replica := ""
		for _, l := range replicaLabels {
			if replica = labels[l]; replica != "" {
				break
			}
		}
		for _, key := range []string{"", replica} {
			p := byName[name+"\x00"+key]
			if p == nil {
				p = &printer{service: name, replica: key}
				byName[name+"\x00"+key] = p
				if key == "" {
					services = append(services, p)
				} else {
					replicas = append(replicas, p)
				}
			}
			p.add(i, a)
			if replica == "" {
				break
			}
		}
	}
	return services, replicas
}

// stopped finds the services that stopped printing what they print regularly while others
// go on, and the replicas that did while their siblings go on. failing says that others
// fail meanwhile.
func (j *judge) stopped(failing bool) (out []Finding) {
	if !j.in.HasBaseline || j.in.Lines == 0 || len(j.in.Activity) == 0 {
		return nil
	}
	services, replicas := j.printers()
	whole := map[string]bool{}
	alive := slices.ContainsFunc(services, func(p *printer) bool { return p.silentFor() == 0 && p.activity.Now != 0 })
	for _, p := range services {
		n := p.silentFor()
		if n == 0 || !alive {
			continue
		}
		whole[p.service] = true
		if j.saidGoodbye(p, n) {
			continue
		}
		f := Finding{Rule: "service-silent", Category: verdict.CategorySilence, Severity: verdict.Notice, Patterns: j.lastPatterns(p)}
		switch {
		case n >= silentCritical && failing:
			f.Severity = verdict.Critical
		case n >= silentWarning:
			f.Severity = verdict.Warning
		}
		f.Reason = fmt.Sprintf("A service that prints all the time in the baseline has been silent for the last %d %% of the window.", 100*n/patterns.TrendBuckets)
		if f.Severity == verdict.Critical {
			f.Reason += " Others fail meanwhile."
		}
		out = append(out, f)
	}
	for _, p := range replicas {
		if n := p.silentFor(); n > 0 && !whole[p.service] && !j.replaced(p, replicas, n) && !j.saidGoodbye(p, n) {
			out = append(out, Finding{
				Rule: "replica-silent", Category: verdict.CategorySilence, Severity: verdict.Notice, Patterns: j.lastPatterns(p),
				Reason: fmt.Sprintf("One of several replicas has been silent for the last %d %% of the window; the others go on.", 100*n/patterns.TrendBuckets),
			})
		}
	}
	return out
}

// replaced reports whether another replica of the service began after the baseline, as in
// a rollout, or none goes on that the baseline has.
func (j *judge) replaced(p *printer, replicas []*printer, silent int) bool {
	others := false
	for _, o := range replicas {
		if o == p || o.service != p.service || o.activity.Now == 0 {
			continue
		}
		if o.activity.Before == 0 {
			return true
		}
		others = others || o.activity.Now>>(patterns.TrendBuckets-silent) != 0
	}
	return !others
}

// lastPatterns are patterns of the printer that the window has, or else the baseline.
func (j *judge) lastPatterns(p *printer) (out []int) {
	for i := range j.in.Patterns {
		if !j.benign[i] && slices.ContainsFunc(j.in.Patterns[i].Streams, func(s int) bool { return slices.Contains(p.streams, s) }) {
			out = append(out, i)
		}
	}
	ps := j.in.Patterns
	slices.SortStableFunc(out, func(a, b int) int { return ps[b].BaselineCount - ps[a].BaselineCount })
	return firstOf(out)
}

// saidGoodbye reports whether the printer said when it fell silent that it ends, or
// Kubernetes that it ends it.
func (j *judge) saidGoodbye(p *printer, silent int) bool {
	last := patterns.TrendBuckets - silent // the first silent part
	for i := range j.in.Patterns {
		q := &j.in.Patterns[i]
		if q.Count == 0 || j.benign[i] || !around(q, last) {
			continue
		}
		from := j.components(i, q.Sample)
		own := slices.ContainsFunc(q.Streams, func(s int) bool { return slices.Contains(p.streams, s) })
		if !own && (!j.manages(from) || !p.named(q.Sample)) {
			continue
		}
		j.voice.read(q.Sample, patterns.LevelInfo, muted(from), false)
		if slices.ContainsFunc(goodbyes, func(w []byte) bool { return bytes.Contains(j.voice.out, w) }) {
			return true
		}
	}
	return false
}

// around reports whether a pattern's lines come when a part begins, or just before or
// after, and at hardly any other time: what is printed all the time is no goodbye.
func around(p *patterns.Pattern, part int) bool {
	near, far := 0, 0
	for b, n := range p.Trend {
		switch {
		case n == 0:
		case b >= part-2 && b <= part+1:
			near++
		default:
			far++
		}
	}
	return near > far
}

// manages reports whether components are parts of Kubernetes that start and end others.
func (j *judge) manages(from []*component) bool {
	return len(from) > 0 && !slices.ContainsFunc(from, func(c *component) bool { return c.ID == application || !slices.Contains(c.Prints, "cluster") })
}

// named reports whether a line names the printer.
func (p *printer) named(line string) bool {
	name := p.service[strings.IndexByte(p.service, '/')+1:]
	if k := strings.IndexByte(name, '/'); k > 0 {
		name = name[:k]
	}
	return p.replica != "" && strings.Contains(line, p.replica) || len(name) > 3 && strings.Contains(line, name)
}
