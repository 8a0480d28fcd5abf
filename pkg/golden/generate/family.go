package generate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend/gtime"
	"gopkg.in/yaml.v3"

	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// A family is one kind of failure with the stories that tell of it.
type family struct {
	ID        string             `yaml:"id"`
	Title     string             `yaml:"title"`
	Category  verdict.Category   `yaml:"category"`
	Also      []verdict.Category `yaml:"also"`
	RootCause struct {
		Component string `yaml:"component"`
		Code      string `yaml:"code"`
	} `yaml:"root_cause"`
	HeldOut   bool     `yaml:"held_out"`
	Forbidden []string `yaml:"forbidden"`
	Stories   []*story `yaml:"stories"`
}

// A story tells of a failure with the wordings of certain components, and of its healthy
// twin.
type story struct {
	ID         string              `yaml:"id"`
	Split      golden.Split        `yaml:"split"`
	Baseline   string              `yaml:"baseline"`
	Window     duration            `yaml:"window"`
	Vars       map[string][]string `yaml:"vars"`
	Cast       map[string]*member  `yaml:"cast"`
	Normal     []*act              `yaml:"normal"`
	Fault      []*act              `yaml:"fault"`
	Silence    map[string]levels   `yaml:"silence"`
	Twin       []*act              `yaml:"twin"`
	TwinReason string              `yaml:"twin_reason"`
}

// A member is a stream that the story writes to.
type member struct {
	Labels map[string]string `yaml:"labels"`
	labels []label
}

type label struct {
	name  string
	value *template
}

// An act is a statement of a program that is printed some times.
type act struct {
	ID       string      `yaml:"id"`
	From     string      `yaml:"from"`
	Role     golden.Role `yaml:"role"`
	Source   string      `yaml:"source"`
	Times    []times     `yaml:"times"`
	Rate     float64     `yaml:"rate"`
	When     []float64   `yaml:"when"`
	Say      string      `yaml:"say"`
	After    string      `yaml:"after"`
	Delay    delay       `yaml:"delay"`
	Per      times       `yaml:"per"`
	Chance   *float64    `yaml:"chance"`
	Split    bool        `yaml:"split"`
	Evidence string      `yaml:"evidence"`
	Baseline bool        `yaml:"baseline"`

	// say holds the entries that one occurrence prints.
	say []*template
	// parent is the place of the act that this one follows, -1 for none.
	parent int
}

// The values of evidence.
const (
	evidenceMust = "must"
	evidenceMay  = "may"
	evidenceNone = "none"
)

// silent returns from which part of the window on which members of the cast are silent at a
// level; those that a fault of this level leaves alone are not in it.
func (s *story) silent(level int) map[string]float64 {
	out := map[string]float64{}
	for name, parts := range s.Silence {
		if parts[level] < 1 {
			out[name] = parts[level]
		}
	}
	return out
}

// evidence says what an act's lines are to a fault's findings.
func (a *act) evidence() string {
	switch {
	case a.Evidence != "":
		return a.Evidence
	case a.Role == golden.Cause:
		return evidenceMust
	case a.Role == golden.Symptom:
		return evidenceMay
	}
	return evidenceNone
}

type (
	// times is a count or a range of counts.
	times struct{ span }
	// delay is a duration or a range of durations.
	delay struct{ span }
	// duration is one duration.
	duration time.Duration
	// levels is a number for each severity.
	levels [3]float64
)

func (t *times) UnmarshalYAML(n *yaml.Node) (err error) {
	if t.span, err = parseSpan(n.Value); err != nil {
		return fmt.Errorf("line %d: %w", n.Line, err)
	}
	return nil
}

func (d *delay) UnmarshalYAML(n *yaml.Node) (err error) {
	if d.span, err = parseDurations(n.Value); err != nil {
		return fmt.Errorf("line %d: %w", n.Line, err)
	}
	return nil
}

func (d *duration) UnmarshalYAML(n *yaml.Node) error {
	v, err := gtime.ParseDuration(n.Value)
	if err != nil {
		return fmt.Errorf("line %d: %q is no duration; write one such as 15m", n.Line, n.Value)
	}
	*d = duration(v)
	return nil
}

func (l *levels) UnmarshalYAML(n *yaml.Node) error {
	values := n.Content
	if n.Kind == yaml.ScalarNode {
		values = []*yaml.Node{n, n, n}
	}
	if len(values) != len(l) {
		return fmt.Errorf("line %d: write one number, or one for each of the three severities", n.Line)
	}
	for i, v := range values {
		f, err := strconv.ParseFloat(v.Value, 64)
		if err != nil || f < 0 {
			return fmt.Errorf("line %d: %q is no part of the window; write a number of 0 to 1, or a higher one for no silence", v.Line, v.Value)
		}
		l[i] = f
	}
	return nil
}

// decode reads YAML that may have no field which v does not know.
func decode(name string, raw []byte, v any) error {
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	dec.KnownFields(true)
	if err := dec.Decode(v); err != nil {
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("%s: the file is empty", name)
		}
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// loadFamilies reads and checks all families of a folder in the order of their names.
func loadFamilies(files fs.FS, folder string) ([]*family, error) {
	names, err := fs.Glob(files, path.Join(folder, "*.yaml"))
	if err != nil {
		return nil, err
	}
	var (
		out  []*family
		errs []error
	)
	for _, name := range names {
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		f, err := parseFamily(name, raw)
		errs = append(errs, err)
		out = append(out, f)
	}
	return out, errors.Join(errs...)
}

// parseFamily reads one family. Its error lists everything that is wrong, a line each.
func parseFamily(name string, raw []byte) (*family, error) {
	f := &family{}
	if err := decode(name, raw, f); err != nil {
		return nil, err
	}
	c := &checker{file: name}
	if err := yaml.Unmarshal(raw, &c.root); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	c.family(f, strings.TrimSuffix(path.Base(name), ".yaml"))
	return f, errors.Join(c.errs...)
}
