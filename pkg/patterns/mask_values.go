package patterns

// uuidTailLen is the length of a UUID behind its first eight digits.
const uuidTailLen = 28

// uuidTail reports whether b starts with the "-4-4-4-12" part of a UUID.
func uuidTail(b []byte) bool {
	if len(b) < uuidTailLen || b[0] != '-' {
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
	return n + zoneLen(b[n:])
}

// zoneLen returns the length of a time zone behind a space.
func zoneLen(b []byte) int {
	if len(b) < 4 || b[0] != ' ' {
		return 0
	}
	if z := string(b[1:4]); (z == "UTC" || z == "GMT") && (len(b) == 4 || classOf[b[4]]&classWord == 0) {
		return 4
	}
	if (b[1] == '+' || b[1] == '-') && len(b) >= 6 && allDigits(b[2:4]) {
		if b[4] == ':' && len(b) >= 7 && allDigits(b[5:7]) {
			return 7
		}
		if allDigits(b[4:6]) {
			return 6
		}
	}
	return 0
}

// dayMonthYear matches 02-Jan-2024 and 02 Jan 2024 with a time of day behind it or not.
func dayMonthYear(b []byte) int {
	if len(b) < 11 || (b[2] != '-' && b[2] != ' ') || b[6] != b[2] || !allDigits(b[:2]) || !isMonth(b[3:6]) || !allDigits(b[7:11]) {
		return 0
	}
	n := 11
	if n+1 < len(b) && (b[n] == ' ' || b[n] == ':') {
		if c := clockLen(b[n+1:]); c > 0 {
			n += 1 + c
		}
	}
	return n + zoneLen(b[n:])
}

func isMonth(b []byte) bool {
	switch string(b) {
	case "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec":
		return true
	}
	return false
}

func dateLen(b []byte) int {
	if len(b) < 10 || (b[4] != '-' && b[4] != '/') || b[7] != b[4] || !allDigits(b[:4]) || !allDigits(b[5:7]) || !allDigits(b[8:10]) {
		return 0
	}
	if len(b) > 10 && isDigit(b[10]) {
		return 0
	}
	return 10
}

// clockLen matches hh:mm:ss with an optional fraction and zone.
func clockLen(b []byte) int {
	if len(b) < 8 || b[2] != ':' || b[5] != ':' || !allDigits(b[:2]) || !allDigits(b[3:5]) || !allDigits(b[6:8]) {
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

// minuteSecond matches mm:ss that stands alone.
func minuteSecond(b []byte) int {
	if len(b) < 5 || b[2] != ':' || !allDigits(b[:2]) || !allDigits(b[3:5]) {
		return 0
	}
	if len(b) > 5 && (b[5] == ':' || classOf[b[5]]&classWord != 0) {
		return 0
	}
	return 5
}

// accessLogTime matches the time of the common log format, as in
// 10/Oct/2000:13:55:36 -0700.
func accessLogTime(b []byte) int {
	if len(b) < 20 || b[2] != '/' || b[6] != '/' || b[11] != ':' || !allDigits(b[:2]) || !allDigits(b[7:11]) {
		return 0
	}
	c := clockLen(b[12:])
	if c == 0 {
		return 0
	}
	n := 12 + c
	if n+6 <= len(b) && b[n] == ' ' && (b[n+1] == '+' || b[n+1] == '-') && allDigits(b[n+2:n+6]) {
		n += 6
	}
	return n
}

// monthTime returns the end of the date that starts at in[i] as in syslog and
// ctime, "Jul 23 10:12:11" with a year behind it or not, or 0.
func monthTime(in []byte, i int) int {
	if !isMonth(in[i : i+3]) {
		return 0
	}
	j := i + 3
	for j < len(in) && in[j] == ' ' {
		j++
	}
	day := j
	for j < len(in) && isDigit(in[j]) {
		j++
	}
	if j == day || j-day > 2 || j >= len(in) || in[j] != ' ' {
		return 0
	}
	c := clockLen(in[j+1:])
	if c == 0 {
		return 0
	}
	j += 1 + c
	if j+5 <= len(in) && in[j] == ' ' && (in[j+1] == '1' || in[j+1] == '2') && allDigits(in[j+1:j+5]) && (j+5 == len(in) || !isDigit(in[j+5])) {
		j += 5
	}
	return j
}

func allDigits(b []byte) bool {
	for _, c := range b {
		if !isDigit(c) {
			return false
		}
	}
	return true
}
