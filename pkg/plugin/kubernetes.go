package plugin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/lokalyst/lokalyst/pkg/kube"
	"github.com/lokalyst/lokalyst/pkg/rules"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// Bounds of reading prompts from Kubernetes. A new instance waits for it, and a
// query or an alert rule waits for the instance.
const (
	kubernetesWait = 3 * time.Second
	maxProblems    = 20
	maxProblemText = 300 // characters of each
)

// kubernetesSettings name where prompts may come from besides the built-in ones.
type kubernetesSettings struct {
	Enabled    bool     `json:"enabled"`
	Namespaces []string `json:"namespaces"`
}

// clusterPrompts is what became of the prompts in ConfigMaps when an instance was
// made. It is immutable.
type clusterPrompts struct {
	registered, scorecards int
	// rules are the users' rules.
	rules    []rules.Rule
	problems []string
	// unread is set when there are problems and not one document was read.
	unread bool
}

// loadCluster registers the prompts and scorecards of the named namespaces, for all instances of
// the process. It returns nil, and touches nothing, unless that is enabled. What
// goes wrong is kept for the health check: the other prompts go on serving.
func (h *Host) loadCluster(ctx context.Context, k kubernetesSettings) *clusterPrompts {
	if !k.Enabled {
		return nil
	}
	out := &clusterPrompts{}
	docs, err := h.clusterDocuments(ctx, k.Namespaces, kube.Prompts)
	if err != nil {
		out.unread = len(docs) == 0
		for line := range strings.Lines(err.Error()) {
			out.problem(line)
		}
	}
	for _, d := range docs {
		origin := "configmap " + d.Namespace + "/" + d.Name
		add, count := h.engine.Prompts.Add, &out.registered
		if d.IsScorecard() {
			add, count = h.engine.Prompts.AddScorecard, &out.scorecards
		}
		if err := add(origin, []byte(d.Text)); err != nil {
			out.problem(origin + ", key " + d.Key + ": " + err.Error())
			continue
		}
		*count++
	}
	h.loadRules(ctx, k.Namespaces, out)
	return out
}

// loadRules reads the users' rules of the namespaces. Their ids get the ConfigMap's name
// before them, so that two teams can use the same.
func (h *Host) loadRules(ctx context.Context, namespaces []string, out *clusterPrompts) {
	docs, err := h.clusterDocuments(ctx, namespaces, kube.Rules)
	if err != nil {
		for line := range strings.Lines(err.Error()) {
			if !slices.Contains(out.problems, verdict.Plain(line, maxProblemText)) { // the prompts met it, too
				out.problem(line)
			}
		}
	}
	for _, d := range docs {
		list, err := rules.ParseRules([]byte(d.Text))
		if err != nil {
			out.problem("configmap " + d.Namespace + "/" + d.Name + ", key " + d.Key + ": " + err.Error())
			continue
		}
		for _, r := range list {
			r.ID = d.Namespace + "/" + d.Name + "/" + r.ID
			if err := r.Check(); err != nil {
				out.problem("configmap " + d.Namespace + "/" + d.Name + ", key " + d.Key + ": " + err.Error())
				continue
			}
			out.rules = append(out.rules, r)
		}
	}
}

// readDocuments is kube.Prompts or kube.Rules.
type readDocuments func(context.Context, corev1client.ConfigMapsGetter, []string) ([]kube.Document, error)

func (h *Host) clusterDocuments(ctx context.Context, namespaces []string, read readDocuments) ([]kube.Document, error) {
	var named []string
	for _, ns := range namespaces {
		if ns = strings.TrimSpace(ns); ns != "" { // an empty row of the settings page
			named = append(named, ns)
		}
	}
	if len(named) == 0 {
		return nil, errors.New("no namespace is named; enter those whose ConfigMaps hold prompts in the settings")
	}
	client, err := h.configMaps()
	if err != nil {
		return nil, err
	}
	// The instance outlives the request that it is made for, so a caller that
	// leaves early must not leave it without prompts.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), kubernetesWait)
	defer cancel()
	return read(ctx, client, named)
}

func (c *clusterPrompts) problem(text string) {
	c.problems = append(c.problems, verdict.Plain(text, maxProblemText))
}

// String says what was read and what is wrong, a problem a line.
func (c *clusterPrompts) String() string {
	text := fmt.Sprintf("prompts registered from ConfigMaps: %d, scorecards: %d, rules: %d", c.registered, c.scorecards, len(c.rules))
	if len(c.problems) == 0 {
		return text
	}
	shown := c.problems[:min(len(c.problems), maxProblems)]
	text += fmt.Sprintf("; problems: %d (save the settings to read again)\n", len(c.problems)) + strings.Join(shown, "\n")
	if left := len(c.problems) - len(shown); left > 0 {
		text += fmt.Sprintf("\nand %d more", left)
	}
	return text
}
