package rules

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// An anchored is a regular expression for the beginning of a line that is tried only where
// the line's first byte can begin a match and what each match ends with is there: most
// lines are told apart by that.
type anchored struct {
	*regexp.Regexp
	first [256]bool
	empty bool // matches the empty text
	// tail is the text that each match ends with, empty where that differs.
	tail string
}

func newAnchored(expr string) (*anchored, error) {
	compiled, err := regexp.Compile(expr)
	if err != nil {
		return nil, err
	}
	a := &anchored{Regexp: compiled}
	parsed, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil, err
	}
	parsed = parsed.Simplify()
	if n := len(parsed.Sub); parsed.Op == syntax.OpConcat && parsed.Sub[n-1].Op == syntax.OpLiteral && parsed.Sub[n-1].Flags&syntax.FoldCase == 0 {
		a.tail = string(parsed.Sub[n-1].Rune)
	}
	prog, err := syntax.Compile(parsed)
	if err != nil {
		return nil, err
	}
	a.follow(prog, uint32(prog.Start), make([]bool, len(prog.Inst))) //nolint:gosec // an index
	return a, nil
}

func mustAnchored(expr string) *anchored {
	a, err := newAnchored(expr)
	if err != nil {
		panic(err)
	}
	return a
}

// follow collects the bytes that can come first from an instruction on.
func (a *anchored) follow(p *syntax.Prog, at uint32, seen []bool) {
	if seen[at] {
		return
	}
	seen[at] = true
	switch in := &p.Inst[at]; in.Op {
	case syntax.InstAlt, syntax.InstAltMatch:
		a.follow(p, in.Out, seen)
		a.follow(p, in.Arg, seen)
	case syntax.InstCapture, syntax.InstNop, syntax.InstEmptyWidth:
		a.follow(p, in.Out, seen)
	case syntax.InstMatch:
		a.empty = true
	case syntax.InstFail:
	default:
		for b := range a.first {
			// What is no ASCII is left to the expression.
			a.first[b] = a.first[b] || b >= utf8.RuneSelf || in.MatchRune(rune(b))
		}
	}
}

// possible reports whether the expression can match at the beginning of s.
func (a *anchored) possible(s string) bool {
	return a.empty || s != "" && a.first[s[0]] && strings.Contains(s, a.tail)
}
