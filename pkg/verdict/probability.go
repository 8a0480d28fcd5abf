package verdict

import (
	"math"
	"strings"
)

// A Token is one token of an answer with the alternatives that the model gave
// the highest probability there.
type Token struct {
	Text string
	// Top are the candidates with the natural logarithm of their probability
	// before the grammar and the samplers.
	Top []Candidate
}

// A Candidate is a possible token and its log-probability.
type Candidate struct {
	Text    string
	LogProb float64
}

// Probability returns how likely the model held an incident to be: the share of
// the critical word at the token where the verdict is written, renormalised over
// the four words. ok is false where the tokens do not show it: no verdict token
// was found, or none of the words is among its candidates.
func Probability(tokens []Token, words Words) (p float64, ok bool) {
	i := verdictToken(tokens)
	if i < 0 {
		return ProbabilityUnknown, false
	}
	var mass [4]float64
	total := 0.0
	for k, w := range words.List() {
		for _, c := range tokens[i].Top {
			if t := strings.TrimLeft(c.Text, ` "`); t != "" && strings.HasPrefix(w, t) && firstTokenOf(c.Text, tokens[i].Text) {
				mass[k] += math.Exp(min(0, c.LogProb))
			}
		}
		total += mass[k]
	}
	if total <= 0 {
		return ProbabilityUnknown, false
	}
	return mass[2] / total, true
}

// firstTokenOf accepts candidates that stand where the written token stands: both
// carry the opening quote or neither does.
func firstTokenOf(candidate, written string) bool {
	return strings.Contains(candidate, `"`) == strings.Contains(written, `"`)
}

// verdictToken finds the token in which the value of "verdict" begins.
func verdictToken(tokens []Token) int {
	const key = `"verdict"`
	text := ""
	for i, t := range tokens {
		after := strings.Index(text+t.Text, key)
		if after >= 0 {
			value := strings.TrimLeft((text + t.Text)[after+len(key):], ": \n\t")
			if len(value) > 1 || (len(value) == 1 && value != `"`) {
				return i
			}
		}
		text += t.Text
	}
	return -1
}
