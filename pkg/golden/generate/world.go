package generate

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path"
	"slices"
	"sort"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/lokalyst/lokalyst/pkg/golden"
)

// A world is the healthy rest of the cluster.
type world struct{ services []*service }

// A service prints statements from each of its replicas.
type service struct {
	ID string `yaml:"id"`
	// Split keeps a service to the cases of one split; empty for both.
	Split golden.Split `yaml:"split"`
	// Replicas is the number of pods; 0 for one on each node.
	Replicas   int               `yaml:"replicas"`
	Labels     map[string]string `yaml:"labels"`
	Statements []*statement      `yaml:"lines"`
	labels     []label
}

// A statement is a line of a healthy program; Rate is per replica and 15 minutes.
type statement struct {
	Rate   float64 `yaml:"rate"`
	Say    string  `yaml:"say"`
	Source string  `yaml:"source"`
	say    *template
}

func loadWorld(files fs.FS, folder string) (*world, error) {
	names, err := fs.Glob(files, path.Join(folder, "*.yaml"))
	if err != nil {
		return nil, err
	}
	w := &world{}
	var errs []error
	for _, name := range names {
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		var doc struct {
			Services []*service `yaml:"services"`
		}
		if err := decode(name, raw, &doc); err != nil {
			return nil, err
		}
		c := &checker{file: name}
		if err := yaml.Unmarshal(raw, &c.root); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for i, s := range doc.Services {
			c.service(s, at{"services", i})
		}
		errs = append(errs, c.errs...)
		w.services = append(w.services, doc.Services...)
	}
	return w, errors.Join(errs...)
}

func (c *checker) service(s *service, place at) {
	g := grammar{self: true}
	if s == nil || s.ID == "" || len(s.Labels) == 0 || s.Replicas < 0 || len(s.Statements) == 0 {
		c.fail(place, "a service needs an id, labels, lines, and replicas of 0 or more")
		return
	}
	s.labels = c.labels(s.Labels, g, place.with("labels"))
	for i, st := range s.Statements {
		here := place.with("lines", i)
		if st.Rate <= 0 || st.Source == "" {
			c.fail(here, "a line needs a rate above 0 per 15 minutes and a source")
		}
		if say := c.say(&act{Say: st.Say}, g, here); len(say) == 1 {
			st.say = say[0]
		} else {
			c.fail(here, "say is missing")
		}
	}
}

// A voice is one statement of one replica in one case.
type voice struct {
	statement *statement
	self      replica
	column    *column
	seq       int64
}

// A choir is the part of the world that a case hears.
type choir struct {
	scene  *scene
	page   *page
	voices []voice
	// weights are the sums of the voices' rates up to each.
	weights []float64
	// swing and phase are how the load waves.
	swing, phase float64
}

// choir draws up to count services for a case. Services that have a name of the story's cast
// are left out, and so is the story's node: a healthy voice would contradict the story.
func (w *world) choir(sc *scene, p *page, split golden.Split, count int) *choir {
	taken := map[string]bool{}
	for _, c := range p.streams {
		taken[c.labels["service_name"]] = true
	}
	r := newRandom(sc.seed, sc.id, "choir")
	ch := &choir{scene: sc, page: p, swing: 0.15 + 0.35*r.float(), phase: r.float()}
	var fitting []*service
	for _, s := range w.services {
		if s.Split == "" || s.Split == split {
			fitting = append(fitting, s)
		}
	}
	for i := range fitting { // the first services are the drawn ones
		j := i + r.below(len(fitting)-i)
		fitting[i], fitting[j] = fitting[j], fitting[i]
	}
	total := 0.0
	for _, s := range fitting {
		if count == 0 {
			break
		}
		if s.Replicas > 0 && taken[serviceName(s, sc)] {
			continue
		}
		count--
		total = ch.join(s, r, total)
	}
	return ch
}

func serviceName(s *service, sc *scene) string {
	labels := writeLabels(s.labels, &expansion{scene: sc})
	return labels["service_name"]
}

// join adds a service's replicas, whose rates differ.
func (ch *choir) join(s *service, r *random, total float64) float64 {
	load := 0.5 + 1.5*r.float()
	n := s.Replicas
	if n == 0 {
		n = nodes - 1
	}
	for i := range n {
		node := nodeName(ch.scene.firstNode + 1 + i%(nodes-1))
		self := replica{node: node, pod: ch.scene.pod(s.ID, i+1)}
		column := ch.page.stream(writeLabels(s.labels, &expansion{scene: ch.scene, self: self}))
		for _, st := range s.Statements {
			total += st.Rate * load * (0.8 + 0.4*r.float())
			ch.voices = append(ch.voices, voice{statement: st, self: self, column: column})
			ch.weights = append(ch.weights, total)
		}
	}
	return total
}

// sing prints n lines of the world into a region.
func (ch *choir) sing(in region, n int, where string) {
	if len(ch.voices) == 0 || n <= 0 {
		return
	}
	r := newRandom(ch.scene.seed, ch.scene.id, "world", where)
	x := &expansion{scene: ch.scene, random: r}
	offsets := make([]int64, n)
	for i := range offsets {
		offsets[i] = in.at(ch.moment(r))
	}
	slices.Sort(offsets) // so that each voice counts upwards
	total := ch.weights[len(ch.weights)-1]
	var buffer []byte
	for _, offset := range offsets {
		v := &ch.voices[sort.SearchFloat64s(ch.weights, total*r.float())]
		v.seq++
		x.at, x.self, x.seq = ch.scene.start.Add(time.Duration(offset)), v.self, v.seq
		buffer = v.statement.say.append(buffer[:0], x)
		ch.page.add(v.column, entry{offset: offset, text: string(buffer), role: golden.Background})
	}
}

// moment draws a part of a region, more often where the load's wave is high.
func (ch *choir) moment(r *random) float64 {
	for {
		part := r.float()
		if r.float()*(1+ch.swing) <= 1+ch.swing*math.Sin(2*math.Pi*(part+ch.phase)) {
			return part
		}
	}
}
