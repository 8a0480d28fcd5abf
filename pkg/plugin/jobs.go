package plugin

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"github.com/lokalyst/lokalyst/pkg/analysis"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// Bounds of [jobs].
const (
	// maxJobs is how many analyses may be followed at once.
	maxJobs = 256
	// idleJob is how long a job goes on, or its end is kept, while nobody asks for it: a
	// browser asks every 10 s at least.
	idleJob = 45 * time.Second
	// maxJobTime bounds a job: a model on a CPU with others before it in the queue.
	maxJobTime = 15 * time.Minute
	// longPoll is how long an asker waits for something new, firstPoll how long for the first
	// answer before it is only told that there is none yet.
	longPoll  = time.Second
	firstPoll = 3 * time.Second
)

// jobs are the analyses that browsers follow: the first answer comes at once, and the
// browser asks for more until it is done. They are owned by the process and safe for
// concurrent use.
type jobs struct {
	work *background

	mu  sync.Mutex
	all map[string]*job
}

func newJobs(work *background) *jobs { return &jobs{work: work, all: map[string]*job{}} }

// The states of a job, as @grafana/plugin-ui names them.
const (
	jobStarted = "started"
	jobRunning = "running"
	jobDone    = "done"
)

// A job is one analysis that is followed.
type job struct {
	id     string
	owner  verdict.Key
	cancel context.CancelFunc
	idle   *time.Timer

	mu       sync.Mutex
	changed  chan struct{} // closed at the next change
	result   *analysis.Result
	progress string
	version  int // counts the changes of result
	given    int // the version that was given last
	done     bool
	err      error
}

// A jobState is what an asker is told.
type jobState struct {
	id, status, progress string
	// result is nil where it is the one that was given before.
	result *analysis.Result
	err    error
}

// start begins an analysis for owner and returns its job, or nil where there are too
// many. ask is given what to call with each newer result and with what is being done.
func (j *jobs) start(ctx context.Context, owner verdict.Key, ask func(ctx context.Context, x *job) (*analysis.Result, error)) *job {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.all) >= maxJobs {
		return nil
	}
	detached, end := j.work.detach(ctx)
	detached, cancel := context.WithTimeout(detached, maxJobTime)
	x := &job{id: rand.Text(), owner: owner, changed: make(chan struct{})}
	x.cancel = func() { cancel(); end() }
	x.idle = time.AfterFunc(idleJob, func() { j.drop(x) })
	j.all[x.id] = x
	j.work.run(func() {
		defer x.cancel()
		result, err := protect(func() (*analysis.Result, error) { return ask(detached, x) })
		x.finish(result, err)
	})
	return x
}

// find returns the job of an owner; nil where there is none, or it is another's.
func (j *jobs) find(id string, owner verdict.Key) *job {
	j.mu.Lock()
	defer j.mu.Unlock()
	if x := j.all[id]; x != nil && x.owner == owner {
		x.idle.Reset(idleJob)
		return x
	}
	return nil
}

// drop forgets a job and stops it. Its call of the model stops too if nobody else waits
// for that.
func (j *jobs) drop(x *job) {
	j.mu.Lock()
	delete(j.all, x.id)
	j.mu.Unlock()
	x.idle.Stop()
	x.cancel()
}

// close forgets all jobs; their work ends with the process's background.
func (j *jobs) close() {
	j.mu.Lock()
	defer j.mu.Unlock()
	for id, x := range j.all {
		x.idle.Stop()
		delete(j.all, id)
	}
}

// update tells the followers of a newer result.
func (x *job) update(result *analysis.Result) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.result = result
	x.version++
	x.notify()
}

// note tells the followers what is being done.
func (x *job) note(progress string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.progress = progress
}

func (x *job) finish(result *analysis.Result, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if err == nil {
		x.result = result
	}
	x.version++
	x.done, x.err = true, err
	x.notify()
}

// notify wakes those who wait. The caller holds x.mu.
func (x *job) notify() {
	close(x.changed)
	x.changed = make(chan struct{})
}

// next returns the state of a job as soon as it is newer than what was given, or after
// wait if that is not 0. It returns ctx's error if that ends first.
func (x *job) next(ctx context.Context, wait time.Duration) (jobState, error) {
	var timeout <-chan time.Time
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		timeout = timer.C
	}
	for {
		x.mu.Lock()
		changed := x.changed
		if x.version > x.given || x.done {
			defer x.mu.Unlock()
			return x.state(), nil
		}
		x.mu.Unlock()
		select {
		case <-changed:
		case <-timeout:
			x.mu.Lock()
			defer x.mu.Unlock()
			return x.state(), nil
		case <-ctx.Done():
			return jobState{}, ctx.Err()
		}
	}
}

// state is what the next asker is told. The caller holds x.mu.
func (x *job) state() jobState {
	s := jobState{id: x.id, status: jobRunning, progress: x.progress, err: x.err}
	if x.given == 0 {
		s.status = jobStarted
	}
	if x.version > x.given || x.done {
		s.result = x.result
	}
	if x.done {
		s.status, s.progress = jobDone, ""
	}
	x.given = x.version
	return s
}
