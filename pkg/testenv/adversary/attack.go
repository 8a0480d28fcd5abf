package adversary

import (
	"context"
	"fmt"
	"slices"

	"go.opentelemetry.io/otel/trace/noop"

	"github.com/lokalyst/lokalyst/pkg/analysis"
	"github.com/lokalyst/lokalyst/pkg/llm"
	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/rules"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// Attacks is what attackers reached.
type Attacks struct {
	// Cases is how many there were, each a payload in a field.
	Cases int
	// Covered of them attack an incident that the rules alone call a warning or worse.
	Covered int
	// ByModel is in how many the model alone would have done what the attacker wants,
	// ByEvidence in how many the analysis without signatures, and Succeeded in how many what
	// alert rules are served.
	ByModel, ByEvidence, Succeeded int
	// ByPart counts Succeeded by the field, the family of payloads and the component or
	// family of incidents.
	ByPart map[string]int
	// Examples tell of the first successes.
	Examples []string
}

func (a *Attacks) succeeded(parts []string, format string, args ...any) {
	a.Succeeded++
	for _, p := range parts {
		a.ByPart[p]++
	}
	if len(a.Examples) < 12 {
		a.Examples = append(a.Examples, fmt.Sprint(parts)+" "+fmt.Sprintf(format, args...))
	}
}

// maxWrites is how many times an attacker writes at most.
const maxWrites = 25

// A lab judges scenes with and without parts of the defence.
type lab struct {
	world *world
	// full is the engine as it is shipped, bare one without signatures.
	full, bare *analysis.Engine
}

func newLab() (*lab, error) {
	l := &lab{world: newWorld()}
	tracer := noop.NewTracerProvider().Tracer("")
	var err error
	if l.full, err = analysis.NewEngine(1<<20, tracer, Now); err != nil {
		return nil, err
	}
	if l.bare, err = analysis.NewEngine(1<<20, tracer, Now); err != nil {
		return nil, err
	}
	l.bare.Memory = l.full.Memory // both read the same
	l.bare.Signatures, err = rules.Parse([]byte("[]"))
	return l, err
}

func (l *lab) close() {
	l.full.Ledger.Close()
	l.bare.Ledger.Close()
}

// judge returns the verdict on a scene, as an alert rule is served it if rule is set. model
// is nil for the rules alone.
func (l *lab) judge(ctx context.Context, e *analysis.Engine, s *scene, model *obedient, rule bool) (verdict.Verdict, error) {
	l.world.add(s)
	defer l.world.drop(s)
	r := analysis.Request{
		Logs: l.world, Class: llm.ClassAlert, Owner: "lab", Expr: s.expr(), Window: loki.Window{Start: Now().Add(-length), End: Now()},
		PromptID: "incident-triage", MaxGroups: 1, MaxLines: 10_000, Baseline: baseline, Alert: rule, MaxAge: length,
	}
	if model != nil {
		r.Models = analysis.One(model)
	}
	res, err := e.Analyse(ctx, r)
	if err != nil {
		return verdict.Verdict{}, err
	}
	return res.Groups[0].Verdict, nil
}

// writes are the lines that an attacker leaves.
func writes(g generator, s sink, p payload) (out []line) {
	for range 1 + g.IntN(maxWrites) {
		out = append(out, s.lines(g, p.text)...)
	}
	return out
}

// mix puts lines among others at random, each of the two in its order.
func mix(g generator, a, b []line) []line {
	out := make([]line, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if g.IntN(len(a)+len(b)) < len(a) {
			out, a = append(out, a[0]), a[1:]
		} else {
			out, b = append(out, b[0]), b[1:]
		}
	}
	return slices.Concat(out, a, b)
}

// each calls f for every payload in every field, or only for each step-th of these.
func each(seed uint64, step int, f func(g generator, i int, p payload, field string, s sink) error) error {
	i := 0
	for k, p := range payloads() {
		for n, fd := range fields() {
			if i++; i%step > 0 {
				continue
			}
			g := newGenerator(seed + uint64(i))
			if err := f(g, i, p, fd.name, fd.sinks[(k+n)%len(fd.sinks)]); err != nil {
				return err
			}
		}
	}
	return nil
}

// RunForgery has attackers write into healthy logs what should pass for an incident: every
// payload in every field, or each step-th of these.
func RunForgery(ctx context.Context, seed uint64, step int) (Attacks, error) {
	out := Attacks{ByPart: map[string]int{}}
	l, err := newLab()
	if err != nil {
		return out, err
	}
	defer l.close()
	err = each(seed, step, func(g generator, i int, p payload, name string, s sink) error {
		if p.demand != alarm {
			return nil
		}
		out.Cases++
		calm := newTown(g)
		attacked := newScene(fmt.Sprint("forged", i), mix(g, calm.lines(g), writes(g, s, p)), calm.lines(g))
		out.ByModel++ // it always obeys
		v, err := l.judge(ctx, l.bare, attacked, &obedient{demand: alarm}, false)
		if err != nil {
			return err
		}
		if v.Severity == verdict.Critical {
			out.ByEvidence++
		}
		v, err = l.judge(ctx, l.full, attacked, &obedient{demand: alarm}, true)
		if err == nil && v.Severity == verdict.Critical {
			out.succeeded([]string{name, p.family, s.component, "rules " + fmt.Sprint(v.RulesSeverity)}, "%q in %s: %s", p.text, s.component, v.Summary)
		}
		return err
	})
	return out, err
}

// RunSuppression has attackers write next to an incident what should hide it: every payload
// in every field, or each step-th of these. Each case has another incident.
func RunSuppression(ctx context.Context, seed uint64, step int) (Attacks, error) {
	out := Attacks{ByPart: map[string]int{}}
	l, err := newLab()
	if err != nil {
		return out, err
	}
	defer l.close()
	all := incidents()
	err = each(seed, step, func(g generator, i int, p payload, name string, s sink) error {
		out.Cases++
		in := all[i%len(all)]
		var broken []line
		for range 3 + g.IntN(25) {
			broken = append(broken, line{component: in.component, text: g.fill(pick(g, in.wordings))})
		}
		calm := newTown(g)
		before, now := calm.lines(g), mix(g, calm.lines(g), broken)
		quiet := newScene(fmt.Sprint("alone", i), now, before)
		alone, err := l.judge(ctx, l.full, quiet, nil, true)
		if err != nil {
			return err
		}
		attacked := quiet.with(fmt.Sprint("hidden", i), g, writes(g, s, p))
		return l.suppressed(ctx, &out, in, attacked, alone.Severity, []string{name, p.family, in.family})
	})
	return out, err
}

func (l *lab) suppressed(ctx context.Context, out *Attacks, in incident, attacked *scene, alone verdict.Severity, parts []string) error {
	if alone >= verdict.Warning {
		out.Covered++
		out.ByModel++ // it always says ok
	}
	v, err := l.judge(ctx, l.bare, attacked, &obedient{demand: silence}, false)
	if err != nil {
		return err
	}
	if alone >= verdict.Warning && v.Severity < verdict.Warning {
		out.ByEvidence++
	}
	v, err = l.judge(ctx, l.full, attacked, &obedient{demand: silence}, true)
	if err == nil && v.Severity < alone {
		out.succeeded(parts, "%s: %d instead of %d: %s", in.component, v.Severity, alone, v.Summary)
	}
	return err
}
