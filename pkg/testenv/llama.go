package testenv

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	// llamaReadyLimit is how long llama-server may take to load its model.
	llamaReadyLimit       = 3 * time.Minute
	defaultSlots          = 2
	defaultContextPerSlot = 8192
	defaultThreads        = 1
)

// LlamaOptions says which llama.cpp server to start. The zero value serves the test double.
type LlamaOptions struct {
	// Progress is told about each longer step.
	Progress Logf
	// Model is the path of a GGUF file. Empty means the test double of TestModel.
	Model string
	// Alias is the model name that the server reports. Empty means TestModelAlias for the test double and the file's
	// name without its extension for any other model.
	Alias string
	// APIKey, if not empty, is required by the server on everything but /health.
	APIKey string
	// Slots is how many requests are served at once; 0 means 2.
	Slots int
	// ContextPerSlot is the context size of one request in tokens; 0 means 8192.
	ContextPerSlot int
	// Threads is how many threads compute; 0 means 1, by far the fastest for the test double on a busy machine.
	Threads int
	// Args are further arguments of llama-server.
	Args []string
}

// Llama is a running llama.cpp server.
type Llama struct {
	// URL is the server's base URL, without /v1 and without a slash at the end.
	URL string
	// Model is the model name that the server reports.
	Model string
	// TestDouble says that the model is this package's test double, which must be said wherever its answers are shown.
	TestDouble bool
	// LogFile is the path of the server's log until Close; empty for a server that somebody else started.
	LogFile string

	dir     string
	process *process
}

// StartLlama starts llama-server on a free port of 127.0.0.1 and returns when it is ready. Context bounds the start
// only; the server runs until Close. See LlamaServer for where the program comes from.
func StartLlama(ctx context.Context, o LlamaOptions) (*Llama, error) {
	bin, err := LlamaServer(ctx, o.Progress)
	if err != nil {
		return nil, err
	}
	o, double, err := o.withDefaults(ctx)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "testenv-llama-")
	if err != nil {
		return nil, fmt.Errorf("testenv: llama-server: %w", err)
	}
	o.Progress.say("testenv: starting llama-server with %s", o.Alias)
	for try := 1; ; try++ {
		llama, err := startLlamaOnce(ctx, bin, dir, o)
		if err == nil {
			llama.TestDouble = double
			return llama, nil
		}
		if try == startTries || !portTaken(err) {
			_ = os.RemoveAll(dir)
			return nil, err
		}
	}
}

// withDefaults fills in what the caller left open and says whether the model is the test double.
func (o LlamaOptions) withDefaults(ctx context.Context) (LlamaOptions, bool, error) {
	double := o.Model == ""
	if double {
		path, err := TestModel(ctx)
		if err != nil {
			return o, false, err
		}
		o.Model = path
		if o.Alias == "" {
			o.Alias = TestModelAlias
		}
	}
	if o.Alias == "" {
		o.Alias = strings.TrimSuffix(filepath.Base(o.Model), filepath.Ext(o.Model))
	}
	if o.Slots == 0 {
		o.Slots = defaultSlots
	}
	if o.ContextPerSlot == 0 {
		o.ContextPerSlot = defaultContextPerSlot
	}
	if o.Threads == 0 {
		o.Threads = defaultThreads
	}
	return o, double, nil
}

// arguments returns llama-server's command line.
func (o LlamaOptions) arguments(port int) []string {
	number := strconv.Itoa
	args := []string{"--model", o.Model, "--alias", o.Alias, "--host", "127.0.0.1", "--port", number(port),
		"--parallel", number(o.Slots), "--ctx-size", number(o.Slots * o.ContextPerSlot),
		"--threads", number(o.Threads), "--threads-batch", number(o.Threads), "--cache-ram", "256",
		"--metrics", "--slots", "--jinja", "--no-ui", "--offline", "--cors-origins", "localhost"}
	return append(args, o.Args...)
}

func startLlamaOnce(ctx context.Context, bin, dir string, o LlamaOptions) (*Llama, error) {
	ports, err := freePorts(1)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(bin, o.arguments(ports[0])...)
	for _, variable := range os.Environ() {
		// llama-server reads its options from the environment too; those of the caller's shell are not meant.
		if !strings.HasPrefix(variable, "LLAMA_") {
			cmd.Env = append(cmd.Env, variable)
		}
	}
	if o.APIKey != "" {
		cmd.Env = append(cmd.Env, "LLAMA_API_KEY="+o.APIKey)
	}
	logFile := filepath.Join(dir, "llama-server-"+strconv.Itoa(ports[0])+".log")
	process, err := startProcess("llama-server", logFile, cmd)
	if err != nil {
		return nil, err
	}
	url := "http://127.0.0.1:" + strconv.Itoa(ports[0])
	if err := process.waitHTTP(ctx, llamaReadyLimit, url+"/health"); err != nil {
		return nil, err
	}
	return &Llama{URL: url, Model: o.Alias, LogFile: logFile, dir: dir, process: process}, nil
}

// Close ends the server and removes its log. It does nothing for a server that somebody else started, and nothing the
// second time.
func (l *Llama) Close() error {
	if l.process == nil {
		return nil
	}
	l.process.stop()
	return os.RemoveAll(l.dir)
}
