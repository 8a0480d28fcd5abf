package plugin

import (
	"context"
	"fmt"
	"sync"
)

// background is the work that outlives the request that began it. It is owned by the
// process; close it at the end.
type background struct {
	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup
}

func newBackground() *background {
	ctx, cancel := context.WithCancel(context.Background())
	return &background{ctx: ctx, cancel: cancel}
}

// detach returns a context with the values of ctx, so that spans and forwarded headers
// stay, that ends with the process or when cancel is called, not with ctx.
func (b *background) detach(ctx context.Context) (detached context.Context, cancel context.CancelFunc) {
	detached, end := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(b.ctx, end)
	return detached, func() { stop(); end() }
}

// run runs f on a goroutine of its own; close waits for it.
func (b *background) run(f func()) { b.work.Go(f) }

// close ends all contexts and waits until the work has returned.
func (b *background) close() {
	b.cancel()
	b.work.Wait()
}

// protect turns a panic of f into an error: on a goroutine of its own it would end the
// plugin for everyone.
func protect[T any](f func() (T, error)) (out T, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the analysis panicked: %v", r)
		}
	}()
	return f()
}
