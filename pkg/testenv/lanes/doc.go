// Package lanes simulates the way of questions through the two lanes, the alert rules'
// and the interactive one, for tests in simulated time (testing/synctest), where an hour
// of evaluations takes seconds. What is simulated are Loki, by [Logs], and llama-server, by
// [Model]: both are stubs, and what the real ones do is tested elsewhere with the real
// ones. Everything between them is the product's own code. The figures are the tests of
// this package whose names begin with TestFigure; "go tool mage bench" prints them.
package lanes
