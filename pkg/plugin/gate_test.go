package plugin_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A gate stands before a real server, so that a test decides when that is loading, dead
// or hanging, and sees what it is asked.
type gate struct {
	URL string

	proxy *httputil.ReverseProxy

	mu     sync.Mutex
	way    way
	change chan struct{} // closed when way is another
	asked  map[string]int
}

// A way is what a gate does with a request; it reports whether it goes to the server.
type way func(g *gate, w http.ResponseWriter, r *http.Request) (pass bool)

func newGate(t *testing.T, target string, first way) *gate {
	u, err := url.Parse(target)
	require.NoError(t, err)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	g := &gate{way: first, change: make(chan struct{}), asked: map[string]int{}}
	g.proxy = &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(u); r.Out.Host = "" },
		FlushInterval: -1,
		Transport:     transport,
		ErrorHandler:  func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }, // as dead as its server
	}
	s := httptest.NewServer(g)
	t.Cleanup(s.Close)
	g.URL = s.URL
	return g
}

// ServeHTTP counts a request and sends it the gate's way.
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	g.asked[r.URL.Path]++
	way := g.way
	g.mu.Unlock()
	if way(g, w, r) {
		g.proxy.ServeHTTP(w, r)
	}
}

// set opens another way, also for the requests that hang.
func (g *gate) set(w way) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.way = w
	close(g.change)
	g.change = make(chan struct{})
}

// count returns how many requests there were of the paths with this end.
func (g *gate) count(suffix string) (n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for path, k := range g.asked {
		if strings.HasSuffix(path, suffix) {
			n += k
		}
	}
	return n
}

func (g *gate) changed() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.change
}

// chats is the path of the calls of a model.
const chats = "/v1/chat/completions"

// open lets all through.
func open(*gate, http.ResponseWriter, *http.Request) bool { return true }

// loading answers as llama-server does while it loads its model.
func loading(_ *gate, w http.ResponseWriter, r *http.Request) bool {
	reply(http.StatusServiceUnavailable, `{"error":{"message":"Loading model","type":"unavailable_error","code":503}}`)(w, r)
	return false
}

// dead breaks each connection off.
func dead(*gate, http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }

// hanging accepts and never answers.
func hanging(g *gate, _ http.ResponseWriter, r *http.Request) bool {
	_, _ = io.Copy(io.Discard, r.Body) // else the server does not see who leaves
	select {
	case <-g.changed():
		panic(http.ErrAbortHandler)
	case <-r.Context().Done():
	}
	return false
}

// stuck answers all but calls of the model, as a server does whose machine computes for
// ever.
func stuck(g *gate, w http.ResponseWriter, r *http.Request) bool {
	if strings.HasSuffix(r.URL.Path, chats) {
		return hanging(g, w, r)
	}
	return true
}

// failing answers calls of the model with an error of the server.
func failing(_ *gate, w http.ResponseWriter, r *http.Request) bool {
	if strings.HasSuffix(r.URL.Path, chats) {
		reply(http.StatusInternalServerError, `{"error":{"message":"boom","code":500}}`)(w, r)
		return false
	}
	return true
}

// saying answers each call of the model with one text.
func saying(text string) way {
	return func(_ *gate, w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, chats) {
			return true
		}
		streamed(text, "stop")(w, r)
		return false
	}
}

// slow passes each request on when d is over.
func slow(d time.Duration) way {
	return func(_ *gate, _ http.ResponseWriter, r *http.Request) bool {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			return true
		case <-r.Context().Done():
			return false
		}
	}
}

// A script writes calls of the model in steps, each when the test says so: the answer's
// text up to a mark, then up to the next.
type script struct {
	// steps are the parts of the answer.
	steps []string
	// next lets one step be written.
	next chan struct{}
	// begun has one value for each call, gone one for each whose caller left.
	begun, gone chan struct{}
}

func newScript(steps ...string) *script {
	return &script{steps: steps, next: make(chan struct{}, len(steps)), begun: make(chan struct{}, 8), gone: make(chan struct{}, 8)}
}

// way answers calls of the model by the script.
func (s *script) way(_ *gate, w http.ResponseWriter, r *http.Request) bool {
	if !strings.HasSuffix(r.URL.Path, chats) {
		return true
	}
	var body bytes.Buffer
	_, _ = body.ReadFrom(r.Body)
	s.begun <- struct{}{}
	flush := http.NewResponseController(w)
	for i, step := range s.steps {
		select {
		case <-s.next:
		case <-r.Context().Done():
			s.gone <- struct{}{}
			return false
		}
		finish := ""
		if i == len(s.steps)-1 {
			finish = "stop"
		}
		writeChunk(w, step, finish)
		_ = flush.Flush()
	}
	return false
}

// writeChunk writes a part of an answer as llama-server streams it.
func writeChunk(w http.ResponseWriter, text, finish string) {
	content, _ := json.Marshal(text)
	fmt.Fprintf(w, "data: {\"choices\":[{\"delta\":{\"content\":%s}}]}\n\n", content)
	if finish != "" {
		fmt.Fprintf(w, "data: {\"choices\":[{\"delta\":{},\"finish_reason\":%q}]}\n\ndata: [DONE]\n\n", finish)
	}
}
