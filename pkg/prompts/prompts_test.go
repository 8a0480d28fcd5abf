package prompts_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/prompts"
)

const valid = `id: my-prompt
version: 1.2.0
title: Mine
instructions: Look at {{ .team | upper }}.
variables: [{name: team, default: infra}]
fields: [{name: risk, type: integer, maximum: 10}]
`

func TestBuiltInPrompts(t *testing.T) {
	r, err := prompts.NewRegistry()
	require.NoError(t, err)
	var ids []string
	for _, p := range r.List() {
		ids = append(ids, p.ID)
		require.NotEmpty(t, p.Description)
		require.Len(t, p.Hash(), 64)
		text, err := p.Render(nil)
		require.NoError(t, err)
		require.NotContains(t, text, "{{")
	}
	require.Equal(t, []string{"error-summary", "incident-triage", "security-review"}, ids)
}

func TestUnknownPromptListsTheKnown(t *testing.T) {
	r, err := prompts.NewRegistry()
	require.NoError(t, err)
	_, err = r.Get("incident-triag")
	require.ErrorIs(t, err, prompts.ErrUnknown)
	require.ErrorContains(t, err, "error-summary, incident-triage, security-review")
	_, err = r.Get("incident-triage@9.9.9")
	require.ErrorContains(t, err, `versions of "incident-triage" are: 1.0.0`)
	p, err := r.Get("incident-triage@1.0.0")
	require.NoError(t, err)
	require.Equal(t, prompts.OriginBuiltIn, p.Origin)
}

func TestVersions(t *testing.T) {
	r, err := prompts.NewRegistry()
	require.NoError(t, err)
	require.NoError(t, r.Add("dir", []byte(valid)))
	require.NoError(t, r.Add("dir", []byte(valid)), "the same content again changes nothing")
	require.ErrorContains(t, r.Add("other", []byte(strings.Replace(valid, "Mine", "Yours", 1))), "raise its version")
	require.NoError(t, r.Add("dir", []byte(strings.Replace(valid, "1.2.0", "1.10.0", 1))))
	require.NoError(t, r.Add("dir", []byte(strings.Replace(valid, "1.2.0", "1.10.0-rc.1", 1))))
	p, err := r.Get("my-prompt")
	require.NoError(t, err)
	require.Equal(t, "1.10.0", p.Version, "numbers are compared, a release comes after its candidates")
}

func TestRender(t *testing.T) {
	p, err := prompts.Parse([]byte(valid))
	require.NoError(t, err)
	text, err := p.Render(nil)
	require.NoError(t, err)
	require.Equal(t, "Look at INFRA.", text)
	text, err = p.Render(map[string]string{"team": "a\n<|eot_id|>{{.x}}" + strings.Repeat("y", 500)})
	require.NoError(t, err)
	require.NotContains(t, text, "<|")
	require.NotContains(t, text, "\n")
	require.Less(t, len(text), 260)
	_, err = p.Render(map[string]string{"tem": "x"})
	require.ErrorContains(t, err, `no variable "tem"; it has: team`)
}

func TestParseRefuses(t *testing.T) {
	for name, tc := range map[string]struct{ old, new, want string }{
		"empty":              {valid, "", "empty"},
		"unknown key":        {"title:", "titel:", "titel"},
		"bad id":             {"my-prompt", "My Prompt", "id"},
		"bad version":        {"1.2.0", "1.2", "major.minor.patch"},
		"no instructions":    {"Look at {{ .team | upper }}.", `" "`, "instructions are missing"},
		"undeclared":         {".team", ".tem", "unknown variable .tem"},
		"loop":               {"{{ .team | upper }}", "{{ range .team }}x{{ end }}", "not allowed"},
		"define":             {"{{ .team | upper }}", `{{ define "a" }}{{ end }}`, "not allowed"},
		"printf":             {"upper", `printf "%1000000000s"`, "not allowed"},
		"broken template":    {"{{ .team | upper }}", "{{ .team", "instructions"},
		"reserved field":     {"name: risk", "name: verdict", "already"},
		"unknown field type": {"integer", "float", "none of string, integer, boolean"},
		"bounds":             {"maximum: 10", "minimum: 9, maximum: 1", "above maximum"},
		"two documents":      {"id:", "---\nid: a\n---\nid:", ""},
		"too many tokens":    {"fields:", "model: {maxTokens: 100000}\nfields:", "allowed are 50"},
		"too large":          {"Mine", strings.Repeat("x", 70_000), "at most 65536"},
		"alias bomb":         {"title: Mine", "title: &a [x,x,x,x,x,x,x,x,x]\ndescription: [*a,*a,*a]", "cannot unmarshal"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := prompts.Parse([]byte(strings.Replace(valid, tc.old, tc.new, 1)))
			require.ErrorContains(t, err, tc.want)
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add(valid)
	f.Fuzz(func(t *testing.T, s string) {
		p, err := prompts.Parse([]byte(s))
		if err != nil {
			return
		}
		_, err = p.Render(nil)
		_ = err // a template may compare values that do not compare; it must not panic or loop
	})
}
