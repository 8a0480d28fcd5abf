package loki

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An Entry is one log line. Line is only valid during the call that it is passed
// to; Stream is kept by the reader and must not be changed.
type Entry struct {
	Time   int64 // Unix nanoseconds
	Stream *Stream
	Line   []byte
	// Level is Loki's detected_level, empty where it sent none.
	Level string
	// Labels are those of the wanted labels that are not the stream's but come from
	// structured metadata or a parser stage; nil where there are none.
	Labels map[string]string
}

// A Stream is a log stream: the labels without structured metadata and parsed
// labels, so that the lines of one stream meet again.
type Stream struct {
	Labels map[string]string
	// Key is the canonical rendering of the labels, ordered by name.
	Key string
	// ID numbers the streams of one read from 0 in the order of their first entry.
	ID int
}

// streamSet gives streams their numbers.
type streamSet map[string]*Stream

func (s streamSet) get(labels map[string]string) *Stream {
	key := renderLabels(labels)
	st, ok := s[key]
	if !ok {
		st = &Stream{Labels: labels, Key: key, ID: len(s)}
		s[key] = st
	}
	return st
}

func renderLabels(labels map[string]string) string {
	names := make([]string, 0, len(labels))
	for n := range labels {
		names = append(names, n)
	}
	slices.Sort(names)
	var b strings.Builder
	b.WriteByte('{')
	for i, n := range names {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(n)
		b.WriteByte('=')
		b.WriteString(strconv.Quote(labels[n]))
	}
	b.WriteByte('}')
	return b.String()
}

// A Series is one series of a metric query.
type Series struct {
	Labels map[string]string
	Points []Point
}

// A Point is one sample. Value is finite: Loki's NaN and infinite samples, which a
// division by zero gives, are left out.
type Point struct {
	Time  time.Time
	Value float64
}

// reply reads the envelope {"status":…,"data":{"resultType":…,"result":[…]}}
// and calls result, which must consume one element, for each element of result.
func reply(r io.Reader, limit int64, wantType string, result func(s *scanner) error) error {
	s := newScanner(r, limit)
	seen := false
	err := s.object(func(key []byte) error {
		if string(key) != "data" {
			return s.skip(0)
		}
		return s.object(func(key []byte) error {
			switch string(key) {
			case "resultType":
				t, err := s.str()
				if err == nil && string(t) != wantType {
					err = fmt.Errorf("%w: result type %q instead of %q", errSyntax, t, wantType)
				}
				return err
			case "result":
				seen = true
				return s.array(func(int) error { return result(s) })
			}
			return s.skip(0)
		})
	})
	if err == nil && !seen {
		err = fmt.Errorf("%w: there is no result", errSyntax)
	}
	return err
}

// decodeStreams passes each entry of a log reply to entry, stream by stream. wanted
// are the labels to keep of structured metadata and parsed labels.
func decodeStreams(r io.Reader, limit int64, streams streamSet, wanted []string, entry func(Entry)) error {
	var line []byte
	return reply(r, limit, "streams", func(s *scanner) error {
		var stream *Stream
		return s.object(func(key []byte) error {
			switch string(key) {
			case "stream":
				labels, err := s.labels()
				if err != nil {
					return err
				}
				// A server that does not know categorize-labels mixes it in here.
				if !slices.Contains(wanted, levelLabel) {
					delete(labels, levelLabel)
				}
				stream = streams.get(labels)
				return nil
			case "values":
				if stream == nil {
					return fmt.Errorf("%w: values before their stream", errSyntax)
				}
				return s.array(func(int) error {
					e := Entry{Stream: stream}
					if err := s.entry(&e, &line, wanted); err != nil {
						return err
					}
					entry(e)
					return nil
				})
			}
			return s.skip(0)
		})
	})
}

// entry reads ["<ns>","<line>",{"structuredMetadata":{…},"parsed":{…}}]. line is
// the buffer that holds the line while the rest is read.
func (s *scanner) entry(e *Entry, line *[]byte, wanted []string) error {
	n := 0
	err := s.array(func(i int) error {
		n = i + 1
		switch i {
		case 0:
			text, err := s.str()
			if err != nil {
				return err
			}
			e.Time, err = strconv.ParseInt(string(text), 10, 64)
			if err != nil {
				return fmt.Errorf("%w: timestamp %q", errSyntax, text)
			}
			return nil
		case 1:
			text, err := s.str()
			if err != nil {
				return err
			}
			*line = append((*line)[:0], text...)
			e.Line = *line
			return nil
		case 2:
			return s.object(func([]byte) error {
				return s.object(func(key []byte) error { return s.extra(e, key, wanted) })
			})
		}
		return s.skip(0)
	})
	if err == nil && n < 2 {
		err = fmt.Errorf("%w: an entry without a line", errSyntax)
	}
	return err
}

// levelLabel is the name under which Loki attaches the level that it detected.
const levelLabel = "detected_level"

// extra reads one pair of structured metadata or parsed labels.
func (s *scanner) extra(e *Entry, key []byte, wanted []string) error {
	at := slices.IndexFunc(wanted, func(name string) bool { return name == string(key) })
	isLevel := string(key) == levelLabel
	if at < 0 && !isLevel {
		return s.skip(0)
	}
	v, err := s.str()
	if isLevel {
		e.Level = internLevel(v)
	}
	if at >= 0 {
		if e.Labels == nil {
			e.Labels = map[string]string{}
		}
		e.Labels[wanted[at]] = string(v)
	}
	return err
}

// internLevel avoids an allocation per line for the levels that Loki detects.
func internLevel(v []byte) string {
	switch string(v) {
	case "info":
		return "info"
	case "error":
		return "error"
	case "warn":
		return "warn"
	case "debug":
		return "debug"
	case "unknown":
		return ""
	}
	return string(v)
}

func (s *scanner) labels() (map[string]string, error) {
	labels := map[string]string{}
	err := s.object(func(key []byte) error {
		name := string(key)
		v, err := s.str()
		labels[name] = string(v)
		return err
	})
	return labels, err
}

// decodeMatrix returns the series of a metric range reply.
func decodeMatrix(r io.Reader, limit int64, maxSeries int) ([]Series, error) {
	var out []Series
	err := reply(r, limit, "matrix", func(s *scanner) error {
		if len(out) >= maxSeries {
			return &Error{Kind: ErrTooLarge, Detail: fmt.Sprintf("more than %d series; aggregate with sum by (…) or topk", maxSeries)}
		}
		var series Series
		err := s.object(func(key []byte) (err error) {
			switch string(key) {
			case "metric":
				series.Labels, err = s.labels()
				return err
			case "values":
				return s.array(func(int) error {
					p, err := s.point()
					if err == nil && !math.IsNaN(p.Value) && !math.IsInf(p.Value, 0) {
						series.Points = append(series.Points, p)
					}
					return err
				})
			}
			return s.skip(0)
		})
		out = append(out, series)
		return err
	})
	return out, err
}

func (s *scanner) point() (p Point, err error) {
	err = s.array(func(i int) error {
		f, err := s.number()
		if err != nil {
			return err
		}
		if i == 0 {
			p.Time = time.UnixMilli(int64(math.Round(f * 1000)))
		} else {
			p.Value = f
		}
		return nil
	})
	return p, err
}

// A Total is the exact number of lines of one group.
type Total struct {
	Labels map[string]string
	Lines  int64
}

// decodeVector returns the totals of an instant count.
func decodeVector(r io.Reader, limit int64) ([]Total, error) {
	var out []Total
	err := reply(r, limit, "vector", func(s *scanner) error {
		var t Total
		err := s.object(func(key []byte) (err error) {
			switch string(key) {
			case "metric":
				t.Labels, err = s.labels()
				return err
			case "value":
				p, err := s.point()
				t.Lines = int64(p.Value)
				return err
			}
			return s.skip(0)
		})
		out = append(out, t)
		return err
	})
	return out, err
}
