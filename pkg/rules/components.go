package rules

import (
	"bytes"
	_ "embed"
	"fmt"
	"path"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

//go:embed components.yaml
var componentList []byte

// application is the component of the streams whose labels name no other; a component
// that prints systemClass prints what any does.
const (
	application = "application"
	systemClass = "system"
)

// A component is a program, or a kind of programs, whose streams are recognised from
// their labels.
type component struct {
	ID     string   `yaml:"id"`
	Names  []string `yaml:"names"`
	Exact  []string `yaml:"exact"`
	Files  []string `yaml:"files"`
	Prints []string `yaml:"prints"`
	Lines  []string `yaml:"lines"`
	Quotes string   `yaml:"quotes"`

	lines []*anchored
}

// components recognises them.
type components struct {
	byID  map[string]*component
	names map[string][]*component
	// wild are the names with a *.
	wild  []wildName
	exact map[string][]*component
	files map[string][]*component
	// classes are all that a signature can be bound to.
	classes map[string]bool
	// selves are those whose lines tell.
	selves []*component
}

type wildName struct {
	pattern string
	of      *component
}

func parseComponents(raw []byte) (*components, error) {
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	dec.KnownFields(true)
	var list []*component
	if err := dec.Decode(&list); err != nil {
		return nil, fmt.Errorf("components: %w", err)
	}
	cs := &components{byID: map[string]*component{}, names: map[string][]*component{}, exact: map[string][]*component{}, files: map[string][]*component{}, classes: map[string]bool{}}
	for _, c := range list {
		cs.byID[c.ID], cs.classes[c.ID] = c, true
		for _, p := range c.Prints {
			cs.classes[p] = true
		}
		for _, n := range c.Names {
			if n = strings.ToLower(n); strings.Contains(n, "*") {
				cs.wild = append(cs.wild, wildName{n, c})
			} else {
				cs.names[joined(segments(n))] = append(cs.names[joined(segments(n))], c)
			}
		}
		for _, n := range c.Exact {
			n = joined(segments(strings.ToLower(n)))
			cs.exact[n] = append(cs.exact[n], c)
		}
		for _, n := range c.Files {
			cs.files[n] = append(cs.files[n], c)
		}
		for _, l := range c.Lines {
			expr, err := newAnchored(l)
			if err != nil {
				return nil, fmt.Errorf("component %s: %w", c.ID, err)
			}
			c.lines = append(c.lines, expr)
		}
		if len(c.lines) > 0 {
			cs.selves = append(cs.selves, c)
		}
	}
	return cs, nil
}

// identityLabels are the labels that say what prints a stream, the most telling first. A
// label's name is compared in lower case with underscores.
var identityLabels = [][]string{
	{"transport", "_transport"},
	{"syslog_identifier", "_syslog_identifier", "identifier", "syslog_app", "appname", "app_name", "tag", "program", "ident"},
	{"container", "container_name", "k8s_container_name", "kubernetes_container_name"},
	{"unit", "_systemd_unit", "systemd_unit"},
	{"app_kubernetes_io_component", "component"},
	{"app", "app_kubernetes_io_name", "k8s_app", "label_app", "application", "kubernetes_labels_app"},
	{"service_name", "service", "k8s_deployment_name", "k8s_statefulset_name", "k8s_daemonset_name", "deployment", "statefulset", "daemonset", "workload", "controller"},
	{"name", "instance_name", "app_kubernetes_io_instance", "pod", "pod_name", "k8s_pod_name", "process", "source", "logger"},
	{"filename", "log_file_name", "file", "path"},
	{"job"},
	{"namespace", "k8s_namespace_name", "kubernetes_namespace_name", "service_namespace"},
}

// of returns the components that print a stream with these labels: those that the most
// telling label which names any names, else application.
func (cs *components) of(labels map[string]string) []*component {
	keyed := make(map[string]string, len(labels))
	for k, v := range labels {
		keyed[labelKey(k)] = v
	}
	for level, names := range identityLabels {
		var found []*component
		for _, name := range names {
			if v := keyed[name]; v != "" {
				found = cs.append(found, v, level == len(identityLabels)-1)
			}
		}
		if len(found) > 0 {
			return found
		}
	}
	return []*component{cs.byID[application]}
}

func labelKey(k string) string {
	return strings.Map(func(r rune) rune {
		if r == '.' || r == '/' || r == '-' {
			return '_'
		}
		return r
	}, strings.ToLower(k))
}

// append appends the components that a label's value names: by its last path element, or
// that before it where it is a file's.
func (cs *components) append(to []*component, value string, whole bool) []*component {
	value = strings.ToLower(strings.TrimSpace(value))
	base := path.Base(value)
	isFile := strings.HasPrefix(value, "/") && (strings.HasSuffix(value, ".log") || strings.HasPrefix(value, "/var/log/"))
	if isFile && len(cs.files[base]) > 0 {
		return append(to, cs.files[base]...)
	}
	if i := strings.IndexAny(base, "@:"); i > 0 { // an image's tag, a unit's instance
		base = base[:i]
	}
	found := cs.named(base, whole)
	if len(found) == 0 && isFile {
		found = cs.named(path.Base(path.Dir(value)), whole)
	}
	for _, c := range found {
		if !slices.Contains(to, c) {
			to = append(to, c)
		}
	}
	return to
}

// maxSegments is how many parts of a name are compared.
const maxSegments = 5

// named returns the components that a name ends in, less what can follow a component's
// name; whole asks for nothing in front of it.
func (cs *components) named(name string, whole bool) []*component {
	for _, suffix := range []string{".service", ".log", ".scope", ".slice"} {
		name = strings.TrimSuffix(name, suffix)
	}
	segs := segments(name)
	if len(segs) == 0 || (len(segs) > 1 && waits[segs[0]]) {
		return nil
	}
	for len(segs) > 0 {
		all := joined(segs)
		if found := cs.exact[all]; len(found) > 0 {
			return found
		}
		for from := max(0, len(segs)-maxSegments); from < len(segs) && (from == 0 || !whole); from++ {
			if found := cs.names[joined(segs[from:])]; len(found) > 0 {
				return found
			}
		}
		for _, w := range cs.wild {
			if wildcard(w.pattern, all) {
				return []*component{w.of}
			}
		}
		if len(segs) == 1 || !follows(segs[len(segs)-1]) {
			return nil
		}
		segs = segs[:len(segs)-1]
	}
	return nil
}

func segments(name string) []string {
	return strings.FieldsFunc(name, func(r rune) bool { return r == '-' || r == '_' || r == '.' || r == ' ' })
}

func joined(segs []string) string { return strings.Join(segs, "-") }

// waits are words that a component's name follows where something else deals with it.
var waits = setOf("wait", "init", "check", "probe", "backup", "migrate", "test")

// roles are words that follow a component's name without making it another's.
var roles = setOf("primary", "replica", "replicas", "read", "readonly", "write", "master", "slave", "node", "nodes", "server", "servers",
	"cluster", "ha", "main", "db", "database", "data", "headless", "leader", "follower", "standby", "sts", "statefulset", "shard", "instance",
	"prod", "production", "staging", "stage", "dev", "svc", "service", "deployment", "deploy", "pod", "container", "default", "pool", "system",
	"ds", "daemonset", "int", "ext", "internal", "external", "public", "private", "edge", "access", "error", "current", "stdout", "stderr", "cache",
	"controller", "logs", "log", "core", "arbiter", "blue", "green", "canary", "stable", "east", "west", "north", "south")

func setOf(words ...string) map[string]bool {
	m := make(map[string]bool, len(words))
	for _, w := range words {
		m[w] = true
	}
	return m
}

// follows reports whether a part of a name can follow a component's name: a role, a
// number, a version, or the hash that Kubernetes gives a pod.
func follows(seg string) bool {
	if roles[seg] {
		return true
	}
	digits, vowels := 0, 0
	for _, c := range []byte(seg) {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case strings.IndexByte("aeiou", c) >= 0:
			vowels++
		}
	}
	switch {
	case digits == len(seg), digits == len(seg)-1 && (seg[0] == 'v' || seg[0] == 'r'):
		return true
	case len(seg) == 5 && vowels == 0:
		return true
	}
	return len(seg) >= 8 && len(seg) <= 10 && digits > 0
}

// wildcard reports whether text matches a pattern in which * stands for any text.
func wildcard(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == text
	}
	if !strings.HasPrefix(text, parts[0]) {
		return false
	}
	text = text[len(parts[0]):]
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(text, p)
		if i < 0 {
			return false
		}
		text = text[i+len(p):]
	}
	return strings.HasSuffix(text, parts[len(parts)-1])
}

// selfNamed returns the component that a line of an unknown stream identifies itself as:
// by the identifier that syslog and the journal print in front, or by its own layout.
func (cs *components) selfNamed(line string) []*component {
	for _, c := range cs.selves {
		for _, expr := range c.lines {
			if expr.possible(line) && expr.MatchString(line) {
				return []*component{c}
			}
		}
	}
	if !syslogHead.possible(line) {
		return nil
	}
	if m := syslogHead.FindStringSubmatch(line); m != nil {
		if found := cs.named(strings.ToLower(path.Base(m[1])), false); len(found) > 0 {
			return found
		}
		return []*component{cs.byID[application]}
	}
	return nil
}

// checkBound refuses a signature that is bound to what no component prints.
func (cs *components) checkBound(s *Signature) error {
	for _, name := range s.Streams {
		if !cs.classes[name] {
			return fmt.Errorf("signature %s: no component is called %q or prints it", s.ID, name)
		}
	}
	return nil
}

// prints reports whether one of the components prints what is bound to the classes.
func prints(cs []*component, classes []string) bool {
	for _, c := range cs {
		if slices.Contains(classes, c.ID) {
			return true
		}
		for _, p := range c.Prints {
			if slices.Contains(classes, p) || p == systemClass {
				return true
			}
		}
	}
	return false
}
