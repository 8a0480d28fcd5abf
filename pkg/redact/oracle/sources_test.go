package oracle

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/zricethezav/gitleaks/v8/detect"
)

// The corpus and the tests put secrets together when they run, so that scanners of this
// repository find none.
func TestGitleaksFindsNothingInTheSources(t *testing.T) {
	d, err := detect.NewDetectorDefaultConfig()
	require.NoError(t, err)
	for _, root := range []string{"..", "../../testenv/secretcorpus", "../../testenv/bench"} {
		require.NoError(t, filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
			if err != nil || entry.IsDir() || strings.HasSuffix(path, ".sum") {
				return err
			}
			text, err := os.ReadFile(path)
			for _, f := range d.DetectString(string(text)) {
				t.Errorf("%s:%d: %s: %s", path, f.StartLine+1, f.RuleID, f.Secret)
			}
			return err
		}))
	}
}
