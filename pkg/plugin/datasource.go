package plugin

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/httpclient"
	"github.com/grafana/grafana-plugin-sdk-go/backend/instancemgmt"

	"github.com/lokalyst/lokalyst/pkg/llm"
	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

var (
	_ backend.QueryDataHandler      = (*datasource)(nil)
	_ backend.CheckHealthHandler    = (*datasource)(nil)
	_ backend.CallResourceHandler   = (*datasource)(nil)
	_ instancemgmt.InstanceDisposer = (*datasource)(nil)
)

// A datasource is one configured instance. Its settings never change; Grafana replaces
// it when they do.
type datasource struct {
	host     *Host
	settings settings
	logs     *loki.Client
	// pool is nil where no model server can be used.
	pool     *llm.Pool
	release  func()
	resource backend.CallResourceHandler
	// setupErr is why the instance cannot answer queries; modelErr why a model server
	// cannot be used, which queries survive.
	setupErr, modelErr error
	// kept is nil where no history is kept; keptErr is why it cannot be, which queries
	// survive.
	kept    *history
	keptErr error
	// pseudonyms is the key that addresses are replaced by pseudonyms with.
	pseudonyms []byte
	rules      userRules
	// cluster is nil unless prompts may come from Kubernetes.
	cluster *clusterPrompts
}

func newDatasource(ctx context.Context, h *Host, s backend.DataSourceInstanceSettings) *datasource {
	d := &datasource{host: h, release: func() {}, pseudonyms: h.pseudonyms(s)}
	d.resource = d.resources()
	if d.settings, d.setupErr = loadSettings(s); d.setupErr != nil {
		return d
	}
	client, err := lokiHTTP(ctx, s)
	if err == nil {
		d.logs, err = loki.NewClient(loki.Options{URL: d.settings.lokiURL, HTTP: client, Tenant: d.settings.lokiTenant})
	}
	d.setupErr = err
	d.pool, d.release, d.modelErr = h.acquireAll(d.settings.servers)
	d.kept, d.keptErr = h.newHistory(ctx, d.settings, s)
	d.cluster = h.loadCluster(ctx, d.settings.kubernetes)
	return d
}

// Dispose gives the model servers back and ends the recording. Calls of queries in
// flight go on.
func (d *datasource) Dispose() {
	d.release()
	if d.kept != nil {
		d.kept.recorder.close()
	}
}

// lokiHTTP returns the client that Grafana's settings describe: authentication,
// TLS, headers, proxy, timeout, and the forwarding of the user's identity where
// the data source is set up so.
func lokiHTTP(ctx context.Context, s backend.DataSourceInstanceSettings) (*http.Client, error) {
	opts, err := s.HTTPClientOptions(ctx)
	if err != nil {
		return nil, fmt.Errorf("the data source's HTTP settings cannot be used: %w", err)
	}
	opts.ForwardHTTPHeaders = true
	opts.Middlewares = append(httpclient.DefaultMiddlewares(), httpclient.MiddlewareFunc(withoutGrafanaID))
	client, err := httpclient.New(opts)
	if err != nil {
		return nil, fmt.Errorf("the data source's HTTP settings cannot be used: %w", err)
	}
	return client, nil
}

// withoutGrafanaID keeps Grafana's own token of the user from Loki. Loki does not
// read it, and forwarding it would make every answer personal: each viewer of a
// dashboard would cost a call of the model.
func withoutGrafanaID(_ httpclient.Options, next http.RoundTripper) http.RoundTripper {
	return httpclient.RoundTripperFunc(func(req *http.Request) (*http.Response, error) {
		req.Header.Del(backend.GrafanaUserSignInTokenHeaderName)
		return next.RoundTrip(req)
	})
}

// owner names who asks, for the ledger's key: nobody may be served a verdict on
// logs that they cannot read. Everything that is forwarded to Loki and could
// change what it returns is part of it: credentials as their kind and the user's login,
// never as the token itself. Only where Grafana names no user, a hash of the token stands
// for him.
func (d *datasource) owner(pc backend.PluginContext, forwarded http.Header) string {
	parts := []string{strconv.FormatInt(pc.OrgID, 10), d.settings.datasourceUID, d.settings.lokiURL, d.settings.lokiTenant, d.settings.identity}
	for _, name := range slices.Sorted(maps.Keys(forwarded)) {
		values := forwarded[name]
		switch name = http.CanonicalHeaderKey(name); {
		case describesRequest(name):
			continue
		case (name == backend.OAuthIdentityTokenHeaderName || name == backend.OAuthIdentityIDTokenHeaderName || name == backend.CookiesHeaderName) && pc.User != nil && pc.User.Login != "":
			values = []string{"user", pc.User.Login}
		}
		// A hash of each header, so that no value can pass for another header.
		parts = append(parts, verdict.KeyOf(append([]string{name}, values...)...).String())
	}
	return verdict.KeyOf(parts...).String()
}

// describesRequest reports whether a header only says where in Grafana a request
// comes from.
func describesRequest(name string) bool {
	for _, prefix := range []string{"X-Dashboard-", "X-Panel-", "X-Rule-"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return slices.Contains([]string{"X-Grafana-Id", "X-Grafana-Org-Id", "X-Grafana-From-Expr", "X-Grafana-Device-Id", "X-Datasource-Uid", "X-Query-Group-Id", "X-Cache-Skip", "X-Plugin-Id", "User-Agent", "Traceparent", "Tracestate", "Fromalert"}, name)
}
