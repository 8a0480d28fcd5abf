package generate

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/golden"
)

func TestLeakage(t *testing.T) {
	w := []Wording{{Story: "a/b", Act: "c", Text: masked("E${klog} pool of ${int:1-9} is used up, waiting for a free connection since ${dur:1s-2s}")}}
	for text, leaks := range map[string]bool{
		"the pool of 20 is used up, waiting for a free connection": true,
		"POOL OF x9 IS USED UP -- WAITING FOR":                     true, // eight words, whatever stands between them
		"pool of 20 is used up, waiting":                           false,
		"an unlike text of more than eight words, even of twelve":  false,
		"its canary is " + Canary:                                  true,
	} {
		require.Equal(t, leaks, len(Leakage(w, []Document{{Name: "d", Text: text}})) > 0, text)
	}
	require.Empty(t, gramsOf("1 2 3 4 a b c d"), "values alone are no wording")
}

// What the product was made with must not know the wordings that it is measured with.
func TestNothingLeaks(t *testing.T) {
	var documents []Document
	for _, pattern := range []string{"../../prompts/builtin/*.yaml", "../../rules/signatures/*.yaml"} {
		names, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, names, pattern)
		for _, name := range names {
			raw, err := os.ReadFile(name)
			require.NoError(t, err)
			documents = append(documents, Document{Name: filepath.Base(name), Text: string(raw)})
		}
	}
	wordings, err := Wordings(golden.Test)
	require.NoError(t, err)
	for _, leak := range Leakage(wordings, documents) {
		t.Error(leak)
	}
}
