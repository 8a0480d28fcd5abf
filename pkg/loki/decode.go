package loki

import (
	"fmt"
	"io"
	"math"
	"time"
)

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
func (s *scanner) reply(wantType string, result func() error) error {
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
				return s.array(func(int) error { return result() })
			}
			return s.skip(0)
		})
	})
	if err == nil && !seen {
		err = fmt.Errorf("%w: there is no result", errSyntax)
	}
	return err
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

// samples reads the reply of a metric query. It calls series for each series, and
// sample for each of its samples that is finite, with its time in milliseconds.
func samples(r io.Reader, limit int64, resultType string, series func(labels map[string]string) error, sample func(ms int64, value float64) error) error {
	s := newScanner(r, limit)
	point := func() error {
		var at, value float64
		n := 0
		err := s.array(func(i int) (err error) {
			n = i + 1
			if i == 0 {
				at, err = s.number()
			} else {
				value, err = s.number()
			}
			return err
		})
		if err == nil && n != 2 {
			err = fmt.Errorf("%w: a sample of %d numbers", errSyntax, n)
		}
		if err != nil || math.IsNaN(value) || math.IsInf(value, 0) {
			return err
		}
		return sample(int64(math.Round(at*1000)), value)
	}
	return s.reply(resultType, func() error {
		return s.object(func(key []byte) error {
			switch string(key) {
			case "metric":
				labels, err := s.labels()
				if err != nil {
					return err
				}
				return series(labels)
			case "value":
				return point()
			case "values":
				return s.array(func(int) error { return point() })
			}
			return s.skip(0)
		})
	})
}

// decodeMatrix returns the series of a metric range reply.
func decodeMatrix(r io.Reader, limit int64, maxSeries int) ([]Series, error) {
	var out []Series
	err := samples(r, limit, "matrix", func(labels map[string]string) error {
		if len(out) >= maxSeries {
			return &Error{Kind: ErrTooLarge, Detail: fmt.Sprintf("more than %d series; aggregate with sum by (…) or topk", maxSeries)}
		}
		out = append(out, Series{Labels: labels})
		return nil
	}, func(ms int64, value float64) error {
		if len(out) == 0 {
			return fmt.Errorf("%w: samples before their series", errSyntax)
		}
		series := &out[len(out)-1]
		series.Points = append(series.Points, Point{Time: time.UnixMilli(ms), Value: value})
		return nil
	})
	return out, err
}
