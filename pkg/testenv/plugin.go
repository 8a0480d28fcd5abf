package testenv

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/grpcplugin"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
)

// pluginStartLimit is how long the plugin may take for its handshake.
const pluginStartLimit = time.Minute

// Plugin is a running plugin program, spoken to as Grafana does. It has the SDK's handler interfaces, so a test can take
// either this or the handlers in process.
type Plugin struct {
	// LogFile is the path of what the plugin logs, until Close.
	LogFile string

	dir         string
	client      *goplugin.Client
	log         *os.File
	data        grpcplugin.DataClient
	diagnostics grpcplugin.DiagnosticsClient
	resource    grpcplugin.ResourceClient
}

var (
	_ backend.QueryDataHandler      = (*Plugin)(nil)
	_ backend.CheckHealthHandler    = (*Plugin)(nil)
	_ backend.CallResourceHandler   = (*Plugin)(nil)
	_ backend.CollectMetricsHandler = (*Plugin)(nil)
)

// StartPlugin starts the program bin as Grafana starts a data source plugin: the same handshake, gRPC, and nothing of
// this process's environment. Context bounds the start only; the plugin runs until Close.
func StartPlugin(ctx context.Context, bin string) (*Plugin, error) {
	dir, err := os.MkdirTemp("", "testenv-plugin-")
	if err != nil {
		return nil, fmt.Errorf("testenv: plugin: %w", err)
	}
	p := &Plugin{dir: dir, LogFile: filepath.Join(dir, "plugin.log")}
	p.log, err = os.Create(p.LogFile)
	if err != nil {
		_ = os.RemoveAll(dir)
		return nil, fmt.Errorf("testenv: plugin: %w", err)
	}
	limit := pluginStartLimit
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline))
	}
	cmd := exec.Command(bin)
	dieWithParent(cmd)
	p.client = goplugin.NewClient(pluginConfig(cmd, p.log, limit))
	stop := context.AfterFunc(ctx, p.client.Kill)
	defer stop()
	if err := p.connect(); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		p.client.Kill() // returns when all that the plugin wrote is in the log
		tail := (&process{logPath: p.LogFile}).tail()
		_ = p.Close()
		return nil, fmt.Errorf("testenv: plugin %s did not start: %w; its log ends with:\n%s", bin, err, tail)
	}
	return p, nil
}

// pluginConfig is Grafana's configuration of a plugin client.
func pluginConfig(cmd *exec.Cmd, log io.Writer, limit time.Duration) *goplugin.ClientConfig {
	return &goplugin.ClientConfig{
		Cmd:         cmd,
		SkipHostEnv: true,
		HandshakeConfig: goplugin.HandshakeConfig{
			ProtocolVersion:  grpcplugin.ProtocolVersion,
			MagicCookieKey:   grpcplugin.MagicCookieKey,
			MagicCookieValue: grpcplugin.MagicCookieValue,
		},
		VersionedPlugins: map[int]goplugin.PluginSet{grpcplugin.ProtocolVersion: {
			"diagnostics": &grpcplugin.DiagnosticsGRPCPlugin{},
			"resource":    &grpcplugin.ResourceGRPCPlugin{},
			"data":        &grpcplugin.DataGRPCPlugin{},
			"stream":      &grpcplugin.StreamGRPCPlugin{},
		}},
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		StartTimeout:     limit,
		Logger:           hclog.New(&hclog.LoggerOptions{Name: "plugin", Output: log, Level: hclog.Debug}),
	}
}

// connect makes the handshake and takes the services that the tests use.
func (p *Plugin) connect() error {
	rpc, err := p.client.Client()
	if err != nil {
		return err
	}
	if p.data, err = dispense[grpcplugin.DataClient](rpc, "data"); err != nil {
		return err
	}
	if p.diagnostics, err = dispense[grpcplugin.DiagnosticsClient](rpc, "diagnostics"); err != nil {
		return err
	}
	p.resource, err = dispense[grpcplugin.ResourceClient](rpc, "resource")
	return err
}

func dispense[T any](rpc goplugin.ClientProtocol, name string) (T, error) {
	var none T
	raw, err := rpc.Dispense(name)
	if err != nil {
		return none, err
	}
	client, ok := raw.(T)
	if !ok {
		return none, fmt.Errorf("the service %q is a %T", name, raw)
	}
	return client, nil
}

// QueryData sends queries over gRPC. Frames arrive encoded and decoded again, as in Grafana.
func (p *Plugin) QueryData(ctx context.Context, req *backend.QueryDataRequest) (*backend.QueryDataResponse, error) {
	response, err := p.data.QueryData(ctx, backend.ToProto().QueryDataRequest(req))
	if err != nil {
		return nil, err
	}
	return backend.FromProto().QueryDataResponse(response)
}

// CheckHealth asks for the data source's health, as "Save and test" does.
func (p *Plugin) CheckHealth(ctx context.Context, req *backend.CheckHealthRequest) (*backend.CheckHealthResult, error) {
	response, err := p.diagnostics.CheckHealth(ctx, &pluginv2.CheckHealthRequest{
		PluginContext: backend.ToProto().PluginContext(req.PluginContext),
		Headers:       req.Headers,
	})
	if err != nil {
		return nil, err
	}
	return backend.FromProto().CheckHealthResponse(response), nil
}

// CallResource calls a resource and hands each part of the reply to sender.
func (p *Plugin) CallResource(ctx context.Context, req *backend.CallResourceRequest, sender backend.CallResourceResponseSender) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the stream when the sender refuses a part
	stream, err := p.resource.CallResource(ctx, backend.ToProto().CallResourceRequest(req))
	if err != nil {
		return err
	}
	for {
		part, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := sender.Send(backend.FromProto().CallResourceResponse(part)); err != nil {
			return err
		}
	}
}

// CollectMetrics returns the plugin's metrics in Prometheus's text format, as Grafana's own metrics endpoint does.
func (p *Plugin) CollectMetrics(ctx context.Context, req *backend.CollectMetricsRequest) (*backend.CollectMetricsResult, error) {
	response, err := p.diagnostics.CollectMetrics(ctx, backend.ToProto().CollectMetricsRequest(req))
	if err != nil {
		return nil, err
	}
	return backend.FromProto().CollectMetricsResponse(response), nil
}

// Close asks the plugin to end, kills it when it does not, and removes its log. A second call does nothing.
func (p *Plugin) Close() error {
	p.client.Kill()
	_ = p.log.Close()
	return os.RemoveAll(p.dir)
}
