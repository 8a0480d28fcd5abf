package testenv

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"
)

const (
	// readyPoll is how often a starting server is asked whether it is ready.
	readyPoll = 20 * time.Millisecond
	// stopGrace is how long a server may take to end by itself before it is killed.
	stopGrace = 5 * time.Second
	// tailBytes is how much of a server's log an error quotes.
	tailBytes = 4096
)

// process is a running server whose output goes to a file.
type process struct {
	name    string
	cmd     *exec.Cmd
	logPath string
	done    chan struct{} // closed when the process has ended
	waitErr error         // valid after done
}

// startProcess starts cmd with its output appended to the file logPath. The process dies with this one on Linux.
func startProcess(name, logPath string, cmd *exec.Cmd) (*process, error) {
	log, err := os.OpenFile(logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("testenv: %s: %w", name, err)
	}
	defer func() { _ = log.Close() }()
	cmd.Stdout, cmd.Stderr = log, log
	dieWithParent(cmd)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("testenv: %s: %w", name, err)
	}
	p := &process{name: name, cmd: cmd, logPath: logPath, done: make(chan struct{})}
	go func() {
		p.waitErr = cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// waitHTTP waits until a GET of url succeeds, as waitReady does, and kills the process when it does not come to that.
func (p *process) waitHTTP(ctx context.Context, limit time.Duration, url string) error {
	client := pollClient()
	err := p.waitReady(ctx, limit, func(ctx context.Context) error { return getOK(ctx, client, url) })
	if err != nil {
		p.kill()
	}
	return err
}

// waitReady polls ready until it returns nil. It fails when the process ends, when ctx ends or after limit, with the
// last reason and the end of the log.
func (p *process) waitReady(ctx context.Context, limit time.Duration, ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(readyPoll)
	defer tick.Stop()
	last := errors.New("not asked yet")
	for {
		select {
		case <-p.done:
			return fmt.Errorf("testenv: %s ended while starting (%s); its log %s ends with:\n%s", p.name, exitText(p.waitErr), p.logPath, p.tail())
		case <-ctx.Done():
			return fmt.Errorf("testenv: %s is not ready: %w (last answer: %w); its log %s ends with:\n%s", p.name, ctx.Err(), last, p.logPath, p.tail())
		case <-tick.C:
			if err := ready(ctx); err == nil {
				return nil
			} else if ctx.Err() == nil {
				last = err
			}
		}
	}
}

// tail returns the last lines of the log.
func (p *process) tail() string {
	file, err := os.Open(p.logPath)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = file.Close() }()
	if info, err := file.Stat(); err == nil && info.Size() > tailBytes {
		_, _ = file.Seek(-tailBytes, io.SeekEnd)
	}
	text, _ := io.ReadAll(io.LimitReader(file, tailBytes))
	return strings.TrimSpace(string(text))
}

// stop asks the process to end, kills it after stopGrace, and returns when it is gone. A second call does nothing.
func (p *process) stop() {
	select {
	case <-p.done:
		return
	default:
	}
	_ = p.cmd.Process.Signal(os.Interrupt)
	timer := time.NewTimer(stopGrace)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
		p.kill()
	}
}

// kill ends the process at once and returns when it is gone.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// freePorts returns n ports of 127.0.0.1 on which nothing listens now. Another process may take one before it is used,
// so a server that cannot listen is worth a second try with other ports.
func freePorts(n int) ([]int, error) {
	ports := make([]int, 0, n)
	for range n {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("testenv: no free port on 127.0.0.1: %w", err)
		}
		// Closed only at the end, so that the next one is another port.
		defer func() { _ = listener.Close() }()
		address, ok := listener.Addr().(*net.TCPAddr)
		if !ok {
			return nil, errors.New("testenv: a TCP listener without a TCP address")
		}
		ports = append(ports, address.Port)
	}
	return ports, nil
}

// startTries is how often a server is started when another process took its port in between.
const startTries = 3

// portTaken says whether a server's failure to start reads as a port that somebody else took.
func portTaken(err error) bool {
	text := strings.ToLower(err.Error())
	return strings.Contains(text, "address already in use") || strings.Contains(text, "couldn't bind")
}

// exitText says how a program ended.
func exitText(waitErr error) string {
	if waitErr == nil {
		return "exit status 0"
	}
	return waitErr.Error()
}
