package adversary

import "regexp"

// healthyWordings are what components of a healthy cluster print, errors that are always
// there among them.
func healthyWordings() []incident {
	return []incident{
		{"", "nginx", []string{
			`{ip} - - [22/Nov/2026:11:30:00 +0000] "GET /cart HTTP/1.1" 200 {n} "https://shop.local/" "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/132.0"`,
			`{ip} - - [22/Nov/2026:11:30:00 +0000] "POST /pay HTTP/1.1" 201 {n} "https://shop.local/cart" "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X)"`,
			`{ip} - - [22/Nov/2026:11:30:00 +0000] "GET /favicon.ico HTTP/1.1" 404 153 "-" "curl/8.5.0"`,
		}},
		{"", "envoy", []string{`[{ts}] "GET /orders HTTP/1.1" 200 - via_upstream - "-" 0 {n} 12 11 "{ip}" "Mozilla/5.0" "7c1a" "orders" "{ip}:8080"`}},
		{"", "checkout", []string{`level=info ts={ts} msg="order placed" id={n} took={n}ms`, `level=info ts={ts} msg="request served" method=GET path=/cart status=200 agent="Mozilla/5.0"`, `level=error ts={ts} msg="card declined" code={n}`}},
		{"", "orders", []string{`{"level":"info","ts":"{ts}","msg":"order stored","id":{n}}`, `{"level":"info","ts":"{ts}","msg":"request","path":"/orders/{n}","agent":"okhttp/4.12.0","status":200}`}},
		{"", "catalog", []string{`{ts} INFO  1 --- [nio-8080-exec-3] c.s.catalog.SearchController : search term=shoes hits={n}`, `{ts} WARN  1 --- [nio-8080-exec-1] o.s.w.s.PageNotFound : No mapping for GET /robots.txt`}},
		{"", "web", []string{`{"level":30,"time":{n},"pid":1,"hostname":"web","req":{"method":"GET","url":"/"},"res":{"statusCode":200},"msg":"request completed"}`}},
		{"", "mailer", []string{`INFO:mailer:queued message {n} subject="Your order" to=customer`, `INFO:     {ip}:{n} - "GET /healthz HTTP/1.1" 200 OK`}},
		{"", "sshd", []string{"Accepted publickey for deploy from {ip} port {n} ssh2: ED25519 SHA256:abc", "Connection closed by {ip} port {n} [preauth]", "Invalid user admin from {ip} port {n}"}},
		{"", "coredns", []string{`[INFO] {ip}:{n} - {n} "A IN orders.shop.svc.cluster.local. udp 60 false 512" NOERROR qr,aa,rd 118 0.000{n}s`, `[INFO] {ip}:{n} - {n} "AAAA IN shop.local. udp 40 false 512" NXDOMAIN qr,rd,ra 115 0.0{n}s`}},
		{"", "postgres", []string{`{ts} UTC [{n}] LOG:  checkpoint complete: wrote {n} buffers (1.2%); 0 WAL file(s) added`, `{ts} UTC [{n}] ERROR:  duplicate key value violates unique constraint "carts_pkey"`, `{ts} UTC [{n}] FATAL:  password authentication failed for user "backup"`}},
		{"", "kubelet", []string{`I{time}    {n} kubelet.go:2407] "SyncLoop (probe)" probe="readiness" status="ready" pod="shop/{pod}"`}},
		{"", "kernel", []string{"IPv6: ADDRCONF(NETDEV_CHANGE): cali{n}: link becomes ready"}},
		{"", "etcd", []string{`{"level":"info","ts":"{ts}","caller":"mvcc/index.go:214","msg":"compact tree index","revision":{n}}`}},
	}
}

// usual is what users write into the fields that attackers use: mostly the same.
func (g generator) usual() string {
	if g.chance(70) {
		return "shoes"
	}
	return pick(g, []string{"alice", "Mozilla/5.0", "summer-sale", "orders", "bob_1984", "a4711", "Your order"})
}

// A town is a healthy cluster: the components that it has, and which of their statements
// it prints. What is printed for every request is known; of the statements that are printed
// only when one is refused, one in twenty never was before.
type town struct{ statements []func(g generator) line }

var refusal = regexp.MustCompile(`(?i)warn|error|fatal|failed|invalid|"level":40| 404 `)

func newTown(g generator) *town {
	t := &town{}
	for _, w := range healthyWordings() {
		for _, text := range w.wordings {
			t.statements = append(t.statements, func(g generator) line { return line{component: w.component, text: g.fill(text)} })
		}
	}
	for _, f := range fields() {
		for _, s := range f.sinks {
			if !refusal.MatchString(s.format) || g.chance(95) {
				t.statements = append(t.statements, func(g generator) line { return s.lines(g, g.usual())[0] })
			}
		}
	}
	return t
}

// healthyLines is how many lines of a healthy cluster surround an attack.
const healthyLines = 310

// lines returns what a healthy cluster prints in a window.
func (t *town) lines(g generator) []line {
	out := make([]line, healthyLines)
	for i := range out {
		out[i] = t.statements[i%len(t.statements)](g)
	}
	return out
}
