package testenv

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"

	"github.com/lokalyst/lokalyst/pkg/testenv/internal/testmodel"
)

// TestModelAlias is the name under which StartLlama serves the test double, so that no answer passes for a real
// model's.
const TestModelAlias = testmodel.Name

// WriteTestModel writes the test double's model file (GGUF) to w: less than 1 MB, the same bytes each time. A llama.cpp
// server with it follows the log lines of its prompt: without error-like words it answers ok, with few warning, with
// many critical. It knows no language, and its prose says that it is made up.
func WriteTestModel(w io.Writer) error {
	_, err := w.Write(testmodel.File())
	return err
}

// TestModel returns the path of the test double's model file, written to the cache when it is not there yet.
func TestModel(ctx context.Context) (path string, err error) {
	content := testmodel.File()
	sum := sha256.Sum256(content)
	name := testmodel.Name + "-" + hex.EncodeToString(sum[:4]) + ".gguf"
	return cached(ctx, name, nil, func(_ context.Context, tmp string) error {
		return os.WriteFile(tmp, content, 0o644)
	})
}
