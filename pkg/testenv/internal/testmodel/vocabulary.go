package testmodel

import (
	_ "embed"
	"fmt"
	"strings"
	"unicode"
)

// corpus is the text that the tokenizer is learned from: log lines and English, all our own.
//
//go:embed corpus.txt
var corpus string

// mergeLimit bounds the learned merges. The corpus has fewer pairs that occur twice.
const mergeLimit = 2000

// The control tokens of the Llama 3 family, which delimit a conversation.
const (
	tokenBegin       = "<|begin_of_text|>"
	tokenEndOfText   = "<|end_of_text|>"
	tokenStartHeader = "<|start_header_id|>"
	tokenEndHeader   = "<|end_header_id|>"
	tokenEndOfTurn   = "<|eot_id|>"
)

var controlTokens = [...]string{tokenBegin, tokenEndOfText, "<|reserved_special_token_0|>", "<|reserved_special_token_1|>",
	"<|finetune_right_pad_id|>", "<|reserved_special_token_2|>", tokenStartHeader, tokenEndHeader, "<|eom_id|>",
	tokenEndOfTurn, "<|python_tag|>"}

// vocabulary is the tokenizer's content.
type vocabulary struct {
	tokens  []string // as bytes, not in the file's printable spelling
	ids     map[string]int
	merges  []pair
	regular int // tokens before this one are text, the others control tokens
}

// newVocabulary learns the merges and collects the tokens: bytes, numbers up to three digits, what merges make, whole
// words of the corpus and of the answers, control tokens.
func newVocabulary() *vocabulary {
	learned := learn(corpus, mergeLimit)
	words := wholeWords()
	for _, word := range words {
		if !strings.ContainsFunc(strings.TrimPrefix(word, " "), func(r rune) bool { return !unicode.IsLetter(r) }) {
			learned.teach(word)
		}
	}
	v := &vocabulary{ids: map[string]int{}, merges: learned.merges}
	for b := range 256 {
		v.add(string([]byte{byte(b)}))
	}
	for n := range 100 {
		v.add(fmt.Sprintf("%02d", n))
	}
	for n := range 1000 {
		v.add(fmt.Sprintf("%03d", n))
	}
	for _, merge := range v.merges {
		v.add(merge.left + merge.right)
	}
	for _, word := range words {
		v.add(word)
	}
	for _, word := range split(corpus) {
		v.add(trainingForm(word))
	}
	for _, word := range []string{"\n\n", "\n\n\n", "  ", "    ", "        ", "\t", "\r\n", textStart, textNext, textEnd} {
		v.add(word)
	}
	v.regular = len(v.tokens)
	for _, token := range controlTokens {
		v.add(token)
	}
	return v
}

func (v *vocabulary) add(token string) {
	if _, ok := v.ids[token]; !ok {
		v.ids[token] = len(v.tokens)
		v.tokens = append(v.tokens, token)
	}
}

// wholeWords returns the words that must be one token each because the weights speak about them.
func wholeWords() []string {
	var words []string
	both := func(word string) { words = append(words, word, " "+word) }
	for _, word := range errorWords {
		for _, form := range spellings(word) {
			both(form)
		}
	}
	for _, word := range errorNames {
		both(word)
	}
	for _, topic := range topics {
		both(topic.category)
		for _, word := range topic.words {
			for _, form := range topicForms(word) {
				both(form)
			}
		}
	}
	for _, word := range otherCategories {
		both(word)
	}
	for _, word := range []string{wordOK, wordWarning, wordCritical, wordUnknown, defaultCategory, "true", "false"} {
		both(word)
	}
	words = append(words, noFindings, oneFinding, endOfData)
	words = append(words, sortedKeys(keyTokens)...)
	return append(words, sentence[:]...)
}

// spellings returns a lower-case word, capitalised and in upper case too.
func spellings(word string) []string {
	return []string{word, strings.ToUpper(word[:1]) + word[1:], strings.ToUpper(word)}
}

// topicForms returns the spellings of a word that is written in lower case, and a name as it is.
func topicForms(word string) []string {
	if strings.ToLower(word) != word {
		return []string{word}
	}
	return spellings(word)
}

// printable spells bytes as the tokenizer's file format wants them: GPT-2's table, in which each byte is one visible
// character.
func printable(token string) string {
	var out strings.Builder
	for _, b := range []byte(token) {
		switch {
		case b >= '!' && b <= '~', b >= 0xA1 && b <= 0xAC, b >= 0xAE:
			out.WriteRune(rune(b))
		case b <= ' ':
			out.WriteRune(0x100 + rune(b))
		case b <= 0xA0:
			out.WriteRune(0x100 + 33 + rune(b) - 0x7F)
		default: // 0xAD
			out.WriteRune(0x100 + 33 + 34)
		}
	}
	return out.String()
}
