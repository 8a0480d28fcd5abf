package plugin

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

var updateGolden = flag.Bool("update-golden", false, "write the golden files anew")

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// Started by imports of Loki's LogQL package and of Grafana's SDK, for the life of the process.
		goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start"),
		goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"),
	)
}
