package generate

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var moment = time.Date(2026, time.November, 22, 10, 0, 0, 123_456_789, time.UTC)

func expansionAt(seed uint64) *expansion {
	sc := newScene(seed, "test", moment)
	sc.vars["app"] = "checkout"
	return &expansion{scene: sc, random: newRandom(seed, "line"), at: moment, seq: 4, self: replica{pod: "p-1", node: "n-1"}}
}

var testGrammar = grammar{vars: map[string]bool{"app": true}}

func TestPlaceholders(t *testing.T) {
	for text, want := range map[string]string{
		"plain":           `plain`,
		"$${x}":           `\$\{x\}`,
		"$5 ${app} }":     `\$5 checkout \}`,
		"${rfc3339}":      `2026-11-22T10:00:00\.123Z`,
		"${rfc3339nano}":  `2026-11-22T10:00:00\.123456789Z`,
		"${rfc3339s}":     `2026-11-22T10:00:00Z`,
		"${klog}":         `1122 10:00:00\.123456`,
		"${syslog}":       `Nov 22 10:00:00`,
		"${clf}":          `22/Nov/2026:10:00:00 \+0000`,
		"${nginx}":        `2026/11/22 10:00:00`,
		"${pg}":           `2026-11-22 10:00:00\.123 UTC`,
		"${java}":         `2026-11-22 10:00:00,123`,
		"${javadot}":      `2026-11-22 10:00:00\.123`,
		"${redis}":        `22 Nov 2026 10:00:00\.123`,
		"${unix}":         `1795341600`,
		"${unixms}":       `1795341600123`,
		"${unixf}":        `1795341600\.123`,
		"${uptime}":       `\[\d{5,7}\.\d{6}\]`,
		"${in:720h}":      `2026-12-22T10:00:00Z`,
		"${ago:2d}":       `2026-11-20T10:00:00Z`,
		"${int:-5-7}":     `-?[0-7]`,
		"${int:3}":        `3`,
		"${float:0.1-3}":  `[0-3]\.\d`,
		"${dur:1s-4s}":    `[1-4](\.\d+)?s`,
		"${hex:40}":       `[0-9a-f]{40}`,
		"${uuid}":         `[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`,
		"${ip}":           `(203\.0\.113|198\.51\.100|192\.0\.2)\.\d+`,
		"${podip}":        `10\.244\.\d+\.\d+`,
		"${svcip}":        `10\.96\.\d+\.\d+`,
		"${port}":         `\d{5}`,
		"${pick:a|b:c|d}": `(a|b:c|d)`,
		"${seq}":          `4`,
		"${word}":         `[a-z-]+`,
		"${name}":         `[a-z]+`,
		"${node}":         `worker-[1-6]`,
		"${node:other}":   `worker-[1-6]`,
		"${pod:app}":      `checkout-[a-z0-9]{9}-[a-z0-9]{5}`,
		"${pod:cart:2}":   `cart-[a-z0-9]{9}-[a-z0-9]{5}`,
		"${fix:k:hex:4}":  `[0-9a-f]{4}`,
	} {
		tmpl, err := testGrammar.parse(text)
		require.NoError(t, err, text)
		for seed := range uint64(20) {
			require.Regexp(t, "^"+want+"$", tmpl.text(expansionAt(seed)), text)
		}
	}
}

func TestWrongPlaceholders(t *testing.T) {
	for _, text := range []string{
		"${", "${}", "${nope}", "${app:x}", "${int}", "${int:}", "${int:9-1}", "${int:a}", "${float:x-y}", "${float:3-1}", "${dur:1-2}", "${dur:-1s}", "${hex:0}",
		"${hex:9999}", "${pick:a}", "${in:soon}", "${pod}", "${pod:app:0}", "${pod:app:x}", "${fix:k}", "${fix::int:1-2}", "${fix:k:seq}", "${fix:k:nope}", "${rfc3339:x}", "${node:}",
	} {
		_, err := testGrammar.parse(text)
		require.Error(t, err, text)
	}
}

// What is stable stays the same in a case; replicas differ from each other but not in their
// deployment.
func TestStablePlaceholders(t *testing.T) {
	write := func(x *expansion, text string) string {
		tmpl, err := testGrammar.parse(text)
		require.NoError(t, err)
		return tmpl.text(x)
	}
	x, y := expansionAt(3), expansionAt(3)
	y.random = newRandom(99, "elsewhere")
	write(y, "${int:1-9} ${pod:other}") // what was asked for before does not matter
	for _, text := range []string{"${node}", "${node:a}", "${pod:app}", "${pod:app:2}", "${fix:k:int:1-1000000}", "${fix:when:in:5d}"} {
		require.Equal(t, write(x, text), write(y, text), text)
		tmpl, err := testGrammar.parse(text)
		require.NoError(t, err)
		require.True(t, tmpl.stable, text)
	}
	first, second := write(x, "${pod:app}"), write(x, "${pod:app:2}")
	require.NotEqual(t, first, second)
	require.Equal(t, first[:len(first)-5], second[:len(second)-5])
	require.NotEqual(t, write(x, "${node}"), write(x, "${node:a}"))
	tmpl, err := testGrammar.parse("${int:1-2}")
	require.NoError(t, err)
	require.False(t, tmpl.stable)
}

func TestSelf(t *testing.T) {
	tmpl, err := grammar{self: true}.parse("${pod}@${node}")
	require.NoError(t, err)
	require.Equal(t, "p-1@n-1", tmpl.text(expansionAt(1)))
}

// FuzzParse looks for texts that make the parser panic or leave a placeholder behind.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"a ${int:1-2} b", "$${x}", "${fix:a:fix:b:uuid}", "${pod:app:2}", "${dur:1h-2d}", "${float:-1.5--0.5}", "${", "$$$${}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tmpl, err := testGrammar.parse(text)
		if err != nil {
			return
		}
		x := expansionAt(1)
		first := tmpl.text(x)
		x.random = newRandom(1, "line")
		require.Equal(t, first, tmpl.text(x), "the same randomness writes the same text")
		if !strings.Contains(text, "${") {
			require.Equal(t, text, first)
		}
	})
}

func FuzzSpan(f *testing.F) {
	for _, s := range []string{"3", "3-5", "-5--3", "-", "5-3", "9223372036854775807-9223372036854775807"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parseSpan(text)
		if err != nil {
			return
		}
		require.LessOrEqual(t, s.low, s.high)
		v := s.draw(newRandom(1))
		require.True(t, s.low <= v && v <= s.high)
	})
}

func TestRandom(t *testing.T) {
	// The first draws of a stream, as they are on every machine and for ever: what follows
	// from them has been published with its hash.
	r := newRandom(1, "a", "b")
	got := []int{r.below(1000), r.below(1000), r.below(1000)}
	require.Equal(t, []int{233, 897, 797}, got)
	require.NotEqual(t, newRandom(1, "ab").pcg, newRandom(1, "a", "b").pcg)
	counts := make([]int, 10)
	for range 10_000 {
		counts[r.below(10)]++
		f := r.float()
		require.True(t, f >= 0 && f < 1)
		v := r.within(-3, 3)
		require.True(t, v >= -3 && v <= 3)
	}
	for _, n := range counts {
		require.InDelta(t, 1000, n, 200)
	}
	require.Equal(t, int64(5), r.within(5, 5))
}
