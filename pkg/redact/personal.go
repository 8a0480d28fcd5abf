package redact

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	stdbase32 "encoding/base32"
	"net/netip"
)

// A pseudonym has pseudonymLen letters of pseudonymSet: of a thousand addresses two
// share one with a chance of 1 in 2,000.
const (
	pseudonymLen = 6
	pseudonymSet = "abcdefghijklmnopqrstuvwxyz234567"
)

// pseudonym returns the placeholder of an address in its canonical form.
func (s *scanner) pseudonym(kind string, canonical []byte) string {
	if len(s.key) == 0 {
		return kind
	}
	h := hmac.New(sha256.New, s.key)
	h.Write([]byte(kind + "\x00"))
	h.Write(canonical)
	sum := stdbase32.NewEncoding(pseudonymSet).WithPadding(stdbase32.NoPadding).EncodeToString(h.Sum(nil)[:5])
	return kind + "-" + sum[:pseudonymLen]
}

// personal masks addresses, card numbers and account numbers.
func (r *Redactor) personal(text []byte) ([]byte, bool) {
	s := scanner{rules: r.rules, text: text, key: r.key}
	for i := 0; i < len(text); {
		c := text[i]
		if !alnum.holds(c) && c != ':' {
			i++
			continue
		}
		if boundary(text, i) {
			s.number(i)
		}
		if s.done > i {
			i = s.done
			continue
		}
		// Nothing starts within a word, unless an escape ends there.
		for i++; c != ':' && i < len(text) && alnum.holds(text[i]) && !escaped(text, i); i++ {
		}
	}
	return s.finish()
}

// number masks the address, the card or the account whose number starts at i.
func (s *scanner) number(i int) {
	text := s.text
	if digits.holds(text[i]) {
		if a, n := ipv4(text, i); n > 0 {
			s.mask(span{i, i + n}, s.pseudonym(kindIP, a.AsSlice()))
			return
		}
		if n := card(text, i); n > 0 {
			s.mask(span{i, i + n}, kindCard)
			return
		}
	}
	if hexadecimal.holds(text[i]) || text[i] == ':' {
		if a, n := ipv6(text, i); n > 0 {
			s.mask(span{i, i + n}, s.pseudonym(kindIP, a.AsSlice()))
			return
		}
		if hw, n := mac(text, i); n > 0 {
			s.mask(span{i, i + n}, s.pseudonym(kindMAC, bytes.Clone(hw[:])))
			return
		}
	}
	if a, n := dashed(text, i); n > 0 {
		s.mask(span{i + 3, i + n}, s.pseudonym(kindIP, a.AsSlice()))
		return
	}
	if n := iban(text, i); n > 0 {
		s.mask(span{i, i + n}, kindIBAN)
	}
}

// ipv4 returns the dotted IPv4 address at i and its length. A longer sequence of
// numbers, such as an object identifier, is none.
func ipv4(text []byte, i int) (netip.Addr, int) {
	a, n := quad(text, i, '.')
	end := i + n
	switch {
	case n == 0, i > 0 && text[i-1] == '.' && i > 1 && digits.holds(text[i-2]):
		return a, 0
	case end < len(text) && (alnum.holds(text[end]) || text[end] == '.' && end+1 < len(text) && digits.holds(text[end+1])):
		return a, 0
	}
	return a, n
}

// dashed returns the address in a host's name such as ip-10-0-0-1.
func dashed(text []byte, i int) (netip.Addr, int) {
	if !hasFold(text[i:], "ip-") {
		return netip.Addr{}, 0
	}
	a, n := quad(text, i+3, '-')
	if n == 0 || i+3+n < len(text) && alnum.holds(text[i+3+n]) {
		return a, 0
	}
	return a, n + 3
}

// quad reads four numbers below 256 with a separator between.
func quad(text []byte, i int, separator byte) (netip.Addr, int) {
	var parts [4]byte
	from := i
	for k := range parts {
		if k > 0 {
			if i >= len(text) || text[i] != separator {
				return netip.Addr{}, 0
			}
			i++
		}
		v, n := 0, 0
		for i < len(text) && n < 3 && digits.holds(text[i]) {
			v, n, i = v*10+int(text[i]-'0'), n+1, i+1
		}
		if n == 0 || v > 255 {
			return netip.Addr{}, 0
		}
		parts[k] = byte(v)
	}
	return netip.AddrFrom4(parts), i - from
}

// ipv6 returns the IPv6 address at i and its length.
func ipv6(text []byte, i int) (netip.Addr, int) {
	if i > 0 && text[i-1] == ':' {
		return netip.Addr{}, 0
	}
	end, colons, double, digit := i, 0, false, false
	for end < len(text) && end < i+46 && (hexadecimal.holds(text[end]) || text[end] == ':' || text[end] == '.') {
		if text[end] == ':' {
			colons++
			double = double || end > i && text[end-1] == ':'
		}
		digit = digit || digits.holds(text[end])
		end++
	}
	if colons < 7 && !double || !digit || end < len(text) && alnum.holds(text[end]) {
		return netip.Addr{}, 0
	}
	for end > i && (text[end-1] == '.' || text[end-1] == ':' && text[end-2] != ':') {
		end--
	}
	a, err := netip.ParseAddr(string(text[i:end]))
	if err != nil {
		return a, 0
	}
	return a.Unmap(), end - i
}

// mac returns the hardware address at i and its length: six pairs of hexadecimal
// digits with colons or dashes, or three groups of four with dots.
func mac(text []byte, i int) (hw [6]byte, n int) {
	size := 2
	if i+4 < len(text) && text[i+4] == '.' {
		size = 4
	}
	k, end := 0, i
	var separator byte
	for group := 0; ; group++ {
		if end+size > len(text) || hexadecimal.end(text[:end+size], end) != end+size {
			return hw, 0
		}
		for range size {
			hw[k/2] = hw[k/2]<<4 | nibble(text[end])
			k, end = k+1, end+1
		}
		if k == 12 {
			break
		}
		if end == len(text) || group > 0 && text[end] != separator || text[end] != ':' && text[end] != '-' && text[end] != '.' || (text[end] == '.') != (size == 4) {
			return hw, 0
		}
		separator = text[end]
		end++
	}
	if end < len(text) && (alnum.holds(text[end]) || text[end] == separator && end+1 < len(text) && hexadecimal.holds(text[end+1])) {
		return hw, 0 // a fingerprint
	}
	if i > 1 && text[i-1] == separator && hexadecimal.holds(text[i-2]) || separator == '-' && (digits|hyphen).end(text[:end], i) == end {
		return hw, 0
	}
	return hw, end - i
}

func nibble(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return lower(c) - 'a' + 10
}

// card returns the length of the payment card number at i, or 0: a number as the
// networks give them out, in groups or without, whose check digit is right.
func card(text []byte, i int) int {
	var number [20]byte
	n, end := 0, i
	for k := i; k < len(text) && n < len(number); k++ {
		c := text[k]
		if digits.holds(c) {
			number[n] = c - '0'
			n++
			end = k + 1
			continue
		}
		if c != ' ' && c != '-' || n == 0 || n%4 != 0 && n != 10 || k+1 == len(text) || !digits.holds(text[k+1]) {
			break
		}
	}
	if end < len(text) && alnum.holds(text[end]) || i > 0 && (text[i-1] == '.' || text[i-1] == '-' || text[i-1] == '_') || !issued(number[:n]) {
		return 0
	}
	sum := 0
	for k := range n {
		d := int(number[n-1-k])
		if k%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	if sum%10 != 0 {
		return 0
	}
	return end - i
}

// issued reports whether a number has the length and the first digits of a network.
func issued(number []byte) bool {
	if len(number) < 14 {
		return false
	}
	head := int(number[0])*1000 + int(number[1])*100 + int(number[2])*10 + int(number[3])
	switch len(number) {
	case 14:
		return head/100 == 36 || head/100 == 38 || head/10 >= 300 && head/10 <= 305
	case 15:
		return head/100 == 34 || head/100 == 37
	case 16:
		return head/1000 == 4 || head/100 >= 51 && head/100 <= 55 || head >= 2221 && head <= 2720 || head == 6011 || head/100 == 65 ||
			head/10 >= 644 && head/10 <= 649 || head >= 3528 && head <= 3589 || head/100 == 62
	}
	return false
}

// iban returns the length of the international bank account number at i, or 0. Its
// groups may be separated by blanks; its check digits are right.
func iban(text []byte, i int) int {
	if i+4 > len(text) || uppers.end(text[:i+2], i) != i+2 || digits.end(text[:i+4], i+2) != i+4 {
		return 0
	}
	var number [34]byte
	n, end := 0, i
	for k := i; k < len(text); k++ {
		c := text[k]
		if c == ' ' && n%4 == 0 && n > 0 && k+1 < len(text) && (digits | uppers).holds(text[k+1]) {
			continue
		}
		if !(digits | uppers).holds(c) || n == len(number) {
			break
		}
		number[n] = c
		n++
		if n >= 15 && mod97(number[:n]) == 1 && (k+1 == len(text) || !alnum.holds(text[k+1])) {
			end = k + 1
		}
	}
	return end - i
}

// mod97 returns the check of an account number: 1 where it is right.
func mod97(number []byte) int {
	m := 0
	for k := range number {
		c := number[(k+4)%len(number)]
		if digits.holds(c) {
			m = (m*10 + int(c-'0')) % 97
		} else {
			m = (m*100 + int(c-'A') + 10) % 97
		}
	}
	return m
}
