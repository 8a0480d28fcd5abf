// Package secretcorpus makes log lines with secrets and log lines without any, to
// measure redaction with. The secrets follow the formats that their providers
// publish; nothing here knows how package redact looks for them. They are put
// together at run time from a seed, so that no scanner of this repository finds one
// and the same seed gives the same lines.
package secretcorpus

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// A Sample is a piece of log with one secret in it.
type Sample struct {
	// Type names what kind of secret it is, such as "github-pat".
	Type string
	// Secret is the text that must not be left after masking. Where a secret spans
	// lines it is the part that cannot be told from elsewhere.
	Secret string
	// Line is the log line; it has several lines where keys and dumps have them.
	Line string
}

// Secrets returns n samples, the types in turn and their surroundings at random.
func Secrets(seed uint64, n int) []Sample {
	g := newGenerator(seed)
	all := types()
	out := make([]Sample, n)
	for i := range out {
		t := all[i%len(all)]
		for tries := 0; ; tries++ {
			secret, line := t.make(g)
			if strings.Contains(line, secret) {
				out[i] = Sample{Type: t.name, Secret: secret, Line: line}
				break
			}
			if tries == 100 {
				panic(fmt.Sprintf("secretcorpus: %s makes lines without its secret", t.name))
			}
		}
	}
	return out
}

// Types returns the names of the types that Secrets takes in turn.
func Types() []string {
	all := types()
	names := make([]string, len(all))
	for i, t := range all {
		names[i] = t.name
	}
	return names
}

// Clean returns n log lines of a cluster that hold no secret, although many speak of
// keys, tokens and passwords or hold digests, identities and random names.
func Clean(seed uint64, n int) []string {
	g := newGenerator(seed)
	templates := cleanTemplates()
	out := make([]string, n)
	for i := range out {
		out[i] = g.fill(templates[i%len(templates)])
	}
	return out
}

// A secretType makes a secret and a line around it.
type secretType struct {
	name string
	make func(g *generator) (secret, line string)
}

func types() []secretType {
	var all []secretType
	for _, t := range tokens() {
		all = append(all, secretType{t.name, func(g *generator) (string, string) {
			secret := g.fill(t.format)
			return secret, g.around(secret, t.variable)
		}})
	}
	for _, t := range named() {
		all = append(all, secretType{t.name, func(g *generator) (string, string) {
			secret := g.fill(g.one(t.formats))
			return secret, g.assign(g.one(t.variables), secret)
		}})
	}
	for _, t := range embedded() {
		all = append(all, secretType{t.name, func(g *generator) (string, string) {
			secret := g.fill(g.one(t.formats))
			return secret, g.line(strings.NewReplacer("SECRET", secret, "PAIR", "bob:"+secret).Replace(g.fill(g.one(t.lines))))
		}})
	}
	return append(all, documents()...)
}

// A generator makes text at random, the same for the same seed.
type generator struct{ *rand.Rand }

func newGenerator(seed uint64) *generator {
	return &generator{rand.New(rand.NewPCG(seed, seed^0x9e3779b97f4a7c15))} //nolint:gosec // the same lines each time
}

func (g *generator) one(list []string) string { return list[g.IntN(len(list))] }

// fill replaces {class count} in a format, such as {m36} for 36 letters and digits;
// {a|b|c} is one of the alternatives.
func (g *generator) fill(format string) string {
	var b strings.Builder
	for {
		head, rest, found := strings.Cut(format, "{")
		b.WriteString(head)
		if !found {
			return b.String()
		}
		inner, tail, closed := strings.Cut(rest, "}")
		if !closed {
			return b.String() + "{" + rest
		}
		b.WriteString(g.field(inner))
		format = tail
	}
}

// field is the text for what stands in braces; what is no field stays as it is.
func (g *generator) field(inner string) string {
	if k := strings.LastIndexByte(inner, '{'); k >= 0 {
		return "{" + inner[:k] + g.field(inner[k+1:])
	}
	if strings.Contains(inner, "|") {
		return g.one(strings.Split(inner, "|"))
	}
	if inner == "uuid" {
		return g.fill("{h8}-{h4}-4{h3}-a{h3}-{h12}")
	}
	var class string
	var n int
	if k, err := fmt.Sscanf(inner, "%1s%d", &class, &n); k != 2 || err != nil {
		return "{" + inner + "}"
	}
	set, ok := classes()[class]
	if !ok {
		return "{" + inner + "}"
	}
	b := make([]byte, n)
	for i := range b {
		b[i] = set[g.IntN(len(set))]
	}
	return string(b)
}

// classes are the alphabets of a format.
func classes() map[string]string {
	const digit, lower, upper = "0123456789", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	return map[string]string{
		"d": digit, "n": "123456789", "l": lower, "L": upper,
		"h": digit + "abcdef", "H": digit + "ABCDEF",
		"a": digit + lower, "A": digit + upper, "m": digit + lower + upper,
		"w": digit + lower + upper + "_-", "b": digit + lower + upper + "+/",
		"B": upper + "234567", "k": "bcdfghjklmnpqrstvwxz2456789", // as Kubernetes names pods
		"p": digit + lower + upper + "!#$%^*_-+.~?", // a password that a manager made
	}
}
