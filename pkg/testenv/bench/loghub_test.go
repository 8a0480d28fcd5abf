package main

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestScore(t *testing.T) {
	for name, c := range map[string]struct {
		predicted, truth []int
		ga, fga          float64
	}{
		"the same groups under other names":  {[]int{7, 7, 3, 9}, []int{0, 0, 1, 2}, 1, 1},
		"one true group in two":              {[]int{0, 1, 2, 2}, []int{0, 0, 1, 1}, 0.5, 2.0 / 5},
		"two true groups in one":             {[]int{0, 0, 0, 1}, []int{0, 0, 1, 2}, 0.25, 2.0 / 5},
		"all in one":                         {[]int{0, 0, 0}, []int{0, 1, 1}, 0, 0},
		"one line in the wrong group":        {[]int{0, 0, 1, 1, 2}, []int{0, 0, 0, 1, 2}, 0.2, 2.0 / 6},
		"a large group right, a small wrong": {[]int{0, 0, 0, 0, 1, 2}, []int{0, 0, 0, 0, 1, 1}, 4.0 / 6, 2.0 / 5},
		"no lines":                           {nil, nil, 0, 0},
	} {
		ga, fga := score(c.predicted, c.truth)
		require.InDelta(t, c.ga, ga, 1e-9, name)
		require.InDelta(t, c.fga, fga, 1e-9, name)
	}
}

func TestLoadLoghub(t *testing.T) {
	dir := t.TempDir()
	_, err := loadLoghub(dir)
	require.ErrorIs(t, err, errSkip)
	require.ErrorContains(t, err, "LOKALYST_LOGHUB")

	require.NoError(t, os.Mkdir(filepath.Join(dir, "Toy"), 0o755))
	path := filepath.Join(dir, "Toy", "Toy_2k.log_structured.csv")
	require.NoError(t, os.WriteFile(path, []byte("LineId,Content,EventId,EventTemplate\n1,\"a, \"\"b\"\"\",E1,x\n2,c,E2,y\n"), 0o600))
	sets, err := loadLoghub(dir)
	require.NoError(t, err)
	require.Equal(t, []logSet{{"Toy", []string{`a, "b"`, "c"}, []string{"E1", "E2"}}}, sets)

	require.NoError(t, os.WriteFile(path, []byte("LineId,Text\n1,a\n"), 0o600))
	_, err = loadLoghub(dir)
	require.ErrorContains(t, err, "Content and EventId")
	require.NotErrorIs(t, err, errSkip)
}

// sets returns the data sets, or skips the test where they are missing.
func sets(t *testing.T) []logSet {
	t.Helper()
	t.Chdir(filepath.Join("..", "..", ".."))
	all, err := loadLoghub(loghubDir())
	if errors.Is(err, errSkip) {
		t.Skip(err)
	}
	require.NoError(t, err)
	return all
}

func TestLokiDrainScoresAsMeasuredBefore(t *testing.T) {
	want := map[string]float64{
		"HDFS": 0.998, "Hadoop": 0.973, "Spark": 0.888, "BGL": 0.611, "HPC": 0.786, "Windows": 0.691, "Linux": 0.297,
		"Android": 0.792, "Apache": 1, "Proxifier": 0.049, "OpenSSH": 0.586,
	}
	for _, set := range sets(t) {
		groups, templates, counts := lokiDrainGroups(set.contents)
		ga, fga := score(groups, numbered(set.truth))
		t.Logf("%s: ga %.3f fga %.3f, %d groups", set.name, ga, fga, len(counts))
		if expected, ok := want[set.name]; ok {
			require.InDelta(t, expected, ga, 0.0006, set.name)
		}
		require.Len(t, templates, len(counts))
		total := 0
		for _, n := range counts {
			total += n
		}
		require.Len(t, set.contents, total)
	}
}

// shape is a text without its words and digits.
func shape(text string) string {
	text = regexp.MustCompile(`[a-z]`).ReplaceAllString(text, "a")
	text = regexp.MustCompile(`[A-Z]`).ReplaceAllString(text, "A")
	return regexp.MustCompile(`[0-9]`).ReplaceAllString(text, "1")
}

func TestPerturbedHoldsTheTruth(t *testing.T) {
	set := logSet{"Toy", []string{
		"Session opened for user root by (uid=0) from 10.0.3.17:514 at Mon Jun 09 06:06:20 2005",
		"Session closed for user root by (uid=0) from 10.0.3.17:514 at Mon Jun 09 06:06:20 2005",
		"session took 1532 ms, 12.5 KB, token=0x9f4ef63 id 123e4567-e89b-12d3-a456-426614174000",
		"Session opened for user alice by (uid=12) from 10.250.3.7:22 at Mon Jun 09 16:36:59 2005",
	}, []string{"E1", "E2", "E3", "E1"}}
	got := perturbed(set, 3)
	require.Equal(t, got, perturbed(set, 3))
	require.NotEqual(t, got.contents, perturbed(set, 4).contents)

	// The lines are the same but for their order, so are their labels, and a label goes with its shape.
	labels := func(s logSet) []string {
		var out []string
		for i := range s.contents {
			out = append(out, s.truth[i]+" "+shape(s.contents[i]))
		}
		slices.Sort(out)
		return out
	}
	require.Equal(t, labels(set), labels(got))
	for _, line := range got.contents {
		require.NotRegexp(t, `(?i)session|opened|closed|user|root|alice|token|1532|12\.5|9f4ef63`, line)
	}
	third := got.contents[slices.Index(got.truth, "E3")]
	require.Regexp(t, `^[a-z]{7} [a-z]{4} [1-9]\d{3} ms, [1-9]\d\.[1-9] KB, [a-z]{5}=0x\df\def\d\d [a-z]{2} \d{3}e\d{4}-e\d\db-\d\dd\d-a\d{3}-\d{12}$`, third)
	first := got.contents[slices.Index(got.truth, "E2")]
	require.Regexp(t, `from (1?\d?\d|2[0-4]\d|25[0-5])(\.(1?\d?\d|2[0-4]\d|25[0-5])){3}:`, "from "+regexp.MustCompile(`\d+(\.\d+){3}:`).FindString(first))
	require.Regexp(t, `Mon Jun 0\d ([01]\d|2[0-3]):[0-5]\d:[0-5]\d \d{4}$`, first)
}

func TestPerturbedSetsKeepWhatIsEqual(t *testing.T) {
	for _, set := range sets(t) {
		set.contents, set.truth = set.contents[:500], set.truth[:500] // more take long with the race detector
		got := perturbed(set, 11)
		count := func(texts []string) []int {
			n := map[string]int{}
			for _, text := range texts {
				n[text]++
			}
			return slices.Sorted(maps.Values(n))
		}
		require.Equal(t, count(set.contents), count(got.contents), set.name)
		require.Equal(t, count(set.truth), count(got.truth), set.name)
	}
}
