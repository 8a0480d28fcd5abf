package plugin

import (
	"context"
	"errors"
	"net/http"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/lokalyst/lokalyst/pkg/analysis"
	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/prompts"
)

// response turns an error into a query's response. It is the only place that
// decides the status and whose fault an error is: downstream errors are the
// user's, Loki's or the network's and do not count against the plugin.
func response(err error) backend.DataResponse {
	status, source := classify(err)
	return backend.DataResponse{Status: status, ErrorSource: source, Error: errors.New(err.Error())}
}

func classify(err error) (backend.Status, backend.ErrorSource) {
	var (
		input *analysis.InputError
		logql *loki.QueryError
	)
	switch {
	case errors.As(err, &input), errors.As(err, &logql), errors.Is(err, prompts.ErrUnknown), errors.Is(err, errSettings):
		return backend.StatusBadRequest, backend.ErrorSourceDownstream
	case errors.Is(err, context.Canceled):
		return backend.Status(statusClientClosed), backend.ErrorSourceDownstream
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, loki.ErrTimeout):
		return backend.StatusTimeout, backend.ErrorSourceDownstream
	case errors.Is(err, loki.ErrThrottled):
		return backend.StatusTooManyRequests, backend.ErrorSourceDownstream
	case errors.Is(err, loki.ErrAuth):
		return backend.StatusUnauthorized, backend.ErrorSourceDownstream
	case errors.Is(err, loki.ErrRejected), errors.Is(err, loki.ErrTooLarge):
		return backend.StatusBadRequest, backend.ErrorSourceDownstream
	case errors.Is(err, loki.ErrUnavailable), errors.Is(err, loki.ErrServer), errors.Is(err, loki.ErrReply):
		return backend.StatusBadGateway, backend.ErrorSourceDownstream
	}
	return http.StatusInternalServerError, backend.ErrorSourcePlugin
}

// statusClientClosed is nginx's status for a client that left, which Loki uses too.
const statusClientClosed = 499

// errSettings is wrapped by errors about the data source's settings.
var errSettings = errors.New("the data source is not set up")
