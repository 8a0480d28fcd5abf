package patterns_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/patterns"
)

// tally condenses lines, one each nanosecond, all of one stream.
func tally(b *patterns.Book, start int64, lines ...string) *patterns.Tally {
	c := b.Counter()
	c.Begin(start, start+int64(len(lines)))
	for i, l := range lines {
		c.Add(patterns.Line{Time: start + int64(i), Text: []byte(l)})
	}
	return c.End(1)
}

func mine(lines ...string) []patterns.Pattern {
	b := patterns.NewBook(patterns.Config{})
	return b.Patterns([]*patterns.Tally{tally(b, 0, lines...)}, nil, 0, int64(len(lines)))
}

func TestTemplates(t *testing.T) {
	for _, tc := range []struct{ name, line, want string }{
		{"numbers and units", "took 12.5ms, read 4096 rows, 12MiB, 98% of -3", "took <dur>, read <num> rows, <size>, <num>% of <num>"},
		{"addresses", "dial tcp 10.1.2.3:5432 and [fe80::1ff:fe23:4567:890a]:80", "dial tcp <ip>:<num> and [<ip>]:<num>"},
		{"times", "from 2026-11-22T10:11:12.123Z at 10:11:12,5 on 2026/11/22 10:11:12", "from <ts> at <ts> on <ts>"},
		{"a time in front says nothing", "2026-11-22T10:11:12.123Z INFO started", "INFO started"},
		{"nor does a key with one", `level=info id=7 ts=2026-11-22T10:11:12Z msg=started`, "level=info id=<num> msg=started"},
		{"nor klog's prefix", "E1122 10:11:12.000123       1 reflector.go:12] lost", "reflector.go:<num>] lost"},
		{"dates of syslog and access logs", "at Sat Jul 23 10:11:12 2005 and 10/Oct/2000:13:55:36 -0700", "at <ts> and <ts>"},
		{"dates of other programs", "at 02-Jan-2024 10:11:12 UTC, 2 Jan and 02 Jan 2024 or 2024-01-02 03:04:05 +00:00", "at <ts>, <num> Jan and <ts> or <ts>"},
		{"parameters of a URL", "GET /find?q=a&n=17&z=(1,2) took 3ms", "GET /find?q=a&n=<num>&z=(<num>) took <dur>"},
		{"units behind a space", "waited 12 seconds for 3 nodes, 1301 bytes (1.27 KB) sent", "waited <dur> for <num> nodes, <size> sent"},
		{"lists of values", "blocks blk_1 blk_2 blk_3 gone, ids [1, 2, 3]", "blocks blk_<num> gone, ids [<num>]"},
		{"keys keep their digits", "x86_64=1 PSR0=5", "x86_64=<num> PSR0=<num>"},
		{"ids", "pod api-7f9c4d9b8-x2k9q uid 0b8a7c1e-1111-2222-3333-444455556666 sha deadbeef01", "pod api-<hex>-<id> uid <id> sha <hex>"},
		{"names keep their words", "node12 ready, worker_3 idle", "node<num> ready, worker_<num> idle"},
		{"status class", `"GET /pay HTTP/1.1" 503 12 status=404`, `"GET /pay HTTP/<num>" 5xx <num> status=4xx`},
		{"words that look like hex", "dead beef facade added", "dead beef facade added"},
		{"clock is no address", "at 12:34:56 sharp", "at <ts> sharp"},
		{"json by key", `{"ts":"2026-11-22T10:11:12Z","level":"error","msg":"user 17 failed","took":1.5,"tags":["a",1]}`, `level=error msg=user <num> failed took=<num> tags=["a",<num>]`},
		{"broken json stays text", `{"level":"error`, `{"level":"error`},
		{"ansi and control characters", "\x1b[31mred\x1b[0m\x00 alert\x07", "red alert"},
		{"invalid utf-8", "caf\xe9 ok", "caf\uFFFD ok"},
		{"empty", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := mine(tc.line)
			require.Len(t, got, 1)
			require.Equal(t, tc.want, got[0].Template)
		})
	}
}

func TestSimilarLinesShareAPattern(t *testing.T) {
	got := mine(
		"connection from alice to database orders closed by peer",
		"connection from bob to database orders closed by peer",
		"GET /healthz 200",
		"connection from carol to database orders closed by peer",
		"connection from alice to database orders closed by peer",
		"connection from dave to database orders closed by peer",
	)
	require.Len(t, got, 2)
	require.Equal(t, "connection from <*> to database orders closed by peer", got[0].Template)
	require.Equal(t, 5, got[0].Count)
	require.Equal(t, int64(0), got[0].First)
	require.Equal(t, int64(5), got[0].Last)
	require.Equal(t, "connection from alice to database orders closed by peer", got[0].Sample)
	require.Equal(t, "alice 40%, bob 20%", got[0].Variable)
}

// TestFewWordsAreToldApart: what takes few words is a word of the program, what takes
// many is a value.
func TestFewWordsAreToldApart(t *testing.T) {
	require.Len(t, mine("layout pass begin now", "layout pass end now"), 2)
	require.Len(t, mine("job moved from NEW to READY state", "job moved from READY to RUNNING state", "job moved from RUNNING to DONE state", "job moved from DONE to GONE state", "job moved from GONE to LOST state"), 5)
	var lines []string
	for i := range 20 {
		lines = append(lines, "starting "+string(rune('a'+i))+strings.Repeat("x", i))
	}
	require.Len(t, mine(lines...), 1, "twenty values in a line of two words")
}

// TestStructuredLinesAreToldApartByTheirMessage: keys that all lines share do not make
// them similar, and other values do not make them differ.
func TestStructuredLinesAreToldApartByTheirMessage(t *testing.T) {
	var lines []string
	for _, msg := range []string{"cache warmed", "peer joined", "disk full", "lease lost", "token stale"} {
		for _, pod := range []string{"red", "green", "blue", "black", "white"} {
			lines = append(lines, fmt.Sprintf(`level=info caller=main.go:17 component=core tenant=acme pod=%s msg="%s" took=3ms`, pod, msg))
		}
	}
	got := mine(lines...)
	require.Len(t, got, 5)
	require.Equal(t, `level=info caller=main.go:<num> component=core tenant=acme pod=<*> msg="cache warmed" took=<dur>`, got[0].Template)
}

func TestSecretsStayOutOfTemplates(t *testing.T) {
	b := patterns.NewBook(patterns.Config{Redact: func(line []byte) ([]byte, bool) {
		clean := bytes.ReplaceAll(line, []byte("john2@example.com"), []byte("<email>"))
		return clean, len(clean) != len(line)
	}})
	p := b.Patterns([]*patterns.Tally{tally(b, 0, "mail to john2@example.com sent")}, nil, 0, 1)[0]
	require.Equal(t, "mail to <email> sent", p.Template)
	require.Regexp(t, p.Regex(), "mail to john2@example.com sent")
}

// words are lines that no mask makes equal and no two of which are similar.
func words(n int) []string {
	lines := make([]string, n)
	for i := range lines {
		w := func(k int) string {
			return string(rune('a'+(i*k)%26)) + string(rune('a'+(i/26*k)%26)) + string(rune('a'+(i/676)%26))
		}
		lines[i] = strings.Repeat(w(3)+" ", 1+i%7) + w(5) + " " + w(11)
	}
	return lines
}

func TestNoLineIsLost(t *testing.T) {
	const n = 5000
	b := patterns.NewBook(patterns.Config{MaxShapes: 50})
	ps := b.Patterns([]*patterns.Tally{tally(b, 0, words(n)...)}, nil, 0, n)
	sum, other := 0, false
	for _, p := range ps {
		sum += p.Count
		other = other || p.Template == patterns.OtherTemplate
	}
	require.Equal(t, n, sum)
	require.True(t, other, "lines that cannot be told apart are counted under a name of their own")
	require.LessOrEqual(t, len(ps), 51)
}

// TestManyValuesBecomeOneTemplate: a book that is full of lines which differ in a name
// keeps the statement and finds later lines by it.
func TestManyValuesBecomeOneTemplate(t *testing.T) {
	b := patterns.NewBook(patterns.Config{MaxShapes: 64})
	var tallies []*patterns.Tally
	name := func(i int) string { return string([]byte{byte('a' + i%26), byte('a' + i/26%26), byte('a' + i/676)}) }
	for i := range 1000 {
		tallies = append(tallies, tally(b, int64(i), "user "+name(i)+" logged in to the shop", "pump "+name(i*7)+" reports pressure normal"))
	}
	ps := b.Patterns(tallies, nil, 0, 1000)
	require.Len(t, ps, 2)
	require.Equal(t, "pump <*> reports pressure normal", ps[1].Template)
	require.Equal(t, 1000, ps[0].Count)
	require.Equal(t, 1000, ps[1].Count)
	require.Less(t, b.Shapes(), 200)
}

// TestOrderDoesNotMatter: the order of lines, slots and streams changes nothing.
func TestOrderDoesNotMatter(t *testing.T) {
	var lines []string
	for i := range 2000 {
		lines = append(lines, fmt.Sprintf("worker %d handled %s job in %dms", i%9, []string{"mail", "sms", "push", "fax"}[i%4], i), words(2000)[i])
	}
	order := rand.New(rand.NewPCG(1, 2)).Perm(len(lines))
	var results [2][]patterns.Pattern
	for k := range results {
		b := patterns.NewBook(patterns.Config{SampleAge: 100})
		var tallies []*patterns.Tally
		for from := 0; from < len(lines); from += 100 {
			c := b.Counter()
			c.Begin(int64(from), int64(from+100))
			for i := from; i < from+100; i++ {
				at := i
				if k == 1 {
					at = order[i]
				}
				c.Add(patterns.Line{Time: int64(from), Stream: -1, Text: []byte(lines[at])})
			}
			tallies = append(tallies, c.End(1))
		}
		results[k] = b.Patterns(tallies, nil, 0, int64(len(lines)))
		for i := range results[k] { // when a line came was what the orders differ in
			p := &results[k][i]
			p.First, p.Last, p.SampleTime, p.Sample, p.Slots, p.Trend = 0, 0, 0, "", nil, [patterns.TrendBuckets]int{}
		}
		slices.SortFunc(results[k], func(a, b patterns.Pattern) int { return strings.Compare(a.Template, b.Template) })
	}
	require.Equal(t, results[0], results[1])
}

func TestSampleIsTheMostSevereLineAndValidUTF8(t *testing.T) {
	b := patterns.NewBook(patterns.Config{})
	c := b.Counter()
	c.Begin(0, 10)
	c.Add(patterns.Line{Time: 1, Level: patterns.LevelInfo, Text: []byte("job 1 ended \xff")})
	c.Add(patterns.Line{Time: 2, Level: patterns.LevelError, Text: []byte("job 2 ended \xff")})
	p := b.Patterns([]*patterns.Tally{c.End(1)}, nil, 0, 10)[0]
	require.Equal(t, "job 2 ended \uFFFD", p.Sample)
	require.True(t, utf8.ValidString(p.Template))
	require.Equal(t, patterns.LevelError, p.Worst())
}

// TestSampleIsRenewed: where windows slide, a sample comes from a later span of time.
func TestSampleIsRenewed(t *testing.T) {
	b := patterns.NewBook(patterns.Config{SampleAge: 100})
	for _, at := range []int64{10, 20, 130, 140} {
		tally(b, at, fmt.Sprintf("beat %d", at))
	}
	p := b.Patterns([]*patterns.Tally{tally(b, 150, "beat 150")}, nil, 100, 200)[0]
	require.Equal(t, "beat 130", p.Sample)
	require.Equal(t, int64(130), p.SampleTime)
}

func TestLongLineIsCountedOnce(t *testing.T) {
	got := mine(strings.Repeat("é word ", 200_000))
	require.Len(t, got, 1)
	require.Equal(t, 1, got[0].Count)
	require.LessOrEqual(t, len(got[0].Sample), 1024+8)
	require.True(t, utf8.ValidString(got[0].Template))
}

func TestBaselineSharesTemplates(t *testing.T) {
	b := patterns.NewBook(patterns.Config{})
	var then, now []string
	for i := range 100 {
		then = append(then, fmt.Sprintf("user %c logged in to the shop", 'a'+i%26), "heartbeat sent")
	}
	then = append(then, "seen once")
	for range 90 {
		now = append(now, "user zoe logged in to the shop")
	}
	for range 40 {
		now = append(now, "seen once")
	}
	now = append(now, "disk is on fire")
	ps := b.Patterns([]*patterns.Tally{tally(b, 1000, now...)}, []*patterns.Tally{tally(b, 0, then...)}, 1000, 2000)
	changes := map[string]patterns.Change{}
	for _, p := range patterns.Compare(ps, true) {
		changes[p.Template] = p.Change
	}
	require.Equal(t, map[string]patterns.Change{
		"user <*> logged in to the shop": patterns.ChangeSteady,
		"heartbeat sent":                 patterns.ChangeGone,
		"seen once":                      patterns.ChangeRisen,
		"disk is on fire":                patterns.ChangeNew,
	}, changes)
}

// TestEstimatesAreNoEvidence: one line that stands for a hundred is still one that was
// read.
func TestEstimatesAreNoEvidence(t *testing.T) {
	b := patterns.NewBook(patterns.Config{})
	base, now := tally(b, 0, "a b c"), tally(b, 10, "a b c", "a b c")
	now.Weight = 100
	p := patterns.Compare(b.Patterns([]*patterns.Tally{now}, []*patterns.Tally{base}, 10, 20), true)[0]
	require.Equal(t, 200, p.Count)
	require.Equal(t, 2, p.Read)
	require.Equal(t, patterns.ChangeSteady, p.Change)
}

func TestRankPutsExplanationsFirst(t *testing.T) {
	ps := []patterns.Pattern{
		levelled("steady info", patterns.LevelInfo, 10_000, patterns.ChangeSteady),
		levelled("new info", patterns.LevelInfo, 1, patterns.ChangeNew),
		levelled("steady warning", patterns.LevelWarn, 50, patterns.ChangeSteady),
		levelled("new fatal", patterns.LevelFatal, 1, patterns.ChangeNew),
		levelled("old error", patterns.LevelError, 5, patterns.ChangeSteady),
	}
	var got []string
	for _, i := range patterns.Rank(ps) {
		got = append(got, ps[i].Template)
	}
	require.Equal(t, []string{"new fatal", "new info", "old error", "steady warning", "steady info"}, got)
}

func levelled(name string, l patterns.Level, n int, c patterns.Change) patterns.Pattern {
	p := patterns.Pattern{Template: name, Count: n, Change: c}
	p.Levels[l] = n
	return p
}

// TestAFloodKeepsWhatWasKnown: lines that are like no others make the book forget
// neither what came before nor what comes often.
func TestAFloodKeepsWhatWasKnown(t *testing.T) {
	b := patterns.NewBook(patterns.Config{MaxShapes: 256})
	steady := func(start int64) *patterns.Tally {
		var lines []string
		for i := range 30 {
			lines = append(lines, words(3000)[i*7]+" steady statement")
		}
		return tally(b, start, lines...)
	}
	before := steady(0)
	flood := tally(b, 100, words(3000)...)
	after := steady(10_000)
	for _, p := range patterns.Compare(b.Patterns([]*patterns.Tally{after}, []*patterns.Tally{before}, 0, 1), true) {
		require.Equal(t, patterns.ChangeSteady, p.Change, p.Template)
	}
	require.EqualValues(t, 3000, flood.Lines)
	require.Less(t, b.Bytes(), 1<<20)
}

func FuzzMine(f *testing.F) {
	for _, s := range []string{"GET /a 200", `{"a":1,"b":{"c":"}"}}`, "\x1b[", "::::", "1:2:3:4", "0x", "12h3m\xff", "a\x00b", "{\"a\":\"\\"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, b := mine(s, s), mine(s, s)
		require.Equal(t, a, b)
		require.Len(t, a, 1)
		require.LessOrEqual(t, a[0].Count, 2)
		require.True(t, utf8.ValidString(a[0].Template))
		require.False(t, strings.ContainsAny(a[0].Template, "\x00\x1b\n"))
		_, err := regexp.Compile(a[0].Regex())
		require.NoError(t, err)
	})
}

func BenchmarkMine(b *testing.B) {
	lines := make([][]byte, 10_000)
	for i := range lines {
		lines[i] = fmt.Appendf(nil, "2026-11-22T10:11:%02dZ INFO http GET /api/v1/orders/%d status=200 took %dms client=10.0.%d.%d trace=%08x", i%60, i, i%900, i%250, i%199, i*7919)
	}
	b.ReportAllocs()
	for b.Loop() {
		c := patterns.NewBook(patterns.Config{}).Counter()
		c.Begin(0, int64(len(lines)))
		for i, l := range lines {
			c.Add(patterns.Line{Time: int64(i), Text: l})
		}
		c.End(1)
	}
	b.ReportMetric(float64(len(lines))*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}
