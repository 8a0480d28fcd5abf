package redact

import (
	"bytes"
	"strings"
)

// masked reports whether a value is masked already: it starts with a placeholder of
// this package, or holds nothing but placeholders, by whomever, and punctuation.
func masked(v []byte) bool {
	if len(v) == 0 || v[0] != '<' && bytes.IndexByte(v, '<') < 0 {
		return false
	}
	if placeholderLen(v) > 0 {
		return true
	}
	for len(v) > 0 {
		if v[0] == '<' {
			k := bytes.IndexByte(v[:min(len(v), 32)], '>')
			if k < 0 || !nameOnly(v[1:k]) && placeholderLen(v) == 0 {
				return false
			}
			v = v[k+1:]
			continue
		}
		if alnum.holds(v[0]) || v[0] >= 0x80 {
			return false
		}
		v = v[1:]
	}
	return true
}

// placeholderLen returns the length of this package's placeholder at the start of
// v, or 0.
func placeholderLen(v []byte) int {
	if len(v) == 0 || v[0] != '<' {
		return 0
	}
	k := bytes.IndexByte(v[:min(len(v), 32)], '>')
	if k < 0 || !IsPlaceholder(string(v[1:k])) {
		return 0
	}
	return k + 1
}

// nameOnly reports whether what stands in angle brackets names something instead of
// being it, such as <num>, <*> or <your-password>.
func nameOnly(v []byte) bool {
	for _, c := range v {
		if !letters.holds(c) && c != '-' && c != '_' && c != '*' && c != ' ' {
			return false
		}
	}
	return true
}

// spared reports whether a value is no secret by its form, whatever its name: a
// word for nothing, a reference to a variable or a file, or a mask of someone else.
func spared(v []byte) bool {
	if len(v) < 2 {
		return len(v) == 0 || !letters.holds(v[0])
	}
	if len(v) <= 12 && isAny(v, "null", "nil", "none", "undefined", "true", "false", "yes", "no", "on", "off", "empty", "unset", "string",
		"str", "bool", "boolean", "int", "integer", "number", "object", "redacted", "hidden", "masked", "filtered", "removed", "omitted", "sensitive",
		"n/a", "<nil>", "(nil)", "(null)", "<none>", "<unset>", "(none)", "[redacted]", "{}", "[]", "--") {
		return true
	}
	switch v[0] {
	case '$', '%', '{', '*', 'x', 'X', '.', '#', '-', '[', '(':
		return reference(v)
	case '/', '~':
		return path(v)
	case '<':
		return len(v) <= idMax && v[len(v)-1] == '>' && nameOnly(v[1:len(v)-1])
	}
	return v[0] >= 0x80 && strings.Trim(string(v[:min(len(v), 64)]), "•●*…") == "" && len(v) <= 64
}

func isAny(v []byte, words ...string) bool {
	for _, w := range words {
		if len(v) == len(w) && hasFold(v, w) {
			return true
		}
	}
	return false
}

// reference reports whether a value stands for another: a variable, a template, a
// format, or a row of one sign.
func reference(v []byte) bool {
	if len(v) > 64 {
		return false
	}
	t := string(v)
	switch {
	case strings.Trim(t, t[:1]) == "":
		return true
	case t[0] == '$' || t[0] == '%':
		variable := strings.Trim(t, "$%{}() ")
		if len(variable) < 2 {
			return true
		}
		named := letters.holds(variable[0]) && idSet.end(v, strings.Index(t, variable)) == strings.Index(t, variable)+len(variable)
		return named && (strings.ToUpper(variable) == variable || (t[1] == '{' || t[1] == '(') && !strings.ContainsAny(variable, "0123456789"))
	case strings.HasPrefix(t, "{{"):
		return true
	case t[0] == '[' || t[0] == '(':
		inner := strings.ToLower(strings.Trim(t, "[]()* "))
		return inner == "" || isAny([]byte(inner), "redacted", "filtered", "hidden", "masked", "removed", "secret", "sensitive", "null", "none")
	}
	return false
}

// path reports whether a value is the place of a file.
func path(v []byte) bool {
	if len(v) > 2*sampled {
		return false
	}
	for _, p := range [...]string{"/run/", "/var/", "/etc/", "/opt/", "/home/", "/usr/", "/tmp/", "/mnt/", "/srv/", "/secrets/", "/root/", "/vault/", "~/"} {
		if bytes.HasPrefix(v, []byte(p)) {
			return true
		}
	}
	return false
}

// object reports whether a value is an object that printed itself, such as
// Token{a64f992, android.os.BinderProxy@4bff08 or {"name":"x"}.
func object(v []byte) bool {
	if len(v) == 0 {
		return false
	}
	if v[0] == '{' || v[0] == '[' {
		return len(v) > 1 && (v[1] == '"' || v[1] == '\\' || v[1] == '{' || v[1] == '\'' || nextName(v[1:]))
	}
	i := (alnum | dot | dollar | underscore).end(v[:min(len(v), idMax)], 0)
	if i == 0 || i == len(v) || !letters.holds(v[0]) {
		return false
	}
	switch v[i] {
	case '{':
		return true
	case '@':
		return bytes.IndexByte(v[:i], '.') > 0 && hexadecimal.end(v[:min(len(v), 2*idMax)], i+1) > i+3
	}
	return false
}

// objectName reports whether a value is the namespace and the name of an object in
// Kubernetes.
func objectName(v []byte) bool {
	k := bytes.IndexByte(v, '/')
	const set = lowers | digits | hyphen | dot
	return k > 0 && k+1 < len(v) && letters.holds(v[0]) && set.end(v, 0) == k && set.end(v, k+1) == len(v) && !looksRandom(v)
}

// prose reports whether a value is a word that tells what became of the secret, as
// in "password: incorrect".
func prose(v []byte) bool {
	return isAny(v, "expired", "expires", "invalid", "valid", "missing", "required", "optional", "incorrect", "wrong", "correct", "failed",
		"failure", "failing", "error", "denied", "rejected", "accepted", "revoked", "disabled", "enabled", "unknown", "unauthorized", "forbidden",
		"mismatch", "mismatched", "must", "is", "was", "has", "have", "should", "cannot", "can't", "could", "not", "too", "the", "a", "an", "and",
		"or", "for", "from", "to", "of", "in", "on", "with", "changed", "change", "reset", "set", "updated", "created", "deleted", "removed",
		"added", "rotated", "found", "loaded", "using", "used", "provided", "supplied", "given", "specified", "default", "unable", "illegal",
		"malformed", "ok", "done", "success", "unsupported", "already", "does", "request", "authentication", "secret", "key", "token", "unexpected", "expected")
}
