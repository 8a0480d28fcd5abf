// Echo is a small data source plugin that says what it was asked and how it was started.
package main

import (
	"context"
	"os"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/datasource"
	"github.com/grafana/grafana-plugin-sdk-go/backend/instancemgmt"
	"github.com/grafana/grafana-plugin-sdk-go/backend/log"
	"github.com/grafana/grafana-plugin-sdk-go/data"
)

type echo struct{ url string }

func newEcho(_ context.Context, settings backend.DataSourceInstanceSettings) (instancemgmt.Instance, error) {
	log.DefaultLogger.Info("echo instance", "url", settings.URL)
	return &echo{url: settings.URL}, nil
}

func (e *echo) QueryData(_ context.Context, req *backend.QueryDataRequest) (*backend.QueryDataResponse, error) {
	response := backend.NewQueryDataResponse()
	for _, query := range req.Queries {
		frame := data.NewFrame("echo", data.NewField("query", nil, []string{string(query.JSON)}))
		response.Responses[query.RefID] = backend.DataResponse{Frames: data.Frames{frame}}
	}
	return response, nil
}

func (e *echo) CheckHealth(context.Context, *backend.CheckHealthRequest) (*backend.CheckHealthResult, error) {
	return &backend.CheckHealthResult{Status: backend.HealthStatusOk, Message: e.url + "\n" + strings.Join(os.Environ(), "\n")}, nil
}

func (e *echo) CallResource(_ context.Context, req *backend.CallResourceRequest, sender backend.CallResourceResponseSender) error {
	for _, part := range []string{req.Method, " ", req.Path} {
		if err := sender.Send(&backend.CallResourceResponse{Status: 200, Body: []byte(part)}); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	if err := datasource.Manage("echo", newEcho, datasource.ManageOpts{}); err != nil {
		log.DefaultLogger.Error(err.Error())
		os.Exit(1)
	}
}
