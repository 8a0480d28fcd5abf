package generate

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend/gtime"
)

// A template is a text with placeholders, parsed once and written often.
type template struct {
	parts []writer
	// stable says that it reads the same in the whole case, so that labels may hold it.
	stable bool
}

// A writer appends a piece of text.
type writer func(b []byte, x *expansion) []byte

func (t *template) append(b []byte, x *expansion) []byte {
	for _, w := range t.parts {
		b = w(b, x)
	}
	return b
}

func (t *template) text(x *expansion) string { return string(t.append(nil, x)) }

// A grammar says which placeholders a text may hold beside the common ones.
type grammar struct {
	vars map[string]bool
	// self allows ${pod} and makes ${node} the replica's own.
	self bool
}

// parse reads a text with placeholders.
func (g grammar) parse(text string) (*template, error) {
	t := &template{stable: true}
	for text != "" {
		i := strings.Index(text, "${")
		if i < 0 {
			t.literal(text)
			break
		}
		if i > 0 && text[i-1] == '$' { // $${ is a literal ${
			t.literal(text[:i-1] + "${")
			text = text[i+2:]
			continue
		}
		t.literal(text[:i])
		end := strings.IndexByte(text[i:], '}')
		if end < 0 {
			return nil, fmt.Errorf("%q has no closing brace; write $${ for a literal ${", clip(text[i:]))
		}
		w, stable, err := g.placeholder(text[i+2 : i+end])
		if err != nil {
			return nil, err
		}
		t.parts = append(t.parts, w)
		t.stable = t.stable && stable
		text = text[i+end+1:]
	}
	return t, nil
}

func (t *template) literal(text string) {
	if text != "" {
		t.parts = append(t.parts, func(b []byte, _ *expansion) []byte { return append(b, text...) })
	}
}

func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}

// placeholder reads what stands between the braces.
func (g grammar) placeholder(text string) (w writer, stable bool, err error) {
	name, arg, hasArg := strings.Cut(text, ":")
	switch {
	case name == "node" && (!hasArg || arg != ""):
		return nodeWriter(arg, g.self), true, nil
	case name == "pod":
		w, err = g.pod(arg)
		return w, true, err
	case name == "fix":
		w, err = g.fix(arg)
		return w, true, err
	}
	if layout, ok := layouts[name]; ok && !hasArg {
		return func(b []byte, x *expansion) []byte { return x.at.AppendFormat(b, layout) }, false, nil
	}
	if w, ok := plain[name]; ok && !hasArg {
		return w, false, nil
	}
	if make, ok := valued[name]; ok && arg != "" {
		if w, err = make(arg); err != nil {
			return nil, false, fmt.Errorf("${%s}: %w", text, err)
		}
		return w, false, nil
	}
	if g.vars[name] && !hasArg {
		return func(b []byte, x *expansion) []byte { return append(b, x.scene.vars[name]...) }, true, nil
	}
	return nil, false, fmt.Errorf("${%s} is no placeholder: it is neither one of %s with a fitting argument, nor one of the story's vars %v",
		text, strings.Join(builtins(), ", "), slices.Sorted(maps.Keys(g.vars)))
}

// builtins are the names that no var may have.
func builtins() []string {
	names := slices.Concat(slices.Collect(maps.Keys(layouts)), slices.Collect(maps.Keys(plain)), slices.Collect(maps.Keys(valued)), []string{"node", "pod", "fix"})
	slices.Sort(names)
	return names
}

func nodeWriter(key string, self bool) writer {
	if self && key == "" {
		return func(b []byte, x *expansion) []byte { return append(b, x.self.node...) }
	}
	return func(b []byte, x *expansion) []byte { return append(b, x.scene.node(key)...) }
}

// pod reads NAME and NAME:2, where NAME may be a var.
func (g grammar) pod(arg string) (writer, error) {
	name, replica, counted := strings.Cut(arg, ":")
	n := 1
	if counted {
		var err error
		if n, err = strconv.Atoi(replica); err != nil || n < 1 || n > 99 {
			return nil, fmt.Errorf("${pod:%s}: the replica must be a number of 1 to 99", arg)
		}
	}
	switch {
	case name == "" && g.self && !counted:
		return func(b []byte, x *expansion) []byte { return append(b, x.self.pod...) }, nil
	case name == "":
		return nil, errors.New("${pod} needs the deployment's name, as in ${pod:checkout}")
	case g.vars[name]:
		return func(b []byte, x *expansion) []byte { return append(b, x.scene.pod(x.scene.vars[name], n)...) }, nil
	}
	return func(b []byte, x *expansion) []byte { return append(b, x.scene.pod(name, n)...) }, nil
}

// fix reads KEY:placeholder, whose value is drawn once for the case.
func (g grammar) fix(arg string) (writer, error) {
	key, inner, ok := strings.Cut(arg, ":")
	if !ok || key == "" {
		return nil, fmt.Errorf("${fix:%s} needs a key and a placeholder, as in ${fix:id:int:1-900}", arg)
	}
	if name, _, _ := strings.Cut(inner, ":"); name == "seq" || name == "fix" {
		return nil, fmt.Errorf("${fix:%s}: %s cannot be fixed", arg, name)
	}
	w, _, err := g.placeholder(inner)
	if err != nil {
		return nil, err
	}
	return func(b []byte, x *expansion) []byte { return append(b, x.scene.fix(key, w)...) }, nil
}

// valued are the placeholders with an argument.
var valued = map[string]func(arg string) (writer, error){
	"in":    func(arg string) (writer, error) { return shifted(arg, false) },
	"ago":   func(arg string) (writer, error) { return shifted(arg, true) },
	"int":   intWriter,
	"float": floatWriter,
	"dur":   durWriter,
	"hex":   hexWriter,
	"pick":  pickWriter,
}

func shifted(arg string, back bool) (writer, error) {
	d, err := gtime.ParseDuration(arg)
	if err != nil {
		return nil, errors.New("write a duration such as 2h or 30d")
	}
	if back {
		d = -d
	}
	return func(b []byte, x *expansion) []byte {
		return x.at.Add(d).AppendFormat(b, "2006-01-02T15:04:05Z")
	}, nil
}

func intWriter(arg string) (writer, error) {
	s, err := parseSpan(arg)
	if err != nil {
		return nil, err
	}
	return func(b []byte, x *expansion) []byte { return strconv.AppendInt(b, s.draw(x.random), 10) }, nil
}

// floatWriter keeps the digits behind the point that the bounds have.
func floatWriter(arg string) (writer, error) {
	low, high := cutRange(arg)
	from, err1 := strconv.ParseFloat(low, 64)
	to, err2 := strconv.ParseFloat(high, 64)
	if err1 != nil || err2 != nil || to < from {
		return nil, errors.New("write two numbers such as 0.1-3.5")
	}
	digits := 0
	for _, s := range []string{low, high} {
		if _, behind, ok := strings.Cut(s, "."); ok {
			digits = max(digits, len(behind))
		}
	}
	return func(b []byte, x *expansion) []byte {
		return strconv.AppendFloat(b, from+(to-from)*x.random.float(), 'f', digits, 64)
	}, nil
}

func durWriter(arg string) (writer, error) {
	s, err := parseDurations(arg)
	if err != nil {
		return nil, err
	}
	return func(b []byte, x *expansion) []byte {
		d := time.Duration(s.draw(x.random))
		return append(b, d.Round(max(time.Microsecond, d.Truncate(time.Second)/1e6)).String()...)
	}, nil
}

// maxHex bounds ${hex:N}.
const maxHex = 256

func hexWriter(arg string) (writer, error) {
	n, err := strconv.Atoi(arg)
	if err != nil || n < 1 || n > maxHex {
		return nil, fmt.Errorf("write how many digits, 1 to %d", maxHex)
	}
	return func(b []byte, x *expansion) []byte { return appendHex(b, x.random, n) }, nil
}

func pickWriter(arg string) (writer, error) {
	choices := strings.Split(arg, "|")
	if len(choices) < 2 {
		return nil, errors.New("write choices such as a|b|c")
	}
	return func(b []byte, x *expansion) []byte { return append(b, pick(x.random, choices)...) }, nil
}

// cutRange parts "1-9" and "-5-9"; one number stands for both ends.
func cutRange(s string) (low, high string) {
	s = strings.TrimSpace(s)
	if i := strings.IndexByte(strings.TrimPrefix(s, "-"), '-'); i > 0 {
		i += len(s) - len(strings.TrimPrefix(s, "-"))
		return strings.TrimSpace(s[:i]), strings.TrimSpace(s[i+1:])
	}
	return s, s
}

func parseSpan(s string) (span, error) {
	low, high := cutRange(s)
	a, err1 := strconv.ParseInt(low, 10, 64)
	b, err2 := strconv.ParseInt(high, 10, 64)
	if err1 != nil || err2 != nil || b < a {
		return span{}, fmt.Errorf("%q is no range; write a number such as 3 or a range such as 3-5", s)
	}
	return span{a, b}, nil
}

// parseDurations reads "2s" and "1s-4s" as nanoseconds.
func parseDurations(s string) (span, error) {
	low, high := cutRange(s)
	a, err1 := gtime.ParseDuration(low)
	b, err2 := gtime.ParseDuration(high)
	if err1 != nil || err2 != nil || a < 0 || b < a {
		return span{}, fmt.Errorf("%q is no duration; write one such as 2s or a range such as 1s-4s", s)
	}
	return span{int64(a), int64(b)}, nil
}
