package golden

import (
	"net/url"
	"strconv"
	"strings"
	"time"
)

// A Recording says which window of which Loki `lokalyst golden record` freezes.
type Recording struct {
	// URL is Loki's; credentials in it are left out of the command.
	URL, Tenant string
	LogQL       string
	Start, End  time.Time
	// Baseline is 0 for none.
	Baseline time.Duration
}

// Command returns the command line that records the window, quoted for a POSIX shell: the
// shell makes exactly these arguments of it, whatever they hold apart from NUL bytes.
func (r Recording) Command() string { return Quote(r.Args()) }

// Args returns the program and its arguments.
func (r Recording) Args() []string {
	args := []string{"lokalyst", "golden", "record", "--loki", withoutCredentials(r.URL)}
	if r.Tenant != "" {
		args = append(args, "--tenant", r.Tenant)
	}
	args = append(args, "--start", stamp(r.Start), "--end", stamp(r.End))
	if r.Baseline > 0 {
		args = append(args, "--baseline", FormatDuration(r.Baseline))
	}
	return append(args, "--", r.LogQL) // a query that begins with a dash is no flag
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// withoutCredentials returns a URL without user, password, parameters and fragment; empty
// where it is none.
func withoutCredentials(text string) string {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil {
		return ""
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

// FormatDuration returns a duration in the largest unit that holds it whole, such as 1d or
// 90m, as flags and queries take it.
func FormatDuration(d time.Duration) string {
	for _, u := range []struct {
		name string
		d    time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}} {
		if d >= u.d && d%u.d == 0 {
			return strconv.FormatInt(int64(d/u.d), 10) + u.name
		}
	}
	return d.String()
}

// plain are the characters that no POSIX shell treats specially anywhere in a word.
const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:,@%+="

// Quote returns words as a line of a POSIX shell.
func Quote(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		// As a command's name, x=y would be an assignment.
		if w != "" && strings.Trim(w, plain) == "" && (i > 0 || !strings.Contains(w, "=")) {
			out[i] = w
			continue
		}
		out[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
	}
	return strings.Join(out, " ")
}

// Target names a Loki and a tenant without credentials, for files and messages.
func Target(lokiURL, tenant string) string {
	if tenant == "" {
		return withoutCredentials(lokiURL)
	}
	return withoutCredentials(lokiURL) + ", tenant " + tenant
}
