package patterns

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// FuzzMask: masking ends, is the same twice, and leaves no control character.
func FuzzMask(f *testing.F) {
	f.Add([]byte("at Sat Jul 23 10:11:12 2005 from ::1 0x1f 12 ms 5 bytes (5 B)"))
	f.Fuzz(func(t *testing.T, line []byte) {
		once := mask(nil, line)
		require.Equal(t, once, mask(nil, line))
		require.NotContains(t, string(once), "\x1b")
		require.NotContains(t, string(once), "\n")
		require.LessOrEqual(t, len(once), 6*len(line)+6)
	})
}

// FuzzSplit: the tokens of a line lie behind each other, and together with what is left
// out on purpose they are no more than the line.
func FuzzSplit(f *testing.F) {
	f.Add([]byte(`level=info msg="a b" path=/x?y=z list=[1,2,3] e= "q" 'r' ts=<ts>`))
	f.Fuzz(func(t *testing.T, line []byte) {
		l := lexer{}
		at := 0
		tokens := l.lex(line)
		require.LessOrEqual(t, len(tokens), maxTokens)
		for _, x := range tokens {
			require.GreaterOrEqual(t, x.from, at)
			require.GreaterOrEqual(t, x.to, x.from)
			require.LessOrEqual(t, x.to, len(line))
			at = x.from
		}
		again := append([]lexeme(nil), tokens...)
		require.Equal(t, again, l.lex(line))
	})
}

// FuzzFlatten: what is no JSON object leaves the line as it is.
func FuzzFlatten(f *testing.F) {
	f.Add([]byte(`{"a":"b c","ts":"x","n":{"o":[1,"\u00e9\ud83d\ude00\n"]},"msg":"m"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		before := []byte("kept ")
		out, ok := flattenJSON(before, line)
		require.True(t, strings.HasPrefix(string(out), "kept "))
		if !ok {
			require.Equal(t, "kept ", string(out))
		}
	})
}

// FuzzTemplate: what two lines have in common is text that can be shown, and an
// expression that finds both where they are one pattern.
func FuzzTemplate(f *testing.F) {
	f.Add("GET /a/17 took 3ms for alice", "GET /b/x took 4ms for bob")
	f.Fuzz(func(t *testing.T, a, b string) {
		book := NewBook(Config{})
		c := book.Counter()
		c.Begin(0, 10)
		for range 5 {
			c.Add(Line{Time: 1, Stream: -1, Text: []byte(a)})
			c.Add(Line{Time: 2, Stream: -1, Text: []byte(b)})
		}
		read := 0
		for _, p := range book.Patterns([]*Tally{c.End(1)}, nil, 0, 10) {
			require.True(t, utf8.ValidString(p.Template))
			require.False(t, strings.ContainsAny(p.Template, "\x00\x1b\n"))
			_, err := regexp.Compile(p.Regex())
			require.NoError(t, err)
			read += p.Read
		}
		require.Equal(t, 10, read)
	})
}
