package devtasks

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReadJest(t *testing.T) {
	counts, err := readJest([]byte(`{"numPassedTests":4,"numFailedTests":1,"numPendingTests":1,"numRuntimeErrorTestSuites":1,
		"testResults":[{"assertionResults":[{"fullName":"a b","status":"passed"},{"fullName":"a c","status":"pending"}]}]}`))
	require.NoError(t, err)
	assert.Equal(t, Counts{Passed: 4, Failed: 2, Skipped: []Skip{{Test: "a c", Reason: "marked as pending in its file"}}}, counts)
	_, err = readJest([]byte("no JSON"))
	require.ErrorContains(t, err, "Jest")
}

func TestReadPlaywright(t *testing.T) {
	counts, err := readPlaywright([]byte(`{"errors":[{"message":"no such file"}],"suites":[{"title":"a.spec.ts",
		"specs":[{"title":"good","tests":[{"status":"expected"}]},{"title":"bad","tests":[{"status":"unexpected"}]}],
		"suites":[{"title":"group","specs":[{"title":"unstable","tests":[{"status":"flaky"}]},
			{"title":"off","tests":[{"status":"skipped","annotations":[{"type":"fixme","description":"needs a mouse"}]}]}]}]}]}`))
	require.NoError(t, err)
	assert.Equal(t, Counts{Passed: 1, Failed: 3, Skipped: []Skip{{Test: "a.spec.ts > group > off", Reason: "fixme needs a mouse"}}}, counts)
	_, err = readPlaywright([]byte("no JSON"))
	require.ErrorContains(t, err, "Playwright")
}
