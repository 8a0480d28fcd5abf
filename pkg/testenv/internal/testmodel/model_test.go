package testmodel

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSplit(t *testing.T) {
	for text, want := range map[string][]string{
		"level=error code=12345":   {"level", "=error", " code", "=", "123", "45"},
		"a  b\n\n c":               {"a", " ", " b", "\n\n", " c"},
		`{"level":"info"}` + "\n":  {`{"`, "level", `":"`, "info", "\"}\n"},
		"Größe über alles ":        {"Größe", " über", " alles", " "},
		"  indented\r\n\tat x":     {" ", " indented", "\r\n", "\tat", " x"},
		"[ERROR] !! done":          {"[ERROR", "]", " !!", " done"},
		"":                         nil,
		"\xff\xfe broken \xc3":     {"\xff\xfe", " broken", " \xc3"},
		"10.0.0.1:80 - -":          {"10", ".", "0", ".", "0", ".", "1", ":", "80", " -", " -"},
		"trailing spaces   \nnext": {"trailing", " spaces", "   \n", "next"},
	} {
		if got := split(text); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func FuzzSplitKeepsTheText(f *testing.F) {
	f.Add("level=info msg=\"a b\" \n\t x")
	f.Fuzz(func(t *testing.T, text string) {
		if got := strings.Join(split(text), ""); got != text {
			t.Errorf("%q became %q", text, got)
		}
	})
}

func TestLearnIsDeterministic(t *testing.T) {
	first, second := learn(corpus, 300), learn(corpus, 300)
	if !slices.Equal(first.merges, second.merges) {
		t.Error("two runs learn other merges")
	}
	if got := learn("ab ab ab cd", 10).merges; len(got) == 0 || got[0] != (pair{"a", "b"}) {
		t.Errorf("the most frequent pair is not first: %q", got)
	}
}

func TestTaughtWordsAreOneToken(t *testing.T) {
	l := learn(corpus, 300)
	for _, word := range []string{"CrashLoopBackOff", " refused", "zzyzx"} {
		l.teach(word)
		if got := l.pieces(word); len(got) != 1 {
			t.Errorf("%q is %q", word, got)
		}
	}
}

func TestEveryErrorWordIsAToken(t *testing.T) {
	v := newVocabulary()
	for _, token := range errorTokens() {
		if _, ok := v.ids[token]; !ok {
			t.Errorf("no token %q: it would not be counted", token)
		}
	}
	for _, c := range calls() {
		for _, token := range append(c.from, sortedKeys(c.to)...) {
			if _, ok := v.ids[token]; !ok {
				t.Errorf("no token %q", token)
			}
		}
	}
}

func TestPrintableIsUnambiguousText(t *testing.T) {
	seen := map[string]bool{}
	for b := range 256 {
		spelled := printable(string([]byte{byte(b)}))
		if seen[spelled] || utf8.RuneCountInString(spelled) != 1 || strings.TrimSpace(spelled) == "" {
			t.Errorf("byte %#x is %q", b, spelled)
		}
		seen[spelled] = true
	}
	if got := printable(" a\n"); got != "Ġa\u010a" {
		t.Errorf("%q", got)
	}
}

// Every word vector has the same length, or the shares would depend on which tokens the others are.
func TestVectorsHaveOneLength(t *testing.T) {
	v := newVocabulary()
	for id, row := range embeddings(v) {
		var sum float32
		for _, value := range row {
			sum += value * value
		}
		if sum != marks {
			t.Fatalf("token %q has %v", v.tokens[id], sum)
		}
	}
}

func TestHalfFloat(t *testing.T) {
	for value, want := range map[float32]uint16{0: 0, 1: 0x3c00, 0.5: 0x3800, 65504: 0x7bff, 1.0 / 3: 0x3555, 2047.6: 0x6800} {
		if got := halfFloat(value); got != want {
			t.Errorf("%v: %#x, want %#x", value, got, want)
		}
	}
}

func TestFilesAreTheSame(t *testing.T) {
	first, second := File(), File()
	if !bytes.Equal(first, second) {
		t.Error("two files differ")
	}
}
