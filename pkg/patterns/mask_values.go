package patterns

import "bytes"

// uuidTailLen is the length of a UUID behind its first eight digits.
const uuidTailLen = 28

// uuidTail reports whether b starts with the "-4-4-4-12" part of a UUID.
func uuidTail(b []byte) bool {
	if len(b) < uuidTailLen {
		return false
	}
	for k := range uuidTailLen {
		if k == 0 || k == 5 || k == 10 || k == 15 {
			if b[k] != '-' {
				return false
			}
		} else if !isHex(b[k]) {
			return false
		}
	}
	return true
}

func allHex(b []byte) bool {
	for _, c := range b {
		if !isHex(c) {
			return false
		}
	}
	return true
}

// ipv4Len returns the length of the dotted IPv4 address at the start of b, or 0.
func ipv4Len(b []byte) int {
	i := 0
	for part := range 4 {
		d := 0
		for i < len(b) && d < 3 && isDigit(b[i]) {
			i++
			d++
		}
		if d == 0 {
			return 0
		}
		if part < 3 {
			if i >= len(b) || b[i] != '.' {
				return 0
			}
			i++
		}
	}
	if i < len(b) && (isDigit(b[i]) || isLetter(b[i])) {
		return 0
	}
	return i
}

// colonHex returns the length of the IPv6 or MAC address at the start of b, or
// 0: at least three colons between groups of up to four hexadecimal digits, or
// two with "::" among them. A clock time has two colons and is none of these.
func colonHex(b []byte) int {
	colons, double, group, i := 0, false, 0, 0
	for i < len(b) && i < 45 {
		switch {
		case isHex(b[i]):
			group++
			if group > 4 {
				return 0
			}
		case b[i] == ':':
			if group == 0 {
				if i == 0 || b[i-1] != ':' {
					return 0
				}
				double = true
			}
			colons++
			group = 0
		default:
			if isLetter(b[i]) {
				return 0
			}
			return addressLen(b, i, colons, double)
		}
		i++
	}
	return addressLen(b, i, colons, double)
}

func addressLen(b []byte, end, colons int, double bool) int {
	for end > 0 && b[end-1] == ':' && (end < 2 || b[end-2] != ':') {
		end-- // the colon that ends a clause, not a group
		colons--
	}
	if colons >= 3 || (double && colons >= 2) {
		return end
	}
	return 0
}

// timestampLen returns the length of the date, the time of day or both at the
// start of b, or 0. It knows ISO 8601 and its variants with '/', ' ' and ','.
func timestampLen(b []byte) int {
	n := dateLen(b)
	if n == 0 {
		return clockLen(b)
	}
	if n+1 < len(b) && (b[n] == 'T' || b[n] == ' ' || b[n] == '_') {
		if c := clockLen(b[n+1:]); c > 0 {
			n += 1 + c
		}
	}
	return n
}

func dateLen(b []byte) int {
	if len(b) < 10 || !allDigits(b[:4]) || (b[4] != '-' && b[4] != '/') || !allDigits(b[5:7]) || b[7] != b[4] || !allDigits(b[8:10]) {
		return 0
	}
	if len(b) > 10 && isDigit(b[10]) {
		return 0
	}
	return 10
}

// clockLen matches hh:mm:ss with an optional fraction and zone.
func clockLen(b []byte) int {
	if len(b) < 8 || !allDigits(b[:2]) || b[2] != ':' || !allDigits(b[3:5]) || b[5] != ':' || !allDigits(b[6:8]) {
		return 0
	}
	n := 8
	if n+1 < len(b) && (b[n] == '.' || b[n] == ',') && isDigit(b[n+1]) {
		for n++; n < len(b) && isDigit(b[n]); n++ {
		}
	}
	if n < len(b) && b[n] == 'Z' {
		return n + 1
	}
	if n+2 < len(b) && (b[n] == '+' || b[n] == '-') && allDigits(b[n+1:n+3]) {
		n += 3
		if n < len(b) && b[n] == ':' {
			n++
		}
		for k := 0; k < 2 && n < len(b) && isDigit(b[n]); k++ {
			n++
		}
		return n
	}
	if n < len(b) && (isDigit(b[n]) || b[n] == ':') {
		return 0
	}
	return n
}

func allDigits(b []byte) bool {
	for _, c := range b {
		if !isDigit(c) {
			return false
		}
	}
	return true
}

// decimalLen returns the length of the decimal number at the start of b, with
// its fraction and groups of thousands.
func decimalLen(b []byte) int {
	n := 0
	for n < len(b) {
		switch {
		case isDigit(b[n]):
			n++
		case (b[n] == '.' || b[n] == ',') && n+1 < len(b) && isDigit(b[n+1]):
			n++
		default:
			return n
		}
	}
	return n
}

// durationLen returns the length of the Go or SI duration whose first number is
// b[:n], or 0.
func durationLen(b []byte, n int) int {
	end := 0
	for {
		u := n
		for u < len(b) && (isLetter(b[u]) || b[u] >= 0x80) {
			u++
		}
		if !timeUnit(b[n:u]) {
			return end
		}
		end = u
		d := decimalLen(b[u:])
		if d == 0 {
			return end
		}
		n = u + d
	}
}

func timeUnit(u []byte) bool {
	switch string(u) {
	case "ns", "us", "µs", "μs", "ms", "s", "sec", "secs", "m", "min", "h", "d":
		return true
	}
	return false
}

func sizeUnit(u []byte) bool {
	switch string(u) {
	case "B", "b", "k", "K", "kb", "kB", "KB", "Kb", "KiB", "Ki", "M", "MB", "Mb", "MiB", "Mi", "G", "GB", "Gb", "GiB", "Gi", "T", "TB", "TiB", "Ti":
		return true
	}
	return false
}

// statusContext reports whether what was written before a number says that the
// number is an HTTP status code.
func statusContext(out []byte) bool {
	for _, p := range [...]string{"status=", "status_code=", "status:", "status: ", "status ", "statusCode=", "code=", "code: ", "code ", "HTTP/<num>\" ", "HTTP/<num> "} {
		if bytes.HasSuffix(out, []byte(p)) {
			return true
		}
	}
	return false
}
