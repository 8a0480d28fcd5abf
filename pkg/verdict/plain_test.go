package verdict_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/verdict"
)

func TestPlainLeavesHonestProse(t *testing.T) {
	for _, s := range []string{
		"The database orders-db.shop.svc refuses connections since 12:04:05.123.",
		"orders-db.shop.svc.cluster.local:5432 timed out after 1.5 s",
		"panic at main.go:42 in goroutine 7, see worker.go.",
		"10.0.0.1:8080 and [2001:db8::1]:443 do not answer.",
		"Image nginx@sha256:0f1e2d was rolled back from v1.2.3 to v1.2.2-rc.1.",
		"control_plane and kube_pod_status are fine & steady",
		"java.lang.NullPointerException in com.shop.orders.api.OrderService",
		"~5 of 10 replicas restart; load is ~/2.",
		"[ERROR] 100% of /var/log/pods/x.log and C:\\temp are full (see events)!",
		"Speicher läuft voll; Größe “zu klein” – проверьте диск 日本語 नमस्ते",
		"a=b, x-request-id: 7, 50 %, $5, foo#bar, R&D",
		"node-1.internal has no route to 169.254.169.254/latest",
		"naïve café 👍 U.S. e.g. i.e.",
	} {
		require.Equal(t, s, verdict.Plain(s, 300))
	}
}

func TestPlainRemovesWhatWouldAct(t *testing.T) {
	for in, want := range map[string]string{
		// Links.
		"see https://evil.example/x now":  "see [link removed] now",
		"HTTP://1.2.3.4/":                 "[link removed]",
		"(javascript:alert(1))":           "[link removed]",
		"mailto:a@b.c":                    "[link removed]",
		"data:text/html;base64,AA data:5": "[link removed] data:5",
		"go to evil.com/x or EVIL.COM.":   "go to evil[.]com/x or EVIL[.]COM.",
		"www.evil.svc //a.b.dev:80":       "www[.]evil[.]svc //a[.]b[.]dev:80",
		"evil.com,evil.org;(evil.net)":    "evil[.]com,evil[.]org;(evil[.]net)",
		"write to ops@evil.com":           "write to ops@evil[.]com",
		"пример.рф xn--e1afmkfd.xn--p1ai": "пример[.]рф xn--e1afmkfd[.]xn--p1ai",
		"ｅｖｉｌ．ｃｏｍ evil。com 𝐞𝐯𝐢𝐥.𝐜𝐨𝐦": "evil[.]com evil[.]com evil[.]com",
		"ht\u200btps://evil.com":                    "[link removed]",
		"ht*tps://evil.com ev`il.c*om":              "[link removed] evil[.]com",
		"evil.com-x evil.com_y":                     "evil[.]com-x evil[.]com_y",
		"pull docker.io/library/nginx:1.2":          "pull docker[.]io/library/nginx:1.2",
		"[click](https://evil.com) ![x](y)":         "[click] [link removed] [x] (y)",
		"[a][b] [a]: x [a](b \"t\")":                "[a] [b] [a]: x [a] (b \"t\")",
		"[a]: x":                                    "[a] : x",
		"<https://evil.com|Grafana> <evil.com|log>": "[link removed] Grafana evil[.]com log",
		// Markup.
		"# Heading":                            "Heading",
		"### ":                                 "",
		"- item":                               "item",
		"**bold** _it_ __b__ ~~s~~ ~s~ `c`":    "bold it b s s c",
		"<b>x</b><img src=x onerror=y>":        "b x /b img src=x onerror=y",
		"a | b\n|---|---|":                     "a b --- ---",
		"&lt;script&gt; a & b;":                "lt;scriptgt; a & b;",
		"_@_here _all_":                        "here all",
		"@here @channel x@everyone @@bob":      "here channel xeveryone bob",
		"<!here> <@U123> <#C1> ＠here a@&here;": "!here U123 #C1 here ahere;",
		// Characters.
		"a\x00b\x1b[31mc\u202ed\u2066e\u200bf\ufeffg":          "ab[31mcdefg",
		"x\U000E0041\U000E0042\uE000\uFE0F\u034f\u3164\u2800y": "xy",
		"line\r\none\u2028two\u0085three":                      "line one two three",
		"Z\u0336\u0337\u0338\u0335\u0334x \u0301y":             "Z\u0336\u0337\u0338x y",
		"a\xffb": "a\uFFFDb",
	} {
		require.Equal(t, want, verdict.Plain(in, 300), "%q", in)
	}
}

func TestPlainCuts(t *testing.T) {
	for _, tc := range []struct {
		in    string
		limit int
		want  string
	}{
		{"one two three", 13, "one two three"},
		{"one two three", 12, "one two…"},
		{"größer", 4, "grö…"},
		{"evil.comxyz", 9, "evil.c…"}, // neither evil.com nor more than 9
		{"a https://x/y", 8, "a…"},
		{"x", 0, ""},
		{strings.Repeat("日", 10), 1, "…"},
	} {
		require.Equal(t, tc.want, verdict.Plain(tc.in, tc.limit), "%q", tc.in)
	}
}

// What a chat program or a browser would make of the text, written apart from the
// code under test.
var acts = regexp.MustCompile(`(?i)://|javascript:\S|mailto:\S|(^|\W)www\.[\pL\pN]` +
	"|[<>|`*\\n\\r\\t]|\\]\\(|\\]\\[|^\\[[^]]*\\]:|!\\[|~~|^#|  |^ | $" +
	`|(^|[^\pL\pN_])[@_]|[@_]($|[^\pL\pN_])|@(here|channel|everyone)` +
	`|&#?\w+;` +
	`|[\pL\pN]\.(com|net|org|io|dev|app|ru|zip|xyz|co|sh|рф|xn--p1ai)($|[^\pL\pN\pM.\-_])`)

func FuzzPlain(f *testing.F) {
	for _, s := range []string{
		"a [b](http://c) <script>\x00\u202e", "@here _@_channel a@he&re; x", "evil.com/x www.a.b //c.io", "]\u200b(", "!\u0301[x", "&am&amp;p;",
		"𝐞𝐯𝐢𝐥。𝐜𝐨𝐦", "# ## - x", "a_@b __x__ ~~5~6", "Z\u0336\u0337\u0338\u0335\u0334", "\U000E0041\uE000", "e@@@@@here", strings.Repeat("a.", 60) + "company",
	} {
		f.Add(s, 50)
		f.Add(s, 7)
	}
	f.Fuzz(func(t *testing.T, s string, limit int) {
		limit = min(max(limit, 0), 400)
		p := verdict.Plain(s, limit)
		require.True(t, utf8.ValidString(p))
		require.LessOrEqual(t, utf8.RuneCountInString(p), limit)
		require.NotRegexp(t, acts, p)
		marks := 0
		for _, r := range p {
			require.True(t, unicode.IsGraphic(r), "%U", r)
			require.False(t, unicode.In(r, unicode.Cf, unicode.Co, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point), "%U", r)
			if marks++; !unicode.IsMark(r) {
				marks = 0
			}
			require.LessOrEqual(t, marks, 3)
		}
		require.Equal(t, p, verdict.Plain(p, limit), "idempotent")
	})
}
