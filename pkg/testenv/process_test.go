//go:build linux || darwin

package testenv

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// orphanHelperEnv makes the test program a process that starts a server and is then killed.
const orphanHelperEnv = "TESTENV_ORPHAN_HELPER"

func TestProcessNeverReady(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	p, err := startProcess("server", log, exec.Command("sh", "-c", "echo waiting for a lock; exec sleep 60"))
	if err != nil {
		t.Fatal(err)
	}
	defer p.kill()
	err = p.waitReady(t.Context(), 300*time.Millisecond, func(context.Context) error { return errors.New("503 loading") })
	for _, part := range []string{"server is not ready", "503 loading", "waiting for a lock", log} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%v does not say %q", err, part)
		}
	}
	p.stop()
	p.stop()
}

func TestProcessTailIsTheEnd(t *testing.T) {
	p := &process{logPath: filepath.Join(t.TempDir(), "log")}
	if err := os.WriteFile(p.logPath, []byte(strings.Repeat("early\n", 5000)+"the last line\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if tail := p.tail(); len(tail) > tailBytes || !strings.HasSuffix(tail, "the last line") {
		t.Errorf("tail of %d bytes: %q", len(tail), tail[max(0, len(tail)-40):])
	}
}

// A killed test run must not leave its servers behind.
func TestProcessDiesWithItsParent(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ends a child with its parent")
	}
	dir := t.TempDir()
	helper := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestOrphanHelper$", "-test.count=1")
	helper.Env = append(os.Environ(), orphanHelperEnv+"="+dir)
	if err := helper.Start(); err != nil {
		t.Fatal(err)
	}
	pidFile := filepath.Join(dir, "pid")
	wait(t, func() bool { return exists(pidFile) })
	text, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(string(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := helper.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = helper.Wait()
	wait(t, func() bool { return !running(pid) })
}

// running says whether a process exists and is not merely waiting for its parent to take its exit status.
func running(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

// TestOrphanHelper is the body of the process of TestProcessDiesWithItsParent.
func TestOrphanHelper(t *testing.T) {
	dir := os.Getenv(orphanHelperEnv)
	if dir == "" {
		t.Skip("runs only as a process of TestProcessDiesWithItsParent")
	}
	p, err := startProcess("server", filepath.Join(dir, "log"), exec.Command("sleep", "600"))
	if err != nil {
		t.Fatal(err)
	}
	tmp := filepath.Join(dir, "pid.tmp")
	if err := os.WriteFile(tmp, []byte(strconv.Itoa(p.cmd.Process.Pid)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(tmp, filepath.Join(dir, "pid")); err != nil {
		t.Fatal(err)
	}
	<-p.done
}

// wait polls until the condition holds, for ten seconds.
func wait(t *testing.T, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range 1000 {
		if condition() {
			return
		}
		<-tick.C
	}
	t.Fatal("the condition did not come true within ten seconds")
}

func TestSharedServers(t *testing.T) {
	loki := startTestLoki(t, LokiOptions{MultiTenant: true})
	t.Setenv(SharedLokiEnv, loki.URL+"/")
	shared, err := SharedLoki(t.Context(), nil)
	if err != nil || shared.URL != loki.URL {
		t.Fatalf("%+v, %v", shared, err)
	}
	llama := startTestLlama(t, LlamaOptions{})
	t.Setenv(SharedLlamaEnv, llama.URL)
	sharedLlama, err := SharedLlama(t.Context(), nil)
	if err != nil || sharedLlama.URL != llama.URL || sharedLlama.Model != llama.Model || !sharedLlama.TestDouble {
		t.Fatalf("%+v, %v", sharedLlama, err)
	}
	if err := errors.Join(shared.Close(), sharedLlama.Close()); err != nil {
		t.Error(err)
	}
	if _, err := SharedLoki(t.Context(), nil); err != nil {
		t.Errorf("Close of a shared server stopped it: %v", err)
	}
	t.Setenv(SharedLokiEnv, "http://127.0.0.1:1")
	if _, err := SharedLoki(t.Context(), nil); err == nil || !strings.Contains(err.Error(), SharedLokiEnv) {
		t.Errorf("error %v", err)
	}
}
