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

// Distribution returns how the model spread its belief over the four words, in the
// order of [Words.List], at the token where the verdict is written. The shares add
// up to 1: they are those of the words' first tokens among the candidates there,
// renormalised, and 0 for a word that is none of them. ok is false where the tokens
// do not show it: no verdict token was found, or none of the words is among its
// candidates.
func Distribution(tokens []Token, words Words) (p [4]float64, ok bool) {
	i := verdictToken(tokens)
	if i < 0 {
		return p, false
	}
	total := 0.0
	for k, w := range words.List() {
		for _, c := range tokens[i].Top {
			if t := strings.TrimLeft(c.Text, ` "`); t != "" && strings.HasPrefix(w, t) && firstTokenOf(c.Text, tokens[i].Text) {
				p[k] += probability(c.LogProb)
			}
		}
		total += p[k]
	}
	if total <= 0 {
		return [4]float64{}, false
	}
	for k := range p {
		p[k] /= total
	}
	return p, true
}

// probability reads a log-probability of a server, which can be anything: NaN in a
// result would read as healthy in a rule.
func probability(log float64) float64 {
	if math.IsNaN(log) {
		return 0
	}
	return math.Exp(min(0, log))
}

// ConfidenceFloor is the share of the written word from which on its judgement
// counts. Below it, the three words that were not written are together more likely
// than the one that was: the model says itself that it is rather something else, and
// which of them is chance. It is held against the share that the tokens say, whatever
// the calibration: that corrects how often an incident is one, not which word is meant.
const ConfidenceFloor = 0.5

// ConfidenceUnknown is the confidence where the model server does not tell.
const ConfidenceUnknown = -1.0

// Confidence returns the share of the word that stands for a severity in a
// [Distribution]: how sure the model was of what it wrote.
func Confidence(d [4]float64, s Severity) float64 {
	switch s {
	case Healthy:
		return d[0]
	case Notice, Warning:
		return d[1]
	case Critical:
		return d[2]
	}
	return d[3]
}

// Unsure reports whether a confidence is below [ConfidenceFloor], so that the
// judgement is inconclusive. One that is unknown lowers nothing: many servers send
// no probabilities.
func Unsure(confidence float64) bool { return confidence >= 0 && confidence < ConfidenceFloor }

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

// Telling returns the tokens up to that in which the verdict is written, with the
// candidates of that one alone: all that [Distribution] reads, for keeping an answer. It is
// nil where the tokens do not show a verdict.
func Telling(tokens []Token) []Token {
	i := verdictToken(tokens)
	if i < 0 {
		return nil
	}
	out := make([]Token, i+1)
	for k := range i {
		out[k].Text = tokens[k].Text
	}
	out[i] = tokens[i]
	return out
}
