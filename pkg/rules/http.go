package rules

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/lokalyst/lokalyst/pkg/patterns"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// httpTexts are folded texts of which one stands in each line that tells the status of an
// HTTP response.
func httpTexts() []string {
	return []string{"http/1.", "http/2", "http/3", "status=", `status":`, "status_code", "statuscode", "response_code", "responsecode"}
}

// Thresholds of the responses that are failures: a number, and a share of all responses.
const (
	failedResponsesNotice, failedShareNotice     = 5, 0.01
	failedResponsesWarning, failedShareWarning   = 10, 0.05
	failedResponsesCritical, failedShareCritical = 50, 0.25
	refusedResponses, refusedShare               = 50, 0.2
)

// statusKeys are the endings of keys whose value is a status.
var statusKeys = []string{"status", "status_code", "statuscode", "response_code", "responsecode"}

// statusOf returns the status of a response in a line's own words; empty where it has none.
func statusOf(voice []byte) string {
	if i := bytes.Index(voice, []byte("http/")); i >= 0 {
		line := "HTTP/" + string(voice[i+5:min(len(voice), i+20)])
		if at := statusAfter(line); at > 0 && line[at] >= '1' && line[at] <= '5' {
			return line[at : at+3]
		}
	}
	for _, key := range statusKeys {
		for rest := voice; ; {
			i := bytes.Index(rest, []byte(key))
			if i < 0 {
				break
			}
			rest = rest[i+len(key):]
			value := bytes.TrimPrefix(rest, []byte(`"`))
			if len(value) < 4 || (value[0] != '=' && value[0] != ':') {
				continue
			}
			value = bytes.TrimPrefix(value[1:], []byte(`"`))
			if len(value) >= 3 && value[0] >= '1' && value[0] <= '5' && allDigits(string(value[:3])) && (len(value) == 3 || !isWordByte(value[3])) {
				return string(value[:3])
			}
		}
	}
	return ""
}

// sessionStatus returns the status in a line of HAProxy's HTTP log, where it follows the
// times of the request, as in 0/0/1/37/33 200 5268 - - ----: what went well and what a
// caller ended count as 2xx, what the server or the proxy ended by its class. It is empty
// where the line is none, or the pattern's lines end in several ways.
func sessionStatus(voice []byte, template string) string {
	fields := bytes.Fields(voice)
	for i := 0; i+5 < len(fields); i++ {
		if bytes.Count(fields[i], []byte("/")) != 4 || len(bytes.Trim(fields[i], "0123456789/+-")) > 0 {
			continue
		}
		status, end := string(fields[i+1]), string(fields[i+5])
		if len(end) != 4 || !strings.Contains(strings.ToLower(template), " "+end+" ") {
			return ""
		}
		switch {
		case end[0] == '-' && status[0] == '5': // the server's answer
			return ""
		case end[0] == '-' || end[0] == 'c':
			return "200"
		case len(status) == 3 && allDigits(status):
			return status
		}
		return ""
	}
	return ""
}

// statuses counts HTTP responses.
type statuses struct {
	all, baseline responses
	failed        []int
	// parts are where in the window responses are failures.
	parts extent
}

type responses struct{ total, failed, limited, refused int }

// count counts the responses of a pattern by the status in its line's own words, which is
// of the same class in all of its lines.
func (s *statuses) count(p *patterns.Pattern, v *voice, i int) {
	status := statusOf(v.out)
	if status == "" {
		status = sessionStatus(v.out, p.Template)
	}
	if status == "" {
		return
	}
	s.all.add(status, p.Count)
	s.baseline.add(status, p.BaselineCount)
	if status[0] == '5' {
		s.failed = append(s.failed, i)
		s.parts.add(p)
	}
}

func (r *responses) add(status string, n int) {
	r.total += n
	switch {
	case status[0] == '5':
		r.failed += n
	case status == "429":
		r.limited += n
	case status == "401" || status == "403":
		r.refused += n
	}
}

// has reports whether a pattern has responses that failed. Patterns are read in their order.
func (s *statuses) has(i int) bool {
	_, ok := slices.BinarySearch(s.failed, i)
	return ok
}

// findings judges the responses, against those of the baseline if there is one.
func (s *statuses) findings(hasBaseline bool) (out []Finding) {
	if f, ok := s.failures(hasBaseline); ok {
		out = append(out, f)
	}
	if n := s.all.limited; n >= refusedResponses && s.unusual(n, s.baseline.limited, refusedShare, hasBaseline) {
		out = append(out, Finding{
			Rule: "http-rate-limited", Category: "dependency", Severity: verdict.Warning,
			Reason: fmt.Sprintf("%d of %d HTTP responses are refusals because of too many requests (429).", n, s.all.total),
		})
	}
	if n := s.all.refused; n >= refusedResponses && s.unusual(n, s.baseline.refused, refusedShare, hasBaseline) {
		out = append(out, Finding{
			Rule: "http-refused", Category: "auth", Severity: verdict.Notice,
			Reason: fmt.Sprintf("%d of %d HTTP responses are refusals (401 or 403).", n, s.all.total),
		})
	}
	return out
}

func (s *statuses) failures(hasBaseline bool) (Finding, bool) {
	n := s.all.failed
	f := Finding{Rule: "http-server-errors", Category: "dependency", Patterns: firstOf(s.failed)}
	switch {
	case n >= failedResponsesCritical && s.unusual(n, s.baseline.failed, failedShareCritical, hasBaseline) && s.parts.lasts():
		f.Severity = verdict.Critical
	case n >= failedResponsesWarning && s.unusual(n, s.baseline.failed, failedShareWarning, hasBaseline):
		f.Severity = verdict.Warning
	case n >= failedResponsesNotice && s.unusual(n, s.baseline.failed, failedShareNotice, hasBaseline):
		f.Severity = verdict.Notice
	default:
		return f, false
	}
	f.Reason = fmt.Sprintf("%d of %d HTTP responses (%.1f %%) are server errors.", n, s.all.total, 100*float64(n)/float64(s.all.total))
	if hasBaseline {
		f.Reason = fmt.Sprintf("%d of %d HTTP responses (%.1f %%) are server errors; in the baseline %d of %d.", n, s.all.total, 100*float64(n)/float64(s.all.total), s.baseline.failed, s.baseline.total)
	}
	return f, true
}

// unusual reports whether n responses are at least a share of all, and at least twice the
// baseline's share.
func (s *statuses) unusual(n, base int, share float64, hasBaseline bool) bool {
	now := float64(n) / float64(s.all.total)
	if now < share {
		return false
	}
	return !hasBaseline || s.baseline.total == 0 || now >= 2*float64(base)/float64(s.baseline.total)
}
