package generate

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/golden"
)

// The dataset of the embedded families keeps what it promises.
func TestDataset(t *testing.T) {
	families, err := Families()
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(families), 16)
	lib, specs, err := Options{Seed: 1}.specs()
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(lib.world.services), 14)
	require.GreaterOrEqual(t, len(specs), 600)
	heldOut := 0
	for _, f := range lib.families {
		if f.HeldOut {
			heldOut++
		}
	}
	require.Positive(t, heldOut, "a family that dev never shows")
	arms, levels, noise, variants := map[bool]int{}, [3]int{}, map[int]int{}, map[string]int{}
	for _, s := range specs {
		if s.variant.empty > 0 {
			continue
		}
		arms[s.twin]++
		levels[s.level]++
		noise[s.noise]++
		variants[string(s.story.Split)+" "+s.variant.String()]++
	}
	require.Equal(t, arms[true], arms[false], "as many twins as faults")
	require.Less(t, max(levels[0], levels[1], levels[2])*4, min(levels[0], levels[1], levels[2])*5, "balanced severities")
	for _, ratio := range []int{0, 10, 100, 1000} {
		require.Positive(t, noise[ratio], ratio)
	}
	for _, v := range []string{"dev needle-1000", "test needle-50000", "dev injected-zh", "test injected-es", "dev truncated", "test truncated"} {
		require.Positive(t, variants[v], v)
	}
}

var braces = regexp.MustCompile(`\$\{[^}]*\}`)

// Each story can be told at each severity with any seed, and says nothing that the engine
// should have replaced.
func TestEachStoryRenders(t *testing.T) {
	for _, o := range []Options{{Seed: 1, Noise: []int{10}}, {Seed: 2, Noise: []int{0}}, {Seed: 3, Noise: []int{0}}} {
		require.NoError(t, Each(o, func(c *golden.Case) error {
			for _, s := range c.Streams {
				for _, l := range s.Lines {
					for _, left := range braces.FindAllString(l.Text, -1) {
						if _, err := (grammar{}).parse(left); err == nil {
							t.Errorf("%s: %s is left in %q", c.ID, left, l.Text)
						}
					}
				}
			}
			return nil
		}))
	}
}
