// Package kube reads what the cluster that Grafana runs in holds for the plugin:
// documents in labelled ConfigMaps of named namespaces. It knows nothing of what
// is in a document.
package kube

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
)

// Where a pod finds its service account and the API server. Kubernetes also says
// so in environment variables, but a plugin process gets none of its host's.
const (
	ServiceAccountDir = "/var/run/secrets/kubernetes.io/serviceaccount"
	apiServer         = "https://kubernetes.default.svc"
	tokenFile         = "token"
	caFile            = "ca.crt"
)

// requestTimeout bounds one request to the API server.
const requestTimeout = 3 * time.Second

// ErrNotInCluster is wrapped by the error of [InCluster] where no service account
// is mounted.
var ErrNotInCluster = errors.New("no service account token is mounted: Grafana runs outside Kubernetes, or its pod sets automountServiceAccountToken to false")

// InCluster returns how to reach the API server as the service account whose
// token and certificate authority are files in dir, which is [ServiceAccountDir]
// in a pod. The token is read again as the kubelet rotates it. Neither the
// environment nor a proxy named in it has a say. The error wraps
// [ErrNotInCluster] where dir holds no token.
func InCluster(dir string) (*rest.Config, error) {
	token := filepath.Join(dir, tokenFile)
	if _, err := os.Stat(token); errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w (there is no %s)", ErrNotInCluster, token)
	} else if err != nil {
		return nil, fmt.Errorf("the service account's token cannot be read: %w", err)
	}
	return &rest.Config{
		Host:            apiServer,
		BearerTokenFile: token,
		TLSClientConfig: rest.TLSClientConfig{CAFile: filepath.Join(dir, caFile)},
		Timeout:         requestTimeout,
		UserAgent:       "lokalyst",
		QPS:             -1, // the caller's deadline bounds the requests, and client-go's own limiter would write to the log
		WarningHandler:  rest.NoWarnings{},
		Proxy:           func(*http.Request) (*url.URL, error) { return nil, nil },
	}, nil
}

// ConfigMaps connects to the cluster that dir belongs to, as [InCluster] does.
// Nothing is sent yet.
func ConfigMaps(dir string) (corev1client.ConfigMapsGetter, error) {
	cfg, err := InCluster(dir)
	if err != nil {
		return nil, err
	}
	client, err := corev1client.NewForConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("the service account cannot be used: %w", err)
	}
	return client, nil
}
