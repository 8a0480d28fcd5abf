package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/golden/score"
	"github.com/lokalyst/lokalyst/pkg/prompts"
)

// dataset names the cases of results: its hash is over their ids, lines and right verdicts, in
// the order of the ids.
func dataset(results []golden.Result, o Options) prompts.Dataset {
	cases, groups := map[string]string{}, map[string]bool{}
	for i := range results {
		r := &results[i]
		cases[r.Case] = fmt.Sprintf("%s\x00%s\x00%d\x00%s\x00%t", r.Case, r.CaseHash, r.Expected.Severity, r.Expected.Category, r.Expected.AbstainOK)
		groups[r.Family+"\x00"+cmp.Or(r.GroupID, r.Case)] = true
	}
	lines := make([]string, 0, len(cases))
	for _, line := range cases {
		lines = append(lines, line)
	}
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return prompts.Dataset{SHA256: hex.EncodeToString(sum[:]), Seed: o.Seed, Cases: len(cases), Groups: len(groups), Split: string(o.split())}
}

// Pick returns the run of the judge that a name says: a kind, a prompt's id, id@version, or the
// whole name as reports show it. Without a name it is the only model, or the rules verdict where no
// model judged. It is an error, which lists the judges, where none or several fit.
func Pick(results []golden.Result, name string) (score.Run, error) {
	runs, err := score.Runs(results)
	if err != nil {
		return score.Run{}, err
	}
	fit := slices.DeleteFunc(slices.Clone(runs), func(r score.Run) bool { return !fits(&r, name) })
	if name == "" && len(fit) == 0 {
		fit = slices.DeleteFunc(slices.Clone(runs), func(r score.Run) bool { return r.Judge.Kind != golden.JudgeRules })
	}
	if len(fit) == 1 {
		return fit[0], nil
	}
	names := make([]string, 0, len(runs))
	for i := range runs {
		names = append(names, fmt.Sprintf("%q", runs[i].Name()))
	}
	return score.Run{}, fmt.Errorf("%d judges in the results are %q; name one of %s", len(fit), cmp.Or(name, "the model"), strings.Join(names, ", "))
}

func fits(r *score.Run, name string) bool {
	j := r.Judge
	if name == "" {
		return j.Kind == golden.JudgeModel
	}
	return name == r.Name() || name == string(j.Kind) || (j.Kind == golden.JudgeModel && (name == j.Prompt || name == j.Prompt+"@"+j.PromptVersion))
}
