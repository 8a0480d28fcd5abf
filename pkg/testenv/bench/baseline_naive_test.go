package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func reply(lines ...string) []byte {
	var values []string
	for i, l := range lines {
		values = append(values, fmt.Sprintf(`["%d",%q,{"structuredMetadata":{"detected_level":"info"}}]`, i, l))
	}
	return fmt.Appendf(nil, `{"status":"success","data":{"resultType":"streams","result":[{"stream":{"app":"a"},"values":[%s]},{"stream":{"app":"b"},"values":[["9","last"]]}]}}`, strings.Join(values, ","))
}

func TestNaivePrompt(t *testing.T) {
	text, err := naivePrompt(reply("first", `se"cond`))
	require.NoError(t, err)
	require.Equal(t, "first\nse\"cond\nlast", text)
	text, err = naivePrompt(reply(strings.Repeat("x", 50_000)))
	require.NoError(t, err)
	require.Len(t, text, 32_000)
	for _, broken := range []string{`{`, `{"data":{"result":[{"values":[["1"]]}]}}`, `{"data":{"result":[{"values":[["1",2]]}]}}`} {
		_, err = naivePrompt([]byte(broken))
		require.Error(t, err)
	}
}

func TestNaiveCondense(t *testing.T) {
	got, err := naiveCondense(reply(
		"2026-11-22T10:00:00.123Z GET /a/17 from 10.0.0.1:8080 took 1.5s id 123e4567-e89b-12d3-a456-426614174000",
		"2026-11-22 11:12:13,5 GET /a/4 from 10.9.8.7 took 20s id deadbeef01",
		"10:00:01 done at 0x1f",
	))
	require.NoError(t, err)
	require.Equal(t, map[string]int{"<time> GET /a/<num> from <ip> took <num>s id <hex>": 2, "<time> done at <hex>": 1, "last": 1}, got)
}
