package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// What the naive analyser assumes: that the model reads 8,000 tokens, and that four bytes are a token.
const (
	naiveTokens        = 8000
	naiveBytesPerToken = 4
)

// naiveReply is a reply of query_range as most programs decode it.
type naiveReply struct {
	Data struct {
		Result []struct {
			Values [][]any `json:"values"`
		} `json:"result"`
	} `json:"data"`
}

func naiveLines(reply []byte) ([]string, error) {
	var r naiveReply
	if err := json.Unmarshal(reply, &r); err != nil {
		return nil, err
	}
	var lines []string
	for _, stream := range r.Data.Result {
		for _, v := range stream.Values {
			if len(v) < 2 {
				return nil, fmt.Errorf("an entry of %d elements", len(v))
			}
			line, ok := v[1].(string)
			if !ok {
				return nil, fmt.Errorf("a line of type %T", v[1])
			}
			lines = append(lines, line)
		}
	}
	return lines, nil
}

// naivePrompt is what the usual log analyser sends to a model: the lines of Loki's reply, joined and cut where the
// context is full.
func naivePrompt(reply []byte) (string, error) {
	lines, err := naiveLines(reply)
	if err != nil {
		return "", err
	}
	text := strings.Join(lines, "\n")
	return text[:min(len(text), naiveTokens*naiveBytesPerToken)], nil
}

// The masks of naiveCondense, in the order in which they are applied.
var (
	naiveTime    = regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?|\d\d:\d\d:\d\d(?:[.,]\d+)?`)
	naiveAddress = regexp.MustCompile(`\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b`)
	naiveHex     = regexp.MustCompile(`\b(?:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|0x[0-9a-fA-F]+|[0-9a-fA-F]{8,})\b`)
	naiveNumber  = regexp.MustCompile(`\d+(?:\.\d+)?`)
)

// naiveCondense counts the lines of Loki's reply by their text after four regular expressions have masked the values.
func naiveCondense(reply []byte) (map[string]int, error) {
	lines, err := naiveLines(reply)
	if err != nil {
		return nil, err
	}
	counts := map[string]int{}
	for _, line := range lines {
		line = naiveTime.ReplaceAllString(line, "<time>")
		line = naiveAddress.ReplaceAllString(line, "<ip>")
		line = naiveHex.ReplaceAllString(line, "<hex>")
		counts[naiveNumber.ReplaceAllString(line, "<num>")]++
	}
	return counts, nil
}
