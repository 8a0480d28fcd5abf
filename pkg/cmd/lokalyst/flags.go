package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/user"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/loki"
)

// lokiTimeout bounds one request to Loki.
const lokiTimeout = 60 * time.Second

// historyKeyVariable names the environment variable with the key that the history is
// signed with, the data source's historyKey.
const historyKeyVariable = "LOKALYST_HISTORY_KEY"

// lokiFlags say which Loki is meant.
type lokiFlags struct{ url, tenant string }

// add defines the flags; which names the Loki.
func (f *lokiFlags) add(cmd *cobra.Command, which string) {
	flags := cmd.Flags()
	flags.StringVar(&f.url, "loki", "http://localhost:3100", "URL of "+which+"; may carry user:password")
	flags.StringVar(&f.tenant, "tenant", "", "tenant, sent as X-Scope-OrgID")
}

func (f *lokiFlags) client() (*loki.Client, error) {
	return loki.NewClient(loki.Options{URL: f.url, Tenant: f.tenant, HTTP: &http.Client{Timeout: lokiTimeout}})
}

// recording says which window of this Loki is meant.
func (f *lokiFlags) recording(expr string, w loki.Window, baseline time.Duration) golden.Recording {
	return golden.Recording{URL: f.url, Tenant: f.tenant, LogQL: expr, Start: w.Start, End: w.End, Baseline: baseline}
}

// selectionFlags say which cases are meant.
type selectionFlags struct {
	splits, families, cases []string
	limit                   int
}

func (f *selectionFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringSliceVar(&f.splits, "split", nil, "dev, test or canary; all where none is named")
	flags.StringSliceVar(&f.families, "families", nil, "families of cases; all where none is named")
	flags.StringSliceVar(&f.cases, "cases", nil, "ids of cases; * stands for any text")
	flags.IntVar(&f.limit, "limit", 0, "only the first cases of those that are chosen")
}

func (f *selectionFlags) read() (golden.Selection, error) {
	out := golden.Selection{Families: f.families, Cases: f.cases, Limit: f.limit}
	if f.limit < 0 {
		return out, errors.New("--limit must not be below 0")
	}
	for _, name := range f.splits {
		s, err := splitOf(name, golden.Dev, golden.Test, golden.Hidden)
		if err != nil {
			return out, err
		}
		out.Splits = append(out.Splits, s)
	}
	return out, nil
}

// splitOf reads a value of --split.
func splitOf(name string, allowed ...golden.Split) (golden.Split, error) {
	if s := golden.Split(name); slices.Contains(allowed, s) {
		return s, nil
	}
	names := make([]string, len(allowed))
	for i, s := range allowed {
		names[i] = string(s)
	}
	return "", fmt.Errorf("--split %q is none of %s", name, strings.Join(names, ", "))
}

// checkOutput checks a value of --output.
func checkOutput(name string) error {
	if name != "table" && name != "json" {
		return usage(fmt.Errorf("unknown output %q; use table or json", name))
	}
	return nil
}

// historyKey reads the key of the history. Records that are not signed with it are not
// obeyed.
func historyKey() ([]byte, error) {
	key := os.Getenv(historyKeyVariable)
	if key == "" {
		return nil, usage(fmt.Errorf("set %s to the data source's historyKey: what is not signed with it is not believed", historyKeyVariable))
	}
	return []byte(key), nil
}

// userName is who runs the program, empty where that is not known.
func userName() string {
	who, err := user.Current()
	if err != nil {
		return ""
	}
	return who.Username
}
