package rules

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestComponents(t *testing.T) {
	cs, err := parseComponents(componentList)
	require.NoError(t, err)
	for _, tc := range []struct {
		labels map[string]string
		want   string
	}{
		{map[string]string{"app": "postgres"}, "postgres"},
		{map[string]string{"service_name": "orders-postgres-0"}, "postgres"},
		{map[string]string{"service_name": "my-release-postgresql-primary-0"}, "postgres"},
		{map[string]string{"container": "postgres", "pod": "orders-pg-1", "app": "orders"}, "postgres"},
		{map[string]string{"job": "databases/orders-postgresql"}, "postgres"},
		{map[string]string{"app": "postgres-exporter"}, application},
		{map[string]string{"app": "wait-for-postgres"}, application},
		{map[string]string{"unit": "kubelet.service", "job": "loki.source.journal.read"}, "kubelet"},
		{map[string]string{"unit": "postgresql@16-main.service"}, "postgres"},
		{map[string]string{"unit": "user@1000.service", "job": "systemd-journal"}, "journal"},
		{map[string]string{"transport": "kernel", "job": "systemd-journal"}, "kernel"},
		{map[string]string{"syslog_identifier": "kernel"}, "kernel"},
		{map[string]string{"app": "jupyter-kernel"}, application},
		{map[string]string{"container": "coredns", "namespace": "kube-system"}, "coredns"},
		{map[string]string{"pod": "coredns-7db6d8ff4d-x2k9q"}, "coredns"},
		{map[string]string{"app_kubernetes_io_name": "ingress-nginx", "container": "controller"}, "ingress"},
		{map[string]string{"app": "ingress-nginx-controller-7f9c4d9b8-x2k9q"}, "ingress"},
		{map[string]string{"container": "istio-proxy", "app": "orders"}, "envoy"},
		{map[string]string{"app": "redis-master-0"}, "redis"},
		{map[string]string{"app": "kafka-consumer"}, application},
		{map[string]string{"filename": "/var/log/nginx/access.log"}, "nginx"},
		{map[string]string{"filename": "/var/log/postgresql/postgresql-16-main.log", "job": "varlogs"}, "postgres"},
		{map[string]string{"filename": "/var/log/auth.log"}, "sshd"},
		{map[string]string{"filename": "/var/log/kern.log"}, "kernel"},
		{map[string]string{"filename": "/var/log/syslog"}, "journal"},
		{map[string]string{"namespace": "flux-system", "app": "source-controller"}, "flux"},
		{map[string]string{"namespace": "flux-system"}, "flux"},
		{map[string]string{"namespace": "shop"}, application},
		{map[string]string{"job": "integrations/kubernetes/eventhandler"}, "kubernetes-events"},
		{map[string]string{"job": "loki.source.kubernetes_events"}, "kubernetes-events"},
		{map[string]string{"service_name": "unknown_service"}, application},
		{map[string]string{"k8s_container_name": "etcd"}, "etcd"},
		{map[string]string{"k8s.container.name": "kube-apiserver"}, "kube-apiserver"},
		{map[string]string{"component": "kube-scheduler"}, "kube-scheduler"},
		{map[string]string{"app": "cert-manager-cainjector"}, "cert-manager"},
		{map[string]string{"app": "longhorn-csi-plugin"}, "csi"},
		{map[string]string{"app": "strimzi-cluster-operator"}, "operator"},
		{map[string]string{"app": "checkout"}, application},
		{map[string]string{"app": "auth"}, application},
		{nil, application},
	} {
		assert.Equal(t, tc.want, cs.of(tc.labels)[0].ID, "%v", tc.labels)
	}
}

func TestLinesNameThemselves(t *testing.T) {
	cs, err := parseComponents(componentList)
	require.NoError(t, err)
	for line, want := range map[string]string{
		"[12345.678901] Out of memory: Killed process 1 (x)":                                    "kernel",
		"Nov 22 10:00:00 node-1 kernel: [12345.678901] Out of memory: Killed process 1 (x)":     "kernel",
		"Nov 22 10:00:00 node-1 sshd[812]: Failed password for root from 10.0.0.1 port 1 ssh2":  "sshd",
		"2026-11-22T10:00:00.123456+00:00 node-1 kubelet[812]: E1122 x":                         "kubelet",
		"<6>Nov 22 10:00:00 node-1 systemd[1]: orders.service: Failed with result 'exit-code'.": "systemd",
		"2026/11/22 10:00:00 [error] 29#29: *1 connect() failed":                                "nginx",
		"2026-11-22 10:00:00.123 UTC [77] app@orders FATAL:  sorry, too many clients already":   "postgres",
		"1:M 22 Nov 2026 10:00:00.123 # Can't save in background: fork: Cannot allocate memory": "redis",
		`{"t":{"$date":"2026-11-22T10:00:00.123+00:00"},"s":"I","c":"NETWORK"}`:                 "mongodb",
		"I1122 10:00:00.123456    1200 eviction_manager.go:369] \"Eviction manager\"":           "kubelet",
		"[ERROR] plugin/errors: 2 x. A: read udp":                                               "coredns",
	} {
		self := cs.selfNamed(line)
		if assert.NotEmpty(t, self, line) {
			assert.Equal(t, want, self[0].ID, line)
		}
	}
	for _, line := range []string{
		"2026-11-22 10:00:00,123 ERROR x", "Nov 22 10:00:00 node-1 checkout[812]: [12345.678901] Out of memory", "user [12345.678901] Out of memory: Killed process",
	} {
		for _, c := range cs.selfNamed(line) {
			assert.Equal(t, application, c.ID, line)
		}
	}
}

func FuzzComponents(f *testing.F) {
	cs, err := parseComponents(componentList)
	require.NoError(f, err)
	f.Add("app", "orders-postgres-0")
	f.Add("filename", "/var/log/nginx/access.log")
	f.Fuzz(func(t *testing.T, key, value string) {
		require.NotEmpty(t, cs.of(map[string]string{key: value}))
		cs.selfNamed(value)
	})
}
