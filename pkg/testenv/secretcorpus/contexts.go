package secretcorpus

import (
	"encoding/json"
	"strings"
)

// around puts a secret that its own form tells into text that names it or not.
func (g *generator) around(secret, variable string) string {
	if g.IntN(2) == 0 {
		return g.assign(variable, secret)
	}
	return g.line(strings.ReplaceAll(g.fill(g.one([]string{
		"request with SECRET was refused",
		"using credentials SECRET for upstream",
		"authentication failed for \"SECRET\"",
		"remote rejected 'SECRET' after {d2}ms",
		"login with (SECRET) from worker-{d1}",
		"GET https://api.example.com/v1/items?access_token=SECRET&page={d1} 401",
		"GET /callback?state={h8}&token=SECRET HTTP/1.1",
		"git clone https://oauth2:SECRET@git.example.com/team/app.git",
		"curl -H 'X-Token: SECRET' https://api.example.com",
		"+ deploy --token SECRET --env prod",
		"+ deploy --token=SECRET --env prod",
		"caller=client.go:{d2} msg=\"bad key\" SECRET",
		"Error: invalid credential SECRET.",
		"at Client.call(client.js:{d3}) with args [SECRET]",
		"argv=[\"sync\",\"--api-key\",\"SECRET\"]",
		"seen in header: SECRET, retrying",
	})), "SECRET", secret))
}

// assign gives a name a value in one of the ways of configuration and logs.
func (g *generator) assign(name, secret string) string {
	format := g.one([]string{
		"NAME=SECRET", "NAME=SECRET", "NAME: SECRET", "NAME = SECRET", "NAME=\"SECRET\"", "NAME='SECRET'", "NAME: \"SECRET\"", "NAME: 'SECRET'",
		"loaded NAME=SECRET from environment", "config NAME:SECRET applied", "{\"NAME\":\"SECRET\",\"user\":\"app\"}", "{\"user\": \"app\", \"NAME\": \"SECRET\"}",
		"export NAME=SECRET", "set NAME \"{l4}\" NAME=SECRET user=app", "user=app,NAME=SECRET,retries=3", "user=app;NAME=SECRET;timeout=30",
		"{'user': 'app', 'NAME': 'SECRET'}", "NAME => SECRET", "'NAME' => 'SECRET'", "Config(user=app, NAME=SECRET)", "map[NAME:SECRET user:app]",
		"--NAME=SECRET", "-DNAME=SECRET", "<NAME>SECRET</NAME>", "env:\n- name: NAME\n  value: SECRET", "{\"name\":\"NAME\",\"value\":\"SECRET\"}",
		"data:\n  NAME: SECRET\n  user: app", "[config]\nNAME = SECRET\nuser = app", "POST /login HTTP/1.1 user=app&NAME=SECRET&remember=1", "&{User:app NAME:SECRET Retries:3}",
	})
	return g.line(strings.NewReplacer("NAME", name, "SECRET", secret).Replace(g.fill(format)))
}

// line wraps a message as a logger would.
func (g *generator) line(message string) string {
	at := g.fill("2026-11-2{d1}T1{d1}:{n1}{d1}:{n1}{d1}.{d3}Z")
	quoted, _ := json.Marshal(message) // a string always marshals
	inner := string(quoted[1 : len(quoted)-1])
	switch g.IntN(11) {
	case 0:
		return `{"ts":"` + at + `","level":"error","msg":"` + inner + `","trace_id":"` + g.fill("{h32}") + `"}`
	case 1:
		return "ts=" + at + ` level=warn component=sync msg="` + inner + `" duration=` + g.fill("{d2}ms")
	case 2:
		return g.fill("E1122 10:{n1}{d1}:0{d1}.{d6}       1 controller.go:{n1}{d2}] ") + message
	case 3:
		return at + " ERROR [main] c.e.app.Client - " + message + "\n\tat com.example.app.Client.call(Client.java:" + g.fill("{n1}{d2}") + ")\n\tat java.base/java.lang.Thread.run(Thread.java:833)"
	case 4:
		outer, _ := json.Marshal(string(quoted)) // a string always marshals
		return `{"log":` + string(outer) + `,"stream":"stderr","time":"` + at + `"}`
	case 5:
		return "time=\"" + at + "\" level=error msg=\"" + inner + "\""
	case 6:
		return g.fill("Nov 2{d1} 10:{n1}{d1}:0{d1} node-{d2} app[{n1}{d3}]: ") + message
	case 7: // a logger that colours the names of fields
		name, value, ok := strings.Cut(message, "=")
		if !ok || strings.ContainsAny(name, " <>") {
			return "\x1b[31mERRO\x1b[0m[0000] " + message
		}
		return "\x1b[33mWARN\x1b[0m[0000] setting \x1b[33m" + name + "\x1b[0m=" + value
	default:
		return at + " " + g.one([]string{"INFO ", "DEBUG ", "WARN ", "ERROR ", "panic: ", ""}) + message
	}
}
