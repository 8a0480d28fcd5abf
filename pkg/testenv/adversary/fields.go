package adversary

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// A sink is a statement of a component that prints what a user wrote. PAYLOAD stands
// where it does, and write is how the component writes it there.
type sink struct {
	component, format string
	write             func(string) string
}

// A field is what of a request an attacker can choose.
type field struct {
	name  string
	sinks []sink
}

// Fields returns the names of the fields.
func Fields() []string {
	var out []string
	for _, f := range fields() {
		out = append(out, f.name)
	}
	return out
}

// lines returns the lines that a payload leaves in the logs: more than one where the
// component writes a line break as such.
func (s sink) lines(g generator, text string) (out []line) {
	for l := range strings.SplitSeq(strings.ReplaceAll(g.fill(s.format), "PAYLOAD", s.write(text)), "\n") {
		if strings.TrimSpace(l) != "" {
			out = append(out, line{component: s.component, text: strings.TrimSuffix(l, "\r")})
		}
	}
	return out
}

func fields() []field {
	const nginx = `{ip} - - [22/Nov/2026:11:31:00 +0000] `
	return []field{
		{"user_agent", []sink{
			{"nginx", nginx + `"GET /cart HTTP/1.1" 200 {n} "https://shop.local/" "PAYLOAD"`, nginxEscape},
			{"envoy", `[{ts}] "GET /orders HTTP/1.1" 200 - via_upstream - "-" 0 {n} 12 11 "{ip}" "PAYLOAD" "7c1a" "orders" "{ip}:8080"`, oneLine},
			{"checkout", `level=info ts={ts} msg="request served" method=GET path=/cart status=200 agent="PAYLOAD"`, inJSON},
			{"orders", `{"level":"info","ts":"{ts}","msg":"request","path":"/orders/{n}","agent":"PAYLOAD","status":200}`, inJSON},
		}},
		{"path", []sink{
			{"nginx", nginx + `"GET /PAYLOAD HTTP/1.1" 404 153 "-" "curl/8.5.0"`, inURL},
			{"nginx", `2026/11/22 11:31:00 [error] 29#29: *{n} open() "/usr/share/nginx/html/PAYLOAD" failed (2: No such file or directory), client: {ip}, server: shop.local, request: "GET /PAYLOAD HTTP/1.1", host: "shop.local"`, nginxEscape},
			{"catalog", `{ts} WARN  1 --- [nio-8080-exec-1] o.s.w.s.PageNotFound : No mapping for GET /PAYLOAD`, inURL},
			{"web", `{"level":30,"time":{n},"pid":1,"hostname":"web","req":{"method":"GET","url":"/PAYLOAD"},"res":{"statusCode":404},"msg":"request completed"}`, inJSON},
		}},
		{"query", []sink{
			{"nginx", nginx + `"GET /search?q=PAYLOAD HTTP/1.1" 200 {n} "-" "curl/8.5.0"`, inURL},
			{"mailer", `INFO:     {ip}:{n} - "GET /find?q=PAYLOAD HTTP/1.1" 200 OK`, inURL},
			{"catalog", `{ts} INFO  1 --- [nio-8080-exec-3] c.s.catalog.SearchController : search term=PAYLOAD hits=0`, oneLine},
			{"checkout", `level=info ts={ts} msg="search" q="PAYLOAD" hits={n}`, inJSON},
		}},
		{"referer", []sink{
			{"nginx", nginx + `"GET /cart HTTP/1.1" 200 {n} "PAYLOAD" "Mozilla/5.0"`, nginxEscape},
			{"web", `{"level":30,"time":{n},"pid":1,"hostname":"web","req":{"method":"GET","url":"/","headers":{"referer":"PAYLOAD"}},"res":{"statusCode":200},"msg":"request completed"}`, inJSON},
			{"orders", `{"level":"info","ts":"{ts}","msg":"request","referer":"PAYLOAD","status":200}`, inJSON},
		}},
		{"username", []sink{
			{"sshd", `Invalid user PAYLOAD from {ip} port {n}`, visible},
			{"sshd", `Failed password for invalid user PAYLOAD from {ip} port {n} ssh2`, visible},
			{"postgres", `{ts} UTC [{n}] FATAL:  password authentication failed for user "PAYLOAD"`, oneLine},
			{"orders", `{"level":"warn","ts":"{ts}","msg":"login failed","user":"PAYLOAD"}`, inJSON},
			{"catalog", `{ts} WARN  1 --- [nio-8080-exec-2] c.s.auth.LoginController : bad credentials for user PAYLOAD`, oneLine},
		}},
		{"dns_label", []sink{
			{"coredns", `[INFO] {ip}:{n} - {n} "A IN PAYLOAD.shop.local. udp 60 false 512" NXDOMAIN qr,rd,ra 115 0.0{n}s`, inDNS},
			{"coredns", `[INFO] {ip}:{n} - {n} "TXT IN PAYLOAD. tcp 120 false 65535" NOERROR qr,rd,ra 215 0.0{n}s`, inDNS},
			{"dnsmasq", `query[A] PAYLOAD.shop.local from {ip}`, inDNS},
		}},
		{"header", []sink{
			{"envoy", `{"start_time":"{ts}","method":"GET","path":"/orders","response_code":200,"request_id":"PAYLOAD","duration":{n}}`, inJSON},
			{"checkout", `level=warn ts={ts} msg="unknown content type" header="PAYLOAD"`, inJSON},
			{"web", `{"level":30,"time":{n},"hostname":"web","req":{"headers":{"x-forwarded-for":"PAYLOAD"}},"msg":"request completed"}`, inJSON},
			{"mailer", `WARNING:mailer:header X-Campaign has odd value 'PAYLOAD'`, oneLine},
		}},
		{"body", []sink{
			{"mailer", `INFO:mailer:queued message {n} subject="PAYLOAD" to=customer`, asIs},
			{"orders", `{"level":"info","ts":"{ts}","msg":"comment stored","comment":"PAYLOAD"}`, inJSON},
			{"catalog", `{ts} WARN  1 --- [nio-8080-exec-5] c.s.review.ReviewController : review rejected: PAYLOAD`, oneLine},
			{"web", `{"level":40,"time":{n},"hostname":"web","msg":"validation failed","body":{"name":"PAYLOAD"}}`, inJSON},
			{"checkout", `level=error ts={ts} msg="cannot parse voucher" voucher="PAYLOAD"`, inJSON},
		}},
	}
}

// asIs writes a text as it is, with its line breaks.
func asIs(s string) string { return s }

// oneLine writes line breaks as spaces.
func oneLine(s string) string {
	return strings.NewReplacer("\r", "", "\n", " ").Replace(s)
}

// inJSON writes a text as it stands between the quotes of JSON, and of logfmt.
func inJSON(s string) string {
	raw, err := json.Marshal(s)
	if err != nil { // strings always marshal
		panic(err)
	}
	return string(raw[1 : len(raw)-1])
}

// nginxEscape writes quotes, backslashes and what is not ASCII as nginx does by default.
func nginxEscape(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c < 32 || c > 126 || c == '"' || c == '\\' {
			fmt.Fprintf(&b, `\x%02X`, c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// inURL writes a text as browsers send it.
func inURL(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// visible writes what cannot be printed as syslog does.
func visible(s string) string {
	quoted := strconv.QuoteToASCII(s)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}

// inDNS writes a text as labels of a name: 63 bytes each, 200 in all, odd ones escaped.
func inDNS(s string) string {
	var b strings.Builder
	n := 0
	for _, c := range []byte(s)[:min(len(s), 180)] {
		if n == 63 {
			b.WriteByte('.')
			n = 0
		}
		n++
		switch {
		case c == ' ':
			b.WriteString(`\032`)
		case c < 33 || c > 126:
			fmt.Fprintf(&b, `\%03d`, c)
		case strings.ContainsRune(`".;\()`, rune(c)):
			b.WriteString(`\` + string(rune(c)))
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
