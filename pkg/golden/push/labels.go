package push

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Loki's default limits of labels (v3.7, limits_config: max_label_names_per_series,
// max_label_name_length, max_label_value_length).
const (
	maxLabels     = 15
	maxLabelName  = 1024
	maxLabelValue = 2048
)

// important are the labels that stay where there are too many.
func important() []string {
	return []string{"service_name", "namespace", "app", "container", "pod", "job", "node", "level", "stream", "filename", "host"}
}

var invalidName = regexp.MustCompile(`[^a-zA-Z0-9_]`)

// labels returns labels as Loki takes them, with room for the run's.
func (b *builder) labels(in map[string]string) map[string]string {
	out := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(in)) {
		value := in[name]
		if value == "" || name == RunLabel || name == CaseLabel { // an empty label is none
			continue
		}
		n, v := validName(name), validValue(value)
		if n != name || v != value {
			b.renamed = note(b.renamed, name)
		}
		if _, taken := out[n]; !taken {
			out[n] = v
		}
	}
	names := slices.Sorted(maps.Keys(out))
	first := important()
	rank := func(name string) int {
		if i := slices.Index(first, name); i >= 0 {
			return i
		}
		return len(first)
	}
	slices.SortStableFunc(names, func(x, y string) int { return cmp.Compare(rank(x), rank(y)) })
	for _, name := range names[min(len(names), maxLabels-1):] {
		delete(out, name)
		b.dropped = note(b.dropped, name)
	}
	return out
}

// validName returns a label name that Prometheus knows; what begins with two underscores
// is its own.
func validName(name string) string {
	name = strings.TrimLeft(invalidName.ReplaceAllString(name, "_"), "_")
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		name = "_" + name
	}
	return name[:min(len(name), maxLabelName)]
}

func validValue(value string) string {
	value = strings.ToValidUTF8(value, "\uFFFD")
	if len(value) <= maxLabelValue {
		return value
	}
	n := maxLabelValue
	for !utf8.RuneStart(value[n]) {
		n--
	}
	return value[:n]
}

func note(set map[string]bool, name string) map[string]bool {
	if set == nil {
		set = map[string]bool{}
	}
	set[name] = true
	return set
}

func join(set map[string]bool) string {
	names := slices.Sorted(maps.Keys(set))
	if len(names) > 10 {
		names = append(names[:10], "…")
	}
	return strings.Join(names, ", ")
}

// labelKey renders labels, equal ones equally.
func labelKey(labels map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		b.WriteString(strconv.Quote(name) + strconv.Quote(labels[name]))
	}
	return b.String()
}
