package llm

import (
	"errors"
	"fmt"
	"io"
	"strings"

	openai "github.com/sashabaranov/go-openai"

	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// maxAnswer bounds an answer in bytes, whatever the server does.
const maxAnswer = 256 << 10

// collect assembles a streamed answer and tells r's caller how it grows.
func collect(stream *openai.ChatCompletionStream, r Request) (Reply, error) {
	var (
		out    Reply
		text   strings.Builder
		finish openai.FinishReason
	)
	for {
		chunk, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			out.Text = text.String()
			return out, err
		}
		if chunk.Model != "" {
			out.Model = chunk.Model
		}
		if chunk.Usage != nil {
			usage(&out.Timings, chunk.Usage)
		}
		grew := false
		for _, c := range chunk.Choices {
			text.WriteString(c.Delta.Content)
			if c.Logprobs != nil {
				out.Tokens = append(out.Tokens, tokens(c.Logprobs)...)
			}
			if c.FinishReason != "" {
				finish = c.FinishReason
			}
			if c.Delta.Content != "" {
				grew = true
			}
		}
		if grew {
			r.tell(text.String(), out.Tokens)
		}
		if text.Len() > maxAnswer {
			return out, &Error{Kind: ErrCut, Detail: fmt.Sprintf("more than %d bytes", maxAnswer)}
		}
	}
	out.Text = text.String()
	switch finish {
	case openai.FinishReasonLength:
		return out, &Error{Kind: ErrCut}
	case "":
		return out, &Error{Kind: ErrServer, Detail: "the answer broke off"}
	}
	return out, nil
}

func (r Request) tell(text string, tokens []verdict.Token) {
	if r.Progress != nil {
		r.Progress(len(tokens))
	}
	if r.Stream != nil {
		r.Stream(text, tokens)
	}
}

// usage fills the counts for servers that send no timings.
func usage(t *Timings, u *openai.Usage) {
	t.AnswerTokens, t.PromptTokens = u.CompletionTokens, u.PromptTokens
	if u.PromptTokensDetails != nil {
		t.CachedTokens = u.PromptTokensDetails.CachedTokens
		t.PromptTokens -= t.CachedTokens
	}
}

func tokens(lp *openai.ChatCompletionStreamChoiceLogprobs) []verdict.Token {
	out := make([]verdict.Token, 0, len(lp.Content))
	for _, c := range lp.Content {
		t := verdict.Token{Text: c.Token, Top: make([]verdict.Candidate, 0, len(c.TopLogprobs))}
		for _, top := range c.TopLogprobs {
			t.Top = append(t.Top, verdict.Candidate{Text: top.Token, LogProb: top.Logprob})
		}
		out = append(out, t)
	}
	return out
}
