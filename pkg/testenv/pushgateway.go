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

// PushgatewayEnv names the environment variable with the path of the Pushgateway to use.
const PushgatewayEnv = "PUSHGATEWAY"

// pushgatewayReadyLimit is how long the Pushgateway may take until it is ready, which on a quiet machine is a moment.
const pushgatewayReadyLimit = time.Minute

// PushgatewayOptions says how to start a Pushgateway. The zero value is all that a test needs.
type PushgatewayOptions struct {
	// Progress is told about each longer step.
	Progress Logf
	// Args are further arguments of the Pushgateway.
	Args []string
}

// Pushgateway is a running Prometheus Pushgateway, which keeps what is pushed until Close.
type Pushgateway struct {
	// URL is the server's base URL, without /metrics and without a slash at the end.
	URL string
	// LogFile is the path of the server's log until Close.
	LogFile string

	dir     string
	process *process
}

// StartPushgateway starts a Pushgateway on a free port of 127.0.0.1 and returns when it is ready. Context bounds the
// start only; the server runs until Close. See PushgatewayBinary for where the program comes from.
func StartPushgateway(ctx context.Context, o PushgatewayOptions) (*Pushgateway, error) {
	bin, err := PushgatewayBinary(ctx, o.Progress)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "testenv-pushgateway-")
	if err != nil {
		return nil, fmt.Errorf("testenv: Pushgateway: %w", err)
	}
	o.Progress.say("testenv: starting the Pushgateway")
	for try := 1; ; try++ {
		gateway, err := startPushgatewayOnce(ctx, bin, dir, o.Args)
		if err == nil {
			return gateway, nil
		}
		if try == startTries || !portTaken(err) {
			_ = os.RemoveAll(dir)
			return nil, err
		}
	}
}

func startPushgatewayOnce(ctx context.Context, bin, dir string, args []string) (*Pushgateway, error) {
	ports, err := freePorts(1)
	if err != nil {
		return nil, err
	}
	port := strconv.Itoa(ports[0])
	logFile := filepath.Join(dir, "pushgateway-"+port+".log")
	process, err := startProcess("Pushgateway", logFile, exec.Command(bin, append([]string{"--web.listen-address=127.0.0.1:" + port}, args...)...))
	if err != nil {
		return nil, err
	}
	url := "http://127.0.0.1:" + port
	if err := process.waitHTTP(ctx, pushgatewayReadyLimit, url+"/-/ready"); err != nil {
		return nil, err
	}
	return &Pushgateway{URL: url, LogFile: logFile, dir: dir, process: process}, nil
}

// Close ends the server and removes its log. It does nothing the second time.
func (g *Pushgateway) Close() error {
	g.process.stop()
	return os.RemoveAll(g.dir)
}

// PushgatewayBinary returns the path of a Pushgateway program: $PUSHGATEWAY, else pushgateway or prometheus-pushgateway
// on the PATH, else Debian's prometheus-pushgateway of the host's own release, unpacked into the cache (about 4 MB to
// download).
func PushgatewayBinary(ctx context.Context, progress Logf) (string, error) {
	if bin := os.Getenv(PushgatewayEnv); bin != "" {
		if _, err := os.Stat(bin); err != nil {
			return "", fmt.Errorf("testenv: $%s: %w", PushgatewayEnv, err)
		}
		return bin, nil
	}
	for _, name := range []string{"pushgateway", "prometheus-pushgateway"} {
		if bin, err := exec.LookPath(name); err == nil {
			return bin, nil
		}
	}
	root, err := UnpackDebian(ctx, DebianOptions{
		Name:     "pushgateway",
		Packages: []string{"prometheus-pushgateway"},
		// The program is linked with nothing but the host's own C library; the rest is for its service and its web page.
		Provided: []string{"libc6", "adduser", "init-system-helpers", "fonts-glyphicons-halflings", "libjs-bootstrap4", "libjs-jquery"},
		Prune:    []string{"usr/share/doc", "usr/share/man", "usr/share/lintian", "etc", "lib", "var"},
		Finish:   finishPushgateway,
		Progress: progress,
	})
	if err != nil {
		return "", fmt.Errorf("testenv: no Pushgateway: put one on the PATH or its path into $%s, or make Debian's mirror reachable: %w", PushgatewayEnv, err)
	}
	return filepath.Join(root, pushgatewayPath), nil
}

// pushgatewayPath is where Debian's package has the program.
const pushgatewayPath = "usr/bin/prometheus-pushgateway"

// finishPushgateway runs the program once: a broken tree must not get into the cache.
func finishPushgateway(root string) error {
	bin := filepath.Join(root, pushgatewayPath)
	if out, err := exec.Command(bin, "--version").CombinedOutput(); err != nil {
		return fmt.Errorf("%s --version: %w\n%s", bin, err, strings.TrimSpace(string(out)))
	}
	return nil
}
