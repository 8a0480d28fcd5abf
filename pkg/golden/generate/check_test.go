package generate

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// change returns toy-memory with one text replaced by another.
func change(t *testing.T, old, new string) string {
	t.Helper()
	raw, err := os.ReadFile("testdata/families/toy-memory.yaml")
	require.NoError(t, err)
	require.Contains(t, string(raw), old)
	file := filepath.Join(t.TempDir(), "toy-memory.yaml")
	require.NoError(t, os.WriteFile(file, []byte(strings.Replace(string(raw), old, new, 1)), 0o600))
	return file
}

func TestCheckAccepts(t *testing.T) {
	require.NoError(t, Check("testdata/families/toy-memory.yaml"))
	require.NoError(t, Check("testdata/families/toy-node.yaml"))
}

// Each mistake is named with its line and what to do.
func TestCheckRefuses(t *testing.T) {
	for _, tt := range []struct{ old, new, want string }{
		{"id: toy-memory", "id: other", `toy-memory.yaml:1: id "other" must be the file's name`},
		{"category: memory", "category: memories", `:3: category "memories"`},
		{"also: [application]", "also: [none]", `category "none"`},
		{"root_cause: {component: toy, code: memory_limit}", "root_cause: {component: toy}", "root_cause needs"},
		{"title: A toy container runs out of memory", "", "title is missing"},
		{"split: dev", "split: train", `:9: split "train"`},
		{"split: dev", "split: test", "a story with split: dev"},
		{"forbidden: [disk full]", "held_out: true", "held-out family"},
		{"id: two", "id: one", `the story's id "one" is missing or taken`},
		{"from: kernel", "from: kernl", `from names "kernl"`},
		{"role: cause", "rolle: cause", "field rolle not found"},
		{"role: cause", "role: reason", `role "reason"`},
		{"role: cause, source: toy,", "role: cause,", "source is missing"},
		{"times: [1, 3-5, 12-20]", "times: [1, 3-5]", ":18: times needs three entries"},
		{"times: [1, 3-5, 12-20],", "", "times is missing"},
		{"times: [1, 3-5, 12-20]", "times: [0, 0, 0]", "nothing that must be cited is printed at severity 1"},
		{"times: [1, 3-5, 12-20]", "times: [1, 5-3, 12]", `"5-3" is no range`},
		{"times: [1, 3-5, 12-20]", "times: [1, 3, 99999]", "times must lie"},
		{"after: kill, delay", "after: trace, delay", `after names "trace"`},
		{"after: kill, delay: 1s-4s", "after: kill, delay: soon", `"soon" is no duration`},
		{"chance: 0.9", "chance: 2", "chance must be"},
		{"chance: 0.9", "when: [0, 1]", "exclude each other"},
		{"when: [0.2, 1]", "when: [1, 0.2]", "when needs"},
		{"${uuid}", "${uid}", "${uid} is no placeholder"},
		{"memory drill", "planned incident", `:32: the line says "incident"`},
		{"memory drill", "Root-Cause drill", `the line says "root cause"`},
		{"twin_reason: It is a drill.", "", "twin_reason is missing"},
		{`service_name: kernel}`, `service_name: ""}`, `the label "service_name" is empty`},
		{`service_name: kernel}`, `id: "${uuid}"}`, "which are the same for all lines"},
		{"labels: {job: systemd-journal, node_name: \"${node}\", service_name: kernel}", "labels: {}", `"kernel" needs labels`},
		{"app: [checkout, orders]", "app: []", `the var "app" has no values`},
		{"app: [checkout, orders]", "uuid: [a]", "has the name of a placeholder"},
		{"app: [checkout, orders]", `app: ["${x}"]`, "holds a placeholder"},
		{"baseline: required", "baseline: never", "cannot be never"},
		{"baseline: required", "baseline: maybe", `baseline "maybe"`},
		{"baseline: required", "window: 3h", "window 3h0m0s must lie"},
		{"baseline: true, after: same", "baseline: true, after: nobody", `after names "nobody"`},
		{"role: symptom, source: toy, baseline: true", "role: symptom, source: toy", "can only follow one with baseline"},
		{"silence: {app: [0.9, 0.6, 0.3]}", "silence: {web: 0.5}", "not in the cast"},
		{"silence: {app: [0.9, 0.6, 0.3]}", "silence: {app: [0.9]}", "one for each of the three"},
		{"rate: 30", "times: [1, 1, 1]", "needs a rate above 0"},
		{"evidence: none", "evidence: some", `evidence "some"`},
	} {
		err := Check(change(t, tt.old, tt.new))
		require.ErrorContains(t, err, tt.want, "%s -> %s", tt.old, tt.new)
	}
	require.Error(t, Check("testdata/families/none.yaml"))
	require.ErrorContains(t, Check(os.DevNull), "empty")
}

func TestShow(t *testing.T) {
	var b strings.Builder
	v := View{Ref: "toy-memory/one", File: "testdata/families/toy-memory.yaml", Seed: 1, Severity: 1}
	require.NoError(t, Show(&b, v))
	require.Contains(t, b.String(), "suspicious, severity 1, category memory [application]")
	require.Regexp(t, `kernel +!cause +toy cgroup`, b.String())
	require.Regexp(t, `\+symptom +E\d{4}`, b.String())
	require.NotContains(t, b.String(), "order placed")
	b.Reset()
	v.Twin, v.Noise = true, 10
	require.NoError(t, Show(&b, v))
	require.Contains(t, b.String(), "memory drill 1")
	require.Contains(t, b.String(), "order placed")
	b.Reset()
	v.Ref = "toy-memory/two/s1/n0b/twin"
	require.NoError(t, Show(&b, v))
	require.Contains(t, b.String(), "# "+v.Ref)
	v.Severity = 4
	require.ErrorContains(t, Show(&b, v), "severity 4")
	v.Severity, v.Ref = 1, "nothing"
	require.ErrorContains(t, Show(&b, v), "toy-memory")
}
