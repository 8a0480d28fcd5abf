package oracle

import (
	"math/rand/v2"
	"regexp/syntax"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// matching returns a text that an expression matches, at random.
func matching(t *testing.T, expr string, r *rand.Rand) string {
	tree, err := syntax.Parse(expr, syntax.Perl)
	require.NoError(t, err)
	var b strings.Builder
	write(&b, tree, r)
	return b.String()
}

func write(b *strings.Builder, e *syntax.Regexp, r *rand.Rand) {
	switch e.Op {
	case syntax.OpLiteral:
		text := string(e.Rune)
		if e.Flags&syntax.FoldCase != 0 && r.IntN(2) == 0 {
			text = strings.ToLower(text)
		}
		b.WriteString(text)
	case syntax.OpCharClass:
		b.WriteRune(runeOf(e.Rune, r))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		b.WriteByte(byte('a' + r.IntN(26)))
	case syntax.OpAlternate:
		write(b, e.Sub[r.IntN(len(e.Sub))], r)
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		lo, hi := bounds(e)
		for range lo + r.IntN(hi-lo+1) {
			write(b, e.Sub[0], r)
		}
	default:
		for _, sub := range e.Sub {
			write(b, sub, r)
		}
	}
}

func bounds(e *syntax.Regexp) (lo, hi int) {
	switch e.Op {
	case syntax.OpStar:
		return 0, 4
	case syntax.OpPlus:
		return 1, 5
	case syntax.OpQuest:
		return 0, 1
	}
	if e.Max < 0 {
		return e.Min, e.Min + 8
	}
	return e.Min, min(e.Max, e.Min+40)
}

// runeOf chooses from the printable ASCII characters of a class, a blank where it
// has none of them.
func runeOf(ranges []rune, r *rand.Rand) rune {
	var all []rune
	for i := 0; i < len(ranges); i += 2 {
		for c := ranges[i]; c <= min(ranges[i+1], '~'); c++ {
			if c > ' ' {
				all = append(all, c)
			}
		}
	}
	if len(all) == 0 {
		return ' '
	}
	return all[r.IntN(len(all))]
}
