package main

import (
	"context"
	"strings"

	"github.com/lokalyst/lokalyst/pkg/llm"
	"github.com/lokalyst/lokalyst/pkg/testenv"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// benchLLM measures the client's own work for one call of a real llama-server with
// the test double; the server's work is not counted.
func benchLLM(ctx context.Context, report func(string, float64, string)) error {
	llama, err := testenv.SharedLlama(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = llama.Close() }() // its end decides nothing here
	server, err := llm.New(llm.Config{URL: llama.URL})
	if err != nil {
		return err
	}
	request := llm.Request{
		Messages: []llm.Message{{Role: "user", Content: strings.Repeat("p1 request served in <dur>\n", 60)}},
		Schema:   verdict.Schema([]string{"p1"}, nil, verdict.DefaultWords()), MaxTokens: 500,
	}
	d, err := median(9, func() error {
		_, err := server.Chat(ctx, request)
		return err
	})
	if err != nil {
		return err
	}
	report("model_call_client_cpu_ms", millis(d), "ms")
	return nil
}
