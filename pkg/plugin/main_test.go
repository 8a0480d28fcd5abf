package plugin

import (
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/log"
	"go.uber.org/goleak"

	"github.com/lokalyst/lokalyst/pkg/testenv"
)

var updateGolden = flag.Bool("update-golden", false, "write the golden files anew")

// InProcess is the plugin in this process, behind gRPC and all of the SDK's
// middlewares. The SDK registers its metrics once per process, so all tests share
// it; each has a data source of its own.
var InProcess *testenv.InProcess

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	flag.Parse()
	if !testing.Verbose() {
		log.DefaultLogger = log.NewNullLogger()
		backend.Logger = log.NewNullLogger()
	}
	host, err := NewHost(HostOptions{Now: time.Now})
	if err == nil {
		InProcess, err = testenv.StartInProcess(host.NewInstance)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	if err := InProcess.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	host.Close()
	if code != 0 {
		return code
	}
	if err := goleak.Find(
		// Started by imports of Loki's LogQL package and by Grafana's SDK, for the life of the process.
		goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start"),
		goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"),
	); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// OneLine is a stub in Loki's place that holds one line, 59 s old, in a stream with
// these labels in JSON.
func OneLine(labels, line string) http.HandlerFunc {
	at := time.Now().Add(-59 * time.Second)
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		switch q := r.URL.Query(); {
		case strings.HasSuffix(r.URL.Path, "/series"):
			fmt.Fprint(w, `{"status":"success","data":[]}`)
		case strings.HasPrefix(q.Get("query"), "sum"):
			step, _ := time.ParseDuration(q.Get("step"))
			fmt.Fprintf(w, `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[%d,"1"]]}]}}`, at.Truncate(step).Add(step).Unix())
		default:
			fmt.Fprintf(w, `{"status":"success","data":{"resultType":"streams","result":[{"stream":%s,"values":[["%d",%s]]}]}}`, labels, at.UnixNano(), line)
		}
	}
}
