// Package patterns turns log lines into a short list of patterns: a template
// with typed placeholders, how often it occurred, at which levels, when it was
// first and last seen, and how that compares with a baseline.
//
// Mining is one pass over the lines and deterministic: the same lines in the
// same order give the same patterns, whatever the pages they arrived in. No
// line is skipped. The package performs no I/O and is not safe for concurrent
// use of one [Miner].
package patterns
