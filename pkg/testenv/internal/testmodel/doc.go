// Package testmodel writes a small model file (GGUF) for a real llama.cpp server: a test double that follows the log
// lines of its prompt without any training. It has a tokenizer, a chat template and weights of its own, all made by
// this code, byte for byte the same each time.
//
// How it works. Every token is a word vector with a constant, a mark for each kind of error-like word, and a mark for
// each token of the answer's fixed parts. The first layer finds out which tokens belong to the data and which to the
// instructions behind it. The second layer's attention is even, so it yields the share of error-like tokens of the data
// in everything read so far, and its second half turns these shares into ramps between 0 and 1. The output then is the
// sum of three things: a fixed liking for the answer's tokens, a token that calls the next one (the words of the made-up
// sentence call each other), and the ramps, which decide between ok, warning and critical. The JSON Schema of the
// request keeps the answer in form; the model only chooses among what the schema allows.
//
// It knows no language. Its answers say so.
package testmodel
