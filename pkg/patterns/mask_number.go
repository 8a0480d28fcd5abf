package patterns

import "bytes"

// number consumes a value that starts with a digit.
func (m *masker) number() {
	b := m.in[m.i:]
	w, some, all := 0, uint8(0), uint8(classHex)
	for w < len(b) && classOf[b[w]]&(classLetter|classDigit) != 0 {
		some |= classOf[b[w]]
		all &= classOf[b[w]]
		w++
	}
	next := byte(0)
	if w < len(b) {
		next = b[w]
	}
	if placeholder, n := composed(b, next); n > 0 {
		m.emit(placeholder, n)
		return
	}
	switch {
	case w == 8 && all != 0 && next == '-' && uuidTail(b[8:]):
		m.emit("<id>", 8+uuidTailLen)
	case some&classLetter == 0:
		m.plainNumber(b)
	case w > 2 && b[0] == '0' && b[1]|0x20 == 'x' && isHex(b[2]):
		n := 2
		for n < w && isHex(b[n]) {
			n++
		}
		m.emit("<hex>", n)
	case all != 0 && w >= 6:
		m.emit("<hex>", w)
	default:
		m.plainNumber(b)
	}
}

// composed recognises the values that are made of several numbers, by what
// follows the first.
func composed(b []byte, next byte) (placeholder string, n int) {
	switch next {
	case '-':
		return "<ts>", max(timestampLen(b), dayMonthYear(b))
	case ' ':
		return "<ts>", dayMonthYear(b)
	case '/':
		if n := timestampLen(b); n > 0 {
			return "<ts>", n
		}
		return "<ts>", accessLogTime(b)
	case ':':
		if n := timestampLen(b); n > 0 {
			return "<ts>", n
		}
		if n := colonHex(b); n > 0 {
			return "<ip>", n
		}
		return "<ts>", minuteSecond(b)
	case '.':
		return "<ip>", ipv4Len(b)
	}
	return "", 0
}

// plainNumber consumes a decimal number with its unit.
func (m *masker) plainNumber(b []byte) {
	n := decimalLen(b)
	if n == 3 && b[0] >= '1' && b[0] <= '5' && statusContext(m.out) && (len(b) == 3 || classOf[b[3]]&classWord == 0) {
		m.out = append(m.out, b[0], 'x', 'x')
		m.i += 3
		return
	}
	u := n
	for u < len(b) && classOf[b[u]]&(classLetter|classDigit) != 0 {
		u++
	}
	if u == n {
		m.spacedUnit(b, n)
		return
	}
	if d := durationLen(b, n); d > 0 {
		m.emit("<dur>", d)
		return
	}
	if sizeUnit(b[n:u]) {
		m.size(u)
		return
	}
	m.emit("<id>", u)
}

// spacedUnit consumes the number b[:n] and, if one follows behind a space, its
// unit.
func (m *masker) spacedUnit(b []byte, n int) {
	if n < len(b) && b[n] >= 0x80 {
		if d := durationLen(b, n); d > 0 { // µs
			m.emit("<dur>", d)
			return
		}
	}
	if n+1 < len(b) && b[n] == ' ' && classOf[b[n+1]]&classLetter != 0 {
		end := n + 2
		for end < len(b) && classOf[b[end]]&classWord != 0 {
			end++
		}
		switch unit := b[n+1 : end]; {
		case end < len(b) && !endsWord(b[end]):
			// the word goes on, or it is a key
		case spacedTimeUnit(unit):
			m.emit("<dur>", end)
			return
		case spacedSizeUnit(unit):
			m.size(end)
			return
		}
	}
	m.emit("<num>", n)
}

// endsWord reports whether a unit may stand in front of c.
func endsWord(c byte) bool {
	switch c {
	case '-', '=', '/', '\\', '@', '#', '$', '%', '&', '*', '+', '<', '(', '{':
		return false
	}
	return true
}

// size consumes a size of n bytes and the same size in another unit behind it, as
// in "1301 bytes (1.27 KB)".
func (m *masker) size(n int) {
	m.emit("<size>", n)
	b := m.in[m.i:]
	if len(b) < 5 || b[0] != ' ' || b[1] != '(' || !isDigit(b[2]) {
		return
	}
	u := 2 + decimalLen(b[2:])
	if u < len(b) && b[u] == ' ' {
		u++
	}
	end := u
	for end < len(b) && isLetter(b[end]) {
		end++
	}
	if end < len(b) && b[end] == ')' && sizeUnit(b[u:end]) {
		m.i += end + 1
	}
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

// spacedTimeUnit is stricter than timeUnit: a letter behind a space can be a word.
func spacedTimeUnit(u []byte) bool {
	switch string(u) {
	case "ns", "us", "ms", "s", "sec", "secs", "second", "seconds", "msec", "msecs", "millis", "milliseconds", "microseconds", "nanoseconds",
		"min", "mins", "minute", "minutes", "hour", "hours", "hrs", "day", "days":
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

func spacedSizeUnit(u []byte) bool {
	switch string(u) {
	case "B", "byte", "bytes", "Bytes", "KB", "kB", "Kb", "kb", "KiB", "MB", "MiB", "GB", "GiB", "TB", "TiB":
		return true
	}
	return false
}

// statusContext reports whether what was written before a number says that the
// number is an HTTP status code.
func statusContext(out []byte) bool {
	if len(out) < 5 {
		return false
	}
	switch out[len(out)-1] {
	case '=', ':', ' ':
	default:
		return false
	}
	for _, p := range [...]string{"status=", "status_code=", "status:", "status: ", "status ", "statusCode=", "code=", "code: ", "code ", "HTTP/<num>\" ", "HTTP/<num> "} {
		if bytes.HasSuffix(out, []byte(p)) {
			return true
		}
	}
	return false
}
