package main

import (
	"runtime"
	"runtime/metrics"
	"time"
)

// heapBytes returns the bytes of the heap's objects, those that are dead but not yet swept among them. It does not stop
// the program.
func heapBytes() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// peakHeap runs f and returns by how many MiB the heap rose at most above what it was before, sampled every
// millisecond. What the caller keeps on the heap meanwhile raises the figure, because it lets the garbage collector
// wait longer: large data belongs elsewhere, see [corpusLoki].
func peakHeap(f func() error) (mibAboveIdle float64, err error) {
	runtime.GC()
	runtime.GC() // the second one frees what finalizers held
	idle := heapBytes()
	stop, highest := make(chan struct{}), make(chan uint64)
	go func() {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for peak := uint64(0); ; {
			select {
			case <-tick.C:
				peak = max(peak, heapBytes())
			case <-stop:
				highest <- max(peak, heapBytes())
				return
			}
		}
	}()
	err = f()
	close(stop)
	return float64(max(<-highest, idle)-idle) / (1 << 20), err
}
