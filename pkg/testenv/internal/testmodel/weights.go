package testmodel

import (
	"math"
	"strings"
)

// The word vector: 64 numbers in two blocks that are quantised apart. The first block says which token it is, the
// second what was measured in the prompt.
const (
	width = 64

	dimConstant = 0  // 1 in every token
	dimCall     = 1  // and following: which token this one calls next
	dimEnd      = 17 // 1 in the word that ends the data
	dimError    = 18 // 1 in error-like tokens
	dimTopic    = 19 // and following: 1 in the words of a topic
	dimFiller   = 27 // and following: ones that give every vector the same length
	fillers     = 5

	dimShare   = 32 // and following: shares measured by the attention, error-like tokens first, then topics
	dimRamp    = 41 // and following: what the second half makes of the shares
	dimCounted = 51 // and following: the marks from dimError on, but only before the word that ends the data
	dimAfter   = 60 // 1 behind the word that ends the data

	rampWarning  = dimRamp
	rampCritical = dimRamp + 1
	rampTopic    = dimRamp + 2 // and following

	// dimSlow is where a query and a key meet whatever their distance: position turns it by a millionth of a circle
	// for each token.
	dimSlow = width - 2
)

// marks is how many ones a word vector has, the constant included. Their square root over that of the width is what
// normalisation divides by.
const marks = 1 + fillers

// kinds is how many kinds of tokens are measured: error-like ones and the topics.
const kinds = 1 + len(topics)

// The sizes of the second halves of the two layers: one unit for each kind and one more, two for each ramp.
const hiddenWidth = max(kinds+1, 2*(2+len(topics)))

// gain is what normalisation multiplies a word vector with.
func gain() float64 { return math.Sqrt(float64(width) / marks) }

// call is one row of the table of fixed successions: after any of from, the tokens of to are liked that much more.
type call struct {
	from []string
	to   map[string]float64
}

// calls returns the successions that the schema does not force.
func calls() []call {
	list := []call{
		{[]string{patternLetter}, map[string]float64{firstPattern: callStrength}},
		{[]string{noFindings}, map[string]float64{wordOK: 1}},
		{[]string{endFindings}, map[string]float64{wordOK: -2}},
		{[]string{wordOK, wordUnknown}, map[string]float64{severityLow: callStrength}},
		{[]string{wordWarning}, map[string]float64{severityMid: callStrength}},
		{[]string{wordCritical}, map[string]float64{severityHigh: callStrength}},
		{[]string{textStart}, map[string]float64{sentence[0]: callStrength}},
		{[]string{textEnd}, map[string]float64{tokenEndOfTurn: callStrength}},
	}
	for i := range len(sentence) - 1 {
		list = append(list, call{[]string{sentence[i]}, map[string]float64{sentence[i+1]: callStrength}})
	}
	last := sentence[len(sentence)-1]
	return append(list, call{[]string{last}, map[string]float64{textNext: callStrength, textEnd: callStrength - likePart}})
}

// embeddings returns each token's word vector.
func embeddings(v *vocabulary) [][]float32 {
	rows := make([][]float32, len(v.tokens))
	for id := range rows {
		rows[id] = make([]float32, width)
		rows[id][dimConstant] = 1
	}
	mark := func(token string, dim int) {
		if id, ok := v.ids[token]; ok {
			rows[id][dim] = 1
		}
	}
	for i, c := range calls() {
		for _, token := range c.from {
			mark(token, dimCall+i)
		}
	}
	mark(endOfData, dimEnd)
	for _, token := range errorTokens() {
		mark(token, dimError)
	}
	for i, topic := range topics {
		for _, word := range topic.words {
			for _, form := range topicForms(word) {
				mark(form, dimTopic+i)
				mark(" "+form, dimTopic+i)
			}
		}
	}
	for _, row := range rows {
		missing := marks
		for _, value := range row {
			missing -= int(value)
		}
		for i := range missing {
			row[dimFiller+i] = 1
		}
	}
	return rows
}

// errorTokens returns every spelling of the error-like words.
func errorTokens() []string {
	var tokens []string
	for _, word := range errorWords {
		for _, form := range spellings(word) {
			tokens = append(tokens, form, " "+form)
		}
	}
	for _, word := range errorNames {
		tokens = append(tokens, word, " "+word)
	}
	return tokens
}

// layer is the matrices of one layer.
type layer struct {
	query, key, value, mix, gate, up, down [][]float32
}

func newLayer() layer {
	return layer{
		query: square(), key: square(), value: square(), mix: square(),
		gate: matrix(hiddenWidth, width), up: matrix(hiddenWidth, width), down: matrix(width, hiddenWidth),
	}
}

const (
	// attention is the query's and the key's size where they meet: their product, divided by the square root of the
	// width, is far above the logarithm of any number of tokens.
	attention = 24.0
	// switchEdge is how sharp a yes or no is, in units of the activation function's argument.
	switchEdge = 80.0
)

// firstLayer finds out which tokens stand before the word that ends the data. Every token attends to that word alone,
// where it was read already, else to all tokens alike. The second half then moves the marks to where they are counted,
// unless the word was there.
func firstLayer() layer {
	l := newLayer()
	l.query[dimSlow][dimConstant] = float32(attention / gain())
	l.key[dimSlow][dimEnd] = float32(attention / gain())
	l.value[dimAfter][dimEnd] = float32(1 / gain())
	l.mix[dimAfter][dimAfter] = 1
	for i := range kinds {
		l.gate[i][dimError+i] = float32(2 * switchEdge / gain())
		l.gate[i][dimAfter] = float32(-2 * switchEdge / gain())
		l.gate[i][dimConstant] = float32(-switchEdge / gain())
		l.up[i][dimConstant] = float32(1 / gain())
		l.down[dimCounted+i][i] = 1 / switchEdge
		l.down[dimError+i][i] = -1 / switchEdge // so that the vector keeps its length
	}
	last := kinds
	l.gate[last][dimAfter] = float32(2 * switchEdge / gain())
	l.gate[last][dimConstant] = float32(-switchEdge / gain())
	l.up[last][dimConstant] = float32(1 / gain())
	l.down[dimAfter][last] = -1 / switchEdge
	return l
}

// secondLayer measures. Without queries and keys every token is attended to alike, so that the attention yields the
// share of each kind among all tokens. The value of one token is exactly 1, so that sums of them are exact in half
// precision. The second half makes ramps of the shares: each is the difference of two units silu(k(share-low)) and
// silu(k(share-high)), both times the constant.
func secondLayer() layer {
	l := newLayer()
	for i := range kinds {
		l.value[dimShare+i][dimCounted+i] = float32(1 / gain())
		l.mix[dimShare+i][dimShare+i] = 1
	}
	for i, r := range ramps() {
		steep := rampEdge / (r.high - r.low) / gain()
		for j, edge := range []float64{r.low, r.high} {
			unit := 2*i + j
			l.gate[unit][r.share] = float32(steep)
			l.gate[unit][dimConstant] = float32(-steep * edge)
			l.up[unit][dimConstant] = float32(1 / gain())
			l.down[r.out][unit] = float32(float64(1-2*j) / rampEdge)
		}
	}
	return l
}

// ramp is a number that rises from 0 to 1 while a share goes from low to high.
type ramp struct {
	share, out int
	low, high  float64
}

func ramps() []ramp {
	list := []ramp{
		{dimShare, rampWarning, 0, 2 * warningShare},
		{dimShare, rampCritical, criticalShare - criticalWidth/2, criticalShare + criticalWidth/2},
	}
	for i := range topics {
		// A topic wins over the default after likePart-likeCategory of the topicSteps.
		list = append(list, ramp{dimShare + 1 + i, rampTopic + i, 0, topicShare * topicSteps / (likePart - likeCategory)})
	}
	return list
}

// rampEdge is how sharp a ramp's ends are: the width of a ramp in units of the activation function's argument.
const rampEdge = 40.0

// outputs returns each token's row of the output matrix.
func outputs(v *vocabulary) [][]float32 {
	rows := matrix(len(v.tokens), width)
	unit := 1 / gain()
	like := func(token string, dim int, amount float64) {
		if id, ok := v.ids[token]; ok {
			rows[id][dim] += float32(amount * unit)
		}
	}
	for _, token := range v.tokens[:v.regular] {
		if isBlank(token) {
			like(token, dimConstant, dislikeSpace)
		}
	}
	for _, token := range sortedKeys(keyTokens) {
		like(token, dimConstant, keyTokens[token])
	}
	for i, c := range calls() {
		for _, token := range sortedKeys(c.to) {
			like(token, dimCall+i, c.to[token])
		}
	}
	// A choice that turns where a ramp is one half: step * (2*ramp - 1).
	choice := func(token string, ramp int, step float64) {
		like(token, dimConstant, -step)
		like(token, ramp, 2*step)
	}
	like(noFindings, dimConstant, likeKey)
	like(oneFinding, dimConstant, likeKey)
	choice(oneFinding, rampWarning, findingSteps)
	for _, word := range []string{wordOK, wordWarning, wordCritical, wordUnknown} {
		like(word, dimConstant, likeKey)
	}
	like(wordUnknown, dimConstant, -3*verdictSteps)
	choice(wordWarning, rampWarning, verdictSteps)
	choice(wordCritical, rampWarning, verdictSteps)
	choice(wordCritical, rampCritical, verdictSteps)
	like("false", dimConstant, likeJoint)
	like("true", dimConstant, likeJoint)
	choice("true", rampWarning, verdictSteps)
	for i, topic := range topics {
		like(topic.category, dimConstant, likeCategory)
		like(topic.category, rampTopic+i, topicSteps)
	}
	for _, category := range otherCategories {
		like(category, dimConstant, likeCategory/2)
	}
	return rows
}

// isBlank says whether a token contains white space that an answer does not need.
func isBlank(token string) bool {
	return strings.ContainsAny(token, "\n\r\t") || strings.Trim(token, " ") == ""
}
