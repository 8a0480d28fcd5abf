package analysis

import (
	"context"
	"strconv"
	"strings"

	"github.com/lokalyst/lokalyst/pkg/llm"
	"github.com/lokalyst/lokalyst/pkg/redact"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// layoutVersion is part of the ledger's key: another preamble or rendering may
// give another answer.
const layoutVersion = "4"

// compose chooses what the model is shown and computes the ledger's key of it.
func (e *Engine) compose(ctx context.Context, g *Group, q question, m Model) (layout, verdict.Key, error) {
	caps, err := m.Capabilities(ctx)
	if err != nil && caps == (llm.Capabilities{}) {
		return layout{}, verdict.Key{}, err
	}
	// A server that answered before and is down now may still have judged this.
	words, err := chooseWords(ctx, m)
	if err != nil {
		return layout{}, verdict.Key{}, err
	}
	l := layout{words: words, context: contextText(q, g, q.red), instructions: q.instructions}
	epoch := e.Memory.epoch(q.epoch(g))
	shown := members(g, epoch.remembered(q.Pseudonyms, masked(q.red)), maxDictionary)
	l.dictionary, l.entries = epoch.define(shown)
	l.omitted = omit(g, shown)
	key := verdict.KeyOf(
		q.Owner, layoutVersion, redact.Version, q.prompt.Hash(), caps.Model, caps.Build, strconv.Itoa(caps.Context), l.hurry(m.Speed().Holds(e.left(ctx, q))),
		strings.Join(words.List(), ","), strings.Join(q.GroupBy, ","), strings.Join(g.Values, "\x00"), l.canonical(),
	)
	return l, key, nil
}

// epoch is the key of the series of questions whose prompts begin alike.
func (q *question) epoch(g *Group) verdict.Key {
	return verdict.KeyOf(q.Owner, q.query.Text, strings.Join(q.GroupBy, ","), strings.Join(g.Values, "\x00"), q.Window.Length().String())
}

// wordSets are the verdict words to try. The first tokens of a set must differ in
// the model's vocabulary, or the probability could not be read.
func wordSets() []verdict.Words {
	return []verdict.Words{
		verdict.DefaultWords(),
		{OK: "fine", Warning: "suspicious", Critical: "incident", Unknown: "unclear"},
		{OK: "0", Warning: "1", Critical: "2", Unknown: "3"},
	}
}

func chooseWords(ctx context.Context, m Model) (verdict.Words, error) {
	for _, w := range wordSets() {
		distinct, err := firstTokensDiffer(ctx, m, w)
		if err != nil {
			return verdict.Words{}, err
		}
		if distinct {
			return w, nil
		}
	}
	return verdict.DefaultWords(), nil // the probability is then unknown, the verdict is not
}

func firstTokensDiffer(ctx context.Context, m Model, w verdict.Words) (bool, error) {
	seen := map[int]bool{}
	for _, word := range w.List() {
		ids, ok, err := m.Tokenize(ctx, word)
		if err != nil {
			return false, err
		}
		if !ok || len(ids) == 0 {
			return true, nil // a server without a tokenizer route: nothing can be checked
		}
		if seen[ids[0]] {
			return false, nil
		}
		seen[ids[0]] = true
	}
	return true, nil
}
