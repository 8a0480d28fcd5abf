package generate

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
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

// coincidences lists what test cases and signatures have in common for another reason than
// that one knew the other: both quote the same message of a component.
const coincidences = "testdata/coincidences.tsv"

var update = flag.Bool("update", false, "write "+coincidences+" anew")

// What the product was made with must not know the wordings that it is measured with. The
// test cases were written blind, and what they share with signatures is listed; whatever
// comes on top has been taken from them. Prompts may share nothing.
func TestNothingLeaks(t *testing.T) {
	read := func(pattern string) (documents []Document) {
		names, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, names, pattern)
		for _, name := range names {
			raw, err := os.ReadFile(name)
			require.NoError(t, err)
			documents = append(documents, Document{Name: filepath.Base(name), Text: string(raw)})
		}
		return documents
	}
	wordings, err := Wordings(golden.Test)
	require.NoError(t, err)
	require.Empty(t, Leakage(wordings, read("../../prompts/builtin/*.yaml")))

	var found strings.Builder
	for _, leak := range Leakage(wordings, append(read("../../rules/signatures/*.yaml"), read("../../rules/*.yaml")...)) {
		fmt.Fprintln(&found, leak)
	}
	if *update {
		require.NoError(t, os.WriteFile(coincidences, []byte(found.String()), 0o600))
	}
	known, err := os.ReadFile(coincidences)
	require.NoError(t, err)
	for line := range strings.Lines(found.String()) {
		if !strings.Contains(string(known), line) {
			t.Errorf("new since the test cases were written: %s", line)
		}
	}
	for line := range strings.Lines(string(known)) {
		if !strings.Contains(found.String(), line) {
			t.Errorf("no coincidence any more, write the list anew with -update: %s", line)
		}
	}
}
