package rules

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/patterns"
)

// FuzzVoice: reading a line's own words ends, depends on nothing but the line, invents no
// letters, and leaves nothing of what a caller writes between the quotes of a user agent.
func FuzzVoice(f *testing.F) {
	s := builtIn(f)
	for i := range s.signatures {
		f.Add(s.signatures[i].Examples[0])
	}
	for _, format := range forgeFields() {
		f.Add(format("no space left on device"))
	}
	f.Add(strings.Repeat(`"'`, 300))
	f.Add(strings.Repeat(`{"a":`, 300))
	f.Fuzz(func(t *testing.T, line string) {
		if len(line) > 4096 {
			return
		}
		var v, again voice
		v.read(line, patterns.LevelInfo, false, true)
		again.read(line, patterns.LevelInfo, false, true)
		require.Equal(t, v.out, again.out)
		require.LessOrEqual(t, len(v.out), 6*len(line)+16)
		for i := 1; i < len(v.starts); i++ {
			require.Greater(t, v.starts[i], v.starts[i-1])
		}
		if strings.ContainsAny(line, "\"\n\\") {
			return
		}
		v.read(`10.0.0.1 - - [22/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "`+line+`"`, patterns.LevelInfo, true, true)
		require.Equal(t, "\x1fhttp/1.1\" 200 5 \x1f", string(v.out))
	})
}

// FuzzDecode: decoding ends, stays within its bounds, and gives text.
func FuzzDecode(f *testing.F) {
	for _, p := range payloads() {
		f.Add(p)
	}
	s := builtIn(f)
	f.Fuzz(func(t *testing.T, line string) {
		var d decoder
		texts := d.decode(line)
		require.LessOrEqual(t, len(texts), maxDecoded)
		total := 0
		for _, text := range texts {
			total += len(text)
			if utf8.ValidString(line) {
				require.True(t, utf8.ValidString(text), "%q", text)
			}
		}
		require.LessOrEqual(t, total, maxDecodedBytes)
		var fold folder
		fold.fold(line)
		s.injection.reader().speaks(&fold, line, nil, nil)
	})
}
