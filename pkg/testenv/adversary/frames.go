package adversary

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/grafana/dataplane/sdata/numeric"
	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// columns are those of the frames of an analysis, as users' dashboards know them.
func columns() map[string]map[string]data.FieldType {
	text, number, flag, whole, at := data.FieldTypeString, data.FieldTypeFloat64, data.FieldTypeBool, data.FieldTypeInt64, data.FieldTypeTime
	return map[string]map[string]data.FieldType{
		"verdict": {
			"verdict": text, "severity": number, "probability": number, "category": text, "summary": text, "root_cause": text, "next_step": text, "rules_severity": number,
			"contested": flag, "source": text, "cached": flag, "age": number, "suspected_injection": flag, "prompt": text, "model": text, "lines_total": whole, "lines_read": whole,
		},
		"findings": {"category": text, "pattern": text, "count": whole, "change": text, "first_seen": at, "last_seen": at, "sample": text},
		"evidence": {"timestamp": at, "body": text, "severity": text, "id": text, "labels": data.FieldTypeJSON},
	}
}

// maxProse is how long a text of the verdict may be, in characters.
const maxProse = 300

// checkAnalysis reports what is wrong with the frames of an analysis.
func checkAnalysis(res backend.DataResponse) error {
	if res.Error != nil {
		return fmt.Errorf("the query failed: %w", res.Error)
	}
	if err := readable(res); err != nil {
		return err
	}
	for name, fields := range columns() {
		f := frameNamed(res.Frames, name)
		if f == nil {
			return fmt.Errorf("there is no frame %q", name)
		}
		for column, kind := range fields {
			field, _ := f.FieldByName(column)
			if field == nil || field.Type() != kind {
				return fmt.Errorf("column %s of %s is %v", column, name, field)
			}
		}
	}
	f := frameNamed(res.Frames, "verdict")
	if f.Rows() == 0 {
		return errors.New("the verdict has no row")
	}
	for row := range f.Rows() {
		if err := checkVerdict(f, row); err != nil {
			return err
		}
	}
	return checkNotices(res.Frames)
}

// readable sends the response over Grafana's wires.
func readable(res backend.DataResponse) error {
	if _, err := json.Marshal(res); err != nil {
		return err
	}
	raw, err := res.Frames.MarshalArrow()
	if err != nil {
		return err
	}
	_, err = data.UnmarshalArrowFrames(raw)
	return err
}

func frameNamed(frames data.Frames, name string) *data.Frame {
	for _, f := range frames {
		if f.Name == name {
			return f
		}
	}
	return nil
}

func at[T any](f *data.Frame, column string, row int) (out T) {
	if field, _ := f.FieldByName(column); field != nil {
		v, _ := field.ConcreteAt(row)
		out, _ = v.(T)
	}
	return out
}

// checkVerdict reports what in a row of the verdict frame is out of range or disagrees.
func checkVerdict(f *data.Frame, row int) error {
	severity, rules, probability := at[float64](f, "severity", row), at[float64](f, "rules_severity", row), at[float64](f, "probability", row)
	word := map[float64]string{-1: "inconclusive", 0: "healthy", 1: "suspicious", 2: "suspicious", 3: "incident"}
	switch got := at[string](f, "verdict", row); {
	case word[severity] == "" || word[severity] != got:
		return fmt.Errorf("severity %v is called %q", severity, got)
	case word[rules] == "":
		return fmt.Errorf("the rules' severity is %v", rules)
	case math.IsNaN(probability) || probability != -1 && (probability < 0 || probability > 1):
		return fmt.Errorf("the probability is %v", probability)
	case at[string](f, "source", row) == "rules" && probability != -1:
		return fmt.Errorf("the rules have a probability of %v", probability)
	case !slices.Contains([]string{"rules", "model"}, at[string](f, "source", row)):
		return fmt.Errorf("the source is %q", at[string](f, "source", row))
	case at[bool](f, "contested", row) && severity != rules:
		return fmt.Errorf("the contested severity is %v and the rules' %v", severity, rules)
	case rules == 3 && severity != 3:
		return fmt.Errorf("a fatal signature is served as %v", severity)
	case severity == 0 && at[string](f, "category", row) != "none":
		return fmt.Errorf("a healthy group has the category %q", at[string](f, "category", row))
	}
	for _, column := range []string{"summary", "root_cause", "next_step", "category", "model"} {
		if err := checkProse(at[string](f, column, row), maxProse); err != nil {
			return fmt.Errorf("%s: %w", column, err)
		}
	}
	return nil
}

// live is what some program that shows a text makes a link, markup or a call of.
var live = regexp.MustCompile("(?i)[a-z]://|\\bwww\\.[a-z]|\\]\\(|[<>`*|]|(?:javascript|data|mailto|tel):[a-z0-9+/]|(?:^|\\W)@[a-z]|^#|~~|__[a-z]|\\bevil\\.(?:com|io|example)|&#?[a-z0-9]+;")

func checkProse(text string, limit int) error {
	if !utf8.ValidString(text) || utf8.RuneCountInString(text) > limit {
		return fmt.Errorf("%.40q… has %d characters", text, utf8.RuneCountInString(text))
	}
	for _, r := range text {
		if unicode.Is(unicode.C, r) || unicode.In(r, unicode.Other_Default_Ignorable_Code_Point) || r == '\u2028' || r == '\u2029' {
			return fmt.Errorf("%q has the character %U", text, r)
		}
	}
	// The domain of examples is no top-level domain, so no program makes it a link.
	if m := live.FindString(strings.ReplaceAll(text, "evil.example", "")); m != "" {
		return fmt.Errorf("%q has %q", text, m)
	}
	return nil
}

// checkNotices looks for what an answer may have put into a notice.
func checkNotices(frames data.Frames) error {
	for _, f := range frames {
		for _, n := range f.Meta.Notices {
			for _, r := range n.Text {
				if unicode.Is(unicode.C, r) {
					return fmt.Errorf("a notice has the character %U: %q", r, n.Text)
				}
			}
			if strings.Contains(n.Text, "://") || strings.Contains(n.Text, "](") || len(n.Text) > 1000 {
				return fmt.Errorf("a notice has a link or is long: %q", n.Text)
			}
		}
	}
	return nil
}

// checkRule reads a frame as Grafana's alerting does and reports what is wrong with it.
func checkRule(res backend.DataResponse, low, high float64) error {
	if res.Error != nil {
		return fmt.Errorf("the rule failed: %w", res.Error)
	}
	if err := readable(res); err != nil {
		return err
	}
	reader, err := numeric.CollectionReaderFromFrames(res.Frames)
	if err != nil {
		return err
	}
	c, err := reader.GetCollection(false)
	if err != nil {
		return err
	}
	if c.Warning != nil || len(c.Refs) == 0 {
		return fmt.Errorf("%d numbers, warning %w", len(c.Refs), c.Warning)
	}
	for _, ref := range c.Refs {
		v, _, err := ref.NullableFloat64Value()
		if err != nil {
			return err
		}
		if v == nil || math.IsNaN(*v) || *v < low || *v > high {
			return fmt.Errorf("a number is %v", v)
		}
		if err := checkProse(ref.GetLabels()["summary"], 200); err != nil {
			return fmt.Errorf("notification: %w", err)
		}
	}
	return checkNotices(res.Frames)
}
