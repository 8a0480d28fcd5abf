package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"
)

const (
	goldenDeploy   = "../../../deploy/ai/golden"
	goldenWorkflow = "../../../.github/workflows/golden.yml"
)

// kustomization is the part of one that this tree uses.
type kustomization struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Namespace  string
	Labels     []struct {
		Pairs map[string]string
	}
	Resources []string
	Images    []struct {
		Name   string
		NewTag string `yaml:"newTag"`
	}
}

// goldenTree is what deploy/ai/golden holds, as the API server would read it.
type goldenTree struct {
	kustomization
	cron     *batchv1.CronJob
	account  *corev1.ServiceAccount
	settings *corev1.ConfigMap
	claim    *corev1.PersistentVolumeClaim
	network  *networkingv1.NetworkPolicy
}

func (g *goldenTree) pod() *corev1.PodSpec { return &g.cron.Spec.JobTemplate.Spec.Template.Spec }

// containers are all of the pod's.
func (g *goldenTree) containers() []corev1.Container {
	return slices.Concat(g.pod().InitContainers, g.pod().Containers)
}

// readGoldenTree decodes each file strictly: a misspelt field is an error.
func readGoldenTree(t *testing.T) *goldenTree {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(goldenDeploy, "kustomization.yaml"))
	require.NoError(t, err)
	tree := &goldenTree{}
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	dec.KnownFields(true)
	require.NoError(t, dec.Decode(&tree.kustomization))
	files, err := filepath.Glob(filepath.Join(goldenDeploy, "*.yaml"))
	require.NoError(t, err)
	require.Len(t, tree.Resources, len(files)-1, "each file is a resource")
	decoder := json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme.Scheme, scheme.Scheme, json.SerializerOptions{Yaml: true, Strict: true})
	for _, name := range tree.Resources {
		raw, err := os.ReadFile(filepath.Join(goldenDeploy, name))
		require.NoError(t, err)
		docs := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(raw)))
		for {
			doc, err := docs.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			object, _, err := decoder.Decode(doc, nil, nil)
			require.NoError(t, err, name)
			tree.add(t, object)
		}
	}
	return tree
}

func (g *goldenTree) add(t *testing.T, object runtime.Object) {
	t.Helper()
	switch o := object.(type) {
	case *batchv1.CronJob:
		g.cron = o
	case *corev1.ServiceAccount:
		g.account = o
	case *corev1.ConfigMap:
		g.settings = o
	case *corev1.PersistentVolumeClaim:
		g.claim = o
	case *networkingv1.NetworkPolicy:
		g.network = o
	default:
		require.Fail(t, "nothing checks this", "%T", object)
	}
}

// TestGoldenCronJobRunsOnceAtATime and ends.
func TestGoldenCronJobRunsOnceAtATime(t *testing.T) {
	g := readGoldenTree(t)
	require.Equal(t, batchv1.ForbidConcurrent, g.cron.Spec.ConcurrencyPolicy)
	job := g.cron.Spec.JobTemplate.Spec
	require.Positive(t, *job.ActiveDeadlineSeconds)
	require.Less(t, *job.ActiveDeadlineSeconds, int64(24*3600), "it ends before the next one")
	require.Zero(t, *job.BackoffLimit)
	require.Equal(t, corev1.RestartPolicyNever, g.pod().RestartPolicy)
	require.Equal(t, map[string]string{"hardware": "light"}, g.pod().NodeSelector)
	require.Empty(t, g.pod().Tolerations)
}

// TestGoldenPodIsRestricted: the pod security standard "restricted", no token, pinned images
// and limits.
func TestGoldenPodIsRestricted(t *testing.T) {
	g := readGoldenTree(t)
	pod := g.pod()
	require.Equal(t, g.account.Name, pod.ServiceAccountName)
	require.False(t, *g.account.AutomountServiceAccountToken)
	require.False(t, *pod.AutomountServiceAccountToken)
	require.True(t, *pod.SecurityContext.RunAsNonRoot)
	require.Positive(t, *pod.SecurityContext.RunAsUser)
	require.Equal(t, corev1.SeccompProfileTypeRuntimeDefault, pod.SecurityContext.SeccompProfile.Type)
	require.False(t, pod.HostNetwork || pod.HostPID || pod.HostIPC)
	for _, v := range pod.Volumes {
		require.True(t, v.EmptyDir != nil && v.EmptyDir.SizeLimit != nil || v.PersistentVolumeClaim != nil && v.PersistentVolumeClaim.ClaimName == g.claim.Name, v.Name)
	}
	require.LessOrEqual(t, g.claim.Spec.Resources.Requests.Storage().Value(), int64(5<<30))
	tags := map[string]string{}
	for _, i := range g.Images {
		tags[i.Name] = i.NewTag
	}
	for _, c := range g.containers() {
		require.Regexp(t, `^\d+\.\d+\.\d+$`, tags[c.Image], "%s: the tag of the image is pinned in kustomization.yaml", c.Name)
		require.NotContains(t, strings.Split(c.Image, "/")[0], ".", "no registry's host")
		require.False(t, *c.SecurityContext.AllowPrivilegeEscalation, c.Name)
		require.True(t, *c.SecurityContext.ReadOnlyRootFilesystem, c.Name)
		require.Equal(t, []corev1.Capability{"ALL"}, c.SecurityContext.Capabilities.Drop, c.Name)
		require.Empty(t, c.SecurityContext.Capabilities.Add, c.Name)
		for _, r := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
			request, limit := c.Resources.Requests[r], c.Resources.Limits[r]
			require.Positive(t, request.Sign(), "%s: request of %s", c.Name, r)
			require.GreaterOrEqual(t, limit.Cmp(request), 0, "%s: limit of %s", c.Name, r)
		}
	}
}

// TestGoldenNetwork: nothing comes in, and what goes out goes to what the settings name.
func TestGoldenNetwork(t *testing.T) {
	g := readGoldenTree(t)
	require.Equal(t, []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress}, g.network.Spec.PolicyTypes)
	require.Empty(t, g.network.Spec.Ingress)
	selector, err := metav1.LabelSelectorAsSelector(&g.network.Spec.PodSelector)
	require.NoError(t, err)
	require.False(t, selector.Empty(), "it would hold for the whole namespace")
	require.True(t, selector.Matches(labels.Set(g.cron.Spec.JobTemplate.Spec.Template.Labels)), "the policy holds for the pod")
	ports := map[string]bool{}
	for _, rule := range g.network.Spec.Egress {
		require.NotEmpty(t, rule.To, "a rule without a peer allows the world")
		for _, peer := range rule.To {
			require.NotNil(t, peer.PodSelector)
			require.NotEmpty(t, peer.PodSelector.MatchLabels, "an empty selector is every pod")
		}
		for _, p := range rule.Ports {
			ports[p.Port.String()] = true
		}
	}
	for _, url := range []string{g.settings.Data["LLM_URL"], g.settings.Data["PUSHGATEWAY_URL"]} {
		require.Regexp(t, `^http://[a-z0-9.-]+:\d+$`, url)
		require.True(t, ports[url[strings.LastIndex(url, ":")+1:]], "%s may not be reached", url)
	}
}

// TestGoldenSettingsAreUsed: each setting is part of a command line, and the other way round.
func TestGoldenSettingsAreUsed(t *testing.T) {
	g := readGoldenTree(t)
	used := map[string]bool{}
	for _, c := range g.containers() {
		require.Len(t, c.EnvFrom, 1, c.Name)
		require.Equal(t, g.settings.Name, c.EnvFrom[0].ConfigMapRef.Name)
		for _, m := range regexp.MustCompile(`\$\((\w+)\)`).FindAllStringSubmatch(strings.Join(c.Args, " "), -1) {
			require.Contains(t, g.settings.Data, m[1], c.Name)
			used[m[1]] = true
		}
	}
	require.Len(t, used, len(g.settings.Data))
}

// commandLines are those of lokalyst in the manifests and in the workflow, with the settings
// filled in.
func commandLines(t *testing.T) (lines [][]string) {
	t.Helper()
	g := readGoldenTree(t)
	for _, c := range g.containers() {
		require.Equal(t, []string{"lokalyst"}, c.Command, c.Name)
		args := slices.Clone(c.Args)
		for i := range args {
			for name, value := range g.settings.Data {
				args[i] = strings.ReplaceAll(args[i], "$("+name+")", value)
			}
		}
		lines = append(lines, args)
	}
	raw, err := os.ReadFile(goldenWorkflow)
	require.NoError(t, err)
	for line := range strings.Lines(string(raw)) {
		if args, ok := strings.CutPrefix(strings.TrimSpace(line), "lokalyst "); ok {
			lines = append(lines, strings.Fields(strings.ReplaceAll(args, `"$LLM_URL"`, "http://llama:8080")))
		}
	}
	require.Greater(t, len(lines), len(g.containers()), "the workflow has some, too")
	return lines
}

// TestGoldenCommandLines: each one names a command and flags that there are, and as many
// arguments as it takes.
func TestGoldenCommandLines(t *testing.T) {
	seen := map[string]bool{}
	for _, args := range commandLines(t) {
		require.Equal(t, "golden", args[0])
		seen[args[1]] = true
		cmd, rest, err := rootCommand(new(int)).Find(args)
		require.NoError(t, err)
		require.Equal(t, args[1], cmd.Name(), "%v is no command", args)
		require.NoError(t, cmd.ParseFlags(rest), "%v", args)
		require.NoError(t, cmd.ValidateArgs(cmd.Flags().Args()), "%v", args)
		require.NoError(t, cmd.ValidateRequiredFlags(), "%v", args)
	}
	for _, want := range []string{"generate", "evaluate", "report", "gate"} {
		require.True(t, seen[want], want)
	}
}

// TestGoldenWorkflow: least rights, and actions by their commit.
func TestGoldenWorkflow(t *testing.T) {
	raw, err := os.ReadFile(goldenWorkflow)
	require.NoError(t, err)
	var workflow struct {
		On          map[string]any
		Permissions map[string]string
		Jobs        map[string]struct {
			Permissions    map[string]string
			TimeoutMinutes int `yaml:"timeout-minutes"`
			Steps          []struct{ Uses, Run string }
		}
	}
	require.NoError(t, yaml.Unmarshal(raw, &workflow))
	require.NotContains(t, workflow.On, "pull_request_target", "it would give a stranger's change our secrets")
	require.Empty(t, workflow.Permissions)
	require.Len(t, workflow.Jobs, 2)
	for name, job := range workflow.Jobs {
		require.Equal(t, map[string]string{"contents": "read"}, job.Permissions, name)
		require.Positive(t, job.TimeoutMinutes, name)
		for _, step := range job.Steps {
			if step.Uses != "" {
				require.Regexp(t, `^[a-z-]+(/[a-z-]+)+@[0-9a-f]{40}$`, step.Uses)
			}
			require.NotContains(t, step.Run, "${{", "an expression in a script is code; hand it over in env")
		}
	}
}
