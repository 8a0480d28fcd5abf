package kube

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
)

// The labels of the ConfigMaps whose keys hold a prompt or a prompt's scorecard each, and of
// those whose keys hold the user's rules. Their values do not matter.
const (
	PromptLabel = "lokalyst.io/prompt"
	RulesLabel  = "lokalyst.io/rules"
)

// Bounds of what one reading of a cluster takes into memory.
const (
	pageSize     = 100
	maxDocuments = 1000
	maxDocument  = 64 << 10 // bytes
)

var errFull = fmt.Errorf("the namespaces hold more than %d documents, the rest is left out", maxDocuments)

// A Document is the text of one key of a ConfigMap.
type Document struct {
	Namespace, Name, Key, Text string
}

// scorecardSuffix ends the keys of scorecards, which live beside the prompts.
const scorecardSuffix = ".scorecard.json"

// IsScorecard reports whether the document is a prompt's scorecard rather than a prompt: its
// key ends in .scorecard.json.
func (d *Document) IsScorecard() bool { return strings.HasSuffix(d.Key, scorecardSuffix) }

// Prompts returns the documents of the ConfigMaps with [PromptLabel] in the
// namespaces, ordered by namespace, name and key. It returns at most 1000
// documents of at most 64 KiB. What could not be read or was left out is in the
// error, which joins one error for each cause; the documents are valid beside it.
func Prompts(ctx context.Context, client corev1client.ConfigMapsGetter, namespaces []string) ([]Document, error) {
	return documents(ctx, client, namespaces, PromptLabel)
}

// Rules returns the documents of the ConfigMaps with [RulesLabel], as [Prompts] does those
// with its label.
func Rules(ctx context.Context, client corev1client.ConfigMapsGetter, namespaces []string) ([]Document, error) {
	return documents(ctx, client, namespaces, RulesLabel)
}

func documents(ctx context.Context, client corev1client.ConfigMapsGetter, namespaces []string, label string) ([]Document, error) {
	r := &reader{label: label}
	for _, ns := range slices.Compact(slices.Sorted(slices.Values(namespaces))) {
		if ns == "" {
			continue // to the API server, it would mean all namespaces
		}
		err := r.namespace(ctx, client.ConfigMaps(ns), ns)
		if err != nil {
			r.errs = append(r.errs, err)
		}
		if errors.Is(err, errFull) {
			break
		}
	}
	slices.SortFunc(r.docs, func(a, b Document) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Key, b.Key))
	})
	return r.docs, errors.Join(r.errs...)
}

type reader struct {
	label string
	docs  []Document
	errs  []error
}

func (r *reader) namespace(ctx context.Context, client corev1client.ConfigMapInterface, ns string) error {
	opts := metav1.ListOptions{LabelSelector: r.label, Limit: pageSize}
	for {
		page, err := client.List(ctx, opts)
		if err != nil {
			return explain(ns, err)
		}
		for i := range page.Items {
			if err := r.add(&page.Items[i]); err != nil {
				return err
			}
		}
		if opts.Continue = page.Continue; opts.Continue == "" {
			return nil
		}
	}
}

func (r *reader) add(m *corev1.ConfigMap) error {
	for _, key := range slices.Sorted(maps.Keys(m.Data)) {
		text := m.Data[key]
		if len(text) > maxDocument {
			r.errs = append(r.errs, fmt.Errorf("configmap %s/%s, key %s: the document has %d bytes, at most %d are read", m.Namespace, m.Name, key, len(text), maxDocument))
			continue
		}
		if len(r.docs) == maxDocuments {
			return fmt.Errorf("%w from configmap %s/%s on", errFull, m.Namespace, m.Name)
		}
		r.docs = append(r.docs, Document{Namespace: m.Namespace, Name: m.Name, Key: key, Text: text})
	}
	for _, key := range slices.Sorted(maps.Keys(m.BinaryData)) {
		r.errs = append(r.errs, fmt.Errorf("configmap %s/%s, key %s: the document is binary, not UTF-8 text", m.Namespace, m.Name, key))
	}
	return nil
}

// explain says what to change so that a namespace can be read.
func explain(ns string, err error) error {
	what := "its ConfigMaps cannot be listed"
	switch {
	case apierrors.IsForbidden(err):
		what = "a Role is missing there that lets Grafana's service account list configmaps"
	case apierrors.IsUnauthorized(err):
		what = "the API server refuses the service account's token"
	case errors.Is(err, context.DeadlineExceeded):
		what = "the API server did not answer in time"
	}
	return fmt.Errorf("namespace %q: %s: %w", ns, what, err)
}
