package testenv

import (
	"context"
	"fmt"
	"os"
	"strings"
)

// With these set, the tests of a run share servers that were started once.
const (
	SharedLokiEnv  = "LOKALYST_TEST_LOKI_URL"
	SharedLlamaEnv = "LOKALYST_TEST_LLAMA_URL"
)

// SharedLoki returns the Loki at $LOKALYST_TEST_LOKI_URL, which must have multi-tenancy on, else starts one. Each test
// pushes and reads in a tenant of its own. Close stops only what was started here.
func SharedLoki(ctx context.Context, progress Logf) (*Loki, error) {
	url := strings.TrimSuffix(os.Getenv(SharedLokiEnv), "/")
	if url == "" {
		return StartLoki(ctx, LokiOptions{Progress: progress, MultiTenant: true})
	}
	if err := getOK(ctx, pollClient(), url+"/ready"); err != nil {
		return nil, fmt.Errorf("testenv: Loki of $%s: %w", SharedLokiEnv, err)
	}
	return &Loki{URL: url}, nil
}

// SharedLlama returns the llama.cpp server at $LOKALYST_TEST_LLAMA_URL, which must need no key, else starts one with the
// test double. Close stops only what was started here.
func SharedLlama(ctx context.Context, progress Logf) (*Llama, error) {
	url := strings.TrimSuffix(os.Getenv(SharedLlamaEnv), "/")
	if url == "" {
		return StartLlama(ctx, LlamaOptions{Progress: progress})
	}
	var models struct{ Data []struct{ ID string } }
	if err := getJSON(ctx, url+"/v1/models", &models); err != nil {
		return nil, fmt.Errorf("testenv: llama.cpp server of $%s: %w", SharedLlamaEnv, err)
	}
	if len(models.Data) == 0 {
		return nil, fmt.Errorf("testenv: the llama.cpp server of $%s has no model", SharedLlamaEnv)
	}
	name := models.Data[0].ID
	return &Llama{URL: url, Model: name, TestDouble: strings.Contains(name, "test-double")}, nil
}
