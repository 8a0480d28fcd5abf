// Package prompts is the registry of prompts: where they come from, what makes
// one valid, and how its instructions are rendered. It knows nothing of logs or
// of models; the layout of what a model reads belongs to package analysis.
package prompts

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"

	"gopkg.in/yaml.v3"

	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// Bounds of a prompt. Instructions are part of every call's tail, which a CPU
// reads at some 85 tokens a second.
const (
	maxDocument     = 64 << 10 // bytes of YAML
	maxInstructions = 6000     // bytes, before and after rendering
	maxVariable     = 200      // characters of one variable's value
	maxFields       = 8
	maxMaxTokens    = 2000
	defaultTokens   = 500
)

// A Prompt is one version of a prompt. It is immutable once parsed.
type Prompt struct {
	ID           string          `yaml:"id" json:"id"`
	Version      string          `yaml:"version" json:"version"`
	Title        string          `yaml:"title" json:"title"`
	Description  string          `yaml:"description" json:"description"`
	Instructions string          `yaml:"instructions" json:"instructions"`
	Variables    []Variable      `yaml:"variables" json:"variables,omitempty"`
	Fields       []verdict.Field `yaml:"fields" json:"fields,omitempty"`
	Model        Model           `yaml:"model" json:"model"`

	// Origin says which source the prompt came from. It is no part of the hash.
	Origin string `yaml:"-" json:"-"`

	hash     string
	compiled *template.Template
}

// A Variable is a value that the query may set for the instructions.
type Variable struct {
	Name        string `yaml:"name" json:"name"`
	Description string `yaml:"description" json:"description,omitempty"`
	Default     string `yaml:"default" json:"default,omitempty"`
}

// Model holds the sampling options. The temperature is always 0: a verdict that
// is drawn by chance cannot wake anyone up.
type Model struct {
	Seed      int `yaml:"seed" json:"seed"`
	MaxTokens int `yaml:"maxTokens" json:"maxTokens"`
}

// Hash returns the SHA-256 over everything that can change an answer, in
// hexadecimal. Two prompts of one id and version with different hashes conflict.
func (p *Prompt) Hash() string { return p.hash }

var (
	nameExpr    = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	fieldExpr   = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
	versionExpr = regexp.MustCompile(`^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$`)
)

// reserved are the keys of every answer, which a prompt's field cannot take.
var reserved = []string{"findings", "verdict", "severity", "summary", "root_cause", "next_step", "patterns", "category", "probability", "prompt", "model", "source", "cached", "age", "rules_severity", "contested", "lines_total", "lines_read"}

// Parse reads and checks one prompt. Errors name the line where YAML knows it
// and say what to change.
func Parse(raw []byte) (*Prompt, error) {
	if len(raw) > maxDocument {
		return nil, fmt.Errorf("the document has %d bytes, at most %d are allowed", len(raw), maxDocument)
	}
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	dec.KnownFields(true)
	p := &Prompt{}
	if err := dec.Decode(p); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.New("the document is empty")
		}
		return nil, err
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, errors.New("the document holds more than one prompt")
	}
	if p.Model.MaxTokens == 0 {
		p.Model.MaxTokens = defaultTokens
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	return p, p.seal()
}

// seal computes the hash of a checked prompt.
func (p *Prompt) seal() error {
	canonical, err := json.Marshal(p)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(canonical)
	p.hash = hex.EncodeToString(sum[:])
	return nil
}

func (p *Prompt) check() error {
	switch {
	case !nameExpr.MatchString(p.ID) || len(p.ID) > 60:
		return fmt.Errorf("id %q: use lower-case letters, digits and single dashes, at most 60 characters", p.ID)
	case !versionExpr.MatchString(p.Version):
		return fmt.Errorf("version %q: use major.minor.patch, such as 1.0.0", p.Version)
	case strings.TrimSpace(p.Title) == "":
		return errors.New("title is missing")
	case strings.TrimSpace(p.Instructions) == "":
		return errors.New("instructions are missing")
	case len(p.Instructions) > maxInstructions:
		return fmt.Errorf("instructions have %d bytes, at most %d are allowed", len(p.Instructions), maxInstructions)
	case p.Model.MaxTokens < 50 || p.Model.MaxTokens > maxMaxTokens:
		return fmt.Errorf("model.maxTokens is %d, allowed are 50 to %d", p.Model.MaxTokens, maxMaxTokens)
	}
	if err := p.checkFields(); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, v := range p.Variables {
		if !fieldExpr.MatchString(v.Name) || seen[v.Name] {
			return fmt.Errorf("variable %q: use each name once, lower-case letters, digits and underscores", v.Name)
		}
		seen[v.Name] = true
	}
	return p.compile(seen)
}

func (p *Prompt) checkFields() error {
	if len(p.Fields) > maxFields {
		return fmt.Errorf("%d fields, at most %d are allowed: each costs tokens in every answer", len(p.Fields), maxFields)
	}
	seen := map[string]bool{}
	for _, f := range p.Fields {
		switch low, high := f.Bounds(); {
		case !fieldExpr.MatchString(f.Name) || seen[f.Name]:
			return fmt.Errorf("field %q: use each name once, lower-case letters, digits and underscores", f.Name)
		case slices.Contains(reserved, f.Name):
			return fmt.Errorf("field %q: every answer has a field of this name already", f.Name)
		case f.Type != verdict.FieldString && f.Type != verdict.FieldInteger && f.Type != verdict.FieldBoolean:
			return fmt.Errorf("field %q: type %q is none of string, integer, boolean", f.Name, f.Type)
		case low > high:
			return fmt.Errorf("field %q: minimum %d is above maximum %d", f.Name, low, high)
		}
		seen[f.Name] = true
	}
	return nil
}

// funcs is the closed set of functions that instructions may call.
func funcs() template.FuncMap {
	return template.FuncMap{"lower": strings.ToLower, "upper": strings.ToUpper}
}

// compile parses the instructions and refuses what could loop, reach other
// templates or read a variable that the prompt does not declare.
func (p *Prompt) compile(variables map[string]bool) error {
	t, err := template.New(p.ID).Option("missingkey=error").Funcs(funcs()).Parse(p.Instructions)
	if err != nil {
		return fmt.Errorf("instructions: %w", err)
	}
	if len(t.Templates()) > 1 {
		return errors.New("instructions: define and block are not allowed")
	}
	if t.Tree == nil {
		return errors.New("instructions are missing")
	}
	if err := allowed(t.Root, variables); err != nil {
		return fmt.Errorf("instructions: %w", err)
	}
	p.compiled = t
	return nil
}

func allowed(n parse.Node, variables map[string]bool) error {
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil {
			return nil
		}
		for _, c := range n.Nodes {
			if err := allowed(c, variables); err != nil {
				return err
			}
		}
	case *parse.IfNode:
		return errors.Join(allowed(n.Pipe, variables), allowed(n.List, variables), allowed(n.ElseList, variables))
	case *parse.ActionNode:
		return allowed(n.Pipe, variables)
	case *parse.PipeNode:
		for _, c := range n.Cmds {
			for _, a := range c.Args {
				if err := allowed(a, variables); err != nil {
					return err
				}
			}
		}
	case *parse.FieldNode:
		if len(n.Ident) != 1 || !variables[n.Ident[0]] {
			return fmt.Errorf("unknown variable .%s: declare it under variables", strings.Join(n.Ident, "."))
		}
	case *parse.IdentifierNode:
		if !slices.Contains([]string{"lower", "upper", "eq", "ne", "and", "or", "not"}, n.Ident) {
			return fmt.Errorf("function %q is not allowed", n.Ident)
		}
	case *parse.TextNode, *parse.StringNode, *parse.NumberNode, *parse.BoolNode, *parse.CommentNode:
	default:
		return fmt.Errorf("%s is not allowed", n)
	}
	return nil
}

// Render returns the instructions for these values of the prompt's variables.
// An undeclared variable is an error that names the declared ones.
func (p *Prompt) Render(vars map[string]string) (string, error) {
	data := make(map[string]string, len(p.Variables))
	names := make([]string, 0, len(p.Variables))
	for _, v := range p.Variables {
		data[v.Name] = v.Default
		names = append(names, v.Name)
	}
	for name, value := range vars {
		if _, ok := data[name]; !ok {
			return "", fmt.Errorf("prompt %q has no variable %q; it has: %s", p.ID, name, orNone(names))
		}
		data[name] = verdict.Plain(value, maxVariable)
	}
	var b strings.Builder
	if err := p.compiled.Execute(&b, data); err != nil {
		return "", fmt.Errorf("prompt %q: %w", p.ID, err)
	}
	text := strings.TrimSpace(b.String())
	if len(text) > maxInstructions {
		return "", fmt.Errorf("prompt %q has %d bytes once its variables are filled in, at most %d are allowed", p.ID, len(text), maxInstructions)
	}
	return text, nil
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
