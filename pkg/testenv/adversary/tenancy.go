package adversary

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
)

// Tenancy is what askers learned of each other.
type Tenancy struct {
	// Requests is how many were sent, Identities from how many different askers, Pairs how
	// many pairs of them were looked at.
	Requests, Identities, Pairs int
	// Crossed pairs are of different askers, one of whom was given what was read or judged
	// for the other. Shared pairs are of the same asker with the same question, who was.
	Crossed, Shared, Same int
	// ModelCalls is how often the model was asked.
	ModelCalls int
	Examples   []string
}

// An asked is one request and the marks of what it was given: the reads of Loki and the
// answers of the model each carry a number of their own.
type asked struct {
	subject, question string
	marks             map[string]bool
}

// A tenancyRun sends requests of random identities to one process.
type tenancyRun struct {
	rig   *rig
	reads atomic.Int64
	calls atomic.Int64
}

// RunTenancy sends n requests to one plugin process and looks at random pairs of them.
func RunTenancy(ctx context.Context, seed uint64, n, pairs int) (Tenancy, error) {
	run := &tenancyRun{}
	w := newWorld()
	for _, name := range questions() {
		w.add(newStage(name, "none", []statement{
			{"checkout", `level=error msg="charge refused by gateway" read=%d`, "charge", signal, 9, 0}, {"checkout", `level=info msg="cart stored" read=%d`, "cart", background, 9, 0},
		}).scene)
	}
	model := &modelServer{answer: func(p prompt) completion {
		call := run.calls.Add(1)
		word := []string{`"ok"`, `"critical"`, `"warning"`}[call%3]
		return completion{text: answer(list(finding("application", p.worst(0)...)), word, "2", fmt.Sprintf("Answer number %d of the model.", call)), finish: "stop"}
	}}
	var err error
	if run.rig, err = newRig(run.marked(w), model); err != nil {
		return Tenancy{}, err
	}
	defer run.rig.close()
	g := newGenerator(seed)
	all := make([]asked, n)
	subjects := map[string]bool{}
	for i := range all {
		if all[i], err = run.ask(ctx, g); err != nil {
			return Tenancy{}, err
		}
		subjects[all[i].subject] = true
	}
	out := Tenancy{Requests: n, Identities: len(subjects), Pairs: pairs, ModelCalls: model.count()}
	for range pairs {
		out.compare(all[g.IntN(n)], all[g.IntN(n)])
	}
	return out, nil
}

func questions() []string { return []string{"one", "two", "three"} }

// marked has every read of lines show lines of its own: their numbers are the read's.
func (run *tenancyRun) marked(w *world) http.Handler {
	number := regexp.MustCompile(`read=\d+`)
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		mark := fmt.Sprintf("read=%d", 1_000_000+run.reads.Add(1))
		w.ServeHTTP(editor{rw, func(raw []byte) []byte { return number.ReplaceAll(raw, []byte(mark)) }}, r)
	})
}

// An editor edits what is written.
type editor struct {
	http.ResponseWriter
	edit func([]byte) []byte
}

func (e editor) Write(raw []byte) (int, error) {
	if _, err := e.ResponseWriter.Write(e.edit(raw)); err != nil {
		return 0, err
	}
	return len(raw), nil
}

// ask sends the question of a random asker, as a panel and as a rule, in either order.
func (run *tenancyRun) ask(ctx context.Context, g generator) (asked, error) {
	who := newIdentity(g)
	question := pick(g, questions())
	out := asked{subject: who.subject(), question: question, marks: map[string]bool{}}
	pc, err := who.context(run.rig.loki.URL, run.rig.llm.URL)
	if err != nil {
		return out, err
	}
	t, err := run.rig.open(ctx, pc)
	if err != nil {
		return out, err
	}
	q := query{"expr": fmt.Sprintf(`{scene=%q}`, question), "ask": "always", "baseline": "none"}
	headers := who.headers(g)
	rule := maps.Clone(headers)
	maps.Copy(rule, asRule("the rule")) // the same uid may stand in two organisations
	first, err := t.ask(ctx, withType(q, "analysis"), headers)
	if err != nil {
		return out, err
	}
	second, err := t.ask(ctx, withType(q, "notification"), rule)
	if err != nil {
		return out, err
	}
	if d, ok := t.handler.(interface{ Dispose() }); ok {
		d.Dispose()
	}
	return out, out.note(first, second)
}

func withType(q query, name string) query {
	q = maps.Clone(q)
	q["queryType"] = name
	return q
}

var mark = regexp.MustCompile(`read=\d{7}|Answer number \d+`)

// note finds the marks in what was given.
func (a *asked) note(responses ...backend.DataResponse) error {
	for _, res := range responses {
		if res.Error != nil {
			return res.Error
		}
		raw, err := res.Frames.MarshalJSON()
		if err != nil {
			return err
		}
		for _, m := range mark.FindAllString(string(raw), -1) {
			a.marks[m] = true
		}
	}
	kinds := strings.Join(slices.Collect(maps.Keys(a.marks)), " ")
	if !strings.Contains(kinds, "read=") || !strings.Contains(kinds, "Answer") {
		return fmt.Errorf("the marks are %q", kinds)
	}
	return nil
}

func (t *Tenancy) compare(a, b asked) {
	common := ""
	for m := range a.marks {
		if b.marks[m] {
			common = m
		}
	}
	same := a.subject == b.subject
	switch {
	case same && a.question == b.question:
		t.Same++
		if common != "" {
			t.Shared++
		} else if len(t.Examples) < 5 {
			t.Examples = append(t.Examples, fmt.Sprintf("%s asked twice", a.subject))
		}
	case !same && common != "":
		t.Crossed++
		if len(t.Examples) < 5 {
			t.Examples = append(t.Examples, fmt.Sprintf("%s was given to %s and %s", common, a.subject, b.subject))
		}
	}
}
