package main

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// errSkip says that figures are left out because something that they need is not on this machine.
var errSkip = errors.New("skipped")

// A logSet is one labelled data set: lines, and for each the name of its true group.
type logSet struct {
	name     string
	contents []string
	truth    []string
}

// loghubDir is where the data sets of logpai/loghub lie, seen from the root of the repository. Their licence allows
// research only, so they are no part of it.
func loghubDir() string {
	return cmp.Or(os.Getenv("LOKALYST_LOGHUB"), filepath.Join("..", "shared", "loghub"))
}

// loadLoghub reads the data sets in dir, in the order of their names. Where there are none the error is [errSkip].
func loadLoghub(dir string) ([]logSet, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*", "*_2k.log_structured.csv"))
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("%w: %s holds no data set <name>/<name>_2k.log_structured.csv: name the folder of a copy of logpai/loghub in LOKALYST_LOGHUB", errSkip, dir)
	}
	slices.Sort(paths)
	var sets []logSet
	for _, path := range paths {
		set, err := loadSet(path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		sets = append(sets, set)
	}
	return sets, nil
}

func loadSet(path string) (logSet, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return logSet{}, err
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		return logSet{}, err
	}
	if len(rows) < 2 {
		return logSet{}, errors.New("it has no rows")
	}
	content, event := slices.Index(rows[0], "Content"), slices.Index(rows[0], "EventId")
	if content < 0 || event < 0 {
		return logSet{}, errors.New("it has no columns Content and EventId")
	}
	set := logSet{name: strings.TrimSuffix(filepath.Base(path), "_2k.log_structured.csv")}
	for _, row := range rows[1:] {
		set.contents = append(set.contents, row[content])
		set.truth = append(set.truth, row[event])
	}
	return set, nil
}

// numbered gives each different text a number, in the order of first occurrence.
func numbered(texts []string) []int {
	seen := map[string]int{}
	out := make([]int, len(texts))
	for i, t := range texts {
		n, ok := seen[t]
		if !ok {
			n = len(seen)
			seen[t] = n
		}
		out[i] = n
	}
	return out
}

// score compares a grouping of lines with the true one, as logpai/loghub-2.0 does. A group is right when it holds
// exactly the lines of a true group. ga, the grouping accuracy, is the share of lines in right groups; fga is the
// harmonic mean of the share of predicted groups that are right and the share of true groups that were found.
func score(predicted, truth []int) (ga, fga float64) {
	type overlap struct{ predicted, truth int }
	both, inPredicted, inTruth := map[overlap]int{}, map[int]int{}, map[int]int{}
	for i, p := range predicted {
		both[overlap{p, truth[i]}]++
		inPredicted[p]++
		inTruth[truth[i]]++
	}
	lines, groups := 0, 0
	for o, n := range both {
		if n == inPredicted[o.predicted] && n == inTruth[o.truth] {
			lines += n
			groups++
		}
	}
	if groups == 0 {
		return 0, 0
	}
	return float64(lines) / float64(len(predicted)), 2 * float64(groups) / float64(len(inPredicted)+len(inTruth))
}
