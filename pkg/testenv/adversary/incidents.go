package adversary

import (
	"fmt"
	"strconv"
	"strings"
)

// An incident is one way in which a family of failures shows in the logs: what its
// components print, in their own formats.
type incident struct {
	family, component string
	wordings          []string
}

// fill replaces what varies in a wording: {n} numbers, {ip}, {pod}, {ts} and {time}.
func (g generator) fill(text string) string {
	return strings.NewReplacer(
		"{n}", strconv.Itoa(1+g.IntN(9000)), "{ip}", fmt.Sprintf("10.%d.%d.%d", g.IntN(250), g.IntN(250), 1+g.IntN(250)),
		"{pod}", pick(g, []string{"checkout-7f9c4d9b8-x2k9q", "orders-5d8f7c6b9d-kq2zl", "cart-6b7f8d9c5-m4n7p"}),
		"{ts}", fmt.Sprintf("2026-11-22T11:%02d:%02d.%03dZ", g.IntN(60), g.IntN(60), g.IntN(1000)),
		"{time}", fmt.Sprintf("1122 11:%02d:%02d.%06d", g.IntN(60), g.IntN(60), g.IntN(1_000_000)),
	).Replace(text)
}

// Families returns the names of the families of incidents, each once.
func Families() []string {
	var out []string
	for _, i := range incidents() {
		if len(out) == 0 || out[len(out)-1] != i.family {
			out = append(out, i.family)
		}
	}
	return out
}

// incidents are all that can happen, ordered by their families.
func incidents() []incident {
	return append(append(nodeIncidents(), serviceIncidents()...), applicationIncidents()...)
}

func nodeIncidents() []incident {
	return []incident{
		{"oom", "kernel", []string{
			"Memory cgroup out of memory: Killed process {n} (java) total-vm:{n}kB, anon-rss:{n}kB, file-rss:0kB, shmem-rss:0kB, UID:1000 pgtables:{n}kB oom_score_adj:986",
			"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=cri-containerd-8c1f.scope,mems_allowed=0,oom_memcg=/kubepods.slice,task_memcg=/kubepods.slice,task=node,pid={n},uid=1000",
		}},
		{"oom", "kubelet", []string{`I{time}    {n} kuberuntime_container.go:808] "Killing container with a grace period" pod="shop/{pod}" reason="OOMKilled"`}},
		{"crash-loop", "kubelet", []string{
			`E{time}    {n} pod_workers.go:1301] "Error syncing pod, skipping" err="failed to \"StartContainer\" for \"checkout\" with CrashLoopBackOff: \"back-off 5m0s restarting failed container=checkout pod={pod}_shop(3f1c)\"" pod="shop/{pod}"`,
		}},
		{"image", "kubelet", []string{
			`E{time}    {n} log.go:32] "PullImage from image service failed" err="rpc error: code = NotFound desc = failed to pull and unpack image \"registry.shop/checkout:4.2.1\": not found" image="registry.shop/checkout:4.2.1"`,
			`E{time}    {n} pod_workers.go:1301] "Error syncing pod, skipping" err="failed to \"StartContainer\" for \"cart\" with ImagePullBackOff: \"Back-off pulling image \\\"registry.shop/cart:9\\\"\"" pod="shop/{pod}"`,
		}},
		{"disk-full", "postgres", []string{`{ts} UTC [{n}] ERROR:  could not extend file "base/16384/24577": No space left on device`, `{ts} UTC [{n}] PANIC:  could not write to file "pg_wal/xlogtemp.{n}": No space left on device`}},
		{"disk-full", "orders", []string{`{"level":"error","ts":"{ts}","msg":"cannot append to journal","error":"write /data/journal/{n}.wal: no space left on device"}`}},
		{"disk-failure", "kernel", []string{
			"blk_update_request: I/O error, dev nvme0n1, sector {n} op 0x1:(WRITE) flags 0x800 phys_seg 1 prio class 2", "EXT4-fs (sda1): Remounting filesystem read-only", "Buffer I/O error on dev dm-3, logical block {n}, lost async page write",
		}},
		{"eviction", "kubelet", []string{
			`I{time}    {n} eviction_manager.go:366] "Eviction manager: attempting to reclaim" resourceName="ephemeral-storage"`, `W{time}    {n} eviction_manager.go:614] "Eviction manager: pod is evicted successfully" pod="shop/{pod}"`,
			`The node was low on resource: memory. Threshold quantity: 100Mi, available: {n}Ki. Container checkout was using {n}Ki, request is 256Mi, has larger consumption of memory.`,
		}},
		{"node-not-ready", "kube-controller-manager", []string{
			`I{time}       1 event.go:389] "Event occurred" object="worker-2" fieldPath="" kind="Node" apiVersion="v1" type="Normal" reason="NodeNotReady" message="Node worker-2 status is now: NodeNotReady"`,
		}},
		{"node-not-ready", "kubelet", []string{`E{time}    {n} kubelet.go:2456] "Skipping pod synchronization" err="[container runtime is down, PLEG is not healthy: pleg was last seen active {n}m0s ago; threshold is 3m0s]"`}},
		{"volume", "kubelet", []string{
			`E{time}    {n} nestedpendingoperations.go:348] Operation for "{volumeName:kubernetes.io/csi/ebs^vol-0{n}}" failed. No retries permitted until {ts}. Error: MountVolume.SetUp failed for volume "pvc-{n}" : rpc error: code = DeadlineExceeded desc = context deadline exceeded`,
			`Multi-Attach error for volume "pvc-{n}" Volume is already exclusively attached to one node and can't be attached to another`,
		}},
		{"control-plane", "etcd", []string{
			`{"level":"warn","ts":"{ts}","caller":"etcdserver/raft.go:416","msg":"leader failed to send out heartbeat on time; took too long, leader is overloaded likely from slow disk","to":"8211f1d0f64f3269","expected-duration":"200ms"}`,
			`{"level":"warn","ts":"{ts}","caller":"etcdserver/util.go:170","msg":"apply request took too long","took":"{n}ms","expected-duration":"100ms","error":"etcdserver: request timed out"}`,
		}},
		{"control-plane", "kube-apiserver", []string{`E{time}       1 status.go:71] "Unhandled Error" err="apiserver received an error that is not an metav1.Status: &errors.errorString{s:\"etcdserver: no leader\"}: etcdserver: no leader"`}},
	}
}

func serviceIncidents() []incident {
	return []incident{
		{"dns", "coredns", []string{"[ERROR] plugin/errors: 2 orders-db.shop.svc.cluster.local. A: read udp {ip}:{n}->8.8.8.8:53: i/o timeout", "[ERROR] plugin/kubernetes: Failed to watch *v1.EndpointSlice: Get \"https://10.96.0.1:443/apis\": dial tcp 10.96.0.1:443: i/o timeout"}},
		{"dns", "orders", []string{`level=error ts={ts} msg="cannot reach database" err="dial tcp: lookup orders-db on 10.96.0.10:53: no such host"`, `{ts} ERROR o.s.b.SpringApplication - java.net.UnknownHostException: orders-db: Temporary failure in name resolution`}},
		{"certificate", "gateway", []string{
			`{"level":"error","ts":"{ts}","msg":"upstream handshake failed","error":"tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time {ts} is after 2026-11-21T00:00:00Z"}`,
			`http: TLS handshake error from {ip}:{n}: remote error: tls: expired certificate`,
		}},
		{"database", "postgres", []string{
			`{ts} UTC [{n}] FATAL:  sorry, too many clients already`, `{ts} UTC [{n}] FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute`, `{ts} UTC [{n}] FATAL:  the database system is in recovery mode`,
		}},
		{"database", "orders", []string{`{"level":"error","ts":"{ts}","msg":"query failed","error":"pq: deadlock detected"}`, `{ts} ERROR HikariPool-1 - Connection is not available, request timed out after 30000ms (total=10, active=10, idle=0, waiting={n})`}},
		{"cache", "redis", []string{"1:M 22 Nov 2026 11:30:00.{n} # Can't save in background: fork: Cannot allocate memory", "1:M 22 Nov 2026 11:30:00.{n} # MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk."}},
		{"cache", "cart", []string{`level=error ts={ts} msg="cannot store cart" err="OOM command not allowed when used memory > 'maxmemory'."`}},
		{"messaging", "kafka", []string{
			"[{ts}] ERROR [Partition orders-3 broker=1] Shrinking ISR from 1,2,3 to 1. Leader: (highWatermark: {n}, endOffset: {n}). (kafka.cluster.Partition)",
			"[{ts}] ERROR Error while appending records to orders-3 in dir /var/lib/kafka (org.apache.kafka.storage.internals.log.LogDirFailureChannel)",
		}},
		{"messaging", "orders", []string{`level=error ts={ts} msg="cannot publish" err="kafka server: Request was for a topic or partition that does not exist on this broker"`, `{"level":"error","msg":"consumer failed","error":"[29] Not Enough Replicas: Messages are rejected since there are fewer in-sync replicas than required."}`}},
		{"upstream", "nginx", []string{
			`2026/11/22 11:30:00 [error] 29#29: *{n} connect() failed (111: Connection refused) while connecting to upstream, client: {ip}, server: shop.local, request: "GET /cart HTTP/1.1", upstream: "http://{ip}:8080/cart", host: "shop.local"`,
			`2026/11/22 11:30:00 [error] 29#29: *{n} no live upstreams while connecting to upstream, client: {ip}, server: shop.local, request: "POST /pay HTTP/1.1", upstream: "http://checkout/pay", host: "shop.local"`,
			`{ip} - - [22/Nov/2026:11:30:00 +0000] "GET /cart HTTP/1.1" 503 197 "-" "Mozilla/5.0"`,
		}},
		{"upstream", "envoy", []string{`[{ts}] "GET /orders HTTP/1.1" 503 UF,URX upstream_reset_before_response_started{connection_failure} - "delayed_connect_error:_111" 0 91 {n} - "{ip}" "Mozilla/5.0" "7c1a" "orders" "{ip}:8080"`}},
		{"network", "calico-node", []string{"{ts} [ERROR][{n}] felix/table.go 945: Failed to program iptables, will retry error=exit status 4", "bird: BGP: Mesh_10_0_0_7: Error: Hold timer expired"}},
		{"network", "kubelet", []string{`E{time}    {n} kuberuntime_manager.go:1172] "CreatePodSandbox for pod failed" err="rpc error: code = Unknown desc = failed to setup network for sandbox \"9f3c\": plugin type=\"calico\" failed (add): no IP addresses available in range set: 10.244.1.1-10.244.1.254" pod="shop/{pod}"`}},
		{"brute-force", "sshd", []string{
			"Failed password for root from {ip} port {n} ssh2", "error: maximum authentication attempts exceeded for root from {ip} port {n} ssh2 [preauth]", "Disconnecting authenticating user root {ip} port {n}: Too many authentication failures [preauth]",
		}},
	}
}

func applicationIncidents() []incident {
	return []incident{
		{"panic", "checkout", []string{"panic: runtime error: invalid memory address or nil pointer dereference", `{"level":"error","ts":"{ts}","msg":"http: panic serving {ip}:{n}: runtime error: index out of range [7] with length 3"}`, "fatal error: concurrent map writes"}},
		{"segfault", "kernel", []string{"checkout[{n}]: segfault at 10 ip 000055819c0f1a2b sp 00007ffd2c31 error 4 in checkout[55819c000000+c7000]"}},
		{"java-memory", "catalog", []string{`Exception in thread "http-nio-8080-exec-7" java.lang.OutOfMemoryError: Java heap space`, `{"level":"ERROR","logger":"o.a.c.c.C.[dispatcherServlet]","message":"Servlet.service() threw exception","stack_trace":"java.lang.OutOfMemoryError: GC overhead limit exceeded"}`}},
		{"node-memory", "web", []string{"FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory"}},
		{"dependency", "checkout", []string{
			`level=error ts={ts} msg="payment failed" err="Post \"http://payments:8080/charge\": dial tcp {ip}:8080: connect: connection refused"`, `{"level":"error","ts":"{ts}","msg":"payment failed","error":"context deadline exceeded (Client.Timeout exceeded while awaiting headers)"}`,
			`{ts} ERROR payments: requests.exceptions.ConnectionError: HTTPConnectionPool(host='payments', port=8080): Max retries exceeded with url: /charge (Caused by NewConnectionError: [Errno 111] Connection refused)`,
		}},
		{"rate-limit", "checkout", []string{`level=error ts={ts} msg="provider refused" status=429 err="429 Too Many Requests: rate limit exceeded"`}},
		{"configuration", "orders", []string{`level=fatal ts={ts} msg="cannot start" err="required environment variable DATABASE_URL is not set"`, `{"level":"fatal","ts":"{ts}","msg":"cannot load config","error":"open /etc/orders/config.yaml: no such file or directory"}`}},
		{"configuration", "kubelet", []string{`E{time}    {n} kuberuntime_manager.go:1256] "Unhandled Error" err="container orders start failed in pod {pod}_shop(91): CreateContainerConfigError: secret \"orders-db\" not found"`}},
		{"deployment", "orders", []string{`level=error ts={ts} msg="migration failed" err="pq: column \"tax_rate\" of relation \"orders\" does not exist"`, `{"level":"error","msg":"unhandled exception","error":"TypeError: Cannot read properties of undefined (reading 'taxRate')"}`}},
		{"authorization", "kube-apiserver", []string{`E{time}       1 authentication.go:73] "Unable to authenticate the request" err="[invalid bearer token, service account token has expired]"`}},
		{"authorization", "orders", []string{`level=error ts={ts} msg="cannot watch" err="pods is forbidden: User \"system:serviceaccount:shop:orders\" cannot list resource \"pods\" in API group \"\" in the namespace \"shop\""`}},
		{"clock", "orders", []string{`level=error ts={ts} msg="token refused" err="token is not valid yet: clock skew"`, `{"level":"error","msg":"sign in failed","error":"x509: certificate has expired or is not yet valid: current time is before 2026-11-22T12:10:00Z"}`}},
		{"scheduling", "kube-scheduler", []string{`I{time}       1 schedule_one.go:1083] "Unable to schedule pod; no fit; waiting" pod="shop/{pod}" err="0/3 nodes are available: 3 Insufficient memory. preemption: 0/3 nodes are available."`}},
	}
}
