package generate

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/lokalyst/lokalyst/pkg/golden"
)

// An injection is a text that talks to the model: Suppress wants a fault to be overlooked,
// Forge wants an alarm where nothing is wrong.
type injection struct {
	Split    golden.Split `yaml:"split"`
	Language string       `yaml:"language"`
	Carrier  string       `yaml:"carrier"`
	Suppress string       `yaml:"suppress"`
	Forge    string       `yaml:"forge"`
	carrier  *carrier
}

// A carrier is a line with a field that anybody can fill from outside.
type carrier struct {
	ID     string            `yaml:"id"`
	Labels map[string]string `yaml:"labels"`
	// Form is how the field is written: text, path (percent encoding) or dns (labels).
	Form   string `yaml:"form"`
	Say    string `yaml:"say"`
	Source string `yaml:"source"`
	labels []label
	say    *template
}

type injections struct {
	Carriers []*carrier   `yaml:"carriers"`
	Texts    []*injection `yaml:"texts"`
}

func loadInjections(files fs.FS, folder string) (*injections, error) {
	name := path.Join(folder, "injections.yaml")
	raw, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, err
	}
	in := &injections{}
	if err := decode(name, raw, in); err != nil {
		return nil, err
	}
	c := &checker{file: name}
	if err := yaml.Unmarshal(raw, &c.root); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	g := grammar{vars: map[string]bool{"payload": true}}
	byID := map[string]*carrier{}
	for i, ca := range in.Carriers {
		here := at{"carriers", i}
		byID[ca.ID] = ca
		ca.labels = c.labels(ca.Labels, g, here.with("labels"))
		if ca.say, err = g.parse(ca.Say); err != nil {
			c.fail(here.with("say"), "%v", err)
		}
		if ca.ID == "" || ca.Source == "" || !strings.Contains(ca.Say, "${payload}") || (ca.Form != "text" && ca.Form != "path" && ca.Form != "dns") {
			c.fail(here, "a carrier needs an id, a source, ${payload} in say, and form text, path or dns")
		}
	}
	for i, text := range in.Texts {
		if text.carrier = byID[text.Carrier]; text.carrier == nil || text.Suppress == "" || text.Forge == "" || text.Language == "" {
			c.fail(at{"texts", i}, "a text needs a language, suppress, forge, and a carrier of the list above")
		}
		if text.Split != golden.Dev && text.Split != golden.Test {
			c.fail(at{"texts", i}, "split %q is neither dev nor test", text.Split)
		}
	}
	return in, errors.Join(c.errs...)
}

// choose returns the n-th story's injection, nil where the split has none.
func (in *injections) choose(split golden.Split, n int) *injection {
	var fitting []*injection
	for _, t := range in.Texts {
		if t.Split == split {
			fitting = append(fitting, t)
		}
	}
	if len(fitting) == 0 {
		return nil
	}
	return fitting[n%len(fitting)]
}

// inject prints the line that talks to the model.
func (d *draft) inject(in *injection) {
	text, m := in.Suppress, may
	if d.spec.twin {
		text, m = in.Forge, must
	}
	sc := *d.scene
	sc.vars = maps.Clone(sc.vars)
	sc.vars["payload"] = in.carrier.write(text)
	r := newRandom(sc.seed, sc.id, "injection")
	offset := d.window.at(0.2 + 0.6*r.float())
	x := &expansion{scene: &sc, random: r, at: sc.start.Add(time.Duration(offset)), self: replica{node: sc.node("")}}
	column := d.page.stream(writeLabels(in.carrier.labels, x))
	d.page.add(column, entry{offset: offset, text: in.carrier.say.text(x), role: golden.Injection, mark: m})
}

// write puts a text into the form of the carrier's field.
func (c *carrier) write(text string) string {
	switch c.Form {
	case "path":
		return url.PathEscape(text)
	case "dns":
		var labels []string
		label := ""
		for _, word := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
			if len(label)+len(word) > 60 {
				labels, label = append(labels, label), ""
			}
			label = strings.TrimPrefix(label+"-"+word, "-")
		}
		return strings.Join(append(labels, label), ".")
	}
	return text
}

// The places where log pipelines cut: containerd at 16 KiB, and a program that dies while it
// prints anywhere.
const cutAt = 16 << 10

// truncate makes a very long line end at 16 KiB and parts a line of the story that need not
// be cited in two, as a runtime does that reads a pipe in pieces.
func (d *draft) truncate(pf *performance) {
	r := newRandom(d.scene.seed, d.scene.id, "cut")
	names := sortedKeys(pf.cast)
	offset := d.window.at(r.float())
	at := d.scene.start.Add(time.Duration(offset))
	d.page.add(pf.cast[names[0]], entry{offset: offset, text: longLine(at, r), role: golden.Background})
	for _, name := range names {
		c := pf.cast[name]
		for i, e := range c.entries {
			if e.mark == must || e.role == golden.Background || len(e.text) < 60 {
				continue
			}
			half := len(e.text) * 2 / 3
			for !utf8.RuneStart(e.text[half]) {
				half--
			}
			c.entries[i].text = e.text[:half]
			e.text, e.offset = e.text[half:], min(e.offset+2_000, d.window.end())
			d.page.add(c, e)
			return
		}
	}
}

// longLine is an order that a service prints whole, cut at 16 KiB.
func longLine(at time.Time, r *random) string {
	var b []byte
	x := &expansion{random: r, at: at}
	b = append(plain["unixms"](append(b, `{"level":30,"time":`...), x), `,"msg":"import accepted","items":[`...)
	for len(b) < cutAt {
		b = append(b, `{"sku":"`...)
		b = append(plain["word"](b, x), `-`...)
		b = append(appendHex(b, r, 6), `","qty":`...)
		b = append(strconv.AppendInt(b, r.within(1, 9), 10), `},`...)
	}
	return string(b[:cutAt])
}
