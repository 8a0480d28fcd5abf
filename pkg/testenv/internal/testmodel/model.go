package testmodel

import "fmt"

// Name is the model's name inside the file. It and every name made from it say what the model is.
const Name = "lokalyst-test-double"

// contextLength is what the model says that it can read, in tokens; the server is started with less.
const contextLength = 131072

// chatTemplate writes a conversation with Llama 3's control tokens.
const chatTemplate = `{{ bos_token }}{% for message in messages %}` +
	tokenStartHeader + `{{ message['role'] }}` + tokenEndHeader + `{{ "\n\n" + (message['content'] | trim) }}` + tokenEndOfTurn +
	`{% endfor %}{% if add_generation_prompt %}` + tokenStartHeader + `assistant` + tokenEndHeader + `{{ "\n\n" }}{% endif %}`

// File returns the model file's content, below one megabyte and the same bytes each time. It takes about a tenth of a
// second of computing.
func File() []byte {
	v := newVocabulary()
	f := &ggufFile{}
	f.string("general.architecture", "llama")
	f.string("general.type", "model")
	f.string("general.name", Name)
	f.string("general.description", "A test double: it follows the share of error-like words in its prompt and knows no language.")
	f.uint32("general.file_type", 7) // mostly q8_0
	f.uint32("general.quantization_version", 2)
	f.uint32("llama.block_count", 2)
	f.uint32("llama.context_length", contextLength)
	f.uint32("llama.embedding_length", width)
	f.uint32("llama.feed_forward_length", uint32(hiddenWidth))
	f.uint32("llama.attention.head_count", 1)
	f.uint32("llama.attention.head_count_kv", 1)
	f.float32("llama.attention.layer_norm_rms_epsilon", 1e-6)
	f.uint32("llama.rope.dimension_count", width)
	f.float32("llama.rope.freq_base", 500000)
	f.uint32("llama.vocab_size", uint32(len(v.tokens)))
	writeTokenizer(f, v)
	writeTensors(f, v)
	return f.bytes()
}

func writeTokenizer(f *ggufFile, v *vocabulary) {
	const normal, control = 1, 3
	spelled, types := make([]string, len(v.tokens)), make([]int32, len(v.tokens))
	for id, token := range v.tokens {
		spelled[id], types[id] = printable(token), normal
		if id >= v.regular {
			spelled[id], types[id] = token, control
		}
	}
	merges := make([]string, len(v.merges))
	for i, merge := range v.merges {
		merges[i] = printable(merge.left) + " " + printable(merge.right)
	}
	f.string("tokenizer.ggml.model", "gpt2")
	f.string("tokenizer.ggml.pre", "llama-bpe")
	f.strings("tokenizer.ggml.tokens", spelled)
	f.int32s("tokenizer.ggml.token_type", types)
	f.strings("tokenizer.ggml.merges", merges)
	f.uint32("tokenizer.ggml.bos_token_id", uint32(v.ids[tokenBegin]))
	f.uint32("tokenizer.ggml.eos_token_id", uint32(v.ids[tokenEndOfTurn]))
	f.bool("tokenizer.ggml.add_bos_token", true)
	f.string("tokenizer.chat_template", chatTemplate)
}

func writeTensors(f *ggufFile, v *vocabulary) {
	ones := matrix(1, width)
	for i := range ones[0] {
		ones[0][i] = 1
	}
	f.tensor("token_embd.weight", tensorQ8, embeddings(v))
	for i, l := range []layer{firstLayer(), secondLayer()} {
		block := func(name string, rows [][]float32) {
			f.tensor(fmt.Sprintf("blk.%d.%s.weight", i, name), tensorF32, rows)
		}
		block("attn_norm", ones)
		block("attn_q", l.query)
		block("attn_k", l.key)
		block("attn_v", l.value)
		block("attn_output", l.mix)
		block("ffn_norm", ones)
		block("ffn_gate", l.gate)
		block("ffn_up", l.up)
		block("ffn_down", l.down)
	}
	f.tensor("output_norm.weight", tensorF32, ones)
	f.tensor("output.weight", tensorQ8, outputs(v))
}

func matrix(rows, columns int) [][]float32 {
	m := make([][]float32, rows)
	for i := range m {
		m[i] = make([]float32, columns)
	}
	return m
}

func square() [][]float32 { return matrix(width, width) }
