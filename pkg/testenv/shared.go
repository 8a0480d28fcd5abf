package testenv

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"
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
	if err := ready(ctx, url+"/ready"); err != nil {
		return nil, fmt.Errorf("testenv: Loki of $%s: %w", SharedLokiEnv, err)
	}
	return &Loki{URL: url}, nil
}

// ready waits until a GET of the URL is answered with 200: on a machine that is busy with other tests, the parts of a
// Loki can lose each other for a while.
func ready(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, readyWait)
	defer cancel()
	tick := time.NewTicker(readyWait / 100)
	defer tick.Stop()
	for {
		err := getOK(ctx, pollClient(), url)
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return err
		}
	}
}

const readyWait = 30 * time.Second

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
