package testenv

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// lokiReadyLimit is how long Loki may take until it is ready, which on a quiet machine is less than a second.
const lokiReadyLimit = 2 * time.Minute

// LokiOptions says which Loki to start. The zero value is a single-tenant server whose data ends with it.
type LokiOptions struct {
	// Progress is told about each longer step.
	Progress Logf
	// MultiTenant requires a tenant with every request. Without it the header is ignored.
	MultiTenant bool
	// Dir keeps the data and the log, and stays after Close; it is created when missing. Empty means a temporary folder.
	Dir string
}

// Loki is a running Loki server.
type Loki struct {
	// URL is the server's base URL, without /loki/api and without a slash at the end.
	URL string
	// LogFile is the path of the server's log until Close; empty for a server that somebody else started.
	LogFile string

	temp    string // removed by Close
	process *process
}

// StartLoki starts Loki on free ports of 127.0.0.1 and returns when it is ready. Context bounds the start only; the
// server runs until Close. It takes lines of up to 2 MB and of any age, has structured metadata and level detection on,
// and sends nothing to anybody. See LokiBinary for where the program comes from.
func StartLoki(ctx context.Context, o LokiOptions) (*Loki, error) {
	bin, err := LokiBinary(ctx, o.Progress)
	if err != nil {
		return nil, err
	}
	dir, temp := o.Dir, ""
	if dir == "" {
		dir, err = os.MkdirTemp("", "testenv-loki-")
		temp = dir
	} else if dir, err = filepath.Abs(dir); err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err != nil {
		return nil, fmt.Errorf("testenv: Loki: %w", err)
	}
	o.Progress.say("testenv: starting Loki in %s", dir)
	for try := 1; ; try++ {
		loki, err := startLokiOnce(ctx, bin, dir, o.MultiTenant)
		if err == nil {
			loki.temp = temp
			return loki, nil
		}
		if try == startTries || !portTaken(err) {
			if temp != "" {
				_ = os.RemoveAll(temp)
			}
			return nil, err
		}
	}
}

func startLokiOnce(ctx context.Context, bin, dir string, multiTenant bool) (*Loki, error) {
	ports, err := freePorts(2)
	if err != nil {
		return nil, err
	}
	config, err := lokiConfig(dir, ports[0], ports[1], multiTenant)
	if err != nil {
		return nil, fmt.Errorf("testenv: Loki: %w", err)
	}
	configFile := filepath.Join(dir, "loki.yaml")
	if err := os.WriteFile(configFile, config, 0o644); err != nil {
		return nil, fmt.Errorf("testenv: Loki: %w", err)
	}
	logFile := filepath.Join(dir, "loki.log")
	process, err := startProcess("Loki", logFile, exec.Command(bin, "-config.file="+configFile))
	if err != nil {
		return nil, err
	}
	url := "http://127.0.0.1:" + strconv.Itoa(ports[0])
	if err := process.waitHTTP(ctx, lokiReadyLimit, url+"/ready"); err != nil {
		return nil, err
	}
	return &Loki{URL: url, LogFile: logFile, process: process}, nil
}

// Close ends the server, at once when its data is thrown away anyway, else as a Loki ends that keeps it. It does nothing
// for a server that somebody else started, and nothing the second time.
func (l *Loki) Close() error {
	switch {
	case l.process == nil:
		return nil
	case l.temp == "":
		l.process.stop()
		return nil
	}
	l.process.kill()
	return os.RemoveAll(l.temp)
}
