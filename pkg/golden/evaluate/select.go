package evaluate

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// SmokeCases is how many cases a smoke slice has.
const SmokeCases = 40

// A Selection says which cases of a dataset are evaluated. The zero value is all of them.
type Selection struct {
	golden.Selection
	// Smoke takes SmokeCases of what is left, of each severity as many as of any other and
	// of as many families as possible; always the same. Without Splits and Cases it is of
	// the test split. Limit is then of these.
	Smoke bool
}

// meta is what is known of a case beside its lines.
type meta struct {
	id, hash, family string
	split            golden.Split
	severity         verdict.Severity
	prompts          []string
}

// scan reads what is known of the cases that a selection takes, in the files' order.
func scan(paths []string, s Selection) ([]meta, error) {
	if s.Smoke && len(s.Splits) == 0 && len(s.Cases) == 0 {
		s.Splits = []golden.Split{golden.Test}
	}
	limit := s.Limit
	if s.Smoke {
		s.Limit = 0
	}
	var out []meta
	err := s.Each(paths, func(c *golden.Case) error {
		out = append(out, meta{id: c.ID, hash: c.Hash(), family: c.Family(), split: c.Split, severity: c.Expected.Severity, prompts: c.Prompts})
		return nil
	})
	if err != nil {
		return nil, err
	}
	if s.Smoke {
		out = smoke(out)
		if limit > 0 {
			out = out[:min(limit, len(out))]
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no case is selected; check --split, --families and the files")
	}
	return out, nil
}

// smoke chooses cases severity by severity, and of each family by family, in an order that
// only the names decide.
func smoke(all []meta) []meta {
	lines := map[verdict.Severity][]meta{}
	for s := verdict.Inconclusive; s <= verdict.Critical; s++ {
		lines[s] = byFamily(all, s)
	}
	taken := map[string]bool{}
	for len(taken) < min(SmokeCases, len(all)) {
		for s := verdict.Inconclusive; s <= verdict.Critical; s++ {
			if len(lines[s]) > 0 && len(taken) < SmokeCases {
				taken[lines[s][0].id] = true
				lines[s] = lines[s][1:]
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(m meta) bool { return !taken[m.id] })
}

// byFamily orders the cases of a severity so that each family comes before one comes again.
// Each severity begins with other families.
func byFamily(all []meta, s verdict.Severity) []meta {
	type ranked struct {
		meta
		round        int
		family, self string
	}
	var out []ranked
	for _, m := range all {
		if m.severity == s {
			out = append(out, ranked{meta: m, family: nameHash(s.String() + m.family), self: nameHash(m.id)})
		}
	}
	slices.SortFunc(out, func(a, b ranked) int { return cmp.Compare(a.self, b.self) })
	rounds := map[string]int{}
	for i := range out {
		out[i].round = rounds[out[i].family]
		rounds[out[i].family]++
	}
	slices.SortStableFunc(out, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(a.round, b.round), cmp.Compare(a.family, b.family))
	})
	metas := make([]meta, len(out))
	for i := range out {
		metas[i] = out[i].meta
	}
	return metas
}

func nameHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}
