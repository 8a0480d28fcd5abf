// Command main serves the data source plugin to Grafana. It is wiring only.
package main

import (
	"os"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/datasource"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/lokalyst/lokalyst/pkg/plugin"
)

func main() {
	if err := serve(); err != nil {
		backend.Logger.Error("The plugin ends", "error", err)
		os.Exit(1)
	}
}

func serve() error {
	host, err := plugin.NewHost(plugin.HostOptions{Now: time.Now, Metrics: prometheus.DefaultRegisterer})
	if err != nil {
		return err
	}
	defer host.Close()
	return datasource.Manage(plugin.ID, host.NewInstance, datasource.ManageOpts{})
}
