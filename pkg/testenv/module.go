package testenv

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const modulePath = "github.com/lokalyst/lokalyst"

// moduleRoot returns the folder of this module's go.mod, looking upwards from the working folder.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if text, err := os.ReadFile(filepath.Join(dir, "go.mod")); err == nil {
			for line := range strings.Lines(string(text)) {
				if fields := strings.Fields(line); len(fields) == 2 && fields[0] == "module" && fields[1] == modulePath {
					return dir, nil
				}
			}
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("testenv: not inside the source tree of " + modulePath + ": run this from there")
		}
		dir = parent
	}
}

// buildSay is how often a long build says that it still goes on.
const buildSay = 30 * time.Second

// killDelay is how long a killed tool's children may hold its output open.
const killDelay = 5 * time.Second

// goBuild runs "go build" in dir with cgo off and puts what it said into the error.
func goBuild(ctx context.Context, dir string, progress Logf, args ...string) error {
	if _, err := exec.LookPath("go"); err != nil {
		return fmt.Errorf("building needs the go command: %w", err)
	}
	cmd := exec.CommandContext(ctx, "go", append([]string{"build"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	dieWithParent(cmd)
	cmd.WaitDelay = killDelay
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	tick := time.NewTicker(buildSay)
	defer tick.Stop()
	for waited := time.Duration(0); ; {
		select {
		case <-tick.C:
			waited += buildSay
			progress.say("testenv: still building after %s", waited)
		case err := <-ended:
			if err != nil && ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			if err != nil {
				return fmt.Errorf("go build %s: %w\n%s", strings.Join(args, " "), err, bytes.TrimSpace(out.Bytes()))
			}
			return nil
		}
	}
}
