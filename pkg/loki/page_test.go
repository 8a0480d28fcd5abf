package loki

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// decoded is what a reply holds, in the order that a page gives.
func decoded(body string, buffer int, wanted []string, reader func(io.Reader) io.Reader) ([]string, error) {
	s := newScanner(nil, 0)
	s.buf = make([]byte, buffer)
	p := newPage(wanted)
	// The page is used twice, as it is between pages.
	for range 2 {
		if err := p.read(s, reader(strings.NewReader(body)), 1<<20); err != nil {
			return nil, err
		}
	}
	var out []string
	p.each(1<<62, 1<<62, func(e Entry) {
		out = append(out, fmt.Sprintf("%d %s %q %s %v", e.Time, e.Stream.Key, e.Line, e.Level, e.Labels))
	})
	return out, nil
}

func plain(r io.Reader) io.Reader { return r }

// FuzzDecode: the fast path, which needs an entry whole in the buffer, and the slow
// one, which needs nothing, read the same from any text, however it arrives.
func FuzzDecode(f *testing.F) {
	f.Add(`{"data":{"resultType":"streams","result":[{"stream":{"a":"b"},"values":[["1","x\u00e9"]]}]}}`, "")
	f.Add(`{"data":{"result":[[[[[[["\ud800\u`, "a")
	f.Fuzz(func(t *testing.T, body, wanted string) {
		_, _ = decodeMatrix(strings.NewReader(body), 1<<20, 10) // it may fail, but not panic
		names := strings.Fields(wanted)
		want, err := decoded(body, scanBuffer, names, plain)
		for _, buffer := range []int{1, 8, 100} {
			got, other := decoded(body, buffer, names, plain)
			require.Equal(t, err == nil, other == nil, "%d: %v, %v", buffer, err, other)
			require.Equal(t, want, got)
		}
		got, other := decoded(body, scanBuffer, names, iotest.OneByteReader)
		require.Equal(t, err == nil, other == nil, "%v, %v", err, other)
		require.Equal(t, want, got)
	})
}

// TestAnyTextSurvives: what encoding/json writes is read as it was.
func TestAnyTextSurvives(t *testing.T) {
	alphabet := []rune("ab \"\\/\n\t\b\f\r\x00\x1b<>&é€😀\u2028\uFFFD{}[],:")
	rnd := rand.New(rand.NewPCG(1, 2))
	text := func() string {
		var b strings.Builder
		for range rnd.IntN(40) {
			b.WriteRune(alphabet[rnd.IntN(len(alphabet))])
		}
		return b.String()
	}
	quote := func(s string) string {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(rnd.IntN(2) == 0)
		require.NoError(t, e.Encode(s))
		return strings.TrimSpace(b.String())
	}
	for range 300 {
		type line struct {
			time                     int64
			stream, text, level, tag string
		}
		var lines []line
		var body strings.Builder
		body.WriteString(`{"data":{"resultType":"streams","result":[`)
		for s := range rnd.IntN(4) {
			if s > 0 {
				body.WriteString(",")
			}
			label := text()
			stream := NewStream(map[string]string{"l": label}).Key
			fmt.Fprintf(&body, `{"stream":{"l":%s},"values":[`, quote(label))
			for i := range rnd.IntN(30) {
				l := line{time: rnd.Int64N(5), stream: stream, text: text(), tag: text(), level: []string{"info", "warn", "CRIT", ""}[rnd.IntN(4)]}
				lines = append(lines, l)
				if i > 0 {
					body.WriteString(",")
				}
				fmt.Fprintf(&body, `["%d",%s,{"structuredMetadata":{"other":%s,"detected_level":"%s"},"parsed":{"tag":%s}}]`, l.time, quote(l.text), quote(text()), l.level, quote(l.tag))
			}
			body.WriteString("]}")
		}
		body.WriteString("]}}")
		slices.SortStableFunc(lines, func(a, b line) int {
			return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(a.stream, b.stream), cmp.Compare(a.text, b.text))
		})
		var want []string
		for _, l := range lines {
			want = append(want, fmt.Sprintf("%d %s %q %s %v", l.time, l.stream, l.text, l.level, map[string]string{"tag": l.tag}))
		}
		got, err := decoded(body.String(), scanBuffer, []string{"tag"}, plain)
		require.NoError(t, err)
		// Lines that are equal but for their labels come in any order.
		slices.Sort(want)
		order := slices.Clone(got)
		slices.Sort(got)
		require.Equal(t, want, got)
		for i := 1; i < len(order); i++ {
			require.LessOrEqual(t, order[i-1][:1], order[i][:1])
		}
	}
}

// TestPagesAreInOrder: whatever order a reply has.
func TestPagesAreInOrder(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		p := newPage(nil)
		for range 1 + rnd.IntN(5) {
			p.streams = append(p.streams, NewStream(map[string]string{"s": fmt.Sprint(rnd.IntN(3))}))
			for range rnd.IntN(20) {
				from := len(p.text)
				p.text = append(p.text, byte('a'+rnd.IntN(3)))
				p.add(held{time: rnd.Int64N(6)}, from)
			}
		}
		var want []string
		for i := range p.entries {
			h := &p.entries[i]
			want = append(want, fmt.Sprintf("%d %s %s", h.time, p.streams[h.stream].Key, p.line(h)))
		}
		slices.Sort(want)
		until, limit := rnd.Int64N(8), rnd.Int64N(int64(len(want))+2)
		n := slices.IndexFunc(want, func(s string) bool { return int64(s[0]-'0') >= until })
		if n >= 0 {
			want = want[:n]
		}
		want = want[:min(limit, int64(len(want)))]
		var got []string
		passed := p.each(until, limit, func(e Entry) { got = append(got, fmt.Sprintf("%d %s %s", e.Time, e.Stream.Key, e.Line)) })
		require.EqualValues(t, len(got), passed)
		require.ElementsMatch(t, want, got)
		require.True(t, slices.IsSorted(got), "%v", got)
	}
}

// TestManyLabelSets: labels with a value per line neither pile up nor mix.
func TestManyLabelSets(t *testing.T) {
	p, s := newPage([]string{"a", "b"}), newScanner(nil, 0)
	for n := range 5 {
		var body strings.Builder
		body.WriteString(`{"data":{"resultType":"streams","result":[{"stream":{"app":"x"},"values":[`)
		for i := range 3000 {
			if i > 0 {
				body.WriteString(",")
			}
			fmt.Fprintf(&body, `["%d","x",{"parsed":{"b":"%d","a":"%d"}}]`, i, n, i)
		}
		body.WriteString(`,["3000","x",{"parsed":{"b":"1"}}],["3001","x"]]}]}}`)
		require.NoError(t, p.read(s, strings.NewReader(body.String()), 1<<30))
		var last map[string]string
		p.each(1<<62, 1<<62, func(e Entry) {
			switch e.Time {
			case 3000:
				require.Equal(t, map[string]string{"b": "1"}, e.Labels)
			case 3001:
				require.Nil(t, e.Labels)
			default:
				require.Equal(t, map[string]string{"a": fmt.Sprint(e.Time), "b": fmt.Sprint(n)}, e.Labels)
			}
			last = e.Labels
		})
		require.Nil(t, last)
		require.LessOrEqual(t, len(p.labels.sets), maxLabelSets+3002)
	}
}

func TestLevels(t *testing.T) {
	l := newLabelSets(nil)
	for _, name := range []string{"trace", "debug", "info", "warn", "error", "critical", "fatal", "", "WARN", "notice"} {
		require.Equal(t, name, l.levelText(l.level([]byte(name))))
	}
	require.Empty(t, l.levelText(l.level([]byte("unknown"))))
	for i := range 1000 {
		l.level([]byte(fmt.Sprint(i)))
	}
	require.Empty(t, l.levelText(l.level([]byte("beyond the last"))))
	require.Equal(t, "notice", l.levelText(l.level([]byte("notice"))))
}

func TestAllocate(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	for range 5000 {
		slots := make([]Slot, 1+rnd.IntN(40))
		var total, filled int64
		for i := range slots {
			if rnd.IntN(3) > 0 {
				slots[i].Lines = rnd.Int64N(1 << rnd.IntN(30))
			}
			total += slots[i].Lines
			if slots[i].Lines > 0 {
				filled++
			}
		}
		share := rnd.Int64N(1 << rnd.IntN(32))
		var sum int64
		for i, n := range allocate(slots, share) {
			require.LessOrEqual(t, n, slots[i].Lines)
			require.GreaterOrEqual(t, n, int64(0))
			if share >= filled && slots[i].Lines > 0 {
				require.Positive(t, n, "a quiet slot is seen")
			}
			sum += n
		}
		require.Equal(t, min(share, total), sum, "%v of %v", share, slots)
	}
}
