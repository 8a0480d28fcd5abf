package corpus

import (
	"math/rand/v2"
	"strconv"
	"time"
)

// A kind of value in a line.
type kind int

const (
	number kind = iota
	duration
	size
	address
	addressPort
	uuid
	hexadecimal
	path
	quoted
	user
	timestamp
	status
	kinds // how many there are
)

// leads are the words before a kind's value in prose, and keys its name in a list of fields.
func leads() [kinds]string {
	return [kinds]string{
		"after attempt", "in", "of", "from", "at", "for request", "with digest", "under", "named", "by user", "since", "with status",
	}
}

func keys() [kinds]string {
	return [kinds]string{
		"attempt", "took", "size", "peer", "addr", "request_id", "digest", "path", "name", "user", "since", "status",
	}
}

// values makes the values of one line. unique is different for each line, and so are the UUIDs and
// hexadecimal numbers made of it.
type values struct {
	r        *rand.Rand
	segments []string
	titles   []string
	unique   uint64
	now      time.Time
}

func (v *values) append(b []byte, k kind) []byte {
	switch k {
	case duration:
		return v.duration(b)
	case size:
		b = strconv.AppendFloat(b, float64(1+v.r.IntN(20_000))/10, 'f', -1, 64)
		return append(b, []string{"B", "KiB", "MiB", "GiB"}[v.r.IntN(4)]...)
	case address, addressPort:
		b = v.address(b)
		if k == addressPort {
			b = append(b, ':')
			b = strconv.AppendInt(b, int64(1024+v.r.IntN(60_000)), 10)
		}
		return b
	case uuid:
		return v.uuid(b)
	case hexadecimal:
		return appendHex(b, v.unique, 16)
	case path:
		return v.path(b)
	case quoted:
		b = append(b, '"')
		b = v.title(b)
		return append(b, '"')
	case user:
		return v.user(b)
	case timestamp:
		return v.now.Add(-time.Duration(v.r.IntN(7200))*time.Second).AppendFormat(b, time.RFC3339)
	case status:
		return strconv.AppendInt(b, int64([]int{200, 200, 200, 201, 204, 301, 304, 400, 401, 403, 404, 409, 429, 500, 502, 503}[v.r.IntN(16)]), 10)
	default:
		return strconv.AppendInt(b, int64(1+v.r.IntN([]int{9, 90, 900, 90_000}[v.r.IntN(4)])), 10)
	}
}

func (v *values) duration(b []byte) []byte {
	switch v.r.IntN(3) {
	case 0:
		b = strconv.AppendInt(b, int64(1+v.r.IntN(999)), 10)
		return append(b, "ms"...)
	case 1:
		b = strconv.AppendFloat(b, float64(1+v.r.IntN(90_000))/1000, 'f', -1, 64)
		return append(b, 's')
	}
	b = strconv.AppendFloat(b, float64(1+v.r.IntN(900_000))/1000, 'f', -1, 64)
	return append(b, "ms"...)
}

func (v *values) address(b []byte) []byte {
	b = append(b, "10."...)
	for i := range 3 {
		if i > 0 {
			b = append(b, '.')
		}
		b = strconv.AppendInt(b, int64(v.r.IntN(256)), 10)
	}
	return b
}

func (v *values) uuid(b []byte) []byte {
	high, low := v.r.Uint64(), v.unique
	b = appendHex(b, high, 8)
	b = append(b, '-')
	b = appendHex(b, high>>32, 4)
	b = append(b, "-4"...)
	b = appendHex(b, high>>48, 3)
	b = append(b, '-')
	b = appendHex(b, low>>48, 4)
	b = append(b, '-')
	return appendHex(b, low, 12)
}

// appendHex appends the low digits hexadecimal digits of n.
func appendHex(b []byte, n uint64, digits int) []byte {
	for i := digits - 1; i >= 0; i-- {
		b = append(b, "0123456789abcdef"[n>>(4*i)&15])
	}
	return b
}

func (v *values) path(b []byte) []byte {
	for range 2 + v.r.IntN(3) {
		b = append(b, '/')
		b = append(b, v.segments[v.r.IntN(len(v.segments))]...)
	}
	b = append(b, '/')
	return strconv.AppendInt(b, int64(v.r.IntN(1_000_000)), 10)
}

func (v *values) title(b []byte) []byte {
	for i := range 1 + v.r.IntN(3) {
		if i > 0 {
			b = append(b, ' ')
		}
		b = append(b, v.titles[v.r.IntN(len(v.titles))]...)
	}
	return b
}

// user appends one of about 1,600 names of letters only.
func (v *values) user(b []byte) []byte {
	const first, second = "bdfghjklmnprstvz", "aeiou"
	for range 2 {
		b = append(b, first[v.r.IntN(len(first))], second[v.r.IntN(len(second))])
	}
	return append(b, "nrst"[v.r.IntN(4)])
}
