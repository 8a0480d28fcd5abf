package generate

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// toys returns options for the families of testdata in the real world.
func toys(testing.TB) Options {
	return Options{Seed: 7, files: overlay{os.DirFS("testdata"), embedded}}
}

// toyCases are all of them, made once for the tests that only read them.
var toyCases = sync.OnceValues(func() (out []*golden.Case, err error) {
	err = Each(toys(nil), func(c *golden.Case) error {
		out = append(out, c)
		return nil
	})
	return out, err
})

func allToys(t *testing.T) []*golden.Case {
	t.Helper()
	cases, err := toyCases()
	require.NoError(t, err)
	return cases
}

func collect(t *testing.T, o Options) []*golden.Case {
	t.Helper()
	var out []*golden.Case
	require.NoError(t, Each(o, func(c *golden.Case) error {
		out = append(out, c)
		return nil
	}))
	return out
}

func TestCasesAreWhole(t *testing.T) {
	cases := allToys(t)
	ids, splits, variants := map[string]bool{}, map[string]golden.Split{}, map[string]int{}
	for _, c := range cases {
		require.NoError(t, c.Check())
		require.False(t, ids[c.ID], c.ID)
		ids[c.ID] = true
		if split, ok := splits[c.GroupID]; ok {
			require.Equal(t, split, c.Split, "%s crosses the splits", c.GroupID)
		}
		splits[c.GroupID] = c.Split
		require.Equal(t, c.Split == golden.Test, c.Canary == Canary, c.ID)
		require.Equal(t, c.Hash(), c.Provenance.SHA256)
		variants[strings.Split(c.Generator.Params["variant"], "-")[0]]++
		for _, s := range c.Streams {
			require.NotEmpty(t, s.Labels["service_name"])
			for _, l := range s.Lines {
				require.NotContains(t, strings.ReplaceAll(l.Text, "${kept}", ""), "${", "%s: a placeholder is left", c.ID)
				require.NotEmpty(t, l.Text)
				require.NotContains(t, l.Text, Canary)
			}
		}
		lines, baseline := c.Lines()
		require.LessOrEqual(t, lines+baseline, 60_000, c.ID)
		require.Equal(t, c.Query.Baseline != "", baseline > 0, c.ID)
	}
	require.Equal(t, []string{"empty", "injected", "needle", "plain", "truncated"}, sortedKeys(variants))
	require.Equal(t, golden.Test, splits["toy-node/lease"])
}

// The lines of a baseline lie in the baseline's window and nowhere between the two.
func TestBaselineWindow(t *testing.T) {
	seen := 0
	for _, c := range allToys(t) {
		back, err := c.Query.Back()
		require.NoError(t, err)
		length := int64(c.Query.End.Sub(c.Query.Start))
		for _, s := range c.Streams {
			for _, l := range s.Lines {
				if l.Offset <= 0 {
					seen++
					require.Greater(t, l.Offset, -int64(back), c.ID)
					require.LessOrEqual(t, l.Offset, -int64(back)+length, c.ID)
				}
			}
		}
	}
	require.Positive(t, seen)
}

func TestSameSeedSameBytes(t *testing.T) {
	o := toys(t)
	o.Noise = []int{0, 10, 100}
	write := func(o Options, plain bool) (string, golden.Manifest) {
		folder := filepath.Join(t.TempDir(), "cases")
		m, err := Write(folder, WriteOptions{Options: o, Plain: plain})
		require.NoError(t, err)
		all := sha256.New()
		for _, f := range m.Files {
			raw, err := os.ReadFile(filepath.Join(folder, f.Name))
			require.NoError(t, err)
			sum := sha256.Sum256(raw)
			require.Equal(t, hex.EncodeToString(sum[:]), f.SHA256, "the manifest's hash is the file's")
			all.Write(raw)
		}
		read, ok, err := golden.ReadManifest(folder)
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, m, read)
		n := 0
		require.NoError(t, golden.EachCase([]string{folder}, func(*golden.Case) error { n++; return nil }))
		require.Equal(t, m.Files[0].Cases+m.Files[1].Cases, n)
		return hex.EncodeToString(all.Sum(nil)), m
	}
	first, m := write(o, false)
	again, _ := write(o, false)
	require.Equal(t, first, again)
	require.Equal(t, Canary, m.Canary)
	plain, _ := write(o, true)
	require.NotEqual(t, first, plain)
	o.Seed++
	other, _ := write(o, false)
	require.NotEqual(t, first, other)
}

// A seed's cases are the same on every machine and with every release of Go. Where this is
// changed on purpose, the generator needs another [Version].
func TestSeedIsForever(t *testing.T) {
	o := toys(t)
	o.Noise = []int{0}
	sum := sha256.New()
	for _, c := range collect(t, o) {
		if c.Query.Baseline == "" { // no background, which may be extended
			fmt.Fprintln(sum, c.ID, c.Hash())
		}
	}
	require.Equal(t, "f2f6f97adcedbcf9f698ce18b87b336f14ee603133d6bd3d378ffd28a852c39f", hex.EncodeToString(sum.Sum(nil)))
}

// A case depends on its own name only, not on what was made before it.
func TestCasesDependOnNothingElse(t *testing.T) {
	o := toys(t)
	o.Noise = []int{0, 10}
	all := map[string]string{}
	for _, c := range collect(t, o) {
		all[c.ID] = c.Hash()
	}
	lib, specs, err := o.specs()
	require.NoError(t, err)
	slices.Reverse(specs)
	for _, s := range specs {
		c, err := lib.build(o.Seed, s)
		require.NoError(t, err)
		require.Equal(t, all[c.ID], c.Hash(), c.ID)
	}
	o.Families = []string{"toy-node"}
	for _, c := range collect(t, o) {
		require.Equal(t, all[c.ID], c.Hash(), c.ID)
	}
}

// A fault and its twin differ in the story alone.
func TestPairsShareTheirBackground(t *testing.T) {
	background := func(c *golden.Case) []string {
		var out []string
		for _, s := range c.Streams {
			for _, l := range s.Lines {
				if l.Role == golden.Background {
					out = append(out, fmt.Sprint(s.Labels, l.Offset, l.Text))
				}
			}
		}
		return out
	}
	cases := allToys(t)
	pairs := 0
	for i, c := range cases {
		if i+1 < len(cases) && strings.HasSuffix(c.ID, "/fault") && cases[i+1].ID == strings.TrimSuffix(c.ID, "fault")+"twin" &&
			!slices.Contains(c.Tags, "silence") && !slices.Contains(c.Tags, "truncated") {
			pairs++
			require.Equal(t, c.Query, cases[i+1].Query)
			require.Equal(t, background(c), background(cases[i+1]), c.ID)
		}
	}
	require.Greater(t, pairs, 20)
}

func byID(t *testing.T, id string) *golden.Case {
	t.Helper()
	for _, c := range allToys(t) {
		if c.ID == id {
			return c
		}
	}
	require.Fail(t, "no case "+id)
	return nil
}

func line(t *testing.T, c *golden.Case, id string) golden.Line {
	t.Helper()
	var i, j int
	_, err := fmt.Sscanf(id, "s%dl%d", &i, &j)
	require.NoError(t, err)
	return c.Streams[i].Lines[j]
}

func TestExpectations(t *testing.T) {
	fault := byID(t, "toy-memory/one/s3/n0/fault")
	e := fault.Expected
	require.Equal(t, verdict.Critical, e.Severity)
	require.Equal(t, verdict.Category("memory"), e.Category)
	require.Equal(t, []verdict.Category{"application"}, e.Categories)
	require.Equal(t, golden.RootCause{Component: "toy", Code: "memory_limit"}, e.RootCause)
	require.GreaterOrEqual(t, len(e.EvidenceMust), 12)
	require.LessOrEqual(t, len(e.EvidenceMust), 20)
	for _, id := range e.EvidenceMust {
		require.Contains(t, line(t, fault, id).Text, "toy cgroup limit reached")
	}
	for _, id := range e.EvidenceMay {
		require.Contains(t, line(t, fault, id).Text, "toy.go:12")
	}
	twin := byID(t, "toy-memory/one/s3/n0/twin")
	require.Equal(t, verdict.Healthy, twin.Expected.Severity)
	require.Equal(t, verdict.CategoryNone, twin.Expected.Category)
	require.Empty(t, twin.Expected.EvidenceMust)
	require.Equal(t, "It is a drill.", twin.Provenance.Note)

	for _, c := range allToys(t) {
		switch {
		case slices.Contains(c.Tags, "forged"):
			require.Equal(t, verdict.Notice, c.Expected.Severity)
			require.Equal(t, verdict.Category("security"), c.Expected.Category)
			require.Len(t, c.Expected.EvidenceMust, 1)
			require.Equal(t, golden.Injection, line(t, c, c.Expected.EvidenceMust[0]).Role)
		case slices.Contains(c.Tags, "needle") && slices.Contains(c.Tags, "fault"):
			require.Len(t, c.Expected.EvidenceMust, 1)
			lines, _ := c.Lines()
			require.Greater(t, lines, 900)
		case c.Generator.Scenario == "empty":
			require.Empty(t, c.Streams)
			require.Equal(t, verdict.Inconclusive, c.Expected.Severity)
			require.True(t, c.Expected.AbstainOK)
		}
	}
}

func TestNoiseIsWhatItSays(t *testing.T) {
	for _, c := range allToys(t) {
		if c.Generator.Params["variant"] != "plain" || c.Generator.Params["story"] != "lease" || c.Generator.Params["noise"] == "0" {
			continue
		}
		want := map[string]int{"10": 10, "100": 100, "1000": 1000}[c.Generator.Params["noise"]]
		var story, background int
		for _, s := range c.Streams {
			for _, l := range s.Lines {
				if l.Role == golden.Background {
					background++
				} else {
					story++
				}
			}
		}
		// The background is that of the pair, whose arms have between one line and a few dozen.
		require.GreaterOrEqual(t, background, want, c.ID)
		require.LessOrEqual(t, background, want*30, c.ID)
		require.Positive(t, story)
	}
}

func TestSilence(t *testing.T) {
	c := byID(t, "toy-memory/two/s3/n10b/fault")
	length := c.Query.End.Sub(c.Query.Start)
	before, baseline := 0, 0
	for _, s := range c.Streams {
		for _, l := range s.Lines {
			if strings.Contains(l.Text, `"msg":"done`) {
				require.LessOrEqual(t, l.Offset, int64(0.3*float64(length))+2)
				if l.Offset > 0 {
					before++
				} else {
					baseline++
				}
			}
		}
	}
	require.Greater(t, before, 10)
	require.Greater(t, baseline, 2*before)
	require.Contains(t, c.Tags, "silence")
}

// An act with baseline: true is printed before as often as now.
func TestAsAlways(t *testing.T) {
	c := byID(t, "toy-memory/two/s3/n0b/twin")
	now, then := 0, 0
	for _, s := range c.Streams {
		for _, l := range s.Lines {
			if strings.Contains(l.Text, "heap test failed as always") {
				if l.Offset > 0 {
					now++
				} else {
					then++
				}
			}
		}
	}
	require.Equal(t, 30, now)
	require.Equal(t, 30, then)
}

func TestTruncated(t *testing.T) {
	found := 0
	for _, c := range allToys(t) {
		if !slices.Contains(c.Tags, "truncated") {
			continue
		}
		long := 0
		for _, s := range c.Streams {
			for _, l := range s.Lines {
				if len(l.Text) == cutAt {
					long++
				}
			}
		}
		require.Equal(t, 1, long, c.ID)
		found++
	}
	require.Positive(t, found)
}

func TestFolderOfOthers(t *testing.T) {
	folder := t.TempDir()
	note := filepath.Join(folder, "note.txt")
	require.NoError(t, os.WriteFile(note, []byte("mine"), 0o600))
	o := WriteOptions{Options: toys(t)}
	o.Noise = []int{0}
	_, err := Write(folder, o)
	require.ErrorIs(t, err, ErrFolder)
	o.Force = true
	_, err = Write(folder, o)
	require.NoError(t, err)
	require.FileExists(t, note)
	require.NoError(t, os.Remove(note))
	o.Force, o.Split = false, golden.Dev
	m, err := Write(folder, o)
	require.NoError(t, err, "an older dataset is replaced")
	require.Len(t, m.Files, 1)
	require.Empty(t, m.Canary)
	require.NoFileExists(t, filepath.Join(folder, "test.jsonl.gz"))
}

func TestChoice(t *testing.T) {
	o := toys(t)
	o.Families = []string{"nothing"}
	require.ErrorIs(t, Each(o, nil), ErrChoice)
	o.Families, o.Noise = nil, []int{3}
	require.ErrorIs(t, Each(o, nil), ErrChoice)
	o.Noise, o.Split = nil, golden.Dev
	for _, c := range collect(t, o) {
		require.Equal(t, golden.Dev, c.Split)
	}
}

func TestWindowsLieInTheSeedsMonths(t *testing.T) {
	o := toys(t)
	o.Noise = []int{0}
	for _, c := range collect(t, o) {
		require.True(t, c.Query.Start.After(epoch) && c.Query.Start.Before(epoch.AddDate(0, 0, epochDays+spanDays+1)))
		require.Equal(t, time.UTC, c.Query.Start.Location())
	}
}
