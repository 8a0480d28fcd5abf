package devtasks

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReadGoTestsCountsAndQuotesOnlyFailures(t *testing.T) {
	report, err := readGoTests(strings.NewReader(`
{"Action":"start","Package":"m/a"}
{"Action":"run","Package":"m/a","Test":"TestGood"}
{"Action":"output","Package":"m/a","Test":"TestGood","Output":"    a_test.go:5: chatter\n"}
{"Action":"pass","Package":"m/a","Test":"TestGood","Elapsed":0.1}
{"Action":"output","Package":"m/a","Test":"TestSkipped","Output":"=== RUN   TestSkipped\n"}
{"Action":"output","Package":"m/a","Test":"TestSkipped","Output":"    a_test.go:9: no network\n"}
{"Action":"output","Package":"m/a","Test":"TestSkipped","Output":"--- SKIP: TestSkipped (0.00s)\n"}
{"Action":"skip","Package":"m/a","Test":"TestSkipped"}
{"Action":"output","Package":"m/a","Test":"TestBad/case","Output":"    a_test.go:12: wrong\n"}
{"Action":"fail","Package":"m/a","Test":"TestBad/case"}
{"Action":"fail","Package":"m/a","Test":"TestBad"}
{"Action":"output","Package":"m/a","Output":"FAIL\tm/a\t0.2s\n"}
{"Action":"fail","Package":"m/a"}
{"Action":"output","Package":"m/b","Output":"ok  \tm/b\t0.1s\n"}
{"Action":"pass","Package":"m/b"}
{"Action":"output","Package":"m/c","Output":"?   \tm/c\t[no test files]\n"}
{"Action":"skip","Package":"m/c"}
`))
	require.NoError(t, err)
	assert.Equal(t, "1 passed, 2 failed, 1 skipped", report.String())
	assert.Equal(t, []Skip{{Test: "m/a TestSkipped", Reason: "a_test.go:9: no network"}}, report.Skipped)
	assert.Equal(t, "    a_test.go:12: wrong\nFAIL\tm/a\t0.2s\n", report.failures())
}

func TestReadGoTestsCountsAPackageWithoutAFailingTest(t *testing.T) {
	report, err := readGoTests(strings.NewReader(`
{"ImportPath":"m/a [m/a.test]","Action":"build-output","Output":"a.go:3: undefined: x\n"}
{"ImportPath":"m/a [m/a.test]","Action":"build-fail"}
{"Action":"output","Package":"m/a","Output":"FAIL\tm/a [build failed]\n"}
{"Action":"fail","Package":"m/a","FailedBuild":"m/a [m/a.test]"}
{"Action":"run","Package":"m/b","Test":"TestNeverEnds"}
{"Action":"output","Package":"m/b","Test":"TestNeverEnds","Output":"panic: no\n"}
{"Action":"fail","Package":"m/b"}
`))
	require.NoError(t, err)
	assert.Equal(t, "0 passed, 2 failed", report.String())
	assert.Equal(t, "a.go:3: undefined: x\nFAIL\tm/a [build failed]\npanic: no\n", report.failures())
}

func TestReadGoTestsSaysThatTheOutputIsUnreadable(t *testing.T) {
	_, err := readGoTests(strings.NewReader("no JSON"))
	require.ErrorContains(t, err, "the output of go test cannot be read")
}
